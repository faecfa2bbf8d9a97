package web_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/a-h/templ"

	"rekey/internal/locale"
	"rekey/internal/server"
	"rekey/web"
	"rekey/web/component"
	"rekey/web/layout"
)

// story is one page in one state.
type story struct {
	name string
	page func(sh layout.Shell) drawn
}

// drawn is a page's view model.
type drawn interface{ Page() templ.Component }

// stories are all pages in all states.
func stories() []story {
	return slices.Concat(startStories(), checkStories(), proveStories(), endStories(), enrollStories(), problemStories())
}

// now is when the stories play.
var now = time.Date(2026, time.November, 23, 14, 5, 0, 0, time.UTC)

// book serves every story at /<language>/<name>, with the files and the policy of the product.
type book struct {
	assets    *web.Assets
	catalogue *locale.Catalogue
	pages     map[string]func(layout.Shell) drawn
	answer    http.HandlerFunc // to forms and fetches; nil: nothing
}

func newBook(t testing.TB) *book {
	t.Helper()
	assets, err := web.NewAssets("")
	if err != nil {
		t.Fatal(err)
	}
	catalogue, err := locale.Load()
	if err != nil {
		t.Fatal(err)
	}
	b := &book{assets: assets, catalogue: catalogue, pages: map[string]func(layout.Shell) drawn{}}
	for _, s := range stories() {
		if b.pages[s.name] != nil {
			t.Fatalf("two stories are called %s", s.name)
		}
		b.pages[s.name] = s.page
	}
	return b
}

// shell is the frame of a story.
func (b *book) shell(language, name string) layout.Shell {
	sh := layout.Shell{
		Text: b.catalogue.Printer(language), Links: b.assets.Links(), Brand: "Example Corp password help",
		HelpText: "Help desk: 4357 · Mon–Fri 7–19", HelpLink: "tel:4357",
	}
	for _, l := range b.catalogue.Languages() {
		if l.Tag != language {
			sh.Languages = append(sh.Languages, layout.Language{Tag: l.Tag, Name: l.Name, URL: "/" + l.Tag + "/" + name})
		}
	}
	return sh
}

func (b *book) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Security-Policy", server.ContentPolicy)
	if strings.HasPrefix(r.URL.Path, web.Prefix) {
		b.assets.ServeHTTP(w, r)
		return
	}
	language, name, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	page := b.pages[name]
	switch {
	case page != nil && r.Method == http.MethodGet:
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_ = page(b.shell(language, name)).Page().Render(r.Context(), w) // the browser may have gone
	case b.answer != nil:
		b.answer(w, r)
	default:
		http.NotFound(w, r)
	}
}

// form is where the forms of stories go.
func form() component.Form {
	return component.Form{Action: "/sent", Hidden: []component.Hidden{{Name: "at", Value: "7"}}}
}
