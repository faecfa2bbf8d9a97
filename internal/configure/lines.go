package configure

import (
	"fmt"
	"slices"

	"rekey/internal/form"
	"rekey/internal/yamledit"
)

const redacted = "[redacted]"

// differences says what turns one tree into another, in the order of the new one.
func differences(was, is any) []Line { return differ(nil, "", "", was, is) }

// differ compares what is at a path with what was at another.
func differ(all []Line, from, to string, was, is any) []Line {
	if yamledit.Same(was, is) {
		return all
	}
	if !isRef(was) && !isRef(is) {
		a, aMap := was.(yamledit.Map)
		b, bMap := is.(yamledit.Map)
		if (aMap || was == nil) && (bMap || is == nil) && (aMap || bMap) && (len(a) > 0 || len(b) > 0) {
			return differMaps(all, from, to, a, b)
		}
		c, aList := was.([]any)
		d, bList := is.([]any)
		if aList && bList {
			return differLists(all, from, to, c, d)
		}
	}
	return append(all, Line{Path: to, Kind: Changed, Was: show(was), Is: show(is)})
}

func differMaps(all []Line, from, to string, was, is yamledit.Map) []Line {
	for _, item := range is {
		key := fmt.Sprint(item.Key)
		path := yamledit.Key(to, key)
		if before, there := yamledit.Get(was, key); there {
			all = differ(all, yamledit.Key(from, key), path, before, item.Value)
		} else {
			all = append(all, Line{Path: path, Kind: Added, Is: show(item.Value)})
		}
	}
	for _, item := range was {
		key := fmt.Sprint(item.Key)
		if _, stays := yamledit.Get(is, key); !stays {
			all = append(all, Line{Path: yamledit.Key(from, key), Kind: Removed, Was: show(item.Value)})
		}
	}
	return all
}

func differLists(all []Line, from, to string, was, is []any) []Line {
	origin := match(was, is)
	still := rising(origin)
	for i, item := range is {
		path := yamledit.At(to, i)
		switch o := origin[i]; {
		case o < 0:
			all = append(all, Line{Path: path, Kind: Added, Is: show(item)})
		case !still[i]:
			all = append(all, Line{Path: path, Kind: Moved, Was: yamledit.At(from, o), Is: path})
			fallthrough
		default:
			all = differ(all, yamledit.At(from, o), path, was[o], item)
		}
	}
	for o, item := range was {
		if !slices.Contains(origin, o) {
			all = append(all, Line{Path: yamledit.At(from, o), Kind: Removed, Was: show(item)})
		}
	}
	return all
}

// match finds for each item where it was; -1: nowhere. Items that say the same are matched before those that are alike, and maps without
// a counterpart that stayed in their place are the same ones, renamed.
func match(was, is []any) []int {
	origin := make([]int, len(is))
	for i := range origin {
		origin[i] = -1
	}
	pair := func(alike func(a, b any) bool) {
		for i := range is {
			for o := 0; o < len(was) && origin[i] < 0; o++ {
				if !slices.Contains(origin, o) && alike(was[o], is[i]) {
					origin[i] = o
				}
			}
		}
	}
	pair(yamledit.Same)
	pair(yamledit.Alike)
	for i := range is {
		if i < len(was) && origin[i] < 0 && !slices.Contains(origin, i) && isMap(was[i]) && isMap(is[i]) {
			origin[i] = i
		}
	}
	return origin
}

func isMap(v any) bool { _, ok := v.(yamledit.Map); return ok }

// rising marks a longest run of items whose old positions rise: the others were moved.
func rising(origin []int) []bool {
	best, before, last := make([]int, len(origin)), make([]int, len(origin)), -1
	for i, o := range origin {
		before[i] = -1
		if o < 0 {
			continue
		}
		best[i] = 1
		for j := range i {
			if origin[j] >= 0 && origin[j] < o && best[j]+1 > best[i] {
				best[i], before[i] = best[j]+1, j
			}
		}
		if last < 0 || best[i] > best[last] {
			last = i
		}
	}
	still := make([]bool, len(origin))
	for i := last; i >= 0; i = before[i] {
		still[i] = true
	}
	return still
}

// show writes a value on one line.
func show(v any) string {
	if m, ok := v.(yamledit.Map); ok && isRef(v) {
		if sealed, ok := yamledit.Get(m, "sealed"); ok {
			if sealed == form.Kept {
				return form.Kept
			}
			return redacted
		}
	}
	return yamledit.Inline(masked(v, redacted))
}
