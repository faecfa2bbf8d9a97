package form

import (
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
)

// Fill gives what is set as the texts of a form: value is maps, lists and plain values as configure reads them, or nil. Errors: a value
// that the form cannot show, so that it has to be changed as text.
func Fill(fields []Field, value any) (url.Values, error) {
	m, ok := value.(map[string]any)
	if !ok && value != nil {
		return nil, fmt.Errorf("want keys and values, got %T", value)
	}
	out := url.Values{}
	known := map[string]bool{}
	for _, f := range fields {
		known[f.Key] = true
		v, there := find(m, f.Key)
		if !there {
			continue
		}
		if err := fill(out, f, v); err != nil {
			return nil, fmt.Errorf("%s: %w", f.Key, err)
		}
	}
	return out, unknown(m, "", known, fields)
}

// unknown names a key that no field shows: it would be lost.
func unknown(m map[string]any, prefix string, known map[string]bool, fields []Field) error {
	for key, v := range m {
		key = prefix + key
		if !known[key] {
			return fmt.Errorf("%s is no key of this form", key)
		}
		below, ok := v.(map[string]any)
		if ok && slices.ContainsFunc(fields, func(f Field) bool { return f.Key == key && f.Kind == Group }) {
			if err := unknown(below, key+".", known, fields); err != nil {
				return err
			}
		}
	}
	return nil
}

func fill(out url.Values, f Field, v any) error {
	switch f.Kind {
	case Group:
		if f.Optional {
			out.Set(f.Key, "on")
		}
		return nil
	case Switch:
		if v == true {
			out.Set(f.Key, "on")
		}
		return nil
	case Secret:
		out.Set(f.Key+Saved, where(v))
		return nil
	case Secrets:
		m, _ := v.(map[string]any)
		for _, name := range slices.Sorted(maps.Keys(m)) {
			out.Add(f.Key+Saved, name)
			out.Set(f.Key+"."+name+Saved, where(m[name]))
		}
		return nil
	case List:
		return fillList(out, f, v)
	case Pairs:
		return fillPairs(out, f, v)
	}
	if nested(v) {
		return fmt.Errorf("want one value, got %T", v)
	}
	text := fmt.Sprint(v)
	switch {
	case strings.Contains(text, "\r"), !f.Lines && (strings.Contains(text, "\n") || strings.TrimSpace(text) != text):
		return fmt.Errorf("%q does not fit on a line", text)
	case f.Kind == Choice && text != "" && !slices.Contains(f.Options, text):
		return fmt.Errorf("%q is no choice", text)
	}
	out.Set(f.Key, text)
	return nil
}

func nested(v any) bool {
	switch v.(type) {
	case map[string]any, []any:
		return true
	}
	return false
}

func fillList(out url.Values, f Field, v any) error {
	items, ok := v.([]any)
	if !ok {
		return fmt.Errorf("want a list, got %T", v)
	}
	var lines []string
	for _, item := range items {
		text := fmt.Sprint(item)
		if nested(item) || strings.TrimSpace(text) != text || text == "" || strings.ContainsAny(text, "\r\n") {
			return fmt.Errorf("%q does not fit on a line", text)
		}
		lines = append(lines, text)
	}
	out.Set(f.Key, strings.Join(lines, "\n"))
	return nil
}

func fillPairs(out url.Values, f Field, v any) error {
	m, ok := v.(map[string]any)
	if !ok {
		return fmt.Errorf("want names and values, got %T", v)
	}
	var lines []string
	for _, name := range slices.Sorted(maps.Keys(m)) {
		text := fmt.Sprint(m[name])
		if nested(m[name]) || strings.TrimSpace(text) != text || strings.ContainsAny(name+text, "\r\n") || strings.Contains(name, ":") || strings.TrimSpace(name) != name || name == "" {
			return fmt.Errorf("%q does not fit on a line", name)
		}
		lines = append(lines, name+": "+text)
	}
	out.Set(f.Key, strings.Join(lines, "\n"))
	return nil
}

// where says in words where a secret is kept.
func where(ref any) string {
	m, _ := ref.(map[string]any)
	switch {
	case m["file"] != nil:
		return fmt.Sprintf("in the file %v", m["file"])
	case m["env"] != nil:
		return fmt.Sprintf("in the environment variable %v", m["env"])
	}
	return "in the settings, sealed"
}

// find gives the value of a dotted key; false: there is none. A key without a value is none.
func find(m map[string]any, key string) (any, bool) {
	head, rest, below := strings.Cut(key, ".")
	v, ok := m[head]
	if !below || !ok {
		return v, v != nil
	}
	next, _ := v.(map[string]any)
	return find(next, rest)
}
