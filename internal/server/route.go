package server

import (
	"net/http"

	"github.com/go-chi/chi/v5"
)

// Guard says who may use a route.
type Guard string

// The guards.
const (
	Public  Guard = "public"  // anybody: shows or starts something
	Flow    Guard = "flow"    // the holder of a flow's token
	Session Guard = "session" // the holder of a session's token
	Link    Guard = "link"    // the holder of a signed link
	// Return is a browser that another sign-in page sends back, with the answer to the question its cookie has open: only a GET can
	// bring that along. It works once.
	Return Guard = "return"
	Admin  Guard = "admin" // an administrator who is let in and has the permission the route needs
)

// Route is one entry of the route table.
type Route struct {
	Method  string
	Pattern string
	Guard   Guard
	Limiter string // what holds back repetition: "source", "account", "flow", "none: reads only"
	Audit   string // event it causes, "" for reads
	Needs   string // of the guard admin: the permission, and "step-up" where the passkey has to be proven anew
	Body    int64  // most bytes that are read of what is sent; 0: 64 KiB
	Handler HandlerFunc
}

// HandlerFunc is a handler that may fail. It must not have written anything when it returns an error.
type HandlerFunc func(w http.ResponseWriter, r *http.Request) error

// Area is a family of pages.
type Area interface {
	Routes() []Route
}

// mount puts the routes of every area on the router.
func (s *Server) mount(r chi.Router, areas []Area) {
	for _, a := range areas {
		for _, route := range a.Routes() {
			r.Method(route.Method, route.Pattern, s.handle(route))
		}
	}
}

func (s *Server) handle(route Route) http.Handler {
	limit := maxBody
	if route.Body > 0 {
		limit = route.Body
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Body != http.NoBody {
			r.Body = http.MaxBytesReader(w, r.Body, limit)
		}
		if r.Method == http.MethodPost {
			if err := r.ParseForm(); err != nil {
				s.badForm(w, r, err)
				return
			}
		}
		if err := route.Handler(w, r); err != nil {
			s.problem(w, r, err)
		}
	})
}
