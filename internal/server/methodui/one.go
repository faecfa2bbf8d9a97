package methodui

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"

	"rekey/internal/admin"
	"rekey/internal/authenticator"
	"rekey/internal/configure"
	"rekey/internal/factor"
	"rekey/internal/fault"
	"rekey/internal/form"
	"rekey/internal/methods"
	"rekey/internal/server/console"
	"rekey/internal/server/formview"
	"rekey/internal/server/review"
	"rekey/internal/throttle"
	"rekey/web/component"
	view "rekey/web/console"
	"rekey/web/methodpage"
)

// Limiter bounds how often something may be done.
type Limiter interface {
	Take(ctx context.Context, key string, b throttle.Bucket) (bool, time.Duration, error)
}

const (
	triesAtOnce = 5
	trySpacing  = 30 * time.Second
)

func kindOf(r *http.Request) factor.Kind { return factor.Kind(chi.URLParam(r, "kind")) }

// answer is what a page shows besides the method itself.
type answer struct {
	values   url.Values // of the form; nil: as they are set
	problems component.Problems
	behind   *configure.ConflictError
	steps    []authenticator.Step
}

func (u *UI) showOne(w http.ResponseWriter, r *http.Request, a admin.Admin) error {
	return u.one(w, r, a, answer{})
}

// one draws the page of a method.
func (u *UI) one(w http.ResponseWriter, r *http.Request, a admin.Admin, ans answer) error {
	m, now, err := u.Methods.One(r.Context(), kindOf(r))
	if err != nil {
		return err
	}
	locked := u.Methods.Configure.Locked()
	edits := a.Grants.May(needsEdit) && !locked
	page := methodpage.One{
		About: about(m.Kind), Class: class(m.Class), Strength: strength(m.Traits), On: m.On, Locked: locked, Edits: edits, Version: now.Number,
		Action: address(m.Kind), People: m.Holding.People, Used: m.Holding.Used, Credentials: m.Holding.Credentials, Remove: formview.Remove,
		Findings: review.Findings(m.Findings), Steps: steps(ans.steps), Tries: m.On && a.Grants.May(needsEdit), Script: m.NeedsScript,
	}
	if a.Grants.May(needsPeople) {
		page.Holders = address(m.Kind) + "/people"
	}
	for _, use := range m.Uses {
		page.Uses = append(page.Uses, methodpage.Use{Policy: use.Policy, Default: use.Default, For: actions(use)})
	}
	if ans.behind != nil {
		page.Behind = meanwhile(u.Console.Clock(r), ans.behind)
	}
	fields := u.Methods.Configure.Forms[m.Path()]
	value, _ := now.Value(m.Path())
	filled, err := form.Fill(fields, value)
	if err != nil { // somebody wrote what no form shows
		page.Unshown = err.Error()
	} else {
		shown := filled
		if ans.values != nil {
			shown = formview.Typed(fields, ans.values, filled)
		}
		page.Fields = formview.Of(fields, shown, ans.problems, !edits)
	}
	p := console.Page{
		Section: console.MethodsURL, Trail: trail, Title: Name(m.Kind), State: state(m), Problems: ans.problems, Body: page.Body(),
	}
	if ans.behind != nil {
		p.Status = http.StatusConflict
	}
	return u.Console.Page(w, r, a, p)
}

func actions(use methods.Use) string {
	var parts []string
	for _, x := range use.Actions {
		text := actionName(x.Action)
		if x.Mandatory {
			text += " (always)"
		}
		parts = append(parts, text)
	}
	return strings.Join(parts, ", ")
}

func steps(all []authenticator.Step) []methodpage.Step {
	out := make([]methodpage.Step, len(all))
	for i, s := range all {
		out[i] = methodpage.Step{Title: s.Title, Text: s.Text}
		switch s.Result {
		case authenticator.Worked:
			out[i].Tone, out[i].Word = view.Good, "worked"
		case authenticator.Noted:
			out[i].Tone, out[i].Word = view.Warn, "worked, but"
		case authenticator.Failed:
			out[i].Tone, out[i].Word = view.Bad, "failed"
		}
	}
	return out
}

func meanwhile(c view.Clock, e *configure.ConflictError) *methodpage.Behind {
	out := &methodpage.Behind{Clock: c, Newest: e.Newest.Number}
	for _, rev := range e.Meanwhile {
		out.Saved = append(out.Saved, methodpage.Saved{Number: rev.Number, By: rev.Author, At: rev.At, Reason: rev.Reason, Changes: review.Changes(rev.Lines)})
	}
	return out
}

// submitChange shows what the form would change.
func (u *UI) submitChange(w http.ResponseWriter, r *http.Request, a admin.Admin) error {
	m, now, err := u.Methods.One(r.Context(), kindOf(r))
	if err != nil {
		return err
	}
	on := r.PostForm.Get("do") != "off"
	after, err := strconv.ParseInt(r.PostForm.Get("version"), 10, 64)
	if err != nil {
		return fault.Wrap(fault.Invalid, "This page is out of date. Open it again.", err)
	}
	var values map[string]any
	if on && r.PostForm.Get("do") != "on" {
		if values, err = form.Read(u.Methods.Configure.Forms[m.Path()], r.PostForm); err != nil {
			return u.refused(w, r, a, err)
		}
	}
	d := methods.Change(now, m.Kind, on, values)
	d.After = after
	p, err := u.Methods.Configure.Propose(r.Context(), review.Author(r, a), d)
	if err != nil {
		return u.refused(w, r, a, err)
	}
	if ps := fieldProblems(m.Path(), p.Problems); len(ps) > 0 && m.On && on {
		return u.one(w, r, a, answer{values: r.PostForm, problems: ps})
	}
	if on == m.On && !p.Changes() && len(p.Problems) == 0 {
		return u.one(w, r, a, answer{values: r.PostForm, problems: component.Problems{{Text: configure.ErrSame.Text}}})
	}
	return u.Review.Show(w, r, a, d, ask(m, on))
}

// refused shows the form again with what was typed.
func (u *UI) refused(w http.ResponseWriter, r *http.Request, a admin.Admin, err error) error {
	if wrong, ok := errors.AsType[form.Problems](err); ok {
		return u.one(w, r, a, answer{values: r.PostForm, problems: formview.Problems(wrong)})
	}
	if behind, ok := errors.AsType[*configure.ConflictError](err); ok {
		return u.one(w, r, a, answer{values: r.PostForm, behind: behind})
	}
	return err
}

// fieldProblems are those of the method's own keys, where their fields are.
func fieldProblems(path string, all []configure.Problem) component.Problems {
	var out component.Problems
	for _, p := range all {
		if key, ok := strings.CutPrefix(p.Path, path+"."); ok {
			field, _, _ := strings.Cut(key, "[") // an item of a list is on the list's field
			out = append(out, component.Problem{Field: field, Text: key + ": " + p.Text})
		}
	}
	return out
}

func ask(m methods.Method, on bool) review.Ask {
	name := Name(m.Kind)
	ask := review.Ask{
		Section: console.MethodsURL, Trail: append(trail[:1:1], view.Link{Label: name, URL: address(m.Kind)}), Action: address(m.Kind) + "/save",
		Back: address(m.Kind), Title: "Change the settings of “" + name + "”?",
	}
	switch {
	case on && !m.On:
		ask.Title = "Switch on “" + name + "”?"
	case !on:
		ask.Title = "Switch off “" + name + "”?"
		ask.More = methodpage.Off{People: m.Holding.People}.Show()
	}
	return ask
}

func (u *UI) submitSave(w http.ResponseWriter, r *http.Request, a admin.Admin) error {
	m, _, err := u.Methods.One(r.Context(), kindOf(r))
	if err != nil {
		return err
	}
	save := ask(m, true)
	save.Title = "Change “" + Name(m.Kind) + "”?"
	return u.Review.Save(w, r, a, save)
}

// submitTry tries the method and shows what came of it, step by step.
func (u *UI) submitTry(w http.ResponseWriter, r *http.Request, a admin.Admin) error {
	ok, wait, err := u.Limiter.Take(r.Context(), "method-trial:"+a.Session.Account.String(), tries())
	if err != nil {
		return err
	}
	if !ok {
		return fault.New(fault.Throttled, "That was tried often just now. Wait "+view.Span(wait)+".")
	}
	done, err := u.Methods.Try(r.Context(), review.Author(r, a), kindOf(r))
	if err != nil {
		return err
	}
	return u.one(w, r, a, answer{steps: done})
}
