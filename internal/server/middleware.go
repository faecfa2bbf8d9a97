package server

import (
	"context"
	"crypto/rand"
	"encoding/base32"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"net/netip"
	"net/url"
	"runtime"
	"runtime/debug"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"

	"rekey/internal/audit"
)

type contextKey int

const visitKey contextKey = iota

// visit is what the edge knows of a request.
type visit struct {
	id      string
	address netip.Addr
	locale  string
	proxied bool // came through a trusted proxy, whose headers are believed
}

// policy lets pages load what this server serves, and nothing run or show that is not a file of ours.
const policy = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src 'self'; " +
	"form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// headers are on every answer. Set replaces one of them and Add copies it first, so that answers can share their values.
func (s *Server) headers(next http.Handler) http.Handler {
	fixed := http.Header{
		"Content-Security-Policy":      {policy},
		"X-Content-Type-Options":       {"nosniff"},
		"Referrer-Policy":              {"no-referrer"},
		"Cross-Origin-Opener-Policy":   {"same-origin"},
		"Cross-Origin-Resource-Policy": {"same-origin"},
		"Permissions-Policy":           {"camera=(), geolocation=(), microphone=(), publickey-credentials-get=(self), publickey-credentials-create=(self)"},
		"Cache-Control":                {"no-store"},
	}
	if s.config.Secure {
		fixed.Set("Strict-Transport-Security", "max-age=63072000; includeSubDomains")
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		maps.Copy(w.Header(), fixed)
		next.ServeHTTP(w, r)
	})
}

// identify gives the request its id, its client address and its language.
func (s *Server) identify(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		v := visit{id: requestID(), address: s.client(r), locale: s.language(w, r), proxied: s.proxied(r)}
		w.Header().Set("X-Request-Id", v.id)
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), visitKey, v)))
	})
}

// idLetters writes request ids: easy to read out, and to select with a double click.
var idLetters = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567")

func requestID() string {
	var b [10]byte
	_, _ = rand.Read(b[:]) // never fails (crypto/rand since Go 1.24)
	return idLetters.EncodeToString(b[:])
}

// client finds the visitor's address: the rightmost hop that is not a trusted proxy. Headers from anybody else are ignored.
func (s *Server) client(r *http.Request) netip.Addr {
	from, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	peer := from.Addr().Unmap()
	if !s.trusted(peer) {
		return peer
	}
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for i := len(hops) - 1; i >= 0 && s.trusted(peer); i-- {
		hop, err := netip.ParseAddr(strings.TrimSpace(hops[i]))
		if err != nil {
			break
		}
		peer = hop.Unmap().WithZone("")
	}
	return peer
}

func (s *Server) proxied(r *http.Request) bool {
	from, err := netip.ParseAddrPort(r.RemoteAddr)
	return err == nil && s.trusted(from.Addr().Unmap())
}

func (s *Server) trusted(a netip.Addr) bool {
	for _, p := range s.config.Proxies {
		if p.Contains(a) {
			return true
		}
	}
	return false
}

const languageCookie = "lang"

// language is what the visitor picked, else what the browser asks for, else the house's.
func (s *Server) language(w http.ResponseWriter, r *http.Request) string {
	picked := ""
	if q := query(r); q.Has(languageCookie) {
		picked = s.catalogue.Match(q.Get(languageCookie))
		http.SetCookie(w, &http.Cookie{ //nolint:gosec // Secure follows the scheme of the public URL
			Name: languageCookie, Value: picked, Path: "/", MaxAge: 365 * 24 * 3600,
			Secure: s.config.Secure, HttpOnly: true, SameSite: http.SameSiteLaxMode,
		})
		return picked
	}
	if c, err := r.Cookie(languageCookie); err == nil {
		picked = c.Value
	}
	return s.catalogue.Match(picked, r.Header.Get("Accept-Language"), s.site().Brand.Locale)
}

// query is what stands behind the question mark, which few requests have.
func query(r *http.Request) url.Values {
	if r.URL.RawQuery == "" {
		return nil
	}
	return r.URL.Query()
}

// Source tells use cases where a request came from.
func Source(r *http.Request) audit.Source {
	v := visitOf(r)
	agent := r.UserAgent()
	if len(agent) > 200 {
		agent = agent[:200]
	}
	return audit.Source{Address: v.address, Agent: strings.ToValidUTF8(agent, ""), RequestID: v.id}
}

// Locale gives the language of a request.
func Locale(r *http.Request) string { return visitOf(r).locale }

// RequestID gives the id that finds the request's log line.
func RequestID(r *http.Request) string { return visitOf(r).id }

func visitOf(r *http.Request) visit {
	v, _ := r.Context().Value(visitKey).(visit)
	return v
}

// recover turns a panic into a 500 that leaks nothing.
func (s *Server) recover(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			p := recover()
			if p == nil {
				return
			}
			if err, ok := p.(error); ok && errors.Is(err, http.ErrAbortHandler) {
				panic(p)
			}
			s.log.ErrorContext(r.Context(), "panic", "request", RequestID(r), "panic", nameOf(p), "stack", string(debug.Stack()))
			s.problem(w, r, errors.New("panic"))
		}()
		next.ServeHTTP(w, r)
	})
}

// nameOf describes a panic without its value, which may be a secret. Errors of the runtime hold none.
func nameOf(p any) string {
	if e, ok := p.(runtime.Error); ok {
		return e.Error()
	}
	return fmt.Sprintf("%T", p)
}

// observe counts and logs the request. Paths are not logged: some hold links.
func (s *Server) observe(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start := time.Now()
		rec := &recorder{ResponseWriter: w, status: http.StatusOK}
		next.ServeHTTP(rec, r)
		took := time.Since(start)
		route := chi.RouteContext(r.Context()).RoutePattern()
		s.metrics.Request(route, method(r), rec.status, took)
		if route != "/static/*" && s.log.Enabled(r.Context(), slog.LevelDebug) {
			s.log.DebugContext(r.Context(), "request", "request", RequestID(r), "method", method(r), "route", route, "status", rec.status, "took", took)
		}
	})
}

// method keeps words that visitors make up out of metrics.
func method(r *http.Request) string {
	switch r.Method {
	case http.MethodGet, http.MethodHead, http.MethodPost:
		return r.Method
	}
	return "other"
}

type recorder struct {
	http.ResponseWriter
	status int
	wrote  bool
}

func (r *recorder) WriteHeader(status int) {
	if !r.wrote {
		r.status, r.wrote = status, true
	}
	r.ResponseWriter.WriteHeader(status)
}

func (r *recorder) Write(b []byte) (int, error) {
	r.wrote = true
	return r.ResponseWriter.Write(b)
}

// Unwrap lets http.ResponseController reach the connection.
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }
