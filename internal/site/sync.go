package site

import "time"

// SyncRules say how the cache of the directories is kept.
type SyncRules struct {
	Every          time.Duration // between two looks for changes
	Full           time.Duration // between two passes over everything
	PagesPerSecond int
	KeepGone       time.Duration // how long what is gone is remembered
	GuardPercent   int           // of a directory's people that may be gone within a day; above it somebody has to confirm
	GuardLeast     int           // fewer than this are no reason to stop
	GroupsOnOutage bool          // policies may take groups from the cache while a directory does not answer
}
