package web

import (
	"crypto/sha512"
	"encoding/base64"
	"io/fs"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

func sheetText(t *testing.T, name string) string {
	t.Helper()
	raw, err := static.ReadFile("static/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return regexp.MustCompile(`(?s)/\*.*?\*/`).ReplaceAllString(string(raw), "")
}

// endUser are the folders of the end users' pages, which load rekey.css alone. All others are the administrators'.
var endUser = []string{"checkpage", "component", "enrollpage", "layout", "problempage", "recoverypage"}

// TestTheSheetKnowsNoLeftAndRight keeps the pages right in both directions of writing.
func TestTheSheetKnowsNoLeftAndRight(t *testing.T) {
	physical := regexp.MustCompile(`(?:^|[\s;{])((?:min-|max-)?(?:width|height)|left|right|top|bottom|(?:margin|padding|border)-(?:left|right|top|bottom)[a-z-]*|border-(?:top|bottom)-(?:left|right)-radius|float|clear)\s*:`)
	for _, name := range []string{"rekey.css", "console.css"} {
		for _, found := range physical.FindAllStringSubmatch(sheetText(t, name), -1) {
			t.Errorf("%s: %s is not logical", name, found[1])
		}
		if found := regexp.MustCompile(`text-align:\s*(left|right)`).FindString(sheetText(t, name)); found != "" {
			t.Errorf("%s: %s", name, found)
		}
		if found := regexp.MustCompile(`url\(|@import|@font-face`).FindString(sheetText(t, name)); found != "" {
			t.Errorf("%s loads something: %s", name, found)
		}
	}
}

// TestClassesOfSheetAndPagesAgree finds classes that mean nothing and rules nobody uses.
func TestClassesOfSheetAndPagesAgree(t *testing.T) {
	styled, used := styledIn(t, "rekey.css"), usedIn(t, endUser...)
	for _, name := range []string{"good", "warn", "bad", "code", "input"} { // given as values
		used[name] = true
	}
	mean(t, used, styled)
	needed(t, styled, used)

	own, admin := styledIn(t, "console.css"), usedIn(t, administrators(t)...)
	for _, name := range []string{"good", "warn", "bad", "accent", "num", "fit", "acts", "console", "portal", "held", "toast", "htmx-request", "first", "second", "third"} { // given as values or by scripts
		admin[name] = true
	}
	maps.Copy(styled, own)
	mean(t, admin, styled)
	maps.Copy(admin, used)
	needed(t, own, admin)
}

// styledIn are the classes a sheet has rules for.
func styledIn(t *testing.T, sheet string) map[string]bool {
	t.Helper()
	styled := map[string]bool{}
	selectors := regexp.MustCompile(`\{[^{}]*\}`).ReplaceAllString(sheetText(t, sheet), "{}")
	for _, m := range regexp.MustCompile(`\.([a-z][a-z-]*)`).FindAllStringSubmatch(selectors, -1) {
		styled[m[1]] = true
	}
	return styled
}

// usedIn are the classes the templates in folders name.
func usedIn(t *testing.T, folders ...string) map[string]bool {
	t.Helper()
	used := map[string]bool{}
	for _, folder := range folders {
		files, err := fs.Glob(os.DirFS(folder), "*.templ")
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range files {
			raw, err := os.ReadFile(folder + "/" + name)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range regexp.MustCompile(`class=(?:"([^"]*)"|\{ "([^"]*)")`).FindAllStringSubmatch(string(raw), -1) {
				for _, class := range strings.Fields(m[1] + " " + m[2]) {
					used[class] = true
				}
			}
		}
	}
	return used
}

// administrators are the folders of the administrators' pages.
func administrators(t *testing.T) []string {
	t.Helper()
	all, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, e := range all {
		if e.IsDir() && e.Name() != "static" && !slices.Contains(endUser, e.Name()) {
			out = append(out, e.Name())
		}
	}
	return out
}

func mean(t *testing.T, used, styled map[string]bool) {
	t.Helper()
	for name := range used {
		if !styled[name] {
			t.Errorf("pages use the class %s, no sheet of theirs knows it", name)
		}
	}
}

func needed(t *testing.T, styled, used map[string]bool) {
	t.Helper()
	for name := range styled {
		if !used[name] {
			t.Errorf("a sheet has the class %s, no page uses it", name)
		}
	}
}

func TestSqueezeKeepsTheMeaning(t *testing.T) {
	for in, want := range map[string]string{
		"a { color: red; }":                                          "a{color:red}",
		"/* a { } */ b , c > d { margin: 0 1px ; }":                  "b,c>d{margin:0 1px}",
		"@media (min-width: 3rem) {\n  a { b: calc(1px + 2px); }\n}": "@media (min-width:3rem){a{b:calc(1px + 2px)}}",
		"a :hover { b: c } a:hover { d: e }":                         "a :hover{b:c}a:hover{d:e}",
		`a::before { content: ""; }`:                                 `a::before{content:""}`,
	} {
		if got := string(squeeze([]byte(in))); got != want {
			t.Errorf("%q becomes %q, want %q", in, got, want)
		}
	}
	raw := sheetText(t, "rekey.css")
	if got := string(squeeze([]byte(raw))); strings.Count(got, "{") != strings.Count(raw, "{") || strings.Contains(got, "  ") || strings.Contains(got, "/*") {
		t.Error("squeezing the sheet loses rules or leaves idle spaces")
	}
}

func TestSqueezeScriptKeepsTheLines(t *testing.T) {
	in := "// why\nconst a = 1;\n\n  // more\n  a();\n"
	if got := string(squeezeScript([]byte(in))); got != "const a = 1;\na();\n" {
		t.Errorf("got %q", got)
	}
	for _, name := range []string{"rekey.js", "console.js"} {
		raw, err := static.ReadFile("static/" + name)
		if err != nil {
			t.Fatal(err)
		}
		for _, banned := range []string{"eval(", "new Function", "innerHTML", "outerHTML", "document.write", ".style", "setAttribute(\"style", "http:", "https:", "localStorage", "/*"} {
			if strings.Contains(string(raw), banned) {
				t.Errorf("%s holds %q", name, banned)
			}
		}
		if !slices.Equal(strings.Fields(string(squeezeScript(raw)))[:2], []string{`"use`, `strict";`}) {
			t.Errorf("%s is not strict", name)
		}
	}
}

// htmxSum is the SHA-384 that htmx 2.0.11 publishes for its minified file, as an integrity attribute, in its README.
const htmxSum = "2OatzQy1H+Zd/IIrjr1TcuDGqLXeHhbooAyJY1KdQMKnr4LZ22k31GBLdYKHmVjg"

func TestHtmxIsServedAsPublished(t *testing.T) {
	a, err := NewAssets("")
	if err != nil {
		t.Fatal(err)
	}
	sum := sha512.Sum384(a.files["htmx.js"].plain)
	if got := base64.StdEncoding.EncodeToString(sum[:]); got != htmxSum {
		t.Errorf("htmx.js has the checksum sha384-%s, published is sha384-%s", got, htmxSum)
	}
}
