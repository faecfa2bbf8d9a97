package overviewui_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"

	"rekey/internal/account"
	"rekey/internal/audit"
	"rekey/internal/authenticator"
	"rekey/internal/directory"
	"rekey/internal/factor"
	"rekey/internal/flow"
	"rekey/internal/lab/pgtest"
	"rekey/internal/lint"
	"rekey/internal/report"
	"rekey/internal/server"
	"rekey/internal/server/consoletest"
	"rekey/internal/server/overviewui"
	"rekey/internal/sync"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// ward is a console with the overview and the reports, and parts that the test decides about.
type ward struct {
	*consoletest.Desk
	t       testing.TB
	reports *report.Service
	pulse   *report.Pulse
	parts   []report.Part
	advice  []lint.Finding
}

// document has one policy for everybody but those of a unit, who may not reset.
const document = consoletest.Document + `
policies:
  - name: Interns
    scope:
      ous: [{dn: "OU=Interns,DC=corp,DC=example,DC=test"}]
    actions: [change]
    reset: {count: 1}
  - name: Staff
    reset: {count: 1, allowed: [totp, backup-code]}
`

func newWard(t testing.TB) *ward {
	t.Helper()
	w := &ward{t: t}
	w.Desk = consoletest.WithSettings(t, document, func(d *consoletest.Desk) []server.Area {
		w.reports = report.New(d.Store, d.Now)
		w.pulse = report.NewPulse(func() []report.Look {
			return []report.Look{{Name: "all", See: func(context.Context) []report.Part { return append([]report.Part{}, w.parts...) }}}
		}, d.Now)
		ui := &overviewui.UI{
			Console: d.Console, Reports: w.reports, Pulse: w.pulse, Site: d.Settings.Snapshot, Survey: func() report.Asked { return w.asked(d) },
			Advice: func(context.Context) ([]lint.Finding, error) { return w.advice, nil },
		}
		return []server.Area{ui.Area()}
	})
	return w
}

func (w *ward) asked(d *consoletest.Desk) report.Asked {
	c := d.Settings.Current()
	return report.Asked{Side: report.Live, Snap: c.Snapshot, Groups: c.Document.Groups()}
}

// beat has the parts looked at.
func (w *ward) beat(parts ...report.Part) {
	w.parts = parts
	w.pulse.Beat(w.t.Context())
}

func object(name string) string { return uuid.NewSHA1(uuid.Nil, []byte(name)).String() }

func id(name string) account.ID {
	return account.ID{Directory: consoletest.Domain, Object: object(name)}
}

// copied reads people from the directory: name, unit.
func (w *ward) copied(people ...[2]string) {
	w.t.Helper()
	var page directory.Page
	for _, p := range people {
		page.People = append(page.People, account.Account{
			ID: id(p[0]), SAM: p[0], UPN: p[0] + "@corp.example.test", NetBIOS: "CORP", DisplayName: p[0], Path: "CN=x,OU=" + p[1] + ",DC=corp,DC=example,DC=test",
		})
	}
	now := w.Now()
	lease, s, ok, err := w.Store.Hold(w.t.Context(), consoletest.Domain)
	if err != nil || !ok {
		w.t.Fatal(ok, err)
	}
	defer lease.Close()
	s.Pass, s.Kind, s.Begun = 1, sync.Full, now
	judge := func(sync.Losses) error { return nil }
	at := sync.Moment{Now: now, Since: now, Forget: now.Add(-time.Hour)}
	if err := lease.Begin(w.t.Context(), s); err != nil {
		w.t.Fatal(err)
	}
	if err := lease.Take(w.t.Context(), s, page, at, judge); err != nil {
		w.t.Fatal(err)
	}
	s.Kind, s.Current, s.Full = sync.Idle, now, now
	if err := lease.End(w.t.Context(), s, at, judge); err != nil {
		w.t.Fatal(err)
	}
}

func (w *ward) enrolled(name string, kinds ...factor.Kind) {
	w.t.Helper()
	var cs []authenticator.Credential
	for _, k := range kinds {
		cs = append(cs, authenticator.Credential{ID: name + string(k), Account: id(name), Kind: k, Channel: factor.Channel(string(k) + ":" + name), Data: []byte("{}"), Created: w.Now()})
	}
	if err := w.Store.Import(w.t.Context(), cs, flow.Effects{}); err != nil {
		w.t.Fatal(err)
	}
}

// counted makes a survey.
func (w *ward) counted() {
	w.t.Helper()
	if err := w.reports.Keep(w.t.Context(), w.asked(w.Desk)); err != nil {
		w.t.Fatal(err)
	}
}

// tell writes records of one attempt.
func (w *ward) tell(flowID string, who account.ID, at time.Time, events ...audit.Event) {
	w.t.Helper()
	all := append([]audit.Event{{Name: audit.FlowStarted, Outcome: audit.OK}}, events...)
	for i, ev := range all {
		ev.At, ev.Actor, ev.Flow, ev.Subject, ev.Purpose, ev.Policy = at.Add(time.Duration(i)*10*time.Second), audit.Visitor, flowID, who, "reset", "Staff"
		ev.Source.Agent = "Mozilla/5.0 (Windows NT 10.0)"
		if err := w.Store.Record(w.t.Context(), ev); err != nil {
			w.t.Fatal(err)
		}
	}
}

// done is an attempt that takes 30 seconds.
func (w *ward) done(n int, at time.Time) {
	w.tell(fmt.Sprint("done", n, at.Unix()), id("anna"), at,
		audit.Event{Name: audit.ProofAccepted, Outcome: audit.OK, Factors: []factor.Kind{factor.TOTP}},
		audit.Event{Name: audit.WriteIntended, Outcome: audit.OK}, audit.Event{Name: audit.WriteDone, Outcome: audit.OK})
}

func (w *ward) update() {
	w.t.Helper()
	if err := w.reports.Update(w.t.Context()); err != nil {
		w.t.Fatal(err)
	}
}

// account0 is nobody's.
func account0() account.ID { return account.ID{} }
