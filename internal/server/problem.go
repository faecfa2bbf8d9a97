package server

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"time"

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

func (s *Server) crossOrigin(w http.ResponseWriter, r *http.Request) {
	s.log.WarnContext(r.Context(), "cross-origin request refused", "request", RequestID(r))
	s.shell.Problem(w, r, Problem{Status: http.StatusForbidden, Text: "problem.cross-origin", RequestID: RequestID(r)})
}
