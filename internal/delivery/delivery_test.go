package delivery_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"net"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"rekey/internal/audit"
	"rekey/internal/delivery"
	"rekey/internal/fault"
	"rekey/internal/keyset"
	"rekey/internal/lab/inbox"
	"rekey/internal/locale"
	"rekey/internal/mail"
	"rekey/internal/message"
	"rekey/internal/site"
)

const (
	erika  = "erika@home.example"
	secret = "493817"
	link   = "https://reset.example.com/not-me/MTIzNDU2.c2lnbmF0dXJl"
)

// noon is when the tests' messages are delivered.
func noon() time.Time { return time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC) }

// desk is a delivery service with the real sender, a real mail server, and what it wrote to the audit log.
type desk struct {
	*delivery.Service
	inbox    *inbox.Inbox
	keys     *keyset.Keyset
	log      *strings.Builder
	recorded *ledger
}

func open(t *testing.T) desk {
	t.Helper()
	return openWith(t, func(*delivery.Deps) {})
}

func openWith(t *testing.T, change func(*delivery.Deps)) desk {
	t.Helper()
	in, err := inbox.Start(t.Context(), inbox.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = in.Close() })
	keys, err := keyset.Load(t.Context(), &safe{}, make([]byte, keyset.KEKSize))
	if err != nil {
		t.Fatal(err)
	}
	catalogue, err := locale.Load()
	if err != nil {
		t.Fatal(err)
	}
	d := desk{inbox: in, keys: keys, log: &strings.Builder{}, recorded: &ledger{}}
	log := slog.New(slog.NewTextHandler(d.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	sender := mail.New(log)
	host, port, _ := net.SplitHostPort(in.SMTPAddr())
	number, _ := strconv.Atoi(port)
	if err := sender.Use(mail.Config{Host: host, Port: number, Security: mail.Plaintext, From: "Example Corp <noreply@example.com>"}, nil); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(sender.Close)
	snapshot := &site.Snapshot{Version: 7, Brand: site.Brand{
		Name: "Example password help", Firm: "Example & Sons", HelpText: "Help desk: 4357, Mon–Fri 7–19",
	}}
	deps := delivery.Deps{
		Keys: keys, Site: func() *site.Snapshot { return snapshot }, Catalogue: catalogue, Mail: sender, Recorder: d.recorded,
		Now: noon, Log: log,
	}
	change(&deps)
	d.Service = delivery.New(deps)
	return d
}

func (d desk) job(t *testing.T, m message.Message) delivery.Job {
	t.Helper()
	text, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	sealed, err := d.keys.Seal(delivery.SealPurpose, text, []byte(m.ID))
	if err != nil {
		t.Fatal(err)
	}
	return delivery.Job{ID: m.ID, Sealed: sealed}
}

// read delivers a message and gives it as it arrived.
func (d desk) read(t *testing.T, m message.Message) inbox.Message {
	t.Helper()
	if r := d.Deliver(t.Context(), d.job(t, m), delivery.Attempt{Queued: noon()}); r.Outcome != delivery.Delivered {
		t.Fatalf("%s in %s: %s: %v", m.Template, m.Locale, r.Outcome, r.Err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	got, err := d.inbox.Next(ctx, m.To)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func code(purpose string) message.Message {
	return message.Message{
		ID: "code.1", Template: message.Code, Channel: message.Mail, To: erika, Locale: "en",
		Data: map[string]string{"code": secret, "purpose": purpose, "minutes": "10"},
	}
}

func notice(template message.Template) message.Message {
	return message.Message{
		ID: "flow-1." + string(template) + ".0", Template: template, Channel: message.Mail, To: erika, Locale: "en",
		Data: map[string]string{
			"name": `CORP\erika`, "at": "2026-11-23T11:58:00Z", "freeze": link, "address": "192.0.2.7",
			"method": "totp", "label": "my phone", "until": "2026-11-23T13:00:00Z",
		},
	}
}

func TestCodeIsDroppedWhenItHasRunOut(t *testing.T) {
	for name, tc := range map[string]struct {
		message message.Message
		age     time.Duration
		want    delivery.Outcome
		reasons int
	}{
		"just in time":          {code("reset"), 10*time.Minute - time.Second, delivery.Delivered, 0},
		"too late":              {code("reset"), 10 * time.Minute, delivery.Expired, 1},
		"a notice is never old": {notice(message.PasswordReset), 20 * time.Hour, delivery.Delivered, 0},
	} {
		t.Run(name, func(t *testing.T) {
			d := open(t)
			r := d.Deliver(t.Context(), d.job(t, tc.message), delivery.Attempt{Queued: noon().Add(-tc.age)})
			if r.Outcome != tc.want {
				t.Errorf("outcome %s (%v), want %s", r.Outcome, r.Err, tc.want)
			}
			if sent := len(d.inbox.Messages("")); (sent == 1) != (tc.want == delivery.Delivered) {
				t.Errorf("%d mails arrived", sent)
			}
			if got := d.recorded.reasons(); len(got) != tc.reasons {
				t.Errorf("recorded %v", got)
			}
		})
	}
}

func TestFailureIsTriedAgainOrGivenUp(t *testing.T) {
	for name, tc := range map[string]struct {
		fault  *inbox.Fault
		change func(*message.Message, *delivery.Job)
		last   bool
		want   delivery.Outcome
		reason string // recorded
	}{
		"put off":                {fault: &inbox.Fault{At: inbox.AtRecipient, Code: 451}, want: delivery.Retry},
		"put off, last try":      {fault: &inbox.Fault{At: inbox.AtRecipient, Code: 451}, last: true, want: delivery.Dead, reason: "unreachable"},
		"refused":                {fault: &inbox.Fault{At: inbox.AtRecipient, Code: 550}, want: delivery.Dead, reason: "rejected"},
		"no address":             {change: func(m *message.Message, _ *delivery.Job) { m.To = "erika" }, want: delivery.Dead, reason: "rejected"},
		"newer version's text":   {change: func(m *message.Message, _ *delivery.Job) { m.Template = "from-the-future" }, want: delivery.Retry},
		"newer version's way":    {change: func(m *message.Message, _ *delivery.Job) { m.Channel = message.SMS }, want: delivery.Retry},
		"another job's seal":     {change: func(_ *message.Message, j *delivery.Job) { j.ID = "code.2" }, want: delivery.Retry},
		"another job's, last":    {change: func(_ *message.Message, j *delivery.Job) { j.ID = "code.2" }, last: true, want: delivery.Dead, reason: "unreadable"},
		"newer version's, last":  {change: func(m *message.Message, _ *delivery.Job) { m.Template = "x" }, last: true, want: delivery.Dead, reason: "unwritable"},
		"no way to send it, end": {change: func(m *message.Message, _ *delivery.Job) { m.Channel = message.SMS }, last: true, want: delivery.Dead, reason: "no-channel"},
	} {
		t.Run(name, func(t *testing.T) {
			d := open(t)
			if tc.fault != nil {
				d.inbox.Break(*tc.fault)
			}
			m, override := code("reset"), delivery.Job{}
			if tc.change != nil {
				tc.change(&m, &override)
			}
			j := d.job(t, m)
			if override.ID != "" {
				j.ID = override.ID
			}
			r := d.Deliver(t.Context(), j, delivery.Attempt{Queued: noon(), Last: tc.last})
			if r.Outcome != tc.want || r.Err == nil {
				t.Fatalf("outcome %s (%v), want %s", r.Outcome, r.Err, tc.want)
			}
			if got := strings.Join(d.recorded.reasons(), " "); got != tc.reason {
				t.Errorf("recorded %q, want %q", got, tc.reason)
			}
			for where, text := range map[string]string{"error": r.Err.Error(), "log": d.log.String()} {
				if strings.Contains(text, secret) || strings.Contains(text, erika) {
					t.Errorf("the %s tells the code or the address: %s", where, text)
				}
			}
		})
	}
}

func TestGivenUpMessageIsInTheAuditLog(t *testing.T) {
	d := open(t)
	d.inbox.Break(inbox.Fault{At: inbox.AtRecipient, Code: 550})
	d.Deliver(t.Context(), d.job(t, code("reset")), delivery.Attempt{Queued: noon()})
	d.recorded.mu.Lock()
	defer d.recorded.mu.Unlock()
	if len(d.recorded.events) != 1 {
		t.Fatalf("%d events", len(d.recorded.events))
	}
	ev := d.recorded.events[0]
	if ev.Name != audit.NoticeFailed || ev.Actor != audit.System || ev.Outcome != audit.Failed || ev.Settings != 7 ||
		ev.Detail["to"] != erika || ev.Detail["template"] != "code" || ev.Detail["message"] != "code.1" {
		t.Errorf("recorded %+v", ev)
	}
	for _, v := range ev.Detail {
		if strings.Contains(v, secret) {
			t.Error("the audit log has the code")
		}
	}
}

// TestAttack16DecoyIsTakenAndNotSent: a message for a name nobody has goes the same way as far as the mail server, and whatever that
// server would say stays unknown.
func TestAttack16DecoyIsTakenAndNotSent(t *testing.T) {
	d := open(t)
	d.inbox.Break(inbox.Fault{At: inbox.AtRecipient, Code: 550})
	m := code("reset")
	m.Discard = true
	r := d.Deliver(t.Context(), d.job(t, m), delivery.Attempt{Queued: noon(), Last: true})
	if r.Outcome != delivery.Discarded || r.Err != nil {
		t.Errorf("outcome %s: %v", r.Outcome, r.Err)
	}
	if d.inbox.Connections() != 0 || len(d.recorded.reasons()) != 0 {
		t.Errorf("%d connections, recorded %v", d.inbox.Connections(), d.recorded.reasons())
	}
}

// TestSecondDeliveryCanBeRecognised: after a crash between sending and marking as sent a message goes out twice, and mailboxes tell by
// the Message-ID.
func TestSecondDeliveryCanBeRecognised(t *testing.T) {
	d := open(t)
	first, second := d.read(t, code("reset")), d.read(t, code("reset"))
	other := code("reset")
	other.ID = "code.2"
	third := d.read(t, other)
	a, b, c := first.Header.Get("Message-ID"), second.Header.Get("Message-ID"), third.Header.Get("Message-ID")
	if a == "" || a != b || a == c {
		t.Errorf("Message-IDs %s, %s; another message %s", a, b, c)
	}
}

// ledger keeps what was recorded.
type ledger struct {
	mu     sync.Mutex
	events []audit.Event
}

func (l *ledger) Record(_ context.Context, ev audit.Event) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.events = append(l.events, ev)
	return nil
}

func (l *ledger) reasons() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	var out []string
	for _, ev := range l.events {
		out = append(out, ev.Reason)
	}
	return out
}

// safe keeps a keyset in memory.
type safe struct {
	wrapped []byte
	version int64
}

func (s *safe) LoadKeyset(context.Context) ([]byte, int64, error) {
	if s.version == 0 {
		return nil, 0, fault.New(fault.NotFound, "")
	}
	return s.wrapped, s.version, nil
}

func (s *safe) SaveKeyset(_ context.Context, wrapped []byte, after int64) error {
	s.wrapped, s.version = wrapped, after+1
	return nil
}
