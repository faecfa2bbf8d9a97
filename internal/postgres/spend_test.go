package postgres_test

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"rekey/internal/audit"
	"rekey/internal/delivery"
	"rekey/internal/message"
	"rekey/internal/postgres"
	"rekey/internal/spend"
)

// wide are caps that nothing in a test reaches.
func wide() spend.Caps { return spend.Caps{AccountPerDay: 10_000, RangePerHour: 10_000} }

// fee is one segment to a number of its own.
func fee(i int) spend.Charge {
	return spend.Charge{
		ID: fmt.Sprint("m", i), Account: fmt.Sprint("corp/", i), Number: fmt.Append(nil, i), Range: "+49171123", Country: "DE", Segments: 1, Cost: 75_000,
	}
}

var errWithheld = errors.New("withheld")

// pay charges and says errWithheld for a reason.
func (f fixture) pay(t *testing.T, c spend.Charge, caps spend.Caps) error {
	why, err := f.Charge(t.Context(), c, caps, func(why spend.Reason, _ bool) delivery.Note {
		withheld := event(audit.MessageWithheld, alice(), "")
		withheld.Reason = string(why)
		return delivery.Note{Events: []audit.Event{withheld}}
	})
	if err == nil && why != "" {
		err = fmt.Errorf("%w: %s", errWithheld, why)
	}
	return err
}

// at gives the store another clock.
func (f fixture) at(t *testing.T, now func() time.Time) *postgres.Store {
	t.Helper()
	s, err := postgres.New(f.pool, f.keys, now)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestAttack15PumpedMessagesStopAtTheCapExactly: sixteen replicas that charge at once get through as many segments as each cap allows,
// never one more, and every one that is withheld is in the audit log.
func TestAttack15PumpedMessagesStopAtTheCapExactly(t *testing.T) {
	const each, most = 8, 37
	alike := func(c spend.Charge) spend.Charge { c.Account = "corp/alice"; return c }
	for name, row := range map[string]struct {
		caps  func(*spend.Caps)
		of    func(spend.Charge) spend.Charge
		allow int
	}{
		"day-segments":   {caps: func(c *spend.Caps) { c.Day.Segments = most }, allow: most},
		"month-segments": {caps: func(c *spend.Caps) { c.Month.Segments = most }, allow: most},
		"day-money":      {caps: func(c *spend.Caps) { c.Day.Money = most * 75_000 }, allow: most},
		"month-money":    {caps: func(c *spend.Caps) { c.Month.Money = most*75_000 + 74_999 }, allow: most},
		"range":          {caps: func(c *spend.Caps) { c.RangePerHour = most }, allow: most},
		"account":        {caps: func(c *spend.Caps) { c.AccountPerDay = most }, of: alike, allow: most},
	} {
		t.Run(name, func(t *testing.T) {
			s := newRaceTrack(t)
			caps := wide()
			row.caps(&caps)
			paid, mu := 0, sync.Mutex{}
			for _, err := range race(racers, func(i int) error {
				for n := range each {
					c := fee(i*each + n)
					if row.of != nil {
						c = row.of(c)
					}
					err := s.pay(t, c, caps)
					switch {
					case err == nil:
						mu.Lock()
						paid++
						mu.Unlock()
					case err.Error() != "withheld: "+name:
						return err
					}
				}
				return nil
			}) {
				if err != nil {
					t.Fatal(err)
				}
			}
			r, err := s.Spent(t.Context())
			if err != nil || len(r.Day) != 1 || r.Day[0] != (spend.Line{Country: "DE", Messages: int64(row.allow), Segments: int64(row.allow), Cost: spend.Money(row.allow) * 75_000}) {
				t.Errorf("the books say %+v, %v", r.Day, err)
			}
			if n := s.count(t, `SELECT count(*) FROM audit_event WHERE name = 'message.withheld' AND reason = '`+name+`'`); paid != row.allow || n != racers*each-row.allow {
				t.Errorf("%d were paid, want %d; %d records", paid, row.allow, n)
			}
		})
	}
}

// TestARetryIsNotChargedAgain: sixteen tries of one message cost one, and after spend.Tries that may all have been sent there is no other.
func TestARetryIsNotChargedAgain(t *testing.T) {
	s := newRaceTrack(t)
	tried := 0
	for _, err := range race(racers, func(int) error { return s.pay(t, fee(1), wide()) }) {
		if err == nil {
			tried++
		} else if err.Error() != "withheld: in-doubt" {
			t.Fatal(err)
		}
	}
	r, err := s.Spent(t.Context())
	if err != nil || tried != spend.Tries || spend.Sum(r.Day).Messages != 1 || spend.Sum(r.Month).Cost != 75_000 {
		t.Errorf("%d tries, spent %+v, %v", tried, r, err)
	}
	if n := s.count(t, `SELECT count(*) FROM audit_event`); n != 0 {
		t.Errorf("%d records: the one who sends records what it gives up", n)
	}
}

func TestWhatWasNotSentIsNotPaidFor(t *testing.T) {
	s := newStore(t)
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	books := func(want int64) {
		t.Helper()
		r, err := s.Spent(t.Context())
		if got := spend.Sum(r.Day); err != nil || got.Messages != want || got.Segments != want || got.Cost != spend.Money(want*75_000) {
			t.Errorf("the books say %+v, %v; want %d", got, err, want)
		}
	}
	// A gateway that is busy may be asked as often as it takes: nothing is in doubt.
	for range 2 * spend.Tries {
		must(s.pay(t, fee(1), wide()))
		must(s.Unsent(t.Context(), "m1"))
		books(0)
	}
	// One try in doubt stays paid for, whatever the next ones say.
	must(s.pay(t, fee(1), wide()))
	must(s.pay(t, fee(1), wide()))
	must(s.Unsent(t.Context(), "m1"))
	books(1)
	must(s.Unsent(t.Context(), "unknown"))
	books(1)
}

// TestAdministratorsAreToldOnceADay: of sixteen replicas that meet a cap at once one writes the warning, in the transaction of the refusal.
func TestAdministratorsAreToldOnceADay(t *testing.T) {
	s := newRaceTrack(t)
	now := start()
	store := s.at(t, func() time.Time { return now })
	caps := wide()
	caps.Day.Segments = 1
	meet := func(store *postgres.Store, i int) error {
		_, err := store.Charge(t.Context(), fee(i), caps, func(why spend.Reason, first bool) delivery.Note {
			var note delivery.Note
			if first {
				note.Send = append(note.Send, message.Message{ID: "warn." + now.Format(time.DateOnly), Template: message.SpendCap, Channel: message.Mail, To: "ops@example.com"})
			}
			return note
		})
		return err
	}
	for range 2 {
		if err := meet(store, 0); err != nil {
			t.Fatal(err)
		}
		for _, err := range race(racers, func(i int) error { return meet(store, i+1) }) {
			if err != nil {
				t.Fatal(err)
			}
		}
		now = now.AddDate(0, 0, 1)
	}
	if n := s.count(t, `SELECT count(*) FROM river_job WHERE kind = 'deliver'`); n != 2 {
		t.Errorf("%d warnings in two days", n)
	}
}

func TestCapsBeginAnewWhenTheirTimeIsOver(t *testing.T) {
	s := newStore(t)
	now := time.Date(2026, 3, 30, 23, 50, 0, 0, time.UTC)
	store := s.at(t, func() time.Time { return now })
	caps := spend.Caps{AccountPerDay: 2, RangePerHour: 3, Day: spend.Cap{Segments: 10}, Month: spend.Cap{Segments: 12}}
	next := 0
	pay := func(want spend.Reason, change func(*spend.Charge)) {
		t.Helper()
		next++
		c := fee(next)
		if change != nil {
			change(&c)
		}
		why, err := store.Charge(t.Context(), c, caps, func(spend.Reason, bool) delivery.Note { return delivery.Note{} })
		if err != nil || why != want {
			t.Errorf("message %d at %s: %q, %v; want %q", next, now, why, err, want)
		}
	}
	account := func(c *spend.Charge) { c.Account, c.Number, c.Range = "corp/alice", []byte("alice"), "+4917099" }
	other := func(c *spend.Charge) { c.Range = fmt.Sprint("+49171", next) }
	pay("", account)
	pay("", account)
	pay(spend.Account, account)
	pay("", nil)
	pay("", nil)
	pay("", nil)
	pay(spend.Range, nil)
	pay("", func(c *spend.Charge) { c.Number = fee(4).Number }) // one of the three again
	pay("", func(c *spend.Charge) { c.Range, c.Segments = "+49172", 4 })
	pay(spend.DaySegments, other)
	now = now.Add(20 * time.Minute) // another day, the same hour
	pay("", account)
	pay(spend.Range, nil)
	pay("", other)
	pay(spend.MonthSegments, other)
	now = now.AddDate(0, 0, 1) // the first of April
	pay("", nil)
}

func TestSpendingIsForgottenInTheEnd(t *testing.T) {
	s := newStore(t)
	now := start()
	store := s.at(t, func() time.Time { return now })
	if _, err := store.Charge(t.Context(), fee(1), wide(), nil); err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct {
		days           int
		charges, days2 int
	}{{90, 1, 1}, {10, 0, 1}, {800, 0, 0}} {
		now = now.AddDate(0, 0, row.days)
		if _, err := store.Forget(t.Context(), start()); err != nil {
			t.Fatal(err)
		}
		if c, d := s.count(t, `SELECT count(*) FROM sms_charge`), s.count(t, `SELECT count(*) FROM sms_day`); c != row.charges || d != row.days2 {
			t.Errorf("after %d days more: %d charges and %d days are left", row.days, c, d)
		}
	}
}
