package report

import "time"

// State is how well a part works.
type State string

// The states, the worst last.
const (
	Good State = "good"
	Warn State = "warn" // it works, and somebody should look
	Bad  State = "bad"  // it does not work
)

// Kind is what sort of part it is.
type Kind string

// The kinds.
const (
	PartDirectory Kind = "directory"
	PartServer    Kind = "server" // one of a directory's
	PartMail      Kind = "mail"
	PartSMS       Kind = "sms"
	PartDatabase  Kind = "database"
	PartKeys      Kind = "keys"
	PartSync      Kind = "sync"
	PartJobs      Kind = "jobs"
	PartDead      Kind = "dead-letters"
	PartGeo       Kind = "geo"
	PartThreat    Kind = "threat"
	PartSettings  Kind = "settings"
)

// Part is something a reset depends on.
type Part struct {
	Kind Kind
	Name string // "corp.example.com", "corp.example.com · dc1"; unique among the parts
	// Of is the directory's key, for PartDirectory, PartServer and PartSync.
	Of    string
	State State
	Word  string // what the state is in one or two words: "writes", "reads only", "fails"
	// Success is when it last worked, as this replica knows; zero: not yet, or nobody looks.
	Success time.Time
	// Took is how long the answer took that this is about; zero: not measured.
	Took time.Duration
	// P95 is within what time nineteen of twenty answers came, of the last ones; zero: not known.
	P95 time.Duration
	// Seen is when it was looked at.
	Seen time.Time
	// Note is for an operator: what is wrong and what to do next. Empty: nothing to say.
	Note string
}
