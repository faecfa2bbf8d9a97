package settings_test

import (
	"reflect"
	"strings"
	"testing"

	"rekey/internal/settings"
)

func plainly(t *testing.T, text string) settings.Plain {
	t.Helper()
	p, err := settings.ReadPlain("x.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestPlainIsWhatADocumentSays(t *testing.T) {
	text := least + "policies:\n  - name: Staff\n    reset: {count: 2}\n    scope: {groups: ['CORP\\Staff']}\n"
	was := plainly(t, text)
	for name, same := range map[string]string{
		"comments":  "# who\n" + strings.Replace(text, "policies:", "policies: # what", 1),
		"order":     text[strings.Index(text, "directories:"):] + text[:strings.Index(text, "directories:")],
		"style":     strings.Replace(text, "    reset: {count: 2}\n", "    reset:\n      count: 2\n", 1),
		"quotes":    strings.Replace(text, "name: Staff", `name: "Staff"`, 1),
		"an anchor": strings.Replace(text, "reset: {count: 2}", "reset: &two {count: 2}", 1),
	} {
		is := plainly(t, same)
		if same == text || !was.Alike(is) || was.String() != is.String() {
			t.Errorf("%s: %s", name, settings.Diff(was.String(), is.String()))
		}
	}
	for name, other := range map[string]string{
		"a value": strings.Replace(text, "count: 2", "count: 3", 1),
		"a key":   text + "flow: {idle: 5m}\n",
		"a list":  strings.Replace(text, `['CORP\Staff']`, `['CORP\Staff', 'CORP\Board']`, 1),
		"a type":  strings.Replace(text, "name: Staff", "name: 5", 1),
	} {
		is := plainly(t, other)
		if other == text || was.Alike(is) || settings.Diff(was.String(), is.String()) == "" {
			t.Errorf("%s is not seen", name)
		}
	}
	if !plainly(t, "").Alike(plainly(t, "# nothing\n")) {
		t.Error("nothing is not nothing")
	}
	if _, err := settings.ReadPlain("x.yaml", []byte("a: {")); err == nil || !strings.HasPrefix(err.Error(), "x.yaml:1: ") {
		t.Errorf("got %v", err)
	}
}

// TestEveryKeyDecidesUntilItIsKnownNotTo: a key that is forgotten costs time, not people.
func TestEveryKeyDecidesUntilItIsKnownNotTo(t *testing.T) {
	beside := map[string]bool{}
	for _, key := range []string{"brand", "labels", "messages", "mail", "sms", "throttle", "flow", "session", "sync", "discovery", "lint", "guide_networks"} {
		beside[key] = true
	}
	var keys []string
	for f := range reflect.TypeFor[settings.Document]().Fields() {
		if key, rest, _ := strings.Cut(f.Tag.Get("yaml"), ","); key != "" {
			keys = append(keys, key)
		} else if rest == "inline" {
			for g := range f.Type.Fields() {
				key, _, _ := strings.Cut(g.Tag.Get("yaml"), ",")
				keys = append(keys, key)
			}
		}
	}
	if len(keys) < 13 {
		t.Fatalf("keys: %q", keys)
	}
	for _, key := range append(keys, "something_new") {
		was, is := settings.Plain{key: "a", "other": 1}, settings.Plain{key: "b", "other": 1}
		if was.DecidesAs(is) != beside[key] {
			t.Errorf("%s: %v", key, was.DecidesAs(is))
		}
		delete(beside, key)
	}
	if len(beside) > 0 {
		t.Errorf("not keys: %v", beside)
	}
	if (settings.Plain{"directories": 1}).ReadsAs(settings.Plain{"directories": 2}) || !(settings.Plain{"policies": 1}).ReadsAs(settings.Plain{"policies": 2}) {
		t.Error("directories")
	}
}
