package mail

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/mail"
	"strings"
	"sync"
	"time"

	gomail "github.com/wneessen/go-mail"
	"github.com/wneessen/go-mail/smtp"

	"rekey/internal/secret"
)

const (
	// idleFor is how long a connection is kept for the next mail. Servers close idle ones after minutes.
	idleFor = 15 * time.Second
	// maxIdle is how many are kept; more mails at once open more and close them.
	maxIdle = 2
)

// relay is one mail server with its kept connections.
type relay struct {
	config   Config
	from     *mail.Address
	password secret.Text
	tls      *tls.Config

	mu      sync.Mutex
	idle    []*line // the one used last at the end
	retired bool
}

// line is one connection, signed in. One mail at a time.
type line struct {
	client *gomail.Client
	smtp   *smtp.Client
	conn   net.Conn
	wait   time.Duration
	expiry *time.Timer
}

func newRelay(c Config, resolve secret.Resolver) (*relay, error) {
	r := &relay{config: c}
	var err error
	if r.from, err = parseFrom(c.From); err != nil {
		return nil, fmt.Errorf("mail.from: %w", err)
	}
	r.from.Name = oneLine(r.from.Name)
	if r.tls, err = c.tls(); err != nil {
		return nil, err
	}
	if !c.Password.IsZero() {
		if r.password, err = resolve(c.Password); err != nil {
			return nil, fmt.Errorf("mail.password: %w", err)
		}
	}
	return r, nil
}

// take gives a kept connection, or else a fresh one.
func (r *relay) take(ctx context.Context) (l *line, fresh bool, err error) {
	if l := r.kept(); l != nil {
		return l, false, nil
	}
	l, err = r.dial(ctx)
	return l, true, err
}

func (r *relay) kept() *line {
	r.mu.Lock()
	defer r.mu.Unlock()
	for n := len(r.idle); n > 0; n = len(r.idle) {
		l := r.idle[n-1]
		r.idle = r.idle[:n-1]
		if l.expiry.Stop() {
			return l
		}
	}
	return nil
}

// keep puts a connection aside for the next mail, or ends it when there are enough.
func (r *relay) keep(l *line) {
	if !r.shelve(l) {
		l.quit()
	}
}

func (r *relay) shelve(l *line) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.retired || len(r.idle) >= maxIdle {
		return false
	}
	l.expiry = time.AfterFunc(idleFor, func() { r.expire(l) })
	r.idle = append(r.idle, l)
	return true
}

// expire closes a connection nobody took in time.
func (r *relay) expire(l *line) {
	r.mu.Lock()
	for i, other := range r.idle {
		if other == l {
			r.idle = append(r.idle[:i], r.idle[i+1:]...)
			break
		}
	}
	r.mu.Unlock()
	l.quit()
}

// retire closes what is kept and keeps nothing from now on.
func (r *relay) retire() {
	r.mu.Lock()
	idle := r.idle
	r.idle, r.retired = nil, true
	r.mu.Unlock()
	for _, l := range idle {
		if l.expiry.Stop() {
			l.quit()
		}
	}
}

// dial connects, goes over to TLS and signs in.
func (r *relay) dial(ctx context.Context) (*line, error) {
	ctx, cancel := context.WithTimeout(ctx, r.config.Timeout)
	defer cancel()
	l := &line{wait: r.config.Timeout}
	watched := func() bool { return true }
	client, err := gomail.NewClient(r.config.Host, append(r.options(),
		gomail.WithDialContextFunc(func(_ context.Context, network, address string) (net.Conn, error) {
			conn, err := r.connect(ctx, network, address)
			if err == nil {
				// The library neither watches ctx while it waits for answers, nor closes what it gives up.
				l.conn, watched = conn, context.AfterFunc(ctx, func() { _ = conn.Close() })
			}
			return conn, err
		}))...)
	if err != nil {
		return nil, fmt.Errorf("mail server: %w", err)
	}
	l.client = client
	l.smtp, err = client.DialToSMTPClientWithContext(ctx)
	if !watched() {
		err = ctx.Err()
	}
	if err != nil {
		l.drop()
		return nil, fmt.Errorf("mail server %s: %w", r.config.Host, err)
	}
	return l, nil
}

func (r *relay) options() []gomail.Option {
	options := []gomail.Option{
		gomail.WithPort(r.config.Port), gomail.WithTimeout(r.config.Timeout), gomail.WithTLSConfig(r.tls),
		// A round trip each that a mail can do without: a dead connection shows at the first line of the mail.
		gomail.WithoutNoop(), gomail.WithoutRset(),
	}
	switch r.config.Security {
	case TLS:
		options = append(options, gomail.WithSSL())
	case StartTLS:
		options = append(options, gomail.WithTLSPolicy(gomail.TLSMandatory))
	default:
		options = append(options, gomail.WithTLSPolicy(gomail.NoTLS))
	}
	if r.config.User != "" {
		// Inside verified TLS the simple mechanisms are safe, and they are what every server has.
		options = append(options, gomail.WithUsername(r.config.User), gomail.WithPassword(r.password.Reveal()),
			gomail.WithOpportunisticSMTPAuth(gomail.SMTPAuthSCRAMSHA256, gomail.SMTPAuthPlain, gomail.SMTPAuthLogin))
	}
	return options
}

func (r *relay) connect(ctx context.Context, network, address string) (net.Conn, error) {
	if r.config.Security == TLS {
		d := tls.Dialer{Config: r.tls}
		return d.DialContext(ctx, network, address)
	}
	var d net.Dialer
	return d.DialContext(ctx, network, address)
}

// send sends one mail. Its deadline is set anew, since the kept connection's has passed.
func (l *line) send(msg *gomail.Msg, to string) error {
	if err := l.smtp.UpdateDeadline(l.wait); err != nil {
		return &gomail.SendError{Reason: gomail.ErrConnCheck}
	}
	// Ask for RFC 6531 only where it is needed: a relay further on may not have it.
	l.smtp.SkipSMTPUTF8(isASCII(to[:strings.LastIndexByte(to, '@')]))
	return l.client.SendWithSMTPClient(l.smtp, msg)
}

// quit ends a connection politely.
func (l *line) quit() {
	if l.smtp.UpdateDeadline(time.Second) == nil {
		_ = l.smtp.Quit() // it is over either way
	}
	l.drop()
}

// drop ends a connection as it is.
func (l *line) drop() {
	if l.conn != nil {
		_ = l.conn.Close()
	}
}
