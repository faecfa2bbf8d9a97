package mail_test

import (
	"context"
	"errors"
	"log/slog"
	"net"
	netmail "net/mail"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"rekey/internal/delivery"
	"rekey/internal/lab/inbox"
	"rekey/internal/mail"
	"rekey/internal/secret"
)

func TestConfig(t *testing.T) {
	good := mail.Config{Host: "mail.example.com", From: "Example Corp <noreply@example.com>"}
	with := func(change func(*mail.Config)) mail.Config { c := good; change(&c); return c }
	for name, tc := range map[string]struct {
		config mail.Config
		want   string // beginning of the error; empty: fine
	}{
		"plain defaults":            {good, ""},
		"bare address":              {with(func(c *mail.Config) { c.From = "noreply@example.com" }), ""},
		"sign-in":                   {with(func(c *mail.Config) { c.User, c.Password.Env = "rekey", "X" }), ""},
		"plaintext to this machine": {with(func(c *mail.Config) { c.Host, c.Security = "127.0.0.1", "plaintext" }), ""},
		"and over IPv6":             {with(func(c *mail.Config) { c.Host, c.Security = "::1", "plaintext" }), ""},
		"and by name":               {with(func(c *mail.Config) { c.Host, c.Security = "localhost", "plaintext" }), ""},
		"no host":                   {with(func(c *mail.Config) { c.Host = "" }), "mail.host: "},
		"host with port":            {with(func(c *mail.Config) { c.Host = "mail.example.com:25" }), "mail.host: "},
		"port":                      {with(func(c *mail.Config) { c.Port = 70000 }), "mail.port: "},
		"plaintext elsewhere":       {with(func(c *mail.Config) { c.Security = "plaintext" }), "mail.security: plaintext is for"},
		"plaintext to an address":   {with(func(c *mail.Config) { c.Host, c.Security = "192.0.2.1", "plaintext" }), "mail.security: plaintext is for"},
		"plaintext to a look-alike": {with(func(c *mail.Config) { c.Host, c.Security = "localhost.example.com", "plaintext" }), "mail.security: plaintext is for"},
		"plaintext password": {with(func(c *mail.Config) {
			c.Host, c.Security, c.User, c.Password.Env = "::1", "plaintext", "rekey", "X"
		}), "mail.user: "},
		"unknown security":      {with(func(c *mail.Config) { c.Security = "none" }), "mail.security: want starttls"},
		"no sender":             {with(func(c *mail.Config) { c.From = "" }), "mail.from: "},
		"two senders":           {with(func(c *mail.Config) { c.From = "a@example.com, b@example.com" }), "mail.from: "},
		"user without password": {with(func(c *mail.Config) { c.User = "rekey" }), "mail.password: "},
		"password without user": {with(func(c *mail.Config) { c.Password.Env = "X" }), "mail.password: "},
		"too patient":           {with(func(c *mail.Config) { c.Timeout = time.Hour }), "mail.timeout: "},
		"missing CA file":       {with(func(c *mail.Config) { c.CAFile = "/nowhere.pem" }), "mail.ca_file: "},
		"CA file of nothing":    {with(func(c *mail.Config) { c.CAFile = "mail_test.go" }), "mail.ca_file: "},
	} {
		t.Run(name, func(t *testing.T) {
			err := tc.config.Validate()
			if (err == nil) != (tc.want == "") || err != nil && !strings.HasPrefix(err.Error(), tc.want) {
				t.Errorf("got %v, want %q", err, tc.want)
			}
		})
	}
}

func TestMailHasWhatMailServersExpect(t *testing.T) {
	in, s := start(t, inbox.Options{}, mail.Config{})
	m := letter()
	m.Subject, m.Text, m.HTML, m.Locale = "Größe: رمزك", "Zeile\n\nرمز 123456\n", "<p>Zeile</p>", "de"
	send(t, s, m)
	got := next(t, in, m.To)
	if got.Subject != m.Subject || got.Text != m.Text || got.HTML != m.HTML {
		t.Errorf("arrived as %q, %q, %q", got.Subject, got.Text, got.HTML)
	}
	if got.From != "noreply@example.com" {
		t.Errorf("envelope sender %q", got.From)
	}
	for name, want := range map[string]string{
		"Auto-Submitted": "auto-generated", "X-Auto-Response-Suppress": "All", "Mime-Version": "1.0", "To": "<erika@home.example>",
		"From": `"Example Corp" <noreply@example.com>`, "Content-Language": "de", "X-Mailer": "", "User-Agent": "", "Bcc": "", "Precedence": "",
	} {
		if v := got.Header.Get(name); v != want {
			t.Errorf("%s: %q, want %q", name, v, want)
		}
	}
	if at, err := got.Header.Date(); err != nil || time.Since(at).Abs() > time.Minute {
		t.Errorf("Date: %v, %v", at, err)
	}
	if id := got.Header.Get("Message-Id"); !strings.HasSuffix(id, "@example.com>") || strings.Contains(id, m.ID) {
		t.Errorf("Message-Id: %s", id)
	}
	if kind := got.Header.Get("Content-Type"); !strings.HasPrefix(kind, "multipart/alternative;") {
		t.Errorf("Content-Type: %s", kind)
	}
}

func TestConnectionIsKeptForTheNextMail(t *testing.T) {
	in, s := start(t, inbox.Options{}, mail.Config{})
	const mails = 5
	for range mails {
		send(t, s, letter())
	}
	if n := in.Connections(); n != 1 {
		t.Errorf("%d mails took %d connections", mails, n)
	}
	// The server ends it, or wants no more mails on it: the next mail goes over a fresh one.
	in.Break(inbox.Fault{At: inbox.AtSender, Code: 421, Times: 1})
	send(t, s, letter())
	if n := in.Connections(); n != 2 {
		t.Errorf("%d connections, want a second one", n)
	}
	if n := len(in.Messages("")); n != mails+1 {
		t.Errorf("%d mails arrived, want %d", n, mails+1)
	}
}

func TestServerThatCameBackIsFound(t *testing.T) {
	in, s := start(t, inbox.Options{}, mail.Config{})
	send(t, s, letter())
	address := in.SMTPAddr()
	if err := in.Close(); err != nil {
		t.Fatal(err)
	}
	again, err := inbox.Start(t.Context(), inbox.Options{SMTP: address})
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	send(t, s, letter())
	next(t, again, "")
}

func TestManyAtOnce(t *testing.T) {
	in, s := start(t, inbox.Options{}, mail.Config{})
	const mails = 24
	var wg sync.WaitGroup
	for i := range mails {
		wg.Go(func() {
			m := letter()
			m.ID = strconv.Itoa(i)
			if err := s.Send(t.Context(), m); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	ids := map[string]bool{}
	for _, m := range in.Messages("") {
		ids[m.Header.Get("Message-Id")] = true
	}
	if len(ids) != mails {
		t.Errorf("%d mails arrived, want %d", len(ids), mails)
	}
}

func TestRefusalsAreToldApart(t *testing.T) {
	for name, tc := range map[string]struct {
		fault     inbox.Fault
		permanent bool
	}{
		"recipient unknown":    {inbox.Fault{At: inbox.AtRecipient, Code: 550}, true},
		"mailbox busy":         {inbox.Fault{At: inbox.AtRecipient, Code: 450}, false},
		"sender refused":       {inbox.Fault{At: inbox.AtSender, Code: 553}, true},
		"server overloaded":    {inbox.Fault{At: inbox.AtSender, Code: 451}, false},
		"content refused":      {inbox.Fault{At: inbox.AtData, Code: 554}, true},
		"no room":              {inbox.Fault{At: inbox.AtData, Code: 452}, false},
		"greylisted after all": {inbox.Fault{At: inbox.AfterData, Code: 451}, false},
	} {
		t.Run(name, func(t *testing.T) {
			in, s := start(t, inbox.Options{}, mail.Config{})
			in.Break(tc.fault)
			err := s.Send(t.Context(), letter())
			if err == nil || errors.Is(err, delivery.ErrPermanent) != tc.permanent {
				t.Fatalf("permanent %v: %v", tc.permanent, err)
			}
			if !strings.Contains(err.Error(), strconv.Itoa(tc.fault.Code)) || strings.Contains(err.Error(), letter().To) {
				t.Errorf("want the reply and no address: %v", err)
			}
			in.Heal()
			send(t, s, letter()) // nothing of the failure sticks
		})
	}
}

func TestBadAddressIsPermanent(t *testing.T) {
	in, s := start(t, inbox.Options{}, mail.Config{})
	for _, to := range []string{
		"", "erika", "@example.com", "erika@", "a@example.com, b@example.com", "Erika <erika@example.com>", "erika@example.com (me)",
		strings.Repeat("a", 250) + "@example.com", "group: a@example.com;", "erika@exa mple.com", "erika@\u202eexample.com",
	} {
		m := letter()
		m.To = to
		if err := s.Send(t.Context(), m); !errors.Is(err, delivery.ErrPermanent) {
			t.Errorf("%q: %v", to, err)
		}
	}
	if n := in.Connections(); n != 0 {
		t.Errorf("%d connections for addresses that are none", n)
	}
}

func TestInternationalDomainIsSentInASCII(t *testing.T) {
	in, s := start(t, inbox.Options{}, mail.Config{})
	m := letter()
	m.To = "erika@bücher.example"
	send(t, s, m)
	next(t, in, "erika@xn--bcher-kva.example")
}

// TestAttack30HeadersCannotBeInjected: no field of a mail makes a line of its own in the header or a command of its own in the talk.
func TestAttack30HeadersCannotBeInjected(t *testing.T) {
	in, s := start(t, inbox.Options{}, mail.Config{})
	for _, evil := range []string{
		"x\r\nBcc: thief@evil.example", "x\nBcc: thief@evil.example", "x\rBcc: thief@evil.example", "x\r\n\r\n<script>", "x\u2028Bcc: thief@evil.example",
		"x\r\n.\r\nMAIL FROM:<thief@evil.example>",
	} {
		m := letter()
		m.ID, m.Subject, m.Locale = evil, evil, evil
		m.Text, m.HTML = evil+"\r\n.\r\nRCPT TO:<thief@evil.example>\r\n", evil
		send(t, s, m)
		got := next(t, in, m.To)
		for _, name := range []string{"Bcc", "Cc", "Resent-To"} {
			if got.Header.Get(name) != "" {
				t.Errorf("%q made a header %s", evil, name)
			}
		}
		if len(got.Header) != 10 {
			t.Errorf("%q: headers %v", evil, got.Header)
		}
		m.To = "erika@home.example" + evil[1:]
		if err := s.Send(t.Context(), m); !errors.Is(err, delivery.ErrPermanent) {
			t.Errorf("address %q: %v", m.To, err)
		}
	}
	if thief := in.Messages("thief@evil.example"); len(thief) != 0 {
		t.Error("a mail went to the address that was injected")
	}
	if err := s.Use(mail.Config{Host: "localhost", From: "x <noreply@example.com>\r\nBcc: thief@evil.example"}, nil); err == nil {
		t.Error("a sender of two lines was taken")
	}
}

func TestServerThatHangsIsGivenUp(t *testing.T) {
	for _, at := range []inbox.Stage{inbox.AtSender, inbox.AtData} {
		t.Run(string(at), func(t *testing.T) {
			in, s := start(t, inbox.Options{}, mail.Config{Timeout: time.Second})
			in.Break(inbox.Fault{At: at, Hang: true})
			began := time.Now()
			err := s.Send(t.Context(), letter())
			if err == nil || errors.Is(err, delivery.ErrPermanent) {
				t.Errorf("want a failure that may be tried again, got %v", err)
			}
			if took := time.Since(began); took > 3*time.Second {
				t.Errorf("took %v", took)
			}
		})
	}
	t.Run("greeting", func(t *testing.T) {
		deaf, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer deaf.Close()
		s := mail.New(slog.New(slog.DiscardHandler))
		use(t, s, deaf.Addr().String(), mail.Config{})
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		if err := s.Send(ctx, letter()); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("want the caller's deadline, got %v", err)
		}
	})
}

func TestNewSettingsTakeOver(t *testing.T) {
	in, s := start(t, inbox.Options{}, mail.Config{})
	send(t, s, letter())
	other, err := inbox.Start(t.Context(), inbox.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	use(t, s, other.SMTPAddr(), mail.Config{From: "Other <other@example.org>"})
	send(t, s, letter())
	if got := next(t, other, ""); got.From != "other@example.org" {
		t.Errorf("sent by %s", got.From)
	}
	if n := len(in.Messages("")); n != 1 {
		t.Errorf("%d mails went to the old server", n)
	}
	if err := s.Use(mail.Config{}, nil); err == nil {
		t.Error("settings of nothing were taken")
	}
	send(t, s, letter()) // the last good ones stay
	s.Close()
	if err := s.Send(t.Context(), letter()); err == nil || errors.Is(err, delivery.ErrPermanent) {
		t.Errorf("closed, and sending says %v", err)
	}
}

func letter() delivery.Mail {
	return delivery.Mail{ID: "flow-1.code", To: "erika@home.example", Subject: "Subject", Text: "Text\n", HTML: "<p>Text</p>", Locale: "en"}
}

// start runs an inbox and a sender that uses it. Host, port and sender are filled in, and plaintext if nothing is said.
func start(t *testing.T, o inbox.Options, c mail.Config) (*inbox.Inbox, *mail.Sender) {
	t.Helper()
	in, err := inbox.Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = in.Close() })
	s := mail.New(slog.New(slog.DiscardHandler))
	use(t, s, in.SMTPAddr(), c)
	t.Cleanup(s.Close)
	return in, s
}

func use(t *testing.T, s *mail.Sender, address string, c mail.Config) {
	t.Helper()
	host, port, _ := net.SplitHostPort(address)
	c.Host = host
	c.Port, _ = strconv.Atoi(port)
	if c.Security == "" {
		c.Security = mail.Plaintext
	}
	if c.From == "" {
		c.From = "Example Corp <noreply@example.com>"
	}
	resolve := func(r secret.Ref) (secret.Text, error) { return secret.New(os.Getenv(r.Env)), nil }
	if err := s.Use(c, resolve); err != nil {
		t.Fatal(err)
	}
}

func send(t *testing.T, s *mail.Sender, m delivery.Mail) {
	t.Helper()
	if err := s.Send(t.Context(), m); err != nil {
		t.Fatal(err)
	}
}

func next(t *testing.T, in *inbox.Inbox, to string) inbox.Message {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	m, err := in.Next(ctx, to)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := netmail.ParseAddress(m.To); err != nil {
		t.Errorf("envelope recipient %q", m.To)
	}
	return m
}
