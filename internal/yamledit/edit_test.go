package yamledit_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"rekey/internal/yamledit"
)

const small = `# ours
brand: {name: Help, color: "#1f5eff"}   # what people see

directories:
  # the first
  - ad:
      domain: corp.example.test   # its name
      servers:
        - ldaps://dc1.corp.example.test
        - ldaps://dc2.corp.example.test   # the PDC emulator
      # a secret is never written here
      password: {file: /etc/rekey/corp-password}
      connections: 8

  # the second
  - ldap:
      domain: people.example.test
      servers: [ldaps://ldap1.example.test]

authenticators:
  passkey:
  backup-code:   # a sheet
  totp: {digits: 6, period: 30s}

policies:
  - name: Staff
    reset: {count: 2, allowed: [passkey, totp]}

  # people who left
  - name: Former
    reset:
      count: 3

labels: {corp.example.test: Windows}

# text
body: |
  # not a comment
  {{text}}
# the end
`

func tree(t *testing.T, value any) any {
	t.Helper()
	out, err := yamledit.Of(value)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// TestAChangeTouchesWhatItIsFor: in each case the text differs in what is given, and nowhere else.
func TestAChangeTouchesWhatItIsFor(t *testing.T) {
	set := func(path string, v any) func(string) (string, error) {
		return func(s string) (string, error) { return yamledit.Set(s, path, tree(t, v)) }
	}
	del := func(path string) func(string) (string, error) {
		return func(s string) (string, error) { return yamledit.Delete(s, path) }
	}
	ins := func(path string, v any) func(string) (string, error) {
		return func(s string) (string, error) { return yamledit.Insert(s, path, tree(t, v)) }
	}
	type m = map[string]any
	for name, c := range map[string]struct {
		do       func(string) (string, error)
		old, new string
	}{
		"a value":                 {set("directories[0].ad.domain", "head.example.test"), "domain: corp.example.test   # its", "domain: head.example.test   # its"},
		"a number":                {set("directories[0].ad.connections", 16), "connections: 8", "connections: 16"},
		"within brackets":         {set("brand.color", "#000000"), `color: "#1f5eff"`, `color: '#000000'`},
		"a list within brackets":  {set("policies[0].reset.allowed", []string{"passkey"}), "[passkey, totp]", "[passkey]"},
		"an item of a list":       {set("directories[0].ad.servers[1]", "ldaps://dc3.corp.example.test"), "dc2.corp.example.test   #", "dc3.corp.example.test   #"},
		"a key with dots":         {set("labels.corp.example.test", "Mail"), "corp.example.test: Windows", "corp.example.test: Mail"},
		"a new key with dots":     {set(`labels["x.example.test"]`, "X"), "Windows}", "Windows, x.example.test: X}"},
		"a new key":               {set("directories[0].ad.netbios", "CORP"), "connections: 8\n", "connections: 8\n      netbios: CORP\n"},
		"a new key in brackets":   {set("brand.firm", "Example"), `"#1f5eff"}`, `"#1f5eff", firm: Example}`},
		"a new section":           {set("flow.idle", 10*time.Minute), "  {{text}}\n", "  {{text}}\n\nflow: {idle: 10m}\n"},
		"below nothing":           {set("authenticators.backup-code.codes", 12), "backup-code:   # a sheet", "backup-code: {codes: 12}   # a sheet"},
		"a text of lines":         {set("body", "one\ntwo\n"), "body: |\n  # not a comment\n  {{text}}\n", "body: |\n  one\n  two\n"},
		"lines become a word":     {set("body", "one"), "body: |\n  # not a comment\n  {{text}}\n", "body: one\n"},
		"a whole policy":          {set("policies[1]", m{"name": "Former", "reset": m{"count": 2}}), "count: 3", "count: 2"},
		"a renamed policy":        {set("policies[1].name", "Gone: all"), "name: Former", "name: 'Gone: all'"},
		"one more server":         {set("directories[0].ad.servers", []string{"ldaps://dc1.corp.example.test", "ldaps://dc2.corp.example.test", "ldaps://dc3.corp.example.test"}), "# the PDC emulator\n", "# the PDC emulator\n        - ldaps://dc3.corp.example.test\n"},
		"one server less":         {set("directories[0].ad.servers", []string{"ldaps://dc2.corp.example.test"}), "        - ldaps://dc1.corp.example.test\n", ""},
		"a key is gone":           {del("directories[0].ad.password"), "      # a secret is never written here\n      password: {file: /etc/rekey/corp-password}\n", ""},
		"a key in brackets":       {del("authenticators.totp.digits"), "digits: 6, ", ""},
		"the last in brackets":    {del("authenticators.totp.period"), ", period: 30s", ""},
		"the only one":            {del("labels.corp.example.test"), "{corp.example.test: Windows}", "{}"},
		"a section":               {del("labels"), "labels: {corp.example.test: Windows}\n\n", ""},
		"a directory":             {del("directories[1]"), "\n  # the second\n  - ldap:\n      domain: people.example.test\n      servers: [ldaps://ldap1.example.test]\n", ""},
		"the first policy":        {del("policies[0]"), "  - name: Staff\n    reset: {count: 2, allowed: [passkey, totp]}\n\n", ""},
		"the key behind the dash": {del("policies[0].name"), "name: Staff\n    reset: {", "reset: {"},
		"a policy before":         {ins("policies[1]", m{"name": "New", "reset": m{"count": 1}}), "  # people who left\n", "  - name: New\n    reset: {count: 1}\n\n  # people who left\n"},
		"a policy behind":         {ins("policies[2]", m{"name": "New"}), "count: 3\n", "count: 3\n\n  - name: New\n"},
		"a server in brackets":    {ins("directories[1].ldap.servers[0]", "ldap://a.example.test"), "[ldaps://ldap1", "[ldap://a.example.test, ldaps://ldap1"},
		"a list that is not there": {
			ins("links[0]", m{"ad": "corp.example.test", "entra": "x.example.test"}), "  {{text}}\n",
			"  {{text}}\n\nlinks:\n  - ad: corp.example.test\n    entra: x.example.test\n",
		},
		"the same":      {set("policies", []any{m{"name": "Staff", "reset": m{"allowed": []string{"passkey", "totp"}, "count": 2}}, m{"reset": m{"count": 3}, "name": "Former"}}), "", ""},
		"nothing there": {del("policies[0].nothing"), "", ""},
	} {
		want := strings.Replace(small, c.old, c.new, 1)
		for _, end := range []string{"\n", "\r\n"} {
			got, err := c.do(strings.ReplaceAll(small, "\n", end))
			if err != nil {
				t.Errorf("%s: %v", name, err)
			} else if got != strings.ReplaceAll(want, "\n", end) {
				t.Errorf("%s: got\n%s", name, strings.ReplaceAll(got, "\r", "␍"))
			}
		}
	}
}

func TestItemsMoveWithTheirComments(t *testing.T) {
	got, err := yamledit.Move(small, "policies[1]", 0)
	want := strings.Replace(small, "  - name: Staff\n    reset: {count: 2, allowed: [passkey, totp]}\n\n  # people who left\n  - name: Former\n    reset:\n      count: 3\n",
		"  # people who left\n  - name: Former\n    reset:\n      count: 3\n\n  - name: Staff\n    reset: {count: 2, allowed: [passkey, totp]}\n", 1)
	if err != nil || got != want {
		t.Errorf("%v\n%s", err, got)
	}
	if back, err := yamledit.Move(got, "policies[0]", 1); err != nil || back != small {
		t.Errorf("%v\n%s", err, back)
	}
	got, err = yamledit.Move(small, "policies[0].reset.allowed[1]", 0)
	if err != nil || got != strings.Replace(small, "[passkey, totp]", "[totp, passkey]", 1) {
		t.Errorf("%v\n%s", err, got)
	}
}

func TestAListThatIsSetMovesItsItems(t *testing.T) {
	is, err := yamledit.Read(small)
	if err != nil {
		t.Fatal(err)
	}
	list, _ := yamledit.Find(is, "policies")
	l := list.([]any)
	got, err := yamledit.Set(small, "policies", []any{l[1], l[0]})
	want, _ := yamledit.Move(small, "policies[1]", 0)
	if err != nil || got != want {
		t.Errorf("%v\n%s", err, got)
	}
}

// TestAnchorsAreNeverWrittenThrough: what others refer to is not changed for them.
func TestAnchorsAreNeverWrittenThrough(t *testing.T) {
	const text = "a: &x {b: 1}\nc: *x\nd: 1\n"
	for name, do := range map[string]func() (string, error){
		"what others refer to": func() (string, error) { return yamledit.Set(text, "a.b", uint64(2)) },
		"through a reference":  func() (string, error) { return yamledit.Set(text, "c.b", uint64(2)) },
		"the anchor goes":      func() (string, error) { return yamledit.Delete(text, "a") },
	} {
		if got, err := do(); !errors.Is(err, yamledit.ErrForm) {
			t.Errorf("%s: %v\n%s", name, err, got)
		}
	}
	if got, err := yamledit.Set(text, "d", uint64(2)); err != nil || got != strings.Replace(text, "d: 1", "d: 2", 1) {
		t.Errorf("beside them: %v\n%s", err, got)
	}
}

func TestPathsThatLeadNowhere(t *testing.T) {
	for _, path := range []string{"policies[7]", "policies[-1]", "policies[x]", "brand.name.first", "policies.name", "brand[0]", "a..b", "a.", `a["b`, "["} {
		if got, err := yamledit.Set(small, path, "x"); err == nil {
			t.Errorf("%s:\n%s", path, got)
		}
	}
	for _, path := range []string{"", "policies[7]", "policies[x]"} {
		if _, err := yamledit.Delete(small, path); err == nil {
			t.Errorf("%q was deleted", path)
		}
	}
	for _, c := range []struct {
		path string
		to   int
	}{{"policies[0]", 2}, {"policies[2]", 0}, {"brand", 0}, {"policies[0]", -1}} {
		if _, err := yamledit.Move(small, c.path, c.to); err == nil {
			t.Errorf("%s was moved to %d", c.path, c.to)
		}
	}
	for _, path := range []string{"brand[0]", "policies[3]", "policies", "brand.name[0]"} {
		if _, err := yamledit.Insert(small, path, "x"); err == nil {
			t.Errorf("inserted at %s", path)
		}
	}
}

func TestTextsThatSayNothing(t *testing.T) {
	for _, text := range []string{"", "# ours\n", "# ours"} {
		got, err := yamledit.Set(text, "a.b", "c")
		if err != nil || !strings.HasSuffix(got, "a:\n  b: c\n") && !strings.HasSuffix(got, "a: {b: c}\n") || !strings.HasPrefix(got, text) {
			t.Errorf("%q: %q, %v", text, got, err)
		}
	}
}

func TestValuesAreWrittenByTheirTags(t *testing.T) {
	type rule struct {
		Name  string        `yaml:"name"`
		Idle  time.Duration `yaml:"idle,omitempty"`
		From  time.Time     `yaml:"from,omitempty"`
		Until time.Time     `yaml:"until,omitempty"`
		Hour  string        `yaml:"hour,omitempty"`
		Price float64       `yaml:"price,omitempty"`
	}
	r := rule{"Night", 90 * time.Minute, time.Date(2027, 1, 18, 0, 0, 0, 0, time.UTC), time.Date(2027, 1, 18, 7, 30, 0, 0, time.FixedZone("", 3600)), "07:00", 0.075}
	got, err := yamledit.Insert("rules:\n  - name: Day\n", "rules[1]", tree(t, r))
	want := "rules:\n  - name: Day\n  - name: Night\n    idle: 1h30m\n    from: 2027-01-18\n    until: 2027-01-18T07:30:00+01:00\n    hour: '07:00'\n    price: 0.075\n"
	if err != nil || got != want {
		t.Errorf("%v\n%s", err, got)
	}
	all, _ := yamledit.Read(got)
	is, _ := yamledit.Find(all, "rules[1]")
	var back rule
	if err := yamledit.Decode(is, &back); err != nil || !back.From.Equal(r.From) || !back.Until.Equal(r.Until) || back.Idle != r.Idle || back.Price != r.Price {
		t.Errorf("%+v, %v", back, err)
	}
}
