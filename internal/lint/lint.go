package lint

import (
	"cmp"
	"net/netip"
	"slices"
	"strings"
	"time"

	"rekey/internal/factor"
	"rekey/internal/policy"
	"rekey/internal/throttle"
)

// Input is all that is looked at. Nothing in it is changed.
type Input struct {
	Rules    Rules
	Now      time.Time
	Document policy.Document
	Kinds    []factor.Traits // switched on, strongest first
	// Codes says of each kind that sends codes how long one lives.
	Codes       Lives
	Directories []Directory // in the order of the settings
	// Beside is set where codes are mailed to addresses in a domain in which the directory has one for the person.
	Beside      bool
	Throttle    throttle.Limits // with defaults
	FlowIdle    time.Duration
	SessionIdle time.Duration
	Locale      string // the house's language; empty: en
	// Geo is set where a database tells the country and network of an address.
	Geo bool
	// Proxies are networks whose word on the client's address is taken.
	Proxies []netip.Prefix
	// SMS is what text messages may cost; nil: none are sent.
	SMS *SMS
}

// SMS is what counts of text messages.
type SMS struct {
	Countries int  // that are written to
	Capped    bool // what is spent in all has a cap
}

// Lives are of codes, by the kind that sends them.
type Lives map[factor.Kind]time.Duration

// Directory is what counts of one.
type Directory struct {
	Key string
	// Refused is set where no code is mailed to an address of its domain.
	Refused bool
}

// Finding is one thing that should be otherwise.
type Finding struct {
	Code  Code  `json:"code"`
	Level Level `json:"level"`
	// Path of a key of the settings: "policies[2].reset".
	Path string `json:"path"`
	// Text says what is weak and what to do.
	Text string `json:"text"`
	// Clauses that it breaks: "PCI DSS 4.0.1 8.3.4". Empty where no standard is broken.
	Clauses []string `json:"clauses,omitempty"`
}

// String gives the finding on one line, beginning with its path.
func (f Finding) String() string {
	s := f.Path + ": " + f.Level.String() + ": " + f.Text + " [" + string(f.Code)
	if len(f.Clauses) > 0 {
		s += "; " + strings.Join(f.Clauses, ", ")
	}
	return s + "]"
}

// linter collects findings.
type linter struct {
	Input
	found []Finding
	// seen remembers what is weak in requirements: thousands of policies ask for the same.
	seen map[string][]weakness
}

// Lint gives the findings, errors first, then in the order of what is looked at. The profile's and the document's rules on levels are
// applied.
func Lint(in Input) []Finding {
	l := &linter{Input: in, seen: map[string][]weakness{}}
	l.limits()
	l.methods()
	l.policies()
	l.rules()
	l.networks()
	l.texts()
	slices.SortStableFunc(l.found, func(a, b Finding) int { return cmp.Compare(b.Level, a.Level) })
	return l.found
}

// add notes a finding where its code counts.
func (l *linter) add(c Code, path, text string) {
	if level := l.Rules.level(c); level != Off {
		l.found = append(l.found, Finding{Code: c, Level: level, Path: path, Text: text, Clauses: clauses[c]})
	}
}

func (l *linter) keys() []string {
	var keys []string
	for _, d := range l.Directories {
		keys = append(keys, policy.Fold(d.Key))
	}
	return keys
}

func kindNames(kinds []factor.Kind) string {
	names := make([]string, len(kinds))
	for i, k := range kinds {
		names[i] = string(k)
	}
	return strings.Join(names, ", ")
}
