package gate

import (
	"io"
	"math"
	"net/http"
	"net/url"

	"github.com/go-chi/chi/v5"

	"rekey/internal/challenge"
	"rekey/internal/fault"
	"rekey/internal/server"
	"rekey/internal/server/frame"
	"rekey/web/checkpage"
	"rekey/web/component"
)

// waitURL is where a browser waits with its form.
const waitURL = "/check"

// Routes is the gate's part of the route table.
func (g *Gate) Routes() []server.Route {
	const none = "none: reads only"
	return []server.Route{
		{Method: http.MethodGet, Pattern: waitURL, Guard: server.Public, Limiter: none, Handler: g.show},
		{Method: http.MethodGet, Pattern: waitURL + "/{purpose}", Guard: server.Public, Limiter: none, Handler: g.puzzle},
	}
}

// puzzle gives the script work to do, or 204 when this visitor is not asked.
func (g *Gate) puzzle(w http.ResponseWriter, r *http.Request) error {
	p := challenge.Purpose(chi.URLParam(r, "purpose"))
	if !p.Known() {
		return fault.New(fault.NotFound, "problem.not-found")
	}
	rules, from := g.Site().Challenge, server.Source(r).Address
	asked := rules.Provider == challenge.Work && g.asks(rules, from)
	if asked && rules.Show == challenge.AfterFailures {
		room, err := g.Store.Room(r.Context(), freeKey(from), free(rules))
		if err != nil {
			return err
		}
		asked = !room
	}
	if !asked {
		w.WriteHeader(http.StatusNoContent)
		return nil
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = io.WriteString(w, challenge.Puzzle(g.Keys, p, rules.Bits, g.Now())) //nolint:gosec // plain text made here; the visitor may have gone
	return nil
}

// show draws the page of a form that waits: with a script it goes on by itself, without one after a while.
func (g *Gate) show(w http.ResponseWriter, r *http.Request) error {
	token := g.Cookie.Get(r)
	wait, err := challenge.OpenWait(g.Keys, token, g.Now())
	if err != nil {
		g.Cookie.Clear(w)
		http.Redirect(w, r, "/", http.StatusSeeOther)
		return nil
	}
	rules := g.Site().Challenge
	page := checkpage.Check{
		Shell: g.Frame.Shell(r), Form: component.Form{Action: wait.Action, Hidden: []component.Hidden{{Name: waitField, Value: token}}},
		Left: int(math.Ceil(wait.Left(g.Now()).Seconds())), Password: wait.Password,
		Away: wait.Purpose == challenge.Away,
	}
	vendor, theirs := rules.Provider.Vendor()
	switch {
	case page.Left == 0: // it may go on
	case theirs && !wait.Alone:
		// Not drawn anew by itself: that would take a widget away that somebody is busy with.
		g.embed(w, &page, rules, vendor, wait.Purpose)
	default:
		page.Refresh = page.Left
		page.Scripts = []string{page.Links.Check}
		page.Form.Check.Puzzle = challenge.Puzzle(g.Keys, wait.Purpose, rules.Bits, g.Now())
	}
	return frame.Render(w, r, http.StatusOK, page.Page())
}

// embed lets a provider's widget onto the page. Nothing that was typed can be read from there: it is sealed.
func (g *Gate) embed(w http.ResponseWriter, page *checkpage.Check, rules challenge.Rules, vendor challenge.Vendor, p challenge.Purpose) {
	script := vendor.Script
	if vendor.LanguageParameter != "" {
		script += "?" + url.Values{vendor.LanguageParameter: {page.Text.Tag()}}.Encode()
	}
	page.Scripts = []string{script}
	page.Widget = checkpage.Widget{Class: vendor.Class, SiteKey: rules.SiteKey, Action: string(p), Name: vendor.Name}
	server.Allow(w, server.Others{Scripts: vendor.Scripts, Frames: vendor.Frames, Styles: vendor.Styles, Connects: vendor.Connects})
}
