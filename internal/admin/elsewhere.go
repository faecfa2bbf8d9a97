package admin

import (
	"context"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/url"
	"time"

	"rekey/internal/audit"
	"rekey/internal/directory"
	"rekey/internal/fault"
)

// BackPath is where the firm's sign-in page sends the browser back to.
const BackPath = "/admin/return"

// Sealer keeps from the browser, and from changes by it, what it carries for us.
type Sealer interface {
	Seal(purpose string, plain, context []byte) ([]byte, error)
	Open(purpose string, sealed, context []byte) ([]byte, error)
}

const sealTicket = "administrator elsewhere"

// awayFor is how long somebody may take at the other page.
const awayFor = 10 * time.Minute

// Away is where to send a browser, and the ticket it has to bring back.
type Away struct{ Where, Ticket string }

type ticket struct {
	Session string    `json:"session,omitempty"` // whose holder proves it once more; empty: somebody signs in
	State   string    `json:"state"`
	Pending []byte    `json:"pending"`
	Return  string    `json:"return,omitempty"`
	Until   time.Time `json:"until"`
}

var errElsewhere = fault.New(fault.Invalid, "That sign-in was not accepted: it was not finished, not strong enough, or of somebody who has no role here.").On("name")

// Elsewhere names the firm's sign-in page; empty: there is none.
func (s *Service) Elsewhere() string {
	if page := s.deps.Site().Console.SignIn; page != nil {
		return page.Label()
	}
	return ""
}

// StartElsewhere begins a sign-in at the firm's page, or with a session that began there, proves it once more. The page is asked not to
// rely on an earlier sign-in.
func (s *Service) StartElsewhere(ctx context.Context, held Token, back string, from Source) (Away, error) {
	page := s.deps.Site().Console.SignIn
	if page == nil {
		return Away{}, ErrSignIn
	}
	if err := s.deps.Passwords.Take(ctx, from.Address); err != nil {
		return Away{}, err
	}
	t := ticket{State: randomText(24), Return: back, Until: s.deps.Now().Add(awayFor)}
	in := directory.SignIn{Callback: s.deps.PublicURL + BackPath, State: t.State, Fresh: true}
	if sess, err := s.Session(ctx, held); err == nil && sess.Elsewhere {
		t.Session, in.Hint = sess.ID, sess.Name
	}
	where, pending, err := page.StartSignIn(ctx, in)
	if err != nil {
		return Away{}, fault.Wrap(fault.Unavailable, "The company's sign-in does not answer. Try again in a minute.", err)
	}
	t.Pending = pending
	text, err := json.Marshal(t)
	if err != nil {
		return Away{}, err
	}
	sealed, err := s.deps.Sealer.Seal(sealTicket, text, nil)
	return Away{Where: where, Ticket: base64.RawURLEncoding.EncodeToString(sealed)}, err
}

// FinishElsewhere lets in who signed in over there. held is the browser's token. Errors: a fault of kind Invalid without a word of why,
// which the log has; Unavailable.
func (s *Service) FinishElsewhere(ctx context.Context, held Token, carried string, answer url.Values, from Source) (Moved, error) {
	page := s.deps.Site().Console.SignIn
	t, err := s.ticket(carried)
	if err != nil || page == nil || s.deps.Now().After(t.Until) || subtle.ConstantTimeCompare([]byte(t.State), []byte(answer.Get("state"))) == 0 {
		return Moved{}, errElsewhere
	}
	name, err := page.FinishSignIn(ctx, t.Pending, answer)
	switch {
	case errors.Is(err, directory.ErrSignInRefused):
		return Moved{}, s.turnedAway(ctx, Session{ID: t.Session, Name: name}, "refused", err, from)
	case err != nil:
		return Moved{}, fault.Wrap(fault.Unavailable, "The company's sign-in does not answer. Try again in a minute.", err)
	}
	who, known, err := s.Find(ctx, name)
	if err != nil {
		if fault.Of(err).Kind == fault.Invalid {
			return Moved{}, s.turnedAway(ctx, Session{Name: name}, "unknown", err, from)
		}
		return Moved{}, err
	}
	sess := s.session(from)
	sess.Account, sess.Name, sess.Elsewhere = who, known, true
	seen, err := s.look(ctx, who)
	if err != nil {
		return Moved{}, err
	}
	if !seen.usable || s.deps.Site().Roles.Of(&seen.facts).None() {
		return Moved{}, s.turnedAway(ctx, sess, "no-role", errNoRole, from)
	}
	if t.Session != "" {
		return s.provenAgain(ctx, held, t, sess, from)
	}
	now, token := s.deps.Now(), Token(randomText(32))
	sess.Proven = now
	if err := s.deps.Store.CreateAdminSession(ctx, sess, token.Hash(), s.event(audit.ConsoleStarted, sess, from)); err != nil {
		return Moved{}, err
	}
	return Moved{Token: token, Return: t.Return}, nil
}

// provenAgain moves the session the ticket is of, if the same administrator came back into the same browser.
func (s *Service) provenAgain(ctx context.Context, held Token, t ticket, came Session, from Source) (Moved, error) {
	sess, err := s.Session(ctx, held)
	if err != nil {
		return Moved{}, err
	}
	if sess.ID != t.Session || sess.Account != came.Account {
		return Moved{}, s.turnedAway(ctx, came, "another", errStale, from)
	}
	next := Token(randomText(32))
	hash := next.Hash()
	_, err = s.deps.Store.UpdateAdminSession(ctx, sess.ID, func(cur Session) (Session, Effects, error) {
		if !s.open(cur) {
			return cur, Effects{}, ErrSignIn
		}
		cur.Proven, cur.Touched, cur.Pending = s.deps.Now(), s.deps.Now(), nil
		return cur, Effects{Token: &hash, Audit: []audit.Event{s.event(audit.ConsoleSteppedUp, cur, from)}}, nil
	})
	return Moved{Token: next, Return: t.Return}, err
}

func (s *Service) ticket(carried string) (ticket, error) {
	sealed, err := base64.RawURLEncoding.DecodeString(carried)
	if err != nil {
		return ticket{}, err
	}
	text, err := s.deps.Sealer.Open(sealTicket, sealed, nil)
	if err != nil {
		return ticket{}, err
	}
	var t ticket
	return t, json.Unmarshal(text, &t)
}

// turnedAway records that somebody who signed in over there was not let in; the log says why.
func (s *Service) turnedAway(ctx context.Context, sess Session, reason string, cause error, from Source) error {
	ev := s.event(audit.ConsoleRefused, sess, from)
	ev.Actor, ev.Outcome, ev.Reason = audit.Visitor, audit.Refused, "elsewhere-"+reason
	s.deps.Log.InfoContext(ctx, "an administrator's sign-in elsewhere is refused", "request", from.RequestID, "reason", reason, "error", cause)
	if err := s.deps.Recorder.Record(ctx, ev); err != nil {
		return err
	}
	return errElsewhere
}
