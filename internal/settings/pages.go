package settings

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"rekey/internal/configure"
	"rekey/internal/factor"
	"rekey/internal/lint"
	"rekey/internal/secret"
	"rekey/internal/strictyaml"
)

// Pages is what administrators' pages may do with the settings: configure.Rules.
type Pages struct{ manager *Manager }

var _ configure.Rules = Pages{}

// Pages gives the rules that pages follow.
func (m *Manager) Pages() Pages { return Pages{m} }

// Locked implements configure.Rules.
func (p Pages) Locked() bool { return p.manager.Locked }

// Save implements configure.Rules.
func (p Pages) Save(ctx context.Context, text []byte, after int64, by configure.Author, reason string) (int64, error) {
	n, err := p.manager.Apply(ctx, "settings", text, Change{
		Author: by.Name, Reason: reason, After: after, Origin: FromPages, Account: by.Account, Session: by.Session, Source: by.Source,
	})
	if errors.Is(err, ErrLocked) {
		return 0, configure.ErrLocked
	}
	return n, err
}

// Judge implements configure.Rules.
func (p Pages) Judge(text []byte) ([]configure.Problem, []configure.Finding) {
	v, err := p.manager.Lint("settings", text, "")
	var findings []configure.Finding
	for _, f := range v.Findings {
		findings = append(findings, configure.Finding{
			Code: string(f.Code), Severity: severity(f.Level), Clauses: f.Clauses, Path: f.Path, Line: f.Line, Text: f.Text,
		})
	}
	return problems(nil, err), findings
}

func severity(l lint.Level) configure.Severity {
	switch l {
	case lint.Error:
		return configure.Error
	case lint.Warning:
		return configure.Warning
	}
	return configure.Info
}

// problems lists joined errors one by one.
func problems(all []configure.Problem, err error) []configure.Problem {
	if err == nil {
		return all
	}
	if many, ok := err.(interface{ Unwrap() []error }); ok { // what errors.Join made itself, not what is within
		for _, e := range many.Unwrap() {
			all = problems(all, e)
		}
		return all
	}
	p := configure.Problem{Text: err.Error()}
	if at, ok := errors.AsType[*strictyaml.Error](err); ok {
		p.Line, p.Text = at.Line, at.Cause.Error()
	}
	p.Path, p.Text = keyed(p.Text)
	return append(all, p)
}

// path is a key with what is above it, as errors begin with it.
var path = regexp.MustCompile(`^[a-z][\w-]*(\[\d+\])*([.][\w-]+(\[\d+\])*)*$`) //nolint:gochecknoglobals // a constant

// keyed takes the path off an error. A plug-in's error names a key below its own: "authenticators.totp: digits: …".
func keyed(text string) (string, string) {
	first, rest, ok := strings.Cut(text, ": ")
	if !ok || !path.MatchString(first) {
		return "", text
	}
	if second, more, ok := strings.Cut(rest, ": "); ok && path.MatchString(second) {
		return first + "." + second, more
	}
	return first, rest
}

// Seal implements configure.Sealer.
func (p Pages) Seal(t secret.Text) (string, error) { return Seal(p.manager.deps.Keys, t) }

const draftPurpose = "settings-draft"

// SealDraft implements configure.Sealer.
func (p Pages) SealDraft(plain, context []byte) (string, error) {
	b, err := p.manager.deps.Keys.Seal(draftPurpose, plain, context)
	return base64.RawURLEncoding.EncodeToString(b), err
}

// OpenDraft implements configure.Sealer.
func (p Pages) OpenDraft(sealed string, context []byte) ([]byte, error) {
	b, err := base64.RawURLEncoding.DecodeString(sealed)
	if err != nil {
		return nil, errors.New("no draft")
	}
	return p.manager.deps.Keys.Open(draftPurpose, b, context)
}

// Known lists the facts of every kind of authenticator there is, switched on or not, strongest first. Errors name those that cannot be
// used here, whatever the settings say.
func (m *Manager) Known() ([]factor.Traits, error) {
	var out []factor.Traits
	var errs []error
	for _, t := range m.registry.Methods {
		method, err := t.Open(func(any) error { return nil }, m.deps) // with its defaults
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", t.Kind, err))
			continue
		}
		out = append(out, method.Traits())
	}
	return out, errors.Join(errs...)
}
