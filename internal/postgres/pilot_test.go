package postgres_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"rekey/internal/account"
	"rekey/internal/flow"
	"rekey/internal/pilot"
	"rekey/internal/recovery"
)

// tried is a flow of the pilot.
func tried(id flow.ID, who account.ID) flow.Flow {
	f := newFlow(id, who)
	f.Policy, f.Pilot = "Desk", true
	return f
}

// counted sums up attempts by how they ended: "reset/expired/choose/timeout".
func (f fixture) counted(t *testing.T) map[string]int {
	t.Helper()
	all, _, err := f.Attempts(t.Context(), pilot.Query{Policy: "Desk"})
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]int{}
	for _, a := range all {
		got[fmt.Sprintf("%s/%s/%s/%s", a.Action, a.Ended, a.Left, a.Why)] += a.Count
	}
	return got
}

func lapse(_ recovery.Tx, f flow.Flow) (flow.Flow, flow.Effects, error) {
	return flow.Apply(f, flow.Lapsed{}, flow.Limits{Idle: time.Minute}, start().AddDate(0, 0, 1))
}

// TestAnAttemptCountsOnce: sixteen that end one flow at once, sixteen flows that end at once, those that another one ends, and flows
// that are forgotten or erased afterwards.
func TestAnAttemptCountsOnce(t *testing.T) {
	s := newRaceTrack(t)
	s.create(t, tried("same", alice()))
	won := 0
	for _, err := range race(racers, func(int) error {
		_, err := s.UpdateFlow(t.Context(), flow.Flow{ID: "same"}, lapse)
		return err
	}) {
		if err == nil {
			won++
		}
	}
	if got := s.counted(t); won != 1 || len(got) != 1 || got["reset/expired/choose/timeout"] != 1 {
		t.Errorf("%d ended it, counted %v", won, got)
	}
	for i := range racers {
		s.create(t, tried(flow.ID(fmt.Sprint("own", i)), account.ID{Directory: "corp.example.test", Object: fmt.Sprint(i)}))
	}
	if got := s.counted(t); got["reset///"] != racers {
		t.Errorf("open: %v", got)
	}
	for i, err := range race(racers, func(i int) error {
		_, err := s.UpdateFlow(t.Context(), flow.Flow{ID: flow.ID(fmt.Sprint("own", i))}, lapse)
		return err
	}) {
		if err != nil {
			t.Errorf("%d: %v", i, err)
		}
	}
	s.create(t, tried("first", bob()))
	s.create(t, tried("second", bob()))
	if _, err := s.UpdateFlow(t.Context(), flow.Flow{ID: "second"}, finish); err != nil {
		t.Fatal(err)
	}
	s.create(t, newFlow("unrelated", alice()))
	want := map[string]int{"reset/expired/choose/timeout": 1 + racers, "reset/expired/choose/superseded": 1, "reset/done//": 1}
	for range 2 {
		if got := s.counted(t); fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("counted %v, want %v", got, want)
		}
		if _, err := s.Forget(t.Context(), start().AddDate(1, 0, 0)); err != nil {
			t.Fatal(err)
		}
	}
	if n := s.count(t, `SELECT count(*) FROM flow WHERE ended IS NOT NULL`); n != 0 {
		t.Errorf("%d flows are left", n)
	}
}

// TestAnAttemptWithoutItsRecord: what cannot be recorded has not happened, and does not count.
func TestAnAttemptWithoutItsRecord(t *testing.T) {
	s := newStore(t)
	s.create(t, tried("f", alice()))
	s.exec(t, `ALTER TABLE audit_head RENAME TO away`)
	if _, err := s.UpdateFlow(t.Context(), flow.Flow{ID: "f"}, lapse); err == nil {
		t.Fatal("ended without a record")
	}
	s.exec(t, `ALTER TABLE away RENAME TO audit_head`)
	if got := s.counted(t); len(got) != 1 || got["reset///"] != 1 {
		t.Errorf("counted %v", got)
	}
}

// TestAttemptsNameNobody: what is kept of an attempt tells no account, name or address.
func TestAttemptsNameNobody(t *testing.T) {
	s := newStore(t)
	f := tried("f", alice())
	f.From = "192.0.2.7"
	s.create(t, f)
	if _, err := s.UpdateFlow(t.Context(), flow.Flow{ID: "f"}, lapse); err != nil {
		t.Fatal(err)
	}
	if n := s.count(t, `SELECT count(*) FROM pilot_attempt AS a WHERE a::text ~ 'alice|a11ce|corp\.example|192\.0\.2'`); n != 0 {
		t.Error("an attempt tells whose it was")
	}
	if n := s.count(t, `SELECT count(*) FROM pilot_attempt`); n != 1 {
		t.Errorf("%d attempts", n)
	}
}

func TestAttemptsOfATimeAndAZone(t *testing.T) {
	s := newStore(t)
	for i, began := range []string{"2026-11-02T22:59:59Z", "2026-11-02T23:00:00Z", "2026-11-03T22:59:59Z", "2026-11-03T23:00:00Z"} {
		f := tried(flow.ID(fmt.Sprint("f", i)), alice())
		at, err := time.Parse(time.RFC3339, began)
		if err != nil {
			t.Fatal(err)
		}
		f.Started, f.Stage, f.Ended = at, flow.Done, at.Add(time.Duration(i+1)*10*time.Second)
		if i == 3 {
			f.Stage, f.Ended = flow.Prove, time.Time{} // open ones are of a day too
		}
		s.create(t, f)
	}
	midnight := time.Date(2026, 11, 3, 0, 0, 0, 0, time.FixedZone("", 3600))
	for _, c := range []struct {
		q    pilot.Query
		want string
	}{
		{pilot.Query{Ahead: time.Hour}, "[2026-11-02 done 1 2026-11-03 done 2 2026-11-04  1] [ 20s 28s reset 20s 28s]"},
		{pilot.Query{}, "[2026-11-02 done 2 2026-11-03  1 2026-11-03 done 1] [ 20s 28s reset 20s 28s]"},
		{pilot.Query{Ahead: time.Hour, From: midnight, Until: midnight.AddDate(0, 0, 1)}, "[2026-11-03 done 2] [ 25s 29s reset 25s 29s]"},
		{pilot.Query{Ahead: -8 * time.Hour, Until: midnight}, "[2026-11-02 done 1] [ 10s 10s reset 10s 10s]"},
	} {
		c.q.Policy = "Desk"
		all, times, err := s.Attempts(t.Context(), c.q)
		if err != nil {
			t.Fatal(err)
		}
		var days, took []string
		for _, a := range all {
			days = append(days, fmt.Sprintf("%s %s %d", a.Day, a.Ended, a.Count))
		}
		for _, d := range times {
			took = append(took, fmt.Sprintf("%s %s %s", d.Action, d.Median, d.P90))
		}
		if got := fmt.Sprint(days, took); got != c.want {
			t.Errorf("%+v: %s, want %s", c.q, got, c.want)
		}
	}
}

func TestOldAttemptsAreForgotten(t *testing.T) {
	s := newStore(t)
	for id, age := range map[flow.ID]int{"old": 801, "young": 799} {
		f := tried(id, alice())
		f.Stage, f.Ended = flow.Done, start().AddDate(0, 0, -age)
		s.create(t, f)
	}
	if _, err := s.Forget(t.Context(), start()); err != nil {
		t.Fatal(err)
	}
	if n := s.count(t, `SELECT count(*) FROM pilot_attempt WHERE flow = 'young'`); n != 1 || s.count(t, `SELECT count(*) FROM pilot_attempt`) != 1 {
		t.Error("not the old one alone is forgotten")
	}
}

func TestTickets(t *testing.T) {
	s := newStore(t)
	one := pilot.Day(20_000)
	put := func(all ...pilot.Tickets) []pilot.Tickets {
		t.Helper()
		before, err := s.PutTickets(t.Context(), all)
		if err != nil {
			t.Fatal(err)
		}
		return before
	}
	if before := put(pilot.Tickets{Of: "Desk", Day: one, Count: 41}, pilot.Tickets{Day: one, Count: 400}, pilot.Tickets{Of: "Desk", Day: one - 1, Count: 0}); len(before) != 0 {
		t.Errorf("before there were %v", before)
	}
	if before := put(pilot.Tickets{Of: "Desk", Day: one, Count: 38}, pilot.Tickets{Of: "Desk", Day: one + 1, Count: 7}); !slices.Equal(before, []pilot.Tickets{{Of: "Desk", Day: one, Count: 41}}) {
		t.Errorf("in place of %v", before)
	}
	want := []pilot.Tickets{{Of: "Desk", Day: one - 1}, {Of: "Desk", Day: one, Count: 38}, {Of: "Desk", Day: one + 1, Count: 7}}
	if all, err := s.Tickets(t.Context(), "Desk"); err != nil || !slices.Equal(all, want) {
		t.Errorf("got %v, %v", all, err)
	}
	if _, err := s.PutTickets(t.Context(), []pilot.Tickets{{Of: "Desk", Day: one, Count: 1}, {Of: "Desk", Day: one, Count: -1}}); err == nil {
		t.Error("fewer than none are kept")
	}
	for _, there := range []bool{true, false} {
		if ok, err := s.DropTickets(t.Context(), "Desk", one+1); err != nil || ok != there {
			t.Errorf("dropped %t, %v", ok, err)
		}
	}
	if all, err := s.Tickets(t.Context(), "Desk"); err != nil || !slices.Equal(all, want[:2]) {
		t.Errorf("left are %v, %v", all, err)
	}
	if names, err := s.Pilots(t.Context()); err != nil || !slices.Equal(names, []string{"Desk"}) {
		t.Errorf("pilots %v, %v", names, err)
	}
}

// TestTicketsPutAtOnce: each of sixteen is told what its figure replaced, and none is told the same as another.
func TestTicketsPutAtOnce(t *testing.T) {
	s := newRaceTrack(t)
	replaced := make([][]pilot.Tickets, racers)
	for i, err := range race(racers, func(i int) (err error) {
		replaced[i], err = s.PutTickets(t.Context(), []pilot.Tickets{{Of: "Desk", Day: 20_000, Count: i}, {Of: "Desk", Day: 20_001, Count: i}})
		return err
	}) {
		if err != nil {
			t.Errorf("%d: %v", i, err)
		}
	}
	left, err := s.Tickets(t.Context(), "Desk")
	if err != nil || len(left) != 2 || left[0].Count != left[1].Count {
		t.Fatalf("left %v, %v", left, err)
	}
	told := map[int]bool{left[0].Count: true}
	firsts := 0
	for i, before := range replaced {
		switch {
		case len(before) == 0:
			firsts++
		case len(before) != 2 || before[0].Count != before[1].Count || told[before[0].Count]:
			t.Errorf("%d is told %v", i, before)
		default:
			told[before[0].Count] = true
		}
	}
	if firsts != 1 || len(told) != racers {
		t.Errorf("%d were first, %d were told", firsts, len(told))
	}
}
