package enrollment

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"log/slog"
	"strconv"
	"time"

	"rekey/internal/account"
	"rekey/internal/audit"
	"rekey/internal/authenticator"
	"rekey/internal/factor"
	"rekey/internal/fault"
	"rekey/internal/flow"
	"rekey/internal/message"
	"rekey/internal/notice"
	"rekey/internal/site"
	"rekey/internal/throttle"
)

// Limiter takes from rate buckets shared by all replicas.
type Limiter interface {
	Take(ctx context.Context, key string, b throttle.Bucket) (ok bool, wait time.Duration, err error)
}

// Counters changes failure counters outside a session.
type Counters interface {
	// Adjust locks the counter of key, replaces it by what change gives, and commits it with the effects.
	// change may be called more than once.
	Adjust(ctx context.Context, key string, e flow.Effects, change func(throttle.Counter) throttle.Counter) error
}

// Standing tells what holds for an account besides its methods.
type Standing interface {
	Frozen(ctx context.Context, who account.ID) (bool, error)
}

// Service runs sessions of "My account". It is safe for concurrent use.
type Service struct {
	Site     site.Source
	Store    Store
	Sessions Sessions
	Standing Standing
	Counters Counters
	Limiter  Limiter
	Owner    *notice.Owner
	Now      func() time.Time
	Log      *slog.Logger
}

// Source is where a request came from, with the language of the visitor.
type Source struct {
	audit.Source
	Locale string
}

// Faults a page may meet. Their texts are catalogue keys.
var (
	errSignIn      = fault.New(fault.NotFound, "problem.signed-out") // no session: sign in
	errStale       = fault.New(fault.Conflict, "problem.stale")
	errTooMany     = fault.New(fault.Throttled, "problem.too-many")
	errUnavailable = fault.New(fault.Unavailable, "problem.directory-down")
	errMethodOff   = fault.New(fault.Conflict, "problem.method-off")
	// ErrStepUp asks to prove an enrolled method first.
	ErrStepUp = fault.New(fault.Denied, "account.step-up")
)

// Token is what the browser holds.
type Token string

// Hash gives what the store keeps.
func (t Token) Hash() TokenHash { return sha256.Sum256([]byte(t)) }

func newToken() Token { return Token(randomText(32)) }

func randomText(n int) string {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails (crypto/rand since Go 1.24)
	return base64.RawURLEncoding.EncodeToString(b)
}

// At names the pending step a form was made for.
func At(s Session) string {
	if s.Pending == nil {
		return s.ID
	}
	return s.ID + "." + strconv.FormatInt(s.Pending.Made.UnixNano(), 36) + "." + strconv.Itoa(s.Pending.Tries)
}

// Session loads the open session a browser holds. None, or one that timed out, is a fault of kind NotFound: sign in.
func (s *Service) Session(ctx context.Context, token Token) (Session, error) {
	if token == "" {
		return Session{}, errSignIn
	}
	sess, err := s.Store.SessionByToken(ctx, token.Hash())
	if err != nil {
		if fault.Of(err).Kind == fault.NotFound {
			return Session{}, errSignIn
		}
		return Session{}, err
	}
	now, limits := s.Now(), s.Site().Session
	if !sess.Ended.IsZero() || now.After(sess.Expires) || now.Sub(sess.Touched) > limits.Idle {
		return Session{}, errSignIn
	}
	if now.Sub(sess.Touched) < time.Minute {
		return sess, nil
	}
	return s.Store.UpdateSession(ctx, sess.ID, func(_ Tx, sess Session) (Session, flow.Effects, error) {
		sess.Touched = now
		return sess, flow.Effects{}, nil
	})
}

// open loads the session and refuses a form made for another pending step.
func (s *Service) open(ctx context.Context, token Token, at string) (Session, error) {
	sess, err := s.Session(ctx, token)
	if err != nil {
		return Session{}, err
	}
	if sess.Pending == nil || At(sess) != at {
		return sess, errStale
	}
	return sess, nil
}

// fresh reports whether changes are open: an enrolled method was proven lately.
func (s *Service) fresh(sess Session) bool {
	return !sess.Proven.IsZero() && s.Now().Sub(sess.Proven) <= s.Site().Session.StepUp
}

// mayChange refuses changes until an enrolled method was proven, unless there is none yet.
func (s *Service) mayChange(ctx context.Context, sess Session) error {
	if s.fresh(sess) {
		return nil
	}
	cs, err := s.Store.Credentials(ctx, sess.Account)
	if err != nil {
		return err
	}
	if len(s.usable(cs)) > 0 {
		return ErrStepUp
	}
	return nil
}

// usable are the credentials of methods that are switched on.
func (s *Service) usable(cs []authenticator.Credential) []authenticator.Credential {
	var out []authenticator.Credential
	for _, c := range cs {
		if _, ok := s.Site().Methods[c.Kind]; ok {
			out = append(out, c)
		}
	}
	return out
}

func counterKey(id account.ID) string { return "account:" + id.String() }

// event makes an audit record of a session.
func (s *Service) event(name audit.Name, sess Session, from Source) audit.Event {
	return audit.Event{
		Name: name, At: s.Now(), Actor: audit.Person, Outcome: audit.OK, Subject: sess.Account, Flow: sess.ID,
		Purpose: "enroll", Settings: s.Site().Version, Source: from.Source,
	}
}

// changed records and tells of a method added or removed.
func (s *Service) changed(ctx context.Context, name audit.Name, t message.Template, sess Session, c authenticator.Credential, from Source, also ...string) flow.Effects {
	ev := s.event(name, sess, from)
	ev.Factors = []factor.Kind{c.Kind}
	ev.Detail = map[string]string{"label": c.Label}
	return flow.Effects{
		Audit: []audit.Event{ev},
		Send: s.Owner.Tell(ctx, notice.Event{
			ID: c.ID + "." + sess.ID, Template: t, Account: sess.Account, Name: sess.Name, Locale: sess.Locale,
			Source: from.Source, Extra: map[string]string{"method": string(c.Kind), "label": c.Label}, Also: also,
		}),
	}
}

func (s *Service) subject(ctx context.Context, sess Session) (authenticator.Subject, error) {
	d, ok := s.Site().Directory(sess.Account.Directory)
	if !ok {
		return authenticator.Subject{}, errUnavailable
	}
	a, err := d.Get(ctx, sess.Account)
	if err != nil {
		return authenticator.Subject{}, fault.Wrap(fault.Unavailable, errUnavailable.Text, err)
	}
	return authenticator.Subject{
		Account: sess.Account, Name: sess.Name, DisplayName: sess.Display, Locale: sess.Locale, Mails: a.Mails,
	}, nil
}

func limiterKey(from Source) string { return "sign-in:" + from.Address.Unmap().String() }
