package helpdesk

import (
	"context"
	"slices"
	"time"

	"rekey/internal/account"
	"rekey/internal/audit"
	"rekey/internal/authenticator"
	"rekey/internal/factor"
	"rekey/internal/fault"
	"rekey/internal/flow"
	"rekey/internal/message"
	"rekey/internal/policy"
	"rekey/internal/secret"
	"rekey/internal/site"
)

// Call is one verification of a caller.
type Call struct {
	ID         string
	Who        account.ID
	Name       string // what the person signs in with
	By         account.ID
	ByName     string
	Ticket     string
	Reason     string
	Credential string // the code went to
	Kind       factor.Kind
	Label      string // for people to read: where it went, masked
	State      []byte // of the method; sealed by the store
	Made       time.Time
	Expires    time.Time
	Tries      int
	Ended      time.Time // zero: open
	Passed     bool
}

// CallTries is how often a caller may read a code back wrongly.
const CallTries = 5

// purpose is what codes for callers are bound to: no flow asks for one.
const purpose = "verify-caller"

var (
	errCallOver  = fault.New(fault.Conflict, "This verification is over. Send another code.")
	errCallWrong = fault.New(fault.Invalid, "That is not the code. Let the caller read it again.").On("code")
	errCallLate  = fault.New(fault.Conflict, "The code is too old. Send another one.")
	errCallOther = fault.New(fault.NotFound, "There is no such verification of yours.")
	errNotSent   = fault.New(fault.Invalid, "Choose where the code goes to.").On("method")
)

// Open reports whether a code can still be read back.
func (c Call) Open(now time.Time) bool {
	return c.Ended.IsZero() && now.Before(c.Expires) && c.Tries < CallTries
}

// try counts one.
func (c Call) try(now time.Time) (Call, error) {
	if !c.Open(now) {
		return c, errCallOver
	}
	c.Tries++
	return c, nil
}

// pass ends the verification well; whoever was faster did.
func (c Call) pass(now time.Time) (Call, error) {
	if !c.Ended.IsZero() {
		return c, errCallOver
	}
	c.Ended, c.Passed, c.State = now, true, nil
	return c, nil
}

// fail ends it badly when that was the last try.
func (c Call) fail(now time.Time) (next Call, over bool) {
	if c.Ended.IsZero() && c.Tries >= CallTries {
		c.Ended, c.State = now, nil
		return c, true
	}
	return c, false
}

// verifying are the methods that carry a code to the person: one that an app makes up, or a sheet holds, would be good in a flow for
// whoever hears it on the phone.
func verifying(snap *site.Snapshot, cs []authenticator.Credential, ms []Method) []Method {
	return slices.DeleteFunc(slices.Clone(ms), func(m Method) bool {
		if !m.On || !m.Each {
			return true
		}
		_, addressed := snap.Methods[m.Kind].(authenticator.Addressed)
		return !addressed || !slices.ContainsFunc(cs, func(c authenticator.Credential) bool { return c.ID == m.ID })
	})
}

// Verify sends a code to something the person set up, for the caller to read back. o.Method says to what.
func (s *Service) Verify(ctx context.Context, by By, o Order) (Call, error) {
	t, err := s.open(ctx, by, o.Who)
	if err != nil {
		return Call{}, err
	}
	if o, err = o.cleaned(); err != nil {
		return Call{}, err
	}
	c, m, err := s.sendable(ctx, t, o.Method)
	if err != nil {
		return Call{}, err
	}
	if err := s.limit(ctx, by, t.ID); err != nil {
		return Call{}, err
	}
	now := s.Now()
	call := Call{
		ID: randomText(12), Who: t.ID, Name: t.Name(), By: by.Account, ByName: by.Name, Ticket: o.Ticket, Reason: o.Reason,
		Credential: c.ID, Kind: c.Kind, Label: c.Label, Made: now,
	}
	ch, err := m.Challenge(ctx, s.question(call, t, c), now)
	if err != nil {
		return Call{}, err
	}
	if len(ch.Send) == 0 {
		return Call{}, errNotSent
	}
	for i := range ch.Send {
		ch.Send[i].Template, ch.Send[i].Account = message.CallerCode, t.ID.String()
	}
	call.State, call.Expires = ch.State, ch.Expires
	if call.Expires.IsZero() || call.Expires.After(now.Add(VerifiedFor)) {
		call.Expires = now.Add(VerifiedFor)
	}
	if a, ok := m.(authenticator.Addressed); ok {
		call.Label = masked(a.Address(c))
	}
	e := s.about(audit.HelpCallerAsked, by, call, "")
	e.Send = ch.Send
	return call, s.Calls.CreateCall(ctx, call, e)
}

// sendable finds a method of the person that a code can be sent to.
func (s *Service) sendable(ctx context.Context, t target, id string) (authenticator.Credential, authenticator.Method, error) {
	cs, err := s.Accounts.Credentials(ctx, t.ID)
	if err != nil {
		return authenticator.Credential{}, nil, err
	}
	can := verifying(t.snap, cs, methods(t.snap, policy.Decision{}, cs))
	for _, c := range cs {
		if c.ID == id && slices.ContainsFunc(can, func(m Method) bool { return m.ID == id }) {
			return c, t.snap.Methods[c.Kind], nil
		}
	}
	return authenticator.Credential{}, nil, errNotSent
}

func (s *Service) question(call Call, t target, c authenticator.Credential) authenticator.Request {
	return authenticator.Request{
		Subject:     authenticator.Subject{Account: t.ID, Name: t.Name(), DisplayName: t.DisplayName, Locale: t.Language},
		Credentials: []authenticator.Credential{c}, Purpose: purpose, Flow: call.ID, Reveal: true,
	}
}

// Call reads a verification of one's own. Errors: a fault of kind NotFound.
func (s *Service) Call(ctx context.Context, by By, id string) (Call, error) {
	c, err := s.Calls.Call(ctx, id)
	if err != nil && fault.Of(err).Kind != fault.NotFound {
		return Call{}, err
	}
	if err != nil || c.By != by.Account {
		return Call{}, errCallOther
	}
	if _, err := s.open(ctx, by, c.Who); err != nil { // the scope may have changed meanwhile
		return Call{}, err
	}
	return c, nil
}

// Answer judges what the caller read back. Errors: a fault of kind Invalid for a wrong code, of kind Conflict when the verification is
// over.
func (s *Service) Answer(ctx context.Context, by By, id string, code secret.Text) (Call, error) {
	c, err := s.Call(ctx, by, id)
	if err != nil {
		return Call{}, err
	}
	tried, err := s.Calls.UpdateCall(ctx, id, func(c Call) (Call, *authenticator.Credential, flow.Effects, error) {
		next, err := c.try(s.Now())
		return next, nil, flow.Effects{}, err
	})
	if err != nil {
		return c, err
	}
	r, err := s.judge(ctx, by, tried, code)
	if err != nil {
		return tried, err
	}
	if r.Outcome != authenticator.Accepted {
		return s.wrong(ctx, by, tried, r)
	}
	return s.Calls.UpdateCall(ctx, id, func(c Call) (Call, *authenticator.Credential, flow.Effects, error) {
		next, err := c.pass(s.Now())
		return next, r.Update, s.about(audit.HelpCallerVerified, by, next, ""), err
	})
}

func (s *Service) judge(ctx context.Context, by By, call Call, code secret.Text) (authenticator.Result, error) {
	t, err := s.open(ctx, by, call.Who)
	if err != nil {
		return authenticator.Result{}, err
	}
	c, m, err := s.sendable(ctx, t, call.Credential)
	if err != nil {
		return authenticator.Result{}, errCallOver
	}
	return m.Verify(ctx, s.question(call, t, c), call.State, authenticator.CodeResponse{Code: code}, s.Now())
}

// wrong records a wrong answer, and the end after too many.
func (s *Service) wrong(ctx context.Context, by By, call Call, r authenticator.Result) (Call, error) {
	over := false
	next, err := s.Calls.UpdateCall(ctx, call.ID, func(c Call) (Call, *authenticator.Credential, flow.Effects, error) {
		c, over = c.fail(s.Now())
		return c, nil, s.about(audit.HelpCallerFailed, by, c, r.Reason), nil
	})
	switch {
	case err != nil:
		return call, err
	case over:
		return next, errCallOver
	case r.Outcome == authenticator.Stale:
		return next, errCallLate
	}
	return next, errCallWrong
}

// about records what was asked of a caller, or what came of it.
func (s *Service) about(name audit.Name, by By, c Call, why string) flow.Effects {
	ev := s.event(name, by, c.Who, Order{Action: Action(purpose), Reason: c.Reason, Ticket: c.Ticket})
	ev.Flow, ev.Factors, ev.Reason = c.ID, []factor.Kind{c.Kind}, why
	if name == audit.HelpCallerFailed {
		ev.Outcome = audit.Refused
	}
	return flow.Effects{Audit: []audit.Event{ev}}
}
