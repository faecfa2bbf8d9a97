package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"

	"rekey/internal/lab/pgtest"
	"rekey/internal/lab/portal"
	"rekey/internal/postgres"
)

// house is an installation without a portal that serves.
type house struct {
	*portal.Portal
	dir, base string // base: settings that ask for one way
	pool      *pgxpool.Pool
}

const asksForOne = `brand: {name: Test, firm: Test, help_text: "Help desk: 4357"}
directories:
  - ldap:
      domain: corp.example.test
      servers: [ldaps://127.0.0.1:1]
      base_dn: dc=corp,dc=example,dc=test
      user: cn=rekey,dc=corp,dc=example,dc=test
      password: {file: %}
authenticators: {totp: {}, backup-code: {}, mail: {}}
defaults:
  corp.example.test: {name: Staff, reset: {count: 1}}
lint: {ignore: [mail-alone]} # one way of any kind, for the test
mail: {host: localhost, security: plaintext, from: rekey@example.test}
`

func newHouse(t *testing.T) house {
	t.Helper()
	h := house{dir: t.TempDir()}
	url, password := pgtest.URL(t, postgres.Migrate), filepath.Join(h.dir, "password")
	if err := os.WriteFile(password, []byte("secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	h.base = strings.Replace(asksForOne, "%", password, 1)
	var err error
	h.Portal, err = portal.Prepare(t.Context(), portal.Spec{Binary: os.Args[0], Dir: h.dir, Database: url, Env: []string{asCommand + "=1"}})
	if err != nil {
		t.Fatal(err)
	}
	if h.pool, err = pgxpool.New(t.Context(), url); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(h.pool.Close)
	return h
}

// file writes settings with a piece replaced.
func (h house) file(t *testing.T, old, next string) string {
	t.Helper()
	if !strings.Contains(h.base, old) {
		t.Fatalf("no %q in the settings", old)
	}
	path := filepath.Join(h.dir, "settings.yaml")
	if err := os.WriteFile(path, []byte(strings.Replace(h.base, old, next, 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// rekey runs a command and checks its exit status.
func (h house) rekey(t *testing.T, status int, args ...string) (stdout, stderr string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0], append([]string{"--config", h.ConfigFile()}, args...)...)
	cmd.Env = append(os.Environ(), asCommand+"=1", "USER=lab")
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	got := 0
	if err := cmd.Run(); err != nil {
		var exit *exec.ExitError
		if !errors.As(err, &exit) {
			t.Fatal(err)
		}
		got = exit.ExitCode()
	}
	if got != status {
		t.Fatalf("rekey %s: exit status %d, want %d\n%s%s", strings.Join(args, " "), got, status, &out, &errs)
	}
	return out.String(), errs.String()
}

func (h house) exec(t *testing.T, sql string) {
	t.Helper()
	if _, err := h.pool.Exec(t.Context(), sql); err != nil {
		t.Fatal(err)
	}
}

func (h house) version(t *testing.T) (n int64) {
	t.Helper()
	if err := h.pool.QueryRow(t.Context(), `SELECT max(number) FROM settings_version`).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// records gives what the audit log says of settings with an outcome, newest first.
func (h house) records(t *testing.T, outcome string) []map[string]string {
	t.Helper()
	rows, err := h.pool.Query(t.Context(), `SELECT personal->'detail' FROM audit_event WHERE name = 'settings.applied' AND outcome = $1 ORDER BY seq DESC`, outcome)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var all []map[string]string
	for rows.Next() {
		var detail map[string]string
		if err := rows.Scan(&detail); err != nil {
			t.Fatal(err)
		}
		all = append(all, detail)
	}
	return all
}

// twenty people have an authenticator app each, and everybody is in the copy.
const twenty = `
	INSERT INTO sync_state (directory, pass, current, complete) VALUES ('corp.example.test', 1, now(), now());
	INSERT INTO person (dir, object, seen, disabled, expired, locked, password_expired, must_change, cannot_change, privileged, synced, sam, upn, netbios,
		path, sid, anchor, display_name, given_name, mail, mails, language, own_groups, attributes)
	SELECT dir, md5('p' || i)::uuid, 1, false, false, false, false, false, false, false, false, 'p' || i, 'p' || i || '@corp.example.test', 'CORP',
		'uid=p' || i || ',dc=corp,dc=example,dc=test', '', '', '', '', '', '{}', '', '{}', '{}' FROM sync_state, generate_series(1, 20) AS i;
	INSERT INTO credential (id, version, directory, object, kind, label, channel, data, created)
	SELECT 'c' || i, 1, 'corp.example.test', md5('p' || i)::uuid::text, 'totp', '', 'device:' || i, '', now() FROM generate_series(1, 20) AS i`

// TestAChangeThatWouldStrandPeopleIsRefused: from the first settings to one that nobody could reset under any more, and back.
func TestAChangeThatWouldStrandPeopleIsRefused(t *testing.T) {
	h := newHouse(t)
	first := h.file(t, "", "")
	if _, doubts := h.rekey(t, 0, "settings", "apply", first, "--reason", "first"); !strings.Contains(doubts, "no settings are in force yet") {
		t.Errorf("the first of all: %s", doubts)
	}
	two := h.file(t, "count: 1", "count: 2")
	if _, doubts := h.rekey(t, 0, "settings", "apply", two, "--reason", "nobody known"); !strings.Contains(doubts, "Nobody could be looked at: no directory has been copied") {
		t.Errorf("an empty copy: %s", doubts)
	}
	h.rekey(t, 0, "settings", "revert", "1", "--reason", "begin anew")
	h.exec(t, twenty)

	plan, _ := h.rekey(t, 2, "settings", "plan", two, "--names", "3")
	for _, want := range []string{
		"- ", "+ ", "20 people known, as of ", "20 people looked at, 20 of them affected", "reset: 20 can now, 0 could then", "20 become UNABLE: p", ", …",
		"unlock: 20 can now, 0 could then\n  the same as for reset",
	} {
		if !strings.Contains(plan, want) {
			t.Errorf("the plan does not say %q:\n%s", want, plan)
		}
	}
	_, refusal := h.rekey(t, 2, "settings", "apply", two, "--reason", "two are safer", "--author", "ops")
	for _, want := range []string{"20 of the 20 people who can reset could not any more; 2 are allowed", "@corp.example.test", "rekey settings plan " + two, "--max-unable 20"} {
		if !strings.Contains(refusal, want) {
			t.Errorf("the refusal does not say %q:\n%s", want, refusal)
		}
	}
	h.rekey(t, 2, "settings", "apply", two, "--reason", "half", "--max-unable", "50%")
	if v, r := h.version(t), h.records(t, "refused"); v != 3 || len(r) != 2 || r[1]["author"] != "ops" || r[1]["reason"] != "two are safer" || r[1]["unable"] != "20" {
		t.Errorf("version %d, refusals %v", v, r)
	}
	if out, _ := h.rekey(t, 0, "settings", "apply", two, "--reason", "they know", "--max-unable", "20"); !strings.Contains(out, "Version 4 is in force") {
		t.Errorf("told to go on: %s", out)
	}
	if r := h.records(t, "ok")[0]; r["reason"] != "they know" || r["unable"] != "20" {
		t.Errorf("recorded %v", r)
	}

	if out, _ := h.rekey(t, 0, "settings", "revert", "3", "--reason", "too many calls", "--author", "night shift"); !strings.Contains(out, "Version 5 is in force") {
		t.Errorf("reverted: %s", out)
	}
	if r := h.records(t, "ok")[0]; r["reverts"] != "3" || r["reason"] != "too many calls" || r["author"] != "night shift" || r["unable"] != "0" {
		t.Errorf("recorded %v", r)
	}
	h.rekey(t, 2, "settings", "revert", "4", "--reason", "once more")
	h.rekey(t, 1, "settings", "revert", "99", "--reason", "no such version")
	if diff, _ := h.rekey(t, 0, "settings", "diff", "4", "5"); !strings.Contains(diff, "reset: {count: 2}") || !strings.Contains(diff, "+ ") {
		t.Errorf("diff: %s", diff)
	}
	if same, _ := h.rekey(t, 0, "settings", "diff", "3"); same != "" {
		t.Errorf("diff to the newest: %s", same)
	}
	if history, _ := h.rekey(t, 0, "settings", "history", "--diff", "--limit", "2"); !strings.Contains(history, "Version 5, saved ") || strings.Count(history, "\n- ") != 2 {
		t.Errorf("history: %s", history)
	}
}

// TestWhatBeginsLaterIsLookedAtAsOfThen: until somebody asks for it, it is named as not looked at.
func TestWhatBeginsLaterIsLookedAtAsOfThen(t *testing.T) {
	h := newHouse(t)
	h.rekey(t, 0, "settings", "apply", h.file(t, "", ""), "--reason", "first")
	h.exec(t, twenty)
	later := h.file(t, "authenticators:", "policies: [{name: Trial, from: 2099-01-01T00:00:00+01:00, reset: {count: 2}}]\nauthenticators:")
	at := []string{"--at", "2099-01-01T00:00:00+01:00"}
	plan, _ := h.rekey(t, 2, "settings", "plan", later)
	if !strings.Contains(plan, "reset: 20 can now, 20 could then") || !strings.Contains(plan, "Trial begins later and was not looked at; this does: "+strings.Join(at, " ")+".") {
		t.Errorf("as of now:\n%s", plan)
	}
	plan, _ = h.rekey(t, 2, append([]string{"settings", "plan", later}, at...)...)
	if !strings.Contains(plan, "20 become UNABLE: p") || strings.Contains(plan, "Note: ") {
		t.Errorf("as of then:\n%s", plan)
	}
	h.rekey(t, 2, append([]string{"settings", "apply", later, "--reason", "a trial"}, at...)...)
	_, doubts := h.rekey(t, 0, "settings", "apply", later, "--reason", "a trial")
	if !strings.Contains(doubts, "Trial begins later") {
		t.Errorf("applied: %s", doubts)
	}
}

// TestThePlanAsJSON has everybody for whom something differs.
func TestThePlanAsJSON(t *testing.T) {
	h := newHouse(t)
	first := h.file(t, "", "")
	h.rekey(t, 0, "settings", "apply", first, "--reason", "first")
	h.exec(t, twenty)
	read := func(status int, file string) (people []struct{ Name string }, alike bool) {
		t.Helper()
		out, _ := h.rekey(t, status, "settings", "plan", file, "--json")
		var all struct {
			People []struct{ Name string }
			Plan   struct {
				Alike  bool
				Report struct{ People, Changed int }
			}
		}
		if err := json.Unmarshal([]byte(out), &all); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		if len(all.People) != all.Plan.Report.Changed {
			t.Errorf("%d people, %+v", len(all.People), all.Plan)
		}
		return all.People, all.Plan.Alike
	}
	if people, alike := read(2, h.file(t, "count: 1", "count: 2")); len(people) != 20 || alike || !strings.HasSuffix(people[0].Name, "@corp.example.test") {
		t.Errorf("%v, %v", people, alike)
	}
	if people, alike := read(0, h.file(t, "", "")); len(people) != 0 || !alike {
		t.Errorf("%v, %v", people, alike)
	}
}

// TestWhatDecidesNothingIsAppliedAtOnce: nobody is looked at for a colour, nor for somebody who does not want it; for a policy a copy
// that cannot be read stops the change.
func TestWhatDecidesNothingIsAppliedAtOnce(t *testing.T) {
	h := newHouse(t)
	h.rekey(t, 0, "settings", "apply", h.file(t, "", ""), "--reason", "first")
	h.exec(t, twenty+`; ALTER TABLE person RENAME TO away`)
	h.rekey(t, 0, "settings", "apply", h.file(t, "brand: {name: Test", "brand: {name: Other"), "--reason", "a name")
	two := h.file(t, "count: 1", "count: 2")
	h.rekey(t, 1, "settings", "apply", two, "--reason", "looked at")
	h.rekey(t, 80, "settings", "apply", two, "--reason", "both", "--yes", "--max-unable", "1") // wrong usage
	h.rekey(t, 1, "settings", "apply", two, "--reason", "no number", "--max-unable", "some")
	h.rekey(t, 1, "settings", "apply", two, "--reason", "no address", "--ip", "here")
	if v := h.version(t); v != 2 {
		t.Errorf("version %d", v)
	}
	h.rekey(t, 0, "settings", "apply", two, "--reason", "not looked at", "--yes")
	if r := h.records(t, "ok")[0]; r["unable"] != "not looked at" {
		t.Errorf("recorded %v", r)
	}
}

// TestDrift: what a file looks like is no difference, what it says is.
func TestDrift(t *testing.T) {
	h := newHouse(t)
	h.rekey(t, 0, "settings", "apply", h.file(t, "", ""), "--reason", "first")
	same := h.file(t, "authenticators: {totp: {}, backup-code: {}, mail: {}}", "# one line each\nauthenticators:\n  mail: {}\n  backup-code: {} # on paper\n  totp: {}")
	if out, _ := h.rekey(t, 0, "settings", "drift", same); out != "" {
		t.Errorf("the same: %s", out)
	}
	out, _ := h.rekey(t, 2, "settings", "drift", h.file(t, "count: 1", "count: 3"))
	if !strings.Contains(out, "-       count: 1\n+       count: 3\n") {
		t.Errorf("another count: %s", out)
	}
	h.rekey(t, 1, "settings", "drift", h.file(t, "brand: {", "brand: [{"))
}

// TestLockedSettingsTakeThePipeline: commands go on, and say what else is to be done.
func TestLockedSettingsTakeThePipeline(t *testing.T) {
	h := newHouse(t)
	t.Setenv("REKEY_SETTINGS_LOCKED", "true")
	h.rekey(t, 0, "settings", "apply", h.file(t, "", ""), "--reason", "first")
	h.rekey(t, 0, "settings", "apply", h.file(t, "count: 1", "count: 2"), "--reason", "second")
	if _, note := h.rekey(t, 0, "settings", "revert", "1", "--reason", "back"); !strings.Contains(note, "settings_locked") {
		t.Errorf("reverted: %s", note)
	}
	if v := h.version(t); v != 3 {
		t.Errorf("version %d", v)
	}
}
