package odata_test

import (
	"testing"

	"rekey/internal/lab/graph/odata"
)

func TestMatch(t *testing.T) {
	row := map[string]odata.Field{
		"userPrincipalName": {Text: "o'neil@contoso.test"},
		"mail":              {Null: true},
		"accountEnabled":    {Text: "true"},
		"created":           {Text: "2026-01-02T03:04:05Z"},
		"proxyAddresses":    {IsList: true, List: []string{"SMTP:o'neil@contoso.test", "smtp:neil@contoso.test"}},
		"otherMails":        {IsList: true},
	}
	get := func(path string) odata.Field {
		f, ok := row[path]
		if !ok {
			t.Errorf("asked for %q", path)
		}
		return f
	}
	for filter, want := range map[string]bool{
		"userPrincipalName eq 'O''Neil@contoso.test'":                         true,
		"userPrincipalName eq 'O''Neil'":                                      false,
		"startsWith(userPrincipalName,'o''n') and accountEnabled eq true":     true,
		"endswith(userPrincipalName, '@other.test')":                          false,
		"not(accountEnabled eq true) or mail eq null":                         true,
		"not (accountEnabled eq true or mail eq null)":                        false,
		"proxyAddresses/any(p:p eq 'smtp:NEIL@contoso.test')":                 true,
		"proxyAddresses/any(p:startsWith(p,'sip:'))":                          false,
		"otherMails/$count eq 0":                                              true,
		"proxyAddresses/$count ne 0":                                          true,
		"userPrincipalName in ('a@b', 'o''neil@contoso.test')":                true,
		"created ge 2026-01-02T00:00:00Z and created lt 2026-01-02T10:00:00Z": true,
		"mail ne null": false,
	} {
		e, err := odata.Parse(filter)
		if err != nil {
			t.Errorf("%s: %v", filter, err)
			continue
		}
		if got := odata.Match(e, get); got != want {
			t.Errorf("%s: %t, want %t", filter, got, want)
		}
	}
}

func TestParseRefusesWhatItDoesNotUnderstand(t *testing.T) {
	for _, filter := range []string{"", "mail", "mail eq", "mail like 'x'", "mail eq 'x", "(mail eq 'x'", "mail eq 'x' mail", "any(", "a in ('x'", "'a' eq 'b'"} {
		if e, err := odata.Parse(filter); err == nil {
			t.Errorf("%q was taken as %#v", filter, e)
		}
	}
}
