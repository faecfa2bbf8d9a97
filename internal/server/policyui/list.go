package policyui

import (
	"encoding/csv"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"rekey/internal/admin"
	"rekey/internal/configure"
	"rekey/internal/policy"
	"rekey/internal/preview"
	"rekey/internal/rulebook"
	"rekey/internal/server/console"
	"rekey/internal/server/review"
	view "rekey/web/console"
	"rekey/web/policypage"
)

// listing is what the lists are made of.
type listing struct {
	rulebook.Book
	labels   labels
	findings []configure.Finding
	held     map[string]int64 // people by policy; nil: not known yet
	all      int64
	far      preview.Progress
}

func (u *UI) listing(r *http.Request) (listing, error) {
	b, err := u.Rules.Open(r.Context())
	if err != nil {
		return listing{}, err
	}
	l := listing{Book: b}
	var scopes []policy.Scope
	for _, p := range b.Policies {
		scopes = append(scopes, p.Scope)
	}
	for _, rule := range b.Rules {
		scopes = append(scopes, rule.Scope)
	}
	if l.labels, err = u.labels(r.Context(), scopes...); err != nil {
		return l, err
	}
	current, err := u.Configure.Read(r.Context())
	if err != nil {
		return l, err
	}
	l.findings = u.Configure.Findings(current)
	return l, u.count(r, &l)
}

// count says how many people each policy holds, once everybody was read.
func (u *UI) count(r *http.Request, l *listing) error {
	snap := u.Site()
	crowd, far := u.Live.Crowd(snap)
	if l.far = far; crowd == nil {
		return nil
	}
	look, err := crowd.Look(r.Context(), snap, snap, preview.Ask{At: u.Console.Now()})
	l.held, l.all = look.Will, look.People
	return err
}

// weak gives the findings below a path.
func (l listing) weak(path string) []configure.Finding {
	var out []configure.Finding
	for _, f := range l.findings {
		if below, ok := strings.CutPrefix(f.Path, path); ok && (below == "" || below[0] == '.' || below[0] == '[') {
			out = append(out, f)
		}
	}
	return out
}

// entry is one policy in the list.
func (u *UI) entry(r *http.Request, l listing, p policy.Policy, path, key string) policypage.Entry {
	e := policypage.Entry{
		Name: p.Name, URL: openURL("policy", url.Values{"of": {key}}), Sentence: u.sentence(p, l.labels), People: -1,
		History: pastURL + "?" + url.Values{"policy": {key}}.Encode(), Copy: openURL("policy", url.Values{"copy": {key}}),
	}
	if l.held != nil {
		e.People = int(l.held[p.Name])
	}
	now := u.Console.Now()
	tag := func(on bool, text string, tone view.Tone) {
		if on {
			e.Tags = append(e.Tags, view.Tag{Text: text, Tone: tone})
		}
	}
	clock := u.Console.Clock(r)
	tag(p.ByRule, "by rule only", view.Plain)
	tag(p.Pilot, "trial", view.Accent)
	tag(p.From.After(now), "from "+clock.Short(p.From), view.Accent)
	tag(!p.Until.IsZero() && !p.Until.After(now), "over", view.Warn)
	tag(p.Until.After(now), "until "+clock.Short(p.Until), view.Plain)
	for _, f := range l.weak(path) {
		if f.Severity != configure.Info {
			e.Warnings++
		}
		e.Findings = append(e.Findings, review.Findings([]configure.Finding{f})[0])
	}
	tag(e.Warnings > 0, view.Of(e.Warnings, "warning", "warnings"), view.Warn)
	return e
}

func (u *UI) showPolicies(w http.ResponseWriter, r *http.Request, a admin.Admin) error {
	l, err := u.listing(r)
	if err != nil {
		return err
	}
	q := strings.TrimSpace(r.URL.Query().Get("q"))
	page := policypage.List{
		Query: q, May: u.may(a), Locked: u.Configure.Locked(), All: int(l.all), Live: view.Live{URL: changeURL("order"), Part: "order-form"},
		Order: changeURL("order"), After: itoa(l.Number), New: openURL("policy", nil), Import: openURL("import", nil), Floor: openURL("floor", nil),
		CSV: console.PoliciesURL + ".csv", YAML: console.PoliciesURL + ".yaml", Self: console.PoliciesURL,
		Reading: l.held == nil, Done: int(l.far.Done), Reads: int(l.far.All),
	}
	for i, p := range l.Policies {
		e := u.entry(r, l, p, "policies["+strconv.Itoa(i)+"]", p.Name)
		if q == "" || contains(p.Name+" "+e.Sentence, q) {
			page.Policies = append(page.Policies, e)
		}
	}
	for _, d := range u.Site().Directories {
		key := rulebook.DefaultOf + d.Key()
		p, _ := find(l.Book, key)
		p.Scope.Domains = []string{d.Key()}
		if p.Name == policy.DefaultName {
			p.Name += " of " + d.Key() // as it is called in force
		}
		e := u.entry(r, l, p, "defaults."+d.Key(), key)
		if q == "" || contains(p.Name+" "+e.Sentence, q) {
			page.Defaults = append(page.Defaults, e)
		}
	}
	for _, f := range l.findings {
		if aboutPeople(f.Path) && f.Severity != configure.Info {
			page.Findings = append(page.Findings, review.Findings([]configure.Finding{f})[0])
		}
	}
	return u.page(w, r, a, console.PoliciesURL, console.Page{
		Title: "Policies", Lede: "Who may get back in, and how they prove who they are. The first one that is for somebody decides.",
		Actions: page.Actions(), Body: page.Body(),
	})
}

func contains(text, part string) bool {
	return strings.Contains(strings.ToLower(text), strings.ToLower(part))
}

// csv is the list as a file.
func (u *UI) csv(w http.ResponseWriter, r *http.Request, _ admin.Admin) error {
	l, err := u.listing(r)
	if err != nil {
		return err
	}
	file(w, "text/csv; charset=utf-8", "policies.csv")
	out := csv.NewWriter(w)
	_ = out.Write([]string{"order", "policy", "sentence", "people", "from", "until", "trial", "warnings"})
	for i, p := range l.Policies {
		e := u.entry(r, l, p, "policies["+strconv.Itoa(i)+"]", p.Name)
		people := ""
		if e.People >= 0 {
			people = strconv.Itoa(e.People)
		}
		_ = out.Write([]string{
			strconv.Itoa(i + 1), plain(p.Name), plain(e.Sentence), people, stamp(p.From), stamp(p.Until), strconv.FormatBool(p.Pilot), strconv.Itoa(e.Warnings),
		})
	}
	out.Flush()
	return nil // the visitor may have gone
}

// plain keeps a spreadsheet from taking a text for a formula.
func plain(text string) string {
	if text != "" && strings.ContainsRune("=+-@\t\r", rune(text[0])) {
		return "'" + text
	}
	return text
}

func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

func file(w http.ResponseWriter, kind, name string) {
	w.Header().Set("Content-Type", kind)
	w.Header().Set("Content-Disposition", `attachment; filename="`+name+`"`)
}

// yaml is all policies as the settings have them.
func (u *UI) yaml(w http.ResponseWriter, r *http.Request, _ admin.Admin) error {
	v, text, err := u.Rules.Export(r.Context())
	if err != nil {
		return err
	}
	file(w, "application/yaml; charset=utf-8", "policies-"+itoa(v.Number)+".yaml")
	_, _ = w.Write([]byte(text)) // the visitor may have gone
	return nil
}

func (u *UI) showRules(w http.ResponseWriter, r *http.Request, a admin.Admin) error {
	l, err := u.listing(r)
	if err != nil {
		return err
	}
	q := strings.TrimSpace(r.URL.Query().Get("q"))
	page := policypage.Rules{
		Query: q, May: u.may(a), Order: changeURL("order"), After: itoa(l.Number), Live: view.Live{URL: changeURL("order"), Part: "order-form"},
		New: openURL("rule", nil), Self: rulesURL, CSV: rulesURL + ".csv",
	}
	now, clock := u.Console.Now(), u.Console.Clock(r)
	for i, rule := range l.Rules {
		e := policypage.RuleEntry{
			Name: rule.Name, URL: openURL("rule", url.Values{"of": {rule.Name}}), Copy: openURL("rule", url.Values{"copy": {rule.Name}}),
			Whom: whom(rule.Scope, l.labels), When: condition(rule.When), Then: u.effect(rule.Then),
		}
		if len(rule.Actions) > 0 {
			e.When = enumerated(actionNames(rule.Actions), "or") + "; " + e.When
		}
		for _, t := range []struct {
			on   bool
			text string
			tone view.Tone
		}{
			{rule.ReportOnly, "only reports", view.Warn},
			{rule.From.After(now), "from " + clock.Short(rule.From), view.Accent},
			{!rule.Until.IsZero() && !rule.Until.After(now), "over", view.Warn},
			{rule.Until.After(now), "until " + clock.Short(rule.Until), view.Plain},
		} {
			if t.on {
				e.Tags = append(e.Tags, view.Tag{Text: t.text, Tone: t.tone})
			}
		}
		for _, f := range l.weak("rules[" + strconv.Itoa(i) + "]") {
			e.Findings = append(e.Findings, review.Findings([]configure.Finding{f})[0])
		}
		if q == "" || contains(strings.Join([]string{e.Name, e.Whom, e.When, e.Then}, " "), q) {
			page.Rules = append(page.Rules, e)
		}
	}
	return u.page(w, r, a, rulesURL, console.Page{
		Title: "Rules", Lede: "What changes with the place, the time and the device. All that hold count, in this order.",
		Actions: page.Actions(), Body: page.Body(),
	})
}

// rulesCSV is the rules as a file.
func (u *UI) rulesCSV(w http.ResponseWriter, r *http.Request, _ admin.Admin) error {
	l, err := u.listing(r)
	if err != nil {
		return err
	}
	file(w, "text/csv; charset=utf-8", "rules.csv")
	out := csv.NewWriter(w)
	_ = out.Write([]string{"order", "rule", "for", "actions", "when", "then", "from", "until", "only reports"})
	for i, rule := range l.Rules {
		_ = out.Write([]string{
			strconv.Itoa(i + 1), plain(rule.Name), plain(whom(rule.Scope, l.labels)), strings.Join(actionNames(rule.Actions), " "), plain(condition(rule.When)),
			plain(u.effect(rule.Then)), stamp(rule.From), stamp(rule.Until), strconv.FormatBool(rule.ReportOnly),
		})
	}
	out.Flush()
	return nil // the visitor may have gone
}

func (u *UI) showNames(w http.ResponseWriter, r *http.Request, a admin.Admin) error {
	b, err := u.Rules.Open(r.Context())
	if err != nil {
		return err
	}
	page := policypage.Names{May: u.may(a)}
	add := func(into *[]policypage.NameEntry, kind, name, says string) {
		*into = append(*into, policypage.NameEntry{Name: name, URL: openURL(kind, url.Values{"of": {name}}), Says: says})
	}
	for _, name := range slices.Sorted(mapsKeysOf(b.Networks)) {
		add(&page.Networks, "network", name, strings.Join(b.Networks[name], ", "))
	}
	for _, name := range slices.Sorted(mapsKeysOf(b.Schedules)) {
		add(&page.Hours, "schedule", name, hours(b.Schedules[name]))
	}
	for _, name := range slices.Sorted(mapsKeysOf(b.Conditions)) {
		add(&page.Conditions, "condition", name, condition(b.Conditions[name]))
	}
	page.NewNetwork, page.NewHours, page.NewCondition = openURL("network", nil), openURL("schedule", nil), openURL("condition", nil)
	return u.page(w, r, a, namesURL, console.Page{
		Title: "Networks, hours, conditions", Lede: "Names that rules use.", Body: page.Body(),
	})
}

// hours writes hours of the week in few words.
func hours(s policy.Schedule) string {
	var parts []string
	for _, h := range s.Hours {
		parts = append(parts, strings.Join(h.Days, " ")+" "+h.From+"–"+h.To)
	}
	out := strings.Join(parts, ", ")
	if s.TimeZone != "" {
		out += " " + s.TimeZone
	}
	if s.ZoneOf != nil {
		out += ", where the person works"
	}
	if n := len(s.Holidays); n > 0 {
		out += ", but " + view.Of(n, "day", "days")
	}
	return out
}
