package postgres_test

import (
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	"rekey/internal/account"
	"rekey/internal/audit"
	"rekey/internal/authenticator"
	"rekey/internal/factor"
	"rekey/internal/flow"
	"rekey/internal/policy"
	"rekey/internal/report"
)

// story writes what happens to one attempt into the log.
type story struct {
	fixture
	t    testing.TB
	id   string
	who  account.ID
	done []factor.Kind
}

func (s *story) tell(at time.Time, name audit.Name, outcome audit.Outcome, reason string, kinds ...factor.Kind) *story {
	s.t.Helper()
	ev := audit.Event{
		Name: name, At: at, Actor: audit.Visitor, Outcome: outcome, Reason: reason, Subject: s.who, Flow: s.id, Purpose: "reset", Policy: "Staff",
		Factors: append(slices.Clone(s.done), kinds...), Source: audit.Source{Agent: "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Mobile"},
		Detail: map[string]string{"name": "x"},
	}
	if name == audit.ProofAccepted {
		s.done = append(s.done, kinds...)
	}
	if err := s.Record(s.t.Context(), ev); err != nil {
		s.t.Fatal(err)
	}
	return s
}

// begin starts an attempt that is told event by event.
func (f fixture) begin(t testing.TB, id string, who account.ID, at time.Time) *story {
	s := &story{fixture: f, t: t, id: id, who: who}
	return s.tell(at, audit.FlowStarted, audit.OK, "")
}

// finished is one that is done after so long.
func (f fixture) finished(t testing.TB, id string, at time.Time, took time.Duration) {
	f.begin(t, id, alice(), at).tell(at, audit.ProofRequested, audit.OK, "", factor.TOTP).tell(at, audit.ProofAccepted, audit.OK, "", factor.TOTP).
		tell(at, audit.WriteIntended, audit.OK, "").tell(at.Add(took), audit.WriteDone, audit.OK, "")
}

func (f fixture) reports() *report.Service { return report.New(f.Store, start) }

func (f fixture) figures(t testing.TB, r report.Range) report.Figures {
	t.Helper()
	s := f.reports()
	if err := s.Update(t.Context()); err != nil {
		t.Fatal(err)
	}
	got, err := s.Figures(t.Context(), r, report.Of{})
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// TestKnownAttemptsGiveKnownFigures tells one attempt of each kind.
func TestKnownAttemptsGiveKnownFigures(t *testing.T) {
	f := newStore(t)
	at := start()
	for i := range 10 {
		f.finished(t, fmt.Sprint("done", i), at, time.Duration(i+1)*10*time.Second)
	}
	f.begin(t, "open", bob(), at)
	f.begin(t, "waits", bob(), at).tell(at, audit.ProofRequested, audit.OK, "", factor.Mail).tell(at, audit.FlowExpired, audit.Refused, flow.Timeout)
	f.begin(t, "wrong", bob(), at).tell(at, audit.ProofRequested, audit.OK, "", factor.TOTP).
		tell(at, audit.ProofRejected, audit.Refused, "wrong-code", factor.TOTP).tell(at, audit.ProofRejected, audit.Refused, "wrong-code", factor.TOTP).
		tell(at, audit.FlowRefused, audit.Refused, string(flow.RefusedByPerson))
	f.begin(t, "further", bob(), at).tell(at, audit.ProofRequested, audit.OK, "", factor.TOTP).tell(at, audit.ProofAccepted, audit.OK, "", factor.TOTP).
		tell(at, audit.ProofRequested, audit.OK, "", factor.Mail).tell(at, audit.FlowExpired, audit.Refused, flow.Timeout)
	f.begin(t, "rejected", bob(), at).tell(at, audit.ProofAccepted, audit.OK, "", factor.TOTP).tell(at, audit.WriteIntended, audit.OK, "").
		tell(at, audit.WriteRejected, audit.Refused, "in-history").tell(at, audit.FlowExpired, audit.Refused, flow.Timeout)
	f.begin(t, "blocked", bob(), at).tell(at, audit.ProofRejected, audit.Refused, "wrong-code", factor.TOTP).
		tell(at, audit.AccountBlocked, audit.Refused, "too-many").tell(at, audit.FlowRefused, audit.Refused, string(flow.RefusedBlocked))
	f.begin(t, "not-enrolled", bob(), at).tell(at, audit.FlowRefused, audit.Refused, string(flow.RefusedNotEnrolled))
	f.begin(t, "half", bob(), at).tell(at, audit.ProofAccepted, audit.OK, "", factor.TOTP).tell(at, audit.WriteIntended, audit.OK, "").
		tell(at, audit.WriteDone, audit.OK, "").tell(at, audit.WriteIntended, audit.OK, "").tell(at, audit.FlowPartial, audit.Failed, flow.Timeout)
	f.begin(t, "superseded", alice(), at).tell(at, audit.FlowExpired, audit.Refused, flow.OtherFinished)
	f.begin(t, "nobody", account.ID{}, at).tell(at, audit.ProofRejected, audit.Refused, "wrong-code", factor.TOTP)
	// A session's events are no attempt's.
	(&story{fixture: f, t: t, id: "session", who: alice()}).tell(at, audit.ProofRequested, audit.OK, "", factor.TOTP)

	got := f.figures(t, report.Last(1, at, time.UTC))
	want := report.Count{Started: 19, Open: 1, Done: 10, GivenUp: 4, Refused: 2, Partial: 1, StartedOver: 1, Nobody: 1}
	if got.Total != want || got.Days[0].Count != want || got.Actions[0].Count != want || got.Actions[0].Action != policy.Reset || got.Actions[1].Started != 0 {
		t.Errorf("counted %+v", got.Total)
	}
	if rate, ok := got.Total.Rate(); !ok || rate != 10.0/17 {
		t.Errorf("rate %v", rate)
	}
	took := report.Took{Of: 10, Median: 55 * time.Second, P90: 91 * time.Second}
	if got.Took != took || got.Days[0].Took != took || got.Actions[0].Took != took {
		t.Errorf("took %+v", got.Took)
	}
	steps := []report.Step{
		{Where: report.AtName, Refused: 1, Share: 1.0 / 17, Why: report.Reason{Code: "not-enrolled", Of: 1}},
		{Where: report.AtFirst, GivenUp: 2, Refused: 1, Share: 3.0 / 17, Why: report.Reason{Code: "blocked", Of: 1}},
		{Where: report.AtFurther, GivenUp: 1, Share: 1.0 / 17, Why: report.Reason{Code: "no-answer", Kind: factor.Mail, Of: 1}},
		{Where: report.AtPassword, GivenUp: 1, Share: 1.0 / 17, Why: report.Reason{Code: "rejected:in-history", Of: 1}},
		{Where: report.AtWriting},
	}
	if !slices.Equal(got.DropOut, steps) {
		t.Errorf("left at %+v", got.DropOut)
	}
	if want := []report.Reason{{Code: "blocked", Of: 1}, {Code: "not-enrolled", Of: 1}}; !slices.Equal(got.Refusals, want) {
		t.Errorf("refused for %+v", got.Refusals)
	}
	methods := []report.Method{
		{Kind: factor.TOTP, Asked: 12, Accepted: 13, Rejected: 3, Done: 10, Days: []int64{10}},
		{Kind: factor.Mail, Asked: 2, Days: []int64{0}},
	}
	if !reflect.DeepEqual(got.Methods, methods) {
		t.Errorf("methods %+v", got.Methods)
	}
	if len(got.Devices) != 1 || got.Devices[0].Kind != "phone" || got.Devices[0].Started != 19 || got.Blocks != 1 || !got.Counted.Equal(at) {
		t.Errorf("devices %+v, %d blocks, counted up to %v", got.Devices, got.Blocks, got.Counted)
	}
}

// TestDaysAreThoseOfTheZone: attempts around midnight and around a change of the clocks count where people saw them.
func TestDaysAreThoseOfTheZone(t *testing.T) {
	f := newStore(t)
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	// 29 March 2026 goes from 23:00 UTC of the day before to 22:00 UTC.
	for i, at := range []string{"03-28T22:59:59.999999", "03-28T23:00:00", "03-29T00:59:00", "03-29T21:59:59.999999", "03-29T22:00:00", "03-30T21:00:00"} {
		when, err := time.Parse("2006-01-02T15:04:05", "2026-"+at)
		if err != nil {
			t.Fatal(err)
		}
		f.finished(t, fmt.Sprint(i), when, time.Minute)
	}
	last := time.Date(2026, 3, 30, 12, 0, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		zone *time.Location
		want []int64
	}{
		"Berlin":  {berlin, []int64{0, 1, 3, 2}},
		"UTC":     {time.UTC, []int64{0, 2, 3, 1}},
		"Chatham": {time.FixedZone("", 45900), []int64{0, 3, 2, 1}}, // +12:45: four days that end with the 31st, on which the last began
	} {
		got := f.figures(t, report.Last(4, last.In(c.zone), c.zone))
		var days []int64
		for _, d := range got.Days {
			days = append(days, d.Done)
			if d.Done > 0 && d.Took.Median != time.Minute {
				t.Errorf("%s: %v", name, d.Took)
			}
		}
		if !slices.Equal(days, c.want) {
			t.Errorf("%s: %v, want %v", name, days, c.want)
		}
	}
}

// TestSummaryEqualsARecount reads the log in pieces of every size, with attempts that go on from one to the next, and compares with
// reading it at once and with counting it again.
func TestSummaryEqualsARecount(t *testing.T) {
	f := newStore(t)
	names := []audit.Name{audit.ProofRequested, audit.ProofRejected, audit.ProofAccepted, audit.WriteIntended, audit.WriteRejected, audit.WriteUnknown, audit.WriteDone}
	var open []*story
	for i := range 60 {
		at := start().Add(time.Duration(i) * 7 * time.Minute)
		open = append(open, f.begin(t, fmt.Sprint(i), []account.ID{alice(), bob(), {}}[i%3], at))
		for j, s := range open {
			if (i+j)%4 == 0 {
				s.tell(at.Add(time.Second), names[(i*3+j)%len(names)], audit.Refused, "wrong-code", factor.TOTP)
			}
		}
		if i%5 == 0 {
			open[0].tell(at.Add(2*time.Second), []audit.Name{audit.FlowExpired, audit.FlowRefused, audit.FlowPartial}[i%3], audit.Refused, flow.Timeout)
			open = open[1:]
		}
		if n, err := f.Fold(t.Context(), i%9); err != nil || n > i%9 {
			t.Fatal(n, err)
		}
	}
	r := report.Last(2, start().Add(12*time.Hour), time.UTC)
	piecemeal := fmt.Sprintf("%+v", f.figures(t, r))
	if again := fmt.Sprintf("%+v", f.figures(t, r)); again != piecemeal {
		t.Errorf("nothing new, and yet\n%s\nnot\n%s", again, piecemeal)
	}
	if err := f.Refold(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got, err := f.reports().Figures(t.Context(), r, report.Of{}); err != nil || got.Total != (report.Count{}) {
		t.Errorf("forgotten, and yet %+v, %v", got.Total, err)
	}
	if recount := fmt.Sprintf("%+v", f.figures(t, r)); recount != piecemeal {
		t.Errorf("recounted\n%s\nnot\n%s", recount, piecemeal)
	}
}

// TestFoldersTakeTurns: replicas that read the log at the same time count nothing twice and leave nothing out.
func TestFoldersTakeTurns(t *testing.T) {
	f := newRaceTrack(t)
	for i := range 20 {
		f.finished(t, fmt.Sprint(i), start(), time.Minute)
	}
	for _, err := range race(racers, func(int) error {
		_, err := f.Fold(t.Context(), 7)
		return err
	}) {
		if err != nil {
			t.Error(err)
		}
	}
	if got := f.figures(t, report.Last(1, start(), time.UTC)); got.Total.Done != 20 || got.Methods[0].Accepted != 20 {
		t.Errorf("%+v, %+v", got.Total, got.Methods)
	}
}

// TestFlowsThatRunAreFolded: what flow.Apply records is understood, and where it was left is what the flow says.
func TestFlowsThatRunAreFolded(t *testing.T) {
	f := newStore(t)
	begin := func(id flow.ID, who account.ID) flow.Flow {
		t.Helper()
		g, fx := flow.New(flow.Start{
			ID: id, Action: policy.Reset, Account: who, Name: "x", Decision: policy.Decision{Requirement: policy.Requirement{Count: 1}}, Targets: []flow.Target{{Account: who}},
			Offers: newFlow(id, who).Offers,
		}, flow.Limits{Idle: time.Minute, Life: time.Hour}, start())
		if err := f.CreateFlow(t.Context(), g, hash(string(id)), fx); err != nil {
			t.Fatal(err)
		}
		return g
	}
	begin("lapsed", alice())
	if _, err := f.UpdateFlow(t.Context(), flow.Flow{ID: "lapsed"}, lapse); err != nil {
		t.Fatal(err)
	}
	got := f.figures(t, report.Last(1, start(), time.UTC))
	if got.Total.GivenUp != 1 || got.DropOut[0].GivenUp != 1 || got.DropOut[0].Why.Code != "left" {
		t.Errorf("%+v, %+v", got.Total, got.DropOut)
	}
}

// TestErasedPeopleKeepTheirFigures: who left is counted as before, without the browser.
func TestErasedPeopleKeepTheirFigures(t *testing.T) {
	f := newStore(t)
	f.finished(t, "1", start(), time.Minute)
	r := report.Last(1, start(), time.UTC)
	f.figures(t, r)
	if _, err := f.EraseOf(t.Context(), alice(), flow.Effects{}); err != nil {
		t.Fatal(err)
	}
	before := f.figures(t, r)
	if before.Total.Done != 1 || before.Devices[0].Kind != "unknown" {
		t.Errorf("%+v, %+v", before.Total, before.Devices)
	}
	if err := f.Refold(t.Context()); err != nil {
		t.Fatal(err)
	}
	if after := f.figures(t, r); fmt.Sprint(after) != fmt.Sprint(before) {
		t.Errorf("recounted %+v, not %+v", after, before)
	}
}

// TestSetUpCountsWhatIsThere: by the day it was set up on, in the zone.
func TestSetUpCountsWhatIsThere(t *testing.T) {
	f := newStore(t)
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	last := time.Date(2026, 3, 30, 12, 0, 0, 0, berlin)
	var all []authenticator.Credential
	for i, c := range []struct {
		at   time.Time
		kind factor.Kind
	}{
		{last.AddDate(0, -2, 0), factor.TOTP},
		{time.Date(2026, 3, 28, 22, 59, 0, 0, time.UTC), factor.TOTP},
		{time.Date(2026, 3, 28, 23, 1, 0, 0, time.UTC), factor.TOTP},
		{last, factor.Mail},
		{last.AddDate(0, 0, 2), factor.Mail},
	} {
		all = append(all, authenticator.Credential{
			ID: fmt.Sprint("c", i), Account: alice(), Kind: c.kind, Channel: factor.Channel(fmt.Sprint("x", i)), Data: []byte("{}"), Created: c.at,
		})
	}
	if err := f.Import(t.Context(), all, flow.Effects{}); err != nil {
		t.Fatal(err)
	}
	got, err := f.reports().SetUp(t.Context(), report.Last(3, last, berlin)) // the 29th begins an hour before the 28th ends in UTC
	want := []report.SetUp{{Kind: factor.TOTP, Before: 1, Days: []int64{1, 1, 0}}, {Kind: factor.Mail, Days: []int64{0, 0, 1}}}
	if err != nil || !reflect.DeepEqual(got, want) || got[0].Sum() != 3 {
		t.Errorf("%+v, %v", got, err)
	}
}

// TestFiguresAreNarrowed to one action and one policy; what nobody decided about has no policy.
func TestFiguresAreNarrowed(t *testing.T) {
	f := newStore(t)
	for i := range 3 {
		f.finished(t, fmt.Sprint(i), start(), time.Minute)
	}
	for of, want := range map[report.Of]int64{
		{}: 3, {Action: policy.Reset}: 3, {Action: policy.Unlock}: 0, {Policy: "Staff"}: 3, {Policy: "Others"}: 0, {Action: policy.Reset, Policy: "Staff"}: 3,
	} {
		f.figures(t, report.Last(1, start(), time.UTC))
		got, err := f.reports().Figures(t.Context(), report.Last(1, start(), time.UTC), of)
		if err != nil || got.Total.Done != want || int64(len(got.Policies))*3 != want {
			t.Errorf("%+v: %+v, %v", of, got.Total, err)
		}
	}
}

// TestQueueTellsWhatWaits: what is due and nobody has begun.
func TestQueueTellsWhatWaits(t *testing.T) {
	f := newStore(t)
	if n, late, err := f.Queue(t.Context()); n != 0 || late != 0 || err != nil {
		t.Errorf("%d wait, %v, %v", n, late, err)
	}
	for state, at := range map[string]time.Time{"available": start().Add(-time.Minute), "retryable": start().Add(-time.Hour), "scheduled": start().Add(time.Hour)} {
		_, err := f.pool.Exec(t.Context(), `INSERT INTO river_job (state, kind, max_attempts, scheduled_at, args) VALUES ($1, 'deliver', 3, $2, '{}')`, state, at)
		if err != nil {
			t.Fatal(err)
		}
	}
	if n, late, err := f.Queue(t.Context()); n != 1 || late != time.Minute || err != nil {
		t.Errorf("%d wait, %v, %v", n, late, err)
	}
}
