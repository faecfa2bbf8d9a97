package web_test

import (
	"bytes"
	"os"
	"testing"

	"rekey/internal/lab/browser"
)

// consoleVisits are the windows of administrators.
var consoleVisits = []struct {
	name    string
	options browser.Options
}{
	{"desktop", browser.Options{Width: 1280}},
	{"phone-dark", browser.Options{Phone: true, Width: 390, Dark: true}},
	{"desktop-dark", browser.Options{Width: 1280, Dark: true}},
	{"phone", browser.Options{Phone: true, Width: 390}},
}

// TestConsoleStories opens every page in every window: axe finds nothing, the policy is kept, nothing has to be scrolled sideways.
// With REKEY_PICTURES it also writes pictures into that folder.
func TestConsoleStories(t *testing.T) {
	origin := browser.Serve(t, newConsoleBook(t))
	pictures := os.Getenv("REKEY_PICTURES")
	for _, v := range consoleVisits {
		t.Run(v.name, func(t *testing.T) {
			p := browser.New(t, v.options)
			for _, s := range consoleStories() {
				p.Open(origin + "/" + s.name)
				if said := p.Problems(); len(said) > 0 {
					t.Errorf("%s: %q", s.name, said)
				}
				if over := p.Overflow(); over > 0 {
					t.Errorf("%s is %d px too wide", s.name, over)
				}
				p.Axe()
				if pictures != "" {
					p.Screenshot(pictures + "/" + s.name + "-" + v.name + ".png")
				}
				if t.Failed() {
					t.Fatalf("on page %s", s.name)
				}
				// A form that is drawn half filled in asks before it is left, which the browser grants to nobody who touched nothing.
				browser.Eval[int](p, `[...document.querySelectorAll("[data-dirty]")].map((form) => form.removeAttribute("data-dirty")).length`)
			}
		})
	}
}

// TestConsoleStoriesAreWellMade reads their HTML.
func TestConsoleStoriesAreWellMade(t *testing.T) {
	b := newConsoleBook(t)
	for _, s := range consoleStories() {
		var out bytes.Buffer
		if err := s.page(consoleShell(b.assets.Links())).Render(t.Context(), &out); err != nil {
			t.Fatal(err)
		}
		for _, said := range read(t, out.String()).faults() {
			t.Errorf("%s: %s", s.name, said)
		}
	}
}
