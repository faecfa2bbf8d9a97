package server_test

import (
	"flag"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/go-chi/chi/v5"

	"rekey/internal/server"
	"rekey/internal/server/enrollui"
	"rekey/internal/server/gate"
	"rekey/internal/server/recoveryui"
	"rekey/internal/server/servertest"
)

var update = flag.Bool("update", false, "write testdata/routes.txt")

// TestRouteTable: every route is in the table of its area, and a change of the table shows in testdata/routes.txt.
func TestRouteTable(t *testing.T) {
	areas := []server.Area{&gate.Gate{}, &recoveryui.UI{}, &enrollui.UI{}}
	var table, keys []string
	for _, a := range areas {
		for _, r := range a.Routes() {
			if r.Guard == "" || r.Limiter == "" || r.Handler == nil {
				t.Errorf("%s %s: guard %q, limiter %q", r.Method, r.Pattern, r.Guard, r.Limiter)
			}
			if r.Method != http.MethodGet && r.Method != http.MethodPost {
				t.Errorf("%s %s: forms send GET and POST only", r.Method, r.Pattern)
			}
			if r.Method == http.MethodGet && r.Audit != "" && r.Guard != server.Return {
				t.Errorf("GET %s causes %s: opening a page does nothing", r.Pattern, r.Audit)
			}
			table = append(table, strings.TrimSpace(fmt.Sprintf("%-4s %-36s %-8s %-24s %s", r.Method, r.Pattern, guard(r), r.Limiter, r.Audit)))
			keys = append(keys, r.Method+" "+r.Pattern)
		}
	}
	handler := server.New(secure(), nil, nil, nil, nil, nil).Handler(http.NotFoundHandler(), areas...)
	err := chi.Walk(handler.(chi.Routes), func(method, pattern string, _ http.Handler, _ ...func(http.Handler) http.Handler) error {
		if key := method + " " + pattern; pattern != "/static/*" && pattern != "/favicon.ico" && !slices.Contains(keys, key) {
			t.Errorf("%s is served and in no table", key)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(keys)
	if twice := len(keys) - len(slices.Compact(keys)); twice != 0 {
		t.Errorf("%d routes are in the tables twice", twice)
	}
	golden(t, "testdata/routes.txt", strings.Join(table, "\n")+"\n")
}

// guard is who may use a route, and what an administrator needs for it.
func guard(r server.Route) string {
	if r.Needs == "" {
		return string(r.Guard)
	}
	return string(r.Guard) + ": " + r.Needs
}

func golden(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("the route table changed; review it and run the test with -update:\n%s", got)
	}
}

// TestAttack07GuardsHold: without what the guard asks for, and with one that opens nothing, a route shows and does nothing.
func TestAttack07GuardsHold(t *testing.T) {
	p := servertest.New(t)
	fill := strings.NewReplacer("{id}", "x", "{token}", "x.y", "{action}", "reset")
	forged := []*http.Cookie{{Name: "__Host-session", Value: "forged"}, {Name: "__Host-flow", Value: "forged"}, {Name: "session", Value: "forged"}}
	home := map[server.Guard]string{server.Session: "/account", server.Flow: "/flow"}
	for _, a := range p.Areas {
		for _, r := range a.Routes() {
			if r.Guard == server.Public {
				continue
			}
			for _, cookies := range [][]*http.Cookie{nil, forged} {
				resp := p.Send(r.Method, fill.Replace(r.Pattern), nil, cookies...)
				_ = resp.Body.Close()
				at := resp.Header.Get("Location")
				switch {
				case resp.StatusCode == http.StatusNotFound: // no session, no flow, no such link
				case resp.StatusCode == http.StatusSeeOther && (at == home[r.Guard] || at == "/account/signed-out"):
				case r.Guard == server.Return && (at == "/flow" || resp.StatusCode == http.StatusUnprocessableEntity): // nothing was asked
				case resp.StatusCode == http.StatusOK && r.Pattern == home[r.Guard]: // the sign-in, the page that says it is over
				default:
					t.Errorf("%s %s: status %d, leads to %q", r.Method, r.Pattern, resp.StatusCode, at)
				}
			}
		}
	}
	if recorded := p.Audit(t); len(recorded) != 0 {
		t.Errorf("recorded %v", recorded)
	}
}
