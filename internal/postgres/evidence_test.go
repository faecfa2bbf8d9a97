package postgres_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"rekey/internal/account"
	"rekey/internal/audit"
	"rekey/internal/evidence"
	"rekey/internal/factor"
	"rekey/internal/fault"
	"rekey/internal/flow"
	"rekey/internal/ledger"
)

// history is a log of 60 records: one an hour, of alternating people, events, outcomes and so on.
func history(t testing.TB, s fixture) {
	t.Helper()
	names := []audit.Name{audit.FlowStarted, audit.ProofAccepted, audit.ProofRejected, audit.WriteDone, audit.AccountBlocked}
	outcomes := []audit.Outcome{audit.OK, audit.OK, audit.Refused, audit.OK, audit.Failed}
	for n := range 60 {
		ev := event(names[n%5], alice(), "alice.adams")
		ev.At, ev.Outcome, ev.Flow, ev.Settings = start().Add(time.Duration(n)*time.Hour), outcomes[n%5], fmt.Sprint("flow-", n/5), int64(1+n/20)
		ev.Policy, ev.Factors = []string{"Staff", "Executives"}[n%2], []factor.Kind{factor.TOTP, factor.Mail}[n%2:n%2+1]
		ev.Source.Address = netip.AddrFrom4([4]byte{192, 0, 2, byte(n % 7)})
		if n%3 == 0 {
			ev.Subject, ev.Detail["name"] = bob(), "CORP\\Bob"
		}
		if n%10 == 9 {
			ev.By, ev.Role, ev.Ticket = "olga@corp.example.test", "help-desk", fmt.Sprint("INC-", n/10)
		}
		if err := s.Record(t.Context(), ev); err != nil {
			t.Fatal(err)
		}
	}
}

func numbers(rs []evidence.Record) []int64 {
	var out []int64
	for _, r := range rs {
		out = append(out, r.Number)
	}
	return out
}

// queries are one of every filter and some pairs, each with what it asks of a record.
func queries() map[string]struct {
	q    evidence.Query
	fits func(n int64) bool
} {
	type row = struct {
		q    evidence.Query
		fits func(n int64) bool
	}
	at := func(h int) time.Time { return start().Add(time.Duration(h) * time.Hour) }
	return map[string]row{
		"everything":           {evidence.Query{}, func(int64) bool { return true }},
		"event":                {evidence.Query{Names: []audit.Name{audit.ProofRejected}}, func(n int64) bool { return n%5 == 2 }},
		"two events":           {evidence.Query{Names: []audit.Name{audit.ProofRejected, audit.WriteDone}}, func(n int64) bool { return n%5 == 2 || n%5 == 3 }},
		"no such event":        {evidence.Query{Names: []audit.Name{audit.ThreatSet}}, func(int64) bool { return false }},
		"outcome":              {evidence.Query{Outcomes: []audit.Outcome{audit.Refused, audit.Failed}}, func(n int64) bool { return n%5 == 2 || n%5 == 4 }},
		"actor":                {evidence.Query{Actors: []audit.ActorType{audit.Person}}, func(int64) bool { return true }},
		"action":               {evidence.Query{Purposes: []string{"reset"}}, func(int64) bool { return true }},
		"policy":               {evidence.Query{Policies: []string{"Executives"}}, func(n int64) bool { return n%2 == 1 }},
		"method":               {evidence.Query{Factors: []factor.Kind{factor.TOTP}}, func(n int64) bool { return n%2 == 0 }},
		"event and policy":     {evidence.Query{Names: []audit.Name{audit.WriteDone}, Policies: []string{"Staff"}}, func(n int64) bool { return n%5 == 3 && n%2 == 0 }},
		"event never so":       {evidence.Query{Names: []audit.Name{audit.WriteDone}, Outcomes: []audit.Outcome{audit.Refused}}, func(int64) bool { return false }},
		"version":              {evidence.Query{Settings: 2}, func(n int64) bool { return n/20 == 1 }},
		"version and event":    {evidence.Query{Settings: 2, Names: []audit.Name{audit.WriteDone}}, func(n int64) bool { return n/20 == 1 && n%5 == 3 }},
		"no such version":      {evidence.Query{Settings: 9}, func(int64) bool { return false }},
		"administrator":        {evidence.Query{By: "olga@corp.example.test"}, func(n int64) bool { return n%10 == 9 }},
		"role":                 {evidence.Query{Role: "help-desk"}, func(n int64) bool { return n%10 == 9 }},
		"ticket":               {evidence.Query{Ticket: "INC-4"}, func(n int64) bool { return n == 49 }},
		"flow":                 {evidence.Query{Flow: "flow-3"}, func(n int64) bool { return n/5 == 3 }},
		"address":              {evidence.Query{Addresses: netip.MustParsePrefix("192.0.2.3/32")}, func(n int64) bool { return n%7 == 3 }},
		"network":              {evidence.Query{Addresses: netip.MustParsePrefix("192.0.2.2/31")}, func(n int64) bool { return n%7 == 2 || n%7 == 3 }},
		"other network":        {evidence.Query{Addresses: netip.MustParsePrefix("2001:db8::/32")}, func(int64) bool { return false }},
		"account":              {evidence.Query{Person: bob().String()}, func(n int64) bool { return n%3 == 0 }},
		"name":                 {evidence.Query{Person: "ALICE.adams"}, func(n int64) bool { return n%3 != 0 }},
		"name with domain":     {evidence.Query{Person: `corp\bob`}, func(n int64) bool { return n%3 == 0 }},
		"unknown name":         {evidence.Query{Person: "nobody"}, func(int64) bool { return false }},
		"person and event":     {evidence.Query{Person: "alice.adams", Names: []audit.Name{audit.WriteDone}}, func(n int64) bool { return n%3 != 0 && n%5 == 3 }},
		"person and address":   {evidence.Query{Person: "alice.adams", Addresses: netip.MustParsePrefix("192.0.2.3/32")}, func(n int64) bool { return n%3 != 0 && n%7 == 3 }},
		"from":                 {evidence.Query{From: at(40)}, func(n int64) bool { return n >= 40 }},
		"until":                {evidence.Query{Until: at(5)}, func(n int64) bool { return n < 5 }},
		"between, and outcome": {evidence.Query{From: at(10), Until: at(31), Outcomes: []audit.Outcome{audit.Failed}}, func(n int64) bool { return n >= 10 && n < 31 && n%5 == 4 }},
		"address and outcome":  {evidence.Query{Addresses: netip.MustParsePrefix("192.0.2.3/32"), Outcomes: []audit.Outcome{audit.Refused}}, func(n int64) bool { return n%7 == 3 && n%5 == 2 }},
	}
}

// TestSearchFindsWhatFits walks every search through both orders, page by page, and compares with the records that fit.
func TestSearchFindsWhatFits(t *testing.T) {
	s := newStore(t)
	history(t, s)
	for name, c := range queries() {
		t.Run(name, func(t *testing.T) {
			var want []int64
			for n := range int64(60) {
				if c.fits(n) {
					want = append(want, n)
				}
			}
			for _, rising := range []bool{true, false} {
				var got []int64
				for p := (evidence.Place{Beyond: evidence.Nowhere, Rising: rising, Most: 4}); ; p.Beyond = got[len(got)-1] {
					page, err := s.FindRecords(t.Context(), c.q, p)
					if err != nil {
						t.Fatal(err)
					}
					if len(page) == 0 {
						break
					}
					got = append(got, numbers(page)...)
				}
				if !rising {
					slices.Reverse(got)
				}
				if !slices.Equal(got, want) {
					t.Errorf("rising %t: got %v, want %v", rising, got, want)
				}
			}
			tally, err := s.TallyAudit(t.Context(), c.q)
			if err != nil || tally.Total != int64(len(want)) || tally.More {
				t.Errorf("counted %+v, error %v: want %d", tally, err, len(want))
			}
			drawn := 0
			for _, b := range tally.Buckets {
				drawn += b.OK + b.Refused + b.Failed
			}
			if whole := c.q.From.IsZero() && c.q.Until.IsZero(); whole && drawn != len(want) {
				t.Errorf("%d are drawn: want %d", drawn, len(want))
			}
		})
	}
}

func TestDaysAreCountedOnceAndAgain(t *testing.T) {
	s := newStore(t)
	history(t, s)
	for range 2 {
		tally, err := s.TallyAudit(t.Context(), evidence.Query{})
		if err != nil || tally.Total != 60 || len(tally.Buckets) != 3 || tally.Monthly {
			t.Fatalf("counted %+v, error %v", tally, err)
		}
		if b := tally.Buckets[0]; !b.Start.Equal(start().Truncate(24*time.Hour)) || b.OK != 12 || b.Refused != 4 || b.Failed != 3 {
			t.Errorf("first day %+v", b)
		}
	}
	late := event(audit.WriteDone, alice(), "x")
	late.At = start().AddDate(1, 0, 0)
	if err := s.Record(t.Context(), late); err != nil {
		t.Fatal(err)
	}
	tally, err := s.TallyAudit(t.Context(), evidence.Query{})
	if err != nil || tally.Total != 61 || !tally.Monthly || len(tally.Buckets) != 2 {
		t.Errorf("counted %+v, error %v", tally, err)
	}
}

func TestOneRecord(t *testing.T) {
	s := newStore(t)
	history(t, s)
	r, err := s.AuditRecord(t.Context(), 9)
	if err != nil || r.Number != 9 || r.Event.By != "olga@corp.example.test" || r.Event.Ticket != "INC-0" || len(r.Hash) != 32 || r.Erased {
		t.Errorf("record %+v, error %v", r, err)
	}
	if _, err := s.AuditRecord(t.Context(), 60); kindOf(err) != fault.NotFound {
		t.Errorf("a record there is not: %v", err)
	}
	c, err := s.AuditChoices(t.Context())
	if err != nil || len(c.Names) != 5 || !slices.Equal(c.Policies, []string{"Executives", "Staff"}) || !slices.Equal(c.Factors, []factor.Kind{factor.Mail, factor.TOTP}) {
		t.Errorf("choices %+v, error %v", c, err)
	}
}

// TestErasedPeopleAreNotFoundByName: what was erased is in no index.
func TestErasedPeopleAreNotFoundByName(t *testing.T) {
	s := newStore(t)
	history(t, s)
	if _, err := s.EraseOf(t.Context(), alice(), flow.Effects{}); err != nil {
		t.Fatal(err)
	}
	for _, q := range []evidence.Query{{Person: "alice.adams"}, {Addresses: netip.MustParsePrefix("192.0.2.1/32"), Person: alice().String()}} {
		if got, err := s.FindRecords(t.Context(), q, evidence.Place{Beyond: evidence.Nowhere, Most: 9}); err != nil || len(got) != 0 {
			t.Errorf("%+v: found %v, error %v", q, numbers(got), err)
		}
	}
	got, err := s.FindRecords(t.Context(), evidence.Query{Person: alice().String()}, evidence.Place{Beyond: evidence.Nowhere, Most: 1})
	if err != nil || len(got) != 1 || !got[0].Erased {
		t.Errorf("found %+v, error %v", got, err)
	}
}

func TestExtractIsProven(t *testing.T) {
	s := newStore(t)
	history(t, s)
	for name, c := range map[string]struct {
		q      evidence.Query
		masked bool
		want   ledger.Summary
	}{
		"some":              {evidence.Query{Names: []audit.Name{audit.WriteDone}}, false, ledger.Summary{Records: 12, Excerpt: true, At: start()}},
		"some, masked":      {evidence.Query{Names: []audit.Name{audit.WriteDone}}, true, ledger.Summary{Records: 12, Erased: 12, Excerpt: true, At: start()}},
		"everything":        {evidence.Query{}, false, ledger.Summary{Records: 60, At: start()}},
		"everything masked": {evidence.Query{}, true, ledger.Summary{Records: 60, Erased: 60, Excerpt: true, At: start()}},
		"nothing":           {evidence.Query{Flow: "none"}, false, ledger.Summary{Excerpt: true, At: start()}},
	} {
		t.Run(name, func(t *testing.T) {
			var b bytes.Buffer
			if err := s.ExtractAudit(t.Context(), c.q, c.masked, &b); err != nil {
				t.Fatal(err)
			}
			if c.masked && (strings.Contains(b.String(), "alice.adams") || strings.Contains(b.String(), "192.0.2")) {
				t.Error("personal data is in it")
			}
			sum, err := ledger.Verify(&b, s.keys.Verifier())
			sum.At = sum.At.UTC()
			if err != nil || sum != c.want {
				t.Errorf("verified %+v, error %v: want %+v", sum, err, c.want)
			}
		})
	}
}

func TestCheckOfTheLogFindsWhatWasTampered(t *testing.T) {
	whole := struct{ first, beyond int64 }{0, 60}
	for name, c := range map[string]struct {
		sql  string
		over struct{ first, beyond int64 }
		bad  int64 // Nowhere: none; -2: the log is good
	}{
		"good":                    {``, whole, -2},
		"good part":               {``, struct{ first, beyond int64 }{13, 47}, -2},
		"leaf":                    {`UPDATE audit_event SET leaf = replace(leaf, 'totp', 'mail') WHERE seq = 20`, whole, 20},
		"personal part":           {`UPDATE audit_event SET personal = '{"detail": {"name": "mallory"}}' WHERE seq = 21`, whole, 21},
		"removed":                 {`DELETE FROM audit_event WHERE seq = 22`, whole, 22},
		"last one removed":        {`DELETE FROM audit_event WHERE seq = 59`, whole, 59},
		"what it is found by":     {`UPDATE audit_event SET outcome = 'ok' WHERE seq = 24`, whole, 24},
		"its kind":                {`UPDATE audit_event SET shape = (SELECT shape FROM audit_event WHERE seq = 1) WHERE seq = 23`, whole, 23},
		"who acted":               {`UPDATE audit_event SET by = '' WHERE seq = 29`, whole, 29},
		"outside what is checked": {`UPDATE audit_event SET leaf = replace(leaf, 'totp', 'mail') WHERE seq = 20`, struct{ first, beyond int64 }{30, 60}, -2},
		"a hash of the tree":      {`UPDATE audit_event SET hashes = substr(hashes, 1, 160) || sha256('x') WHERE seq = 31`, struct{ first, beyond int64 }{32, 60}, evidence.Nowhere},
		"the head":                {`UPDATE audit_head SET edge = sha256('x') || substr(edge, 33)`, whole, evidence.Nowhere},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStore(t)
			history(t, s)
			if c.sql != "" {
				s.exec(t, `ALTER TABLE audit_event DISABLE TRIGGER ALL`)
				s.exec(t, c.sql)
			}
			var told []int64
			v, err := s.CheckRecords(t.Context(), c.over.first, c.over.beyond, func(done int64) error {
				told = append(told, done)
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			if good := v.Fault == ""; good != (c.bad == -2) || !good && v.Bad != c.bad {
				t.Errorf("verdict %+v, want record %d", v, c.bad)
			}
			if v.Fault != "" {
				return
			}
			if len(told) == 0 || told[len(told)-1] != c.over.beyond-c.over.first {
				t.Errorf("told %v", told)
			}
			if signed, err := ledger.OpenCheckpoint(v.Signed, s.keys.Verifier()); err != nil || signed.Size != 60 {
				t.Errorf("checkpoint %+v, error %v", signed, err)
			}
		})
	}
}

func TestOneCheckAtATime(t *testing.T) {
	s := newStore(t)
	history(t, s)
	c, err := s.BeginCheck(t.Context(), "olga", 10, 0)
	if err != nil || c.Beyond != 60 {
		t.Fatalf("begun %+v, error %v", c, err)
	}
	if _, err := s.BeginCheck(t.Context(), "olga", 0, 0); kindOf(err) != fault.Conflict {
		t.Errorf("a second one: %v", err)
	}
	if err := s.CheckedSoFar(t.Context(), c.Number, 7); err != nil {
		t.Fatal(err)
	}
	if err := s.EndCheck(t.Context(), c.Number, 9, evidence.Verdict{Bad: 19, Fault: "it was changed"}); err != nil {
		t.Fatal(err)
	}
	all, err := s.LastChecks(t.Context(), 5)
	if err != nil || len(all) != 1 || all[0].Bad != 19 || all[0].Done != 9 || all[0].Running() || all[0].By != "olga" {
		t.Errorf("checks %+v, error %v", all, err)
	}
	if _, err := s.BeginCheck(t.Context(), "olga", 61, 0); kindOf(err) != fault.Invalid {
		t.Errorf("beyond the end: %v", err)
	}
}

func TestSavedSearchesAreTheirOwners(t *testing.T) {
	s := newStore(t)
	for i, v := range []evidence.Saved{
		{ID: "a", Owner: alice(), Name: "Refused", Query: "outcome=refused", By: "alice"},
		{ID: "b", Owner: alice(), Name: "All", Query: "", By: "alice", Shared: true},
		{ID: "c", Owner: bob(), Name: "Mine\x00\xff", Query: "x", By: "bob"},
	} {
		v.Made = start().Add(time.Duration(i) * time.Minute)
		if err := s.SaveSearch(t.Context(), v); err != nil {
			t.Fatal(err)
		}
	}
	list := func(who account.ID) (ids []string) {
		t.Helper()
		all, err := s.SavedSearches(t.Context(), who)
		if err != nil {
			t.Fatal(err)
		}
		for _, v := range all {
			ids = append(ids, v.ID)
		}
		return ids
	}
	if got := list(alice()); !slices.Equal(got, []string{"b", "a"}) {
		t.Errorf("alice's %v", got)
	}
	if got := list(bob()); !slices.Equal(got, []string{"b", "c"}) {
		t.Errorf("bob's %v", got)
	}
	if err := s.DropSearch(t.Context(), bob(), "b"); kindOf(err) != fault.NotFound {
		t.Errorf("somebody else's: %v", err)
	}
	if err := s.DropSearch(t.Context(), alice(), "b"); err != nil {
		t.Error(err)
	}
	if _, err := s.EraseOf(t.Context(), alice(), flow.Effects{}); err != nil {
		t.Fatal(err)
	}
	if n := s.count(t, `SELECT count(*) FROM audit_search`); n != 1 {
		t.Errorf("%d searches are left", n)
	}
}

func TestACheckThatIsEndedSaysSo(t *testing.T) {
	s := newStore(t)
	history(t, s)
	stop := errors.New("stop")
	if _, err := s.CheckRecords(t.Context(), 0, 60, func(int64) error { return stop }); !errors.Is(err, stop) {
		t.Errorf("error %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.CheckRecords(ctx, 0, 60, func(int64) error { return nil }); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}
