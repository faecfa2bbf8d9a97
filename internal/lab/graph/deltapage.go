package graph

import "strconv"

// userWriter makes pages of people.
type userWriter struct {
	c       *call
	set     uint64 // properties chosen, by bit of their place
	manager bool
	ids     map[string]bool // nil: everybody
	out     []byte
	count   int
}

// all goes through everybody there is.
func (w *userWriter) all(token deltaToken) deltaPage {
	order, next := w.c.t.store.order, token
	for ; next.At < len(order); next.At++ {
		u := order[next.At].seen(w.c.now)
		if u == nil || u.gone != present || !w.wanted(u) {
			continue
		}
		if w.count == w.c.pageSize() {
			return deltaPage{value: w.out, next: next, more: true}
		}
		w.add(u, w.set, w.manager)
	}
	return deltaPage{value: w.out, next: next.turn(w.c.now)}
}

// history goes through what has changed, each person once on a page.
func (w *userWriter) history(token deltaToken) deltaPage {
	log, next := w.c.t.store.userLog, token
	end := w.c.seen("users")
	told := map[*userRow]bool{}
	for ; next.At < end; next.At++ {
		entry := log[next.At]
		if !w.concerns(entry) || told[entry.user] {
			continue
		}
		if w.count == w.c.pageSize() {
			return deltaPage{value: w.out, next: next, more: true}
		}
		told[entry.user] = true
		u := entry.user.seen(w.c.now)
		switch {
		case u == nil || !w.wanted(u):
		case u.gone != present:
			w.removed(u.ID, u.gone)
		case w.c.minimal():
			what := changes(log[next.At:end], entry.user)
			w.add(u, w.set&what, w.manager && what&managerChanged != 0)
		default:
			w.add(u, w.set, w.manager)
		}
	}
	next.Born = w.c.now.Unix()
	return deltaPage{value: w.out, next: next}
}

// concerns reports whether a change is one of what was chosen.
func (w *userWriter) concerns(entry change) bool {
	return entry.what&w.set != 0 || w.manager && entry.what&managerChanged != 0
}

// changes are all properties of a person that a stretch of history touches.
func changes(log []change, row *userRow) (set uint64) {
	for _, entry := range log {
		if entry.user == row {
			set |= entry.what
		}
	}
	return set
}

func (w *userWriter) wanted(u *User) bool { return w.ids == nil || w.ids[u.ID] }

func (w *userWriter) comma() {
	if w.count++; w.count > 1 {
		w.out = append(w.out, ',')
	}
}

func (w *userWriter) removed(id string, how removal) {
	w.comma()
	w.out = append(w.out, `{"id":`+strconv.Quote(id)+`,"@removed":{"reason":"`+reason(how)+`"}}`...)
}

// reason is why an object is gone: it can be restored, or not.
func reason(how removal) string {
	if how == soft {
		return "changed"
	}
	return "deleted"
}

// add writes a person without what was never set.
func (w *userWriter) add(u *User, set uint64, manager bool) {
	w.comma()
	w.out = append(append(w.out, `{"id":`...), strconv.Quote(u.ID)...)
	for i := range properties {
		p := &properties[i]
		if set&(1<<i) == 0 || p.name == "id" || p.empty(u) {
			continue
		}
		w.out = p.appendTo(append(w.out, ','), u)
	}
	if manager && u.Manager != "" {
		w.out = append(w.out, `,"manager@delta":[{"@odata.type":"#microsoft.graph.user","id":`+strconv.Quote(u.Manager)+`}]`...)
	}
	w.out = append(w.out, '}')
}
