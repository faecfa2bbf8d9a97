package frame_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/a-h/templ"

	"rekey/internal/locale"
	"rekey/internal/server"
	"rekey/internal/server/frame"
	"rekey/internal/site"
	"rekey/web/layout"
)

func newFrame(t *testing.T) *frame.Frame {
	t.Helper()
	catalogue, err := locale.Load()
	if err != nil {
		t.Fatal(err)
	}
	snap := &site.Snapshot{Brand: site.Brand{Name: "Example Corp password help", HelpText: "Help desk: 4357", HelpLink: "tel:4357"}}
	links := layout.Links{Sheet: "/static/a.css", Script: "/static/a.js", Icon: "/static/a.svg"}
	return &frame.Frame{Catalogue: catalogue, Site: func() *site.Snapshot { return snap }, Links: func() layout.Links { return links }}
}

// TestLanguagesLeadBack: the other languages of a page are on a page that can be opened, and it is the one the visitor is at.
func TestLanguagesLeadBack(t *testing.T) {
	f := newFrame(t)
	for request, want := range map[string]string{
		"GET /":                             "/",
		"GET /unlock?lang=de":               "/unlock",
		"GET /account/methods/a%2Fb/remove": "/account/methods/a%2Fb/remove",
		"GET //evil.example.test/x":         "/evil.example.test/x",
		"POST /flow/answer":                 "/flow",
		"POST /account/methods/x/rename":    "/account",
		"POST /not-me/x.y":                  "/not-me/x.y",
	} {
		method, target, _ := strings.Cut(request, " ")
		r := httptest.NewRequest(method, "https://portal.example.test"+target, nil)
		sh := f.Shell(r)
		if len(sh.Languages) < 2 {
			t.Fatalf("languages %v", sh.Languages)
		}
		for _, l := range sh.Languages {
			if l.URL != want+"?lang="+l.Tag {
				t.Errorf("%s: %s leads to %s", request, l.Name, l.URL)
			}
		}
	}
}

func TestShellSpeaksForTheFirm(t *testing.T) {
	sh := newFrame(t).Shell(httptest.NewRequest(http.MethodGet, "/", nil))
	if sh.Brand != "Example Corp password help" || sh.HelpText != "Help desk: 4357" || sh.HelpLink != "tel:4357" || sh.Links.Sheet != "/static/a.css" {
		t.Errorf("got %+v", sh)
	}
	if slices.ContainsFunc(sh.Languages, func(l layout.Language) bool { return l.Tag == sh.Text.Tag() }) {
		t.Error("the current language is listed")
	}
}

func TestProblemLeadsToWhereTheVisitorWorks(t *testing.T) {
	f := newFrame(t)
	for _, c := range []struct{ path, key, link string }{
		{"/", "problem.internal", `href="/">Start again`},
		{"/start/reset", "problem.too-many", `href="/">Start again`},
		{"/flow/choose", "problem.directory-down", `href="/flow">Go on`},
		{"/account/add", "problem.method-off", `href="/account">Go on`},
		{"/account/extend", "problem.signed-out", `href="/account">Sign in`},
		{"/accounting", "problem.not-found", `href="/">Start again`},
	} {
		rec := httptest.NewRecorder()
		f.Problem(rec, httptest.NewRequest(http.MethodPost, c.path, nil), server.Problem{Status: 418, Text: c.key, RequestID: "abc", Retry: 30 * time.Second})
		if page := rec.Body.String(); rec.Code != 418 || !strings.Contains(page, c.link) || !strings.Contains(page, "abc") {
			t.Errorf("%s: status %d, want %s in\n%s", c.path, rec.Code, c.link, page)
		}
	}
}

// TestHalfAPageIsNotSent: what cannot be drawn whole is an error, not the beginning of a page.
func TestHalfAPageIsNotSent(t *testing.T) {
	broken := errors.New("broken")
	half := templ.ComponentFunc(func(_ context.Context, w io.Writer) error {
		_, _ = io.WriteString(w, "half")
		return broken
	})
	rec := httptest.NewRecorder()
	if err := frame.Render(rec, httptest.NewRequest(http.MethodGet, "/", nil), http.StatusOK, half); !errors.Is(err, broken) || rec.Body.Len() != 0 {
		t.Errorf("sent %q, error %v", rec.Body, err)
	}
}
