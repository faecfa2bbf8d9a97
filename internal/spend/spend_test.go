package spend_test

import (
	"strings"
	"testing"

	"rekey/internal/phone"
	"rekey/internal/spend"
)

func TestConfig(t *testing.T) {
	limits := func(l spend.Limits) spend.Config { return spend.Config{Home: "DE", Spend: l} }
	for name, row := range map[string]struct {
		c    spend.Config
		want string // beginning of the error; empty: fine
	}{
		"nothing":            {spend.Config{}, ""},
		"home":               {spend.Config{Home: "DE"}, ""},
		"countries":          {spend.Config{Countries: []string{"DE", "AT"}}, ""},
		"a small letter":     {spend.Config{Home: "de"}, "sms.home: "},
		"no such country":    {spend.Config{Countries: []string{"DE", "ZZ"}}, "sms.countries[1]: "},
		"the whole world":    {spend.Config{Countries: []string{"*"}}, "sms.countries[0]: "},
		"no country's":       {spend.Config{Countries: []string{"001"}}, "sms.countries[0]: "},
		"money and prices":   {limits(spend.Limits{Prices: map[string]float64{"DE": 0.075}, Day: spend.Limit{Money: 40}}), ""},
		"money, no price":    {limits(spend.Limits{Prices: map[string]float64{"AT": 0.075}, Month: spend.Limit{Money: 40}}), "sms.spend.prices: lacks DE"},
		"a price of nothing": {limits(spend.Limits{Prices: map[string]float64{"DE": 0}}), "sms.spend.prices.DE: "},
		"a price of nobody":  {limits(spend.Limits{Prices: map[string]float64{"EU": 1}}), "sms.spend.prices.EU: "},
		"less than nothing":  {limits(spend.Limits{Day: spend.Limit{Money: -1}}), "sms.spend.day.money: "},
		"fewer than none":    {limits(spend.Limits{Month: spend.Limit{Segments: -1}}), "sms.spend.month.segments: "},
		"an account's":       {limits(spend.Limits{AccountPerDay: -1}), "sms.spend.account_per_day: "},
		"a range's":          {limits(spend.Limits{RangePerHour: 1_000_000}), "sms.spend.range_per_hour: "},
		"who is warned":      {limits(spend.Limits{Warn: []string{"ops@example.com"}}), ""},
		"no address":         {limits(spend.Limits{Warn: []string{"ops"}}), "sms.spend.warn[0]: "},
		"a name":             {limits(spend.Limits{Warn: []string{"Ops <ops@example.com>"}}), "sms.spend.warn[0]: "},
	} {
		if _, err := row.c.Compile("sms"); (err == nil) != (row.want == "") || err != nil && !strings.HasPrefix(err.Error(), row.want) {
			t.Errorf("%s: got %v, want %q", name, err, row.want)
		}
	}
}

// TestNobodyIsWrittenToByDefault: a country is named, or it is home.
func TestNobodyIsWrittenToByDefault(t *testing.T) {
	german, err := phone.Parse("+49 171 1234567", "")
	if err != nil {
		t.Fatal(err)
	}
	for name, row := range map[string]struct {
		c    spend.Config
		want spend.Reason
	}{
		"nothing":           {spend.Config{}, spend.WrongCountry},
		"home":              {spend.Config{Home: "DE"}, ""},
		"home and none":     {spend.Config{Home: "DE", Countries: []string{}}, spend.WrongCountry},
		"home, and another": {spend.Config{Home: "DE", Countries: []string{"AT"}}, spend.WrongCountry},
	} {
		r, err := row.c.Compile("sms")
		if got := r.Admit(german); err != nil || got != row.want {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
	if r := (spend.Rules{}); r.On || r.Admit(german) == "" {
		t.Error("the zero value admits somebody")
	}
}

func TestDefaultsAndMoney(t *testing.T) {
	r, err := spend.Config{Home: "DE", Spend: spend.Limits{Currency: "EUR", Prices: map[string]float64{"DE": 0.0755}, Day: spend.Limit{Money: 40}}}.Compile("sms")
	if err != nil || r.Caps.AccountPerDay != 10 || r.Caps.RangePerHour != 20 || !r.Caps.Capped() || (spend.Caps{AccountPerDay: 1}).Capped() {
		t.Errorf("%+v, %v", r, err)
	}
	n, _ := phone.Parse("+49 171 1234567", "")
	if c := r.Charge("id", "corp/a", n, nil, 3); c.Cost != 226_500 || c.Cost.String() != "0.2265" || c.Range != "+49171123" {
		t.Errorf("charged %+v", c)
	}
	for reason, want := range map[spend.Reason]string{spend.DayMoney: "40.00 EUR", spend.Range: "20", spend.Account: "10", spend.WrongKind: ""} {
		if got := r.Name(reason); got != want {
			t.Errorf("%s: %q", reason, got)
		}
	}
	full := spend.Line{Cost: 40_000_000}
	if !r.Caps.Day.Reached(full) || r.Caps.Month.Reached(full) || r.Caps.Day.Reached(spend.Line{Cost: 39_999_999, Segments: 1 << 40}) {
		t.Error("reached")
	}
}
