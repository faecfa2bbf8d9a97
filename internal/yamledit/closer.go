package yamledit

import "slices"

// closer makes one change that brings the value at a path nearer to what it shall say.
func (t *text) closer(steps []step, want any) (*text, error) {
	is, there := walk(t.tree, steps)
	if !there {
		return t.add(steps[:len(steps)-1], steps[len(steps)-1].key, want, nil)
	}
	switch w := want.(type) {
	case Map:
		if m, ok := is.(Map); ok && len(m) > 0 && len(w) > 0 {
			return t.closerMap(steps, m, w)
		}
	case []any:
		if l, ok := is.([]any); ok && len(l) > 0 && len(w) > 0 {
			return t.closerList(steps, l, w)
		}
	}
	return t.replace(steps, want)
}

func (t *text) closerMap(steps []step, is, want Map) (*text, error) {
	for i, item := range want { // first what is new: a map that lost all its keys would be another kind of text
		if _, there := Get(is, name(item)); !there {
			return t.add(steps, name(item), item.Value, want[:i])
		}
	}
	for _, item := range want {
		if v, _ := Get(is, name(item)); !Same(v, item.Value) {
			return t.closer(child(steps, step{key: name(item)}), item.Value)
		}
	}
	for _, item := range is {
		if _, stays := Get(want, name(item)); !stays {
			return t.remove(child(steps, step{key: name(item)}))
		}
	}
	return nil, ErrForm
}

func (t *text) closerList(steps []step, is, want []any) (*text, error) {
	i := 0
	for i < min(len(is), len(want)) && Same(is[i], want[i]) {
		i++
	}
	at := child(steps, step{at: i, list: true})
	switch {
	case i == len(is):
		return t.insert(steps, i, want[i])
	case i == len(want):
		return t.remove(at)
	case Alike(is[i], want[i]):
		return t.closer(at, want[i])
	case among(is[i+1:], want[i]) >= 0:
		if among(want[i+1:], is[i]) < 0 {
			return t.remove(at)
		}
		return t.move(steps, i+1+among(is[i+1:], want[i]), i)
	case among(want[i+1:], is[i]) >= 0:
		return t.insert(steps, i, want[i])
	}
	return t.closer(at, want[i])
}

func among(list []any, item any) int {
	return slices.IndexFunc(list, func(other any) bool { return Alike(other, item) })
}

// Alike reports whether two items of lists are the same thing, perhaps changed: equal values, maps of one name, and maps with one
// key, which says what they are, that have the same domain below it.
func Alike(a, b any) bool {
	if Same(a, b) {
		return true
	}
	x, y := identity(a), identity(b)
	return x != "" && x == y
}

func identity(item any) string {
	m, ok := item.(Map)
	if !ok {
		return ""
	}
	if n, ok := Get(m, "name"); ok {
		return write(n)
	}
	if len(m) == 1 {
		if below, ok := m[0].Value.(Map); ok {
			domain, _ := Get(below, "domain")
			return name(m[0]) + " " + write(domain)
		}
	}
	return ""
}

// child gives a path one step longer, without writing into the shorter one.
func child(steps []step, s step) []step { return append(slices.Clone(steps), s) }
