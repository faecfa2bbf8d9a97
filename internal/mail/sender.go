// Package mail sends mail over SMTP. TLS is always verified; a connection is kept for a few seconds, since what Rekey sends
// comes in bursts: a code, then notices to several addresses.
package mail

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	gomail "github.com/wneessen/go-mail"

	"rekey/internal/delivery"
	"rekey/internal/secret"
)

// errNoServer is what Send says before Use was called.
var errNoServer = errors.New("no mail server is set")

// Sender sends mails with the configuration in force. It is safe for concurrent use.
type Sender struct {
	log *slog.Logger

	mu    sync.Mutex
	relay *relay // nil until Use
}

// New makes a sender that has no mail server yet.
func New(log *slog.Logger) *Sender { return &Sender{log: log} }

// Use puts a configuration in force. Mails under way are finished with the one before.
func (s *Sender) Use(c Config, resolve secret.Resolver) error {
	if err := c.Validate(); err != nil {
		return err
	}
	r, err := newRelay(c.withDefaults(), resolve)
	if err != nil {
		return err
	}
	s.swap(r)
	return nil
}

func (s *Sender) swap(r *relay) {
	s.mu.Lock()
	before := s.relay
	s.relay = r
	s.mu.Unlock()
	if before != nil {
		before.retire()
	}
}

func (s *Sender) current() (*relay, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.relay == nil {
		return nil, errNoServer
	}
	return s.relay, nil
}

// Close closes kept connections. Mails under way are finished; later ones fail.
func (s *Sender) Close() { s.swap(nil) }

// Probe connects and signs in, and sends nothing.
func (s *Sender) Probe(ctx context.Context) error {
	r, err := s.current()
	if err != nil {
		return err
	}
	l, err := r.dial(ctx)
	if err != nil {
		return err
	}
	l.quit()
	return nil
}

// Send implements delivery.Mailer. It takes at most twice the configured timeout: to connect and to send. Once the talk has
// begun it is not broken off when ctx ends, since that would leave open whether the mail was taken.
//
// A refusal for good (SMTP 5xx) of this mail or its recipient, and an address that is none, wrap delivery.ErrPermanent. A refused
// sign-in or certificate does not: an administrator can mend it while the mail waits.
func (s *Sender) Send(ctx context.Context, m delivery.Mail) error {
	r, err := s.current()
	if err != nil {
		return err
	}
	msg, err := build(m, r.from, time.Now())
	if err != nil {
		return err
	}
	l, fresh, err := r.take(ctx)
	if err != nil {
		return err
	}
	err = l.send(msg, m.To)
	if err != nil && !fresh && unsent(err) {
		// The server has closed the kept connection meanwhile, or wants no more on it.
		l.drop()
		if l, err = r.dial(ctx); err != nil {
			return err
		}
		err = l.send(msg, m.To)
	}
	if err != nil {
		l.drop()
		return describe(err, m.To)
	}
	r.keep(l)
	s.log.DebugContext(ctx, "mail sent", "message", m.ID, "fresh_connection", fresh)
	return nil
}

// unsent reports whether the server has not heard of the mail yet, or put it off at its very first line.
func unsent(err error) bool {
	var e *gomail.SendError
	return errors.As(err, &e) && (e.Reason == gomail.ErrConnCheck || e.Reason == gomail.ErrSMTPMailFrom) && e.ErrorCode() < 500
}

// describe sorts an error into permanent and temporary, and takes the address out of it: it goes to logs.
func describe(err error, to string) error {
	var e *gomail.SendError
	if !errors.As(err, &e) {
		return errors.New(anonymous(err.Error(), to))
	}
	text := anonymous(e.Error(), to)
	if before, _, ok := strings.Cut(text, ", affected "); ok {
		text = before
	}
	if e.ErrorCode() >= 500 {
		return fmt.Errorf("%w: %s", delivery.ErrPermanent, text)
	}
	return errors.New(text)
}

// maxError is how much of a server's words is kept.
const maxError = 300

func anonymous(text, to string) string {
	text = strings.ReplaceAll(oneLine(text), to, "recipient")
	return text[:min(len(text), maxError)]
}
