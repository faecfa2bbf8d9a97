package policyui

import (
	"errors"
	"iter"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"rekey/internal/admin"
	"rekey/internal/configure"
	"rekey/internal/fault"
	"rekey/internal/server/console"
	"rekey/internal/server/review"
	"rekey/web/component"
	view "rekey/web/console"
	"rekey/web/policypage"
)

// show opens a sheet.
func (u *UI) show(w http.ResponseWriter, r *http.Request, a admin.Admin) error {
	p, err := u.paper(r, a)
	if err != nil {
		return err
	}
	if o, ok := p.sheet.(opener); ok {
		if err := o.open(u, r, p.book); err != nil {
			return err
		}
	}
	p.apply()
	if p.about().fresh {
		p.problems = nil // nothing is filled in yet
	}
	return p.editor(w, policypage.Notice{})
}

// submit does what a button of a sheet asks for.
func (u *UI) submit(w http.ResponseWriter, r *http.Request, a admin.Admin) error {
	p, err := u.posted(r, a)
	if err != nil {
		return err
	}
	do := p.Get("do")
	if d, ok := view.ParseDeed(do); ok {
		p.do(p.form, d)
		p.apply()
		p.problems = nil // they are told when the form is done
		return p.editor(w, policypage.Notice{})
	}
	p.apply()
	p.wait = do == "preview"
	switch do {
	case "preview", "ask", "edit":
		return p.editor(w, policypage.Notice{})
	}
	notice, err := p.overtaken()
	if err != nil || notice.Title != "" {
		return p.back(w, notice, err)
	}
	if p.problems.Any() {
		return p.editor(w, policypage.Notice{})
	}
	return p.review(w)
}

// live answers while a sheet is filled in.
func (u *UI) live(w http.ResponseWriter, r *http.Request, a admin.Admin) error {
	p, err := u.posted(r, a)
	if err != nil {
		return err
	}
	p.apply()
	aside, err := p.aside()
	if err != nil {
		return err
	}
	return u.Console.Draw(w, r, http.StatusOK, aside.Fresh())
}

// save makes what was reviewed the next version.
func (u *UI) save(w http.ResponseWriter, r *http.Request, a admin.Admin) error {
	p, err := u.posted(r, a)
	if err != nil {
		return err
	}
	p.apply()
	notice, err := p.overtaken()
	if err != nil || notice.Title != "" {
		return p.back(w, notice, err)
	}
	ask, err := p.ask()
	if err != nil {
		return err
	}
	return u.Reviews.Save(w, r, a, ask)
}

// overtaken says what others saved since the form was made; without a title nobody did.
func (p *paper) overtaken() (policypage.Notice, error) {
	if p.made == p.book.Number {
		return policypage.Notice{}, nil
	}
	_, err := p.u.Configure.Propose(p.r.Context(), review.Author(p.r, p.a), configure.Draft{After: p.made})
	var conflict *configure.ConflictError
	if errors.As(err, &conflict) {
		return meanwhile(conflict), nil
	}
	return policypage.Notice{}, err
}

func meanwhile(e *configure.ConflictError) policypage.Notice {
	n := policypage.Notice{
		Title: "Somebody else saved in the meantime",
		Text:  e.Error() + ". What you typed is still here. Look at it again: it is now compared with that version.",
	}
	for _, r := range e.Meanwhile {
		n.Changes = append(n.Changes, review.Changes(r.Lines)...)
	}
	return n
}

// back shows the form with what was typed, made from the version that is there now.
func (p *paper) back(w http.ResponseWriter, notice policypage.Notice, err error) error {
	if err != nil {
		return err
	}
	p.made = p.book.Number
	return p.editor(w, notice)
}

func (p *paper) draft() configure.Draft {
	if d, ok := p.sheet.(drafter); ok {
		return d.draft()
	}
	return p.book.Draft(p.doc)
}

// review shows what would be saved, and asks for the reason.
func (p *paper) review(w http.ResponseWriter) error {
	ask, err := p.ask()
	if err != nil {
		return err
	}
	return p.u.Reviews.Show(w, p.r, p.a, p.draft(), ask)
}

// ask is what the review says of the sheet.
func (p *paper) ask() (review.Ask, error) {
	aside, err := p.aside()
	if err != nil {
		return review.Ask{}, err
	}
	ab := p.about()
	more := policypage.Meaning{
		Form:  view.Form{Form: component.Form{Action: changeURL(p.kind), Hidden: p.carried()}, ID: "meaning"},
		Means: aside.Means, Edits: p.kind != "remove",
	}
	title := ab.deeds
	if title == "" {
		title = "Save this? " + ab.title
	}
	return review.Ask{
		Section: console.PoliciesURL, Trail: []view.Link{{Label: "Policies", URL: console.PoliciesURL}}, Title: title,
		Action: changeURL(p.kind) + "/save", Back: ab.tab, Keep: p.carried(), More: more.Show(),
	}, nil
}

// carried are all fields of the form, unseen, for the version that is there now.
func (p *paper) carried() []component.Hidden {
	out := []component.Hidden{{Name: "after", Value: strconv.FormatInt(p.made, 10)}}
	fields := maps.Clone(p.Values)
	if fields == nil {
		fields = url.Values{}
	}
	for name, values := range p.about().key {
		fields[name] = values
	}
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		switch name {
		case "do", "after", "reason", "draft":
			continue
		}
		for _, value := range fields[name] {
			out = append(out, component.Hidden{Name: name, Value: value})
		}
	}
	return out
}

func mapsKeys(v url.Values) iter.Seq[string] { return maps.Keys(v) }

var errGone = fault.New(fault.NotFound, "That is not in the settings any more.")
