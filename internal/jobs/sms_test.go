package jobs_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"rekey/internal/delivery"
	"rekey/internal/jobs"
	"rekey/internal/lab/smsgateway"
	"rekey/internal/message"
	"rekey/internal/postgres"
	"rekey/internal/secret"
	"rekey/internal/sms"
	"rekey/internal/spend"
)

// openSMS is an office whose texts go through the real gateway client to the lab's inbox, and are paid for in the real database.
func openSMS(t *testing.T, o smsgateway.Options, caps spend.Caps) (office, *smsgateway.Gateway) {
	t.Helper()
	var shop *smsgateway.Gateway
	opened := openWith(t, func(o2 *office, deps *delivery.Deps) {
		o.Taken = func(m smsgateway.Message) { o2.inbox.TakeText(m.To, m.Text) }
		var err error
		if shop, err = smsgateway.Start(t.Context(), o); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = shop.Close() })
		texter := sms.New(time.Now, quiet())
		if err := texter.Use(sms.Config{
			URL: shop.URL() + "/messages", Headers: map[string]string{"Content-Type": "application/json", "Authorization": "Bearer key"},
			Body: `{"to": "{{number}}", "text": "{{text}}", "reference": "{{id}}"}`, Timeout: time.Second,
		}, func(secret.Ref) (secret.Text, error) { return secret.Text{}, nil }); err != nil {
			t.Fatal(err)
		}
		store, err := postgres.New(o2.pool, o2.keys, time.Now)
		if err != nil {
			t.Fatal(err)
		}
		deps.Text, deps.Purse = texter, store
		deps.Site().SMS = spend.Rules{On: true, Home: "DE", Countries: []string{"DE"}, Caps: caps, Warn: []string{"ops@example.com"}}
	})
	return opened, shop
}

func texted(id, to string) message.Message {
	m := code(id, to)
	m.Channel = message.SMS
	return m
}

const paid = `SELECT coalesce(sum(messages), 0) FROM sms_day`

// TestTextArrivesInTheInbox, paid for once, however often it is queued and whatever the gateway's mood is.
func TestTextArrivesInTheInbox(t *testing.T) {
	t.Parallel()
	o, shop := openSMS(t, smsgateway.Options{}, spend.Caps{AccountPerDay: 10, RangePerHour: 10})
	shop.Break(smsgateway.Fault{Status: 429, RetryAfter: "1", Times: 2})
	var told outcomes
	o.post(t, texted("a", "0171 1234567"))
	o.work(t, jobs.Config{Done: told.add})
	o.arrives(t, "+491711234567")
	o.post(t, texted("a", "0171 1234567"))
	o.until(t, `SELECT count(*) FROM river_job WHERE kind = 'deliver' AND state = 'completed' AND attempt = 1`, 1) // waiting took no try
	o.until(t, paid, 1)
	got := o.inbox.Messages("+491711234567")
	if len(got) != 1 || got[0].Channel != "sms" || !strings.Contains(got[0].Text, "493817") || len(shop.Asked()) != 3 {
		t.Errorf("%d requests, arrived %+v", len(shop.Asked()), got)
	}
	if got := told.of("sms"); got["retry"] != 2 || got["delivered"] != 1 {
		t.Errorf("told of %v", got)
	}
}

// TestAttack15ASilentGatewayIsNotFedForEver: each try may be on the bill, so there are spend.Tries, one price, and a dead letter.
func TestAttack15ASilentGatewayIsNotFedForEver(t *testing.T) {
	t.Parallel()
	o, shop := openSMS(t, smsgateway.Options{}, spend.Caps{AccountPerDay: 10, RangePerHour: 10})
	shop.Break(smsgateway.Fault{Status: 502, Take: true})
	o.post(t, texted("a", "+491711234567"))
	o.work(t, jobs.Config{})
	for try := range spend.Tries {
		o.until(t, fmt.Sprintf(`SELECT count(*) FROM river_job WHERE attempt = %d AND state IN ('available', 'retryable') AND scheduled_at > now()`, try+1), 1)
		if _, err := o.pool.Exec(t.Context(), `UPDATE river_job SET state = 'available', scheduled_at = now()`); err != nil {
			t.Fatal(err)
		}
	}
	o.until(t, `SELECT count(*) FROM river_job WHERE kind = 'deliver' AND state = 'cancelled'`, 1)
	o.until(t, paid, 1)
	if n := len(shop.Asked()); n != spend.Tries {
		t.Errorf("handed over %d times", n)
	}
}

// TestAttack15PumpingEndsAtTheCap: fifty numbers, two replicas, a cap of seven. The rest is neither sent nor paid for nor a dead letter,
// and administrators hear of it once.
func TestAttack15PumpingEndsAtTheCap(t *testing.T) {
	t.Parallel()
	const numbers, most = 50, 7
	for name, caps := range map[string]spend.Caps{
		"day": {AccountPerDay: 10, RangePerHour: 1000, Day: spend.Cap{Segments: most}}, "range": {AccountPerDay: 10, RangePerHour: most},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o, shop := openSMS(t, smsgateway.Options{}, caps)
			for i := range numbers {
				o.post(t, texted(fmt.Sprint("m", i), fmt.Sprintf("+49171123%04d", i)))
			}
			var told outcomes
			for range 2 {
				o.work(t, jobs.Config{Done: told.add})
			}
			o.arrives(t, "ops@example.com")
			o.until(t, `SELECT count(*) FROM river_job WHERE kind = 'deliver' AND state = 'completed'`, numbers+1)
			o.until(t, paid, most)
			o.until(t, `SELECT count(*) FROM audit_event WHERE name = 'message.withheld'`, numbers-most)
			if n := len(shop.Messages()); n != most {
				t.Errorf("%d were sent", n)
			}
			if got := told.of("sms"); got["delivered"] != most || got["withheld"] != numbers-most {
				t.Errorf("told of %v", got)
			}
			if n := len(o.inbox.Messages("ops@example.com")); n != 1 {
				t.Errorf("%d warnings", n)
			}
			if letters, err := jobs.Dead(t.Context(), o.pool, 10); err != nil || len(letters) != 0 {
				t.Errorf("dead letters %+v, %v", letters, err)
			}
		})
	}
}

// TestAThrottlingGatewayGetsThemAllInTheEnd: none is lost, sent twice or paid for twice.
func TestAThrottlingGatewayGetsThemAllInTheEnd(t *testing.T) {
	t.Parallel()
	const numbers = 9
	o, shop := openSMS(t, smsgateway.Options{PerSecond: 3}, spend.Caps{AccountPerDay: 10, RangePerHour: 100})
	for i := range numbers {
		o.post(t, texted(fmt.Sprint("m", i), fmt.Sprintf("+49171123%04d", i)))
	}
	o.work(t, jobs.Config{})
	o.until(t, `SELECT count(*) FROM river_job WHERE kind = 'deliver' AND state = 'completed'`, numbers)
	o.until(t, paid, numbers)
	if n := len(shop.Messages()); n != numbers {
		t.Errorf("%d were sent", n)
	}
}
