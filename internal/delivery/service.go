package delivery

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"html/template"
	"log/slog"
	"strconv"
	"time"

	"rekey/internal/audit"
	"rekey/internal/locale"
	"rekey/internal/message"
	"rekey/internal/site"
	"rekey/internal/spend"
)

// ErrPermanent marks a failure that another try does not mend, such as an address nobody has. Who sends wraps it.
var ErrPermanent = errors.New("will not be taken")

// Mail is a finished message.
type Mail struct {
	ID      string // message.Message.ID; the Message-ID is made from it
	To      string
	Locale  string // BCP 47
	Subject string
	Text    string
	HTML    string
	Body    string // the letter within HTML
	Own     bool   // written by a text of the firm's own
}

// Mailer sends a mail. It wraps ErrPermanent if trying again is of no use.
type Mailer interface {
	Send(ctx context.Context, m Mail) error
}

// Keys opens what the outbox sealed, and hashes numbers.
type Keys interface {
	Open(purpose string, sealed, context []byte) ([]byte, error)
	// MAC is HMAC-SHA-256 with a key of its own per purpose.
	MAC(purpose string, data []byte) []byte
}

// Recorder writes an event to the audit log, in a transaction of its own.
type Recorder interface {
	Record(ctx context.Context, ev audit.Event) error
}

// SealPurpose is the purpose that jobs are sealed with; the context is Job.ID.
const SealPurpose = "outbox"

// recordFor is how long the record of a failure may take once the job's own time is over.
const recordFor = 10 * time.Second

// Deps is what a Service needs.
type Deps struct {
	Keys      Keys
	Site      site.Source
	Catalogue *locale.Catalogue
	Mail      Mailer
	Text      Texter // with Purse; both are asked only where the settings name an SMS gateway
	Purse     Purse
	Recorder  Recorder
	Now       func() time.Time
	Log       *slog.Logger
	// Journal keeps what was sent to whom; nil: nobody does.
	Journal Journal
	// Host of the public URL: phones offer a code to its pages alone. Empty: to any.
	Host string
	// Withheld is told of every message that is not sent for a reason of internal/spend; nil: nobody.
	Withheld func(spend.Reason)
}

// Service delivers messages. It is safe for concurrent use.
type Service struct {
	deps Deps
	page *template.Template
}

// New makes a service.
func New(d Deps) *Service { return &Service{deps: d, page: newPage()} }

// Attempt tells of the try a delivery is.
type Attempt struct {
	Queued time.Time // when the message was committed
	Last   bool      // there will be no other
}

// Outcome is how a try ended.
type Outcome string

// The outcomes.
const (
	Delivered Outcome = "delivered"
	Discarded Outcome = "discarded" // rendered and not sent, as its sender asked
	Expired   Outcome = "expired"   // its code had run out; given up
	Withheld  Outcome = "withheld"  // its number or what it would cost is not allowed; given up
	Retry     Outcome = "retry"     // failed; try again later
	Dead      Outcome = "dead"      // failed; given up
)

// Report tells of one try. Channel is empty if the message could not be opened; Err is set for Retry and Dead, and holds neither
// code nor address.
type Report struct {
	Channel message.Channel
	Outcome Outcome
	Err     error
	After   time.Duration // for Retry: how long whoever refused asked to wait; 0: not at all
	Reason  spend.Reason  // for Withheld
	Receipt string        // for Delivered: the gateway's own id of a text message, where it gives one
}

// Deliver tries to deliver a message, and keeps what came of it in the delivery log.
func (s *Service) Deliver(ctx context.Context, j Job, a Attempt) Report {
	m, err := s.open(j)
	if err != nil {
		// Perhaps sealed with a key that this replica has not met yet.
		return s.failed(ctx, message.Message{ID: j.ID}, "unreadable", err, a.Last)
	}
	r := s.deliver(ctx, m, a)
	s.enter(ctx, m, a, r)
	return r
}

func (s *Service) deliver(ctx context.Context, m message.Message, a Attempt) Report {
	if late(m, a.Queued, s.deps.Now()) {
		s.record(ctx, m, "too-late")
		return Report{Channel: m.Channel, Outcome: Expired}
	}
	switch {
	case m.Channel == message.Mail:
		return s.mail(ctx, m, a)
	case m.Channel == message.SMS && s.deps.Site().SMS.On:
		return s.text(ctx, m, a)
	}
	return s.failed(ctx, m, "no-channel", fmt.Errorf("no way to send by %q", m.Channel), a.Last)
}

func (s *Service) mail(ctx context.Context, m message.Message, a Attempt) Report {
	mail, err := s.compose(m, s.deps.Site().Texts)
	if err != nil {
		return s.failed(ctx, m, "unwritable", err, a.Last)
	}
	if m.Discard {
		return Report{Channel: m.Channel, Outcome: Discarded}
	}
	switch err := s.deps.Mail.Send(ctx, mail); {
	case err == nil:
		return Report{Channel: m.Channel, Outcome: Delivered}
	case errors.Is(err, ErrPermanent):
		return s.failed(ctx, m, "rejected", err, true)
	default:
		return s.failed(ctx, m, "unreachable", err, a.Last)
	}
}

func (s *Service) open(j Job) (message.Message, error) {
	plain, err := s.deps.Keys.Open(SealPurpose, j.Sealed, []byte(j.ID))
	if err != nil {
		return message.Message{}, fmt.Errorf("open message: %w", err)
	}
	var m message.Message
	if err := json.Unmarshal(plain, &m); err != nil {
		return message.Message{}, errors.New("open message: not one of ours") // the cause could quote it
	}
	return m, nil
}

// late reports whether a message's code has run out.
func late(m message.Message, queued, now time.Time) bool {
	minutes, err := strconv.Atoi(m.Data["minutes"])
	return m.Template == message.Code && err == nil && now.Sub(queued) >= time.Duration(minutes)*time.Minute
}

// failed ends a try that did not work: for good, or to be repeated.
func (s *Service) failed(ctx context.Context, m message.Message, reason string, err error, last bool) Report {
	log := s.deps.Log.With("message", m.ID, "template", m.Template, "channel", m.Channel, "reason", reason, "error", err)
	if !last {
		log.WarnContext(ctx, "message not delivered, will try again")
		return Report{Channel: m.Channel, Outcome: Retry, Err: err}
	}
	log.ErrorContext(ctx, "message given up")
	s.record(ctx, m, reason)
	return Report{Channel: m.Channel, Outcome: Dead, Err: err}
}

// record writes the audit event of a message that was given up. Nobody waits for decoys, so those are not recorded.
func (s *Service) record(ctx context.Context, m message.Message, reason string) {
	if m.Discard {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), recordFor)
	defer cancel()
	err := s.deps.Recorder.Record(ctx, audit.Event{
		Name: audit.NoticeFailed, At: s.deps.Now(), Actor: audit.System, Outcome: audit.Failed, Reason: reason,
		Settings: s.deps.Site().Version,
		Detail:   map[string]string{"message": m.ID, "template": string(m.Template), "to": s.recipient(m)},
	})
	if err != nil {
		s.deps.Log.ErrorContext(ctx, "message given up, and that is not in the audit log", "message", m.ID, "error", err)
	}
}
