package yamledit

import (
	"slices"
	"strings"
)

// insert puts an item into the list at a path, which is not empty.
func (t *text) insert(steps []step, at int, item any) (*text, error) {
	children, ok := t.items(steps)
	if !ok {
		return nil, ErrForm
	}
	var s string
	if children[0].flow {
		s, ok = t.putFlow(children, at, flow(item))
	} else {
		s = t.put(children, at, indented(dashed(item), children[0].in), t.spaced(children))
	}
	if !ok {
		return nil, ErrForm
	}
	return t.become(s, steps, func(v any) any {
		list, _ := v.([]any)
		return slices.Insert(slices.Clone(list), at, item)
	})
}

func (t *text) items(steps []step) ([]place, bool) {
	p, ok := t.locate(steps)
	if !ok {
		return nil, false
	}
	children, ok := t.children(p)
	return children, ok && len(children) > 0
}

func (t *text) putFlow(children []place, at int, item string) (string, bool) {
	if at < len(children) {
		return t.splice(children[at].from, children[at].from, item+", "), true
	}
	end, ok := t.end(children[at-1].node, true)
	return t.splice(end, end, ", "+item), ok
}

// put writes the lines of an item before the one at a position, or behind the last; spaced: with a blank line between.
func (t *text) put(children []place, at int, lines []string, spaced bool) string {
	if at == len(children) {
		if spaced {
			lines = append([]string{""}, lines...)
		}
		return t.below(t.tail(children[at-1]), lines)
	}
	if spaced {
		lines = append(lines, "")
	}
	from := t.lines[t.first(children[at])]
	return t.splice(from, from, strings.Join(lines, "\n")+"\n")
}

// move takes an item to another position. Its text goes with it.
func (t *text) move(steps []step, from, to int) (*text, error) {
	children, ok := t.items(steps)
	if !ok {
		return nil, ErrForm
	}
	c := children[from]
	end, closed := t.end(c.node, c.flow)
	begin := c.from
	if c.flow && !closed {
		return nil, ErrForm
	}
	if !c.flow {
		begin, end = t.lines[t.first(c)], t.lineEnd(t.last(c.from, c.below, c.in))
	}
	own, spaced := strings.ReplaceAll(t.s[begin:end], "\r\n", "\n"), t.spaced(children)
	s, ok := t.removing(children, from)
	if !ok {
		return nil, ErrForm
	}
	var item any
	taken, err := t.become(s, steps, func(v any) any {
		list, _ := v.([]any)
		item = list[from]
		return slices.Delete(slices.Clone(list), from, from+1)
	})
	if err != nil {
		return nil, err
	}
	if children, ok = taken.items(steps); !ok {
		return nil, ErrForm
	}
	if c.flow {
		s, ok = taken.putFlow(children, to, own)
	} else {
		s = taken.put(children, to, strings.Split(own, "\n"), spaced)
	}
	if !ok {
		return nil, ErrForm
	}
	return taken.become(s, steps, func(v any) any {
		list, _ := v.([]any)
		return slices.Insert(slices.Clone(list), to, item)
	})
}
