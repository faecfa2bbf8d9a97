package pilot_test

import (
	"fmt"
	"os"
	"slices"
	"testing"
	"time"

	"rekey/internal/flow"
	"rekey/internal/keyset"
	"rekey/internal/lab/pgtest"
	"rekey/internal/pilot"
	"rekey/internal/policy"
	"rekey/internal/postgres"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }

// desk is a house on a database of its own, at a moment of the test's choice.
type desk struct {
	*pilot.Service
	store *postgres.Store
	now   time.Time
	flows int
}

func newDesk(t *testing.T, now string) *desk {
	t.Helper()
	pool := pgtest.New(t, postgres.Migrate)
	keys, err := keyset.Load(t.Context(), postgres.NewKeyStore(pool), make([]byte, keyset.KEKSize))
	if err != nil {
		t.Fatal(err)
	}
	d := &desk{}
	if d.store, err = postgres.New(pool, keys, d.clock); err != nil {
		t.Fatal(err)
	}
	d.Service, d.now = &pilot.Service{Store: d.store, Now: d.clock}, at(t, now)
	return d
}

func (d *desk) clock() time.Time { return d.now }

func at(t testing.TB, s string) time.Time {
	t.Helper()
	out, err := time.Parse(time.RFC3339, s)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// attempt stores one that began at a moment and went so.
func (d *desk) attempt(t *testing.T, began time.Time, with func(*flow.Flow)) {
	t.Helper()
	d.flows++
	f := flow.Flow{
		ID: flow.ID(fmt.Sprint("f", d.flows)), Action: policy.Reset, Policy: "Desk", Pilot: true, Stage: flow.Done, Left: flow.Applying,
		Started: began, Touched: began, Expires: began.Add(time.Hour), Ended: began.Add(time.Minute),
	}
	if with != nil {
		with(&f)
	}
	if err := d.store.CreateFlow(t.Context(), f, [32]byte{byte(d.flows), byte(d.flows >> 8)}, flow.Effects{}); err != nil {
		t.Fatal(err)
	}
}

func ended(s flow.Stage, left flow.Stage, why string) func(*flow.Flow) {
	return func(f *flow.Flow) { f.Stage, f.Left, f.Why = s, left, why }
}

func (d *desk) tickets(t *testing.T, of, first string, counts ...int) {
	t.Helper()
	var all []pilot.Tickets
	for i, n := range counts {
		all = append(all, pilot.Tickets{Of: of, Day: day(t, first) + pilot.Day(i), Count: n})
	}
	if _, err := d.store.PutTickets(t.Context(), all); err != nil {
		t.Fatal(err)
	}
}

func (d *desk) report(t *testing.T, p pilot.Pilot, before int) pilot.Report {
	t.Helper()
	r, err := d.Report(t.Context(), p, before)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestAttemptsAreCountedByHowTheyWent(t *testing.T) {
	d := newDesk(t, "2026-11-05T12:00:00Z")
	p := pilot.Pilot{Name: "Desk", From: at(t, "2026-11-03T00:00:00Z"), Until: at(t, "2026-12-01T00:00:00Z")}
	began := at(t, "2026-11-04T08:00:00Z")
	for i := range 10 {
		d.attempt(t, began, func(f *flow.Flow) { f.Ended = began.Add(time.Duration(i+1) * 10 * time.Second) })
	}
	d.attempt(t, began, func(f *flow.Flow) { f.Action, f.Ended = policy.Unlock, began.Add(30*time.Second) })
	d.attempt(t, began, func(f *flow.Flow) {
		f.Targets = []flow.Target{{State: flow.TargetConfirmed}, {State: flow.TargetRejected}}
	})
	for _, with := range []func(*flow.Flow){
		ended(flow.Expired, flow.Password, flow.Timeout), ended(flow.Expired, flow.Choose, flow.Timeout), ended(flow.Expired, flow.Choose, flow.Timeout),
		ended(flow.Refused, flow.Prove, string(flow.RefusedByPerson)), ended(flow.Expired, flow.Prove, flow.OtherFinished),
		ended(flow.Refused, flow.Prove, string(flow.RefusedBlocked)), ended(flow.Refused, flow.Prove, string(flow.RefusedBlocked)), ended(flow.Refused, flow.Prove, "limit"),
		func(f *flow.Flow) { f.Stage, f.Left, f.Ended = flow.Prove, "", time.Time{} },
		func(f *flow.Flow) { f.Policy = "Another" },
		func(f *flow.Flow) { f.Pilot = false },
		func(f *flow.Flow) { f.Started = p.From.Add(-time.Second) },
		func(f *flow.Flow) { f.Started = p.Until },
	} {
		d.attempt(t, began, with)
	}
	r := d.report(t, p, 0)
	got := r.Total
	rate, median, p90 := *got.Rate, *got.Median, *got.P90
	got.Rate, got.Median, got.P90 = nil, nil, nil
	want := pilot.Figures{Started: 21, Open: 1, Done: 11, Half: 1, DroppedOut: 4, Refused: 3, StartedOver: 1}
	if got != want || fmt.Sprintf("%.3f", rate) != "0.579" || median != 50 || p90 != 90 {
		t.Errorf("%+v, rate %f, median %d, p90 %d", got, rate, median, p90)
	}
	if !slices.Equal(r.DropOuts, []pilot.Share{{Name: "choose", Count: 2}, {Name: "prove", Count: 1}, {Name: "password", Count: 1}}) {
		t.Errorf("dropped out at %v", r.DropOuts)
	}
	if !slices.Equal(r.Refusals, []pilot.Share{{Name: "blocked", Count: 2}, {Name: "limit", Count: 1}}) {
		t.Errorf("refused for %v", r.Refusals)
	}
	if len(r.Actions) != 2 || r.Actions[0].Action != "reset" || r.Actions[1].Action != "unlock" || *r.Actions[1].Median != 30 || r.Actions[1].P90 != nil || *r.Actions[0].Median != 55 {
		t.Errorf("actions %+v", r.Actions)
	}
	if l := r.Days[1]; len(r.Days) != 3 || l.Day.String() != "2026-11-04" || l.Started != 21 || l.Done != 11 {
		t.Errorf("days %+v", r.Days)
	}
}

func TestTicketsBeforeAndAfter(t *testing.T) {
	d := newDesk(t, "2026-11-10T12:00:00Z")
	p := pilot.Pilot{Name: "Desk", From: at(t, "2026-11-03T00:00:00+01:00"), Until: at(t, "2026-12-01T00:00:00+01:00")}
	d.tickets(t, "", "2026-10-20", 400)
	d.tickets(t, "Desk", "2026-10-27", 40, 41, 42, 43, 44, 45, 46)
	d.tickets(t, "Desk", "2026-11-03", 30, 31, 32, 33, 34, 35, 36)
	r := d.report(t, p, 7)
	c := r.Tickets
	if c.Everybody || c.Before.Figures != 7 || *c.Before.Mean != 43 || c.After.Figures != 7 || *c.After.Mean != 33 || *c.Difference != -10 || *c.Percent != -23 {
		t.Errorf("%+v", c)
	}
	if len(c.Before.Missing)+len(c.After.Missing) != 0 || c.After.Days != 7 {
		t.Errorf("today is asked for: %+v", c)
	}
	if r.Zone != "UTC+01:00" || r.Start.String() != "2026-11-03" || r.State != pilot.Running || r.Days[7].After != true || r.Days[6].After || !r.Days[14].Today {
		t.Errorf("%+v", r)
	}
	if d.report(t, p, 6).Tickets.Percent != nil {
		t.Error("a percentage of six days")
	}
	for _, of := range []string{"2026-10-30", "2026-11-05"} {
		if ok, err := d.store.DropTickets(t.Context(), "Desk", day(t, of)); !ok || err != nil {
			t.Fatalf("%s: %t, %v", of, ok, err)
		}
	}
	c = d.report(t, p, 8).Tickets
	if fmt.Sprint(c.Before.Missing, c.After.Missing) != "[2026-10-26 2026-10-30] [2026-11-05]" || c.Before.Figures != 6 || c.Percent != nil || c.Difference == nil {
		t.Errorf("%+v", c)
	}
}

// TestTheWholeHelpDesk stands in where nothing is noted for the pilot alone, and that is said.
func TestTheWholeHelpDesk(t *testing.T) {
	d := newDesk(t, "2026-11-10T12:00:00Z")
	p := pilot.Pilot{Name: "Desk", From: at(t, "2026-11-03T00:00:00Z")}
	d.tickets(t, "", "2026-11-02", 400, 300)
	d.tickets(t, "Another", "2026-11-02", 7)
	if c := d.report(t, p, 1).Tickets; !c.Everybody || *c.Before.Mean != 400 || *c.After.Mean != 300 {
		t.Errorf("%+v", c)
	}
}

func TestSpans(t *testing.T) {
	from, until := at(t, "2026-11-03T00:00:00Z"), at(t, "2026-11-06T00:00:00Z")
	for _, c := range []struct {
		name, now string
		p         pilot.Pilot
		attempts  bool
		state     pilot.State
		days      string // first, start and last
	}{
		{"planned", "2026-11-01T09:00:00Z", pilot.Pilot{From: from, Until: until}, false, pilot.Planned, "2026-11-01 - 2026-11-01"},
		{"running", "2026-11-04T09:00:00Z", pilot.Pilot{From: from, Until: until}, false, pilot.Running, "2026-11-01 2026-11-03 2026-11-04"},
		{"on its last day", "2026-11-05T23:59:59Z", pilot.Pilot{From: from, Until: until}, false, pilot.Running, "2026-11-01 2026-11-03 2026-11-05"},
		{"ended", "2026-11-06T00:00:00Z", pilot.Pilot{From: from, Until: until}, false, pilot.Ended, "2026-11-01 2026-11-03 2026-11-05"},
		{"long ended", "2027-11-06T00:00:00Z", pilot.Pilot{From: from, Until: until}, false, pilot.Ended, "2026-11-01 2026-11-03 2026-11-05"},
		{"without a start", "2026-11-05T09:00:00Z", pilot.Pilot{}, true, pilot.Running, "2026-11-02 2026-11-04 2026-11-05"},
		{"without a start, and nobody came", "2026-11-05T09:00:00Z", pilot.Pilot{}, false, pilot.Running, "2026-11-04 - 2026-11-05"},
		{"gone", "2026-11-05T09:00:00Z", pilot.Pilot{Gone: true}, true, pilot.Gone, "2026-11-02 2026-11-04 2026-11-05"},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := newDesk(t, c.now)
			c.p.Name = "Desk"
			if c.attempts {
				d.attempt(t, at(t, "2026-11-04T08:00:00Z"), nil)
			}
			r := d.report(t, c.p, 2)
			start := "-"
			if i := slices.IndexFunc(r.Days, func(l pilot.Line) bool { return l.After }); i >= 0 {
				start = r.Days[i].Day.String()
			}
			if got := fmt.Sprintf("%s %s %s", r.Days[0].Day, start, r.Days[len(r.Days)-1].Day); got != c.days || r.State != c.state {
				t.Errorf("%s: %s, want %s: %s", r.State, got, c.state, c.days)
			}
		})
	}
}

func TestList(t *testing.T) {
	d := newDesk(t, "2026-11-04T12:00:00Z")
	d.attempt(t, at(t, "2026-11-04T08:00:00Z"), nil)
	d.attempt(t, at(t, "2026-11-04T08:00:00Z"), ended(flow.Expired, flow.Choose, flow.Timeout))
	d.attempt(t, at(t, "2026-11-04T08:00:00Z"), func(f *flow.Flow) { f.Policy = "Last year" })
	d.tickets(t, "", "2026-11-02", 400)
	d.tickets(t, "Desk", "2026-11-02", 4, 5)
	all, err := d.All(t.Context(), []pilot.Pilot{{Name: "Soon", From: at(t, "2027-01-01T00:00:00Z")}, {Name: "Desk", Groups: []string{"G"}}})
	if err != nil {
		t.Fatal(err)
	}
	list, err := d.List(t.Context(), all)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, s := range list {
		got = append(got, fmt.Sprintf("%s %s %d %d %d", s.Pilot, s.State, s.Started, s.Done, s.TicketDays))
	}
	if want := []string{"Soon planned 0 0 0", "Desk running 2 1 2", "Last year gone 1 1 0"}; !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
}

// TestReportsNeverFail for a pilot that nothing is known of.
func TestReportsNeverFail(t *testing.T) {
	d := newDesk(t, "2026-11-04T12:00:00Z")
	r, err := d.Report(t.Context(), pilot.Pilot{Name: "None"}, 0)
	if err != nil || r.Total.Rate != nil || r.Total.Median != nil || r.Tickets.Difference != nil || len(r.Days) != 0 {
		t.Errorf("%+v, %v", r, err)
	}
}
