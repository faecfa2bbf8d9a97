package sms_test

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"rekey/internal/delivery"
	"rekey/internal/lab/ca"
	"rekey/internal/lab/smsgateway"
	"rekey/internal/secret"
	"rekey/internal/sms"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	erika = "+491711234567"
	words = `Größe & "Code" 493817 \ 50% {{id}} <b>`
)

func text() delivery.Text { return delivery.Text{ID: "code.1", To: erika, Text: words} }

// The configurations for the dialects of the emulator, as an administrator would write them.
func asJSON(url string) sms.Config {
	return sms.Config{
		URL: url + "/messages", Headers: map[string]string{"content-type": "application/json", "Authorization": "Bearer {{secret.key}}"},
		Body:    `{"from": "{{sender}}", "to": "{{number}}", "text": "{{text}}", "reference": "rekey/{{id}}"}`,
		Secrets: key(), Sender: "Example", Success: sms.Success{Status: []int{202}, JSON: map[string]string{"messages.0.status": "accepted"}},
		Receipt: "messages.0.id", Timeout: time.Second,
	}
}

func asForm(url string) sms.Config {
	return sms.Config{
		URL: url + "/form", Headers: map[string]string{"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"},
		Body: "from={{sender}}&to={{digits}}&text={{text}}&reference={{id}}", User: "rekey", Password: secret.Ref{Env: "key"}, Sender: "Example",
	}
}

func asQuery(url string) sms.Config {
	return sms.Config{
		URL: url + "/send?key={{secret.key}}&to={{number}}&text={{text}}", Method: "GET", Secrets: key(), Success: sms.Success{Contains: "OK "},
	}
}

func key() map[string]secret.Ref { return map[string]secret.Ref{"key": {Env: "key"}} }

// resolve takes the name of the variable for its value.
func resolve(r secret.Ref) (secret.Text, error) { return secret.New(r.Env), nil }

func start(t *testing.T, o smsgateway.Options) *smsgateway.Gateway {
	t.Helper()
	g, err := smsgateway.Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = g.Close() })
	return g
}

// sender is one with a configuration, and what it logs.
func sender(t *testing.T, c sms.Config) (*sms.Sender, *strings.Builder) {
	t.Helper()
	log := &strings.Builder{}
	s := sms.New(time.Now, slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug})))
	if err := s.Use(c, resolve); err != nil {
		t.Fatal(err)
	}
	return s, log
}

// TestEveryDialect: what is sent arrives as it was, whatever signs are in it.
func TestEveryDialect(t *testing.T) {
	g := start(t, smsgateway.Options{})
	for name, c := range map[string]sms.Config{"json": asJSON(g.URL()), "form": asForm(g.URL()), "query": asQuery(g.URL())} {
		s, _ := sender(t, c)
		receipt, err := s.Send(t.Context(), text())
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		all := g.Messages()
		got := all[len(all)-1]
		if got.Text != words || strings.TrimPrefix(got.To, "+") != erika[1:] {
			t.Errorf("%s: arrived as %+v", name, got)
		}
		if name == "json" && (receipt != got.ID || got.Reference != "rekey/code.1" || got.From != "Example") {
			t.Errorf("receipt %q of %+v", receipt, got)
		}
	}
}

// TestAnswers sorts what a gateway may say. What is left open is never taken for unsent, and what may have been sent is not repeated
// where repeating is asked for by nobody.
func TestAnswers(t *testing.T) {
	const permanent, doubt, busy = "permanent", "doubt", "busy"
	soon := func() string { return time.Now().Add(90 * time.Second).UTC().Format(http.TimeFormat) }
	for name, row := range map[string]struct {
		fault smsgateway.Fault
		want  string
		after time.Duration
	}{
		"bad request":           {smsgateway.Fault{Status: 400, Body: erika + words}, permanent, 0},
		"wrong key":             {smsgateway.Fault{Status: 401}, permanent, 0},
		"no such thing":         {smsgateway.Fault{Status: 404}, permanent, 0},
		"elsewhere":             {smsgateway.Fault{Status: 307, Location: "/form"}, permanent, 0},
		"throttled":             {smsgateway.Fault{Status: 429, RetryAfter: "7"}, busy, 7 * time.Second},
		"throttled until then":  {smsgateway.Fault{Status: 429, RetryAfter: soon()}, busy, 90 * time.Second},
		"throttled, no word":    {smsgateway.Fault{Status: 429}, busy, 0},
		"throttled, nonsense":   {smsgateway.Fault{Status: 429, RetryAfter: "-5; soon"}, busy, 0},
		"closed":                {smsgateway.Fault{Status: 503, RetryAfter: "3"}, busy, 3 * time.Second},
		"broken":                {smsgateway.Fault{Status: 500, Body: erika}, doubt, 0},
		"broken behind":         {smsgateway.Fault{Status: 502}, doubt, 0},
		"late behind":           {smsgateway.Fault{Status: 504}, doubt, 0},
		"slow":                  {smsgateway.Fault{Status: 408}, doubt, 0},
		"silent":                {smsgateway.Fault{Hang: true}, doubt, 0},
		"taken and silent":      {smsgateway.Fault{Hang: true, Take: true}, doubt, 0},
		"taken and cut":         {smsgateway.Fault{Status: 202, Cut: true, Take: true, Body: "{"}, doubt, 0},
		"another success":       {smsgateway.Fault{Status: 200, Body: `{"messages": [{"status": "accepted"}]}`}, permanent + doubt, 0},
		"a refusal with 202":    {smsgateway.Fault{Status: 202, Body: `{"messages": [{"status": "rejected", "to": "` + erika + `"}]}`}, permanent + doubt, 0},
		"no JSON":               {smsgateway.Fault{Status: 202, Body: "<html>"}, permanent + doubt, 0},
		"no list":               {smsgateway.Fault{Status: 202, Body: `{"messages": []}`}, permanent + doubt, 0},
		"something else within": {smsgateway.Fault{Status: 202, Body: `{"messages": {"0": {"status": {}}}}`}, permanent + doubt, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := start(t, smsgateway.Options{})
			s, log := sender(t, asJSON(g.URL()))
			g.Break(row.fault)
			_, err := s.Send(t.Context(), text())
			got := ""
			if errors.Is(err, delivery.ErrPermanent) {
				got += permanent
			}
			if errors.Is(err, delivery.ErrDoubt) {
				got += doubt
			}
			if b, ok := errors.AsType[*delivery.BusyError](err); ok {
				got += busy
				if b.After > row.after || b.After < row.after-5*time.Second {
					t.Errorf("told to wait %v, want %v", b.After, row.after)
				}
			}
			if err == nil || got != row.want {
				t.Errorf("%v: %q, want %q", err, got, row.want)
			}
			if n := len(g.Asked()); n != 1 {
				t.Errorf("asked %d times", n)
			}
			quiet(t, err, log)
		})
	}
}

// quiet looks for what no log may have.
func quiet(t *testing.T, err error, log *strings.Builder) {
	t.Helper()
	for where, said := range map[string]string{"error": fmt.Sprint(err), "log": log.String()} {
		for _, hidden := range []string{erika, erika[1:], "493817", "Bearer", "secret.", "=key", "key="} {
			if strings.Contains(said, hidden) {
				t.Errorf("the %s tells %q: %s", where, hidden, said)
			}
		}
	}
}

func TestNobodyThereIsNotInDoubt(t *testing.T) {
	var lc net.ListenConfig
	l, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	url := "http://" + l.Addr().String()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]sms.Config{"post": asJSON(url), "get": asQuery(url)} {
		s, log := sender(t, c)
		_, err := s.Send(t.Context(), text())
		if err == nil || errors.Is(err, delivery.ErrPermanent) || errors.Is(err, delivery.ErrDoubt) {
			t.Errorf("%s: %v", name, err)
		}
		quiet(t, err, log)
		if s.Probe(t.Context()) == nil {
			t.Error("the probe found somebody")
		}
	}
}

// TestASenderThatIsToldToStopIsInDoubt: the gateway may have it.
func TestASenderThatIsToldToStopIsInDoubt(t *testing.T) {
	g := start(t, smsgateway.Options{})
	s, _ := sender(t, asJSON(g.URL()))
	g.Break(smsgateway.Fault{Hang: true})
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := s.Send(ctx, text()); !errors.Is(err, delivery.ErrDoubt) {
		t.Errorf("got %v", err)
	}
}

// TestAttack31TheGatewaysCertificateIsAlwaysChecked: who has the wrong one sees neither key nor message.
func TestAttack31TheGatewaysCertificateIsAlwaysChecked(t *testing.T) {
	ours, stranger := authority(t), authority(t)
	file := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(file, ours.PEM(), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, row := range map[string]struct {
		by    *ca.CA
		ip    string
		fails bool
	}{
		"right": {ours, "127.0.0.1", false}, "another name": {ours, "192.0.2.1", true}, "another authority": {stranger, "127.0.0.1", true},
	} {
		g := start(t, smsgateway.Options{TLS: identity(t, row.by, row.ip)})
		c := asJSON(g.URL())
		c.CAFile = file
		s, _ := sender(t, c)
		_, err := s.Send(t.Context(), text())
		if (err != nil) != row.fails || errors.Is(err, delivery.ErrDoubt) || errors.Is(err, delivery.ErrPermanent) {
			t.Errorf("%s: %v", name, err)
		}
		if (s.Probe(t.Context()) != nil) != row.fails {
			t.Errorf("%s: the probe says something else", name)
		}
		if n := len(g.Messages()); (n == 0) != row.fails {
			t.Errorf("%s: %d arrived", name, n)
		}
	}
}

func authority(t *testing.T) *ca.CA {
	t.Helper()
	a, err := ca.New()
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func identity(t *testing.T, a *ca.CA, ip string) *tls.Config {
	t.Helper()
	cert, key, err := a.Issue(ca.Leaf{Names: []string{"gateway.example.test"}, IPs: []net.IP{net.ParseIP(ip)}, NotAfter: time.Now().Add(time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	pair, err := tls.X509KeyPair(cert, key)
	if err != nil {
		t.Fatal(err)
	}
	return &tls.Config{Certificates: []tls.Certificate{pair}}
}

func TestProbeSendsNothing(t *testing.T) {
	g := start(t, smsgateway.Options{})
	s, _ := sender(t, asQuery(g.URL()))
	if err := s.Probe(t.Context()); err != nil {
		t.Error(err)
	}
	if len(g.Messages())+len(g.Asked()) != 0 {
		t.Error("the probe asked for something")
	}
}

func TestConfig(t *testing.T) {
	good := asJSON("https://gateway.example.com")
	with := func(change func(*sms.Config)) sms.Config {
		c := good
		c.Headers = map[string]string{"Content-Type": "application/json"}
		change(&c)
		return c
	}
	body := func(kind, text string) sms.Config {
		return with(func(c *sms.Config) { c.Headers["Content-Type"], c.Body = kind, text })
	}
	url := func(u string) sms.Config { return with(func(c *sms.Config) { c.URL = u }) }
	for name, row := range map[string]struct {
		c    sms.Config
		want string // beginning of the error; empty: fine
	}{
		"JSON": {good, ""}, "form": {asForm("https://gateway.example.com"), ""}, "query": {asQuery("https://gateway.example.com"), ""},
		"XML":                        {body("text/xml", `<m to="{{number}}">{{text}}</m>`), ""},
		"a vendor's JSON":            {body("application/vnd.example+json", `{"a": "{{number}} {{text}}"}`), ""},
		"plain on this machine":      {url("http://127.0.0.1:80/x"), ""},
		"a place in the path":        {url("https://gateway.example.com/{{digits}}/send"), ""},
		"plain elsewhere":            {url("http://gateway.example.com/"), "url: plain http is for"},
		"plain to a look-alike":      {url("http://localhost.example.com/"), "url: plain http is for"},
		"no URL":                     {url(""), "url: want an https URL"},
		"another scheme":             {url("file:///etc/passwd"), "url: want an https URL"},
		"a place in the host":        {url("https://{{sender}}.example.com/"), "url: want an https URL"},
		"a place after the host":     {url("https://gateway.example.com{{id}}/"), "url: a place stands"},
		"the text in the path":       {url("https://gateway.example.com/{{text}}"), "url: {{text}} stands in the query"},
		"a user in the URL":          {url("https://a:b@gateway.example.com/"), "url: name user and password"},
		"a fragment":                 {url("https://gateway.example.com/#{{id}}"), "url: a fragment"},
		"a space":                    {url("https://gateway.example.com/a b"), "url: want an https URL"},
		"an unknown place":           {url("https://gateway.example.com/?{{nummer}}"), "url: no place {{nummer}}"},
		"an unknown secret":          {url("https://gateway.example.com/?{{secret.other}}"), "url: no place {{secret.other}}"},
		"a function":                 {url("https://gateway.example.com/?{{printf number}}"), "url: no place"},
		"an open place":              {url("https://gateway.example.com/?{{number"), "url: a place is not closed"},
		"another method":             {with(func(c *sms.Config) { c.Method = "DELETE" }), "method: "},
		"a GET with a body":          {with(func(c *sms.Config) { c.Method = "GET" }), "body: a GET has none"},
		"no type":                    {with(func(c *sms.Config) { c.Headers = nil }), "body: headers.Content-Type"},
		"plain text":                 {body("text/plain", "{{number}} {{text}}"), "body: headers.Content-Type"},
		"another charset":            {body("application/json; charset=latin1", good.Body), "body: headers.Content-Type"},
		"no JSON":                    {body("application/json", `{"a": "{{number}} {{text}}"`), "body: is no JSON"},
		"a place outside a string":   {body("application/json", `{"a": {{number}}, "b": "{{text}}"}`), "body: {{number}} has to stand in a string"},
		"a place after an escape":    {body("application/json", `{"a": "{{number}}", "b": "\{{text}}"}`), "body: {{text}} has to stand in a string"},
		"no text":                    {body("application/json", `{"a": "{{number}}"}`), "body: nothing says"},
		"no number":                  {body("application/json", `{"a": "{{text}}"}`), "body: nothing says"},
		"the text in a header":       {with(func(c *sms.Config) { c.Headers["X-Text"] = "{{text}}" }), "headers.X-Text: a header does not hold"},
		"two lines in a header":      {with(func(c *sms.Config) { c.Headers["X-A"] = "a\r\nb" }), "headers.X-A: want printable"},
		"a header's name":            {with(func(c *sms.Config) { c.Headers["X A"] = "a" }), "headers.X A: is no header's name"},
		"the connection's header":    {with(func(c *sms.Config) { c.Headers["host"] = "a" }), "headers.host: is the connection's"},
		"a user without a password":  {with(func(c *sms.Config) { c.User = "a" }), "password: "},
		"a password without a user":  {with(func(c *sms.Config) { c.Password.Env = "A" }), "password: "},
		"a colon in the user's name": {with(func(c *sms.Config) { c.User, c.Password.Env = "a:b", "A" }), "user: "},
		"an empty secret":            {with(func(c *sms.Config) { c.Secrets = map[string]secret.Ref{"key": {}} }), "secrets.key: "},
		"a secret's name":            {with(func(c *sms.Config) { c.Secrets = map[string]secret.Ref{"A b": {Env: "A"}} }), "secrets.A b: "},
		"a sender of two lines":      {with(func(c *sms.Config) { c.Sender = "a\nb" }), "sender: "},
		"too patient":                {with(func(c *sms.Config) { c.Timeout = time.Hour }), "timeout: "},
		"a refusal as success":       {with(func(c *sms.Config) { c.Success.Status = []int{200, 400} }), "success.status[1]: "},
		"a CA file that is not":      {with(func(c *sms.Config) { c.CAFile = "sms_test.go" }), "ca_file: "},
	} {
		if err := row.c.Validate(); (err == nil) != (row.want == "") || err != nil && !strings.HasPrefix(err.Error(), "sms.gateway."+row.want) {
			t.Errorf("%s: got %v, want %q", name, err, row.want)
		}
	}
}

func TestSecretsHaveToBeThere(t *testing.T) {
	missing := func(secret.Ref) (secret.Text, error) { return secret.Text{}, errors.New("is not set") }
	if err := sms.Check(asJSON("https://gateway.example.com"), missing); err == nil || err.Error() != "sms.gateway.secrets.key: is not set" {
		t.Errorf("got %v", err)
	}
	if err := sms.Check(asForm("https://gateway.example.com"), missing); err == nil || err.Error() != "sms.gateway.password: is not set" {
		t.Errorf("got %v", err)
	}
	split := func(secret.Ref) (secret.Text, error) { return secret.New("a\r\nX-Evil: b"), nil }
	if err := sms.Check(asJSON("https://gateway.example.com"), split); err == nil || strings.Contains(err.Error(), "Evil") {
		t.Errorf("a secret of two lines in a header: %v", err)
	}
}

func TestWithoutAGatewayNothingIsSent(t *testing.T) {
	s := sms.New(time.Now, slog.New(slog.DiscardHandler))
	if _, err := s.Send(t.Context(), text()); err == nil || errors.Is(err, delivery.ErrDoubt) {
		t.Errorf("got %v", err)
	}
	g := start(t, smsgateway.Options{})
	if err := s.Use(asJSON(g.URL()), resolve); err != nil {
		t.Fatal(err)
	}
	s.Drop()
	if _, err := s.Send(t.Context(), text()); err == nil || s.Probe(t.Context()) == nil || len(g.Asked()) != 0 {
		t.Errorf("got %v", err)
	}
}
