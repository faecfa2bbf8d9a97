package pilot

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"time"

	"rekey/internal/flow"
)

// Report is what a pilot did.
type Report struct {
	Pilot  string    `json:"pilot"`
	State  State     `json:"state"`
	Groups []string  `json:"groups,omitempty"`
	From   time.Time `json:"from,omitzero"`
	Until  time.Time `json:"until,omitzero"`
	// Zone the days are those of: "UTC+01:00".
	Zone string `json:"zone"`
	// Start is the first day of the side after; nil: nothing has begun.
	Start    *Day       `json:"start,omitempty"`
	Tickets  Comparison `json:"tickets"`
	Total    Figures    `json:"total"`
	Actions  []Figures  `json:"actions"`
	DropOuts []Share    `json:"drop_outs"` // by the stage they were left at, in the order of stages
	Refusals []Share    `json:"refusals"`  // by reason, the most frequent first
	Days     []Line     `json:"days"`
}

// Comparison is of tickets a day, before and after the start.
type Comparison struct {
	// Everybody is set where the figures are those of the whole help desk, since none are of the pilot alone.
	Everybody bool `json:"everybody"`
	Before    Side `json:"before"`
	After     Side `json:"after"`
	// Difference of the means, after less before; nil where a side has none.
	Difference *float64 `json:"difference,omitempty"`
	// Percent of the mean before that the difference is; nil where a side has fewer than FewestDays figures.
	Percent *int `json:"percent,omitempty"`
}

// FewestDays is a week: with fewer, a weekend more or less is most of the difference.
const FewestDays = 7

// Side is the days of one side.
type Side struct {
	Days    int      `json:"days"` // that could have a figure
	Figures int      `json:"figures"`
	Mean    *float64 `json:"mean,omitempty"` // of the figures
	Missing []Day    `json:"missing"`
}

// Figures are of the attempts at one action, or at all.
type Figures struct {
	Action      string `json:"action,omitempty"` // empty: all
	Started     int    `json:"started"`
	Open        int    `json:"open"`
	Done        int    `json:"done"`
	Half        int    `json:"half"` // one directory was written and the other not
	DroppedOut  int    `json:"dropped_out"`
	Refused     int    `json:"refused"`
	StartedOver int    `json:"started_over"` // ended by another attempt of the same person, which was finished
	// Rate is of those done among the rest that has ended, started over aside; nil: there are none.
	Rate *float64 `json:"rate,omitempty"`
	// Median and P90 are seconds from start to done; nil where fewer than one and FewestForP90 are.
	Median *int `json:"median_seconds,omitempty"`
	P90    *int `json:"p90_seconds,omitempty"`
}

// FewestForP90 are needed to tell what nine of ten took.
const FewestForP90 = 10

// Share is how many there are of a kind.
type Share struct {
	Name  string `json:"name"`
	Count int    `json:"count"`
}

// Line is a day.
type Line struct {
	Day     Day  `json:"day"`
	After   bool `json:"after"`             // from the start on
	Today   bool `json:"today,omitempty"`   // it is not over
	Tickets *int `json:"tickets,omitempty"` // nil: no figure
	Started int  `json:"started"`
	Done    int  `json:"done"` // of those started on this day
}

// Report says what a pilot did, with so many days before its start.
func (s *Service) Report(ctx context.Context, p Pilot, before int) (Report, error) {
	attempts, times, err := s.Store.Attempts(ctx, Query{Policy: p.Name, From: p.From, Until: p.Until, Ahead: p.ahead()})
	if err != nil {
		return Report{}, err
	}
	tickets, err := s.Store.Tickets(ctx, p.Name)
	if err != nil {
		return Report{}, err
	}
	everybody := len(tickets) == 0
	if everybody {
		if tickets, err = s.Store.Tickets(ctx, ""); err != nil {
			return Report{}, err
		}
	}
	now := s.Now()
	r := Report{
		Pilot: p.Name, State: p.State(now), Groups: p.Groups, From: p.From, Until: p.Until, Zone: zone(p.ahead()), Start: p.start(attempts),
	}
	r.count(attempts, times)
	r.Days = days(p.span(r.Start, DayAt(now, p.ahead()), before), attempts, tickets)
	r.Tickets = compare(r.Days)
	r.Tickets.Everybody = everybody
	return r, nil
}

func zone(ahead time.Duration) string {
	if ahead == 0 {
		return "UTC"
	}
	return "UTC" + time.Unix(0, 0).In(time.FixedZone("", int(ahead/time.Second))).Format("-07:00")
}

// start is the first day after: that of the settings, else of the first attempt.
func (p Pilot) start(attempts []Attempts) *Day {
	if !p.From.IsZero() {
		d := DayAt(p.From, p.ahead())
		return &d
	}
	if len(attempts) == 0 {
		return nil
	}
	d := slices.MinFunc(attempts, func(a, b Attempts) int { return cmp.Compare(a.Day, b.Day) }).Day
	return &d
}

// span is the days of a report.
type span struct{ first, start, last, today Day }

// span goes from so many days before the start to the pilot's last day or today. What has not begun has days before only.
func (p Pilot) span(start *Day, today Day, before int) span {
	s := span{start: today + 1, last: today, today: today}
	if start != nil {
		s.start = *start
	}
	s.first = s.start - Day(before)
	if !p.Until.IsZero() {
		s.last = min(s.last, DayAt(p.Until.Add(-1), p.ahead()))
	}
	return s
}

func days(s span, attempts []Attempts, tickets []Tickets) []Line {
	lines := make([]Line, 0, max(0, s.last-s.first+1))
	for d := s.first; d <= s.last; d++ {
		lines = append(lines, Line{Day: d, After: d >= s.start, Today: d == s.today})
	}
	within := func(d Day) (*Line, bool) {
		if d < s.first || d > s.last {
			return nil, false
		}
		return &lines[d-s.first], true
	}
	for _, t := range tickets {
		if l, ok := within(t.Day); ok {
			l.Tickets = &t.Count
		}
	}
	for _, a := range attempts {
		if l, ok := within(a.Day); ok {
			l.Started += a.Count
			if a.how() == done {
				l.Done += a.Count
			}
		}
	}
	return lines
}

// how an attempt went.
type how uint8

const (
	open how = iota
	done
	half
	droppedOut
	refused
	startedOver
)

func (a Attempts) how() how {
	switch {
	case a.Ended == "":
		return open
	case a.Ended == flow.Done && a.Half:
		return half
	case a.Ended == flow.Done:
		return done
	case a.Ended == flow.Refused && a.Why != string(flow.RefusedByPerson):
		return refused
	case a.Why == flow.OtherFinished:
		return startedOver
	}
	return droppedOut
}

func (f *Figures) add(a Attempts) {
	f.Started += a.Count
	switch a.how() {
	case open:
		f.Open += a.Count
	case done:
		f.Done += a.Count
	case half:
		f.Half += a.Count
	case droppedOut:
		f.DroppedOut += a.Count
	case refused:
		f.Refused += a.Count
	case startedOver:
		f.StartedOver += a.Count
	}
}

// judge works out what follows from the counts.
func (f *Figures) judge(times []Times) {
	if ended := f.Started - f.Open - f.StartedOver; ended > 0 {
		rate := float64(f.Done) / float64(ended)
		f.Rate = &rate
	}
	i := slices.IndexFunc(times, func(t Times) bool { return t.Action == f.Action })
	if i < 0 || f.Done == 0 {
		return
	}
	median, p90 := int(times[i].Median.Round(time.Second).Seconds()), int(times[i].P90.Round(time.Second).Seconds())
	if f.Median = &median; f.Done >= FewestForP90 {
		f.P90 = &p90
	}
}

func (r *Report) count(attempts []Attempts, times []Times) {
	byAction, left, why := map[string]*Figures{}, map[string]int{}, map[string]int{}
	for _, a := range attempts {
		if byAction[a.Action] == nil {
			byAction[a.Action] = &Figures{Action: a.Action}
		}
		byAction[a.Action].add(a)
		r.Total.add(a)
		switch a.how() {
		case droppedOut:
			left[string(a.Left)] += a.Count
		case refused:
			why[a.Why] += a.Count
		default:
		}
	}
	r.Total.judge(times)
	r.Actions = []Figures{}
	for _, f := range byAction {
		f.judge(times)
		r.Actions = append(r.Actions, *f)
	}
	slices.SortFunc(r.Actions, func(a, b Figures) int {
		return cmp.Or(cmp.Compare(b.Started, a.Started), cmp.Compare(a.Action, b.Action))
	})
	order := []flow.Stage{flow.Choose, flow.Prove, flow.Password, flow.Applying}
	r.DropOuts = shares(left, func(a, b Share) int {
		return cmp.Compare(slices.Index(order, flow.Stage(a.Name)), slices.Index(order, flow.Stage(b.Name)))
	})
	r.Refusals = shares(why, func(a, b Share) int { return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Name, b.Name)) })
}

func shares(counts map[string]int, order func(a, b Share) int) []Share {
	all := make([]Share, 0, len(counts))
	for name, n := range counts {
		all = append(all, Share{name, n})
	}
	slices.SortFunc(all, order)
	return all
}

func compare(lines []Line) Comparison {
	c := Comparison{Before: side(lines, false), After: side(lines, true)}
	if c.Before.Mean == nil || c.After.Mean == nil {
		return c
	}
	difference := *c.After.Mean - *c.Before.Mean
	c.Difference = &difference
	if min(c.Before.Figures, c.After.Figures) >= FewestDays && *c.Before.Mean > 0 {
		percent := int(math.Round(100 * difference / *c.Before.Mean))
		c.Percent = &percent
	}
	return c
}

// side sums up one side. A day that is not over counts only when it has a figure.
func side(lines []Line, after bool) Side {
	s := Side{Missing: []Day{}}
	sum := 0
	for _, l := range lines {
		switch {
		case l.After != after:
		case l.Tickets != nil:
			s.Days++
			s.Figures++
			sum += *l.Tickets
		case !l.Today:
			s.Days++
			s.Missing = append(s.Missing, l.Day)
		}
	}
	if s.Figures > 0 {
		mean := float64(sum) / float64(s.Figures)
		s.Mean = &mean
	}
	return s
}

// Summary is a pilot on one line.
type Summary struct {
	Pilot   string    `json:"pilot"`
	State   State     `json:"state"`
	Groups  []string  `json:"groups,omitempty"`
	From    time.Time `json:"from,omitzero"`
	Until   time.Time `json:"until,omitzero"`
	Started int       `json:"started"`
	Done    int       `json:"done"`
	// TicketDays have a figure of the pilot alone.
	TicketDays int `json:"ticket_days"`
}

// List sums up pilots.
func (s *Service) List(ctx context.Context, all []Pilot) ([]Summary, error) {
	out := make([]Summary, 0, len(all))
	for _, p := range all {
		attempts, _, err := s.Store.Attempts(ctx, Query{Policy: p.Name, From: p.From, Until: p.Until})
		if err != nil {
			return nil, fmt.Errorf("%s: %w", p.Name, err)
		}
		tickets, err := s.Store.Tickets(ctx, p.Name)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", p.Name, err)
		}
		var f Figures
		for _, a := range attempts {
			f.add(a)
		}
		out = append(out, Summary{
			Pilot: p.Name, State: p.State(s.Now()), Groups: p.Groups, From: p.From, Until: p.Until, Started: f.Started, Done: f.Done,
			TicketDays: len(tickets),
		})
	}
	return out, nil
}
