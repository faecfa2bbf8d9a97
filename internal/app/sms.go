package app

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net/url"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"rekey/internal/audit"
	"rekey/internal/delivery"
	"rekey/internal/directory"
	"rekey/internal/message"
	"rekey/internal/settings"
	"rekey/internal/spend"
)

// useSMS puts the gateway of a settings version in force, or none.
func (a *App) useSMS(c *settings.SMS) {
	if c == nil {
		a.texter.Drop()
		return
	}
	if err := a.texter.Use(c.Gateway, settings.Resolver(a.Keys)); err != nil {
		a.log.Error("SMS settings not used", "error", err)
	}
}

func host(origin string) string {
	u, err := url.Parse(origin)
	if err != nil {
		return ""
	}
	return u.Hostname()
}

// TestSMS sends a test message to a number, past the guards that every text message passes, and records it. The report's error may be a
// *sms.AnsweredError, which has the gateway's words.
func (a *App) TestSMS(ctx context.Context, to, operator string) (delivery.Report, error) {
	m := message.Message{
		ID: "test." + rand.Text(), Template: message.Test, Channel: message.SMS, To: to, Locale: a.Settings.Snapshot().Brand.Locale,
	}
	text, err := json.Marshal(m)
	if err != nil {
		return delivery.Report{}, err
	}
	sealed, err := a.Keys.Seal(delivery.SealPurpose, text, []byte(m.ID))
	if err != nil {
		return delivery.Report{}, err
	}
	r := a.courier.Deliver(ctx, delivery.Job{ID: m.ID, Sealed: sealed}, delivery.Attempt{Queued: time.Now(), Last: true})
	return r, a.Store.Record(ctx, audit.Event{
		Name: audit.MessageTested, At: time.Now(), Actor: audit.Operator, Outcome: testOutcome(r.Outcome), Reason: string(r.Reason),
		Settings: a.Settings.Snapshot().Version, Detail: map[string]string{"operator": operator, "message": m.ID},
	})
}

func testOutcome(o delivery.Outcome) audit.Outcome {
	switch o {
	case delivery.Delivered:
		return audit.OK
	case delivery.Withheld:
		return audit.Refused
	case delivery.Discarded, delivery.Expired, delivery.Retry, delivery.Dead:
	}
	return audit.Failed
}

// SMSSpent tells what was spent on text messages, and the rules it is held to.
func (a *App) SMSSpent(ctx context.Context) (spend.Report, spend.Rules, error) {
	r, err := a.Store.Spent(ctx)
	return r, a.Settings.Snapshot().SMS, err
}

// doctorSMS checks the gateway, and says where text messages stand; nothing is sent.
func (a *App) doctorSMS(ctx context.Context) []directory.Finding {
	rules := a.Settings.Snapshot().SMS
	if !rules.On {
		return nil
	}
	gateway := directory.Finding{Name: "sms", OK: true, Text: "the gateway's host answers; to try the request itself: rekey sms send --to NUMBER --test"}
	if err := a.texter.Probe(ctx); err != nil {
		gateway.OK, gateway.Text = false, "the gateway cannot be used: "+err.Error()
	}
	reach := directory.Finding{Name: "sms countries", OK: len(rules.Countries) > 0, Text: fmt.Sprintf("written to: %q", rules.Countries)}
	if !reach.OK {
		reach.Text = "none is written to: name them in sms.countries"
	}
	return []directory.Finding{gateway, reach, a.doctorSpend(ctx, rules)}
}

func (a *App) doctorSpend(ctx context.Context, rules spend.Rules) directory.Finding {
	f := directory.Finding{Name: "sms spend"}
	r, err := a.Store.Spent(ctx)
	if err != nil {
		f.Text = err.Error()
		return f
	}
	day, month := spend.Sum(r.Day), spend.Sum(r.Month)
	f.OK = !rules.Caps.Day.Reached(day) && !rules.Caps.Month.Reached(month)
	f.Text = fmt.Sprintf("%d segments today, %d in this month", day.Segments, month.Segments)
	if !f.OK {
		f.Text += ": a cap is reached and holds messages back; see rekey sms spend"
	}
	return f
}

// spendMetrics tells what was spent when it is scraped.
type spendMetrics struct {
	read            func(context.Context) (spend.Report, error)
	segments, money *prometheus.Desc
}

func newSpendMetrics(read func(context.Context) (spend.Report, error)) prometheus.Collector {
	labels := []string{"period", "country"}
	return spendMetrics{
		read:     read,
		segments: prometheus.NewDesc("rekey_sms_spent_segments", "Segments of text messages in the day or month of UTC, by country.", labels, nil),
		money:    prometheus.NewDesc("rekey_sms_spent_money", "What they cost by the prices of the settings, in the currency's unit.", labels, nil),
	}
}

// Describe implements prometheus.Collector.
func (m spendMetrics) Describe(out chan<- *prometheus.Desc) { out <- m.segments; out <- m.money }

// Collect implements prometheus.Collector.
func (m spendMetrics) Collect(out chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	r, err := m.read(ctx)
	if err != nil {
		return
	}
	for period, lines := range map[string][]spend.Line{"day": r.Day, "month": r.Month} {
		for _, l := range lines {
			out <- prometheus.MustNewConstMetric(m.segments, prometheus.GaugeValue, float64(l.Segments), period, l.Country)
			out <- prometheus.MustNewConstMetric(m.money, prometheus.GaugeValue, l.Cost.Units(), period, l.Country)
		}
	}
}
