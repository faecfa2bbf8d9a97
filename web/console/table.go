package console

import "github.com/a-h/templ"

// Table is a list of things with what narrows it and leads through it. Its region has an id, so that a Filter can replace it.
type Table struct {
	ID      string // of the region; empty: "list"
	Caption string // what is listed, for screen readers
	Columns []Column
	Rows    []Row
	Empty   Empty  // shown instead when there are no rows
	Result  string // "1–50 of about 12,000"
	Chips   []Chip // what narrows the list now
	Clear   string // URL that takes all of it away
	Exports []Link
	Pager   Pager
}

// Column is the head of a column.
type Column struct {
	Title  string
	Kind   Kind
	Sort   string // URL that sorts by it, or turns the order round; empty: it cannot be sorted by
	Sorted Order  // how it is sorted by now
}

// Kind is how a column is set.
type Kind string

// The kinds of columns.
const (
	Words   Kind = ""
	Figures Kind = "num"  // numbers, to the end
	Tight   Kind = "fit"  // as wide as what is in it, never broken
	Acts    Kind = "acts" // links and buttons; the title is for screen readers
)

// Order is how a list is sorted.
type Order string

// The orders, as aria-sort has them.
const (
	Unsorted Order = ""
	Rising   Order = "ascending"
	Falling  Order = "descending"
)

// Row is one line; as many cells as there are columns. The first link in it is where Enter leads.
type Row struct {
	Cells []templ.Component
	Tone  Tone
}

// Chip is one condition that narrows the list.
type Chip struct {
	Label, Value string
	Remove       string // URL of the list without it
}

// Empty says that there is nothing, why, and what to do.
type Empty struct {
	Title, Text string
	Next        Link
}

// Pager leads to the neighbouring pages of a list that is ordered by key; an empty URL is an end of it.
type Pager struct{ Newer, Older string }

func (t Table) id() string {
	if t.ID == "" {
		return "list"
	}
	return t.ID
}

func (o Order) sign() string {
	switch o {
	case Rising:
		return "up"
	case Falling:
		return "down"
	}
	return ""
}

func (t Table) kind(i int) string {
	if i >= len(t.Columns) {
		return ""
	}
	return string(t.Columns[i].Kind)
}
