package settings_test

import (
	"strings"
	"testing"

	"rekey/internal/lint"
	"rekey/internal/spend"
)

// texting is a document with a gateway, and with lines behind it.
func texting(more ...string) string {
	return with(append([]string{
		"sms:", // line 14
		"  gateway:",
		"    url: https://sms.example.com/v1",
		`    headers: {Content-Type: application/json, Authorization: "Bearer {{secret.token}}"}`,
		`    body: '{"to": "{{number}}", "text": "{{text}}"}'`,
		"    secrets: {token: {env: SMS_TOKEN_OF_TEST}}",
	}, more...)...)
}

func TestTextMessagesReachTheSnapshot(t *testing.T) {
	t.Setenv("SMS_TOKEN_OF_TEST", "x")
	var f farm
	c, err := compile(texting("  home: DE", "  spend: {day: {segments: 5}}"), &f, deps(plain{}), nil)
	if err != nil {
		t.Fatal(err)
	}
	r := c.Snapshot.SMS
	if !r.On || r.Home != "DE" || len(r.Countries) != 1 || r.Caps != (spend.Caps{Day: spend.Cap{Segments: 5}, AccountPerDay: 10, RangePerHour: 20}) {
		t.Errorf("%+v", r)
	}
	if c, err = compile(least, &f, deps(plain{}), nil); err != nil || c.Snapshot.SMS.On || c.Document.SMS != nil {
		t.Errorf("without a gateway: %+v, %v", c.Snapshot.SMS, err)
	}
}

func TestBadTextSettingsNameFileLineAndKey(t *testing.T) {
	t.Setenv("SMS_TOKEN_OF_TEST", "x")
	for want, text := range map[string]string{
		"settings.yaml:14: sms.gateway.url: want an https URL":             with("sms: {home: DE}"),
		"settings.yaml:16: sms.gateway.url: plain http is for":             strings.Replace(texting(), "https", "http", 1),
		"settings.yaml:17: sms.gateway.headers.Authorization: no place":    strings.Replace(texting(), "secret.token", "secret.tokn", 1),
		"settings.yaml:19: sms.gateway.secrets.token: environment":         strings.Replace(texting(), "SMS_TOKEN_OF_TEST", "NOT_SET_HERE", 1),
		"settings.yaml:20: sms.home: want a country":                       texting("  home: Germany"),
		"settings.yaml:20: sms.countries[1]: want a country":               texting("  countries: [DE, XX]"),
		"settings.yaml:21: sms.spend.prices: lacks DE":                     texting("  home: DE", "  spend: {day: {money: 5}}"),
		"settings.yaml:20: sms.spend.day.segment: unknown field":           texting("  spend: {day: {segment: 5}}"),
		"settings.yaml:20: sms.homes: unknown field":                       texting("  homes: DE"),
		"settings.yaml:20: sms.spend.warn[0]: want a mail address":         texting("  spend: {warn: [ops]}"),
		"settings.yaml:18: sms.gateway.body: {{number}} has to stand in a": strings.Replace(texting(), `"{{number}}"`, `{{number}}`, 1),
	} {
		var f farm
		if _, err := compile(text, &f, deps(plain{}), nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %q, got %v", want, err)
		}
	}
}

func TestTheLinterSeesWhatTextsMayCost(t *testing.T) {
	t.Setenv("SMS_TOKEN_OF_TEST", "x")
	for _, row := range []struct {
		more []string
		want []lint.Code
	}{
		{[]string{"  home: DE"}, []lint.Code{lint.SMSNoCap}},
		{[]string{"  countries: [DE, AT, CH, FR, IT, NL]"}, []lint.Code{lint.SMSNoCap, lint.SMSCountries}},
		{[]string{"  home: DE", "  spend: {month: {segments: 100}}"}, nil},
	} {
		var got []lint.Code
		for _, f := range judge(t, texting(row.more...), "").Findings {
			if strings.HasPrefix(string(f.Code), "sms-") {
				got = append(got, f.Code)
				if f.Line < 14 {
					t.Errorf("%s at line %d", f.Code, f.Line)
				}
			}
		}
		if len(got) != len(row.want) {
			t.Errorf("%v: %v, want %v", row.more, got, row.want)
		}
	}
}
