package configure

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"rekey/internal/fault"
	"rekey/internal/role"
	"rekey/internal/site"
	"rekey/internal/yamledit"
)

// Proposal is what a draft would make of the document.
type Proposal struct {
	After int64 // the version it was made from
	// Text is the document with form.Kept for every sealed value.
	Text string
	// Lines say what differs, value by value; empty: nothing does, or the text cannot be read.
	Lines []Line
	// Respelled says that the text differs and says the same: comments, order, quotes.
	Respelled bool
	// Needs are the permissions that the change asks for, all of them; see role.ForSetting.
	Needs    []role.Permission
	Problems []Problem // that keep it from being saved
	Findings []Finding // the linter's, errors first

	text string // as it would be saved
}

// Saves reports whether the proposal can be saved: it changes something, nothing is wrong with it, and the linter finds no error.
func (p Proposal) Saves() bool {
	for _, f := range p.Findings {
		if f.Severity == Error {
			return false
		}
	}
	return len(p.Problems) == 0 && p.Changes()
}

// Changes reports whether anything would change.
func (p Proposal) Changes() bool { return len(p.Lines) > 0 || p.Respelled }

// Lacks lists the permissions that the change asks for and the grants do not give.
func (p Proposal) Lacks(g role.Grants) []role.Permission {
	return slices.DeleteFunc(slices.Clone(p.Needs), g.May)
}

// Propose says what a draft would make of the newest version. What is wrong with the draft is in the proposal. Errors: a
// *ConflictError when somebody saved a version meanwhile; a fault of kind NotFound where the version to go back to is not there.
func (s *Service) Propose(ctx context.Context, by Author, d Draft) (Proposal, error) {
	newest, err := s.Store.LatestSettings(ctx)
	if err != nil {
		return Proposal{}, err
	}
	if newest.Number != d.After {
		return Proposal{}, s.conflict(ctx, d.After, newest)
	}
	was, err := yamledit.Read(string(newest.Document))
	if err != nil {
		return Proposal{}, err
	}
	text, problems, err := s.draw(ctx, newest, was, d)
	if err != nil {
		return Proposal{}, err
	}
	return s.propose(newest, was, text, problems, by)
}

// draw makes the text that a draft asks for.
func (s *Service) draw(ctx context.Context, newest site.Version, was any, d Draft) (string, []Problem, error) {
	if d.revert != 0 {
		old, err := s.Store.SettingsVersion(ctx, d.revert)
		return string(old.Document), nil, err // it was in force: its secrets go where they went then
	}
	d, err := s.sealed(d)
	if err != nil {
		return "", nil, err
	}
	v := s.vault(was)
	text, problems := v.apply(string(newest.Document), d)
	if len(problems) > 0 {
		return text, problems, nil
	}
	text, problems = v.settle(text, d.typed)
	return text, problems, nil
}

// propose compares and judges a text.
func (s *Service) propose(newest site.Version, was any, text string, problems []Problem, by Author) (Proposal, error) {
	p := Proposal{After: newest.Number, Problems: problems, text: text}
	is, err := yamledit.Read(text)
	if err != nil {
		p.Text = text
		p.Problems, _ = s.Rules.Judge([]byte(text)) // says where
		return p, nil
	}
	if p.Text, err = maskedText(text, is); err != nil {
		return p, err
	}
	p.Lines, p.Needs = differences(was, is), needs(was, is)
	p.Respelled = len(p.Lines) == 0 && text != string(newest.Document)
	for _, lacking := range p.Lacks(by.Grants) {
		p.Problems = append(p.Problems, Problem{Text: fmt.Sprintf("You may not change this: it needs the permission %s.", lacking)})
	}
	if len(p.Problems) == 0 { // a text is judged with the files and secrets that it names: only where it may name them
		p.Problems, p.Findings = s.Rules.Judge([]byte(text))
	}
	return p, nil
}

// needs lists the permissions to change what differs.
func needs(was, is any) []role.Permission {
	var all []role.Permission
	a, _ := was.(yamledit.Map)
	b, _ := is.(yamledit.Map)
	for _, item := range slices.Concat(a, b) {
		key := fmt.Sprint(item.Key)
		before, _ := yamledit.Get(a, key)
		after, _ := yamledit.Get(b, key)
		if p := role.ForSetting(key); !yamledit.Same(before, after) && !slices.Contains(all, p) {
			all = append(all, p)
		}
	}
	return all
}

// Save makes a draft the next version. Errors: those of Propose; a *RefusedError with what is wrong; ErrSame, ErrReason, ErrLocked;
// a fault of kind Denied where the author may not change what differs.
func (s *Service) Save(ctx context.Context, by Author, d Draft, reason string) (Version, error) {
	if s.Rules.Locked() {
		return Version{}, ErrLocked
	}
	reason = strings.TrimSpace(reason)
	switch {
	case by.Name == "":
		return Version{}, ErrAuthor
	case reason == "" || utf8.RuneCountInString(reason) > 500 || strings.ContainsFunc(reason, unicode.IsControl):
		return Version{}, ErrReason
	}
	p, err := s.Propose(ctx, by, d)
	switch {
	case err != nil:
		return Version{}, err
	case len(p.Lacks(by.Grants)) > 0 || !slices.ContainsFunc(role.Rules(), by.Grants.May):
		return Version{}, errDenied
	case len(p.Problems) == 0 && !p.Changes():
		return Version{}, ErrSame
	case !p.Saves():
		return Version{}, &RefusedError{p}
	}
	number, err := s.Rules.Save(ctx, []byte(p.text), p.After, by, reason)
	if fault.Of(err).Kind == fault.Conflict {
		newest, latest := s.Store.LatestSettings(ctx)
		if latest != nil {
			return Version{}, latest
		}
		return Version{}, s.conflict(ctx, p.After, newest)
	}
	if err != nil {
		return Version{}, err
	}
	saved, err := s.Store.SettingsVersion(ctx, number)
	return version(saved), err
}

// conflict tells what was saved since.
func (s *Service) conflict(ctx context.Context, after int64, newest site.Version) error {
	const most = 20
	e := &ConflictError{After: after, Newest: version(newest)}
	revisions, err := s.History(ctx, 0, int(min(most, max(1, newest.Number-after))))
	if err != nil {
		return err
	}
	for _, r := range slices.Backward(revisions) {
		if r.Number > after {
			e.Meanwhile = append(e.Meanwhile, r)
		}
	}
	return e
}
