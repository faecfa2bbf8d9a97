package admin

import (
	"context"
	"errors"
	"time"

	"rekey/internal/account"
	"rekey/internal/audit"
	"rekey/internal/authenticator"
	"rekey/internal/directory"
	"rekey/internal/fault"
	"rekey/internal/secret"
	"rekey/internal/signin"
)

// SignIn is what an administrator typed.
type SignIn struct {
	Typed    string
	Domain   string // picked after Domains; empty at first
	Password secret.Text
	Return   string // where to go when in
	Source   Source
}

// SignedIn is what comes of it: a token whose session asks for the passkey, or the domains to pick from.
type SignedIn struct {
	Token   Token
	Domains []string
}

// SignIn checks the directory password, and asks for the passkey. Whether somebody is an administrator is told to whoever has their
// password alone.
func (s *Service) SignIn(ctx context.Context, in SignIn) (SignedIn, error) {
	sess := s.session(in.Source)
	found, err := s.deps.Passwords.Check(ctx, signin.Try{
		Typed: in.Typed, Domain: in.Domain, Password: in.Password, From: in.Source.Address,
		Record: s.event(audit.ConsoleRefused, sess, in.Source),
	})
	if err != nil || len(found.Domains) > 0 {
		return SignedIn{Domains: found.Domains}, err
	}
	sess = sess.of(found.Person)
	keys, err := s.deps.Store.Passkeys(ctx, sess.Account)
	if err != nil {
		return SignedIn{}, err
	}
	if len(keys) == 0 {
		return SignedIn{}, errNoPasskey
	}
	if sess.Pending, err = s.question(ctx, sess, keys, in.Return); err != nil {
		return SignedIn{}, err
	}
	token, err := s.begin(ctx, sess, in.Source)
	return SignedIn{Token: token}, err
}

func (s *Service) session(from Source) Session {
	now := s.deps.Now()
	return Session{
		ID: randomText(12), SignedIn: now, Touched: now, Expires: now.Add(s.deps.Site().Console.Life),
		Address: from.Address.Unmap().String(), Agent: from.Agent,
	}
}

func (s Session) of(p directory.Person) Session {
	s.Account, s.Name, s.Display = p.ID, p.Name(), p.DisplayName
	return s
}

// begin saves a session that has a question open.
func (s *Service) begin(ctx context.Context, sess Session, from Source) (Token, error) {
	token := Token(randomText(32))
	ev := s.event(audit.ProofRequested, sess, from)
	return token, s.deps.Store.CreateAdminSession(ctx, sess, token.Hash(), ev)
}

// question asks for one of the passkeys.
func (s *Service) question(ctx context.Context, sess Session, keys []authenticator.Credential, back string) (*Pending, error) {
	c, err := s.deps.Passkey.Challenge(ctx, s.request(sess, keys), s.deps.Now())
	if err != nil {
		return nil, err
	}
	return pending(c, Pending{Return: back})
}

func pending(c authenticator.Challenge, p Pending) (*Pending, error) {
	prompt, err := authenticator.EncodePrompt(c.Prompt)
	p.ID, p.State, p.Prompt, p.Expires = randomText(6), c.State, prompt, c.Expires
	return &p, err
}

func (s *Service) request(sess Session, keys []authenticator.Credential) authenticator.Request {
	return authenticator.Request{Subject: subject(sess), Credentials: keys, Purpose: "administer", Flow: sess.ID, Reveal: true}
}

func subject(sess Session) authenticator.Subject {
	return authenticator.Subject{Account: sess.Account, Name: sess.Name, DisplayName: sess.Display}
}

// StepUp asks for the passkey once more, before something that needs it fresh.
func (s *Service) StepUp(ctx context.Context, a Admin, back string, from Source) error {
	keys, err := s.deps.Store.Passkeys(ctx, a.Session.Account)
	if err != nil {
		return err
	}
	if len(keys) == 0 {
		return errNoPasskey
	}
	p, err := s.question(ctx, a.Session, keys, back)
	if err != nil {
		return err
	}
	_, err = s.deps.Store.UpdateAdminSession(ctx, a.Session.ID, func(cur Session) (Session, Effects, error) {
		if !s.open(cur) {
			return cur, Effects{}, ErrSignIn
		}
		asked := *p
		if cur.Pending != nil {
			asked.Tries = cur.Pending.Tries // asking anew gives no more tries
		}
		cur.Pending = &asked
		return cur, Effects{Audit: []audit.Event{s.event(audit.ProofRequested, cur, from)}}, nil
	})
	return err
}

// Moved is what came of an answer.
type Moved struct {
	Token  Token // the browser's next one
	Return string
}

// Prove judges the answer to the open question, of a sign-in, a step-up or an invitation. at names the question. label is what its
// owner calls a passkey that is made. Errors: ErrSignIn, a fault of kind Conflict for a form of another question, of kind Invalid for
// an answer that was not accepted; after five of those the session is over.
func (s *Service) Prove(ctx context.Context, token Token, at string, answer authenticator.Response, label string, from Source) (Moved, error) {
	sess, err := s.Session(ctx, token)
	if err != nil {
		return Moved{}, err
	}
	if sess.Pending == nil || At(sess) != at {
		return Moved{}, errStale
	}
	sess, err = s.count(ctx, sess) // before anybody looks at the answer
	if err != nil {
		return Moved{}, err
	}
	e, reason, err := s.judge(ctx, sess, answer, label, from)
	if err != nil {
		return Moved{}, err
	}
	if reason != "" {
		return Moved{}, s.wrong(ctx, sess, reason, from)
	}
	next := Token(randomText(32))
	hash := next.Hash()
	e.Token = &hash
	back := sess.Pending.Return
	_, err = s.deps.Store.UpdateAdminSession(ctx, sess.ID, func(cur Session) (Session, Effects, error) {
		if err := s.same(cur, sess); err != nil {
			return cur, Effects{}, err
		}
		now := s.deps.Now()
		cur.Pending, cur.Proven, cur.Touched = nil, now, now
		return cur, e, nil
	})
	if err != nil {
		return Moved{}, lost(sess, err)
	}
	s.forget(sess.Account) // whoever is let in is looked at anew
	return Moved{Token: next, Return: back}, nil
}

// lost says what became of an answer that was right and came too late: an invitation may have been used or replaced meanwhile.
func lost(sess Session, err error) error {
	if sess.Pending.Invitation != "" && fault.Of(err).Kind == fault.Conflict && !errors.Is(err, errStale) {
		return errInvitation
	}
	return err
}

func (s *Service) same(cur, read Session) error {
	switch {
	case !s.open(cur):
		return ErrSignIn
	case At(cur) != At(read):
		return errStale
	}
	return nil
}

// count counts a try. Two answers to one question are one after the other.
func (s *Service) count(ctx context.Context, sess Session) (Session, error) {
	return s.deps.Store.UpdateAdminSession(ctx, sess.ID, func(cur Session) (Session, Effects, error) {
		if err := s.same(cur, sess); err != nil {
			return cur, Effects{}, err
		}
		p := *cur.Pending
		p.Tries++
		cur.Pending = &p
		return cur, Effects{}, nil
	})
}

// judge asks the passkey's method. reason says why an answer is not accepted; empty: it is.
func (s *Service) judge(ctx context.Context, sess Session, answer authenticator.Response, label string, from Source) (e Effects, reason string, err error) {
	keys, err := s.deps.Store.Passkeys(ctx, sess.Account)
	if err != nil {
		return Effects{}, "", err
	}
	now, p := s.deps.Now(), sess.Pending
	if p.Tries > tries {
		return Effects{}, "too-many", nil
	}
	if p.Invitation != "" {
		return s.made(ctx, sess, keys, answer, label, from)
	}
	r, err := s.deps.Passkey.Verify(ctx, s.request(sess, keys), p.State, answer, now)
	switch {
	case err != nil:
		return Effects{}, "", err
	case r.Outcome != authenticator.Accepted:
		return Effects{}, orElse(r.Reason, "wrong"), nil
	}
	name := audit.ConsoleSteppedUp
	if sess.Proven.IsZero() {
		name = audit.ConsoleStarted
	}
	ev := s.event(name, sess, from)
	ev.By = sess.Name
	e.Audit = []audit.Event{ev}
	if e.Save = r.Update; e.Save != nil {
		e.Save.LastUsed = now
	}
	return e, "", nil
}

// made judges the passkey that an invitation is used for.
func (s *Service) made(ctx context.Context, sess Session, keys []authenticator.Credential, answer authenticator.Response, label string, from Source) (Effects, string, error) {
	label, ok := authenticator.CleanLabel(label)
	if !ok {
		return Effects{}, "", errLabel
	}
	now := s.deps.Now()
	r, err := s.deps.Passkey.Finish(ctx, s.enrollment(sess, keys), sess.Pending.State, answer, now)
	switch {
	case err != nil:
		return Effects{}, "", err
	case r.Outcome != authenticator.Accepted:
		return Effects{}, orElse(r.Reason, "wrong"), nil
	}
	c := r.Credential
	c.ID, c.Account, c.Created, c.Label = randomText(12), sess.Account, now, label
	added := s.event(audit.ConsolePasskeyAdded, sess, from)
	started := s.event(audit.ConsoleStarted, sess, from)
	added.Detail["label"], added.By, started.By = c.Label, sess.Name, sess.Name
	return Effects{Audit: []audit.Event{added, started}, Add: &c, Use: sess.Pending.Invitation}, "", nil
}

func (s *Service) enrollment(sess Session, keys []authenticator.Credential) authenticator.Enrollment {
	return authenticator.Enrollment{Subject: subject(sess), Existing: keys, Session: sess.ID}
}

func orElse(text, other string) string {
	if text == "" {
		return other
	}
	return text
}

// wrong records an answer that was not accepted. After the last try the session is over.
func (s *Service) wrong(ctx context.Context, sess Session, reason string, from Source) error {
	over := sess.Pending.Tries >= tries
	_, err := s.deps.Store.UpdateAdminSession(ctx, sess.ID, func(cur Session) (Session, Effects, error) {
		ev := s.event(audit.ProofRejected, cur, from)
		ev.Outcome, ev.Reason = audit.Refused, reason
		if over {
			cur.Ended, cur.Pending = s.deps.Now(), nil
		}
		return cur, Effects{Audit: []audit.Event{ev}}, nil
	})
	switch {
	case err != nil:
		return err
	case over:
		return ErrSignIn
	}
	return errWrongKey
}

// Invited gives what a link invites to. Errors: a fault of kind NotFound.
func (s *Service) Invited(ctx context.Context, link Token) (Invitation, error) {
	i, err := s.deps.Invitations.InvitationBy(ctx, link.Hash())
	if fault.Of(err).Kind == fault.NotFound && err != nil || err == nil && s.deps.Now().After(i.Expires) {
		return Invitation{}, errInvitation
	}
	return i, err
}

// Accept takes the directory password of whoever was invited, and asks for a new passkey.
func (s *Service) Accept(ctx context.Context, link Token, password secret.Text, from Source) (Token, error) {
	i, err := s.Invited(ctx, link)
	if err != nil {
		return "", err
	}
	p, err := s.person(ctx, i.Account)
	if errors.Is(err, directory.ErrNotFound) {
		return "", errDisabled
	}
	if err != nil {
		return "", fault.Wrap(fault.Unavailable, errDown.Text, err)
	}
	sess := s.session(from).of(p)
	err = s.deps.Passwords.CheckPerson(ctx, p, signin.Try{
		Password: password, From: from.Address, Record: s.event(audit.ConsoleRefused, sess, from),
	})
	if err != nil {
		return "", err
	}
	keys, err := s.deps.Store.Passkeys(ctx, sess.Account)
	if err != nil {
		return "", err
	}
	c, err := s.deps.Passkey.Begin(ctx, s.enrollment(sess, keys), nil, s.deps.Now())
	if err != nil {
		return "", err
	}
	if sess.Pending, err = pending(c, Pending{Invitation: i.ID}); err != nil {
		return "", err
	}
	return s.begin(ctx, sess, from)
}

// Invite makes an invitation for an account and gives its link. by names who invites.
func (s *Service) Invite(ctx context.Context, who account.ID, by string, from Source) (link string, until time.Time, err error) {
	p, err := s.person(ctx, who)
	if err != nil {
		return "", time.Time{}, err
	}
	now, token := s.deps.Now(), Token(randomText(32))
	i := Invitation{ID: randomText(12), Account: p.ID, Name: p.Name(), By: by, Made: now, Expires: now.Add(InvitedFor)}
	ev := s.event(audit.ConsoleInvited, Session{ID: i.ID, Account: p.ID, Name: p.Name()}, from)
	ev.By = by
	if err := s.deps.Invitations.Invite(ctx, i, token.Hash(), ev); err != nil {
		return "", time.Time{}, err
	}
	return s.deps.PublicURL + InvitationPath + string(token), i.Expires, nil
}

// InvitationPath is followed by the token of an invitation.
const InvitationPath = "/admin/invitation/"
