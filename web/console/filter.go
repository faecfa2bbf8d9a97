package console

import "rekey/web/component"

// Filter is the bar above a list: a form sent with GET, so that every view of the list has an address. Its children are fields
// (Input, Select, Choices, Between). With htmx the list follows while it is filled in.
type Filter struct {
	Action string             // the list's path
	List   string             // id of the Table's region; empty: "list"
	Keep   []component.Hidden // what goes along unseen: how the list is sorted
	Saved  []Saved            // searches kept under a name
	Save   string             // URL of the page that keeps the present one; empty: it cannot be kept
}

// Saved is a search kept under a name.
type Saved struct {
	Name, URL string
	Current   bool
}

func (f Filter) list() string {
	if f.List == "" {
		return "#list"
	}
	return "#" + f.List
}
