package main

import (
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"rekey/internal/lab/pgtest"
	"rekey/internal/lab/portal"
	"rekey/internal/postgres"
)

// asCommand makes the test binary the product's: tests run it as an operator would.
const asCommand = "REKEY_TEST_AS_COMMAND"

func TestMain(m *testing.M) {
	if os.Getenv(asCommand) != "" {
		main()
		return
	}
	os.Exit(pgtest.Main(m))
}

// quiet settings name a directory that nobody answers for.
const quiet = `brand: {name: Test, firm: Test, help_text: "Help desk: 4357"}
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

// replicas are portals on one database.
func replicas(t *testing.T, names ...string) []*portal.Portal {
	t.Helper()
	dir, url := t.TempDir(), pgtest.URL(t, postgres.Migrate)
	password, settings := filepath.Join(dir, "password"), filepath.Join(dir, "settings.yaml")
	for file, text := range map[string]string{password: "secret", settings: strings.Replace(quiet, "%", password, 1)} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var all []*portal.Portal
	for _, name := range names {
		p, err := portal.Prepare(t.Context(), portal.Spec{
			Binary: os.Args[0], Dir: filepath.Join(dir, name), Database: url, Settings: settings,
			KeyFile: filepath.Join(dir, "rekey.key"), Env: []string{asCommand + "=1"},
		})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(p.Stop)
		if err := p.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
	return all
}

type shown struct {
	Level, Author, Reason string
	Since, Until          time.Time
}

// command runs one and gives what it prints.
func command(t *testing.T, p *portal.Portal, args ...string) string {
	t.Helper()
	out, err := p.Command(t.Context(), args...)
	if err != nil {
		t.Fatalf("rekey %s: %v", strings.Join(args, " "), err)
	}
	return out
}

func read(t *testing.T, text string) (s shown) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), &s); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	return s
}

// machine asks what monitoring asks.
func machine(t *testing.T, p *portal.Portal, path string) (status int, body string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, strings.TrimSuffix(p.Metrics(), "/metrics")+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(text)
}

var gauge = regexp.MustCompile(`(?m)^rekey_threat_level (\d)$`)

// switched waits until every replica's metrics tell a level, and fails when that takes longer than replicas may.
func switched(t *testing.T, all []*portal.Portal, want string) {
	t.Helper()
	began, tick := time.Now(), time.NewTicker(10*time.Millisecond)
	defer tick.Stop()
	for _, p := range all {
		for {
			_, text := machine(t, p, "/metrics")
			found := gauge.FindStringSubmatch(text)
			if found == nil {
				t.Fatal("the metrics name no threat level")
			}
			if found[1] == want {
				break
			}
			if time.Since(began) > 20*time.Second {
				t.Fatalf("the level is %s, want %s", found[1], want)
			}
			<-tick.C
		}
	}
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("the replicas switched after %s", took)
	}
}

// TestThreatCommand: what an operator types is in force on every replica within five seconds, is shown, recorded and kept.
func TestThreatCommand(t *testing.T) {
	all := replicas(t, "left", "right")
	p := all[0]
	if out := command(t, p, "threat"); out != "No threat level is set: policies alone decide." {
		t.Errorf("at first: %q", out)
	}
	switched(t, all, "0")
	if status, body := machine(t, p, "/readyz"); status != http.StatusOK || !strings.Contains(body, `"threat_level_read":true`) {
		t.Errorf("readiness %d %s", status, body)
	}
	before := time.Now()
	s := read(t, command(t, p, "threat", "set", "stop", "--for", "4h", "--reason", "incident 4711", "--author", "root", "--json"))
	if left := s.Until.Sub(before); s.Level != "stop" || s.Author != "root" || s.Reason != "incident 4711" || left < 4*time.Hour-time.Second || left > 4*time.Hour+time.Minute {
		t.Errorf("set %+v", s)
	}
	switched(t, all, "3")
	if now := read(t, command(t, p, "threat", "--json")); now != s {
		t.Errorf("shown %+v, want %+v", now, s)
	}
	if out := command(t, p, "threat"); !strings.HasPrefix(out, "Everything is stopped, since ") || !strings.HasSuffix(out, "(root: incident 4711).") {
		t.Errorf("shown %q", out)
	}
	command(t, p, "threat", "set", "privileged", "--for", "1h", "--reason", "narrower")
	switched(t, all, "2")
	command(t, p, "threat", "set", "raise", "--for", "1h", "--reason", "calmer")
	switched(t, all, "1")
	if out := command(t, p, "threat", "end", "--reason", "it is over", "--author", "root"); !strings.HasPrefix(out, "No threat level is set") {
		t.Errorf("ended %q", out)
	}
	switched(t, all, "0")
	history := strings.Split(command(t, p, "threat", "history"), "\n")
	if len(history) != 5 || !strings.Contains(history[1], "it is over") || !strings.Contains(history[4], "incident 4711") {
		t.Errorf("history %q", history)
	}
	recorded(t, p)
}

// recorded looks for the changes in an export of the audit log, and verifies it.
func recorded(t *testing.T, p *portal.Portal) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "audit")
	command(t, p, "audit", "export", "--out", file)
	command(t, p, "audit", "verify", file, "--key", command(t, p, "audit", "key"))
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if set, ended := strings.Count(string(text), "threat.set"), strings.Count(string(text), "threat.ended"); set != 3 || ended != 1 {
		t.Errorf("%d and %d records", set, ended)
	}
}

// TestThreatCommandRefuses: a level without an end or a reason, or that there is none of.
func TestThreatCommandRefuses(t *testing.T) {
	p := replicas(t, "one")[0]
	for _, args := range []string{
		"set stop --reason why", "set stop --for 4h", "set panic --for 4h --reason why", "set stop --for 4m --reason why",
		"set stop --for 721h --reason why", "end --reason why", "set stop --for 4h --reason=",
	} {
		if out, err := p.Command(t.Context(), append([]string{"threat"}, strings.Fields(args)...)...); err == nil {
			t.Errorf("rekey threat %s: %s", args, out)
		}
	}
	if out := command(t, p, "threat", "history", "--json"); out != "[]" {
		t.Errorf("history %s", out)
	}
}
