package settings

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"rekey/internal/lint"
	"rekey/internal/strictyaml"
)

// Finding is one of the linter's with its place in the document.
type Finding struct {
	lint.Finding
	File string `json:"file"`
	Line int    `json:"line"` // 0: not known
}

// String gives the finding on one line.
func (f Finding) String() string {
	return (&strictyaml.Error{File: f.File, Line: f.Line, Cause: errors.New(f.Finding.String())}).Error()
}

// Verdict is what the linter says of a document.
type Verdict struct {
	Findings []Finding       `json:"findings"` // errors first
	Labels   []lint.Labelled `json:"labels"`
}

// Err gives the errors among the findings; nil when there are none.
func (v Verdict) Err() error {
	var errs []error
	for _, f := range v.Findings {
		if f.Level == lint.Error {
			errs = append(errs, errors.New(f.String()))
		}
	}
	return errors.Join(errs...)
}

// codes lists what is worth somebody's attention, each once.
func (v Verdict) codes() string {
	var codes []string
	seen := map[lint.Code]bool{}
	for _, f := range v.Findings {
		if f.Level >= lint.Warning && !seen[f.Code] {
			seen[f.Code] = true
			codes = append(codes, string(f.Code))
		}
	}
	return strings.Join(codes, " ")
}

// What the linter asks of a method that sends codes, and of one that mails them.
type (
	sender interface {
		CodeLife() time.Duration
	}
	mailer interface {
		// RefusesDomain reports whether no address in a mail domain is taken, RefusesBeside whether none in a domain in which the
		// directory has one for the person.
		RefusesDomain(domain string) bool
		RefusesBeside() bool
	}
)

// lint looks for what is weak or pointless in a version that compiles. A profile takes the place of the document's.
func (c *Compiled) lint(deps Deps, profile lint.Profile) Verdict {
	in := c.lintInput(deps)
	if profile != "" {
		in.Rules.Profile = profile
	}
	v := Verdict{Labels: lint.Labels(in)}
	for _, f := range lint.Lint(in) {
		placed := Finding{Finding: f}
		var at *strictyaml.Error
		if errors.As(c.Document.source.Locate(fmt.Errorf("%s: %s", f.Path, f.Code)), &at) {
			placed.File, placed.Line = at.File, at.Line
		}
		v.Findings = append(v.Findings, placed)
	}
	return v
}

func (c *Compiled) lintInput(deps Deps) lint.Input {
	s := c.Snapshot
	in := lint.Input{
		Rules: c.Document.Lint, Now: deps.Now(), Document: c.Document.Document, Kinds: c.policyRegistry().Kinds, Codes: lint.Lives{},
		Throttle: s.Throttle, FlowIdle: s.Flow.Idle, SessionIdle: s.Session.Idle, Locale: s.Brand.Locale, Geo: deps.Geo, Proxies: deps.Proxies,
		SMS: smsLint(s.SMS),
	}
	refused := func(string) bool { return true } // where nothing is mailed
	for kind, m := range s.Methods {
		if codes, ok := m.(sender); ok {
			in.Codes[kind] = codes.CodeLife()
		}
		if mails, ok := m.(mailer); ok {
			refused, in.Beside = mails.RefusesDomain, !mails.RefusesBeside()
		}
	}
	for _, d := range s.Directories {
		in.Directories = append(in.Directories, lint.Directory{Key: d.Key(), Refused: refused(d.Key())})
	}
	return in
}

// Lint parses, compiles and judges a document by a profile; empty: the document's. Errors are those of a document that cannot be used:
// what is weak in one that can is in the verdict.
func (m *Manager) Lint(name string, text []byte, profile lint.Profile) (Verdict, error) {
	d, err := Parse(name, text)
	if err != nil {
		return Verdict{}, err
	}
	c, err := Compile(d, 0, m.registry, m.deps, nil)
	if err != nil {
		return Verdict{}, err
	}
	c.closeBut(nil)
	return c.lint(m.deps, profile), nil
}
