package postgres_test

import (
	"testing"
	"time"

	"rekey/internal/account"
	"rekey/internal/authenticator"
	"rekey/internal/factor"
	"rekey/internal/flow"
	"rekey/internal/methods"
)

func TestWhoHasWhat(t *testing.T) {
	s := newStore(t)
	since := start().AddDate(0, 0, -90)
	var all []authenticator.Credential
	add := func(id string, kind factor.Kind, object string, created, used time.Time) {
		all = append(all, authenticator.Credential{
			ID: id, Account: account.ID{Directory: "corp.example.test", Object: object}, Kind: kind, Label: "x",
			Channel: factor.Channel("device:" + id), Data: []byte("{}"), Created: created, LastUsed: used,
		})
	}
	add("1", factor.TOTP, "a%", start().AddDate(0, 0, -3), start().AddDate(0, 0, -1))
	add("2", factor.TOTP, "a%", start().AddDate(0, 0, -200), time.Time{})
	add("3", factor.TOTP, "b", start().AddDate(0, 0, -2), start().AddDate(0, 0, -120))
	add("4", factor.TOTP, "C", start().AddDate(0, 0, -1), time.Time{})
	add("5", factor.Mail, "b", start(), time.Time{})
	if err := s.Import(t.Context(), all, flow.Effects{}); err != nil {
		t.Fatal(err)
	}
	got, err := s.Holdings(t.Context(), since)
	if err != nil || got[factor.TOTP] != (methods.Holding{People: 3, Credentials: 4, Used: 1}) || got[factor.Mail] != (methods.Holding{People: 1, Credentials: 1}) || len(got) != 2 {
		t.Errorf("%+v, %v", got, err)
	}
	for _, c := range []struct {
		name  string
		which methods.Which
		want  string
	}{
		{"by name", methods.Which{}, "a%,b,C,"},
		{"by day", methods.Which{Order: methods.ByAdded}, "C,b,a%,"},
		{"by use", methods.Which{Order: methods.ByUsed}, "a%,b,C,"},
		{"used lately", methods.Which{Standing: methods.Used}, "a%,"},
		{"not lately", methods.Which{Standing: methods.Unused}, "b,C,"},
		{"a sign that means something", methods.Which{Name: "%"}, "a%,"},
		{"gone, from a directory that nobody read", methods.Which{Standing: methods.Gone}, ""},
	} {
		names := ""
		c.which.Kind, c.which.Since, c.which.Most = factor.TOTP, since, 1
		for { // one at a time
			page, err := s.Holders(t.Context(), c.which)
			if err != nil {
				t.Fatalf("%s: %v", c.name, err)
			}
			if len(page) == 0 {
				break
			}
			names += page[0].Name + ","
			c.which.After = page[0].Cursor
		}
		if names != c.want {
			t.Errorf("%s: got %s, want %s", c.name, names, c.want)
		}
	}
	page, err := s.Holders(t.Context(), methods.Which{Kind: factor.TOTP, Since: since, Most: 1})
	if err != nil || page[0].Credentials != 2 || !page[0].Added.Equal(start().AddDate(0, 0, -200)) || !page[0].Used.Equal(start().AddDate(0, 0, -1)) || page[0].Gone {
		t.Errorf("%+v, %v", page, err)
	}
}
