package delivery_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"rekey/internal/audit"
	"rekey/internal/delivery"
	"rekey/internal/gsm"
	"rekey/internal/lab/smsgateway"
	"rekey/internal/message"
	vault "rekey/internal/secret"
	"rekey/internal/sms"
	"rekey/internal/spend"
)

const mobile = "+491711234567"

// desk with a gateway of its own.
type smsDesk struct {
	desk
	gateway *smsgateway.Gateway
	purse   *purse
}

func openSMS(t *testing.T) smsDesk {
	t.Helper()
	g, err := smsgateway.Start(t.Context(), smsgateway.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = g.Close() })
	d := smsDesk{gateway: g, purse: &purse{}}
	d.desk = openWith(t, func(deps *delivery.Deps) {
		texter := sms.New(noon, deps.Log)
		c := sms.Config{
			URL: g.URL() + "/messages", Headers: map[string]string{"Content-Type": "application/json", "Authorization": "Bearer key"},
			Body: `{"to": "{{number}}", "text": "{{text}}", "reference": "{{id}}"}`, Receipt: "messages.0.id", Timeout: time.Second,
		}
		if err := texter.Use(c, func(vault.Ref) (vault.Text, error) { return vault.Text{}, nil }); err != nil {
			t.Fatal(err)
		}
		deps.Text, deps.Purse, deps.Host = texter, d.purse, "reset.example.com"
		deps.Site().SMS = spend.Rules{
			On: true, Home: "DE", Countries: []string{"DE"}, Prices: map[string]spend.Money{"DE": 75_000}, Currency: "EUR", Warn: []string{"ops@example.com"},
			Caps: spend.Caps{Day: spend.Cap{Segments: 500}, AccountPerDay: 10, RangePerHour: 20},
		}
	})
	return d
}

// text gives a message by SMS.
func text(m message.Message) message.Message {
	m.Channel, m.To, m.Account = message.SMS, mobile, "corp.example.test/erika"
	return m
}

func (d smsDesk) send(t *testing.T, m message.Message) delivery.Report {
	t.Helper()
	return d.Deliver(t.Context(), d.job(t, m), delivery.Attempt{Queued: noon()})
}

// reads delivers a message and gives its text as it arrived.
func (d smsDesk) reads(t *testing.T, m message.Message) string {
	t.Helper()
	if r := d.send(t, m); r.Outcome != delivery.Delivered {
		t.Fatalf("%s in %s: %s: %v", m.Template, m.Locale, r.Outcome, r.Err)
	}
	all := d.gateway.Messages()
	return all[len(all)-1].Text
}

// TestEveryTextInEveryLanguage: each says what it is about, and in English and German each fits into one message.
func TestEveryTextInEveryLanguage(t *testing.T) {
	d := openSMS(t)
	words := map[string]struct {
		never, minutes, when, help string
		segments                   int
	}{
		"en": {"Tell it to nobody", "10 minutes", "23 November 2026 at 1", "4357, Mon-Fri 7-19", 1},
		"de": {"Nennen Sie ihn niemandem", "10 Minuten", "23. November 2026 um 1", "4357, Mon-Fri 7-19", 1},
		"ar": {"لا تخبر به أحدًا", "10 دقائق", "23 نوفمبر 2026", "4357, Mon–Fri 7–19", 3},
	}
	seen := map[string]string{}
	for tag, want := range words {
		for _, m := range templates() {
			name := string(m.Template) + " " + m.Data["purpose"] + " " + tag
			m.Locale = tag
			got := d.reads(t, text(m))
			holds := []string{"Example & Sons"}
			if m.Template == message.Code {
				holds = append(holds, secret, want.never, want.minutes)
			} else {
				holds = append(holds, `CORP\erika`, want.when, want.help)
			}
			for _, h := range holds {
				if !strings.Contains(got, h) {
					t.Errorf("%s lacks %q:\n%s", name, h, got)
				}
			}
			if n := gsm.Segments(got); n > want.segments {
				t.Errorf("%s takes %d segments, %d signs:\n%s", name, n, len([]rune(got)), got)
			}
			if found := leftover().FindString(got); found != "" || strings.Contains(got, "http") {
				t.Errorf("%s: %q is left over, or a link:\n%s", name, found, got)
			}
			if other, twice := seen[got]; twice && m.Data["purpose"] != "something-new" {
				t.Errorf("%s reads as %s", name, other)
			}
			seen[got] = name
		}
	}
}

// TestPhonesOfferACodeToOurPagesAlone: the last line binds it (WICG, origin-bound one-time codes), where that costs no segment more.
func TestPhonesOfferACodeToOurPagesAlone(t *testing.T) {
	d := openSMS(t)
	line := "\n\n@reset.example.com #" + secret
	if got := d.reads(t, text(code("reset"))); !strings.HasSuffix(got, line) {
		t.Errorf("got %q", got)
	}
	long := code("reset")
	long.Locale = "ar"
	if got := d.reads(t, text(long)); strings.Contains(got, "@reset") || gsm.Segments(got+line) == gsm.Segments(got) {
		t.Errorf("got %q", got)
	}
}

// TestAttack29NamesInTextsStayNames: nothing a person or a directory named something makes a link or hides text.
func TestAttack29NamesInTextsStayNames(t *testing.T) {
	d := openSMS(t)
	for _, evil := range []string{"https://evil.example/x", "//evil.example", "a\r\nb\x00", "\u202egnp", strings.Repeat("a", 5000), `", "to": "+1900"`} {
		m := notice(message.PasswordReset)
		m.Data["name"] = evil
		got := d.reads(t, text(m))
		if strings.ContainsAny(got, "\u202e\x00\r\n") || strings.Contains(got, "://") || gsm.Segments(got) > 3 {
			t.Errorf("%.30q: %q", evil, got)
		}
	}
	m := code("reset")
	m.Data["code"] = "12\n@evil.example #12"
	if got := d.reads(t, text(m)); strings.Contains(got, "\n@evil") {
		t.Errorf("got %q", got)
	}
}

// TestAttack15ANumberThatIsNotAllowedIsNeverPaidFor: premium-rate numbers, fixed lines and countries that nobody named.
func TestAttack15ANumberThatIsNotAllowedIsNeverPaidFor(t *testing.T) {
	for to, want := range map[string]spend.Reason{
		"+49 900 1234567": spend.WrongKind, "+49 30 901820": spend.WrongKind, "+43 660 1234567": spend.WrongCountry, "+1 876 555 1234": spend.WrongCountry,
		"erika@home.example": spend.NotANumber, "110110": spend.NotANumber, "+800 1234 5678": spend.WrongKind,
	} {
		d := openSMS(t)
		m := text(code("reset"))
		m.To = to
		r := d.send(t, m)
		if r.Outcome != delivery.Withheld || r.Reason != want || len(d.gateway.Asked()) != 0 || len(d.purse.log) != 0 {
			t.Errorf("%s: %+v, %v", to, r, d.purse.log)
		}
		ev := d.recorded.events
		if len(ev) != 1 || ev[0].Name != audit.MessageWithheld || ev[0].Reason != string(want) || ev[0].Subject.Object != "erika" || ev[0].Settings != 7 {
			t.Errorf("%s: recorded %+v", to, ev)
		}
		hides(t, d, fmt.Sprint(ev), to, strings.ReplaceAll(to, " ", "")[1:])
	}
}

// hides looks for number and code where they are not to be.
func hides(t *testing.T, d smsDesk, recorded string, hidden ...string) {
	t.Helper()
	for where, said := range map[string]string{"log": d.log.String(), "audit log": recorded} {
		for _, h := range append(hidden, secret, mobile, mobile[1:]) {
			if strings.Contains(said, h) {
				t.Errorf("the %s tells %q: %s", where, h, said)
			}
		}
	}
}

func TestANumberIsReadAtHome(t *testing.T) {
	d := openSMS(t)
	m := text(code("reset"))
	m.To = "0171 / 123 45 67"
	r := d.send(t, m)
	if r.Outcome != delivery.Delivered || r.Receipt != "1" || d.gateway.Messages()[0].To != mobile {
		t.Errorf("%+v: %+v", r, d.gateway.Messages())
	}
	hides(t, d, fmt.Sprint(d.recorded.events))
}

// TestWhatATextCosts: charged by the segment, before it is sent; by the account where it is known, else by the number.
func TestWhatATextCosts(t *testing.T) {
	d := openSMS(t)
	arabic := text(notice(message.PasswordReset))
	arabic.Locale = "ar"
	nobody := text(code("reset"))
	nobody.Account, nobody.ID = "", "code.2"
	for _, m := range []message.Message{text(code("reset")), arabic, nobody} {
		if r := d.send(t, m); r.Outcome != delivery.Delivered {
			t.Fatal(r)
		}
	}
	c := d.purse.charged
	n := gsm.Segments(d.gateway.Messages()[1].Text)
	if c[0].Cost != 75_000 || c[0].Country != "DE" || c[0].Range != "+49171123" || c[0].Account != "corp.example.test/erika" || c[0].ID != "code.1" {
		t.Errorf("charged %+v", c[0])
	}
	if n < 2 || c[1].Segments != n || c[1].Cost != spend.Money(n)*75_000 {
		t.Errorf("%d segments charged as %+v", n, c[1])
	}
	if !strings.HasPrefix(c[2].Account, "number ") || strings.Contains(c[2].Account, mobile[1:]) || len(c[2].Number) != 32 || string(c[2].Number) != string(c[0].Number) {
		t.Errorf("charged %+v", c[2])
	}
}

// TestDecoysAndLateCodesCostNothing: nobody gets them.
func TestDecoysAndLateCodesCostNothing(t *testing.T) {
	d := openSMS(t)
	decoy := text(code("reset"))
	decoy.Discard = true
	if r := d.send(t, decoy); r.Outcome != delivery.Discarded {
		t.Error(r)
	}
	if r := d.Deliver(t.Context(), d.job(t, text(code("reset"))), delivery.Attempt{Queued: noon().Add(-time.Hour)}); r.Outcome != delivery.Expired {
		t.Error(r)
	}
	if len(d.purse.log)+len(d.gateway.Asked()) != 0 {
		t.Errorf("paid %v", d.purse.log)
	}
	hides(t, d, fmt.Sprint(d.recorded.events))
}

func TestFailedTexts(t *testing.T) {
	for name, row := range map[string]struct {
		fault  smsgateway.Fault
		queued time.Time
		last   bool
		want   delivery.Outcome
		reason string // recorded
		after  time.Duration
		purse  string
	}{
		"busy":            {smsgateway.Fault{Status: 429, RetryAfter: "7"}, noon(), false, delivery.Retry, "", 7 * time.Second, "charge unsent"},
		"busy for hours":  {smsgateway.Fault{Status: 429, RetryAfter: "99999"}, noon(), false, delivery.Retry, "", 15 * time.Minute, "charge unsent"},
		"busy, last":      {smsgateway.Fault{Status: 429, RetryAfter: "7"}, noon(), true, delivery.Dead, "unreachable", 7 * time.Second, "charge unsent"},
		"refused":         {smsgateway.Fault{Status: 400, Body: mobile}, noon(), false, delivery.Dead, "rejected", 0, "charge unsent"},
		"broken":          {smsgateway.Fault{Status: 500, Body: mobile}, noon(), false, delivery.Retry, "", 0, "charge"},
		"broken, last":    {smsgateway.Fault{Status: 500}, noon(), true, delivery.Dead, "unreachable", 0, "charge"},
		"silent":          {smsgateway.Fault{Hang: true}, noon(), false, delivery.Retry, "", 0, "charge"},
		"not as expected": {smsgateway.Fault{Status: 302, Location: "/x"}, noon(), false, delivery.Dead, "rejected", 0, "charge unsent"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := openSMS(t)
			d.gateway.Break(row.fault)
			r := d.Deliver(t.Context(), d.job(t, text(code("reset"))), delivery.Attempt{Queued: row.queued, Last: row.last})
			if r.Outcome != row.want || r.Err == nil || r.After != row.after || strings.Join(d.recorded.reasons(), " ") != row.reason {
				t.Errorf("%+v, recorded %v", r, d.recorded.reasons())
			}
			if got := strings.Join(d.purse.log, " "); got != row.purse {
				t.Errorf("the purse saw %q, want %q", got, row.purse)
			}
			hides(t, d, fmt.Sprint(r.Err, d.recorded.events))
		})
	}
	d := openSMS(t)
	d.gateway.Break(smsgateway.Fault{Status: 429, RetryAfter: "7"})
	if r := d.Deliver(t.Context(), d.job(t, text(notice(message.PasswordReset))), delivery.Attempt{Queued: noon().AddDate(0, 0, -2)}); r.Outcome != delivery.Retry || r.After != 0 {
		t.Errorf("a gateway that is busy for days: %+v", r)
	}
}

func TestWhatThePurseRefusesIsNotSent(t *testing.T) {
	for why, want := range map[spend.Reason]delivery.Outcome{
		spend.DaySegments: delivery.Withheld, spend.Range: delivery.Withheld, spend.Account: delivery.Withheld, spend.InDoubt: delivery.Dead,
	} {
		d := openSMS(t)
		d.purse.why = why
		r := d.send(t, text(code("reset")))
		if r.Outcome != want || len(d.gateway.Asked()) != 0 || strings.Join(d.purse.log, " ") != "charge" {
			t.Errorf("%s: %+v, %v", why, r, d.purse.log)
		}
		hides(t, d, fmt.Sprint(r.Err, d.recorded.events, d.purse.note.Events))
		if why == spend.InDoubt {
			if got := d.recorded.reasons(); !slices.Equal(got, []string{"in-doubt"}) {
				t.Errorf("recorded %v", got)
			}
			continue
		}
		if n := d.purse.note; len(n.Events) != 1 || n.Events[0].Reason != string(why) || (len(n.Send) == 1) != why.OfHouse() {
			t.Errorf("%s: noted %+v", why, n)
		}
	}
	d := openSMS(t)
	d.purse.err = errors.New("the database is away")
	if r := d.send(t, text(code("reset"))); r.Outcome != delivery.Retry || len(d.gateway.Asked()) != 0 {
		t.Errorf("without its price noted a message was sent: %+v", r)
	}
}

// TestAdministratorsReadWhichCapItIs in each language.
func TestAdministratorsReadWhichCapItIs(t *testing.T) {
	for tag, want := range map[string]string{"en": "reached the limit of 500 segments", "de": "Grenze von 500 Segmenten", "ar": "500"} {
		for _, why := range []spend.Reason{spend.DaySegments, spend.DayMoney, spend.MonthSegments, spend.MonthMoney, spend.Range} {
			d := openSMS(t)
			d.purse.why = why
			d.send(t, text(code("reset")))
			warning := d.purse.note.Send[0]
			warning.Locale = tag
			got := d.read(t, warning)
			if got.To != "ops@example.com" || leftover().MatchString(got.Subject+got.Text+got.HTML) || why == spend.DaySegments && !strings.Contains(got.Text, want) {
				t.Errorf("%s %s: %s", tag, why, got.Text)
			}
			if strings.Contains(got.Text, "+49171123") != (why == spend.Range) || strings.Contains(got.Text, mobile) || !strings.Contains(got.Text, "rekey sms spend") {
				t.Errorf("%s %s: %s", tag, why, got.Text)
			}
		}
	}
}

func TestATestSaysThatItIsOne(t *testing.T) {
	d := openSMS(t)
	if got := d.reads(t, text(message.Message{ID: "test.1", Template: message.Test, Locale: "en"})); got != "Example & Sons: this is a test. There is nothing to do." {
		t.Errorf("got %q", got)
	}
}

// purse says what a test wants. The real one is in internal/postgres, and both are together in internal/jobs.
type purse struct {
	mu      sync.Mutex
	why     spend.Reason
	err     error
	log     []string
	charged []spend.Charge
	note    delivery.Note
}

func (p *purse) Charge(_ context.Context, c spend.Charge, _ spend.Caps, refused func(spend.Reason, bool) delivery.Note) (spend.Reason, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.log, p.charged = append(p.log, "charge"), append(p.charged, c)
	if p.why != "" && p.why != spend.InDoubt {
		p.note = refused(p.why, true)
	}
	return p.why, p.err
}

func (p *purse) Unsent(context.Context, string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.log = append(p.log, "unsent")
	return nil
}
