package web

import (
	"io/fs"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

func sheetText(t *testing.T) string {
	t.Helper()
	raw, err := static.ReadFile("static/rekey.css")
	if err != nil {
		t.Fatal(err)
	}
	return regexp.MustCompile(`(?s)/\*.*?\*/`).ReplaceAllString(string(raw), "")
}

// TestTheSheetKnowsNoLeftAndRight keeps the pages right in both directions of writing.
func TestTheSheetKnowsNoLeftAndRight(t *testing.T) {
	physical := regexp.MustCompile(`(?:^|[\s;{])((?:min-|max-)?(?:width|height)|left|right|top|bottom|(?:margin|padding|border)-(?:left|right|top|bottom)[a-z-]*|border-(?:top|bottom)-(?:left|right)-radius|float|clear)\s*:`)
	for _, found := range physical.FindAllStringSubmatch(sheetText(t), -1) {
		t.Errorf("%s is not logical", found[1])
	}
	if found := regexp.MustCompile(`text-align:\s*(left|right)`).FindString(sheetText(t)); found != "" {
		t.Error(found)
	}
	if found := regexp.MustCompile(`url\(|@import|@font-face`).FindString(sheetText(t)); found != "" {
		t.Errorf("the sheet loads something: %s", found)
	}
}

// TestClassesOfSheetAndPagesAgree finds classes that mean nothing and rules nobody uses.
func TestClassesOfSheetAndPagesAgree(t *testing.T) {
	styled := map[string]bool{}
	selectors := regexp.MustCompile(`\{[^{}]*\}`).ReplaceAllString(sheetText(t), "{}")
	for _, m := range regexp.MustCompile(`\.([a-z][a-z-]*)`).FindAllStringSubmatch(selectors, -1) {
		styled[m[1]] = true
	}
	used := map[string]bool{"good": true, "warn": true, "bad": true, "code": true} // given as values
	err := fs.WalkDir(os.DirFS("."), ".", func(path string, _ fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, ".templ") {
			return err
		}
		raw, err := os.ReadFile(path)
		for _, m := range regexp.MustCompile(`class=(?:"([^"]*)"|\{ "([^"]*)")`).FindAllStringSubmatch(string(raw), -1) {
			for _, name := range strings.Fields(m[1] + " " + m[2]) {
				used[name] = true
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	used["input"] = true // Field.class
	for name := range used {
		if !styled[name] {
			t.Errorf("pages use the class %s, the sheet does not know it", name)
		}
	}
	for name := range styled {
		if !used[name] {
			t.Errorf("the sheet has the class %s, no page uses it", name)
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
	raw := sheetText(t)
	if got := string(squeeze([]byte(raw))); strings.Count(got, "{") != strings.Count(raw, "{") || strings.Contains(got, "  ") || strings.Contains(got, "/*") {
		t.Error("squeezing the sheet loses rules or leaves idle spaces")
	}
}

func TestSqueezeScriptKeepsTheLines(t *testing.T) {
	in := "// why\nconst a = 1;\n\n  // more\n  a();\n"
	if got := string(squeezeScript([]byte(in))); got != "const a = 1;\na();\n" {
		t.Errorf("got %q", got)
	}
	raw, err := static.ReadFile("static/rekey.js")
	if err != nil {
		t.Fatal(err)
	}
	for _, banned := range []string{"eval(", "new Function", "innerHTML", "outerHTML", "document.write", ".style", "setAttribute(\"style", "http:", "https:", "localStorage", "/*"} {
		if strings.Contains(string(raw), banned) {
			t.Errorf("the script holds %q", banned)
		}
	}
	if !slices.Equal(strings.Fields(string(squeezeScript(raw)))[:2], []string{`"use`, `strict";`}) {
		t.Error("the script is not strict")
	}
}
