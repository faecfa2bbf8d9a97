package recovery

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"log/slog"
	"time"

	"rekey/internal/account"
	"rekey/internal/authenticator"
	"rekey/internal/directory"
	"rekey/internal/factor"
	"rekey/internal/fault"
	"rekey/internal/flow"
	"rekey/internal/notice"
	"rekey/internal/policy"
	"rekey/internal/site"
	"rekey/internal/throttle"
)

// Service runs flows. It is safe for concurrent use.
type Service struct {
	Site     site.Source
	Store    Store
	Limiter  Limiter
	Counters Counters
	Freezer  Freezer
	Sweeper  Sweeper
	Keys     notice.Keys
	Owner    *notice.Owner
	Recorder Recorder
	Now      func() time.Time
	Log      *slog.Logger
	Observe  func(Metrics)         // told of every ended flow; may be nil
	RuleSeen func(policy.Decision) // told of every decision about a known account; may be nil
	Memory   Memory
	Locate   site.Locator         // nil: nothing is known of any address
	Threat   func() policy.Threat // nil: calm
}

// Metrics is what is counted of an ended flow.
type Metrics struct {
	Action, Stage, Refusal string
	Took                   time.Duration
}

// Faults a page may meet. Their texts are catalogue keys.
var (
	errStale       = fault.New(fault.Conflict, "problem.stale")
	errExpired     = fault.New(fault.NotFound, "problem.expired")
	errTooMany     = fault.New(fault.Throttled, "problem.too-many")
	errNoMoreCodes = fault.New(fault.Invalid, "choose.no-more-codes").On("method")
	errUnavailable = fault.New(fault.Unavailable, "problem.directory-down")
)

// At names the state a form was made from. Asking for more time leaves it as it is: what stands in the form is not lost.
func At(f flow.Flow) string { return fmt.Sprintf("%s.%d", f.ID, f.Moves) }

// Token is what the browser holds. It opens one flow.
type Token string

// Hash gives what the store keeps.
func (t Token) Hash() TokenHash { return sha256.Sum256([]byte(t)) }

func newToken() Token { return Token(randomText(32)) }

func randomText(n int) string {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails (crypto/rand since Go 1.24)
	return base64.RawURLEncoding.EncodeToString(b)
}

// Flow loads the flow a browser holds and ends it when its time is over.
// A token that opens nothing is a fault of kind NotFound.
func (s *Service) Flow(ctx context.Context, token Token) (flow.Flow, error) {
	f, err := s.load(ctx, token)
	if err != nil {
		return flow.Flow{}, err
	}
	if f.Stage.Final() || f.Stage == flow.Applying {
		return f, nil
	}
	if s.over(f) {
		return s.apply(ctx, f, flow.Lapsed{})
	}
	if level := s.threat(); f.Concerns(level) {
		return s.apply(ctx, f, flow.Alarmed{Level: level})
	}
	return f, nil
}

func (s *Service) over(f flow.Flow) bool {
	now, limits := s.Now(), s.Site().Flow
	return now.After(f.Expires) || now.Sub(f.Touched) > limits.Idle
}

func (s *Service) load(ctx context.Context, token Token) (flow.Flow, error) {
	if token == "" {
		return flow.Flow{}, errExpired
	}
	f, err := s.Store.FlowByToken(ctx, token.Hash())
	if err != nil && fault.Of(err).Kind == fault.NotFound {
		return flow.Flow{}, errExpired
	}
	return f, err
}

// open loads the flow and refuses a form that was made from another state of it.
func (s *Service) open(ctx context.Context, token Token, at string) (flow.Flow, error) {
	f, err := s.Flow(ctx, token)
	if err != nil {
		return flow.Flow{}, err
	}
	if At(f) != at {
		return f, errStale
	}
	return f, nil
}

// apply moves a flow by one event.
func (s *Service) apply(ctx context.Context, f flow.Flow, ev flow.Event) (flow.Flow, error) {
	return s.update(ctx, f, 0, func(Tx, flow.Flow) (flow.Event, error) { return ev, nil })
}

// update moves a flow by the event that next gives, from the state it was read in; 0 moves means whatever state it is in.
func (s *Service) update(ctx context.Context, known flow.Flow, moves int, next func(Tx, flow.Flow) (flow.Event, error)) (flow.Flow, error) {
	now, limits := s.Now(), s.Site().Flow
	f, err := s.Store.UpdateFlow(ctx, known, func(tx Tx, f flow.Flow) (flow.Flow, flow.Effects, error) {
		if moves != 0 && f.Moves != moves {
			return f, flow.Effects{}, errStale
		}
		ev, err := next(tx, f)
		if err != nil {
			return f, flow.Effects{}, err
		}
		g, effects, err := s.step(f, ev, limits, now)
		if err == nil && wrong(ev) {
			effects.Failed = []string{key(f), failuresFrom(f.From)}
		}
		return g, effects, err
	})
	s.observe(f, err)
	return f, err
}

// wrong reports whether an event tells of a wrong answer.
func wrong(ev flow.Event) bool {
	switch e := ev.(type) {
	case flow.Judged:
		return e.Proof == nil && e.Next == nil
	case flow.Blocked:
		return len(e.Notices) > 0
	case flow.Mistyped:
		return e.Notice == noticeWrongCurrent
	}
	return false
}

// step applies an event. A flow that turns out to be over is stored as such instead.
func (s *Service) step(f flow.Flow, ev flow.Event, limits flow.Limits, now time.Time) (flow.Flow, flow.Effects, error) {
	g, effects, err := flow.Apply(f, ev, limits, now)
	if err == nil {
		return g, effects, nil
	}
	if g.Stage != f.Stage && g.Stage.Final() {
		return g, effects, nil
	}
	return f, flow.Effects{}, fault.Wrap(fault.Conflict, "problem.stale", err)
}

func (s *Service) observe(f flow.Flow, err error) {
	if s.Observe == nil || err != nil || !f.Stage.Final() {
		return
	}
	s.Observe(Metrics{Action: string(f.Action), Stage: string(f.Stage), Refusal: string(f.Refusal), Took: f.Ended.Sub(f.Started)})
}

// key is what failures of a flow's account are counted under.
func key(f flow.Flow) string {
	if f.Decoy {
		return typedKey(f.Typed)
	}
	return accountKey(f.Account)
}

// lane is where failures of a flow are counted: where it began, whatever becomes of its visitor's address.
func lane(f flow.Flow) throttle.Lane {
	if !f.Browser.IsZero() {
		return throttle.Browser(key(f), f.Browser)
	}
	return throttle.From(key(f), f.From)
}

func typedKey(typed string) string { return "typed:" + typed }

func accountKey(id account.ID) string { return "account:" + id.String() }

// method finds the authenticator behind an offer.
func (s *Service) method(f flow.Flow, ref string) (flow.Offer, authenticator.Method, error) {
	offer, ok := f.Offer(ref)
	if !ok {
		return flow.Offer{}, nil, fault.New(fault.Invalid, "choose.pick-one").On("method")
	}
	if m, ok := s.Site().Methods[offer.Kind]; ok {
		return offer, m, nil
	}
	d, _ := s.asked(f)
	if there, ok := d.(directory.Redirector); ok && offer.Kind == factor.Password {
		return offer, signIn{directory: there, callback: s.Owner.PublicURL + BackPath, hint: f.Name}, nil
	}
	return flow.Offer{}, nil, fault.New(fault.Denied, "problem.method-off")
}

// request describes the flow to a method.
func (s *Service) request(ctx context.Context, f flow.Flow, offer flow.Offer) (authenticator.Request, error) {
	cs, err := s.credentials(ctx, f, offer)
	if err != nil {
		return authenticator.Request{}, err
	}
	return authenticator.Request{
		Subject:     authenticator.Subject{Account: f.Account, Name: f.SignIn, Locale: f.Locale},
		Credentials: cs,
		Purpose:     string(f.Action),
		Flow:        string(f.ID),
		Reveal:      len(f.Proven) > 0,
	}, nil
}

func (s *Service) credentials(ctx context.Context, f flow.Flow, offer flow.Offer) ([]authenticator.Credential, error) {
	if offer.Kind == factor.Password {
		return []authenticator.Credential{signInCredential()}, nil
	}
	if f.Decoy {
		if err := s.readNothing(ctx, f.Typed); err != nil {
			return nil, err
		}
		return []authenticator.Credential{s.decoyCredential(s.Site().Methods[offer.Kind], f.Typed)}, nil
	}
	all, err := s.Store.Credentials(ctx, f.Account)
	if err != nil {
		return nil, err
	}
	var cs []authenticator.Credential
	for _, c := range all {
		if offered(offer, c.ID) {
			cs = append(cs, c)
		}
	}
	if len(cs) == 0 {
		return nil, fault.New(fault.Denied, "problem.method-off")
	}
	return cs, nil
}

func offered(o flow.Offer, id string) bool {
	for _, c := range o.Credentials {
		if c.ID == id {
			return true
		}
	}
	return false
}
