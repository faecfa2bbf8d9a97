package rulebook

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"rekey/internal/configure"
	"rekey/internal/policy"
	"rekey/internal/yamledit"
)

// Edition is one version in which a policy changed.
type Edition struct {
	configure.Version
	Policy policy.Policy
	Lines  []configure.Line // what changed of it; none: it is new with this version
}

// Past is what became of a policy.
type Past struct {
	Editions []Edition // newest first
	Before   int64     // where to look further; 0: that is all
}

// looked is how many versions are gone through at a time.
const looked = 50

// Past goes through the versions below a number, newest first, for what changed of a policy; 0: from the newest on. A policy that was
// renamed is followed. Errors are of the store.
func (s *Service) Past(ctx context.Context, name string, before int64) (Past, error) {
	revisions, err := s.Configure.History(ctx, before, looked)
	if err != nil {
		return Past{}, err
	}
	var past Past
	for _, r := range revisions {
		past.Before = r.Number
		if r.Number > 1 && !slices.ContainsFunc(r.Lines, inPolicies) {
			continue
		}
		e, old, err := s.edition(ctx, r, name)
		if err != nil {
			return Past{}, err
		}
		if e.Number > 0 {
			past.Editions = append(past.Editions, e)
		}
		if name = old; old == "" {
			break
		}
	}
	if len(revisions) < looked || name == "" || past.Before == 1 {
		past.Before = 0
	}
	return past, nil
}

func inPolicies(l configure.Line) bool {
	return strings.HasPrefix(l.Path, policies) || strings.HasPrefix(l.Path, defaults)
}

// edition says what a version changed of a policy, and what the policy was called before: nothing where the version brought it. An
// edition without a number changed nothing.
func (s *Service) edition(ctx context.Context, r configure.Revision, name string) (e Edition, old string, err error) {
	is, err := s.at(ctx, r.Number)
	if err != nil {
		return e, "", err
	}
	path, p, there := place(is, name)
	first := Edition{Version: r.Version, Policy: p}
	switch {
	case !there:
		return e, "", nil
	case r.Number == 1:
		return first, "", nil
	}
	was, err := s.at(ctx, r.Number-1)
	if err != nil {
		return e, "", err
	}
	lines, old := about(r.Lines, path, name, was)
	switch {
	case old == "":
		return first, "", nil
	case len(lines) == 0:
		return e, old, nil
	}
	first.Lines = lines
	return first, old, nil
}

// At gives a policy as a version had it; false: it was not there.
func (s *Service) At(ctx context.Context, name string, number int64) (policy.Policy, bool, error) {
	d, err := s.at(ctx, number)
	if err != nil {
		return policy.Policy{}, false, err
	}
	_, p, there := place(d, name)
	return p, there, nil
}

// at reads the policies of a version.
func (s *Service) at(ctx context.Context, number int64) (policy.Document, error) {
	var d policy.Document
	_, text, err := s.Configure.Export(ctx, number)
	if err != nil {
		return d, err
	}
	tree, err := yamledit.Read(text)
	if err != nil {
		return d, err
	}
	for _, key := range []string{policies, defaults} {
		value, _ := yamledit.Find(tree, key)
		if err := yamledit.Decode(value, parts(&d)[key]); err != nil {
			return d, fmt.Errorf("settings version %d: %w", number, err)
		}
	}
	return d, nil
}

// place finds a policy by its name, or by the directory whose default it is: "default/corp.example.com".
func place(d policy.Document, name string) (path string, p policy.Policy, ok bool) {
	if key, of := strings.CutPrefix(name, DefaultOf); of {
		p, ok = d.Defaults[key]
		return yamledit.Key(defaults, key), p, ok
	}
	i := slices.IndexFunc(d.Policies, func(p policy.Policy) bool { return p.Name == name })
	if i < 0 {
		return "", policy.Policy{}, false
	}
	return yamledit.At(policies, i), d.Policies[i], true
}

// DefaultOf begins the name under which pages know the default of a directory. No policy may be called so: a name is one line, and
// begins with no slash.
const DefaultOf = "/default/"

// about gives the lines of one policy, and what it was called before; empty: it was not there.
func about(lines []configure.Line, path, name string, was policy.Document) (own []configure.Line, old string) {
	before, _, there := place(was, name)
	for _, l := range lines {
		below, ok := strings.CutPrefix(l.Path, path)
		switch {
		case ok && below == "" && l.Kind == configure.Added:
			return nil, ""
		case ok && l.Kind != configure.Removed && (below == "" || below[0] == '.'):
			own = append(own, l)
		case l.Kind == configure.Removed && there && strings.HasPrefix(l.Path, before+"."):
			own = append(own, l)
		}
		if l.Path == path+".name" && l.Kind == configure.Changed && !there {
			var renamed string
			if tree, err := yamledit.Read(l.Was); err == nil {
				renamed, _ = tree.(string)
			}
			name, there = renamed, true
			before, _, _ = place(was, renamed)
		}
	}
	if !there {
		return own, ""
	}
	return own, name
}
