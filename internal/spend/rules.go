package spend

import (
	"slices"
	"strconv"
	"strings"

	"rekey/internal/phone"
)

// Reason says why a message is not sent; empty: it may be.
type Reason string

// The reasons: of the number, of a cap, and of tries that may all have been delivered.
const (
	NotANumber    Reason = "not-a-number"
	WrongKind     Reason = "number-kind" // a premium-rate number, a fixed line, …
	WrongCountry  Reason = "country"
	DaySegments   Reason = "day-segments"
	DayMoney      Reason = "day-money"
	MonthSegments Reason = "month-segments"
	MonthMoney    Reason = "month-money"
	Account       Reason = "account"
	Range         Reason = "range"
	InDoubt       Reason = "in-doubt"
)

// OfHouse reports whether a reason is one that keeps everybody, or a whole range, from being written to: an administrator wants to hear.
func (r Reason) OfHouse() bool {
	return slices.Contains([]Reason{DaySegments, DayMoney, MonthSegments, MonthMoney, Range}, r)
}

// Tries is how often a message is handed to the gateway when each time it stays open whether the gateway took it. It is paid once in
// our books and perhaps as often on the bill.
const Tries = 3

// Rules are a compiled Config. The zero value is off.
type Rules struct {
	On        bool
	Home      string
	Countries []string
	Currency  string
	Prices    map[string]Money // of a segment, by country
	Caps      Caps
	Warn      []string
}

// Caps are what is counted against.
type Caps struct {
	Day, Month    Cap
	AccountPerDay int
	RangePerHour  int
}

// Cap is the most of a time; 0: no cap.
type Cap struct {
	Segments int64
	Money    Money
}

// Capped reports whether there is a cap on what is spent in all.
func (c Caps) Capped() bool { return c.Day != Cap{} || c.Month != Cap{} }

// Admit judges a number.
func (r Rules) Admit(n phone.Number) Reason {
	switch {
	case !n.Textable():
		return WrongKind
	case !slices.Contains(r.Countries, n.Country):
		return WrongCountry
	}
	return ""
}

// Charge is one message to pay for.
type Charge struct {
	ID       string // message.Message.ID: charged once
	Account  string // "directory/object", or of what else messages are counted by
	Number   []byte // keyed hash of the number
	Range    string
	Country  string
	Segments int
	Cost     Money
}

// Charge is what a message of so many segments to a number costs. number is the number's keyed hash.
func (r Rules) Charge(id, account string, n phone.Number, number []byte, segments int) Charge {
	return Charge{
		ID: id, Account: account, Number: number, Range: n.Range(), Country: n.Country, Segments: segments,
		Cost: r.Prices[n.Country] * Money(segments),
	}
}

// Name says what a cap is set to, for people: "500", "40.00 EUR"; empty for a reason that is no cap.
func (r Rules) Name(why Reason) string {
	amount := func(m Money) string { return strings.TrimSpace(m.String() + " " + r.Currency) }
	switch why {
	case DaySegments:
		return strconv.FormatInt(r.Caps.Day.Segments, 10)
	case MonthSegments:
		return strconv.FormatInt(r.Caps.Month.Segments, 10)
	case DayMoney:
		return amount(r.Caps.Day.Money)
	case MonthMoney:
		return amount(r.Caps.Month.Money)
	case Account:
		return strconv.Itoa(r.Caps.AccountPerDay)
	case Range:
		return strconv.Itoa(r.Caps.RangePerHour)
	}
	return ""
}

// Line is what was spent on one country.
type Line struct {
	Country  string
	Messages int64
	Segments int64
	Cost     Money
}

// Report is what was spent today and in this month of UTC, by country.
type Report struct {
	Day, Month []Line
}

// Sum adds lines up.
func Sum(lines []Line) (total Line) {
	for _, l := range lines {
		total.Messages += l.Messages
		total.Segments += l.Segments
		total.Cost += l.Cost
	}
	return total
}

// Reached reports whether nothing more fits below the cap, as far as one more segment tells.
func (c Cap) Reached(spent Line) bool {
	return c.Segments > 0 && spent.Segments >= c.Segments || c.Money > 0 && spent.Cost >= c.Money
}
