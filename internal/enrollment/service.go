package enrollment

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"log/slog"
	"net/netip"
	"time"

	"rekey/internal/account"
	"rekey/internal/audit"
	"rekey/internal/authenticator"
	"rekey/internal/factor"
	"rekey/internal/fault"
	"rekey/internal/flow"
	"rekey/internal/message"
	"rekey/internal/notice"
	"rekey/internal/policy"
	"rekey/internal/signin"
	"rekey/internal/site"
	"rekey/internal/throttle"
)

// Limiter takes from rate buckets shared by all replicas.
type Limiter interface {
	Take(ctx context.Context, key string, b throttle.Bucket) (ok bool, wait time.Duration, err error)
}

// Counters changes failure counters outside a session.
type Counters interface {
	// Adjust locks the failures of a lane, replaces them by what change gives, and commits them with the effects.
	// change may be called more than once.
	Adjust(ctx context.Context, lane throttle.Lane, e flow.Effects, change func(throttle.Tally) throttle.Tally) error
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
	Sealer   Sealer
	Owner    *notice.Owner
	Now      func() time.Time
	Log      *slog.Logger
	Threat   func() policy.Threat // nil: calm
}

// closed refuses what the threat level stops: signing in, and every change.
func (s *Service) closed() error {
	if s.Threat != nil && s.Threat() == policy.Stopped {
		return errClosed
	}
	return nil
}

// Source is where a request came from, with the language of the visitor.
type Source struct {
	audit.Source
	Locale string
}

// Faults a page may meet. Their texts are catalogue keys. Those of kind Conflict need no words of their own: the session's page
// shows what holds now.
var (
	errSignIn      = fault.New(fault.NotFound, "problem.signed-out") // no session: sign in
	errStale       = fault.New(fault.Conflict, "problem.stale")
	errFrozen      = fault.New(fault.Conflict, "account.frozen")
	errTooMany     = fault.New(fault.Throttled, "problem.too-many")
	errHeld        = fault.New(fault.Denied, "signin.held")
	errUnavailable = fault.New(fault.Unavailable, "problem.directory-down")
	errClosed      = fault.New(fault.Unavailable, "problem.closed") // the threat level stops everything
	errMethodOff   = fault.New(fault.Denied, "problem.method-off")
	// ErrStepUp says that an enrolled method must be proven first; the session is now in the middle of that.
	ErrStepUp = fault.New(fault.Conflict, "account.step-up")
)

func randomText(n int) string {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails (crypto/rand since Go 1.24)
	return base64.RawURLEncoding.EncodeToString(b)
}

// Token is what the browser holds.
type Token string

// Hash gives what the store keeps.
func (t Token) Hash() TokenHash { return sha256.Sum256([]byte(t)) }

func newToken() Token { return Token(randomText(32)) }

// fresh reports whether changes are open: an enrolled method was proven lately.
func (s *Service) fresh(sess Session) bool {
	return !sess.Proven.IsZero() && s.Now().Sub(sess.Proven) <= s.Site().Session.StepUp
}

// allow lets a change go on when an enrolled method was proven lately, or there is none yet. Otherwise the session begins a
// step-up that goes on with then, and the answer is ErrStepUp. Nothing changes while recovery is frozen: whoever froze it said that
// somebody else is at work.
func (s *Service) allow(ctx context.Context, sess Session, then string) error {
	if err := s.closed(); err != nil {
		return err
	}
	if s.Threat != nil && s.Threat() == policy.PrivilegedStopped {
		if privileged, err := s.privileged(ctx, sess); err != nil || privileged {
			return cmp.Or(err, error(errClosed))
		}
	}
	frozen, err := s.Standing.Frozen(ctx, sess.Account)
	if err != nil {
		return err
	}
	if frozen {
		return errFrozen
	}
	if s.fresh(sess) {
		return nil
	}
	cs, err := s.Store.Credentials(ctx, sess.Account)
	if err != nil {
		return err
	}
	if len(s.usable(cs)) == 0 {
		return nil
	}
	if _, err := s.update(ctx, sess, func(_ Tx, cur Session) (Session, flow.Effects, error) {
		return s.choosing(cur, then, ""), flow.Effects{}, nil
	}); err != nil {
		return err
	}
	return ErrStepUp
}

// privileged reports whether the floor is laid for the person.
func (s *Service) privileged(ctx context.Context, sess Session) (bool, error) {
	a, err := s.read(ctx, sess)
	if err != nil {
		return false, err
	}
	return s.decide(a, nil, Source{}).Floor, nil
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

// lane is where failures of a session are counted: where it began, whatever becomes of its visitor's address.
func lane(sess Session) throttle.Lane {
	from, _ := netip.ParseAddr(sess.Address)
	return signin.Lane(sess.Account, from)
}

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

// read gets the person's account from its directory.
func (s *Service) read(ctx context.Context, sess Session) (account.Account, error) {
	d, ok := s.Site().Directory(sess.Account.Directory)
	if !ok {
		return account.Account{}, errUnavailable
	}
	finder := s.Site().Finder(s.Now())
	a, err := finder.Get(ctx, d, sess.Account)
	if err != nil {
		return account.Account{}, fault.Wrap(fault.Unavailable, errUnavailable.Text, err)
	}
	p, err := finder.Person(ctx, a)
	if err != nil {
		return account.Account{}, fault.Wrap(fault.Unavailable, errUnavailable.Text, err)
	}
	return p.Account, nil
}
