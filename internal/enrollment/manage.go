package enrollment

import (
	"context"
	"slices"

	"rekey/internal/account"
	"rekey/internal/audit"
	"rekey/internal/authenticator"
	"rekey/internal/factor"
	"rekey/internal/fault"
	"rekey/internal/flow"
	"rekey/internal/message"
	"rekey/internal/notice"
	"rekey/internal/policy"
	"rekey/internal/site"
)

const historyLength = 20

var errNoMethod = fault.New(fault.NotFound, "account.no-such-method")

// Overview is everything "My account" shows.
type Overview struct {
	Session  Session
	Methods  []authenticator.Credential
	Addable  []Addable
	Decision policy.Decision // what would be asked: Allowed means ready, NotEnrolled that more is needed, Denied nothing to set up for
	Missing  int             // how many more ways are needed at least
	History  []Past
	Sessions []Session
	Frozen   bool
	Fresh    bool // changes are open now
}

// Addable is a kind of method that a person can set up and the policy takes.
type Addable struct {
	Kind        factor.Kind
	NeedsScript bool
	Have        int  // how many of the kind there are
	Helps       bool // one more of it brings the person nearer to being ready
}

// Settable reports whether setting up methods leads anywhere: not while recovery is frozen, nor for whom the policy allows nothing.
func (o Overview) Settable() bool { return !o.Frozen && o.Decision.Outcome != policy.Denied }

// Helpful are the kinds to offer somebody who is not ready, best first.
func (o Overview) Helpful() []Addable {
	helps := func(a Addable) bool { return a.Helps }
	if !slices.ContainsFunc(o.Addable, helps) {
		return o.Addable
	}
	return slices.DeleteFunc(slices.Clone(o.Addable), func(a Addable) bool { return !a.Helps })
}

// Overview gathers "My account" of a session.
func (s *Service) Overview(ctx context.Context, sess Session, from Source) (Overview, error) {
	o := Overview{Session: sess, Fresh: s.fresh(sess)}
	var err error
	if o.Methods, err = s.Store.Credentials(ctx, sess.Account); err != nil {
		return Overview{}, err
	}
	if o.History, err = s.Store.History(ctx, sess.Account, historyLength); err != nil {
		return Overview{}, err
	}
	o.History = slices.DeleteFunc(o.History, func(p Past) bool { return p.Name == audit.WriteIntended }) // its result says it all
	if o.Sessions, err = s.Sessions.OpenSessions(ctx, sess.Account, s.Now()); err != nil {
		return Overview{}, err
	}
	o.Sessions = slices.DeleteFunc(o.Sessions, func(other Session) bool { return !s.open(other) })
	if o.Frozen, err = s.Standing.Frozen(ctx, sess.Account); err != nil {
		return Overview{}, err
	}
	a, err := s.read(ctx, sess)
	if err != nil {
		return Overview{}, err
	}
	o.Decision = s.decide(a, o.Methods, from)
	o.Missing = s.short(o.Decision, o.Methods)
	if o.Settable() {
		o.Addable = s.addable(o.Decision, o.Methods)
	}
	return o, nil
}

// decide asks what a reset would ask of this person, or an unlock where no reset is allowed.
func (s *Service) decide(a account.Account, cs []authenticator.Credential, from Source) policy.Decision {
	var d policy.Decision
	for _, action := range []policy.Action{policy.Reset, policy.Unlock} {
		d = policy.Decide(s.Site().Policies, site.Facts(s.Site(), action, a, cs, from.Source, s.Now()))
		if d.Outcome != policy.Denied {
			break
		}
	}
	return d
}

func (s *Service) short(d policy.Decision, cs []authenticator.Credential) int {
	return d.Requirement.Short(site.Enrolled(s.Site(), cs))
}

// unready reports whether the person has to set up more. It advises where to go on: when it cannot be told now, it is false.
func (s *Service) unready(ctx context.Context, sess Session, from Source) bool {
	a, err := s.read(ctx, sess)
	if err == nil {
		var cs []authenticator.Credential
		var frozen bool
		if cs, err = s.Store.Credentials(ctx, sess.Account); err == nil {
			if frozen, err = s.Standing.Frozen(ctx, sess.Account); err == nil {
				return !frozen && s.decide(a, cs, from).Outcome == policy.NotEnrolled
			}
		}
	}
	s.Log.WarnContext(ctx, "readiness not known", "session", sess.ID, "error", err)
	return false
}

// kinds lists what a person can set up and the policy takes, best first.
func (s *Service) kinds(d policy.Decision) []factor.Kind {
	if d.Outcome == policy.Denied {
		return nil
	}
	order := d.Requirement.Allowed
	if len(order) == 0 {
		order = s.Site().Order
	}
	var out []factor.Kind
	for _, k := range order {
		if _, ok := s.Site().Methods[k].(authenticator.Enroller); ok {
			out = append(out, k)
		}
	}
	return out
}

func (s *Service) addable(d policy.Decision, cs []authenticator.Credential) []Addable {
	have := site.Enrolled(s.Site(), cs)
	missing := d.Requirement.Short(have)
	var out []Addable
	for _, k := range s.kinds(d) {
		t := s.Site().Methods[k].Traits()
		a := Addable{Kind: k, NeedsScript: t.NeedsScript}
		for _, c := range cs {
			if c.Kind == k {
				a.Have++
			}
		}
		if a.Have >= maxMethods {
			continue
		}
		with := append(slices.Clone(have), policy.Enrolled{ID: "one more", Traits: t, Channel: "one more"})
		a.Helps = d.Requirement.Short(with) < missing
		out = append(out, a)
	}
	return out
}

// Method finds one of the person's own methods.
func (s *Service) Method(ctx context.Context, token Token, id string) (Session, authenticator.Credential, error) {
	sess, err := s.Session(ctx, token)
	if err != nil {
		return sess, authenticator.Credential{}, err
	}
	cs, err := s.Store.Credentials(ctx, sess.Account)
	if err != nil {
		return sess, authenticator.Credential{}, err
	}
	c, ok := find(cs, id)
	if !ok {
		return sess, c, errNoMethod
	}
	return sess, c, nil
}

// Rename gives a method another label.
func (s *Service) Rename(ctx context.Context, token Token, id, label string, from Source) error {
	sess, c, err := s.Method(ctx, token, id)
	if err != nil {
		return err
	}
	if label, err = cleanLabel(label); err != nil {
		return err
	}
	if label == "" {
		return fault.New(fault.Invalid, "account.label-empty").On("label")
	}
	ev := s.event(audit.MethodRenamed, sess, from)
	ev.Factors = []factor.Kind{c.Kind}
	ev.Detail = map[string]string{"label": label, "before": c.Label}
	c.Label = label
	_, err = s.update(ctx, sess, func(tx Tx, cur Session) (Session, flow.Effects, error) {
		cur.Notice = "renamed"
		return cur, flow.Effects{Audit: []audit.Event{ev}}, tx.SaveCredential(ctx, c)
	})
	return err
}

// Removal is what a person is told before a method is taken away.
type Removal struct {
	Session Session
	Method  authenticator.Credential
	Missing int // how many ways will then be missing
}

// Removal tells what taking a method away would mean.
func (s *Service) Removal(ctx context.Context, token Token, id string, from Source) (Removal, error) {
	sess, c, err := s.Method(ctx, token, id)
	if err != nil {
		return Removal{}, err
	}
	cs, err := s.Store.Credentials(ctx, sess.Account)
	if err != nil {
		return Removal{}, err
	}
	a, err := s.read(ctx, sess)
	if err != nil {
		return Removal{}, err
	}
	rest := slices.DeleteFunc(cs, func(other authenticator.Credential) bool { return other.ID == id })
	return Removal{Session: sess, Method: c, Missing: s.short(s.decide(a, rest, from), rest)}, nil
}

// Remove takes a method away. It answers ErrStepUp when an enrolled method must be proven first; the removal then follows by itself.
func (s *Service) Remove(ctx context.Context, token Token, id string, from Source) error {
	sess, c, err := s.Method(ctx, token, id)
	if err != nil {
		return err
	}
	if err := s.allow(ctx, sess, thenRemove+id); err != nil {
		return err
	}
	effects := s.changed(ctx, audit.MethodRemoved, message.MethodRemoved, sess, c, from, notice.AddressOf(c)...)
	_, err = s.update(ctx, sess, func(tx Tx, cur Session) (Session, flow.Effects, error) {
		cur.Notice = "removed:" + string(c.Kind)
		return cur, effects, tx.DeleteCredential(ctx, c)
	})
	return err
}
