package bench

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"
)

// Line is one figure.
type Line struct {
	Part    string  `json:"part"`
	Name    string  `json:"name"`
	Value   float64 `json:"value"` // median of the runs
	Least   float64 `json:"least"`
	Most    float64 `json:"most"`
	Runs    int     `json:"runs"`
	Unit    string  `json:"unit"`
	Aim     *Aim    `json:"aim,omitempty"`
	Remarks string  `json:"remarks,omitempty"`
}

// Aim is what a figure should be.
type Aim struct {
	Sign  string  `json:"sign"` // "≥", "≤" or "<"
	Value float64 `json:"value"`
	Met   bool    `json:"met"`
}

func atLeast(v float64) *Aim { return &Aim{Sign: "≥", Value: v} }
func atMost(v float64) *Aim  { return &Aim{Sign: "≤", Value: v} }
func below(v float64) *Aim   { return &Aim{Sign: "<", Value: v} }

func (a *Aim) judge(v float64) {
	switch a.Sign {
	case "≥":
		a.Met = v >= a.Value
	case "≤":
		a.Met = v <= a.Value
	case "<":
		a.Met = v < a.Value
	}
}

// Report is one run's figures.
type Report struct {
	At         time.Time `json:"at"`
	Processors int       `json:"processors"`
	System     string    `json:"system"`
	Go         string    `json:"go"`
	LoadBefore float64   `json:"load_before"` // average of the last minute
	LoadAfter  float64   `json:"load_after"`
	Quick      bool      `json:"quick,omitempty"` // too few repetitions to mean anything
	Lines      []Line    `json:"lines"`
}

// add files the figures of several runs under one line.
func (r *Report) add(l Line, runs ...float64) {
	slices.Sort(runs)
	l.Value, l.Least, l.Most, l.Runs = median(runs), runs[0], runs[len(runs)-1], len(runs)
	if l.Aim != nil {
		l.Aim.judge(l.Value)
	}
	r.Lines = append(r.Lines, l)
}

// median of sorted figures, at least one.
func median(sorted []float64) float64 {
	half := len(sorted) / 2
	if len(sorted)%2 == 1 {
		return sorted[half]
	}
	return (sorted[half-1] + sorted[half]) / 2
}

// Missed counts the aims that are not met.
func (r *Report) Missed() int {
	n := 0
	for _, l := range r.Lines {
		if l.Aim != nil && !l.Aim.Met {
			n++
		}
	}
	return n
}

// Write prints the report for people.
func (r *Report) Write(w io.Writer) error {
	fmt.Fprintf(w, "\nRekey, measured on %s: %d processors, %s, %s; load average %.2f before, %.2f after.\n",
		r.At.Format("2 January 2006 at 15:04"), r.Processors, r.System, r.Go, r.LoadBefore, r.LoadAfter)
	if r.Quick {
		fmt.Fprintln(w, "A quick run: it shows that everything works, the figures mean little.")
	} else if r.LoadBefore > 0.5 {
		fmt.Fprintln(w, "Something else was running on this machine: the figures are worse than the portal is.")
	}
	t := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	part := ""
	for _, l := range r.Lines {
		if l.Part != part {
			part = l.Part
			fmt.Fprintf(t, "\n%s\n", part)
		}
		fmt.Fprintf(t, "  %s\t%s %s\t%s\t%s\t%s\n", l.Name, figure(l.Value), l.Unit, l.spread(), l.verdict(), l.Remarks)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintf(w, "\nMedians, with the least and the most of all runs. %s\n", r.summary())
	return err
}

func (r *Report) summary() string {
	aims := 0
	for _, l := range r.Lines {
		if l.Aim != nil {
			aims++
		}
	}
	return fmt.Sprintf("%d of %d aims are met.", aims-r.Missed(), aims)
}

func (l Line) spread() string {
	if l.Runs < 2 || l.Least == l.Most {
		return ""
	}
	return figure(l.Least) + "–" + figure(l.Most)
}

func (l Line) verdict() string {
	if l.Aim == nil {
		return ""
	}
	word := "MISSED"
	if l.Aim.Met {
		word = "met"
	}
	return "aim " + l.Aim.Sign + " " + figure(l.Aim.Value) + ": " + word
}

// figure writes three digits that matter, thousands apart.
func figure(v float64) string {
	switch {
	case v == 0:
		return "0"
	case v >= 1000:
		s := strconv.FormatFloat(v, 'f', 0, 64)
		return s[:len(s)-3] + "," + s[len(s)-3:]
	case v >= 100:
		return strconv.FormatFloat(v, 'f', 0, 64)
	case v >= 10:
		return strings.TrimSuffix(strconv.FormatFloat(v, 'f', 1, 64), ".0")
	}
	return strings.TrimSuffix(strings.TrimRight(strconv.FormatFloat(v, 'f', 2, 64), "0"), ".")
}

// Save writes the report for programs.
func (r *Report) Save(file string) error {
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(file, append(text, '\n'), 0o644)
}
