package report_test

import (
	"context"
	"runtime"
	"strings"
	"testing"
	"time"

	"rekey/internal/report"
)

// ward is a pulse with a clock of its own and one part whose condition the test decides.
type ward struct {
	*report.Pulse
	now   time.Time
	state report.State
	took  time.Duration
	looks int
}

func newWard(more ...report.Look) *ward {
	w := &ward{now: time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC), state: report.Good, took: time.Millisecond}
	see := func(context.Context) []report.Part {
		w.looks++
		return []report.Part{{Kind: report.PartMail, Name: "Mail", State: w.state, Took: w.took}}
	}
	all := append([]report.Look{{Name: "mail", Every: 30 * time.Second, See: see}}, more...)
	w.Pulse = report.NewPulse(func() []report.Look { return all }, func() time.Time { return w.now })
	return w
}

func (w *ward) beat(t *testing.T, after time.Duration) report.Part {
	t.Helper()
	w.now = w.now.Add(after)
	w.Beat(t.Context())
	return w.Parts()[0]
}

func TestPulseRemembers(t *testing.T) {
	w := newWard()
	if len(w.Parts()) != 0 {
		t.Error("parts before anybody looked")
	}
	first := w.beat(t, 0)
	if !first.Success.Equal(w.now) || !first.Seen.Equal(w.now) || first.P95 != time.Millisecond {
		t.Errorf("%+v", first)
	}
	if w.beat(t, 29*time.Second); w.looks != 1 {
		t.Errorf("%d looks within half a minute", w.looks)
	}
	for range 18 {
		w.beat(t, time.Minute)
	}
	w.took = time.Second
	w.beat(t, time.Minute)
	good := w.now
	w.state, w.took = report.Bad, time.Hour // how long a failure takes says nothing of answers
	failed := w.beat(t, time.Minute)
	if failed.State != report.Bad || !failed.Success.Equal(good) || !failed.Seen.Equal(w.now) || failed.P95 != time.Millisecond {
		t.Errorf("%+v", failed)
	}
	w.state, w.took = report.Good, time.Microsecond // from memory
	if p := w.beat(t, time.Minute); p.P95 != time.Millisecond || !p.Success.Equal(w.now) {
		t.Errorf("%+v", p)
	}
	w.took = time.Second
	if p := w.beat(t, time.Minute); p.P95 != time.Second {
		t.Errorf("two of 21 took a second: %+v", p)
	}
	w.now = w.now.Add(time.Hour)
	if p := w.Parts()[0]; p.State != report.Warn || !strings.Contains(p.Note, "60 minutes") {
		t.Errorf("an hour later: %+v", p)
	}
}

// TestASlowPartHoldsUpNoOther: while one does not answer, the others are looked at again and again, and everybody who asks is answered.
func TestASlowPartHoldsUpNoOther(t *testing.T) {
	begun, end := make(chan struct{}), make(chan struct{})
	slow := report.Look{Name: "slow", Every: time.Second, See: func(ctx context.Context) []report.Part {
		if _, bounded := ctx.Deadline(); !bounded {
			t.Error("a look without an end")
		}
		begun <- struct{}{}
		<-end
		return []report.Part{{Kind: report.PartDatabase, Name: "Slow", State: report.Bad}}
	}}
	w := newWard(slow)
	over := make(chan struct{})
	go func() { w.Beat(t.Context()); close(over) }()
	<-begun
	for len(w.Parts()) == 0 { // until the other look of that beat is done
		runtime.Gosched()
	}
	for range 3 {
		w.now = w.now.Add(time.Minute)
		w.Beat(t.Context())
	}
	if parts := w.Parts(); len(parts) != 1 || parts[0].Name != "Mail" || w.looks < 3 {
		t.Errorf("%+v after %d looks", parts, w.looks)
	}
	close(end)
	<-over
	if parts := w.Parts(); len(parts) != 2 || parts[1].Name != "Slow" {
		t.Errorf("%+v", parts)
	}
}

func TestBackIn(t *testing.T) {
	part := func(k report.Kind, name string, s report.State) report.Part {
		return report.Part{Kind: k, Name: name, State: s}
	}
	good := []report.Part{
		part(report.PartDatabase, "Database", report.Good), part(report.PartDirectory, "corp", report.Good), part(report.PartDirectory, "lab", report.Good),
		part(report.PartThreat, "Threat level", report.Good), part(report.PartMail, "Mail", report.Good),
	}
	with := func(changed ...report.Part) []report.Part {
		all := append([]report.Part{}, good...)
		for _, c := range changed {
			at := -1
			for i := range all {
				if all[i].Name == c.Name {
					at = i
				}
			}
			if at >= 0 {
				all[at] = c
				continue
			}
			all = append(all, c)
		}
		return all
	}
	for name, c := range map[string]struct {
		parts    []report.Part
		state    report.State
		word, in string
	}{
		"well":                {good, report.Good, "Yes, everywhere", "works"},
		"nobody looked":       {nil, report.Warn, "Not known yet", "under way"},
		"nothing set up":      {good[:1], report.Bad, "No", "No directory"},
		"one directory":       {with(part(report.PartDirectory, "lab", report.Bad)), report.Bad, "Not everywhere", "in lab;"},
		"all directories":     {with(part(report.PartDirectory, "lab", report.Bad), part(report.PartDirectory, "corp", report.Bad)), report.Bad, "No", "corp, lab"},
		"database":            {with(part(report.PartDatabase, "Database", report.Bad)), report.Bad, "No", "database"},
		"stopped":             {with(part(report.PartThreat, "Threat level", report.Bad)), report.Bad, "No", "threat level"},
		"raised":              {with(part(report.PartThreat, "Threat level", report.Warn)), report.Warn, "Yes, but not everybody", "threat level"},
		"mail":                {with(part(report.PartMail, "Mail", report.Bad)), report.Warn, "Yes, but not everybody", "mail"},
		"text messages":       {with(part(report.PartSMS, "Text messages", report.Bad)), report.Warn, "Yes, but not everybody", "text"},
		"something to see to": {with(part(report.PartServer, "corp · tls dc2", report.Warn)), report.Good, "Yes, everywhere", "corp · tls dc2"},
	} {
		v := report.BackIn(c.parts)
		if v.State != c.state || v.Word != c.word || !strings.Contains(v.Sentence, c.in) {
			t.Errorf("%s: %+v", name, v)
		}
	}
}
