package delivery

import (
	"context"
	"time"

	"rekey/internal/message"
)

// Entry is what the delivery log keeps of a message. It has neither its text nor what filled it: a code would be among that.
type Entry struct {
	ID       string // message.Message.ID
	Event    message.Template
	Channel  message.Channel
	Language string
	To       string // the address or number in full; the store seals it
	Masked   string // as whoever may not see addresses sees it
	Account  string // "directory/object"; empty: nobody's
	Others   bool   // to somebody who does not own the account
	Own      bool   // written by a text of the firm's own
	Settings int64  // version whose texts it was written by
	State    State
	Reason   string // why it was not delivered: a word of ours
	Error    string // what the other side said; neither code nor address
	Queued   time.Time
	At       time.Time // of the last try
}

// State is where a message stands.
type State string

// The states.
const (
	Sent    State = "sent"     // the mail server or gateway took it
	Waiting State = "waiting"  // failed, and will be tried again
	GivenUp State = "given-up" // failed for good
	TooLate State = "too-late" // its code had run out
	Stopped State = "stopped"  // its number, or what it would cost, is not allowed
)

// States lists them.
func States() []State { return []State{Sent, Waiting, GivenUp, TooLate, Stopped} }

// Journal keeps entries. A later try of a message replaces what the one before left, and counts.
type Journal interface {
	EnterDelivery(ctx context.Context, e Entry) error
}

// enter keeps what came of a try. Nobody waits for decoys, so those are not kept.
func (s *Service) enter(ctx context.Context, m message.Message, a Attempt, r Report) {
	state, known := map[Outcome]State{Delivered: Sent, Expired: TooLate, Withheld: Stopped, Retry: Waiting, Dead: GivenUp}[r.Outcome]
	if s.deps.Journal == nil || m.Discard || !known {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), recordFor)
	defer cancel()
	snap, w := s.deps.Site(), s.writer(m)
	_, own := w.own(snap.Texts)
	e := Entry{
		ID: m.ID, Event: m.Template, Channel: m.Channel, Language: w.Tag(), To: m.To, Masked: s.mask(m), Account: m.Account, Others: w.forOthers(),
		Own: own, Settings: snap.Version, State: state, Reason: string(r.Reason), Queued: a.Queued, At: s.deps.Now(),
	}
	if r.Err != nil {
		e.Error = r.Err.Error()
	}
	if err := s.deps.Journal.EnterDelivery(ctx, e); err != nil {
		s.deps.Log.ErrorContext(ctx, "a delivery is not in the delivery log", "message", m.ID, "error", err)
	}
}

// mask leaves of an address what tells its owner which one it is.
func (s *Service) mask(m message.Message) string {
	if m.Channel == message.SMS {
		return s.recipient(m)
	}
	return MaskMail(m.To)
}
