package spend

import (
	"errors"
	"fmt"
	"maps"
	"net/mail"
	"slices"

	"rekey/internal/phone"
)

// Config is the part of the settings that says what may be spent. Zero values take the defaults named; a cap of 0 is none.
type Config struct {
	// Home is the country, ISO 3166-1 alpha-2, of numbers that are written without one.
	Home string `yaml:"home,omitempty"`
	// Countries that are written to; without the key the home country, and without that none.
	Countries []string `yaml:"countries,omitempty"`
	Spend     Limits   `yaml:"spend,omitempty"`
}

// Limits are the caps.
type Limits struct {
	Currency      string             `yaml:"currency,omitempty"` // a label: EUR
	Prices        map[string]float64 `yaml:"prices,omitempty"`   // of a segment, by country
	Day           Limit              `yaml:"day,omitempty"`      // of UTC
	Month         Limit              `yaml:"month,omitempty"`
	AccountPerDay int                `yaml:"account_per_day,omitempty"` // 10 messages
	RangePerHour  int                `yaml:"range_per_hour,omitempty"`  // 20 numbers of one range of ten thousand
	Warn          []string           `yaml:"warn,omitempty"`            // addresses to mail to, once a day, when a cap holds messages back
}

// Limit is a cap of a time, in segments and in money.
type Limit struct {
	Segments int64   `yaml:"segments,omitempty"`
	Money    float64 `yaml:"money,omitempty"`
}

// Compile checks the settings. Errors begin with the key below path.
func (c Config) Compile(path string) (Rules, error) {
	r := Rules{
		On: true, Home: c.Home, Currency: c.Spend.Currency, Prices: map[string]Money{}, Warn: c.Spend.Warn,
		Caps: Caps{AccountPerDay: or(c.Spend.AccountPerDay, 10), RangePerHour: or(c.Spend.RangePerHour, 20)},
	}
	var errs []error
	bad := func(key, format string, args ...any) {
		errs = append(errs, fmt.Errorf(path+"."+key+": "+format, args...))
	}
	if c.Home != "" && !phone.Known(c.Home) {
		bad("home", "want a country's code of two capital letters such as DE, got %q", c.Home)
	}
	if r.Countries = c.Countries; c.Countries == nil && c.Home != "" {
		r.Countries = []string{c.Home}
	}
	for i, country := range c.Countries {
		if !phone.Known(country) {
			bad(fmt.Sprintf("countries[%d]", i), "want a country's code of two capital letters such as DE, got %q", country)
		}
	}
	r.prices(c.Spend.Prices, bad)
	r.Caps.Day = c.Spend.Day.compile("spend.day", bad)
	r.Caps.Month = c.Spend.Month.compile("spend.month", bad)
	for _, country := range r.Countries {
		if (r.Caps.Day.Money > 0 || r.Caps.Month.Money > 0) && r.Prices[country] == 0 {
			bad("spend.prices", "lacks %s: a cap in money needs the price of every country", country)
		}
	}
	for key, n := range map[string]int{"account_per_day": r.Caps.AccountPerDay, "range_per_hour": r.Caps.RangePerHour} {
		if n < 1 || n > 100_000 {
			bad("spend."+key, "want 1 to 100000, got %d", n)
		}
	}
	for i, to := range c.Spend.Warn {
		if a, err := mail.ParseAddress(to); err != nil || a.Address != to {
			bad(fmt.Sprintf("spend.warn[%d]", i), "want a mail address, got %q", to)
		}
	}
	return r, errors.Join(errs...)
}

// prices reads what a segment costs.
func (r *Rules) prices(all map[string]float64, bad func(key, format string, args ...any)) {
	for _, country := range slices.Sorted(maps.Keys(all)) {
		price, ok := money(all[country])
		switch {
		case !phone.Known(country):
			bad("spend.prices."+country, "is no country's code of two capital letters such as DE")
		case !ok || price == 0:
			bad("spend.prices."+country, "want what a segment costs, such as 0.075, got %v", all[country])
		default:
			r.Prices[country] = price
		}
	}
}

func (l Limit) compile(key string, bad func(key, format string, args ...any)) Cap {
	m, ok := money(l.Money)
	if !ok {
		bad(key+".money", "want an amount, got %v", l.Money)
	}
	if l.Segments < 0 || l.Segments > most {
		bad(key+".segments", "want a number of segments, got %d", l.Segments)
	}
	return Cap{Segments: l.Segments, Money: m}
}

func or[T comparable](v, fallback T) T {
	var zero T
	if v == zero {
		return fallback
	}
	return v
}
