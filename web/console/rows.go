package console

import (
	"slices"
	"strings"

	"github.com/a-h/templ"
)

// Rows is a list that is edited in a form: rows are added, taken away and put in order, by buttons that send the form with a Deed
// and, with the script, by dragging. Every row sends its key in the field <Name>.row; read the rows in the order of those keys.
type Rows struct {
	Name    string
	Legend  string
	Hint    string
	Problem string
	Items   []Line
	Ordered bool   // rows can be moved
	Kept    bool   // rows cannot be taken away
	Add     string // label of the button that asks for one more; empty: none
	Empty   string // said when there are no rows
	Live    Live   // with htmx, Part is the id of the form, which is replaced instead of the page
}

// Line is one row of a list that is edited.
type Line struct {
	Key  string // tells the rows apart: "0", "1", …
	Name string // what the buttons call it: "Passkey"
	Body templ.Component
}

// Deed is what a button of a list asks for: do=<list>.<verb>:<key>.
type Deed struct{ List, Verb, Key string }

// The verbs. Pick and Seek are those of a Picker: the key of Pick is the value that was chosen.
const (
	Up     = "up"
	Down   = "down"
	Remove = "remove"
	Add    = "add"
	Pick   = "pick"
	Seek   = "find"
)

// ParseDeed reads the field "do"; false: it asks for nothing a list does.
func ParseDeed(do string) (Deed, bool) {
	head, key, ok := strings.Cut(do, ":")
	at := strings.LastIndexByte(head, '.')
	if !ok || at < 0 {
		return Deed{}, false
	}
	return Deed{List: head[:at], Verb: head[at+1:], Key: key}, true
}

// String writes the deed for a button.
func (d Deed) String() string { return d.List + "." + d.Verb + ":" + d.Key }

// Apply moves or takes away the row the deed names. rows are in the order of keys, which the form sent. Another verb or a key
// that is not there leaves the rows as they are. It works on a copy.
func Apply[T any](rows []T, keys []string, d Deed) []T {
	out := slices.Clone(rows)
	at := slices.Index(keys, d.Key)
	if at < 0 || at >= len(out) {
		return out
	}
	switch {
	case d.Verb == Remove:
		return slices.Delete(out, at, at+1)
	case d.Verb == Up && at > 0:
		out[at-1], out[at] = out[at], out[at-1]
	case d.Verb == Down && at+1 < len(out):
		out[at+1], out[at] = out[at], out[at+1]
	}
	return out
}

func (r Rows) deed(verb, key string) string { return Deed{r.Name, verb, key}.String() }

// attributes make a button replace the form it stands in, instead of the page.
func (l Live) attributes() templ.Attributes {
	if l.URL == "" {
		return nil
	}
	part := "#" + l.Part
	return templ.Attributes{"hx-post": l.URL, "hx-target": part, "hx-select": part, "hx-swap": "outerHTML"}
}
