package helpdesk

import (
	"context"

	"rekey/internal/audit"
	"rekey/internal/authenticator"
	"rekey/internal/factor"
	"rekey/internal/fault"
	"rekey/internal/message"
)

// passKind is the temporary access pass.
const passKind = factor.Pass

var (
	errNoPass    = fault.New(fault.Conflict, "Temporary access passes are switched off here.")
	errPassNever = fault.New(fault.Conflict, "The policy of this person takes no temporary access pass: it would open nothing.")
)

// passDeed refuses a pass that would count nowhere.
func (s *Service) passDeed(ctx context.Context, t target) (deed, error) {
	issuer, ok := t.snap.Methods[passKind].(authenticator.Issuer)
	if !ok {
		return deed{}, errNoPass
	}
	reset, _, err := s.explain(ctx, t, nil)
	if err != nil {
		return deed{}, err
	}
	if !allows(reset.Decision, passKind) {
		return deed{}, errPassNever
	}
	return deed{do: func(ctx context.Context, by By, t target, o Order) (Done, error) {
		return s.pass(ctx, issuer, by, t, o)
	}}, nil
}

// pass issues one. It takes the place of those before, so that at most one is good.
func (s *Service) pass(ctx context.Context, issuer authenticator.Issuer, by By, t target, o Order) (Done, error) {
	now := s.Now()
	c, code, err := issuer.Issue(ctx, now)
	if err != nil {
		return Done{}, err
	}
	c.ID, c.Account, c.Created = randomText(12), t.ID, now
	told := s.tell(ctx, t, c.ID, message.PassIssued, nil)
	e := s.effects(ctx, audit.HelpPassIssued, by, t, o, told)
	e.Audit[0].Factors = []factor.Kind{passKind}
	if err := s.Accounts.HandOut(ctx, c, e); err != nil {
		return Done{}, err
	}
	return Done{Pass: code, Told: len(told), Until: c.Expires}, nil
}
