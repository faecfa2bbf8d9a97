package connect

import (
	"context"
	"net/netip"
	"time"

	"rekey/internal/account"
	"rekey/internal/audit"
	"rekey/internal/directory"
	"rekey/internal/fault"
)

// Limit is how long a run may take.
const Limit = 90 * time.Second

// An administrator begins no more than Most runs in Window.
const (
	Most   = 20
	Window = 10 * time.Minute
)

// State is how a step ended.
type State string

// The states.
const (
	Good State = "good"
	Note State = "note" // worth a look, and no obstacle
	Bad  State = "bad"
)

// Step is one thing that was tried.
type Step struct {
	Name  string        `json:"name"` // "resolve dc1.corp.example.com"
	State State         `json:"state"`
	Text  string        `json:"text"`           // what was found
	Next  string        `json:"next,omitempty"` // what to do about it
	Took  time.Duration `json:"took"`
	Chain []Certificate `json:"chain,omitempty"` // that a server showed, its own first
}

// Certificate is what people compare. Everything in it was written by whoever made the certificate.
type Certificate struct {
	Subject     string    `json:"subject"`
	Issuer      string    `json:"issuer"`
	From        time.Time `json:"from"`
	Until       time.Time `json:"until"`
	Names       []string  `json:"names,omitempty"`
	Fingerprint string    `json:"fingerprint"`         // SHA-256, in pairs
	Authority   bool      `json:"authority,omitempty"` // may vouch for others, or is its own
	PEM         string    `json:"pem"`
}

// Run is one guided test.
type Run struct {
	ID          string
	Owner       account.ID
	Kind        string // ad, entra, ldap
	Directory   string // its key
	Path        string // in the settings; where it would be
	Draft       string // of the settings, sealed for the owner
	TestAccount string
	Begun       time.Time
	Ended       time.Time // zero: it is under way
	Steps       []Step
}

// Over reports whether nothing more comes: it has ended, or whoever ran it is gone.
func (r Run) Over(now time.Time) bool {
	return !r.Ended.IsZero() || now.After(r.Begun.Add(Limit+time.Minute))
}

// Failed reports whether a step failed, or the run never came to its end.
func (r Run) Failed() bool { return r.Ended.IsZero() || r.FirstBad() != "" }

// FirstBad is the name of the first step that failed.
func (r Run) FirstBad() string {
	for _, s := range r.Steps {
		if s.State == Bad {
			return s.Name
		}
	}
	return ""
}

// Untrusted gives the certificates that could be trusted so that a server's would be: authorities of a chain that nobody vouches for.
func (r Run) Untrusted() []Certificate {
	var all []Certificate
	seen := map[string]bool{}
	for _, s := range r.Steps {
		if s.State != Bad {
			continue
		}
		for _, c := range s.Chain {
			if c.Authority && !seen[c.Fingerprint] {
				seen[c.Fingerprint] = true
				all = append(all, c)
			}
		}
	}
	return all
}

// Store keeps runs.
type Store interface {
	// BeginTest keeps a new run with its record and forgets runs older than a day. Errors: ErrOften where the owner has begun Most
	// within Window.
	BeginTest(ctx context.Context, r Run, ev audit.Event) error
	// AddStep puts a step behind those of a run.
	AddStep(ctx context.Context, id string, s Step) error
	// EndTest closes a run.
	EndTest(ctx context.Context, id string, at time.Time, ev audit.Event) error
	// Test gives a run. Errors: a fault of kind NotFound, also when it is somebody else's.
	Test(ctx context.Context, id string, owner account.ID) (Run, error)
}

// Network goes the way to a server.
type Network interface {
	// Addresses gives every address of a host.
	Addresses(ctx context.Context, host string) ([]netip.Addr, error)
	// Connect opens a connection and closes it.
	Connect(ctx context.Context, to netip.AddrPort) error
	// Handshake protects a connection and shows what the server showed, also with an error: why it is not trusted.
	Handshake(ctx context.Context, to netip.AddrPort, e directory.Endpoint) ([]Certificate, error)
}

// ErrOften asks to wait.
var ErrOften = fault.New(fault.Throttled, "That is a lot of tests in a short time. Wait a few minutes and go on then.")

// Distrust says why a server's certificate is not trusted.
type Distrust string

// The reasons.
const (
	UnknownCA Distrust = "unknown-ca"
	WrongName Distrust = "wrong-name"
	Expired   Distrust = "expired"
)

// DistrustError is a certificate that does not verify.
type DistrustError struct {
	Why   Distrust
	Cause error
}

// Error implements error.
func (e *DistrustError) Error() string { return e.Cause.Error() }

// Unwrap gives the cause.
func (e *DistrustError) Unwrap() error { return e.Cause }
