package recoveryui

import (
	"errors"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/a-h/templ"

	"rekey/internal/authenticator"
	"rekey/internal/directory"
	"rekey/internal/fault"
	"rekey/internal/flow"
	"rekey/internal/passwordrule"
	"rekey/internal/policy"
	"rekey/internal/server"
	"rekey/internal/server/frame"
	"rekey/internal/server/promptview"
	"rekey/web/component"
	"rekey/web/layout"
	"rekey/web/recoverypage"
)

// drawn is a page that can draw itself.
type drawn interface{ Page() templ.Component }

// show draws the page of the stage the flow is at.
func (u *UI) show(w http.ResponseWriter, r *http.Request) error {
	f, err := u.Service.Flow(r.Context(), u.token(r))
	if err != nil {
		if fault.Of(err).Kind != fault.NotFound {
			return err
		}
		page := recoverypage.Expired{Shell: u.Frame.Shell(r), Action: string(policy.Reset), StartURL: "/"}
		return frame.Render(w, r, http.StatusOK, page.Page())
	}
	if err := u.remember(w, r, f); err != nil {
		return err
	}
	page, err := u.page(r, f, nil)
	if err != nil {
		return err
	}
	return frame.Render(w, r, http.StatusOK, page.Page())
}

func (u *UI) page(r *http.Request, f flow.Flow, ps component.Problems) (drawn, error) {
	sh := u.shell(r, f)
	switch f.Stage {
	case flow.Choose:
		return u.choose(sh, f, ps), nil
	case flow.Prove:
		return u.prove(sh, f, ps)
	case flow.Password:
		return u.password(r, sh, f, ps, "")
	case flow.Applying:
		sh.Refresh = 2
		return recoverypage.Working{Shell: sh, Action: string(f.Action), Step: step(f)}, nil
	case flow.Done:
		return u.done(sh, f), nil
	case flow.Refused:
		return u.refused(sh, f), nil
	case flow.Identify, flow.Expired:
	}
	return recoverypage.Expired{Shell: sh, Action: string(f.Action), StartURL: startURLs[f.Action]}, nil
}

// shell frames a page of an open flow with its time-out, so that the script can warn in time.
func (u *UI) shell(r *http.Request, f flow.Flow) layout.Shell {
	sh := u.Frame.Shell(r)
	if !f.Stage.Final() && f.Stage != flow.Applying {
		now := u.Now()
		left := min(f.Expires.Sub(now), f.Touched.Add(u.Site().Flow.Idle).Sub(now))
		sh.Timeout = layout.Timeout{Left: max(left, 0), Extend: flowURL + "/extend", Over: flowURL}
	}
	return sh
}

func step(f flow.Flow) component.Step {
	now, of := f.Step()
	return component.Step{Now: now, Of: of}
}

func (u *UI) choose(sh layout.Shell, f flow.Flow, ps component.Problems) drawn {
	page := recoverypage.Choose{
		Shell: sh, Action: string(f.Action), Step: step(f), Form: form(flowURL+"/choose", f), Needed: f.Requirement.Count,
		Proven: len(f.Proven), Problems: ps, NoneURL: flowURL + "/none", CancelURL: flowURL + "/cancel",
	}
	for _, o := range f.Useful() {
		page.Ways = append(page.Ways, component.Way{Ref: o.Ref, Kind: string(o.Kind), NeedsScript: o.NeedsScript, Label: ordinal(o.Ref)})
	}
	if f.Notice != "" && !ps.Any() {
		page.Problems = component.Problems{{Text: component.NoticeText(sh.Text, f.Notice)}}
	}
	return page
}

// ordinal tells two offers of a kind apart without showing an address: "2".
func ordinal(ref string) string {
	_, n, _ := strings.Cut(ref, ":")
	return n
}

func (u *UI) prove(sh layout.Shell, f flow.Flow, ps component.Problems) (drawn, error) {
	prompt, err := authenticator.DecodePrompt(f.Challenge.Prompt)
	if err != nil {
		return nil, err
	}
	offer, _ := f.Offer(f.Challenge.Ref)
	page := recoverypage.Prove{
		Shell: sh, Step: step(f), Form: form(flowURL+"/answer", f), Kind: string(offer.Kind), Prompt: promptview.Of(prompt),
		Needed: f.Requirement.Count, Proven: len(f.Proven), Problems: ps, AnotherURL: flowURL + "/back", CancelURL: flowURL + "/cancel",
	}
	if code, ok := prompt.(authenticator.CodePrompt); ok && code.Sent && f.Challenge.Sends < u.Site().Flow.SendsPerMethod {
		page.ResendURL = flowURL + "/resend"
	}
	switch {
	case f.Notice != "" && !ps.Any():
		page.Problems = component.Problems{{Field: promptview.Field(prompt), Text: component.AnswerText(sh.Text, f.Notice, string(offer.Kind))}}
	case f.Challenge.Sends > 1:
		page.Notice = component.NoticeText(sh.Text, "resent")
	}
	return page, nil
}

func (u *UI) password(r *http.Request, sh layout.Shell, f flow.Flow, ps component.Problems, suggested string) (drawn, error) {
	if f.Notice != "" && !ps.Any() {
		ps = component.Problems{{Field: noticeField(f), Text: component.NoticeText(sh.Text, f.Notice)}}
	}
	if f.Action == policy.Unlock {
		return recoverypage.Confirm{Shell: sh, Step: step(f), Form: form(flowURL+"/finish", f), SignIn: f.SignIn, Problems: clearField(ps), CancelURL: flowURL + "/cancel"}, nil
	}
	rules, err := u.Service.Rules(r.Context(), f)
	if err != nil {
		return nil, err
	}
	listed := make([]component.Rule, 0, 8)
	for _, rule := range passwordrule.List(rules) {
		listed = append(listed, viewRule(f, rule))
	}
	product, places := u.Site().Brand.Product, u.halves(f)
	if f.Action == policy.Change && len(places) == 0 || f.NeedsCurrent() {
		return recoverypage.ChangePassword{
			Shell: sh, Step: step(f), Form: form(flowURL+"/finish", f), SignIn: f.Name, Product: product, Rules: listed, Suggested: suggested,
			CanOffer: true, Places: places, Problems: ps, ResetURL: "/", CancelURL: flowURL + "/cancel",
		}, nil
	}
	return recoverypage.Password{
		Shell: sh, Step: step(f), Form: form(flowURL+"/finish", f), SignIn: f.SignIn, Product: product, Rules: listed, Suggested: suggested,
		CanOffer: true, Places: places, Problems: ps, CancelURL: flowURL + "/cancel",
	}, nil
}

// viewRule is a rule as the page shows it. Parts of a name are told only to somebody who has proven who they are.
func viewRule(f flow.Flow, rule passwordrule.Rule) component.Rule {
	v := component.Rule{Code: string(rule.Code), N: rule.N, Of: rule.Of, Live: rule.Live}
	if len(f.Proven) > 0 {
		v.Words = rule.Words
	}
	if rule.Code == passwordrule.Name && len(f.Proven) == 0 {
		v.Live = false
	}
	return v
}

func noticeField(f flow.Flow) string {
	if f.Notice == "rejected:wrong-current" || f.Notice == "rejected:would-lock" {
		return "current"
	}
	return "password"
}

func clearField(ps component.Problems) component.Problems {
	out := make(component.Problems, len(ps))
	for i, p := range ps {
		out[i] = component.Problem{Text: p.Text}
	}
	return out
}

func (u *UI) done(sh layout.Shell, f flow.Flow) drawn {
	return recoverypage.Done{
		Shell: sh, Action: string(f.Action), Step: step(f), SignIn: f.SignIn, WasLocked: f.WasLocked, Unlocked: f.Unlocked,
		MustChange: f.Write.MustChange && f.Action == policy.Reset, Places: u.places(f), Minutes: u.spread(f), Told: true,
		AccountURL: "/account", FinishURL: startURLs[policy.Reset],
	}
}

// followMinutes is how long hash synchronization takes.
const followMinutes = int(directory.SynchronizedWithin / time.Minute)

// halves lists the sign-ins of a flow that has written one and not yet the other.
func (u *UI) halves(f flow.Flow) []recoverypage.Place {
	if !f.Partial() {
		return nil
	}
	var places []recoverypage.Place
	for _, t := range f.Targets {
		places = append(places, recoverypage.Place{Name: u.Site().Label(t.Account.Directory), Missing: t.State != flow.TargetConfirmed})
	}
	return places
}

// places lists the sign-ins of who has several, and from when on the new password works there.
func (u *UI) places(f flow.Flow) []recoverypage.Place {
	if len(f.Targets)+len(f.Follows) < 2 {
		return nil
	}
	var places []recoverypage.Place
	for _, t := range f.Targets {
		p := recoverypage.Place{Name: u.Site().Label(t.Account.Directory), Missing: t.State != flow.TargetConfirmed}
		if p.Missing && u.carried(f, t.Account.Directory) {
			p = recoverypage.Place{Name: p.Name, Minutes: followMinutes}
		}
		places = append(places, p)
	}
	for _, id := range f.Follows {
		places = append(places, recoverypage.Place{Name: u.Site().Label(id.Directory), Minutes: followMinutes})
	}
	return places
}

// carried reports whether a directory gets the password by itself, once the home directory has it.
func (u *UI) carried(f flow.Flow, key string) bool {
	for _, l := range u.Site().Links {
		if l.Mode == directory.LinkBoth && l.Other == key && l.Home == f.Account.Directory {
			return true
		}
	}
	return false
}

// spread is how many minutes the slowest directory takes until all its servers know.
func (u *UI) spread(f flow.Flow) int {
	var most time.Duration
	for _, t := range f.Targets {
		d, _ := u.Site().Directory(t.Account.Directory)
		if s, ok := d.(directory.Spreader); ok && t.State == flow.TargetConfirmed {
			most = max(most, s.Spread())
		}
	}
	return int(most.Minutes())
}

func (u *UI) refused(sh layout.Shell, f flow.Flow) drawn {
	page := recoverypage.Refused{
		Shell: sh, Action: string(f.Action), Reason: string(f.Refusal), Until: f.Until, StartURL: startURLs[f.Action],
	}
	if f.Bar != nil && f.Refusal == f.Bar.Refusal {
		page.Text = u.inLanguage(f.Bar.Text, f.Locale)
	}
	if !f.Until.IsZero() {
		page.Wait = max(0, f.Until.Sub(u.Now())).Round(time.Minute)
	}
	return page
}

// inLanguage picks the text of a language, else the house's, else any.
func (u *UI) inLanguage(texts map[string]string, language string) string {
	for _, l := range append([]string{language, u.Site().Brand.Locale}, slices.Sorted(maps.Keys(texts))...) {
		if t := texts[l]; t != "" {
			return t
		}
	}
	return ""
}

// showClosed turns away whom the settings let nobody do this for, from where they are, or now.
func (u *UI) showClosed(w http.ResponseWriter, r *http.Request, a policy.Action, bar flow.Bar) error {
	sh := u.Frame.Shell(r)
	page := recoverypage.Refused{
		Shell: sh, Action: string(a), Reason: string(bar.Refusal), Text: u.inLanguage(bar.Text, server.Locale(r)), StartURL: startURLs[a],
	}
	return frame.Render(w, r, http.StatusForbidden, page.Page())
}

// showNone is for who can use none of the ways: what to do, and who helps. The flow stays open.
func (u *UI) showNone(w http.ResponseWriter, r *http.Request) error {
	f, err := u.Service.Flow(r.Context(), u.token(r))
	if err != nil {
		return u.again(w, r, missing(err))
	}
	page := recoverypage.Refused{
		Shell: u.shell(r, f), Action: string(f.Action), Reason: "none", StartURL: startURLs[f.Action], BackURL: flowURL, AccountURL: "/account",
	}
	return frame.Render(w, r, http.StatusOK, page.Page())
}

// missing treats a flow that is not there like a stale form: the flow's page says so.
func missing(err error) error {
	var f *fault.Error
	if errors.As(err, &f) && f.Kind == fault.NotFound {
		return nil
	}
	return err
}
