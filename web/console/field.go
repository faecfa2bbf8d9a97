package console

import (
	"slices"
	"strconv"
	"strings"

	"github.com/a-h/templ"

	"rekey/web/component"
)

// Form is where a page's answer goes.
type Form struct {
	component.Form
	ID    string // the element's id; parts that replace the form need it
	Guard bool   // ask before the page is left with changes that are not saved
	Dirty bool   // there are some already: the server drew the form from what was typed
	Live  Live   // asks the server while the form is filled in
}

// Live makes a form ask for a part of the page anew whenever something in it changes: the form is posted to URL and the part with
// that id is taken from the answer.
type Live struct{ URL, Part string }

// Field is one thing to fill in.
type Field struct {
	Name         string // a link of the error summary leads to it
	ID           string // of the element; empty: the name
	Label        string
	Hint         string // one line, always shown
	Help         string // more, behind "What is this?"
	Problem      string // what is wrong with it: Problems.On(name)
	Value        string
	Placeholder  string // an example, never the label
	Unit         string // written behind the box: "minutes"
	Type         string // empty: text
	Autocomplete string
	InputMode    string
	Symbol       bool // a name, address or code: written as typed, never corrected
	Optional     bool
	Off          bool // shown, not to be changed here
	Focus        bool // take the focus when the page opens
	Limit        int  // most characters; 0: no limit
}

// Option is one thing to choose.
type Option struct {
	Value, Label, Hint string
	Off                bool // cannot be chosen here
}

func (f Field) id() string {
	if f.ID == "" {
		return f.Name
	}
	return f.ID
}

func (f Field) kind() string {
	if f.Type == "" {
		return "text"
	}
	return f.Type
}

// described lists the ids a screen reader reads after the label.
func (f Field) described() string {
	var ids []string
	if f.Hint != "" {
		ids = append(ids, f.id()+"-hint")
	}
	if f.Problem != "" {
		ids = append(ids, f.id()+"-problem")
	}
	if f.Unit != "" {
		ids = append(ids, f.id()+"-unit")
	}
	return strings.Join(ids, " ")
}

func isPicked(picked []string, o Option) bool { return slices.Contains(picked, o.Value) }

// attributes are those every kind of box has.
func (f Field) attributes() templ.OrderedAttributes {
	out := templ.OrderedAttributes{{Key: "id", Value: f.id()}, {Key: "name", Value: f.Name}}
	add := func(when bool, key string, value any) {
		if when {
			out = append(out, templ.KeyValue[string, any]{Key: key, Value: value})
		}
	}
	add(f.described() != "", "aria-describedby", f.described())
	add(f.Problem != "", "aria-invalid", "true")
	add(f.Placeholder != "", "placeholder", f.Placeholder)
	add(f.InputMode != "", "inputmode", f.InputMode)
	add(f.Limit > 0, "maxlength", strconv.Itoa(f.Limit))
	add(f.Off, "disabled", true)
	add(f.Focus && f.Problem == "", "autofocus", true)
	add(true, "autocomplete", f.autocomplete())
	add(f.Symbol, "autocapitalize", "none")
	add(f.Symbol, "spellcheck", "false")
	add(true, "dir", f.direction())
	return out
}

func (f Field) autocomplete() string {
	if f.Autocomplete == "" {
		return "off"
	}
	return f.Autocomplete
}

func (f Field) direction() string {
	if f.Symbol {
		return "ltr"
	}
	return "auto"
}
