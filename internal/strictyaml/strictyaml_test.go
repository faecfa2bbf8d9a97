package strictyaml_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml/ast"

	"rekey/internal/strictyaml"
)

type document struct {
	Name  string          `yaml:"name"`
	Count int             `yaml:"count"`
	Idle  time.Duration   `yaml:"idle"`
	Until time.Time       `yaml:"until"`
	Items []item          `yaml:"items"`
	ByKey map[string]item `yaml:"by_key"`
	Part  ast.Node        `yaml:"part"`
}

type item struct {
	Size int      `yaml:"size"`
	Tags []string `yaml:"tags"`
}

func read(text string) error {
	s, err := strictyaml.Parse("x.yaml", []byte(text))
	if err != nil {
		return err
	}
	var d document
	return s.Decode(&d)
}

func TestDatesAreRead(t *testing.T) {
	for text, want := range map[string]time.Time{
		"2026-12-31":                  time.Date(2026, 12, 31, 0, 0, 0, 0, time.UTC),
		`"2026-12-31"`:                time.Date(2026, 12, 31, 0, 0, 0, 0, time.UTC),
		"2026-12-31T18:00:00Z":        time.Date(2026, 12, 31, 18, 0, 0, 0, time.UTC),
		"2026-12-31T18:00:00+01:00":   time.Date(2026, 12, 31, 17, 0, 0, 0, time.UTC),
		"2026-12-31 18:00:00 # a few": time.Date(2026, 12, 31, 18, 0, 0, 0, time.UTC),
	} {
		s, err := strictyaml.Parse("x.yaml", []byte("until: "+text+"\n"))
		if err != nil {
			t.Fatal(err)
		}
		var d document
		if err := s.Decode(&d); err != nil || !d.Until.Equal(want) {
			t.Errorf("%s: %s, %v", text, d.Until, err)
		}
	}
}

func TestMistakesAreNamedWithLineAndKey(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"unknown key", "name: a\nnam: b\n", `x.yaml:2: nam: unknown field "nam"`},
		{"unknown key below", "items:\n  - size: 1\n  - size: 2\n    colour: red\n", `x.yaml:4: items[1].colour: unknown field "colour"`},
		{"unknown key by key", "by_key:\n  corp.example.test:\n    siz: 1\n", `x.yaml:3: by_key.corp.example.test.siz: unknown field "siz"`},
		{"wrong type", "name: a\ncount: many\n", "x.yaml:2: count: want int, got string"},
		{"wrong type in a list", "items:\n- tags: [a, [b]]\n", "x.yaml:2: items[0].tags[1]: "},
		{"a map where a list belongs", "items:\n  size: 1\n", "x.yaml:2: "},
		{"twice", "name: a\ncount: 1\nname: b\n", `x.yaml:3: `},
		{"a bad time", "name: a\nidle: 3 days\n", "x.yaml:2: idle: want a time such as 90s"},
		{"a number where a time belongs", "idle: 3\n", "x.yaml:1: idle: want time.Duration, got uint64"},
		{"a day there is not", "name: a\nuntil: 2026-02-30\n", "x.yaml:2: until: want a day such as 2026-12-31"},
		{"a day written otherwise", "name: a\nuntil: 31.12.2026\n", "x.yaml:2: until: want a day such as 2026-12-31"},
		{"a time without a zone", "until: \"2026-12-31T18:00\"\n", "x.yaml:1: until: want a day such as 2026-12-31"},
		{"a number where a date belongs", "until: 20261231\n", "x.yaml:1: until: want a day such as 2026-12-31"},
		{"a tab", "name: a\n\tcount: 1\n", "x.yaml:2: "},
		{"a second document", "name: a\n---\nname: b\n", "x.yaml:3: a second document begins here"},
		{"no map at all", "just text\n", "x.yaml:1: "},
	} {
		err := read(c.text)
		if err == nil || !strings.HasPrefix(err.Error(), c.want) {
			t.Errorf("%s: want %q, got %v", c.name, c.want, err)
		}
		if err != nil && strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: more than a line: %v", c.name, err)
		}
	}
}

// TestAttack17NoErrorShowsAValue: a password typed where a reference belongs must not go to the log.
func TestAttack17NoErrorShowsAValue(t *testing.T) {
	for _, text := range []string{
		"name: hunter2\nnam: hunter2\n", "count: hunter2\n", "items: hunter2\n", "idle: hunter2\n", "part: [hunter2\n", "name: hunter2\nname: hunter2\n",
		"part: {a: hunter2\n", "name: \"hunter2\n",
	} {
		if err := read(text); err == nil || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestEmptyTextsChangeNothing(t *testing.T) {
	for _, text := range []string{"", "\n", "# nothing\n", "---\n", "null\n"} {
		s, err := strictyaml.Parse("x.yaml", []byte(text))
		if err != nil {
			t.Errorf("%q: %v", text, err)
			continue
		}
		d := document{Name: "as before"}
		if err := s.Decode(&d); err != nil || d.Name != "as before" {
			t.Errorf("%q: %+v, %v", text, d, err)
		}
	}
}

func TestAPartIsReadLaterAndKeepsItsPlace(t *testing.T) {
	s, err := strictyaml.Parse("x.yaml", []byte("name: a\npart:\n  size: 3\n  colour: red\n"))
	if err != nil {
		t.Fatal(err)
	}
	var d document
	if err := s.Decode(&d); err != nil {
		t.Fatal(err)
	}
	var part item
	if err := s.DecodeNode(d.Part, &part); err == nil || err.Error() != `x.yaml:4: part.colour: unknown field "colour"` {
		t.Errorf("got %v", err)
	}
	var all struct {
		Size   int
		Colour string
	}
	if err := s.DecodeNode(d.Part, &all); err != nil || all.Size != 3 || all.Colour != "red" {
		t.Errorf("got %+v, %v", all, err)
	}
	all.Size = 7
	if err := s.DecodeNode(nil, &all); err != nil || all.Size != 7 {
		t.Errorf("nothing changed something: %+v, %v", all, err)
	}
}

func TestLocate(t *testing.T) {
	s, err := strictyaml.Parse("x.yaml", []byte("name: a\nitems:\n  - size: 1\n    tags:\n      - a\n      - b\nby_key:\n  corp.example.test: {size: 2}\n"))
	if err != nil {
		t.Fatal(err)
	}
	for in, want := range map[string]string{
		"name: is bad":                            "x.yaml:1: name: is bad",
		"items[0].size: is bad":                   "x.yaml:3: items[0].size: is bad",
		"items[0].tags[1]: is bad":                "x.yaml:6: items[0].tags[1]: is bad",
		"items[0].colour: is missing":             "x.yaml:3: items[0].colour: is missing",
		"items[7]: is missing":                    "x.yaml:2: items[7]: is missing",
		"by_key.corp.example.test.size: is bad":   "x.yaml:8: by_key.corp.example.test.size: is bad",
		"by_key.corp.example.test.tags.x: is bad": "x.yaml:8: by_key.corp.example.test.tags.x: is bad",
		"part: is missing":                        "x.yaml: part: is missing",
		"something went wrong":                    "x.yaml: something went wrong",
		"items[0]: size: is bad":                  "x.yaml:3: items[0]: size: is bad",
		"items: 3 of them: too many":              "x.yaml:2: items: 3 of them: too many",
	} {
		if got := s.Locate(errors.New(in)); got.Error() != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	cause := errors.New("name: one")
	both := s.Locate(errors.Join(cause, errors.Join(errors.New("items: two"))))
	if both.Error() != "x.yaml:1: name: one\nx.yaml:2: items: two" || !errors.Is(both, cause) {
		t.Errorf("got %v", both)
	}
	placed := &strictyaml.Error{File: "x.yaml", Line: 9, Cause: cause}
	if got := s.Locate(fmt.Errorf("items[0]: %w", placed)); got.Error() != "x.yaml:9: name: one" {
		t.Errorf("placed before: %v", got)
	}
	if s.Locate(nil) != nil {
		t.Error("nothing is located")
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"name: a\n", "a: &x {b: 1}\nc: *x\n", "<<: *x", "- - -", "? a\n: b", "!!str a: b", "\"a\n", "a: |\n  b\n", "---\n---\n", "{[a]: b}", "items:\n  ! a"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		s, err := strictyaml.Parse("x.yaml", []byte(text))
		if err == nil {
			var d document
			err = s.Decode(&d)
		}
		if err != nil && !strings.HasPrefix(err.Error(), "x.yaml:") {
			t.Errorf("%q: %v", text, err)
		}
	})
}
