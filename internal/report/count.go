package report

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"rekey/internal/preview"
)

// counter sums people up by every dimension.
type counter struct {
	result Coverage
	cells  map[Dimension]map[string]*Numbers
}

func newCounter() *counter {
	c := &counter{cells: map[Dimension]map[string]*Numbers{}}
	for _, d := range []Dimension{ByPolicy, ByDirectory, ByGroup, ByUnit, ByMethod} {
		c.cells[d] = map[string]*Numbers{}
	}
	return c
}

func (c *counter) add(p Surveyed) {
	n := numbers(p)
	c.result.Total.add(n)
	c.cell(ByPolicy, p.Policy).add(n)
	c.cell(ByDirectory, p.Directory).add(n)
	c.cell(ByUnit, p.Unit).add(n)
	for _, g := range p.Groups {
		c.cell(ByGroup, g).add(n)
	}
	for _, k := range p.Methods {
		with := n
		if !slices.Contains(p.Counts, k) {
			with.Able = 0
		}
		if !slices.Contains(p.UsedBy, k) {
			with.Used = 0
		}
		c.cell(ByMethod, string(k)).add(with)
	}
}

func (c *counter) cell(d Dimension, key string) *Numbers {
	m := c.cells[d]
	if m[key] == nil {
		m[key] = &Numbers{}
	}
	return m[key]
}

// numbers counts one person.
func numbers(p Surveyed) Numbers {
	n := Numbers{People: 1, Eligible: one(p.Eligible), Able: one(p.Able)}
	n.Used = one(p.Eligible && p.Used)
	if p.Eligible && len(p.Methods) > 0 {
		n.Registered, n.Resistant, n.Single = 1, one(p.Resistant), one(len(p.Methods) == 1)
	}
	return n
}

func one(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

func (n *Numbers) add(m Numbers) {
	n.People += m.People
	n.Eligible += m.Eligible
	n.Registered += m.Registered
	n.Able += m.Able
	n.Used += m.Used
	n.Resistant += m.Resistant
	n.Single += m.Single
}

// coverage gives what was counted.
func (c *counter) coverage(copies []preview.Copy, now time.Time) Coverage {
	r := c.result
	r.Took = now.Sub(r.At)
	r.Cells = map[Dimension][]Cell{}
	for d, m := range c.cells {
		cells := []Cell{}
		for key, n := range m {
			cells = append(cells, Cell{Key: key, Name: key, Numbers: *n})
		}
		slices.SortFunc(cells, func(a, b Cell) int { return cmp.Or(cmp.Compare(b.People, a.People), cmp.Compare(a.Key, b.Key)) })
		r.Cells[d] = cells
	}
	for i, k := range copies {
		if i == 0 || k.At.Before(r.Oldest) {
			r.Oldest = k.At
		}
	}
	return r
}

// unit is the distinguished name of what an account is in: what is behind the first comma that is not escaped (RFC 4514 §2.4).
func unit(path string) string {
	for i := 0; i < len(path); i++ {
		switch path[i] {
		case '\\':
			i++
		case ',':
			return strings.TrimSpace(path[i+1:])
		}
	}
	return ""
}
