// Package inbox is a mail server that delivers to a web page: developers read what the portal sends, tests wait for it.
//
// Its interface for programs is a contract (docs/lab.md):
//
//	GET  {api}/messages?to=ADDR  →  [{"id", "channel", "to", "subject", "text", "html", "at"}], newest first; without to: all
//	POST {api}/sms               ←  {"to", "text"}; an SMS gateway's stand-in
package inbox

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/emersion/go-smtp"
)

// keep is how many messages the inbox remembers.
const keep = 2000

// Options says how to start. The zero value is what tests want: free loopback ports, no TLS, no sign-in.
type Options struct {
	SMTP string // address of the mail server; empty: a free loopback port
	Web  string // address of the web page; empty: a free loopback port
	// TLS makes the mail server offer STARTTLS with this configuration, or speak TLS from the first byte if Implicit is set.
	TLS      *tls.Config
	Implicit bool
	// User and Password are asked for if User is set.
	User, Password string
	// Arrived is told of every message before its sender is answered, from several goroutines; nil: nobody.
	Arrived func(Message)
}

// Inbox is a running inbox. It is safe for concurrent use.
type Inbox struct {
	options Options
	smtp    *smtp.Server
	web     *http.Server
	mail    net.Listener
	page    net.Listener
	ended   sync.WaitGroup
	closing chan struct{}

	mu       sync.Mutex
	messages []Message      // oldest first
	number   int            // of the newest message
	taken    map[string]int // by address: number of the last message that Next gave
	arrived  chan struct{}  // closed and replaced with every message
	fault    *Fault
	sessions int
}

// Start runs an inbox until Close, or until ctx ends.
func Start(ctx context.Context, o Options) (*Inbox, error) {
	in := &Inbox{options: o, closing: make(chan struct{}), taken: map[string]int{}, arrived: make(chan struct{})}
	var err error
	if in.mail, err = listen(ctx, o.SMTP); err != nil {
		return nil, err
	}
	if in.page, err = listen(ctx, o.Web); err != nil {
		return nil, errors.Join(err, in.mail.Close())
	}
	in.smtp = in.mailServer()
	in.web = &http.Server{Handler: in.handler(), ReadHeaderTimeout: 10 * time.Second}
	incoming := in.mail
	if o.Implicit {
		incoming = tls.NewListener(in.mail, o.TLS)
	}
	in.ended.Go(func() { _ = in.smtp.Serve(incoming) }) // ends with Close
	in.ended.Go(func() { _ = in.web.Serve(in.page) })
	context.AfterFunc(ctx, func() { _ = in.Close() })
	return in, nil
}

func listen(ctx context.Context, address string) (net.Listener, error) {
	if address == "" {
		address = "127.0.0.1:0"
	}
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("start inbox: %w", err)
	}
	return l, nil
}

// SMTPAddr is where mail is taken, "127.0.0.1:12345".
func (in *Inbox) SMTPAddr() string { return in.mail.Addr().String() }

// URL is the page for people.
func (in *Inbox) URL() string { return "http://" + in.page.Addr().String() }

// API is where programs read, without a slash at the end.
func (in *Inbox) API() string { return in.URL() + "/api" }

// Connections counts the mail connections taken so far.
func (in *Inbox) Connections() int {
	in.mu.Lock()
	defer in.mu.Unlock()
	return in.sessions
}

// Close ends everything, hanging connections included. It may be called more than once.
func (in *Inbox) Close() error {
	in.mu.Lock()
	select {
	case <-in.closing:
		in.mu.Unlock()
		in.ended.Wait()
		return nil
	default:
		close(in.closing)
	}
	in.mu.Unlock()
	err := errors.Join(in.smtp.Close(), in.web.Close())
	// The servers know of their listeners only once their goroutines have run; otherwise these are closed by now.
	_, _ = in.mail.Close(), in.page.Close()
	in.ended.Wait()
	return err
}
