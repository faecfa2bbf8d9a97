package policyui

import (
	"errors"
	"iter"
	"log/slog"
	"maps"
	"net/http"
	"reflect"
	"strings"

	"rekey/internal/admin"
	"rekey/internal/configure"
	"rekey/internal/fault"
	"rekey/internal/pilot"
	"rekey/internal/policy"
	"rekey/internal/preview"
	"rekey/internal/role"
	"rekey/internal/rulebook"
	"rekey/internal/server"
	"rekey/internal/server/console"
	"rekey/internal/server/review"
	"rekey/internal/site"
	"rekey/internal/whatif"
	view "rekey/web/console"
	"rekey/web/policypage"
)

// UI serves the pages.
type UI struct {
	Console   *console.Console
	Reviews   *review.Review
	Configure *configure.Service
	Rules     *rulebook.Service
	Scopes    rulebook.Scopes
	Live      *preview.Live
	WhatIf    *whatif.Service
	Pilots    *pilot.Service
	Site      site.Source
	Log       *slog.Logger
}

// The addresses of the lists beside that of policies.
const (
	rulesURL  = console.PoliciesURL + "/rules"
	namesURL  = console.PoliciesURL + "/names"
	trialsURL = console.PoliciesURL + "/trials"
	askURL    = console.PoliciesURL + "/what-if"
	searchURL = console.PoliciesURL + "/search"
	pastURL   = console.PoliciesURL + "/history"
)

const (
	reads = "none: reads only"
	edits = "none: who may edit policies may do all of it"
	big   = 1 << 20 // bytes of a form: whole policies as YAML
)

// Area is the pages behind the guard. What a form asks for on its way asks for no fresh passkey: opening it did, and saving does.
func (u *UI) Area() server.Area {
	const see, edit = role.SeeSettings, role.EditPolicies
	get, post := http.MethodGet, http.MethodPost
	change := changeURL("{kind}")
	return u.Console.Area(
		console.Route{Method: get, Pattern: console.PoliciesURL, Needs: see, Limiter: reads, Handler: u.showPolicies},
		console.Route{Method: get, Pattern: console.PoliciesURL + ".csv", Needs: see, Limiter: reads, Handler: u.csv},
		console.Route{Method: get, Pattern: console.PoliciesURL + ".yaml", Needs: see, Limiter: reads, Handler: u.yaml},
		console.Route{Method: get, Pattern: rulesURL, Needs: see, Limiter: reads, Handler: u.showRules},
		console.Route{Method: get, Pattern: rulesURL + ".csv", Needs: see, Limiter: reads, Handler: u.rulesCSV},
		console.Route{Method: get, Pattern: namesURL, Needs: see, Limiter: reads, Handler: u.showNames},
		console.Route{Method: get, Pattern: trialsURL, Needs: see, Limiter: reads, Handler: u.showTrials},
		console.Route{Method: get, Pattern: pastURL, Needs: see, Limiter: reads, Handler: u.showPast},
		console.Route{Method: get, Pattern: askURL, Needs: see, Limiter: reads, Handler: u.showAsk},
		console.Route{Method: post, Pattern: askURL, Needs: see, Limiter: reads, Handler: u.submitAsk},
		console.Route{Method: get, Pattern: searchURL, Needs: see, Limiter: reads, Handler: u.search},
		console.Route{Method: get, Pattern: change, Needs: edit, StepUp: true, Limiter: reads, Handler: u.show},
		console.Route{Method: post, Pattern: change, Needs: edit, Limiter: reads, Body: big, Handler: u.submit},
		console.Route{Method: post, Pattern: change + "/live", Needs: edit, Limiter: reads, Body: big, Handler: u.live},
		console.Route{Method: post, Pattern: change + "/save", Needs: edit, StepUp: true, Limiter: edits, Audit: "settings.applied", Body: 2 * big, Handler: u.save},
	)
}

// page draws a page of the family with the tabs of its lists.
func (u *UI) page(w http.ResponseWriter, r *http.Request, a admin.Admin, tab string, p console.Page) error {
	p.Section = console.PoliciesURL
	if p.Title != "Policies" {
		p.Trail = []view.Link{{Label: "Policies", URL: console.PoliciesURL}}
	}
	tabs := []view.Tab{
		{Label: "Policies", URL: console.PoliciesURL},
		{Label: "Rules", URL: rulesURL},
		{Label: "Networks, hours, conditions", URL: namesURL},
		{Label: "Trials", URL: trialsURL},
		{Label: "What if", URL: askURL},
	}
	for i := range tabs {
		tabs[i].Current = tabs[i].URL == tab
	}
	p.Body = policypage.Tabbed(tabs, p.Body)
	return u.Console.Page(w, r, a, p)
}

// may reports whether somebody may change policies, and whether pages may save at all.
func (u *UI) may(a admin.Admin) bool { return a.Grants.May(role.EditPolicies) }

// labels are what the parts of scopes are called.
func (u *UI) labels(c ctx, scopes ...policy.Scope) (labels, error) {
	wanted := map[rulebook.Kind][]string{}
	for _, s := range scopes {
		wanted[rulebook.Groups] = append(append(wanted[rulebook.Groups], s.Groups...), s.Exclude.Groups...)
		for _, o := range append(append([]policy.OU{}, s.OUs...), s.Exclude.OUs...) {
			wanted[rulebook.Units] = append(wanted[rulebook.Units], o.DN)
		}
	}
	out := labels{}
	for kind, values := range wanted {
		found, err := u.Scopes.Named(c, kind, values)
		if err != nil {
			return nil, err
		}
		out[kind] = found
	}
	return out, nil
}

// aboutPeople reports whether a finding is about what this family edits.
func aboutPeople(path string) bool {
	for _, key := range rulebook.Keys() {
		if rest, ok := strings.CutPrefix(path, key); ok && (rest == "" || rest[0] == '.' || rest[0] == '[') {
			return true
		}
	}
	return false
}

func mapsKeysOf[V any](m map[string]V) iter.Seq[string] { return maps.Keys(m) }

func mapsEqual(a, b map[string]string) bool {
	return len(a) == 0 && len(b) == 0 || reflect.DeepEqual(a, b)
}

// faultText is what a fault says to people.
func faultText(err error) string {
	var f *fault.Error
	if errors.As(err, &f) {
		return f.Text
	}
	return "This cannot be read."
}
