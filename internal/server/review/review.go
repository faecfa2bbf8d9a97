// Package review is the last page of every change of the settings: what would differ, what is weak about it, and why it is made. What is
// saved is what was shown.
//
//	form ──► Show: diff, findings, reason ──► Save ──► version n+1, back to where the change began
//	                    ▲   problems, no reason  │
//	                    ├────────────────────────┤
//	   conflict: who changed what meanwhile ◄────┘
package review

import (
	"errors"
	"net/http"

	"github.com/a-h/templ"

	"rekey/internal/admin"
	"rekey/internal/configure"
	"rekey/internal/server"
	"rekey/internal/server/console"
	"rekey/web/adminpage"
	"rekey/web/component"
	view "rekey/web/console"
)

// Review shows and saves drafts. It is safe for concurrent use.
type Review struct {
	Console   *console.Console
	Configure *configure.Service
}

// Ask is what a family of pages says of a change.
type Ask struct {
	Section string      // the side's entry it belongs to
	Trail   []view.Link // the pages above
	Title   string      // "Save the policy Staff?"
	Action  string      // where the form is sent: a route of the family with a step-up, whose handler calls Save
	Back    string      // where Cancel leads
	Done    string      // where saving leads; empty: Back
	Said    string      // what is said there; empty: the number of the version
	Reason  string      // proposed for the reason
	// Keep goes along unseen, for the family's handler.
	Keep []component.Hidden
	// More is shown below the differences: who gains, who loses.
	More templ.Component
}

// draftField holds the draft, sealed for its author. againField asks to look at it once more, on top of what others saved.
const (
	draftField = "draft"
	againField = "again"
)

// Author is who changes something.
func Author(r *http.Request, a admin.Admin) configure.Author {
	return configure.Author{
		Name: a.Name(), Grants: a.Grants, Account: a.Session.Account, Session: a.Session.ID, Source: server.Source(r),
	}
}

// Show draws what a draft would change, and asks why.
func (v *Review) Show(w http.ResponseWriter, r *http.Request, a admin.Admin, d configure.Draft, ask Ask) error {
	return v.show(w, r, a, d, ask, nil)
}

// Draft gives the draft that a form of Show holds, for a handler that wants to show more of it.
func (v *Review) Draft(r *http.Request, a admin.Admin) (configure.Draft, error) {
	return v.Configure.Held(Author(r, a), r.PostFormValue(draftField))
}

// Save saves the draft of a form of Show, or shows what is in its way.
func (v *Review) Save(w http.ResponseWriter, r *http.Request, a admin.Admin, ask Ask) error {
	by := Author(r, a)
	d, err := v.Draft(r, a)
	if err != nil {
		return err
	}
	if r.PostForm.Has(againField) {
		return v.show(w, r, a, d, ask, nil)
	}
	saved, err := v.Configure.Save(r.Context(), by, d, r.PostFormValue("reason"))
	if err != nil {
		return v.show(w, r, a, d, ask, err)
	}
	if ask.Done == "" {
		ask.Done = ask.Back
	}
	if ask.Said == "" {
		ask.Said = "Saved as version " + view.Count(int(saved.Number)) + "."
	}
	return v.Console.Done(w, r, ask.Done, ask.Said)
}

// show draws the page, with what keeps the draft from being saved.
func (v *Review) show(w http.ResponseWriter, r *http.Request, a admin.Admin, d configure.Draft, ask Ask, refused error) error {
	by := Author(r, a)
	p, err := v.Configure.Propose(r.Context(), by, d)
	var behind *configure.ConflictError
	if errors.As(err, &behind) {
		return v.conflict(w, r, a, d, ask, behind)
	}
	if err != nil {
		return err
	}
	ps, err := v.problems(refused)
	if err != nil {
		return err
	}
	kept, err := v.Configure.Hold(by, d)
	if err != nil {
		return err
	}
	page := adminpage.Review{
		Form:    view.Form{Form: component.Form{Action: ask.Action, Hidden: append([]component.Hidden{{Name: draftField, Value: kept}}, ask.Keep...)}},
		Changes: Changes(p.Lines), Respelled: p.Respelled && len(p.Lines) == 0, Findings: Findings(p.Findings), Refused: reasons(p), Locked: v.Configure.Rules.Locked(),
		Saves: p.Saves() && len(p.Lacks(a.Grants)) == 0, Lacks: lacks(p, a), Reason: ask.Reason, Problems: ps, Back: ask.Back, More: ask.More,
	}
	if r.PostForm.Has("reason") {
		page.Reason = r.PostFormValue("reason")
	}
	return v.Console.Page(w, r, a, console.Page{Section: ask.Section, Trail: ask.Trail, Title: ask.Title, Problems: ps, Body: page.Body()})
}

// problems says on the form what is wrong with it; a draft that is refused says so itself, below.
func (v *Review) problems(err error) (console.Problems, error) {
	var refused *configure.RefusedError
	if err == nil {
		return nil, nil
	}
	if errors.As(err, &refused) {
		return console.Problems{{Text: "This cannot be saved. What is wrong is said below."}}, nil
	}
	if ps, ok := v.Console.Problems(err); ok {
		return ps, nil
	}
	return nil, err
}

// conflict says who saved what meanwhile, and offers to look at the draft on top of it.
func (v *Review) conflict(w http.ResponseWriter, r *http.Request, a admin.Admin, d configure.Draft, ask Ask, e *configure.ConflictError) error {
	page := adminpage.Conflict{Clock: v.Console.Clock(r), Back: ask.Back}
	if d, ok := configure.Rebase(d, e); ok {
		kept, err := v.Configure.Hold(Author(r, a), d)
		if err != nil {
			return err
		}
		page.Again = view.Form{Form: component.Form{Action: ask.Action, Hidden: append([]component.Hidden{
			{Name: draftField, Value: kept}, {Name: againField, Value: "on"}, {Name: "reason", Value: r.PostFormValue("reason")},
		}, ask.Keep...)}}
	}
	for _, rev := range e.Meanwhile {
		page.Meanwhile = append(page.Meanwhile, adminpage.Meanwhile{Number: rev.Number, At: rev.At, By: rev.Author, Reason: rev.Reason, Changes: Changes(rev.Lines)})
	}
	return v.Console.Page(w, r, a, console.Page{
		Section: ask.Section, Trail: ask.Trail, Title: "Somebody was faster", Status: http.StatusConflict, Body: page.Body(),
	})
}

// Changes are differences as pages show them.
func Changes(lines []configure.Line) []view.Change {
	out := make([]view.Change, len(lines))
	for i, l := range lines {
		out[i] = view.Change{Path: l.Path, Old: l.Was, New: l.Is}
	}
	return out
}

// Findings are the linter's, as pages show them.
func Findings(all []configure.Finding) []view.Finding {
	out := make([]view.Finding, len(all))
	for i, f := range all {
		out[i] = view.Finding{Tone: tone(f.Severity), Grade: string(f.Severity), Text: f.Path + ": " + f.Text}
		if len(f.Clauses) > 0 {
			out[i].Clause = f.Clauses[0]
		}
	}
	return out
}

func tone(s configure.Severity) view.Tone {
	switch s {
	case configure.Error:
		return view.Bad
	case configure.Warning:
		return view.Warn
	}
	return view.Plain
}

func reasons(p configure.Proposal) []view.Finding {
	out := make([]view.Finding, len(p.Problems))
	for i, x := range p.Problems {
		text := x.Text
		if x.Path != "" {
			text = x.Path + ": " + text
		}
		out[i] = view.Finding{Tone: view.Bad, Grade: "problem", Text: text}
	}
	return out
}

func lacks(p configure.Proposal, a admin.Admin) []string {
	var out []string
	for _, need := range p.Lacks(a.Grants) {
		out = append(out, string(need))
	}
	return out
}
