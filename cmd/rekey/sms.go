package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"text/tabwriter"
	"time"

	"rekey/internal/delivery"
	"rekey/internal/sms"
	"rekey/internal/spend"
)

type smsCmd struct {
	Send  smsSendCmd  `cmd:"" help:"Send a test message; the caps and the list of countries hold for it too."`
	Spend smsSpendCmd `cmd:"" help:"Show what was spent today and in this month, against the caps."`
}

type smsSendCmd struct {
	To     string `required:"" help:"Number: +49 171 1234567, or as people in the home country write it."`
	Test   bool   `required:"" help:"What is sent is a test; there is nothing else to send by hand."`
	Author string `help:"Who; the operating system's user without it."`
}

// Run hands a test to the gateway. Exit status 2: it was not sent.
func (s smsSendCmd) Run(ctx context.Context, c *cli) error {
	a, err := open(ctx, c)
	if err != nil {
		return err
	}
	defer a.Close()
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	r, err := a.TestSMS(ctx, s.To, author(s.Author))
	if err != nil {
		return err
	}
	return sent(os.Stdout, r)
}

// sent says how a test ended.
func sent(w io.Writer, r delivery.Report) error {
	switch {
	case r.Outcome == delivery.Delivered && r.Receipt != "":
		fmt.Fprintf(w, "The gateway took it as %s.\n", r.Receipt)
		return nil
	case r.Outcome == delivery.Delivered:
		fmt.Fprintln(w, "The gateway took it.")
		return nil
	case r.Outcome == delivery.Withheld:
		return findings{"not sent: " + why(r.Reason)}
	}
	if e, ok := errors.AsType[*sms.AnsweredError](r.Err); ok && e.Answer != "" {
		fmt.Fprintf(w, "The gateway says: %q\n", e.Answer)
	}
	return findings{fmt.Sprintf("not sent: %v", r.Err)}
}

// why puts a reason into words.
func why(r spend.Reason) string {
	switch r {
	case spend.NotANumber:
		return "this is no telephone number; without a country it is one of sms.home"
	case spend.WrongKind:
		return "text messages go to mobile numbers alone"
	case spend.WrongCountry:
		return "the number's country is not in sms.countries"
	case spend.Account:
		return "the number has had what spend.account_per_day allows today"
	case spend.Range:
		return "too many numbers of this range were written to within an hour (spend.range_per_hour)"
	case spend.DaySegments, spend.DayMoney:
		return "the cap spend.day is reached"
	case spend.MonthSegments, spend.MonthMoney:
		return "the cap spend.month is reached"
	case spend.InDoubt:
	}
	return string(r)
}

type smsSpendCmd struct {
	JSON bool `help:"Write JSON."`
}

// spent is what was spent in a time, for programs. A cap that is not set is left out.
type spent struct {
	Messages    int64        `json:"messages"`
	Segments    int64        `json:"segments"`
	MaxSegments int64        `json:"max_segments,omitempty"`
	Money       float64      `json:"money"`
	MaxMoney    float64      `json:"max_money,omitempty"`
	Currency    string       `json:"currency,omitempty"`
	Countries   []spentThere `json:"countries"`
}

type spentThere struct {
	Country  string  `json:"country"`
	Messages int64   `json:"messages"`
	Segments int64   `json:"segments"`
	Money    float64 `json:"money"`
}

func spentOf(lines []spend.Line, c spend.Cap, currency string) spent {
	sum := spend.Sum(lines)
	s := spent{
		Messages: sum.Messages, Segments: sum.Segments, MaxSegments: c.Segments, Money: sum.Cost.Units(), MaxMoney: c.Money.Units(), Currency: currency,
		Countries: make([]spentThere, 0, len(lines)),
	}
	for _, l := range lines {
		s.Countries = append(s.Countries, spentThere{l.Country, l.Messages, l.Segments, l.Cost.Units()})
	}
	return s
}

// Run prints today and this month, in UTC. Exit status 2: a cap is reached.
func (s smsSpendCmd) Run(ctx context.Context, c *cli) error {
	a, err := open(ctx, c)
	if err != nil {
		return err
	}
	defer a.Close()
	r, rules, err := a.SMSSpent(ctx)
	if err != nil {
		return err
	}
	if s.JSON {
		err = writeJSON(os.Stdout, map[string]spent{
			"day": spentOf(r.Day, rules.Caps.Day, rules.Currency), "month": spentOf(r.Month, rules.Caps.Month, rules.Currency),
		})
	} else {
		err = writeSpent(os.Stdout, r, rules)
	}
	if err == nil && (rules.Caps.Day.Reached(spend.Sum(r.Day)) || rules.Caps.Month.Reached(spend.Sum(r.Month))) {
		err = findings{"a cap is reached"}
	}
	return err
}

func writeSpent(out io.Writer, r spend.Report, rules spend.Rules) error {
	w := tabwriter.NewWriter(out, 0, 4, 2, ' ', 0)
	fmt.Fprintln(w, "PERIOD\tCOUNTRY\tMESSAGES\tSEGMENTS\tOF\tMONEY\tOF")
	for _, p := range []struct {
		name  string
		lines []spend.Line
		cap   spend.Cap
	}{{"today", r.Day, rules.Caps.Day}, {"this month", r.Month, rules.Caps.Month}} {
		for _, l := range p.lines {
			fmt.Fprintf(w, "%s\t%s\t%d\t%d\t\t%s\t\n", p.name, l.Country, l.Messages, l.Segments, l.Cost)
		}
		segments, money := "no cap", "no cap"
		if p.cap.Segments > 0 {
			segments = fmt.Sprint(p.cap.Segments)
		}
		if p.cap.Money > 0 {
			money = p.cap.Money.String() + " " + rules.Currency
		}
		sum := spend.Sum(p.lines)
		fmt.Fprintf(w, "%s\tall\t%d\t%d\t%s\t%s\t%s\n", p.name, sum.Messages, sum.Segments, segments, sum.Cost, money)
	}
	return w.Flush()
}
