package delivery

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"rekey/internal/account"
	"rekey/internal/audit"
	"rekey/internal/gsm"
	"rekey/internal/message"
	"rekey/internal/phone"
	"rekey/internal/spend"
)

// Text is a finished text message.
type Text struct {
	ID   string // message.Message.ID
	To   string // E.164
	Text string
}

// Texter sends a text message and gives the gateway's own id of it; empty: it has none. An error that wraps neither ErrPermanent nor
// ErrDoubt means that nothing was sent and another try may work. A *BusyError is one of those.
type Texter interface {
	Send(ctx context.Context, t Text) (receipt string, err error)
}

// ErrDoubt marks a failure that leaves open whether the message was sent.
var ErrDoubt = errors.New("it may have been sent")

// BusyError says that nothing was sent, and when to try again.
type BusyError struct {
	After time.Duration // 0: not told
	Cause error
}

// Error implements error.
func (e *BusyError) Error() string { return "asked to wait: " + e.Cause.Error() }

// Unwrap gives the cause.
func (e *BusyError) Unwrap() error { return e.Cause }

// Purse pays for messages that cost money, exactly over all replicas.
type Purse interface {
	// Charge pays for one more try of a message; a message costs once. A reason means that it is not to be sent. What refused makes of a
	// reason is committed with it; first is true once a day for each reason.
	Charge(ctx context.Context, c spend.Charge, caps spend.Caps, refused func(why spend.Reason, first bool) Note) (spend.Reason, error)
	// Unsent takes a try back that sent nothing. A message with no try left costs nothing.
	Unsent(ctx context.Context, id string) error
}

// Note is what is recorded and queued about a message that is not sent.
type Note struct {
	Events []audit.Event
	Send   []message.Message
}

const (
	numberPurpose = "phone-number"
	// longestWait and patience bound what a gateway that is busy may ask for: each wait, and all of them.
	longestWait = 15 * time.Minute
	patience    = 24 * time.Hour
)

// text writes, judges, pays for and sends a text message.
func (s *Service) text(ctx context.Context, m message.Message, a Attempt) Report {
	words, err := s.short(m, s.deps.Site().Texts)
	if err != nil {
		return s.failed(ctx, m, "unwritable", err, a.Last)
	}
	if m.Discard {
		return Report{Channel: m.Channel, Outcome: Discarded}
	}
	return s.pay(ctx, m, words, a)
}

// pay judges, pays for and sends a text message that is written.
func (s *Service) pay(ctx context.Context, m message.Message, words string, a Attempt) Report {
	rules := s.deps.Site().SMS
	number, err := phone.Parse(m.To, rules.Home)
	if err != nil {
		return s.turnDown(ctx, m, number, spend.NotANumber)
	}
	if why := rules.Admit(number); why != "" {
		return s.turnDown(ctx, m, number, why)
	}
	hash := s.deps.Keys.MAC(numberPurpose, []byte(number.E164))
	account := m.Account
	if account == "" {
		account = "number " + hex.EncodeToString(hash)
	}
	charge := rules.Charge(m.ID, account, number, hash, gsm.Segments(words))
	why, err := s.deps.Purse.Charge(ctx, charge, rules.Caps, func(why spend.Reason, first bool) Note {
		return s.overCap(ctx, m, number, why, first)
	})
	switch {
	case err != nil:
		return s.failed(ctx, m, "unpaid", err, a.Last)
	case why == spend.InDoubt:
		return s.failed(ctx, m, string(why), fmt.Errorf("tried %d times, and each time %w", spend.Tries, ErrDoubt), true)
	case why != "":
		return s.withheld(ctx, m, number, why)
	}
	receipt, err := s.deps.Text.Send(ctx, Text{ID: m.ID, To: number.E164, Text: words})
	if err != nil {
		return s.unsent(ctx, m, a, err)
	}
	s.deps.Log.InfoContext(ctx, "text message sent", "message", m.ID, "template", m.Template, "country", number.Country, "segments", charge.Segments, "receipt", receipt)
	return Report{Channel: m.Channel, Outcome: Delivered, Receipt: receipt}
}

// unsent takes back what a try did not use, and says what comes next.
func (s *Service) unsent(ctx context.Context, m message.Message, a Attempt, cause error) Report {
	if !errors.Is(cause, ErrDoubt) {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), recordFor)
		defer cancel()
		if err := s.deps.Purse.Unsent(ctx, m.ID); err != nil { // costs a try of this message, or its price
			s.deps.Log.ErrorContext(ctx, "a message that was not sent stays paid for", "message", m.ID, "error", err)
		}
	}
	if errors.Is(cause, ErrPermanent) {
		return s.failed(ctx, m, "rejected", cause, true)
	}
	r := s.failed(ctx, m, "unreachable", cause, a.Last)
	var busy *BusyError
	if errors.As(cause, &busy) && s.deps.Now().Sub(a.Queued) < patience {
		r.After = min(busy.After, longestWait)
	}
	return r
}

// turnDown withholds a message whose number is not allowed.
func (s *Service) turnDown(ctx context.Context, m message.Message, n phone.Number, why spend.Reason) Report {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), recordFor)
	defer cancel()
	if err := s.deps.Recorder.Record(ctx, s.withholding(m, n, why)); err != nil {
		s.deps.Log.ErrorContext(ctx, "message withheld, and that is not in the audit log", "message", m.ID, "error", err)
	}
	return s.withheld(ctx, m, n, why)
}

func (s *Service) withheld(ctx context.Context, m message.Message, n phone.Number, why spend.Reason) Report {
	s.deps.Log.InfoContext(ctx, "message withheld", "message", m.ID, "template", m.Template, "reason", why, "to", masked(n))
	if s.deps.Withheld != nil {
		s.deps.Withheld(why)
	}
	return Report{Channel: m.Channel, Outcome: Withheld, Reason: why}
}

// overCap makes the record of a message that a cap holds back, and once a day the administrators' warning.
func (s *Service) overCap(ctx context.Context, m message.Message, n phone.Number, why spend.Reason, first bool) Note {
	note := Note{Events: []audit.Event{s.withholding(m, n, why)}}
	if !first || !why.OfHouse() {
		return note
	}
	s.deps.Log.ErrorContext(ctx, "text messages are withheld; told once a day", "reason", why, "range", n.Range())
	rules, day := s.deps.Site().SMS, s.deps.Now().UTC().Format(time.DateOnly)
	for i, to := range rules.Warn {
		note.Send = append(note.Send, message.Message{
			ID:       strings.Join([]string{"spend-cap", day, string(why), strconv.Itoa(i)}, "."),
			Template: message.SpendCap, Channel: message.Mail, To: to, Locale: s.deps.Site().Brand.Locale,
			Data: map[string]string{"reason": string(why), "cap": rules.Name(why), "range": n.Range(), "at": s.deps.Now().UTC().Format(time.RFC3339)},
		})
	}
	return note
}

func (s *Service) withholding(m message.Message, n phone.Number, why spend.Reason) audit.Event {
	who, _ := account.ParseID(m.Account)
	return audit.Event{
		Name: audit.MessageWithheld, At: s.deps.Now(), Actor: audit.System, Outcome: audit.Refused, Reason: string(why), Subject: who,
		Settings: s.deps.Site().Version,
		Detail:   map[string]string{"message": m.ID, "template": string(m.Template), "to": masked(n), "range": n.Range()},
	}
}

// recipient is what records say of whom a message was to.
func (s *Service) recipient(m message.Message) string {
	if m.Channel != message.SMS {
		return m.To
	}
	n, _ := phone.Parse(m.To, s.deps.Site().SMS.Home)
	return masked(n)
}

func masked(n phone.Number) string {
	if n.E164 == "" {
		return "not a number"
	}
	return n.Masked()
}
