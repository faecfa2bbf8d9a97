package settings

import (
	"errors"
	"fmt"
	"time"

	"rekey/internal/site"
)

// Sync says how the copy of the directories is kept. Zero values take the defaults named.
type Sync struct {
	Every          time.Duration `yaml:"every,omitempty"`            // 1m
	Full           time.Duration `yaml:"full,omitempty"`             // 168h
	PagesPerSecond int           `yaml:"pages_per_second,omitempty"` // 50
	KeepGone       time.Duration `yaml:"keep_gone,omitempty"`        // 720h
	Guard          SyncGuard     `yaml:"guard,omitempty"`
	// Groups says what policies go by while a directory does not answer: live (the default: nobody gets in) or cached-on-outage.
	Groups string `yaml:"groups,omitempty"`
}

// SyncGuard is how many people may be gone within a day without somebody's confirmation.
type SyncGuard struct {
	Percent int `yaml:"percent,omitempty"` // 10
	Least   int `yaml:"least,omitempty"`   // 20: fewer are no reason to stop
}

const (
	groupsLive     = "live"
	groupsOnOutage = "cached-on-outage"
)

func (s Sync) rules() (site.SyncRules, error) {
	const day = 24 * time.Hour
	r := site.SyncRules{
		Every: or(s.Every, time.Minute), Full: or(s.Full, 7*day), PagesPerSecond: or(s.PagesPerSecond, 50), KeepGone: or(s.KeepGone, 30*day),
		GuardPercent: or(s.Guard.Percent, 10), GuardLeast: or(s.Guard.Least, 20), GroupsOnOutage: s.Groups == groupsOnOutage,
	}
	var groups error
	if g := or(s.Groups, groupsLive); g != groupsLive && g != groupsOnOutage {
		groups = fmt.Errorf("sync.groups: want %s or %s, got %q", groupsLive, groupsOnOutage, g)
	}
	return r, errors.Join(
		between("sync.every", r.Every, 10*time.Second, day),
		between("sync.full", r.Full, time.Hour, 90*day),
		between("sync.pages_per_second", r.PagesPerSecond, 1, 1000),
		between("sync.keep_gone", r.KeepGone, day, 3650*day),
		between("sync.guard.percent", r.GuardPercent, 1, 100),
		between("sync.guard.least", r.GuardLeast, 1, 1_000_000),
		groups,
	)
}
