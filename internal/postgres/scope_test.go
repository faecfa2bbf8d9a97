package postgres_test

import (
	"testing"

	"rekey/internal/rulebook"
)

// scoped is a copy with names that look alike, and some that would mean something to a pattern.
const scoped = `
	INSERT INTO sync_state (directory, pass, current, complete) VALUES ('corp.example.test', 1, now(), now());
	INSERT INTO grp (dir, object, seen, policy, name) SELECT dir, md5(n)::uuid, 1, 'S-1-5-21-1-2-3-' || length(n), n
	FROM sync_state, unnest(ARRAY['Finance', 'All of finance', '100%_sure', '<b>Bold</b>']) AS n;
	INSERT INTO unit (dir, object, seen, path, name) SELECT dir, md5(n)::uuid, 1, 'OU=' || n || ',OU=Staff,DC=corp,DC=example,DC=test', n
	FROM sync_state, unnest(ARRAY['Berlin', 'East Berlin']) AS n;
	INSERT INTO person (dir, object, seen, disabled, expired, locked, password_expired, must_change, cannot_change, privileged, synced, sam, upn, netbios,
		path, sid, anchor, display_name, given_name, mail, mails, language, own_groups, attributes, gone)
	SELECT dir, md5(n)::uuid, 1, false, false, false, false, false, false, false, false, n, n || '@corp.example.test', 'CORP', 'CN=' || n, '', '', 'Anna ' || n, '',
		'', '{}', '', '{}', '{}', CASE n WHEN 'zoe' THEN now() END
	FROM sync_state, unnest(ARRAY['berg', 'zoe', 'adler']) AS n`

func TestScopesFindWhatIsNamed(t *testing.T) {
	s := newStore(t)
	if _, err := s.pool.Exec(t.Context(), scoped); err != nil {
		t.Fatal(err)
	}
	labels := func(what rulebook.Kind, text string, most int) (out []string, first rulebook.Found) {
		found, err := s.Scopes().Find(t.Context(), what, text, most)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range found {
			out = append(out, f.Label)
		}
		if len(found) > 0 {
			first = found[0]
		}
		return out, first
	}
	for _, c := range []struct {
		what rulebook.Kind
		text string
		most int
		want []string
	}{
		{rulebook.Groups, "fin", 9, []string{"Finance", "All of finance"}},
		{rulebook.Groups, "fin", 1, []string{"Finance"}},
		{rulebook.Groups, "%", 9, []string{"100%_sure"}},
		{rulebook.Groups, "0%_s", 9, []string{"100%_sure"}},
		{rulebook.Groups, "<b>", 9, []string{"<b>Bold</b>"}},
		{rulebook.Groups, "\x00", 0, nil},
		{rulebook.Units, "berlin", 9, []string{"Berlin", "East Berlin"}},
		{rulebook.Units, "ou=staff", 9, []string{"Berlin", "East Berlin"}},
		{rulebook.People, "anna", 9, []string{"Anna adler", "Anna berg"}},
		{rulebook.People, "BERG@corp", 9, []string{"Anna berg"}},
		{rulebook.People, "zoe", 9, nil}, // is gone
	} {
		if got, _ := labels(c.what, c.text, c.most); len(got) != len(c.want) || len(got) > 0 && (got[0] != c.want[0] || got[len(got)-1] != c.want[len(got)-1]) {
			t.Errorf("%s %q: %q, want %q", c.what, c.text, got, c.want)
		}
	}
	for _, what := range []rulebook.Kind{rulebook.Groups, rulebook.Units, rulebook.People} {
		_, one := labels(what, "b", 1)
		named, err := s.Scopes().Named(t.Context(), what, []string{one.Value, "no/such", "x"})
		if err != nil || len(named) != 1 || named[one.Value] != one {
			t.Errorf("%s: %+v of %+v, %v", what, named, one, err)
		}
	}
	if named, err := s.Scopes().Named(t.Context(), rulebook.Groups, nil); err != nil || len(named) > 0 {
		t.Error(named, err)
	}
}
