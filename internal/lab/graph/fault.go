package graph

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"
)

// Fault is something that goes wrong.
type Fault struct {
	Method string        // empty: any
	Path   string        // a part of the path; empty: any
	Times  int           // how many requests it strikes; 0: all until it is stopped
	For    time.Duration // from now on; 0: until it is stopped
	Delay  time.Duration // before anything else
	// Status is answered: 409, 429, 500, 502, 503, 504, or 403 for a lost permission. 0 without Cut: the request goes through, late.
	Status     int
	RetryAfter string // header of that name, such as "2.128"; empty: none
	Apply      bool   // the request is carried out before
	Cut        bool   // the connection is cut instead of an answer
}

type fault struct {
	Fault
	until time.Time
	left  int
}

// Fail makes requests go wrong until stop is called, or as the fault says. The oldest matching fault strikes.
func (s *Server) Fail(f Fault) (stop func()) {
	one := &fault{Fault: f, left: f.Times}
	s.mu.Lock()
	defer s.mu.Unlock()
	if f.For > 0 {
		one.until = s.now().Add(f.For)
	}
	s.faults = append(s.faults, one)
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.faults = slices.DeleteFunc(s.faults, func(o *fault) bool { return o == one })
	}
}

// strikes picks the fault that a request meets; nil: none.
func (s *Server) strikes(r *http.Request) *fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	for _, f := range s.faults {
		over := !f.until.IsZero() && !now.Before(f.until) || f.Times > 0 && f.left == 0
		if over || f.Method != "" && f.Method != r.Method || !strings.Contains(r.URL.Path, f.Path) {
			continue
		}
		f.left--
		return f
	}
	return s.exceeded(r, now)
}

// limit is a budget of requests.
type limit struct {
	method string
	most   int
	per    time.Duration
	from   time.Time
	taken  int
}

// Limit lets through so many requests to Graph of a method (empty: any) in each period, and answers 429 to others, with how long to wait.
func (s *Server) Limit(method string, most int, per time.Duration) (stop func()) {
	one := &limit{method: method, most: most, per: per}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.limits = append(s.limits, one)
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.limits = slices.DeleteFunc(s.limits, func(o *limit) bool { return o == one })
	}
}

// exceeded counts a request against the limits. The caller holds the lock.
func (s *Server) exceeded(r *http.Request, now time.Time) *fault {
	if !strings.HasPrefix(r.URL.Path, "/v1.0/") {
		return nil
	}
	for _, l := range s.limits {
		if l.method != "" && l.method != r.Method {
			continue
		}
		if !now.Before(l.from.Add(l.per)) {
			l.from, l.taken = now, 0
		}
		if l.taken++; l.taken > l.most {
			wait := l.from.Add(l.per).Sub(now).Seconds()
			return &fault{Fault: Fault{Status: http.StatusTooManyRequests, RetryAfter: seconds(wait)}}
		}
	}
	return nil
}

// spoiled lets faults strike before what comes next.
func spoiled(s *Server, next http.Handler, write func(http.ResponseWriter, *http.Request, time.Time, *fault)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		f := s.strikes(r)
		if f == nil {
			next.ServeHTTP(w, r)
			return
		}
		if !wait(r, f.Delay) {
			return // nobody is waiting any more
		}
		if f.Status == 0 && !f.Cut {
			next.ServeHTTP(w, r)
			return
		}
		if f.Apply {
			next.ServeHTTP(&unheard{header: http.Header{}}, r)
		}
		if f.Cut {
			panic(http.ErrAbortHandler) // the server closes the connection without a word
		}
		if f.RetryAfter != "" {
			w.Header().Set("Retry-After", f.RetryAfter)
		}
		write(w, r, s.now(), f)
	})
}

// wait lets time pass; false if the client has gone meanwhile.
func wait(r *http.Request, d time.Duration) bool {
	if d == 0 {
		return true
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, 4<<20)) // a server notices that a client has gone only when the body is read
	if err != nil {
		return false
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-r.Context().Done():
		return false
	}
}

// unheard takes an answer that nobody gets.
type unheard struct{ header http.Header }

func (u *unheard) Header() http.Header         { return u.header }
func (u *unheard) Write(b []byte) (int, error) { return len(b), nil }
func (u *unheard) WriteHeader(int)             {}

// faultTexts are code and message by status, as the service words them.
var faultTexts = map[int][2]string{
	http.StatusForbidden:          {"Authorization_RequestDenied", "Insufficient privileges to complete the operation."},
	http.StatusConflict:           {"Directory_ConcurrencyViolation", "The request was not processed because the resource was changed by another request."},
	http.StatusServiceUnavailable: {"Service_ServiceUnavailable", "Service is temporarily unavailable. Please wait and retry again."},
	http.StatusGatewayTimeout:     {"UnknownError", ""},
}

func writeFault(w http.ResponseWriter, r *http.Request, now time.Time, f *fault) {
	if f.Status == http.StatusTooManyRequests {
		w.Header().Set("x-ms-throttle-scope", "Tenant_Application/ReadWrite")
		w.Header().Set("x-ms-throttle-information", "WriteLimitExceeded")
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(f.Status)
		inner := map[string]string{
			"code": "429", "date": now.UTC().Format("2006-01-02T15:04:05"), "message": "Please retry after", "request-id": w.Header().Get("request-id"), "status": "429",
		}
		body, _ := json.Marshal(map[string]any{"error": map[string]any{"code": "TooManyRequests", "innerError": inner, "message": "Please retry again later."}}) // texts only
		_, _ = w.Write(body)
		return
	}
	text, known := faultTexts[f.Status]
	if !known {
		text = [2]string{"generalException", "General exception while processing."}
	}
	writeError(w, r, now, &apiError{status: f.Status, code: text[0], message: text[1]})
}

// writeTokenFault answers in the shape of the identity platform.
func writeTokenFault(w http.ResponseWriter, _ *http.Request, now time.Time, f *fault) {
	writeAADSTS(w, now, &AADSTS{Number: 90033, code: "temporarily_unavailable", status: f.Status, text: "A transient error has occurred. Please try again."})
}
