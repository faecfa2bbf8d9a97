package messageui_test

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"rekey/internal/account"
	"rekey/internal/audit"
	"rekey/internal/delivery"
	"rekey/internal/lab/inbox"
	"rekey/internal/lab/pgtest"
	"rekey/internal/locale"
	"rekey/internal/mail"
	"rekey/internal/message"
	"rekey/internal/notice"
	"rekey/internal/role"
	"rekey/internal/server"
	"rekey/internal/server/console"
	"rekey/internal/server/consoletest"
	"rekey/internal/server/messageui"
	"rekey/internal/server/review"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// office is a desk with a real mail server.
type office struct {
	*consoletest.Desk
	inbox   *inbox.Inbox
	courier *delivery.Service
}

func open(t *testing.T, document string) office {
	t.Helper()
	in, err := inbox.Start(t.Context(), inbox.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = in.Close() })
	o := office{inbox: in}
	o.Desk = consoletest.WithSettings(t, document, func(d *consoletest.Desk) []server.Area {
		catalogue, err := locale.Load()
		if err != nil {
			t.Fatal(err)
		}
		log := slog.New(slog.NewTextHandler(d.Log, nil))
		sender := mail.New(log)
		t.Cleanup(sender.Close)
		host, port, _ := net.SplitHostPort(in.SMTPAddr())
		number, _ := strconv.Atoi(port)
		if err := sender.Use(mail.Config{Host: host, Port: number, Security: mail.Plaintext, From: "Example Corp <noreply@example.test>"}, nil); err != nil {
			t.Fatal(err)
		}
		o.courier = delivery.New(delivery.Deps{
			Keys: d.Keys, Site: d.Settings.Snapshot, Catalogue: catalogue, Mail: sender, Purse: d.Store, Recorder: d.Store, Journal: d.Store, Now: d.Now, Log: log,
		})
		return []server.Area{(&messageui.UI{
			Console: d.Console, Review: &review.Review{Console: d.Console, Configure: d.Configure}, Site: d.Settings.Snapshot, Courier: o.courier,
			Log: &delivery.Log{Store: d.Store, Now: d.Now}, Store: d.Store, Languages: catalogue.Languages(), PublicURL: consoletest.Origin,
		}).Area()}
	})
	return o
}

const resetMail = console.MessagesURL + "/text/password-reset/mail/en"

func TestEveryRoleIsKeptToItsPages(t *testing.T) {
	open(t, consoletest.Document).Refused(map[string]string{"event": "code", "channel": "mail", "language": "en", "number": "1"})
}

// TestATextOfOnesOwn is written, tried, saved with a reason, sent by, and taken back.
func TestATextOfOnesOwn(t *testing.T) {
	o := open(t, consoletest.Document)
	c := o.Client(role.PolicyAdmin)
	page := c.Get(resetMail)
	if page.Status != http.StatusOK || !strings.Contains(page.Body, "The password of the account {name} at {firm} was reset") || !strings.Contains(page.Body, "built-in text") {
		t.Fatalf("status %d, %s", page.Status, page.Body)
	}
	form := consoletest.Form(page.Body, url.Values{"subject": {"News from {firm}"}, "text": {"Hello {name}, at {when}.\r\n\r\n{link}"}, "html": {""}})
	form.Set("do", "preview")
	if got := c.Post(resetMail, form); !strings.Contains(got.Body, "News from Example Corp") || !strings.Contains(got.Body, "Hello CORP\\policy-admin") && !strings.Contains(got.Body, "Hello policy-admin") {
		t.Errorf("preview: status %d, %s", got.Status, got.Body)
	}
	form.Set("do", "test")
	if got := c.Post(resetMail, form); got.Status != http.StatusOK || !strings.Contains(got.Body, "Sent to policy-admin@corp.example.test") {
		t.Fatalf("test: status %d, %s", got.Status, got.Body)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	sent, err := o.inbox.Next(ctx, "policy-admin@corp.example.test")
	if err != nil || sent.Subject != "News from Example Corp" || !strings.Contains(sent.Text, "Hello ") {
		t.Errorf("received %+v, %v", sent, err)
	}
	form.Set("do", "review")
	shown := c.Post(resetMail, form)
	if shown.Status != http.StatusOK || !strings.Contains(shown.Body, "messages") || !strings.Contains(shown.Body, "News from {firm}") {
		t.Fatalf("review: status %d, %s", shown.Status, shown.Body)
	}
	if got := c.Follow(console.MessagesURL+"/save", consoletest.Form(shown.Body, url.Values{"reason": {"Shorter"}})); !strings.Contains(got.Body, "Saved as version 2") || !strings.Contains(got.Body, "own text") {
		t.Fatalf("status %d, %s", got.Status, got.Body)
	}
	written, err := o.courier.Draft(message.Message{Template: message.PasswordReset, Channel: message.Mail, Locale: "en", Data: map[string]string{"name": "anna"}}, o.Settings.Snapshot().Texts)
	if err != nil || !written.Own || !strings.Contains(written.Text, "Hello anna") {
		t.Errorf("in force: %+v, %v", written, err)
	}
	form = consoletest.Form(c.Get(resetMail).Body, url.Values{"do": {"reset"}})
	shown = c.Post(resetMail, form)
	if got := c.Follow(console.MessagesURL+"/save", consoletest.Form(shown.Body, url.Values{"reason": {"Back"}})); !strings.Contains(got.Body, "built-in text") {
		t.Errorf("taken back: status %d, %s", got.Status, got.Body)
	}
	if got := strings.Join(o.Audit(), " "); !strings.Contains(got, string(audit.MessageTested)) {
		t.Errorf("recorded %s", got)
	}
}

// TestWhatIsWrongIsSaidWithItsPlace, and nothing is lost of what was typed.
func TestWhatIsWrongIsSaidWithItsPlace(t *testing.T) {
	c := open(t, consoletest.Document).Client(role.Owner)
	form := consoletest.Form(c.Get(resetMail).Body, url.Values{"text": {"one\n{code}"}, "html": {"<script>x</script>"}, "do": {"review"}})
	got := c.Post(resetMail, form)
	if got.Status != http.StatusUnprocessableEntity || !strings.Contains(got.Body, "Line 2, column 1: {code} is no macro of this text") || !strings.Contains(got.Body, "is not taken") || !strings.Contains(got.Body, "{code}</textarea>") {
		t.Errorf("status %d, %s", got.Status, got.Body)
	}
	if strings.Contains(got.Body, "<script>x") {
		t.Error("the page holds the script")
	}
	form.Set("do", "macro:address")
	if got := c.Post(resetMail, form); !strings.Contains(got.Body, "{code}{address}</textarea>") {
		t.Errorf("a macro's button: status %d", got.Status)
	}
}

// TestAttack40TestMailsAreBounded: an administrator cannot flood anybody, and nobody but themselves.
func TestAttack40TestMailsAreBounded(t *testing.T) {
	o := open(t, consoletest.Document)
	c := o.Client(role.PolicyAdmin)
	form := consoletest.Form(c.Get(resetMail).Body, url.Values{"subject": {"x"}, "text": {"y"}, "do": {"test"}, "who": {"anna"}, "to": {"anna@corp.example.test"}})
	for range 5 {
		if got := c.Post(resetMail, form); !strings.Contains(got.Body, "Sent to policy-admin@") {
			t.Fatalf("status %d, %s", got.Status, got.Body)
		}
	}
	if got := c.Post(resetMail, form); got.Status != http.StatusUnprocessableEntity || !strings.Contains(got.Body, "many test messages") {
		t.Errorf("the sixth: status %d", got.Status)
	}
	if others := o.inbox.Messages("anna@corp.example.test"); len(others) > 0 {
		t.Errorf("anna got %d", len(others))
	}
}

// TestHostileNamesAreText: what a directory says of somebody is a text in the preview.
func TestHostileNamesAreText(t *testing.T) {
	c := open(t, consoletest.Document).Client(role.Owner)
	form := consoletest.Form(c.Get(resetMail).Body, url.Values{"do": {"preview"}, "who": {"xaver"}, "text": {consoletest.XSS}, "subject": {consoletest.XSS}})
	if got := c.Post(resetMail, form); strings.Contains(got.Body, "<script>alert(1)") || strings.Contains(got.Body, "<img src=x") {
		t.Error("it runs")
	}
	form.Set("who", consoletest.XSS)
	if got := c.Post(resetMail, form); got.Status != http.StatusOK || strings.Contains(got.Body, "<script>alert(1)") {
		t.Errorf("status %d, or it runs", got.Status)
	}
}

// TestRecipientsAreObeyed: they are saved on the page, and messages go to them.
func TestRecipientsAreObeyed(t *testing.T) {
	o := open(t, consoletest.Document)
	c := o.Client(role.Owner)
	const at = console.MessagesURL + "/recipients"
	form := consoletest.Form(c.Get(at).Body, url.Values{"password-reset.addresses": {"bad\n"}})
	if got := c.Post(at, form); got.Status != http.StatusUnprocessableEntity || !strings.Contains(got.Body, "want an address such as") {
		t.Errorf("status %d", got.Status)
	}
	form.Set("password-reset.addresses", "security@example.test")
	form.Set("password-reset.manager", "on")
	shown := c.Post(at, form)
	if got := c.Follow(console.MessagesURL+"/save", consoletest.Form(shown.Body, url.Values{"reason": {"Security watches"}})); !strings.Contains(got.Body, "Saved as version 2") || !strings.Contains(got.Body, "security@example.test") {
		t.Fatalf("status %d, %s", got.Status, got.Body)
	}
	owner := &notice.Owner{Site: o.Settings.Snapshot, Store: o.Store, Keys: o.Keys, Now: o.Now, Log: slog.New(slog.DiscardHandler), PublicURL: consoletest.Origin}
	ms := owner.Tell(t.Context(), notice.Event{ID: "x", Template: message.PasswordReset, Account: o.ID("anna"), Name: "anna", Locale: "en"})
	to := map[string]message.Message{}
	for _, m := range ms {
		to[m.To] = m
	}
	if len(to) != 2 || to["anna@corp.example.test"].Data["freeze"] == "" || to["security@example.test"].Data["freeze"] != "" {
		t.Fatalf("told %+v", ms)
	}
	written, err := o.courier.Draft(to["security@example.test"], o.Settings.Snapshot().Texts)
	if err != nil || !strings.Contains(written.Text, "anna") || strings.Contains(written.Text, "not-me") || strings.Contains(written.Subject, "your") {
		t.Errorf("others get %+v, %v", written, err)
	}
	if others := owner.Tell(t.Context(), notice.Event{ID: "y", Template: message.AccountUnlocked, Account: o.ID("anna")}); len(others) != 1 {
		t.Errorf("of another event %d are told", len(others))
	}
}

// TestTheDeliveryLog shows who got what: in full to whoever may see addresses, else masked; never a code.
func TestTheDeliveryLog(t *testing.T) {
	o := open(t, consoletest.Document)
	enter := func(id string, event message.Template, state delivery.State, whose account.ID) {
		t.Helper()
		err := o.Store.EnterDelivery(t.Context(), delivery.Entry{
			ID: id, Event: event, Channel: message.Mail, Language: "en", To: "anna@home.example", Masked: delivery.MaskMail("anna@home.example"), Account: whose.String(),
			Settings: 1, State: state, Error: consoletest.XSS, Queued: o.Now(), At: o.Now(),
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	enter("one", message.PasswordReset, delivery.GivenUp, o.ID("anna"))
	enter("two", message.Code, delivery.Sent, o.ID("ben"))
	const at = console.MessagesURL + "/log"
	for r, full := range map[role.Role]bool{role.PolicyAdmin: false, role.Owner: false, role.Auditor: true} {
		got := o.Client(r).Get(at)
		if got.Status != http.StatusOK || strings.Contains(got.Body, "anna@home.example") != full || !strings.Contains(got.Body, "given up") || strings.Contains(got.Body, "<script>alert") {
			t.Errorf("%s: status %d, %s", r, got.Status, got.Body)
		}
		if sheet := o.Client(r).Get(at + ".csv"); strings.Contains(sheet.Body, "anna@home.example") != full || strings.Count(sheet.Body, "\n") != 3 {
			t.Errorf("%s: %s", r, sheet.Body)
		}
	}
	if got := o.Client(role.Owner).Get(at + ".csv?who=ben"); strings.Contains(got.Body, "password-reset") || strings.Count(got.Body, "\n") != 2 {
		t.Errorf("one person's: %s", got.Body)
	}
	if got := o.Client(role.Owner).Get(at + "?state=given-up&event=code"); !strings.Contains(got.Body, "No message is like this") {
		t.Errorf("narrowed: status %d", got.Status)
	}
	if got := o.Client(role.Owner).Get(at + "?from=x"); got.Status != http.StatusUnprocessableEntity {
		t.Errorf("a day that is none: status %d", got.Status)
	}
	if got := o.Client(role.Owner).Post(at+"/1/retry", nil); got.Status != http.StatusConflict {
		t.Errorf("what the queue has no more: status %d", got.Status)
	}
}

// TestAGivenUpMessageIsTriedAgain: the queue has it anew, once.
func TestAGivenUpMessageIsTriedAgain(t *testing.T) {
	o := open(t, consoletest.Document)
	_, err := o.Pool.Exec(t.Context(), `INSERT INTO river_job (kind, args, state, finalized_at, attempt, max_attempts, queue) VALUES ('deliver', '{"id":"one"}', 'cancelled', now(), 25, 25, 'default')`)
	if err != nil {
		t.Fatal(err)
	}
	err = o.Store.EnterDelivery(t.Context(), delivery.Entry{ID: "one", Event: message.PasswordReset, Channel: message.Mail, To: "a@example.test", State: delivery.GivenUp, Queued: o.Now(), At: o.Now()})
	if err != nil {
		t.Fatal(err)
	}
	const at = console.MessagesURL + "/log"
	if got := o.Client(role.PolicyAdmin).Get(at); strings.Contains(got.Body, "Try again") {
		t.Error("whoever may not retry has the button")
	}
	c := o.Client(role.Owner)
	if got := c.Get(at); !strings.Contains(got.Body, "Try again") {
		t.Fatalf("no button: %s", got.Body)
	}
	if got := c.Follow(at+"/1/retry", nil); !strings.Contains(got.Body, "It is tried again now.") || !strings.Contains(got.Body, "will be tried again") {
		t.Errorf("status %d, %s", got.Status, got.Body)
	}
	var state string
	if err := o.Pool.QueryRow(t.Context(), `SELECT state::text FROM river_job WHERE args->>'id' = 'one'`).Scan(&state); err != nil || state != "available" {
		t.Errorf("the job is %s, %v", state, err)
	}
	if got := c.Post(at+"/1/retry", nil); got.Status != http.StatusConflict {
		t.Errorf("a second time: status %d", got.Status)
	}
}

// TestTheMailServerIsSetOnAPage: its form is that of its settings, a changed host asks for the secret again, and saving asks why.
func TestTheMailServerIsSetOnAPage(t *testing.T) {
	o := open(t, strings.Replace(consoletest.Document, "  from: noreply@example.test\n", "  from: noreply@example.test\n  user: rekey\n  password: {env: PATH}\n", 1))
	c := o.Client(role.Owner)
	const at = console.MessagesURL + "/gateway/mail"
	page := c.Get(at)
	if page.Status != http.StatusOK || !strings.Contains(page.Body, "mail.example.test") || !strings.Contains(page.Body, "Mail server") {
		t.Fatalf("status %d, %s", page.Status, page.Body)
	}
	form := consoletest.Form(page.Body, url.Values{"host": {"mail.example.test"}, "from": {"help@example.test"}, "user": {"rekey"}})
	shown := c.Post(at, form)
	if shown.Status != http.StatusOK || !strings.Contains(shown.Body, "mail.from") {
		t.Fatalf("status %d, %s", shown.Status, shown.Body)
	}
	if got := c.Follow(console.MessagesURL+"/gateways/save", consoletest.Form(shown.Body, url.Values{"reason": {"One sender"}})); !strings.Contains(got.Body, "Saved as version 2") {
		t.Errorf("status %d, %s", got.Status, got.Body)
	}
	form = consoletest.Form(c.Get(at).Body, url.Values{"host": {"evil.example.test"}, "from": {"help@example.test"}, "user": {"rekey"}})
	if got := c.Post(at, form); strings.Contains(got.Body, `name="reason"`) || !strings.Contains(got.Body, "secret") && !strings.Contains(got.Body, "again") {
		t.Errorf("another host keeps the secret: status %d, %s", got.Status, got.Body)
	}
	if got := c.Post(at+"/test", nil); !strings.Contains(got.Body, "Sent to owner@corp.example.test") {
		t.Errorf("test: status %d, %s", got.Status, got.Body)
	}
}
