package postgres_test

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"rekey/internal/audit"
	"rekey/internal/factor"
	"rekey/internal/flow"
	"rekey/internal/ledger"
	"rekey/migrations"
)

func (f fixture) export(t testing.TB) string {
	t.Helper()
	var b bytes.Buffer
	if err := f.ExportAudit(t.Context(), &b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestAuditLogVerifiesAfterARace(t *testing.T) {
	s := newRaceTrack(t)
	const each = 10
	for _, err := range race(racers, func(i int) error {
		for n := range each {
			if err := s.Record(t.Context(), event(audit.ProofRejected, alice(), fmt.Sprint(i, n))); err != nil {
				return err
			}
		}
		return nil
	}) {
		if err != nil {
			t.Fatal(err)
		}
	}
	sum, err := ledger.Verify(strings.NewReader(s.export(t)), s.keys.Verifier())
	if err != nil || sum.Records != racers*each || !sum.At.Equal(start()) {
		t.Errorf("verified %+v, error %v: want %d records", sum, err, racers*each)
	}
}

func TestAuditLogIsAppendOnly(t *testing.T) {
	s := newStore(t)
	if err := s.Record(t.Context(), event(audit.WriteDone, alice(), "x")); err != nil {
		t.Fatal(err)
	}
	for _, sql := range []string{
		`UPDATE audit_event SET leaf = '{}'`,
		`UPDATE audit_event SET reason = 'x', personal = NULL, salt = NULL`,
		`UPDATE audit_event SET personal = '{}'`,
		`DELETE FROM audit_event`,
		`TRUNCATE audit_event`,
	} {
		if _, err := s.pool.Exec(t.Context(), sql); err == nil || !strings.Contains(err.Error(), "append-only") {
			t.Errorf("%s: %v, want refused", sql, err)
		}
	}
}

func TestTamperedDatabaseIsFound(t *testing.T) {
	for name, c := range map[string]struct {
		sql  string
		want int64 // record named
	}{
		"leaf changed":     {`UPDATE audit_event SET leaf = replace(leaf, 'totp', 'mail') WHERE seq = 2`, 2},
		"personal changed": {`UPDATE audit_event SET personal = '{"detail": {"name": "mallory"}}' WHERE seq = 2`, 2},
		"removed":          {`DELETE FROM audit_event WHERE seq = 2`, 2},
		"last removed":     {`DELETE FROM audit_event WHERE seq = 4`, 4},
		"put in":           {`INSERT INTO audit_event SELECT 5, at, name, outcome, directory, object, flow, reason, leaf, hashes, salt, personal, settings, by, role, ticket, shape FROM audit_event WHERE seq = 4`, 5},
		"swapped":          {`UPDATE audit_event SET seq = 9 WHERE seq = 2; UPDATE audit_event SET seq = 2 WHERE seq = 3; UPDATE audit_event SET seq = 3 WHERE seq = 9`, 2},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStore(t)
			for i := range 5 {
				if err := s.Record(t.Context(), event(audit.WriteDone, alice(), fmt.Sprint(i))); err != nil {
					t.Fatal(err)
				}
			}
			s.exec(t, `DROP TRIGGER audit_event_keep ON audit_event`)
			for sql := range strings.SplitSeq(c.sql, ";") {
				s.exec(t, sql)
			}
			_, err := ledger.Verify(strings.NewReader(s.export(t)), s.keys.Verifier())
			var bad *ledger.RecordError
			if !errors.As(err, &bad) || bad.Number != c.want {
				t.Errorf("got %v, want record %d named", err, c.want)
			}
		})
	}
}

func TestErasedPersonalDataIsGoneAndTheLogStillVerifies(t *testing.T) {
	s := newStore(t)
	s.create(t, newFlow("f", alice()))
	s.enroll(t, credential("c", alice()))
	for _, ev := range []audit.Event{event(audit.WriteDone, alice(), "canary-alice"), event(audit.WriteDone, bob(), "canary-bob")} {
		if err := s.Record(t.Context(), ev); err != nil {
			t.Fatal(err)
		}
	}
	n, err := s.EraseOf(t.Context(), alice(), flow.Effects{Audit: []audit.Event{{Name: audit.MethodRemoved, At: start(), Outcome: audit.OK, Subject: alice(), Reason: "erased"}}})
	if err != nil || n != 1 {
		t.Fatalf("erased %d, error %v", n, err)
	}
	export := s.export(t)
	if strings.Contains(export, "canary-alice") || !strings.Contains(export, "canary-bob") {
		t.Error("the wrong personal data is left")
	}
	sum, err := ledger.Verify(strings.NewReader(export), s.keys.Verifier())
	if err != nil || sum.Records != 3 || sum.Erased != 1 {
		t.Errorf("verified %+v, error %v", sum, err)
	}
	if n := s.count(t, `SELECT (SELECT count(*) FROM flow) + (SELECT count(*) FROM session) + (SELECT count(*) FROM credential)`); n != 0 {
		t.Errorf("%d rows of the account are left", n)
	}
	past, err := s.History(t.Context(), alice(), 9)
	if err != nil || len(past) != 2 || past[1].Name != audit.WriteDone || past[1].Detail != nil {
		t.Errorf("history %v, error %v", past, err)
	}
}

func TestOddTextSurvivesTheStore(t *testing.T) {
	s := newStore(t)
	ev := event(audit.WriteDone, alice(), "a\x00b\xff<>&\u2028\\u0000 \U0001F511")
	ev.Source.Agent = "agent\x00\xff"
	if err := s.Record(t.Context(), ev); err != nil {
		t.Fatal(err)
	}
	if _, err := ledger.Verify(strings.NewReader(s.export(t)), s.keys.Verifier()); err != nil {
		t.Error(err)
	}
	past, err := s.History(t.Context(), alice(), 1)
	if err != nil || past[0].Detail["name"] != "ab\uFFFD<>&\u2028\\u0000 \U0001F511" {
		t.Errorf("history %q, error %v", past, err)
	}
}

// TestRecordsSayWhoActed: what a leaf says can be searched, in records that were written before there were columns for it, too.
func TestRecordsSayWhoActed(t *testing.T) {
	s := newStore(t)
	plain, by := event(audit.WriteDone, alice(), "x"), event(audit.AccountUnblocked, bob(), "y")
	by.Policy, by.Settings, by.Factors = "Default", 7, []factor.Kind{factor.TOTP, factor.Mail}
	by.By, by.Role, by.Ticket = "olga@corp.example.test", "help-desk", "INC-7"
	plain.Factors = nil
	for _, ev := range []audit.Event{plain, by} {
		if err := s.Record(t.Context(), ev); err != nil {
			t.Fatal(err)
		}
	}
	const want = `(person,reset,"",0,{},"","","") (person,reset,Default,7,"{totp,mail}",olga@corp.example.test,help-desk,INC-7)`
	columns := func() (got string) {
		t.Helper()
		err := s.pool.QueryRow(t.Context(), `
			SELECT string_agg((k.actor, k.purpose, k.policy, e.settings, k.factors, e.by, e.role, e.ticket)::text, ' ' ORDER BY e.seq)
			FROM audit_event e JOIN audit_shape k ON k.id = e.shape`).Scan(&got)
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	if got := columns(); got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
	steps := []string{
		`ALTER TABLE audit_event DROP shape, DROP settings, DROP by, DROP role, DROP ticket`,
		`DROP TABLE audit_shape, audit_day, audit_day_head, audit_search, audit_check`,
		`DROP FUNCTION audit_factors; DROP FUNCTION audit_shape_of; DROP FUNCTION audit_seq_at; DROP INDEX audit_event_flow, audit_event_address, audit_event_typed`,
	}
	for _, name := range []string{"0015_audit_who.sql", "0016_audit_search.sql"} {
		step, err := migrations.FS.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		steps = append(steps, string(step))
	}
	for _, sql := range steps {
		conn, err := s.pool.Acquire(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		_, err = conn.Conn().PgConn().Exec(t.Context(), sql).ReadAll()
		conn.Release()
		if err != nil {
			t.Fatal(err)
		}
	}
	if got := columns(); got != want {
		t.Errorf("after the step: got %s\nwant %s", got, want)
	}
	if sum, err := ledger.Verify(strings.NewReader(s.export(t)), s.keys.Verifier()); err != nil || sum.Records != 2 {
		t.Errorf("verified %+v, error %v", sum, err)
	}
}
