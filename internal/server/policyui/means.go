package policyui

import (
	"cmp"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"time"

	"rekey/internal/fault"
	"rekey/internal/policy"
	"rekey/internal/preview"
	"rekey/internal/rulebook"
	"rekey/internal/site"
	"rekey/internal/whatif"
	view "rekey/web/console"
	"rekey/web/policypage"
)

// named is how many people are named in each group, and listed how many moves and policies are shown.
const (
	named  = 4
	listed = 8
)

// aside is what the change would mean, and the answer to what was asked by it.
func (p *paper) aside() (policypage.Aside, error) {
	out := policypage.Aside{Means: policypage.Means{Live: p.meansLive(), Ask: changeURL(p.kind)}}
	out.WhatIf = p.asks.view(p.form, p.meansLive())
	out.WhatIf.Draft = true
	after, _ := rulebook.Under(p.u.Site(), p.doc)
	if text := p.usable(); text != "" || after == nil {
		out.Means.Problem = cmp.Or(text, "Something is not filled in yet.")
		return out, nil
	}
	if err := p.asks.answer(p.r.Context(), p.u, after, &out.WhatIf); err != nil {
		return out, err
	}
	before, problems := rulebook.Under(p.u.Site(), p.book.Document)
	if before == nil {
		return out, fmt.Errorf("settings version %d: %v", p.book.Number, problems)
	}
	return out, p.mean(&out.Means, before, after)
}

func (p *paper) mean(m *policypage.Means, before, after *site.Snapshot) error {
	crowd, far := p.u.Live.Crowd(p.u.Site())
	if crowd == nil && p.wait {
		var err error
		if crowd, err = p.u.Live.Wait(p.r.Context(), p.u.Site()); err != nil {
			return err
		}
	}
	if crowd == nil {
		m.Reading, m.Done, m.All = true, int(far.Done), int(far.All)
		return nil
	}
	ab := p.about()
	now := p.u.Console.Now()
	ask := preview.Ask{Policy: ab.holds, Names: named, At: now}
	if ab.from.After(now) {
		ask.At = ab.from
		m.Notes = append(m.Notes, "Looked at as of "+p.clock().Absolute(ab.from)+", when it begins.")
	}
	look, err := crowd.Look(p.r.Context(), before, after, ask)
	if err != nil {
		return err
	}
	p.u.figures(m, look, ab.holds)
	m.Notes = append(m.Notes, uncopied(look)...)
	m.Copied = "As copied " + p.clock().Relative(crowd.At) + "; devices, addresses and failures are not looked at."
	return nil
}

func (p *paper) clock() view.Clock { return p.u.Console.Clock(p.r) }

// uncopied names directories that were never read.
func uncopied(l preview.Look) []string {
	var out []string
	for _, c := range l.Copies {
		if c.At.IsZero() {
			out = append(out, c.Directory+" has never been copied: nobody in it was looked at.")
		}
	}
	return out
}

// figures takes over those of a look.
func (u *UI) figures(m *policypage.Means, l preview.Look, holds string) {
	m.Policy, m.Sample, m.People, m.Alike = holds, l.Sample, int(l.People), l.Changed == 0
	m.Was, m.Will = int(l.Was[holds]), int(l.Will[holds])
	for _, e := range l.Effects {
		m.Actions = append(m.Actions, policypage.Action{
			Name: string(e.Action), Able: int(e.Able), Then: int(e.Then),
			Unable: group(e.Unable), Enabled: group(e.Enabled), Refused: group(e.Refused), Allowed: group(e.Allowed),
		})
	}
	reset := l.Effects[0]
	for _, move := range reset.Moves[:min(len(reset.Moves), listed)] {
		m.Moves = append(m.Moves, policypage.Move{From: move.From, To: move.To, Count: int(move.Count)})
	}
	for _, g := range reset.Lost {
		m.Lost = append(m.Lost, ofWay(u, g))
	}
	for _, g := range reset.Gained {
		m.Gained = append(m.Gained, ofWay(u, g))
	}
	m.Holds = held(l)
}

func ofWay(u *UI, g preview.Method) policypage.Group {
	out := group(g.Group)
	out.Name = u.way(g.Kind)
	return out
}

func group(g preview.Group) policypage.Group {
	return policypage.Group{Count: int(g.Count), Names: g.Names}
}

// held lists the policies with most people.
func held(l preview.Look) []policypage.Bar {
	var out []policypage.Bar
	for _, name := range slices.Sorted(maps.Keys(l.Will)) {
		out = append(out, policypage.Bar{Name: name, Count: int(l.Will[name]), Was: int(l.Was[name])})
	}
	slices.SortStableFunc(out, func(a, b policypage.Bar) int { return cmp.Compare(b.Count, a.Count) })
	return out[:min(len(out), listed)]
}

// question is what-if as it was asked.
type question struct {
	whatif.Question
	address string // as typed
	device  []string
	at      string
	problem string
}

func readQuestion(f *form) question {
	q := question{
		Question: whatif.Question{User: f.text("whatif.user"), Action: policy.Action(f.text("whatif.action"))},
		address:  f.text("whatif.address"), device: f.list("whatif.device"), at: f.text("whatif.at"),
	}
	if q.Action == "" {
		q.Action = policy.Reset
	}
	yes := func(on bool) policy.Tristate { return map[bool]policy.Tristate{true: policy.Yes, false: policy.No}[on] }
	q.Browser = policy.Device{
		Known: yes(slices.Contains(q.device, "known")), Managed: yes(slices.Contains(q.device, "managed")), Platform: f.text("whatif.platform"),
	}
	own := form{Values: f.Values, zone: f.zone}
	if q.At = own.moment("whatif.at", time.Time{}); own.ps.Any() {
		q.problem = own.ps[0].Text
	}
	if q.address != "" {
		var err error
		if q.Address, err = netip.ParseAddr(q.address); err != nil {
			q.problem = "“" + q.address + "” is no address such as 203.0.113.9."
		}
	}
	return q
}

// view draws the question as it was typed.
func (q question) view(f *form, live view.Live) policypage.WhatIf {
	return policypage.WhatIf{
		Live: live, User: q.User, Action: string(q.Action), Address: q.address, At: q.at, Zone: f.zone.String(), Device: q.device,
		Platform: q.Browser.Platform, Asked: q.User != "",
	}
}

// answer asks by a version of the settings.
func (q question) answer(ctx ctx, u *UI, snap *site.Snapshot, w *policypage.WhatIf) error {
	if q.User == "" {
		return nil
	}
	if w.Problem = q.problem; w.Problem != "" {
		return nil
	}
	if q.At.IsZero() {
		q.At = u.Console.Now()
	}
	answers, err := u.WhatIf.Ask(ctx, snap, q.Question)
	switch {
	case err != nil && ctx.Err() != nil:
		return err
	case err != nil:
		w.Problem = u.silent(ctx, err)
		return nil
	case len(answers) == 0:
		w.Problem = "Nobody is found under this name."
	}
	for _, a := range answers {
		w.Answers = append(w.Answers, u.answer(a))
	}
	return nil
}

// silent says why nobody answered.
func (u *UI) silent(ctx ctx, err error) string {
	if f := fault.Of(err); f.Kind == fault.Invalid {
		return u.Console.Say(f.Text)
	}
	u.Log.WarnContext(ctx, "what-if is not answered", "error", err)
	return "The directory does not answer, or this is no name."
}
