package server

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"github.com/go-chi/chi/v5"

	"rekey/internal/fault"
)

// statusOf is the one table from kinds of failure to HTTP.
var statusOf = map[fault.Kind]int{
	fault.Internal:    http.StatusInternalServerError,
	fault.Invalid:     http.StatusUnprocessableEntity,
	fault.NotFound:    http.StatusNotFound,
	fault.Conflict:    http.StatusConflict,
	fault.Denied:      http.StatusForbidden,
	fault.Throttled:   http.StatusTooManyRequests,
	fault.Unavailable: http.StatusServiceUnavailable,
}

// retryAfter is what a throttled or unavailable visitor is told to wait.
const retryAfter = 30 * time.Second

// problem shows an error. Only classified texts reach the page; the cause goes to the log under the request id.
func (s *Server) problem(w http.ResponseWriter, r *http.Request, err error) {
	f := fault.Of(err)
	p := Problem{Status: statusOf[f.Kind], Text: f.Text, RequestID: RequestID(r)}
	level := slog.LevelInfo
	switch {
	case errors.Is(err, context.Canceled):
		level = slog.LevelDebug
	case f.Kind == fault.Internal:
		level = slog.LevelError
	case f.Kind == fault.Unavailable:
		level = slog.LevelWarn
	}
	if f.Kind == fault.Throttled || f.Kind == fault.Unavailable {
		p.Retry = retryAfter
		w.Header().Set("Retry-After", "30")
	}
	s.log.Log(r.Context(), level, "problem", "request", p.RequestID, "status", p.Status, "text", f.Text, "error", err)
	s.shell.Problem(w, r, p)
}

func (s *Server) notFound(w http.ResponseWriter, r *http.Request) {
	s.shell.Problem(w, r, Problem{Status: http.StatusNotFound, Text: "problem.not-found", RequestID: RequestID(r)})
}

// notAllowed answers a method that no route of the path takes, naming those that one does.
func (s *Server) notAllowed(routes chi.Routes) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		for _, method := range []string{http.MethodGet, http.MethodPost} {
			if routes.Match(chi.NewRouteContext(), method, r.URL.Path) {
				w.Header().Add("Allow", method)
			}
		}
		s.shell.Problem(w, r, Problem{Status: http.StatusMethodNotAllowed, Text: "problem.not-found", RequestID: RequestID(r)})
	}
}

// badForm answers a form that cannot be read: too long, or not one a browser sends.
func (s *Server) badForm(w http.ResponseWriter, r *http.Request, err error) {
	p := Problem{Status: http.StatusBadRequest, Text: "problem.stale", RequestID: RequestID(r)}
	var long *http.MaxBytesError
	if errors.As(err, &long) {
		p.Status = http.StatusRequestEntityTooLarge
	}
	s.log.InfoContext(r.Context(), "form not read", "request", p.RequestID, "status", p.Status) // the error may quote the form
	s.shell.Problem(w, r, p)
}

func (s *Server) crossOrigin(w http.ResponseWriter, r *http.Request) {
	s.log.WarnContext(r.Context(), "cross-origin request refused", "request", RequestID(r))
	s.shell.Problem(w, r, Problem{Status: http.StatusForbidden, Text: "problem.cross-origin", RequestID: RequestID(r)})
}
