package yamledit

import (
	"slices"
	"strings"
)

// replace writes a value in the place of another.
func (t *text) replace(steps []step, want any) (*text, error) {
	s, ok := t.replacing(steps, want)
	if !ok {
		return nil, ErrForm
	}
	return t.become(s, steps, func(any) any { return want })
}

func (t *text) replacing(steps []step, want any) (string, bool) {
	p, ok := t.locate(steps)
	if !ok {
		return "", false
	}
	if len(steps) == 0 {
		return t.whole(want), true
	}
	end, closed := t.end(p.node, p.flow)
	if p.flow {
		return t.splice(t.begin(p.node), end, flow(want)), closed
	}
	one := ""
	if closed {
		one = t.s[end:t.lineEnd(t.line(end))] // the comment behind
	}
	if s, isText := want.(string); closed && (!nested(want) || inFlow(p.node) || short(want, flow(want))) && (!isText || !literal(s)) {
		return t.splice(t.begin(p.node), end, inline(want)), true
	}
	if !closed {
		one = t.comment(p)
	}
	// Everything behind the key, or behind the dash.
	last := t.last(p.from, p.below, p.in)
	if p.entry != nil {
		lines := behind(want)
		colon := t.offset(p.entry.GetToken().Position) + 1
		lines[0] += one
		return t.splice(colon, t.lineEnd(last), lines[0]+joined(indented(lines[1:], p.in))), true
	}
	lines := dashed(want)
	if !nested(want) {
		lines[0] += one
	}
	return t.splice(p.from, t.lineEnd(last), lines[0]+joined(indented(lines[1:], p.in))), true
}

// inline writes a value on the line that it has outside of brackets.
func inline(want any) string {
	if nested(want) {
		return flow(want)
	}
	return block(want)[0]
}

// comment gives the one that stands on the line of a key whose value is below.
func (t *text) comment(p place) string {
	if p.entry == nil {
		return ""
	}
	colon := t.offset(p.entry.GetToken().Position) + 1
	rest := t.s[colon:t.lineEnd(t.line(colon))]
	if i := strings.Index(rest, " #"); i >= 0 {
		return rest[len(strings.TrimRight(rest[:i], " \t")):]
	}
	return ""
}

func joined(lines []string) string {
	if len(lines) == 0 {
		return ""
	}
	return "\n" + strings.Join(lines, "\n")
}

// whole writes a document in the place of one that says nothing; comments stay above it.
func (t *text) whole(want any) string {
	if t.tree == nil && t.root == nil {
		s := t.s
		if s != "" && !strings.HasSuffix(s, "\n") {
			s += t.newline()
		}
		return s + strings.ReplaceAll(write(want), "\n", t.newline())
	}
	return write(want)
}

// add puts a key into the map at a path: behind the nearest of those before it that is there, or behind the last.
func (t *text) add(steps []step, key string, value any, before Map) (*text, error) {
	item := Item{Key: key, Value: value}
	change := func(m any) any {
		old, _ := m.(Map)
		return append(slices.Clone(old), item)
	}
	p, ok := t.locate(steps)
	is, _ := walk(t.tree, steps)
	if m, isMap := is.(Map); !ok || !isMap || len(m) == 0 {
		return t.replace(steps, Map{item})
	}
	children, ok := t.children(p)
	if !ok || len(children) == 0 {
		return nil, ErrForm
	}
	behind := -1
	for _, b := range slices.Backward(before) {
		if behind = index(children, name(b)); behind >= 0 {
			break
		}
	}
	s, ok := t.adding(children, behind, item)
	if !ok {
		return nil, ErrForm
	}
	return t.become(s, steps, change)
}

func (t *text) adding(children []place, after int, item Item) (string, bool) {
	tail := children[len(children)-1]
	if tail.flow {
		if after < 0 {
			after = len(children) - 1
		}
		end, ok := t.end(children[after].node, true)
		return t.splice(end, end, ", "+pair(item)), ok
	}
	lines := indented(block(Map{item}), tail.in)
	if after >= 0 && after < len(children)-1 {
		return t.below(t.last(children[after].from, children[after].below, tail.in), lines), true
	}
	if tail.in == 0 && t.spaced(children) {
		lines = append([]string{""}, lines...)
	}
	return t.below(t.tail(tail), lines), true
}

// below writes lines under a line.
func (t *text) below(line int, lines []string) string {
	at := t.lineEnd(line)
	return t.splice(at, at, "\n"+strings.Join(lines, "\n"))
}

// spaced reports whether blank lines are between blocks.
func (t *text) spaced(children []place) bool {
	if len(children) < 2 {
		return false
	}
	first := t.first(children[1])
	return first > 0 && t.words(first-1) == ""
}

// remove takes out what is at a path.
func (t *text) remove(steps []step) (*text, error) {
	above, last := steps[:len(steps)-1], steps[len(steps)-1]
	is, _ := walk(t.tree, above)
	change := func(v any) any { return without(v, last) }
	switch v := is.(type) {
	case Map:
		if len(v) == 1 {
			return t.replace(above, Map{})
		}
	case []any:
		if len(v) == 1 {
			return t.replace(above, []any{})
		}
	}
	p, ok := t.locate(above)
	if !ok {
		return nil, ErrForm
	}
	children, ok := t.children(p)
	i := last.at
	if !last.list {
		i = index(children, last.key)
	}
	if !ok || i < 0 || i >= len(children) {
		return nil, ErrForm
	}
	s, ok := t.removing(children, i)
	if !ok {
		return nil, ErrForm
	}
	return t.become(s, above, change)
}

func without(v any, s step) any {
	switch t := v.(type) {
	case Map:
		return slices.DeleteFunc(slices.Clone(t), func(item Item) bool { return name(item) == s.key })
	case []any:
		return slices.Delete(slices.Clone(t), s.at, s.at+1)
	}
	return v
}

func (t *text) removing(children []place, i int) (string, bool) {
	c := children[i]
	if c.flow {
		if i+1 < len(children) {
			return t.splice(c.from, children[i+1].from, ""), true
		}
		from, ok := t.end(children[i-1].node, true)
		to, closed := t.end(c.node, true)
		return t.splice(from, to, ""), ok && closed
	}
	line := t.line(c.from)
	if strings.TrimLeft(t.s[t.lines[line]:c.from], " ") != "" { // it begins behind a dash
		if i+1 == len(children) {
			return "", false
		}
		next := children[i+1]
		if t.first(next) == t.line(next.from) {
			return t.splice(c.from, next.from, ""), true
		}
		return t.splice(t.lines[line]+len(strings.TrimRight(t.s[t.lines[line]:c.from], " ")), t.lineEnd(t.first(next)-1), ""), true
	}
	from, to := t.extent(children, i)
	return t.splice(from, to, ""), true
}

// extent gives the bytes of a block with its comment and, between blocks that blank lines are between, those that part it from the
// next or the one before.
func (t *text) extent(children []place, i int) (from, to int) {
	first, last := t.first(children[i]), t.last(children[i].from, children[i].below, children[i].in)
	if t.spaced(children) {
		switch {
		case i+1 < len(children):
			for last+1 < t.first(children[i+1]) && t.words(last+1) == "" {
				last++
			}
		default:
			for first > 0 && t.words(first-1) == "" {
				first--
			}
		}
	}
	if last+1 < len(t.lines) {
		return t.lines[first], t.lines[last+1]
	}
	if first > 0 {
		return t.lineEnd(first - 1), len(t.s) // the text ends without the end of a line, and still does
	}
	return t.lines[first], len(t.s)
}
