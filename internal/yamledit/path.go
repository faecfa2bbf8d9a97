package yamledit

import (
	"fmt"
	"strconv"
	"strings"
)

// step is one part of a path: a key, or the position in a list.
type step struct {
	key  string
	at   int
	list bool
}

// Key gives the path of a key below another path. One that holds a dot, a bracket or a quote is quoted: labels["corp.example.com"].
func Key(path, key string) string {
	switch {
	case key == "" || strings.ContainsAny(key, `.["]\`):
		return path + "[" + strconv.Quote(key) + "]"
	case path == "":
		return key
	}
	return path + "." + key
}

// At gives the path of an item of the list at a path.
func At(path string, i int) string { return fmt.Sprintf("%s[%d]", path, i) }

// Find gives the value at a path; false when there is none.
func Find(tree any, path string) (any, bool) {
	steps, err := resolve(tree, path)
	if err != nil {
		return nil, false
	}
	return walk(tree, steps)
}

func walk(tree any, steps []step) (any, bool) {
	for _, s := range steps {
		switch t := tree.(type) {
		case Map:
			v, ok := Get(t, s.key)
			if s.list || !ok {
				return nil, false
			}
			tree = v
		case []any:
			if !s.list || s.at >= len(t) {
				return nil, false
			}
			tree = t[s.at]
		default:
			return nil, false
		}
	}
	return tree, true
}

// resolve reads a path. Keys may hold dots themselves: the longest one that is there is meant.
func resolve(tree any, path string) ([]step, error) {
	var steps []step
	for rest := path; rest != ""; {
		s, after, err := next(tree, rest)
		if err != nil {
			return nil, fmt.Errorf("%q is not a path", path)
		}
		steps = append(steps, s)
		tree, _ = walk(tree, []step{s})
		if rest = strings.TrimPrefix(after, "."); rest == "" && after != "" {
			return nil, fmt.Errorf("%q is not a path", path)
		}
	}
	return steps, nil
}

func next(tree any, path string) (step, string, error) {
	if quoted, ok := strings.CutPrefix(path, `["`); ok {
		literal, err := strconv.QuotedPrefix(`"` + quoted)
		if err != nil {
			return step{}, "", err
		}
		key, err := strconv.Unquote(literal)
		after, closed := strings.CutPrefix(path[1+len(literal):], "]")
		if err != nil || !closed {
			return step{}, "", strconv.ErrSyntax
		}
		return step{key: key}, after, nil
	}
	if in, ok := strings.CutPrefix(path, "["); ok {
		digits, after, _ := strings.Cut(in, "]")
		at, err := strconv.Atoi(digits)
		if err != nil || at < 0 {
			return step{}, "", strconv.ErrSyntax
		}
		return step{at: at, list: true}, after, nil
	}
	key := path
	if i := strings.IndexAny(path, ".["); i >= 0 {
		key = path[:i]
	}
	if m, ok := tree.(Map); ok {
		for _, item := range m {
			if k := name(item); len(k) > len(key) && strings.HasPrefix(path, k) && ends(path[len(k):]) {
				key = k
			}
		}
	}
	if key == "" {
		return step{}, "", strconv.ErrSyntax
	}
	return step{key: key}, path[len(key):], nil
}

func ends(rest string) bool { return rest == "" || rest[0] == '.' || rest[0] == '[' }
