package configure

import (
	"slices"
	"strings"
)

// Rebase gives a draft as if it was begun with the newest version, to be shown and confirmed anew. False: it cannot be, because it is a
// whole document, or because items were added, removed or moved in a list in which it names a position.
func Rebase(d Draft, e *ConflictError) (Draft, bool) {
	d.After = e.Newest.Number
	if d.revert != 0 {
		return d, true // it says the same whatever is there now
	}
	if e.Newest.Number-e.After > int64(len(e.Meanwhile)) { // not all of it is known
		return d, false
	}
	for _, c := range d.Changes {
		if c.Path == "" || slices.ContainsFunc(e.Meanwhile, func(r Revision) bool { return shifts(r.Lines, c.Path) }) {
			return d, false
		}
	}
	return d, true
}

// shifts reports whether a list on the way of a path has its items elsewhere since.
func shifts(lines []Line, path string) bool {
	for i := range path {
		if path[i] != '[' {
			continue
		}
		if slices.ContainsFunc(lines, func(l Line) bool {
			item, ok := strings.CutPrefix(l.Path, path[:i]+"[")
			return ok && strings.HasSuffix(item, "]") && !strings.ContainsAny(item, ".[") && l.Kind != Changed || l.Path == path[:i]
		}) {
			return true
		}
	}
	return false
}
