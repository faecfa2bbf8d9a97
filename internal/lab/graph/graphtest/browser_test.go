package graphtest_test

import (
	"fmt"
	"net/http"
	"net/url"
	"os"
	"testing"

	"rekey/internal/lab/browser"
	"rekey/internal/lab/graph"
)

func TestMain(m *testing.M) { os.Exit(browser.Main(m)) }

func TestSignInPageInABrowser(t *testing.T) {
	site := browser.Serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, `<!DOCTYPE html><html lang="en"><head><title>Back</title><link rel="icon" href="data:,"></head><body><main><h1>Back with %s, code %t</h1></main></body></html>`,
			r.FormValue("state"), r.FormValue("code") != "")
	}))
	s, err := graph.Start(t.Context(), graph.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	tenant := s.AddTenant(graph.TenantSpec{Domains: []string{"contoso.test"}, AuthContexts: []string{"c1"}})
	app := tenant.AddApp(graph.App{Name: "Rekey", RedirectURIs: []string{site + "/back"}})
	tenant.AddUser(graph.User{UserPrincipalName: "bob@contoso.test", Password: "xWwvJ]6NMw+bWH-d", MFACode: "246810"})
	q := url.Values{
		"client_id": {app.ID()}, "response_type": {"code"}, "scope": {"openid"}, "state": {"s1"}, "redirect_uri": {site + "/back"}, "login_hint": {"bob@contoso.test"},
		"claims": {`{"id_token":{"acrs":{"essential":true,"value":"c1"}}}`},
	}
	where := s.Authority() + "/" + tenant.ID() + "/oauth2/v2.0/authorize?" + q.Encode()

	page := browser.New(t, browser.Options{Stranger: true})
	page.Open(where)
	page.SeeHeading("Sign in")
	if name := page.Value("Email"); name != "bob@contoso.test" {
		t.Errorf("the hint was not taken: %q", name)
	}
	page.Fill("Password", "wrong")
	page.Fill("Code", "246810")
	page.Press("Sign in")
	page.See("AADSTS50126")
	page.Fill("Password", "xWwvJ]6NMw+bWH-d")
	page.Fill("Code", "246810")
	page.Press("Sign in")
	page.SeeHeading("Back with s1, code true")
	page.Open(where) // the session answers
	page.SeeHeading("Back with s1, code true")
}
