package preview_test

import (
	"runtime"
	"testing"

	"rekey/internal/factor"
	"rekey/internal/policy"
	"rekey/internal/preview"
)

// crowd fills the copy with people in ten teams each, which are in departments, which are in the firm, and gives each two ways.
const crowd = `
	INSERT INTO sync_state (directory, pass, current, complete) VALUES ('corp.example.test', 1, now(), now());
	INSERT INTO person (dir, object, seen, disabled, expired, locked, password_expired, must_change, cannot_change, privileged, synced, sam, upn, netbios,
		path, sid, anchor, display_name, given_name, mail, mails, language, own_groups, attributes)
	SELECT dir, md5('p' || i)::uuid, 1, i % 50 = 0, false, false, false, false, false, i % 100 = 1, false, 'p' || i, 'p' || i || '@corp.example.test', 'CORP',
		'CN=p' || i || ',OU=U' || i % 100 || ',OU=Staff,DC=corp,DC=example,DC=test', 'S-1-5-21-1-2-3-' || i, md5(i::text), 'Person ' || i, 'P',
		'p' || i || '@corp.example.test', '{}', 'en', '{S-1-5-21-1-2-3-513}', jsonb_build_object('department', jsonb_build_array('D' || i % 40))
	FROM sync_state, generate_series(1, 100000) AS i;
	INSERT INTO grp (dir, object, seen, policy, name)
	SELECT dir, md5('g' || i)::uuid, 1, CASE i WHEN 0 THEN 'S-1-5-21-1-2-3-513' ELSE 'S-1-5-21-1-2-4-' || i END, 'Team ' || i FROM sync_state, generate_series(0, 2200) AS i;
	INSERT INTO member (dir, child, grp, seen) SELECT dir, md5('p' || i)::uuid, md5('g' || 1 + (i * 7 + n * 191) % 2000)::uuid, 1
	FROM sync_state, generate_series(1, 100000) AS i, generate_series(1, 10) AS n ON CONFLICT DO NOTHING;
	INSERT INTO member (dir, child, grp, seen) SELECT dir, md5('g' || i)::uuid, md5('g' || 2001 + i % 199)::uuid, 1 FROM sync_state, generate_series(1, 2000) AS i;
	INSERT INTO member (dir, child, grp, seen) SELECT dir, md5('g' || i)::uuid, md5('g2200')::uuid, 1 FROM sync_state, generate_series(2001, 2199) AS i;
	INSERT INTO credential (id, version, directory, object, kind, label, channel, data, created)
	SELECT k || i, 1, 'corp.example.test', md5('p' || i)::uuid::text, k, '', k || i, '', now() FROM generate_series(1, 100000) AS i, unnest(ARRAY['totp', 'mail']) AS k;
	ANALYZE`

// BenchmarkHundredThousand compares two versions over 100,000 people with 21 groups and two ways each.
func BenchmarkHundredThousand(b *testing.B) {
	h := newHouse(b)
	if _, err := h.pool.Exec(b.Context(), crowd); err != nil {
		b.Fatal(err)
	}
	before := version(b, staff(policy.Requirement{Count: 2}), nil)
	after := version(b, staff(policy.Requirement{Count: 2}, policy.Policy{
		Name: "Team 7", Scope: policy.Scope{Groups: []string{`CORP\Team 2007`}}, Reset: policy.Requirement{Count: 2, Mandatory: []factor.Kind{factor.BackupCode}},
	}), nil)
	for b.Loop() {
		var m runtime.MemStats
		most := uint64(0)
		r, err := h.Compare(b.Context(), before, after, preview.Options{Names: 10, Progress: func(int64, int64) {
			runtime.ReadMemStats(&m)
			most = max(most, m.HeapAlloc)
		}})
		if err != nil || r.People != 98_000 || r.Changed == 0 {
			b.Fatalf("%d people, %d changed, %v", r.People, r.Changed, err)
		}
		b.ReportMetric(float64(most)/1e6, "heap-MB")
	}
}
