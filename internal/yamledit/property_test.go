package yamledit_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"rekey/internal/yamledit"
)

// leaf is a value of a document that is no map and no list with something in it.
type spot struct {
	path  string
	value any
}

// spots lists everything below a path.
func spots(path string, v any) []spot {
	all := []spot{{path, v}}
	switch t := v.(type) {
	case yamledit.Map:
		for _, item := range t {
			all = append(all, spots(yamledit.Key(path, fmt.Sprint(item.Key)), item.Value)...)
		}
	case []any:
		for i, v := range t {
			all = append(all, spots(yamledit.At(path, i), v)...)
		}
	}
	return all
}

func documents(t *testing.T) []string {
	example, err := os.ReadFile("../../configs/settings.example.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return []string{string(example), small, strings.ReplaceAll(small, "\n", "\r\n"), strings.TrimSuffix(small, "\n# the end\n")}
}

// words are what people might type, and what YAML might take for something else.
func words() *rapid.Generator[string] {
	return rapid.OneOf(rapid.SampledFrom([]string{
		"", " ", "a", "yes", "No", "null", "~", "12", "1.5", "0x1f", "1e3", "-", "- a", "a: b", "a:", "#a", "a #b", "'", "\"", "{a}", "[a]", "a, b", "&a", "*a", "!a", "%a", "@a",
		"|", ">", "?", "? a", "<<", "=", "10m", "1h30m", "2027-01-31", "01-01", "07:00", "ö ß", "الاسم", "a\nb", "a\nb\n", "\na", "a\n\n", "\t", "a\u0000b", "CORP\\Domain Admins",
		"ou=people,dc=example,dc=com", "https://a.example/b?c=d#e", "{{text}}", "Help desk: 4357", "trailing ", "a\u2028b", ".inf", "...", "---", "a\r\nb",
	}), rapid.String())
}

func values() *rapid.Generator[any] {
	return rapid.Custom(func(t *rapid.T) any {
		switch rapid.IntRange(0, 7).Draw(t, "kind") {
		case 0:
			return rapid.Uint64Range(0, 1000).Draw(t, "number")
		case 1:
			return rapid.Bool().Draw(t, "switch")
		case 2:
			list := make([]any, rapid.IntRange(0, 3).Draw(t, "items"))
			for i := range list {
				list[i] = words().Draw(t, "item")
			}
			return list
		case 3:
			return yamledit.Map{
				{Key: "name", Value: words().Draw(t, "name")},
				{Key: "reset", Value: yamledit.Map{{Key: "count", Value: uint64(2)}}},
				{Key: "of", Value: []any{yamledit.Map{{Key: "n", Value: uint64(1)}, {Key: "k", Value: words().Draw(t, "deep")}}}},
			}
		case 4:
			return yamledit.Map{}
		}
		return words().Draw(t, "text")
	})
}

// TestRandomChangesKeepEverythingElse: whatever is changed, the text says exactly what was meant, and the lines outside of what was
// changed are there byte for byte and in their order.
func TestRandomChangesKeepEverythingElse(t *testing.T) {
	all := documents(t)
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.SampledFrom(all).Draw(t, "document")
		for range rapid.IntRange(1, 4).Draw(t, "changes") {
			text = change(t, text)
		}
	})
}

func change(t *rapid.T, text string) string {
	is, err := yamledit.Read(text)
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	at := rapid.SampledFrom(spots("", is)[1:]).Draw(t, "at")
	value := values().Draw(t, "value")
	var got string
	var want func(any) any
	list, isList := at.value.([]any)
	action := rapid.IntRange(0, 3).Draw(t, "action")
	switch {
	case action == 0:
		got, err = yamledit.Delete(text, at.path)
	case action == 1 && isList:
		i := rapid.IntRange(0, len(list)).Draw(t, "position")
		got, err = yamledit.Insert(text, yamledit.At(at.path, i), value)
		want = func(any) any { return slices.Insert(slices.Clone(list), i, value) }
	case action == 2 && len(list) > 1:
		from, to := rapid.IntRange(0, len(list)-1).Draw(t, "from"), rapid.IntRange(0, len(list)-1).Draw(t, "to")
		got, err = yamledit.Move(text, yamledit.At(at.path, from), to)
		want = func(any) any {
			return slices.Insert(slices.Delete(slices.Clone(list), from, from+1), to, list[from])
		}
	default:
		got, err = yamledit.Set(text, at.path, value)
		want = func(any) any { return value }
	}
	if err != nil {
		t.Fatalf("%s: %v\n%s", at.path, err, text)
	}
	after, err := yamledit.Read(got)
	if err != nil {
		t.Fatalf("%s: not read again: %v\n%s", at.path, err, got)
	}
	if want != nil {
		if v, ok := yamledit.Find(after, at.path); !ok || !yamledit.Same(v, want(at.value)) {
			t.Fatalf("%s: says %#v\n%s", at.path, v, got)
		}
	}
	keeps(t, text, got, at)
	return got
}

// keeps checks that all lines of a text are there again but for as many as the value that was changed takes.
func keeps(t *rapid.T, before, after string, at spot) {
	was, is := strings.SplitAfter(before, "\n"), strings.SplitAfter(after, "\n")
	head := 0
	for head < min(len(was), len(is)) && was[head] == is[head] {
		head++
	}
	tail := 0
	for tail < min(len(was), len(is))-head && was[len(was)-1-tail] == is[len(is)-1-tail] {
		tail++
	}
	// The lines between hold nothing of what stands elsewhere: none of the keys of the document's root but the one above.
	lost := strings.Join(was[head:len(was)-tail], "")
	root, _, _ := strings.Cut(at.path, "[")
	root, _, _ = strings.Cut(root, ".")
	for _, line := range strings.Split(lost, "\n") {
		if key, _, ok := strings.Cut(line, ":"); ok && key != root && key != "" && !strings.ContainsAny(key[:1], " #-") && !strings.Contains(lost, root+":") {
			t.Fatalf("%s: lost %q\n%s", at.path, line, lost)
		}
	}
	if comments(lost) > 0 && strings.Count(at.path, ".")+strings.Count(at.path, "[") > 1 && span(at.value) < len(was)-tail-head-span(at.value) {
		t.Fatalf("%s: %d lines for %#v\n%s", at.path, len(was)-tail-head, at.value, lost)
	}
}

func comments(s string) int { return strings.Count(s, "#") }

// span is how many lines a value may take in style of lines.
func span(v any) int {
	n := 2
	switch t := v.(type) {
	case yamledit.Map:
		for _, item := range t {
			n += 1 + span(item.Value)
		}
	case []any:
		for _, v := range t {
			n += 1 + span(v)
		}
	case string:
		n += strings.Count(t, "\n")
	}
	return n
}
