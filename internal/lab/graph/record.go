package graph

import (
	"net/http"
	"slices"
	"time"

	"github.com/google/uuid"
)

// Request is one that the emulator has answered. It holds no body and no header that could hold a secret.
type Request struct {
	At              time.Time
	Method, Path    string
	Query           string // as sent
	Status          int    // 0: the connection was cut
	RequestID       string
	ClientRequestID string
}

// remembered is how many requests are kept.
const remembered = 10_000

// Requests lists what was asked, oldest first; items of a batch come before the batch.
func (s *Server) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.record)
}

// ForgetRequests empties the record.
func (s *Server) ForgetRequests() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.record = nil
}

// watched gives each request its id and remembers it.
func (s *Server) watched(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id := uuid.NewString()
		w.Header().Set("request-id", id)
		if theirs := r.Header.Get("client-request-id"); theirs != "" {
			w.Header().Set("client-request-id", theirs)
		}
		w.Header().Set("x-ms-ags-diagnostic", `{"ServerInfo":{"DataCenter":"Lab","Slice":"E","Ring":"1","ScaleUnit":"000","RoleInstance":"LAB00000"}}`)
		heard := &statusWriter{ResponseWriter: w}
		defer func() {
			s.mu.Lock()
			defer s.mu.Unlock()
			if len(s.record) >= 2*remembered {
				s.record = slices.Clone(s.record[remembered:])
			}
			s.record = append(s.record, Request{
				At: s.now(), Method: r.Method, Path: r.URL.Path, Query: r.URL.RawQuery, Status: heard.status, RequestID: id, ClientRequestID: r.Header.Get("client-request-id"),
			})
		}()
		next.ServeHTTP(heard, r)
	})
}

type statusWriter struct {
	http.ResponseWriter
	status int
}

func (w *statusWriter) WriteHeader(status int) {
	w.status = status
	w.ResponseWriter.WriteHeader(status)
}

func (w *statusWriter) Write(b []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	return w.ResponseWriter.Write(b)
}
