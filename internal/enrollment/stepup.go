package enrollment

import (
	"context"
	"slices"
	"strings"

	"rekey/internal/audit"
	"rekey/internal/authenticator"
	"rekey/internal/factor"
	"rekey/internal/fault"
	"rekey/internal/flow"
	"rekey/internal/message"
	"rekey/internal/site"
)

// What a step-up goes on with, before the kind or the id it is about.
const (
	thenAdd    = "add:"
	thenRemove = "remove:"
)

// Purpose is what a step-up is for: "add" or "remove".
func (p *Pending) Purpose() string {
	what, _, _ := strings.Cut(p.Then, ":")
	return what
}

// adds reports whether a method is being added, or will be after the step-up.
func (p *Pending) adds() bool { return p.Enroll || strings.HasPrefix(p.Then, thenAdd) }

// choosing is the session before a way to prove is chosen.
func (s *Service) choosing(sess Session, then, notice string) Session {
	sess.Pending = &Pending{ID: randomText(6), Then: then, Made: s.Now()}
	sess.Notice, sess.Touched = notice, s.Now()
	return sess
}

// Way is an enrolled way to prove who one is.
type Way struct {
	Ref         string // value of the radio button
	Kind        factor.Kind
	Label       string // what its owner calls it, when the way is one credential
	NeedsScript bool
}

// Ways lists what the person can prove, strongest first.
func (s *Service) Ways(ctx context.Context, sess Session) ([]Way, error) {
	cs, err := s.Store.Credentials(ctx, sess.Account)
	if err != nil {
		return nil, err
	}
	var out []Way
	offers, err := s.offers(ctx, sess, cs)
	if err != nil {
		return nil, err
	}
	for _, o := range offers {
		w := Way{Ref: o.Ref, Kind: o.Kind, NeedsScript: o.NeedsScript}
		if len(o.Credentials) == 1 {
			c, _ := find(cs, o.Credentials[0].ID)
			w.Label = c.Label
		}
		out = append(out, w)
	}
	return out, nil
}

// StepUp opens a challenge of the chosen way. ref is a way's value.
func (s *Service) StepUp(ctx context.Context, token Token, at, ref string, from Source) (Session, error) {
	sess, err := s.at(ctx, token, at)
	if err != nil {
		return sess, err
	}
	if sess.Stage() != Choose {
		return sess, errStale
	}
	return s.challenge(ctx, sess, Pending{Ref: ref, Then: sess.Pending.Then}, from)
}

// Back leaves the open question of a step-up to choose another way.
func (s *Service) Back(ctx context.Context, token Token, at string) (Session, error) {
	sess, err := s.at(ctx, token, at)
	if err != nil {
		return sess, err
	}
	if sess.Stage() != Prove {
		return sess, errStale
	}
	return s.update(ctx, sess, func(_ Tx, cur Session) (Session, flow.Effects, error) {
		return s.choosing(cur, cur.Pending.Then, ""), flow.Effects{}, nil
	})
}

// offers are the ways that open a change. Of a privileged person only the strong ones do as soon as there is one: else a code by mail
// would add what later counts for more than itself.
func (s *Service) offers(ctx context.Context, sess Session, cs []authenticator.Credential) ([]flow.Offer, error) {
	all := site.AllOffers(s.Site(), cs)
	strong := slices.DeleteFunc(slices.Clone(all), func(o flow.Offer) bool {
		t := s.Site().Methods[o.Kind].Traits()
		return !t.PhishingResistant && !t.Hardware
	})
	if len(strong) == 0 || len(strong) == len(all) {
		return all, nil
	}
	privileged, err := s.privileged(ctx, sess)
	if err != nil || privileged {
		return strong, err
	}
	return all, nil
}

func (s *Service) offer(ctx context.Context, sess Session, ref string) (flow.Offer, []authenticator.Credential, error) {
	all, err := s.Store.Credentials(ctx, sess.Account)
	if err != nil {
		return flow.Offer{}, nil, err
	}
	offers, err := s.offers(ctx, sess, all)
	if err != nil {
		return flow.Offer{}, nil, err
	}
	for _, o := range offers {
		if o.Ref != ref {
			continue
		}
		var cs []authenticator.Credential
		for _, member := range o.Credentials {
			c, _ := find(all, member.ID)
			cs = append(cs, c)
		}
		return o, cs, nil
	}
	return flow.Offer{}, nil, fault.New(fault.Invalid, "choose.pick-one").On("method")
}

// challenge opens a question of the offer that before names. Its tries and sends go on counting.
func (s *Service) challenge(ctx context.Context, sess Session, before Pending, from Source) (Session, error) {
	offer, cs, err := s.offer(ctx, sess, before.Ref)
	if err != nil {
		return sess, err
	}
	now := s.Now()
	c, err := s.Site().Methods[offer.Kind].Challenge(ctx, s.request(sess, cs), now)
	if err != nil {
		return sess, err
	}
	prompt, err := authenticator.EncodePrompt(c.Prompt)
	if err != nil {
		return sess, err
	}
	if err := s.capped(ctx, sess, before.Sends, c.Send); err != nil {
		return sess, err
	}
	p := Pending{
		ID: randomText(6), Kind: offer.Kind, Ref: offer.Ref, State: c.State, Prompt: prompt, Made: now, Expires: c.Expires,
		Tries: before.Tries, Then: before.Then, Sends: before.Sends + len(c.Send),
	}
	for _, c := range cs {
		p.Credentials = append(p.Credentials, c.ID)
	}
	ev := s.event(audit.ProofRequested, sess, from)
	ev.Factors = []factor.Kind{offer.Kind}
	next, err := s.update(ctx, sess, func(_ Tx, cur Session) (Session, flow.Effects, error) {
		cur.Pending, cur.Notice, cur.Touched = &p, "", now
		return cur, flow.Effects{Audit: []audit.Event{ev}, Send: c.Send}, nil
	})
	if err != nil {
		return sess, err
	}
	return next, nil
}

func (s *Service) request(sess Session, cs []authenticator.Credential) authenticator.Request {
	return authenticator.Request{
		Subject:     authenticator.Subject{Account: sess.Account, Name: sess.Name, DisplayName: sess.Display, Locale: sess.Locale},
		Credentials: cs, Purpose: "enroll", Flow: sess.ID, Reveal: true,
	}
}

// capped refuses to send more codes than one step, or one account, is allowed, and says in the others whose account it is.
func (s *Service) capped(ctx context.Context, sess Session, sent int, send []message.Message) error {
	if len(send) == 0 {
		return nil
	}
	if sent >= s.Site().Flow.SendsPerMethod {
		return errTooMany
	}
	for _, c := range lane(sess).Sends(s.Site().Throttle) {
		ok, _, err := s.Limiter.Take(ctx, c.Key, c.Bucket)
		switch {
		case err != nil:
			return err
		case !ok:
			return errTooMany
		}
	}
	for i := range send {
		send[i].Account = sess.Account.String()
	}
	return nil
}

// prove judges the answer to a step-up. When it is accepted the browser gets another token, and the session goes on with what the
// person was about to do.
func (s *Service) prove(ctx context.Context, sess Session, answer authenticator.Response, from Source) (Moved, error) {
	t, err := s.count(ctx, sess, from)
	sess = t.Session
	if err != nil {
		return Moved{Session: sess}, err
	}
	p := *sess.Pending
	cs, err := s.pendingCredentials(ctx, sess)
	if err != nil {
		return Moved{Session: sess}, err
	}
	m, ok := s.Site().Methods[p.Kind]
	if !ok {
		return Moved{Session: sess}, errMethodOff
	}
	r, err := m.Verify(ctx, s.request(sess, cs), p.State, answer, s.Now())
	if err != nil {
		return Moved{Session: sess}, err
	}
	used, ok := find(cs, r.Used) // must name a credential of this account
	if r.Outcome != authenticator.Accepted || !ok || s.past(p) {
		return s.rejected(ctx, t, r.Reason, from)
	}
	moved, err := s.stepUp(ctx, sess, used, r, from)
	if err != nil {
		return moved, err
	}
	return s.goOn(ctx, moved, p.Then, from)
}

func (s *Service) pendingCredentials(ctx context.Context, sess Session) ([]authenticator.Credential, error) {
	all, err := s.Store.Credentials(ctx, sess.Account)
	if err != nil {
		return nil, err
	}
	var cs []authenticator.Credential
	for _, id := range sess.Pending.Credentials {
		if c, ok := find(all, id); ok {
			cs = append(cs, c)
		}
	}
	if len(cs) == 0 {
		return nil, errMethodOff
	}
	return cs, nil
}

// stepUp commits an accepted proof: the changed credential, the counter and the risen level together, or nothing.
func (s *Service) stepUp(ctx context.Context, sess Session, used authenticator.Credential, r authenticator.Result, from Source) (Moved, error) {
	fresh := newToken()
	next, err := s.update(ctx, sess, func(tx Tx, cur Session) (Session, flow.Effects, error) {
		if err := s.spend(ctx, tx, used, r); err != nil {
			return cur, flow.Effects{}, err
		}
		if err := s.refund(ctx, tx, cur); err != nil {
			return cur, flow.Effects{}, err
		}
		if err := tx.RotateToken(ctx, fresh.Hash()); err != nil {
			return cur, flow.Effects{}, err
		}
		ev := s.event(audit.SteppedUp, cur, from)
		ev.Factors = []factor.Kind{cur.Pending.Kind}
		cur.Pending, cur.Notice, cur.Proven = nil, "", s.Now()
		return cur, flow.Effects{Audit: []audit.Event{ev}}, nil
	})
	if err != nil {
		return Moved{Session: sess}, err
	}
	return Moved{Session: next, Token: fresh}, nil
}

// spend saves what a proof changed in its credential.
func (s *Service) spend(ctx context.Context, tx Tx, used authenticator.Credential, r authenticator.Result) error {
	if r.Delete {
		return tx.DeleteCredential(ctx, used)
	}
	if r.Update != nil {
		used = *r.Update
	}
	used.LastUsed = s.Now()
	return tx.SaveCredential(ctx, used)
}

// goOn does what the step-up was for. The new token stands even when that fails.
func (s *Service) goOn(ctx context.Context, moved Moved, then string, from Source) (Moved, error) {
	var err error
	what, which, _ := strings.Cut(then, ":")
	switch what + ":" {
	case thenAdd:
		moved.Session, err = s.Add(ctx, moved.Token, factor.Kind(which), from)
	case thenRemove:
		err = s.Remove(ctx, moved.Token, which, from)
	}
	return moved, err
}
