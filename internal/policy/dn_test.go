package policy_test

import (
	"strings"
	"testing"

	"rekey/internal/factor"
	"rekey/internal/policy"
)

func TestNormalizeDN(t *testing.T) {
	for in, want := range map[string]string{
		"CN=Alice,OU=People,DC=corp":           "cn=alice,ou=people,dc=corp",
		"  CN = Alice , OU= North West ,DC=x ": "cn=alice,ou=north west,dc=x",
		`CN=Doe\, Jane,OU=People`:              `cn=doe\, jane,ou=people`,
		`CN=Doe\2C Jane,OU=People`:             `cn=doe\, jane,ou=people`,
		`CN=Doe\2c Jane,OU=People`:             `cn=doe\, jane,ou=people`,
		`OU=M\C3\9Cller,DC=x`:                  "ou=müller,dc=x",
		`OU=MÜLLER,DC=x`:                       "ou=müller,dc=x",
		`CN=x\ ,DC=x`:                          `cn=x\ ,dc=x`,
		`CN=x\20,DC=x`:                         `cn=x\ ,dc=x`,
		`CN=x\41,DC=x`:                         "cn=xa,dc=x",
		`CN=a\\,DC=x`:                          `cn=a\\,dc=x`,
		`CN=a\5C,DC=x`:                         `cn=a\\,dc=x`,
		`CN=a\0ADEL:1,DC=x`:                    "cn=a\\\ndel:1,dc=x",
		"CN=a+UID=1,DC=x":                      "cn=a+uid=1,dc=x",
		`CN=x\`:                                `cn=x\`,
		"":                                     "",
	} {
		if got := policy.NormalizeDN(in); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}

func FuzzNormalizeDN(f *testing.F) {
	for _, s := range []string{"CN=Alice,OU=People,DC=corp", ` CN = Doe\2C\ Jane , OU=x`, `\`, `\\`, `\5c41`, "\xff\\\xff", `\C3\9C`, "a = \t b", `\e9`, "İ=ß", `\ `, `\20`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, dn string) {
		once := policy.NormalizeDN(dn)
		if twice := policy.NormalizeDN(once); twice != once {
			t.Errorf("%q: %q, then %q", dn, once, twice)
		}
		spaced := strings.ReplaceAll(once, ",", " , ")
		if got := policy.NormalizeDN(spaced); !strings.Contains(once, `\`) && got != once {
			t.Errorf("%q: %q with white space around commas", once, got)
		}
	})
}

// FuzzDecide: facts are what directories and visitors bring; nothing of it may panic or be allowed without a policy.
func FuzzDecide(f *testing.F) {
	f.Add("reset", "corp.example.test", "corp.example.test/1", `corp\board`, "CN=a,OU=Contractors,OU=People,DC=corp,DC=example,DC=test", "l", "totp", "device:1")
	f.Add("", "", "", "", `\`, "", "", "")
	d := document()
	d.Policies[1].Scope.Exclude.Accounts = []string{"corp.example.test/1"}
	p, err := policy.Compile(d, registry())
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, action, directory, account, group, path, attribute, kind, channel string) {
		facts := policy.Facts{
			Action: policy.Action(action), Directory: directory, Account: account, Groups: []string{group}, Path: path,
			Attributes: map[string][]string{attribute: {group}},
			Enrolled:   []policy.Enrolled{{ID: kind, Traits: factor.Traits{Kind: factor.Kind(kind), Class: factor.Has}, Channel: factor.Channel(channel)}},
		}
		d := policy.Decide(p, facts)
		if d.Outcome == policy.Allowed && (d.Policy == "" || action != "reset" && action != "unlock" && action != "change") {
			t.Errorf("%+v: %+v", facts, d)
		}
		policy.Explain(p, facts)
	})
}
