package configure_test

import (
	"fmt"
	"strings"
	"testing"

	"rekey/internal/configure"
	"rekey/internal/form"
	"rekey/internal/mail"
	"rekey/internal/secret"
)

func TestASecretNeverComesBack(t *testing.T) {
	h := newHouse(t)
	h.save(t, 1, configure.Change{Path: "mail.password", Value: secret.New("another-Secret-5")})
	h.save(t, 2, configure.Change{Path: "directories[0]", Do: configure.Delete})
	var sealed []string
	for n := int64(1); n <= 3; n++ {
		v, err := h.Store.SettingsVersion(t.Context(), n)
		if err != nil {
			t.Fatal(err)
		}
		for _, line := range strings.Split(string(v.Document), "\n") {
			if _, value, ok := strings.Cut(line, "sealed: "); ok {
				sealed = append(sealed, strings.Trim(value, `"'} `))
			}
		}
	}
	if len(sealed) < 4 {
		t.Fatalf("found %d sealed values", len(sealed))
	}
	sealed = append(sealed, password, token, "another-Secret-5", "sales-Secret-1")

	current, err := h.Read(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var config mail.Config
	if _, err := current.Fragment("mail", &config); err != nil || config.Password != (secret.Ref{Sealed: form.Kept}) || config.User != "rekey" {
		t.Errorf("%+v, %v", config, err)
	}
	value, _ := current.Value("")
	shown := fmt.Sprint(value)
	for n := int64(1); n <= 3; n++ {
		v, text, err := h.Export(t.Context(), n)
		shown += fmt.Sprint(v, text, err)
	}
	shown += fmt.Sprint(h.propose(t, configure.Revert(3, 1)).Lines, h.propose(t, configure.Revert(3, 1)).Text)
	history, err := h.History(t.Context(), 0, 10)
	compared, failed := h.Compare(t.Context(), 3, 1)
	shown += fmt.Sprint(history, compared, err, failed)
	for _, s := range sealed {
		if strings.Contains(shown, s) {
			t.Errorf("shows %s", s)
		}
	}
	if !strings.Contains(shown, "[redacted]") || !strings.Contains(shown, form.Kept) {
		t.Error("does not say that there are secrets")
	}
}

func TestAPageThatKeepsASecretTouchesNothing(t *testing.T) {
	h := newHouse(t)
	before := string(h.stored(t).Document)
	current, err := h.Read(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"directories[0].ad", "directories[0]", "directories", "mail", ""} {
		value, ok := current.Value(path)
		if path == "" {
			continue
		}
		p := h.propose(t, configure.Draft{After: 1, Changes: []configure.Change{{Path: path, Value: value}}})
		if !ok || p.Changes() || len(p.Problems) > 0 {
			t.Errorf("%s: %+v %v\n%s", path, p.Lines, p.Problems, p.Text)
		}
	}
	value, _ := current.Value("directories[0].ad")
	value.(map[string]any)["connections"] = 4
	h.save(t, 1, configure.Change{Path: "directories[0].ad", Value: value})
	if got := string(h.stored(t).Document); got != strings.Replace(before, "connections: 8", "connections: 4", 1) {
		t.Errorf("got\n%s", got)
	}
}

func TestAnExportThatIsReadBackChangesNothing(t *testing.T) {
	h := newHouse(t)
	_, text, err := h.Export(t.Context(), 0)
	if err != nil {
		t.Fatal(err)
	}
	if p := h.propose(t, configure.Import(1, text)); len(p.Lines) != 0 || len(p.Problems) != 0 {
		t.Errorf("%+v %v", p.Lines, p.Problems)
	}
	p := h.propose(t, configure.Import(1, strings.Replace(text, "name: Help ", "name: Aid ", 1)))
	if len(p.Lines) != 1 || !p.Saves() {
		t.Errorf("%+v %v", p.Lines, p.Problems)
	}
}

// TestAttack33CVE20245967ASecretGoesWhereItWent: whoever may edit a connector cannot have a saved secret sent to a server of their own.
func TestAttack33CVE20245967ASecretGoesWhereItWent(t *testing.T) {
	h := newHouse(t)
	current, err := h.Read(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	sealedMail := strings.Trim(strings.Split(strings.SplitAfter(string(h.stored(t).Document), "user: rekey\n  password: {sealed: ")[1], "}")[0], `"' `)
	const ad = "directories[0].ad"
	with := func(path string, change func(m map[string]any)) []configure.Change {
		value, _ := current.Value(path)
		m := value.(map[string]any)
		change(m)
		return []configure.Change{{Path: path, Value: m}}
	}
	set := func(path string, v any) configure.Change { return configure.Change{Path: path, Value: v} }
	insert := func(text string) []configure.Change {
		return []configure.Change{{Path: "directories[2]", Do: configure.Insert, Text: text}}
	}
	evil := []string{"ldaps://evil.example.test"}
	for name, c := range map[string]struct {
		changes []configure.Change
		path    string // of the problem; empty: none
	}{
		"another server, kept":             {with(ad, func(m map[string]any) { m["servers"] = evil }), ad + ".password"},
		"one more server":                  {[]configure.Change{set(ad+".servers[1]", "x"), set(ad+".servers", append([]string{"ldaps://dc1.corp.example.test"}, evil...))}, ad + ".servers[1]"},
		"another server alone":             {[]configure.Change{set(ad+".servers", evil)}, ad + ".password"},
		"other certificates":               {[]configure.Change{set(ad+".ca_file", "/tmp/evil.pem")}, ad + ".password"},
		"another server, in a variable":    {[]configure.Change{set("directories[1].ad.servers", evil)}, "directories[1].ad.password"},
		"another mail server":              {[]configure.Change{set("mail.host", "evil.example.test")}, "mail.password"},
		"mail without TLS":                 {[]configure.Change{set("mail.security", "tls")}, "mail.password"},
		"the secret in another place":      {[]configure.Change{set(ad+".password", map[string]any{"sealed": sealedMail})}, ad + ".password"},
		"a file nobody named":              {[]configure.Change{set(ad+".password", map[string]any{"file": "/etc/shadow"})}, ad + ".password"},
		"a variable of another place":      {[]configure.Change{set(ad+".password", map[string]any{"env": "REKEY_TEST_SALES"})}, ad + ".password"},
		"a directory with a known secret":  {insert("ad: {domain: evil.example.test, servers: [ldaps://evil.example.test], user: a@b, password: {env: REKEY_TEST_SALES}}"), "directories[2].ad.password"},
		"with a file in place of a token":  {insert("entra: {domain: evil.example.test, authority: 'https://evil.example.test', token_file: /etc/rekey/key}"), "directories[2].entra.token_file"},
		"with the machine's identity":      {insert("entra: {domain: evil.example.test, graph: 'https://evil.example.test', managed_identity: {}}"), "directories[2].entra.managed_identity"},
		"two that change their places":     {[]configure.Change{set(ad+".domain", "x.example.test"), set("directories[1].ad.domain", "corp.example.test")}, ad + ".password"},
		"an imported text":                 {[]configure.Change{{Text: strings.Replace(string(h.stored(t).Document), "ldaps://dc1.corp", "ldaps://evil", 1)}}, ad + ".password"},
		"the file in a merged part":        {[]configure.Change{{Text: string(h.stored(t).Document) + "sms:\n  gateway:\n    <<: {password: {file: /etc/shadow}}\n    url: https://evil.example.test\n"}}, "sms.gateway.password"},
		"what does not lead anywhere else": {with(ad, func(m map[string]any) { m["attributes"], m["connections"] = []string{"department"}, 4 }), ""},
		"moved":                            {[]configure.Change{{Path: "directories[1]", Do: configure.Move}}, ""},
		"typed again":                      {with(ad, func(m map[string]any) { m["servers"], m["password"] = evil, secret.New("new") }), ""},
		"mail typed again":                 {[]configure.Change{set("mail.host", "mail.example.test"), set("mail.password", secret.New("new"))}, ""},
	} {
		p := h.propose(t, configure.Draft{After: 1, Changes: c.changes})
		switch {
		case c.path == "" && (len(p.Problems) > 0 || !p.Saves()):
			t.Errorf("%s: %+v %v", name, p.Problems, p.Findings)
		case c.path != "" && (len(p.Problems) == 0 || p.Saves() || p.Problems[0].Path != c.path):
			t.Errorf("%s: %+v", name, p.Problems)
		}
	}
}

func TestADraftWaitsInAPage(t *testing.T) {
	h := newHouse(t)
	d := configure.Draft{After: 1, Changes: []configure.Change{
		{Path: "mail", Value: map[string]any{
			"host": "127.0.0.1", "from": "a@example.test", "user": "rekey", "password": secret.New("typed-Secret-3"), "timeout": "5s",
		}},
		{Path: "policies[1]", Do: configure.Move, To: 0},
		{Path: "policies[1].name", Value: "Everybody"},
	}}
	text, err := h.Hold(h.owner, d)
	if err != nil || strings.Contains(text, "typed-Secret-3") || strings.Contains(text, "mail") {
		t.Fatalf("%v %s", err, text)
	}
	if _, err := h.Held(author("eve"), text); err == nil {
		t.Error("somebody else may go on with it")
	}
	if _, err := h.Held(h.owner, text+"x"); err == nil {
		t.Error("it may be changed")
	}
	back, err := h.Held(h.owner, text)
	if err != nil {
		t.Fatal(err)
	}
	if a, b := h.propose(t, d), h.propose(t, back); fmt.Sprint(a.Lines) != fmt.Sprint(b.Lines) || len(b.Lines) < 5 {
		t.Errorf("%v\n%v", a.Lines, b.Lines)
	}
	if _, err := h.Save(t.Context(), h.owner, back, "because"); err != nil || h.mailPassword(t) != "typed-Secret-3" {
		t.Errorf("%v", err)
	}
	going, err := h.Hold(h.owner, configure.Revert(2, 1))
	if err != nil {
		t.Fatal(err)
	}
	if back, err := h.Held(h.owner, going); err != nil || back.Reverts() != 1 || back.After != 2 {
		t.Errorf("%+v, %v", back, err)
	}
}

func TestKeptWhereNothingWasKept(t *testing.T) {
	h := newHouse(t)
	changes := []configure.Change{{Path: "mail", Value: map[string]any{"host": "localhost", "security": "plaintext", "from": "a@example.test"}}}
	h.save(t, 1, changes...)
	changes[0].Value = map[string]any{"host": "localhost", "security": "plaintext", "from": "b@example.test", "password": kept()}
	h.save(t, 2, changes...)
	if strings.Contains(string(h.stored(t).Document), form.Kept) {
		t.Errorf("got\n%s", h.stored(t).Document)
	}
}
