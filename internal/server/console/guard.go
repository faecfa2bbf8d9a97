package console

import (
	"errors"
	"net/http"
	"net/url"
	"strings"

	"rekey/internal/admin"
	"rekey/internal/fault"
	"rekey/internal/role"
	"rekey/internal/server"
)

// Handler answers for an administrator who has the route's permission. It parses, makes one call of a use case, and redirects or draws.
type Handler func(w http.ResponseWriter, r *http.Request, a admin.Admin) error

// Route is a server.Route of the administrators' pages.
type Route struct {
	Method  string
	Pattern string
	Needs   role.Permission
	// StepUp asks for a passkey that was proven lately. Have it on the page of a form too, so that nobody types for nothing. A form with
	// files cannot wait: its route is refused instead when the passkey is too old.
	StepUp  bool
	Limiter string // as server.Route has it
	Audit   string
	Body    int64 // most bytes of a form; 0: 64 KiB
	Handler Handler
}

// Area is a family of pages behind the guard. Call it once for each, before the first request.
func (c *Console) Area(routes ...Route) server.Area {
	var a area
	for _, r := range routes {
		if r.Method == http.MethodGet {
			c.needs[r.Pattern] = r.Needs
		}
		needs := string(r.Needs)
		if r.StepUp {
			needs += ", step-up"
		}
		a = append(a, server.Route{
			Method: r.Method, Pattern: r.Pattern, Guard: server.Admin, Needs: needs, Limiter: r.Limiter, Audit: r.Audit, Body: r.Body,
			Handler: c.guard(r),
		})
	}
	return a
}

type area []server.Route

// Routes implements server.Area.
func (a area) Routes() []server.Route { return a }

// guard lets in whoever may use the route.
func (c *Console) guard(route Route) server.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) error {
		err := c.admit(w, r, route)
		switch {
		case errors.Is(err, admin.ErrSignIn):
			c.away(w, r, SignInURL)
			return nil
		case errors.Is(err, admin.ErrProve):
			Redirect(w, r, ProveURL)
			return nil
		}
		return err
	}
}

func (c *Console) admit(w http.ResponseWriter, r *http.Request, route Route) error {
	a, err := c.deps.Service.Admit(r.Context(), c.Token(r))
	if err != nil {
		return err
	}
	if !a.Grants.May(route.Needs) {
		return errForbidden
	}
	if route.StepUp && !c.deps.Service.Fresh(a) {
		return c.stepUp(w, r, a, route)
	}
	if route.StepUp && r.Method == http.MethodPost && r.PostForm.Has(keptField) { // proven anew in another tab
		return c.release(w, r, a, route)
	}
	return route.Handler(w, r, a)
}

var (
	errForbidden = fault.New(fault.Denied, "Your role does not include this.")
	errLate      = fault.New(fault.Conflict, "Your passkey was proven too long ago for this. Prove it again, then send the form once more.")
)

// away leads to where somebody is let in, and from there back.
func (c *Console) away(w http.ResponseWriter, r *http.Request, to string) {
	if back := here(r); back != Root {
		to += "?" + url.Values{"return": {back}}.Encode()
	}
	Redirect(w, r, to)
}

// here is the page that was asked for; a form, or a part of a page, is none.
func here(r *http.Request) string {
	if r.Method == http.MethodGet && r.Header.Get("HX-Request") == "" {
		return Local(r.URL.RequestURI())
	}
	return Root
}

// Local gives back an address of the administrators' pages, and Root in place of any other.
func Local(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.IsAbs() || u.Host != "" || u.User != nil || strings.ContainsAny(address, "\\\r\n\t") {
		return Root
	}
	if u.Path != Root && !strings.HasPrefix(u.Path, Root+"/") || strings.Contains(u.Path, "..") || len(address) > 2000 {
		return Root
	}
	return u.RequestURI()
}

// Redirect leads to another page after a form. With htmx the whole page is left, not a part of it.
func Redirect(w http.ResponseWriter, r *http.Request, to string) {
	if r.Header.Get("HX-Request") != "" {
		w.Header().Set("HX-Redirect", to)
		w.WriteHeader(http.StatusNoContent)
		return
	}
	http.Redirect(w, r, to, http.StatusSeeOther)
}

// Problems turns a fault about a form into what its page says; ok is false when it is not about the form.
func (c *Console) Problems(err error) (ps Problems, ok bool) {
	var f *fault.Error
	if !errors.As(err, &f) || f.Kind != fault.Invalid {
		return nil, false
	}
	return Problems{{Field: f.Field, Text: c.say(f)}}, true
}

// say gives a fault's words: a sentence as it is, a key of the catalogue in English.
func (c *Console) say(f *fault.Error) string {
	if strings.Contains(f.Text, " ") {
		return f.Text
	}
	return c.text.T(f.Text)
}
