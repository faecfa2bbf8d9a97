package enrollment

import (
	"context"

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
	Addable  []factor.Kind
	Decision policy.Decision // for a reset: Allowed means ready, NotEnrolled that more is needed
	Missing  int             // how many more ways are needed at least
	History  []Past
	Sessions []Session
	Frozen   bool
	Fresh    bool // changes are open now
}

// Overview gathers "My account".
func (s *Service) Overview(ctx context.Context, token Token, from Source) (Overview, error) {
	sess, err := s.Session(ctx, token)
	if err != nil {
		return Overview{}, err
	}
	o := Overview{Session: sess, Fresh: s.fresh(sess)}
	if o.Methods, err = s.Store.Credentials(ctx, sess.Account); err != nil {
		return Overview{}, err
	}
	if o.History, err = s.Store.History(ctx, sess.Account, historyLength); err != nil {
		return Overview{}, err
	}
	if o.Sessions, err = s.Sessions.OpenSessions(ctx, sess.Account, s.Now()); err != nil {
		return Overview{}, err
	}
	if o.Frozen, err = s.Standing.Frozen(ctx, sess.Account); err != nil {
		return Overview{}, err
	}
	if o.Decision, err = s.decide(ctx, sess, o.Methods, from); err != nil {
		return Overview{}, err
	}
	o.Addable = s.addable(o.Decision.Requirement)
	o.Missing = o.Decision.Requirement.Short(site.Enrolled(s.Site(), o.Methods))
	return o, nil
}

// decide asks what a reset would ask of this person.
func (s *Service) decide(ctx context.Context, sess Session, cs []authenticator.Credential, from Source) (policy.Decision, error) {
	d, ok := s.Site().Directory(sess.Account.Directory)
	if !ok {
		return policy.Decision{}, errUnavailable
	}
	a, err := d.Get(ctx, sess.Account)
	if err != nil {
		return policy.Decision{}, fault.Wrap(fault.Unavailable, errUnavailable.Text, err)
	}
	return policy.Decide(s.Site().Policies, site.Facts(s.Site(), policy.Reset, a, cs, from.Source, s.Now())), nil
}

// addable lists kinds a person can set up and the policy takes.
func (s *Service) addable(r policy.Requirement) []factor.Kind {
	order := r.Allowed
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
	_, err = s.Store.UpdateSession(ctx, sess.ID, func(tx Tx, cur Session) (Session, flow.Effects, error) {
		cur.Notice = "renamed"
		return cur, flow.Effects{Audit: []audit.Event{ev}}, tx.SaveCredential(ctx, c)
	})
	return err
}

// Remove takes a method away. It answers ErrStepUp when an enrolled method must be proven first.
func (s *Service) Remove(ctx context.Context, token Token, id string, from Source) error {
	sess, c, err := s.Method(ctx, token, id)
	if err != nil {
		return err
	}
	if err := s.mayChange(ctx, sess); err != nil {
		return err
	}
	effects := s.changed(ctx, audit.MethodRemoved, message.MethodRemoved, sess, c, from, notice.AddressOf(c)...)
	_, err = s.Store.UpdateSession(ctx, sess.ID, func(tx Tx, cur Session) (Session, flow.Effects, error) {
		cur.Notice = "removed:" + string(c.Kind)
		return cur, effects, tx.DeleteCredential(ctx, c)
	})
	return err
}
