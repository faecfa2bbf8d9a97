package form

import (
	"net/url"
	"strconv"
	"strings"
	"time"

	"rekey/internal/secret"
)

// Read turns a posted form into values for configure.Change: maps, lists, texts, numbers. Keys that were left empty are not in it.
// Errors: Problems, where a text is no number, no time or no pair.
func Read(fields []Field, posted url.Values) (map[string]any, error) {
	r := reading{posted: posted, out: map[string]any{}}
	off := "" // an optional group that is not there
	for _, f := range fields {
		if off != "" && strings.HasPrefix(f.Key, off+".") {
			continue
		}
		if off = ""; f.Kind == Group && f.Optional {
			if posted.Get(f.Key) == "on" {
				r.put(f.Key, map[string]any{})
			} else {
				off = f.Key
			}
			continue
		}
		r.read(f)
	}
	if len(r.problems) > 0 {
		return nil, r.problems
	}
	return r.out, nil
}

type reading struct {
	posted   url.Values
	out      map[string]any
	problems Problems
}

func (r *reading) bad(f Field, text string) {
	r.problems = append(r.problems, Problem{Key: f.Key, Label: f.Label, Text: text})
}

// put sets a dotted key.
func (r *reading) put(key string, v any) {
	m := r.out
	for {
		head, rest, below := strings.Cut(key, ".")
		if !below {
			m[head] = v
			return
		}
		next, ok := m[head].(map[string]any)
		if !ok {
			next = map[string]any{}
			m[head] = next
		}
		m, key = next, rest
	}
}

func (r *reading) read(f Field) {
	text := strings.ReplaceAll(r.posted.Get(f.Key), "\r\n", "\n")
	if !f.Lines {
		text = strings.TrimSpace(text)
	}
	switch {
	case f.Kind == Group:
	case f.Kind == Secret:
		if v, ok := r.secret(f.Key); ok {
			r.put(f.Key, v)
		}
	case f.Kind == Secrets:
		r.secrets(f)
	case text == "":
	case f.Kind == Switch:
		r.put(f.Key, text == "on")
	case f.Kind == Number:
		r.number(f, text, func(n int64) { r.put(f.Key, n) })
	case f.Kind == Duration:
		if _, err := time.ParseDuration(text); err != nil {
			r.bad(f, "Write a time such as 90s, 10m or 24h.")
		}
		r.put(f.Key, text)
	case f.Kind == List:
		r.list(f, text)
	case f.Kind == Pairs:
		r.pairs(f, text)
	default:
		r.put(f.Key, text)
	}
}

func (r *reading) number(f Field, text string, put func(int64)) {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		r.bad(f, "Write a whole number.")
		return
	}
	put(n)
}

func (r *reading) list(f Field, text string) {
	var items []any
	for line := range strings.Lines(text) {
		switch line = strings.TrimSpace(line); {
		case line == "":
		case f.Whole:
			r.number(f, line, func(n int64) { items = append(items, n) })
		default:
			items = append(items, line)
		}
	}
	if items != nil {
		r.put(f.Key, items)
	}
}

func (r *reading) pairs(f Field, text string) {
	m := map[string]any{}
	for line := range strings.Lines(text) {
		if strings.TrimSpace(line) == "" {
			continue
		}
		name, value, ok := strings.Cut(line, ":")
		name = strings.TrimSpace(name)
		_, double := m[name]
		switch {
		case !ok || name == "":
			r.bad(f, "Write one “name: value” on each line.")
		case double:
			r.bad(f, "“"+name+"” is there twice.")
		}
		m[name] = strings.TrimSpace(value)
	}
	r.put(f.Key, m)
}

// secret reads one; false: it is taken away.
func (r *reading) secret(key string) (any, bool) {
	switch typed := r.posted.Get(key); {
	case typed != "":
		return secret.New(typed), true
	case r.posted.Get(key+Remove) == "on":
		return nil, false
	}
	return map[string]any{"sealed": Kept}, true
}

func (r *reading) secrets(f Field) {
	m := map[string]any{}
	for key := range r.posted {
		name, ok := strings.CutPrefix(key, f.Key+".")
		if !ok || name == "" || strings.HasSuffix(name, Remove) || strings.HasSuffix(name, Saved) {
			continue
		}
		if v, ok := r.secret(key); ok {
			m[name] = v
		}
	}
	name, value := strings.TrimSpace(r.posted.Get(f.Key+Name)), r.posted.Get(f.Key+Value)
	switch _, double := m[name]; {
	case name == "" && value == "":
	case name == "" || value == "":
		r.bad(f, "Give the new secret a name and a value.")
	case double:
		r.bad(f, "“"+name+"” is there twice.")
	default:
		m[name] = secret.New(value)
	}
	if len(m) > 0 {
		r.put(f.Key, m)
	}
}
