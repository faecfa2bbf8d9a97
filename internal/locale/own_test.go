package locale

import (
	"strings"
	"testing"
)

func TestAFirmsOwnTexts(t *testing.T) {
	c, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	own, err := CompileOwn(map[string]map[string]string{"de": {"start.reset.title": "Wieder hinein"}})
	if err != nil {
		t.Fatal(err)
	}
	if got := c.Printer("de").With(own).T("start.reset.title"); got != "Wieder hinein" {
		t.Errorf("got %q", got)
	}
	if got := c.Printer("en").With(own).T("start.reset.title"); got != c.Printer("en").T("start.reset.title") {
		t.Errorf("another language says %q", got)
	}
	for _, key := range OwnKeys() {
		for _, tag := range Tags() {
			if text, ok := c.Printer(tag).find(key); !ok || text.plural || len(text.fields) > 0 {
				t.Errorf("%s: %s is no text that can be replaced", tag, key)
			}
		}
	}
}

func TestOwnTextsThatAreRefused(t *testing.T) {
	for name, c := range map[string]struct{ tag, key, said, why string }{
		"an unknown language":    {"xx", "start.name", "x", "want a language of"},
		"a text that is ours":    {"en", "freeze.text", "x", "cannot be changed"},
		"a key nobody has":       {"en", "nothing", "x", "cannot be changed"},
		"a field":                {"en", "start.name", "{{.Name}}", "no braces"},
		"nothing":                {"en", "start.name", " ", "is empty"},
		"two lines":              {"en", "start.name", "a\nb", "one line"},
		"a mark that turns":      {"en", "start.name", "a\u202eb", "direction"},
		"more than a page holds": {"en", "start.name", strings.Repeat("x", 301), "at most 300"},
	} {
		if _, err := CompileOwn(map[string]map[string]string{c.tag: {c.key: c.said}}); err == nil || !strings.Contains(err.Error(), c.why) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestTagsAreTheLanguages(t *testing.T) {
	c, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, l := range c.Languages() {
		all = append(all, l.Tag)
	}
	if got := strings.Join(Tags(), " "); got != strings.Join(all, " ") {
		t.Errorf("got %s, the catalogue has %v", got, all)
	}
}
