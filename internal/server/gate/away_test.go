package gate_test

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"rekey/internal/challenge"
	"rekey/internal/challenge/challengetest"
	"rekey/internal/directory/entra"
	"rekey/internal/lab/graph"
	"rekey/internal/secret"
	"rekey/internal/server/servertest"
)

// cloud adds a tenant, whose people sign in at its own page, and gives the addresses of the way there and of that page.
func cloud(t *testing.T, p *servertest.Portal) (way, page string) {
	t.Helper()
	const name, word = "contoso.example.test", "lab-8Q~application.secret"
	s, err := graph.Start(t.Context(), graph.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	tenant := s.AddTenant(graph.TenantSpec{Name: "Contoso", Domains: []string{name}})
	app := tenant.AddApp(graph.App{Name: "Rekey", Secrets: []graph.Secret{{Value: word}}})
	d, err := entra.Open(entra.Config{
		Domain: name, Tenant: tenant.ID(), Authority: s.Authority(), Graph: s.Graph(), CAFile: s.CAFile(), ClientID: app.ID(),
		Secret: secret.Ref{Env: "CONTOSO"},
	}, entra.Deps{Resolve: func(secret.Ref) (secret.Text, error) { return secret.New(word), nil }, Now: time.Now, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.Close() })
	p.Snapshot.Directories = append(p.Snapshot.Directories, d)
	return "/account/sign-in-at/" + name, s.Authority() + "/" + tenant.ID() + "/oauth2/v2.0/authorize?"
}

// TestAttack14SigningInElsewhereIsNoWayAroundTheGate: the link to a tenant's sign-in page costs its source what a form does, and nobody
// over there is asked before. Who has waited is shown the link itself.
func TestAttack14SigningInElsewhereIsNoWayAroundTheGate(t *testing.T) {
	t.Parallel()
	p := portal(t, challenge.Config{After: 2})
	way, there := cloud(t, p)
	led := map[string]int{}
	for range 20 {
		resp := p.Send(http.MethodGet, way, nil)
		_ = resp.Body.Close()
		to, _, _ := strings.Cut(resp.Header.Get("Location"), "?")
		if to == "" {
			to = http.StatusText(resp.StatusCode)
		}
		led[to]++
	}
	if authorize := strings.TrimSuffix(there, "?"); led[authorize] != 2 || led["/check"] == 0 || led[authorize]+led["/check"]+led["Too Many Requests"] != 20 {
		t.Errorf("a flood leads to %v", led)
	}
	if to := send(p, name("anna", "")); to == "/flow" {
		t.Error("what was free is still free for a start")
	}
	for what, work := range map[string]string{
		"for a form with a password": challengetest.Solve(ask(t, p, challenge.SignIn)), "that is not enough": challengetest.Miss(ask(t, p, challenge.Away)),
	} {
		if linked(t, p, way, work, there) {
			t.Errorf("work %s leads there", what)
		}
	}
	work := challengetest.Solve(ask(t, p, challenge.Away))
	if !linked(t, p, way, work, there) {
		t.Error("work does not lead there")
	}
	if linked(t, p, way, work, there) {
		t.Error("the same work leads there again")
	}
	if resp := p.Send(http.MethodGet, "/account/sign-in-at/elsewhere.example.test", nil); resp.StatusCode == http.StatusSeeOther {
		t.Errorf("a directory nobody has leads to %s", resp.Header.Get("Location"))
	}
}

// linked sends the form of the page that waits, and reports whether it is answered with a link to the tenant.
func linked(t *testing.T, p *servertest.Portal, way, work, there string) bool {
	t.Helper()
	resp := p.Send(http.MethodPost, way, url.Values{"work": {work}})
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode == http.StatusOK && strings.Contains(string(text), `href="`+there)
}

// TestAttack14APageOfOthersUsesUpNothing: its images and links lead to our page, and cost its visitor nothing.
func TestAttack14APageOfOthersUsesUpNothing(t *testing.T) {
	t.Parallel()
	p := portal(t, challenge.Config{})
	way, there := cloud(t, p)
	from := func(site string) string {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, servertest.Origin+way, nil)
		r.Header.Set("Sec-Fetch-Site", site)
		resp := p.Do(r)
		_ = resp.Body.Close()
		return resp.Header.Get("Location")
	}
	for range 10 {
		for _, site := range []string{"cross-site", "same-site"} {
			if to := from(site); to != "/account" {
				t.Fatalf("%s leads to %s", site, to)
			}
		}
	}
	for _, site := range []string{"same-origin", "none"} {
		if to := from(site); !strings.HasPrefix(to, there) {
			t.Errorf("%s leads to %s", site, to)
		}
	}
}

// TestAwayWithoutAScript: the page waits, says where it leads, and keeps nothing.
func TestAwayWithoutAScript(t *testing.T) {
	t.Parallel()
	p := portal(t, challenge.Config{Show: challenge.Always})
	way, there := cloud(t, p)
	b := open(t, p)
	if page := b.get("/account"); !strings.Contains(page.HTML, `href="`+way+`"`) {
		t.Fatalf("no way to the tenant: %s", page.HTML)
	}
	page := b.get(way)
	see(t, page, "/check", robot)
	if strings.Contains(page.Text, "typed") {
		t.Errorf("nothing was typed: %s", page.Text)
	}
	wait, err := challenge.OpenWait(p.Keys, b.Cookies()[0].Value, p.Now())
	if err != nil || len(wait.Fields) != 0 || wait.Action != way {
		t.Errorf("kept %+v, %v", wait, err)
	}
	p.Advance(challenge.Patience)
	page = b.get("/check")
	see(t, page, "/check", goOn)
	if strings.Contains(page.Text, "typed") {
		t.Errorf("nothing was typed: %s", page.Text)
	}
	page = b.submit(way, nil)
	if page.Status != http.StatusOK || !strings.Contains(page.Text, goOn) || !strings.Contains(page.HTML, `href="`+there) {
		t.Errorf("status %d: %s", page.Status, page.HTML)
	}
	see(t, b.get(way), "/check", robot) // once is once
}
