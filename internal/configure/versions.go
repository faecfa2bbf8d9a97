package configure

import (
	"context"

	"rekey/internal/form"
	"rekey/internal/site"
	"rekey/internal/yamledit"
)

// Current is the newest version as pages read it. It is never changed and safe for concurrent use.
type Current struct {
	Version
	tree any // with form.Kept for every sealed value
	text string
}

// Read gives the newest version.
func (s *Service) Read(ctx context.Context) (Current, error) {
	newest, err := s.Store.LatestSettings(ctx)
	if err != nil {
		return Current{}, err
	}
	tree, err := yamledit.Read(string(newest.Document))
	if err != nil {
		return Current{}, err
	}
	return Current{Version: version(newest), tree: masked(tree, form.Kept), text: string(newest.Document)}, nil
}

// Fragment fills a value from what is at a path, by its yaml tags; false: nothing is there. Sealed secrets read as form.Kept.
func (c Current) Fragment(path string, into any) (bool, error) {
	v, ok := yamledit.Find(c.tree, path)
	if !ok || v == nil {
		return false, nil
	}
	return true, yamledit.Decode(v, into)
}

// Value gives what is at a path as maps and lists, for form.Fill; false: nothing is there. A key without a value is nil and true.
func (c Current) Value(path string) (any, bool) {
	v, ok := yamledit.Find(c.tree, path)
	return plain(v), ok
}

func plain(tree any) any {
	switch t := tree.(type) {
	case yamledit.Map:
		out := make(map[string]any, len(t))
		for _, item := range t {
			key, _ := item.Key.(string)
			out[key] = plain(item.Value)
		}
		return out
	case []any:
		out := make([]any, len(t))
		for i, v := range t {
			out[i] = plain(v)
		}
		return out
	}
	return tree
}

// Findings gives what the linter says of a version now.
func (s *Service) Findings(c Current) []Finding {
	_, findings := s.Rules.Judge([]byte(c.text))
	return findings
}

// Locked reports whether pages may save nothing.
func (s *Service) Locked() bool { return s.Rules.Locked() }

// History lists versions below a number with what they changed, newest first; 0: from the newest on.
func (s *Service) History(ctx context.Context, before int64, limit int) ([]Revision, error) {
	versions, err := s.Store.SettingsBefore(ctx, before, limit)
	if err != nil || len(versions) == 0 {
		return nil, err
	}
	is, err := s.Store.SettingsVersion(ctx, versions[0].Number)
	if err != nil {
		return nil, err
	}
	all := make([]Revision, 0, len(versions))
	for range versions {
		r := Revision{Version: version(is)}
		if is.Number > 1 {
			was, err := s.Store.SettingsVersion(ctx, is.Number-1)
			if err != nil {
				return nil, err
			}
			c := compare(was, is)
			r.Lines, r.Respelled, is = c.Lines, c.Respelled, was
		}
		all = append(all, r)
	}
	return all, nil
}

// Compare says what turned one version into another. Errors: a fault of kind NotFound.
func (s *Service) Compare(ctx context.Context, from, to int64) (Comparison, error) {
	was, err := s.Store.SettingsVersion(ctx, from)
	if err != nil {
		return Comparison{}, err
	}
	is, err := s.Store.SettingsVersion(ctx, to)
	if err != nil {
		return Comparison{}, err
	}
	return compare(was, is), nil
}

func compare(was, is site.Version) Comparison {
	c := Comparison{From: version(was), To: version(is)}
	a, before := yamledit.Read(string(was.Document))
	b, after := yamledit.Read(string(is.Document))
	if before == nil && after == nil {
		c.Lines = differences(a, b)
	}
	c.Respelled = len(c.Lines) == 0 && string(was.Document) != string(is.Document)
	return c
}

// Export gives the document of a version as people wrote it, with form.Kept for every sealed value: read back by Import, it keeps them.
// 0: the newest. Errors: a fault of kind NotFound.
func (s *Service) Export(ctx context.Context, number int64) (Version, string, error) {
	read := s.Store.LatestSettings
	if number != 0 {
		read = func(ctx context.Context) (site.Version, error) { return s.Store.SettingsVersion(ctx, number) }
	}
	v, err := read(ctx)
	if err != nil {
		return Version{}, "", err
	}
	tree, err := yamledit.Read(string(v.Document))
	if err != nil {
		return Version{}, "", err
	}
	text, err := maskedText(string(v.Document), tree)
	return version(v), text, err
}

func version(v site.Version) Version {
	return Version{Number: v.Number, At: v.At, Author: v.Author, Reason: v.Reason}
}
