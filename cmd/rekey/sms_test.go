package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"rekey/internal/lab/pgtest"
	"rekey/internal/lab/portal"
	"rekey/internal/lab/smsgateway"
	"rekey/internal/postgres"
)

// texting is a portal that may write to German and Austrian numbers over an imitated gateway.
func texting(t *testing.T) (*portal.Portal, *smsgateway.Gateway) {
	t.Helper()
	g, err := smsgateway.Start(t.Context(), smsgateway.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = g.Close() })
	dir := t.TempDir()
	password, settings := filepath.Join(dir, "password"), filepath.Join(dir, "settings.yaml")
	text := strings.Replace(quiet, "%", password, 1) + fmt.Sprintf(`
sms:
  gateway:
    url: %s/messages
    headers: {Content-Type: application/json, Authorization: "Bearer {{secret.key}}"}
    body: '{"to": "{{number}}", "text": "{{text}}", "reference": "{{id}}"}'
    secrets: {key: {env: SMS_KEY_OF_TEST}}
    receipt: messages.0.id
  home: DE
  countries: [DE, AT]
  spend: {currency: EUR, prices: {DE: 0.075, AT: 0.1}, day: {segments: 3, money: 1}}
`, g.URL())
	for file, content := range map[string]string{password: "secret", settings: text} {
		if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	p, err := portal.Prepare(t.Context(), portal.Spec{
		Binary: os.Args[0], Dir: filepath.Join(dir, "portal"), Database: pgtest.URL(t, postgres.Migrate), Settings: settings,
		KeyFile: filepath.Join(dir, "rekey.key"), Env: []string{asCommand + "=1", "SMS_KEY_OF_TEST=key"},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Stop)
	return p, g
}

// fails runs a command that finds something wrong and gives what it prints and says.
func fails(t *testing.T, p *portal.Portal, args ...string) string {
	t.Helper()
	out, err := p.Command(t.Context(), args...)
	if err == nil {
		t.Errorf("rekey %s succeeds: %s", strings.Join(args, " "), out)
	}
	return fmt.Sprint(out, err)
}

// TestSMSCommands: a test passes the guards that every message passes, costs what it costs, and is in the audit log without the number.
func TestSMSCommands(t *testing.T) {
	p, g := texting(t)
	if out := command(t, p, "sms", "send", "--to", "0171 1234567", "--test"); !strings.Contains(out, "took it as 1.") {
		t.Errorf("said %q", out)
	}
	if m := g.Messages(); len(m) != 1 || m[0].To != "+491711234567" || !strings.Contains(m[0].Text, "this is a test") {
		t.Errorf("sent %+v", m)
	}
	out := command(t, p, "sms", "spend", "--json")
	var books map[string]spent
	if err := json.Unmarshal([]byte(out), &books); err != nil || books["day"].Segments != 1 || books["day"].MaxMoney != 1 || len(books["month"].Countries) != 1 {
		t.Errorf("%v: %s", err, out)
	}
	for to, want := range map[string]string{
		"+43 660 1234567x": "no telephone number", "+49 900 1234567": "mobile numbers alone", "+1 202 555 0123": "not in sms.countries",
	} {
		if said := fails(t, p, "sms", "send", "--to", to, "--test"); !strings.Contains(said, want) {
			t.Errorf("%s: %q", to, said)
		}
	}
	g.Break(smsgateway.Fault{Status: 402, Body: "no credit left", Times: 1})
	if said := fails(t, p, "sms", "send", "--to", "+43 660 1234567", "--test"); !strings.Contains(said, "no credit left") || !strings.Contains(said, "status 402") {
		t.Errorf("said %q", said)
	}
	command(t, p, "sms", "send", "--to", "+43 660 1234567", "--test")
	command(t, p, "sms", "send", "--to", "+43 660 1234567", "--test")
	if said := fails(t, p, "sms", "send", "--to", "+43 660 1234568", "--test"); !strings.Contains(said, "the cap spend.day is reached") {
		t.Errorf("said %q", said)
	}
	if n := len(g.Messages()); n != 3 {
		t.Errorf("%d were sent", n)
	}

	said := fails(t, p, "sms", "spend")
	for _, want := range []string{"today       DE       1         1                 0.075", "today       all      3         3         3       0.275  1.00 EUR", "this month  all      3         3         no cap  0.275  no cap", "a cap is reached"} {
		if !strings.Contains(said, want) {
			t.Errorf("no %q in\n%s", want, said)
		}
	}
	if said := fails(t, p, "doctor"); !strings.Contains(said, "the gateway's host answers") || !strings.Contains(said, "a cap is reached") {
		t.Errorf("said %s", said)
	}
	log := command(t, p, "audit", "export")
	if strings.Count(log, "message.tested") != 8 || strings.Count(log, "message.withheld") != 4 || strings.Contains(log, "1711234567") || strings.Contains(log, "6601234567") {
		t.Errorf("audit log: %s", log)
	}
}

func TestSMSWithoutAGatewayIsSaidSo(t *testing.T) {
	all := replicas(t, "one")
	if said := fails(t, all[0], "sms", "send", "--to", "+49 171 1234567", "--test"); !strings.Contains(said, `no way to send by "sms"`) {
		t.Errorf("said %q", said)
	}
	if out := command(t, all[0], "sms", "spend"); !strings.Contains(out, "no cap") {
		t.Errorf("said %q", out)
	}
	if _, text := machine(t, all[0], "/metrics"); strings.Contains(text, "rekey_sms_spent") {
		t.Error("metrics of what is not there")
	}
}
