package report

import (
	"time"

	"rekey/internal/factor"
)

// Live is the side of the settings in force. Other names are forecasts'.
const Live = "live"

// Numbers are of people, each group within the one before but the last three, which are of those registered.
type Numbers struct {
	People     int64 // in the copy, whom recovery can help at all
	Eligible   int64 // their policy lets them reset
	Registered int64 // eligible, with one way at least that is switched on
	Able       int64 // could reset now: enough ways that count under the policy
	Used       int64 // did reset, unlock or change within UsedWithin
	Resistant  int64 // registered with a way that resists phishing
	Single     int64 // registered with ways of one kind only
}

// UsedWithin is how far back Numbers.Used looks.
const UsedWithin = 90 * 24 * time.Hour

// Dimension is what people are told apart by.
type Dimension string

// The dimensions. People are in several groups and have several methods.
const (
	Everybody   Dimension = ""
	ByPolicy    Dimension = "policy"
	ByDirectory Dimension = "directory"
	ByGroup     Dimension = "group"  // those that policies name, nested members too
	ByUnit      Dimension = "unit"   // the OU somebody is in directly
	ByMethod    Dimension = "method" // Used: that method was used; Able: able, and it counts
)

// Cell is one line of a coverage table.
type Cell struct {
	Key  string // policy name, directory key, group as policies write it, distinguished name, factor.Kind; empty: none of them
	Name string // to show
	Numbers
}

// Coverage is what a survey found.
type Coverage struct {
	Side     string
	Settings int64     // version decided by; 0: none that was saved
	At       time.Time // when it was begun: the moment decided about
	Took     time.Duration
	Total    Numbers
	// The cells of each dimension but Everybody, the most people first. Groups and units without people are left out.
	Cells map[Dimension][]Cell
	// Oldest is how old the copy of the directory is that was read longest ago; zero: one was never read to the end.
	Oldest time.Time
}

// Progress is of a survey under way.
type Progress struct {
	Side      string
	Began     time.Time
	Done, All int64 // accounts
	// Failed is why the last one came to nothing; empty: it did not.
	Failed string
	// Running: somebody is at it.
	Running bool
}

// Standing is what a list of people is narrowed to, besides a cell.
type Standing string

// The standings.
const (
	Any           Standing = ""
	IsEligible    Standing = "eligible"
	NotEligible   Standing = "not-eligible"
	NotRegistered Standing = "not-registered" // eligible
	IsAble        Standing = "able"
	NotAble       Standing = "not-able" // eligible
	NotUsed       Standing = "not-used" // eligible
	IsSingle      Standing = "single"
	NotResistant  Standing = "not-resistant" // registered
)

// Which says whose list is wanted.
type Which struct {
	Side     string
	Cells    map[Dimension]string // keys of cells that people are in, of all of them at once
	Standing Standing
	Name     string // part of the name or the sign-in, whatever its case; empty: any
	After    string // Covered.Cursor of the last of the page before; empty: the first page
	Most     int    // 1 to 200
}

// Covered is somebody in a survey.
type Covered struct {
	Directory, Object string
	Name              string // to show
	SignIn            string
	Policy            string
	Unit              string
	Methods           []factor.Kind // set up and switched on
	Eligible, Able    bool
	Used              bool
	Resistant         bool
	Reason            string // why not able: a code of policy.Decision or "not-usable"
	Cursor            string
}
