package policyui

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/a-h/templ"

	"rekey/internal/policy"
	"rekey/internal/rulebook"
	"rekey/internal/server/console"
	view "rekey/web/console"
	"rekey/web/policypage"
)

// policySheet is the form of a policy, or of the default of a directory.
type policySheet struct {
	of       string // what it is called in the settings; empty: it is new
	place    int    // in the list it makes; with a default: none
	was      policy.Policy
	name     string
	scope    scope
	byRule   bool
	pilot    bool
	from     string
	until    string
	actions  []string
	reset    ways
	unlock   ways
	asReset  bool
	change   ways
	password [2]bool // common, name
	write    [3]bool // keep locked, must change, ignore history
	texts    map[string]string
}

// numbers are the fields that are read when the form is done.
var numbers = []string{"password.min_length", "limits.times", "limits.within", "limits.life", "limits.retries"} //nolint:gochecknoglobals // a constant

func (s *policySheet) fill(u *UI, p policy.Policy, f *form) {
	kinds := u.Site().Order
	s.was, s.name, s.scope, s.byRule, s.pilot = p, p.Name, newScope(p.Scope), p.ByRule, p.Pilot
	s.from, s.until = momentText(p.From, f.zone), momentText(p.Until, f.zone)
	s.actions = actionNames(p.Actions)
	s.reset, s.change = waysOf("reset", p.Reset, kinds), waysOf("change", p.Change, kinds)
	asks, key, _ := p.Asks(policy.Unlock)
	s.unlock, s.asReset = waysOf("unlock", asks, kinds), key == "reset"
	s.password = [2]bool{p.Password.AllowCommon, p.Password.AllowName}
	s.write = [3]bool{p.KeepLocked, p.MustChange, p.IgnoreHistory}
	s.texts = map[string]string{
		"password.min_length": numberText(p.Password.MinLength), "limits.times": numberText(p.Limits.Times), "limits.within": spanText(p.Limits.Within),
		"limits.life": spanText(p.Limits.Life), "limits.retries": numberText(p.Limits.Retries),
	}
}

// actionNames are those that are ticked: with none listed all are allowed.
func actionNames(as []policy.Action) []string {
	if len(as) == 0 {
		return []string{string(policy.Reset), string(policy.Unlock), string(policy.Change)}
	}
	var out []string
	for _, a := range as {
		out = append(out, string(a))
	}
	return out
}

// actionsOf reads them; all three are none listed.
func actionsOf(names []string) []policy.Action {
	if len(names) >= 3 {
		return nil
	}
	var out []policy.Action
	for _, n := range names {
		out = append(out, policy.Action(n))
	}
	return out
}

func (s *policySheet) open(u *UI, r *http.Request, b rulebook.Book) error {
	q := r.URL.Query()
	f := &form{zone: console.Zone(r)}
	name := q.Get("of")
	fresh := policy.Policy{Reset: policy.Requirement{Count: 2}}
	if copied := q.Get("copy"); name == "" && copied != "" {
		p, ok := find(b, copied)
		if !ok {
			return errGone
		}
		fresh = p
		fresh.Name += " (copy)"
	}
	if name == "" {
		s.place = len(b.Policies)
		s.fill(u, fresh, f)
		return nil
	}
	p, ok := find(b, name)
	if !ok {
		return errGone
	}
	s.locate(name, b)
	if n, err := strconv.ParseInt(q.Get("version"), 10, 64); err == nil && n > 0 {
		old, there, err := u.Rules.At(r.Context(), or(q.Get("was"), name), n)
		if err != nil {
			return err
		}
		if !there {
			return errGone
		}
		p = old
	}
	s.fill(u, p, f)
	return nil
}

// find gives a policy by its name, or a default by its directory's. A directory without one has the built-in.
func find(b rulebook.Book, name string) (policy.Policy, bool) {
	if key, of := strings.CutPrefix(name, rulebook.DefaultOf); of {
		if p, ok := b.Defaults[key]; ok {
			return p, true
		}
		return policy.Default(), true
	}
	i := slices.IndexFunc(b.Policies, func(p policy.Policy) bool { return p.Name == name })
	if i < 0 {
		return policy.Policy{}, false
	}
	return b.Policies[i], true
}

func (s *policySheet) locate(name string, b rulebook.Book) {
	s.of = name
	s.place = slices.IndexFunc(b.Policies, func(p policy.Policy) bool { return p.Name == name })
}

func (s *policySheet) directory() (string, bool) { return strings.CutPrefix(s.of, rulebook.DefaultOf) }

func (s *policySheet) read(f *form) {
	s.of, s.name, s.scope, s.byRule, s.pilot = f.text("of"), f.text("name"), f.scope(), f.on("by_rule"), f.on("pilot")
	s.from, s.until, s.actions = f.text("from"), f.text("until"), f.list("actions")
	s.reset, s.unlock, s.change, s.asReset = f.ways("reset"), f.ways("unlock"), f.ways("change"), f.on("unlock.as_reset")
	s.password = [2]bool{f.on("password.allow_common"), f.on("password.allow_name")}
	s.write = [3]bool{f.on("keep_locked"), f.on("must_change"), f.on("ignore_history")}
	s.texts = map[string]string{}
	for _, name := range numbers {
		s.texts[name] = f.text(name)
	}
}

func (s *policySheet) do(_ *form, d view.Deed) {
	_ = s.scope.do(d) || s.reset.do(d) || s.unlock.do(d) || s.change.do(d)
}

func (s *policySheet) onto(f *form, b rulebook.Book, d *policy.Document) {
	own := &form{Values: url.Values{}, zone: f.zone}
	for name, text := range s.texts {
		own.Set(name, text)
	}
	own.Set("from", s.from)
	own.Set("until", s.until)
	key, isDefault := s.directory()
	s.locate(s.of, b)
	was, there := find(b, s.of)
	if s.of != "" && !there {
		own.bad("name", "The policy “%s” is not in the settings any more. Give this one a name of its own.", s.of)
	}
	p := s.policy(own, was)
	f.ps = append(f.ps, own.ps...)
	switch {
	case isDefault:
		d.Defaults[key] = p
	case s.place < 0:
		s.place = len(d.Policies)
		d.Policies = append(d.Policies, p)
	default:
		d.Policies[s.place] = p
		rename(d, was.Name, p.Name, func(r *policy.Rule) *string { return &r.Then.Policy })
	}
	if strings.HasPrefix(p.Name, "/") {
		f.bad("name", "A name does not begin with a slash.")
	}
}

// policy is what the form says.
func (s *policySheet) policy(f *form, was policy.Policy) policy.Policy {
	p := policy.Policy{
		Name: s.name, Actions: actionsOf(s.actions), Reset: s.reset.requirement(f), Change: s.change.requirement(f),
		Password:   policy.PasswordRules{MinLength: f.number("password.min_length"), AllowCommon: s.password[0], AllowName: s.password[1]},
		KeepLocked: s.write[0], MustChange: s.write[1], IgnoreHistory: s.write[2],
		Limits: policy.Limits{Times: f.number("limits.times"), Within: f.span("limits.within"), Life: f.span("limits.life"), Retries: f.number("limits.retries")},
	}
	if len(s.actions) == 0 {
		f.bad("actions", "Let them do at least one thing.")
	}
	if !s.asReset {
		p.Unlock = s.unlock.requirement(f)
	}
	if _, isDefault := s.directory(); !isDefault {
		p.Scope, p.ByRule, p.Pilot = s.scope.scope(), s.byRule, s.pilot
		p.From, p.Until = f.moment("from", was.From), f.moment("until", was.Until)
	}
	return p
}

// rename gives rules that name something its new name.
func rename(d *policy.Document, was, is string, named func(*policy.Rule) *string) {
	if was == is || was == "" {
		return
	}
	for i := range d.Rules {
		r := d.Rules[i]
		if at := named(&r); *at == was {
			*at = is
			d.Rules[i] = r
		}
	}
}

func (s *policySheet) about() about {
	key, isDefault := s.directory()
	a := about{title: s.name, tab: console.PoliciesURL, key: url.Values{}, holds: s.name, fresh: s.of == ""}
	if s.of != "" {
		a.key.Set("of", s.of)
	}
	switch {
	case isDefault:
		a.title, a.path = s.name+": default of "+key, "defaults."+key
	default:
		a.path = "policies[" + strconv.Itoa(max(s.place, 0)) + "]"
	}
	if a.title == "" || s.of == "" {
		a.title = "New policy"
	}
	if t := (&form{Values: url.Values{"from": {s.from}}, zone: s.was.From.Location()}); s.from != "" {
		a.from = t.moment("from", s.was.From)
	}
	return a
}

func (s *policySheet) body(p *paper) (templ.Component, error) {
	_, isDefault := s.directory()
	sc, err := s.scope.view(p.r.Context(), p.u, p)
	if err != nil {
		return nil, err
	}
	l, err := p.u.labels(p.r.Context(), s.scope.scope())
	if err != nil {
		return nil, err
	}
	kinds := p.u.Site().Order
	out := policypage.Policy{
		Name: s.name, Sentence: p.u.sentence(s.policy(&form{Values: url.Values{}, zone: p.zone}, s.was), l), Default: isDefault, Scope: sc, ByRule: s.byRule, Pilot: s.pilot,
		From: s.from, Until: s.until, Zone: "In " + p.zone.String(), Actions: s.actions,
		Reset: s.reset.complete(kinds).view(p.u, p), Unlock: s.unlock.complete(kinds).view(p.u, p), UnlockAsReset: s.asReset, Change: s.change.complete(kinds).view(p.u, p),
		MinLength: s.texts["password.min_length"], AllowCommon: s.password[0], AllowName: s.password[1],
		KeepLocked: s.write[0], MustChange: s.write[1], IgnoreHistory: s.write[2],
		Times: s.texts["limits.times"], Within: s.texts["limits.within"], Life: s.texts["limits.life"], Retries: s.texts["limits.retries"],
		Problems: p.problems,
	}
	return out.Show(), nil
}
