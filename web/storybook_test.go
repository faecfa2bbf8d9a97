package web_test

import (
	"bytes"
	"encoding/json"
	"os"
	"regexp"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"rekey/internal/lab/browser"
)

func TestMain(m *testing.M) { os.Exit(browser.Main(m)) }

// visits are the eyes the stories are seen with, in turn.
var visits = []struct {
	name    string
	options browser.Options
}{
	{"phone", browser.Options{Phone: true}},
	{"desktop in the dark", browser.Options{Dark: true}},
	{"narrow phone in the dark", browser.Options{Phone: true, Width: 320, Dark: true}},
	{"desktop", browser.Options{}},
}

// turn puts the story at a path into the window, without loading the page anew: axe would have to be read again each time. What
// the script reveals is shown.
const turn = `(async (path) => {
	const page = new DOMParser().parseFromString(await (await fetch(path)).text(), "text/html");
	page.querySelectorAll("[hidden]").forEach((e) => (e.hidden = false));
	const { lang, dir } = page.documentElement;
	Object.assign(document.documentElement, { lang, dir });
	document.title = page.title;
	document.body.replaceWith(page.body);
	return true;
})`

// TestAxeFindsNothing shows every story once, and the languages and visits in turn, so that each part is seen with all of them.
func TestAxeFindsNothing(t *testing.T) {
	b := newBook(t)
	origin := browser.Serve(t, b)
	languages := b.catalogue.Languages()
	for i, v := range visits {
		t.Run(v.name, func(t *testing.T) {
			p := browser.New(t, v.options)
			p.Open(origin + "/en/start-reset")
			for j, s := range stories() {
				if j%len(visits) != i {
					continue
				}
				path := "/" + languages[j/len(visits)%len(languages)].Tag + "/" + s.name
				browser.Eval[bool](p, turn+"("+quote(path)+")")
				p.Axe()
				if t.Failed() {
					t.Fatalf("on page %s", path)
				}
			}
		})
	}
}

// TestNoStoryBreaksThePolicy loads every story with its script; what the browser complains of fails the test.
func TestNoStoryBreaksThePolicy(t *testing.T) {
	b := newBook(t)
	p := browser.New(t, browser.Options{})
	origin := browser.Serve(t, b)
	languages := b.catalogue.Languages()
	for i, s := range stories() {
		p.Open(origin + "/" + languages[i%len(languages)].Tag + "/" + s.name)
		if said := p.Problems(); len(said) > 0 {
			t.Errorf("%s: %q", s.name, said)
		}
	}
}

// misfits puts one page after the other into the window and tells what does not fit: a page that has to be scrolled sideways, also
// with text twice as large, a target below 44 px, a text that is cut off.
const misfits = `(async (paths) => {
	const out = [];
	const root = document.documentElement;
	const targets = ".button, .choice, .other, .brand, .colophon a, .input:not(.hidden), summary";
	for (const path of paths) {
		const page = new DOMParser().parseFromString(await (await fetch(path)).text(), "text/html");
		page.querySelectorAll("[hidden]").forEach((e) => (e.hidden = false));
		document.body.replaceWith(page.body);
		const say = (what) => out.push(path + ": " + what);
		for (const size of ["100%", "200%"]) {
			root.style.fontSize = size;
			const over = root.scrollWidth - root.clientWidth;
			if (over > 0) say("with text at " + size + " it is " + over + " px too wide");
		}
		root.style.fontSize = "";
		for (const e of document.querySelectorAll(targets)) {
			const { width, height } = e.getBoundingClientRect();
			if (height > 0 && (height < 43.9 || (width < 43.9 && !e.matches("a")))) say(e.outerHTML.slice(0, 90) + " is " + width + "×" + height);
		}
		for (const e of document.querySelectorAll(".card *:not(.hidden, input, .hidden *)")) {
			if (e.clientWidth > 0 && e.scrollWidth > e.clientWidth + 1) say(e.outerHTML.slice(0, 90) + " is cut off");
		}
	}
	return out;
})`

// TestEverythingFits shows every story in every language on the narrowest phone
// (WCAG 1.4.10 Reflow, 1.4.4 Resize Text, 2.5.5 Target Size).
func TestEverythingFits(t *testing.T) {
	b := newBook(t)
	origin := browser.Serve(t, b)
	for _, l := range b.catalogue.Languages() {
		t.Run(l.Tag, func(t *testing.T) {
			var paths []string
			for _, s := range stories() {
				paths = append(paths, "/"+l.Tag+"/"+s.name)
			}
			list, err := json.Marshal(paths)
			if err != nil {
				t.Fatal(err)
			}
			p := browser.New(t, browser.Options{Phone: true, Width: 320, Language: l.Tag})
			p.Open(origin + paths[0])
			for _, said := range browser.Eval[[]string](p, misfits+"("+string(list)+")") {
				t.Error(said)
			}
		})
	}
}

// leftover is a key nobody translated or a field nobody filled.
var leftover = regexp.MustCompile(`\[[a-z][a-z-]*\.[^\]]*\]|\{\{`)

// TestStoriesAreWellMade reads the HTML of every story in every language.
func TestStoriesAreWellMade(t *testing.T) {
	b := newBook(t)
	for _, l := range b.catalogue.Languages() {
		for _, s := range stories() {
			var out bytes.Buffer
			if err := s.page(b.shell(l.Tag, s.name)).Page().Render(t.Context(), &out); err != nil {
				t.Fatal(err)
			}
			if found := leftover.FindString(out.String()); found != "" {
				t.Errorf("%s in %s shows %s", s.name, l.Tag, found)
			}
			doc := read(t, out.String())
			root := doc.one("html")
			if doc.get(root, "lang") != l.Tag || doc.get(root, "dir") != l.Dir {
				t.Errorf("%s: lang %q dir %q, want %q and %q", s.name, doc.get(root, "lang"), doc.get(root, "dir"), l.Tag, l.Dir)
			}
			for _, said := range doc.faults() {
				t.Errorf("%s in %s: %s", s.name, l.Tag, said)
			}
		}
	}
}

// document is a parsed page, read as a browser without JavaScript reads it.
type document struct{ all []*html.Node }

func read(t *testing.T, text string) document {
	t.Helper()
	root, err := html.ParseWithOptions(strings.NewReader(text), html.ParseOptionEnableScripting(false))
	if err != nil {
		t.Fatal(err)
	}
	var d document
	for n := range root.Descendants() {
		if n.Type == html.ElementNode {
			d.all = append(d.all, n)
		}
	}
	return d
}

func (d document) get(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

func (d document) named(tag string) []*html.Node {
	var out []*html.Node
	for _, n := range d.all {
		if n.Data == tag {
			out = append(out, n)
		}
	}
	return out
}

func (d document) one(tag string) *html.Node { return d.named(tag)[0] }

// faults are breaches of what the policy of the pages and their accessibility rest on.
func (d document) faults() []string {
	var out []string
	say := func(n *html.Node, what string) { out = append(out, "<"+n.Data+"> "+what) }
	if n := len(d.named("h1")); n != 1 {
		out = append(out, "it has not exactly one h1")
	}
	ids := map[string]bool{}
	for _, n := range d.all {
		if id := d.get(n, "id"); id != "" {
			if ids[id] {
				say(n, "has the id of another: "+id)
			}
			ids[id] = true
		}
	}
	for _, n := range d.all {
		for _, a := range n.Attr {
			switch a.Key {
			case "for", "aria-labelledby", "aria-describedby", "aria-controls", "data-show", "data-copy", "data-sheet":
				for _, id := range strings.Fields(a.Val) {
					if !ids[id] {
						say(n, a.Key+" points to nothing: "+id)
					}
				}
			case "style":
				say(n, "has a style of its own")
			default:
				if strings.HasPrefix(a.Key, "on") {
					say(n, "has an inline handler")
				}
			}
		}
		if n.Data == "style" || n.Data == "script" && n.FirstChild != nil {
			say(n, "is inline")
		}
		if n.Data == "button" && d.get(n, "type") == "" {
			say(n, "has no type")
		}
	}
	return out
}
