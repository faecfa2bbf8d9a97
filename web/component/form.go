// Package component holds the parts pages are made of. Parts take values, speak through a Printer and decide nothing.
package component

import "strings"

// Hidden is one hidden input.
type Hidden struct{ Name, Value string }

// Form is where a page's answer goes, with what goes along unseen.
type Form struct {
	Action string
	Hidden []Hidden // one is named "at": the version of the flow the page was made for
	Check  Check
}

// Check makes the script do a piece of work before the form is sent; the zero value asks for nothing. The page has to load the
// script for it. The form then posts work.
type Check struct {
	URL    string // where the puzzle is got while the person types
	Puzzle string // or the puzzle itself: the form is sent as soon as it is solved
}

// asks reports whether there is work to do.
func (c Check) asks() bool { return c != Check{} }

// Problem is one thing that is wrong with what was sent. Text is for the person, in the page's language.
type Problem struct {
	Field string // name of the input it is about; empty: the whole page
	Text  string
}

// Problems is everything that is wrong, in the order of the fields.
type Problems []Problem

// On gives the text for one field; empty: nothing is wrong with it.
func (ps Problems) On(field string) string {
	for _, p := range ps {
		if p.Field == field {
			return p.Text
		}
	}
	return ""
}

// Any reports whether anything is wrong.
func (ps Problems) Any() bool { return len(ps) > 0 }

// Option is one radio button.
type Option struct{ Value, Label string }

// Field is a text input with its label.
type Field struct {
	Name         string // also the element's id
	Label        string
	Hint         string
	Problem      string
	Value        string
	Type         string // empty: text
	Autocomplete string
	InputMode    string
	Class        string // besides "input"
	DescribedBy  string // further ids
	Written      Written
	Focus        bool // take the focus when the page opens
	Rules        string
	Limit        int // most characters; 0: no limit
}

// Written says how a field's content is written.
type Written uint8

// The ways. Codes, addresses and passwords run left to right in every language.
const (
	AsText   Written = iota // in the page's own direction, spelling checked
	AsSymbol                // left to right, never corrected or capitalised
)

func (f Field) kind() string {
	if f.Type == "" {
		return "text"
	}
	return f.Type
}

func (f Field) class() string {
	if f.Class == "" {
		return "input"
	}
	return "input " + f.Class
}

// described lists the ids a screen reader reads after the label.
func (f Field) described() string {
	var ids []string
	if f.Hint != "" {
		ids = append(ids, f.Name+"-hint")
	}
	if f.Problem != "" {
		ids = append(ids, f.Name+"-problem")
	}
	if f.DescribedBy != "" {
		ids = append(ids, f.DescribedBy)
	}
	return strings.Join(ids, " ")
}
