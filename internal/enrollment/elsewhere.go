package enrollment

import (
	"context"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/url"
	"time"

	"rekey/internal/account"
	"rekey/internal/audit"
	"rekey/internal/directory"
	"rekey/internal/fault"
	"rekey/internal/flow"
	"rekey/internal/throttle"
)

// BackPath is where another sign-in page sends the browser back to.
const BackPath = "/account/return"

// Sealer keeps from the browser, and from changes by it, what it carries for us.
type Sealer interface {
	Seal(purpose string, plain, context []byte) ([]byte, error)
	Open(purpose string, sealed, context []byte) ([]byte, error)
}

// sealAway is the purpose that tickets are sealed with.
const sealAway = "sign-in elsewhere"

// awayTime is how long somebody may take at the other page.
const awayTime = 10 * time.Minute

// Away is where to send a browser, and the ticket it has to bring back.
type Away struct{ Where, Ticket string }

// ticket is what a browser carries, sealed.
type ticket struct {
	Directory string    `json:"directory"`
	State     string    `json:"state"`
	Inner     []byte    `json:"inner"`
	Until     time.Time `json:"until"`
}

var errElsewhere = fault.New(fault.Invalid, "signin.elsewhere-refused")

// Elsewhere lists the directories whose people sign in at a page of the directory's own: their passwords are never typed here.
func (s *Service) Elsewhere() []string {
	var keys []string
	for _, d := range s.Site().Directories {
		_, redirects := d.(directory.Redirector)
		_, checks := d.(directory.Authenticator)
		if redirects && !checks {
			keys = append(keys, d.Key())
		}
	}
	return keys
}

// StartElsewhere begins a sign-in at a directory's own page.
func (s *Service) StartElsewhere(ctx context.Context, key string, from Source) (Away, error) {
	d, _ := s.Site().Directory(key)
	there, ok := d.(directory.Redirector)
	if !ok {
		return Away{}, errSignIn
	}
	if err := s.takeSignIn(ctx, from); err != nil {
		return Away{}, err
	}
	t := ticket{Directory: key, State: randomText(24), Until: s.Now().Add(awayTime)}
	where, inner, err := there.StartSignIn(ctx, directory.SignIn{Callback: s.Owner.PublicURL + BackPath, State: t.State, Fresh: true})
	if err != nil {
		return Away{}, fault.Wrap(fault.Unavailable, errUnavailable.Text, err)
	}
	t.Inner = inner
	text, err := json.Marshal(t)
	if err != nil {
		return Away{}, err
	}
	sealed, err := s.Sealer.Seal(sealAway, text, nil)
	return Away{Where: where, Ticket: base64.RawURLEncoding.EncodeToString(sealed)}, err
}

func (s *Service) takeSignIn(ctx context.Context, from Source) error {
	if err := s.closed(); err != nil {
		return err
	}
	return s.checker().Take(ctx, from.Address)
}

// FinishElsewhere opens a session for who signed in over there: for the home account, where that one is linked with another. It is
// refused without a word of why: to somebody unknown here, to an account that is held, and to an answer that is not to our question.
func (s *Service) FinishElsewhere(ctx context.Context, carried string, answer url.Values, from Source) (SignedIn, error) {
	if err := s.takeSignIn(ctx, from); err != nil {
		return SignedIn{}, err
	}
	t, err := s.opened(carried)
	if err != nil || s.Now().After(t.Until) || subtle.ConstantTimeCompare([]byte(t.State), []byte(answer.Get("state"))) == 0 {
		return SignedIn{}, errElsewhere
	}
	d, _ := s.Site().Directory(t.Directory)
	there, ok := d.(directory.Redirector)
	if !ok {
		return SignedIn{}, errElsewhere
	}
	in, err := there.FinishSignIn(ctx, t.Inner, answer)
	switch {
	case errors.Is(err, directory.ErrSignInRefused):
		return SignedIn{}, errElsewhere
	case err != nil:
		return SignedIn{}, fault.Wrap(fault.Unavailable, errUnavailable.Text, err)
	}
	person, err := s.person(ctx, d, in.Account)
	if err != nil {
		return SignedIn{}, err
	}
	return s.admit(ctx, person, from)
}

func (s *Service) opened(carried string) (ticket, error) {
	sealed, err := base64.RawURLEncoding.DecodeString(carried)
	if err != nil {
		return ticket{}, err
	}
	text, err := s.Sealer.Open(sealAway, sealed, nil)
	if err != nil {
		return ticket{}, err
	}
	var t ticket
	return t, json.Unmarshal(text, &t)
}

// person reads who came back, with the account they have in a linked directory.
func (s *Service) person(ctx context.Context, d directory.Directory, id account.ID) (directory.Person, error) {
	finder := s.Site().Finder(s.Now())
	a, err := finder.Get(ctx, d, id)
	if errors.Is(err, directory.ErrNotFound) {
		return directory.Person{}, errElsewhere
	}
	if err == nil {
		var p directory.Person
		if p, err = finder.Person(ctx, a); err == nil {
			return p, nil
		}
	}
	return directory.Person{}, fault.Wrap(fault.Unavailable, errUnavailable.Text, err)
}

// turnedAway records why nobody was let in. Only a held account loses the try: nothing was wrong with the sign-in.
func (s *Service) turnedAway(ctx context.Context, sess Session, held bool, from Source) error {
	ev := s.event(audit.SignInFailed, sess, from)
	ev.Actor, ev.Outcome, ev.Reason = audit.Visitor, audit.Refused, "held"
	if !held {
		ev.Reason = "unusable"
	}
	err := s.Counters.Adjust(ctx, lane(sess), flow.Effects{Audit: []audit.Event{ev}}, func(t throttle.Tally) throttle.Tally {
		if held {
			return t
		}
		return t.Refund(s.Site().Throttle, s.Now())
	})
	if err != nil {
		return err
	}
	return errElsewhere
}

// admit opens the session, unless the account is held or cannot be helped.
func (s *Service) admit(ctx context.Context, p directory.Person, from Source) (SignedIn, error) {
	sess, now, held := s.session(from).of(p), s.Now(), false
	err := s.Counters.Adjust(ctx, lane(sess), flow.Effects{}, func(t throttle.Tally) throttle.Tally {
		if held, _ = t.Held(now); held {
			return t
		}
		return t.Fail(s.Site().Throttle, now) // given back when the session is open
	})
	if err != nil {
		return SignedIn{}, err
	}
	if held || !p.Usable() {
		return SignedIn{}, s.turnedAway(ctx, sess, held, from)
	}
	in, err := s.signedIn(ctx, sess, from)
	if err != nil {
		return SignedIn{}, err
	}
	return in, s.Counters.Adjust(ctx, lane(sess), flow.Effects{}, func(t throttle.Tally) throttle.Tally { return t.Refund(s.Site().Throttle, now) })
}
