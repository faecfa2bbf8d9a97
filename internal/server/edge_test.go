package server_test

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"strings"
	"testing"
	"time"

	"rekey/internal/fault"
	"rekey/internal/lab/pgtest"
	"rekey/internal/locale"
	"rekey/internal/server"
	"rekey/internal/server/frame"
	"rekey/internal/site"
	"rekey/web"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }

const origin = "https://portal.example.test"

// routes is an area made for a test.
type routes []server.Route

func (r routes) Routes() []server.Route { return r }

// counted is what metrics were told.
type counted []string

func (c *counted) Request(route, method string, status int, _ time.Duration) {
	*c = append(*c, fmt.Sprintf("%s %s %d", method, route, status))
}

// edge is a server around handlers of the test.
type edge struct {
	http.Handler
	log     bytes.Buffer
	metrics counted
}

func newEdge(t testing.TB, c server.Config, area ...server.Route) *edge {
	t.Helper()
	catalogue, err := locale.Load()
	if err != nil {
		t.Fatal(err)
	}
	assets, err := web.NewAssets("")
	if err != nil {
		t.Fatal(err)
	}
	snap := &site.Snapshot{Brand: site.Brand{Name: "Example Corp password help", HelpText: "Help desk: 4357", Locale: "en"}}
	src := func() *site.Snapshot { return snap }
	e := &edge{}
	frames := &frame.Frame{Catalogue: catalogue, Site: src, Links: assets.Links}
	log := slog.New(slog.NewTextHandler(&e.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	e.Handler = server.New(c, src, catalogue, frames, log, &e.metrics).Handler(assets, routes(append(area, usual()...)))
	return e
}

func secure() server.Config { return server.Config{Origin: origin, Secure: true} }

// usual are routes that tell what the edge made of a request, or fail in every way.
func usual() []server.Route {
	get := func(pattern string, h server.HandlerFunc) server.Route {
		return server.Route{Method: http.MethodGet, Pattern: pattern, Handler: h}
	}
	fails := func(err error) server.HandlerFunc {
		return func(http.ResponseWriter, *http.Request) error { return err }
	}
	return []server.Route{
		get("/source", func(w http.ResponseWriter, r *http.Request) error {
			s := server.Source(r)
			_, err := fmt.Fprintf(w, "%s|%s|%s|%s", s.Address, s.Agent, s.RequestID, server.Locale(r))
			return err
		}),
		get("/account", func(w http.ResponseWriter, _ *http.Request) error { _, err := fmt.Fprint(w, "account"); return err }),
		{Method: http.MethodPost, Pattern: "/form", Handler: func(w http.ResponseWriter, r *http.Request) error {
			_, err := fmt.Fprint(w, len(r.PostFormValue("text")))
			return err
		}},
		get("/panic", func(http.ResponseWriter, *http.Request) error { panic("canary-value") }),
		get("/bug", func(http.ResponseWriter, *http.Request) error { return []error{}[len(origin)] }),
		get("/error", fails(fmt.Errorf("dial tcp 10.1.2.3:636: canary-cause"))),
		get("/wrapped", fails(fault.Wrap(fault.Unavailable, "problem.directory-down", fmt.Errorf("canary-cause")))),
		get("/unknown-text", fails(fault.New(fault.Denied, "canary.key"))),
		get("/throttled", fails(fault.New(fault.Throttled, "problem.too-many"))),
	}
}

// do sends a request as a browser would, its target exactly as it is written; change may add what is special.
func (e *edge) do(method, target, body string, change ...func(*http.Request)) *httptest.ResponseRecorder {
	line := method + " " + target + " HTTP/1.1\r\nHost: portal.example.test\r\n\r\n"
	r, err := http.ReadRequest(bufio.NewReader(strings.NewReader(line)))
	if err != nil {
		panic(err)
	}
	r.Body, r.RemoteAddr = io.NopCloser(strings.NewReader(body)), "192.0.2.7:4711"
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Sec-Fetch-Site", "same-origin")
	}
	for _, c := range change {
		c(r)
	}
	rec := httptest.NewRecorder()
	e.ServeHTTP(rec, r)
	return rec
}

func header(name, value string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Add(name, value) }
}

func from(peer string) func(*http.Request) { return func(r *http.Request) { r.RemoteAddr = peer } }

func networks(all ...string) []netip.Prefix {
	out := make([]netip.Prefix, len(all))
	for i, n := range all {
		out[i] = netip.MustParsePrefix(n)
	}
	return out
}
