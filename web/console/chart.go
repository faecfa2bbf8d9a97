package console

import (
	"fmt"
	"strings"
)

// Chart is a column for every label, its series on top of each other, and a table with the same numbers behind it.
type Chart struct {
	Title  string   // what is counted, for screen readers and the table
	Head   string   // of the first column of the table: "Day"
	Labels []string // one for every column, in order
	Series []Series // at most three
}

// Series is one kind of what is counted; as many values as there are labels. Values are not negative.
type Series struct {
	Name   string
	Values []int
}

// bars are the columns of one series as a path in a box as wide as there are labels and 100 high.
func (c Chart) bars(series int) string {
	var path strings.Builder
	top := float64(c.top())
	for i := range c.Labels {
		below := 0
		for _, s := range c.Series[:series] {
			below += s.Values[i]
		}
		high := 100 * float64(c.Series[series].Values[i]) / top
		if high == 0 {
			continue
		}
		fmt.Fprintf(&path, "M%.2f %.2fh.7v%.2fh-.7z", float64(i)+.15, 100-100*float64(below)/top, -high)
	}
	return path.String()
}

// top is the upper end of the scale: the highest column, rounded up to 1, 2 or 5 times a power of ten, twice.
func (c Chart) top() int {
	most := 0
	for i := range c.Labels {
		sum := 0
		for _, s := range c.Series {
			sum += s.Values[i]
		}
		most = max(most, sum)
	}
	for step := 1; ; step *= 10 {
		for _, half := range []int{step, 2 * step, 5 * step} {
			if 2*half >= most {
				return 2 * half
			}
		}
	}
}

func (c Chart) box() string { return fmt.Sprintf("0 0 %d 100", max(1, len(c.Labels))) }

func (c Chart) grid() string { return fmt.Sprintf("M0 0h%[1]dM0 50h%[1]dM0 100h%[1]d", len(c.Labels)) }

// summary is the chart in a sentence.
func (c Chart) summary() string {
	parts := make([]string, len(c.Series))
	for i, s := range c.Series {
		sum := 0
		for _, v := range s.Values {
			sum += v
		}
		parts[i] = s.Name + " " + Count(sum)
	}
	return c.Title + ": " + strings.Join(parts, ", ")
}

// shade is the class of a series.
func shade(i int) string { return []string{"first", "second", "third"}[min(i, 2)] }

// table has the same numbers.
func (c Chart) table() Table {
	t := Table{Caption: c.Title, Columns: []Column{{Title: c.Head}}}
	for _, s := range c.Series {
		t.Columns = append(t.Columns, Column{Title: s.Name, Kind: Figures})
	}
	for i, label := range c.Labels {
		r := Row{}
		r.Cells = append(r.Cells, Text(label))
		for _, s := range c.Series {
			r.Cells = append(r.Cells, Text(Count(s.Values[i])))
		}
		t.Rows = append(t.Rows, r)
	}
	return t
}

// share is the part of a whole, of 100.
func share(part, whole int) string {
	if whole <= 0 {
		return "0"
	}
	return fmt.Sprintf("%.1f", 100*float64(min(part, whole))/float64(whole))
}
