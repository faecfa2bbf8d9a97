package enrollment

import (
	"context"
	"slices"

	"rekey/internal/account"
	"rekey/internal/audit"
	"rekey/internal/authenticator"
	"rekey/internal/directory"
	"rekey/internal/factor"
	"rekey/internal/fault"
	"rekey/internal/flow"
	"rekey/internal/message"
	"rekey/internal/notice"
)

// maxMethods is how many credentials of one kind an account may hold.
const maxMethods = 10

// Add starts the enrollment of a kind. It answers ErrStepUp when an enrolled method must be proven first; the enrollment then
// starts by itself.
func (s *Service) Add(ctx context.Context, token Token, kind factor.Kind, from Source) (Session, error) {
	sess, err := s.Session(ctx, token)
	if err != nil {
		return sess, err
	}
	if _, ok := s.Site().Methods[kind].(authenticator.Enroller); !ok {
		return sess, errNoKind
	}
	if err := s.allow(ctx, sess, thenAdd+string(kind)); err != nil {
		return sess, err
	}
	return s.begin(ctx, sess, Pending{Kind: kind}, nil, from)
}

var errNoKind = fault.New(fault.Invalid, "setup.pick-one").On("kind")

// input gives a pending enrollment what it asked for, an address for example, and goes on to the proof.
func (s *Service) input(ctx context.Context, sess Session, input authenticator.Response, from Source) (Session, error) {
	if err := s.allow(ctx, sess, thenAdd+string(sess.Pending.Kind)); err != nil {
		return sess, err
	}
	return s.begin(ctx, sess, *sess.Pending, input, from)
}

// begin asks the method for the next prompt of an enrollment. Tries and sends of the step before go on counting.
func (s *Service) begin(ctx context.Context, sess Session, before Pending, input authenticator.Response, from Source) (Session, error) {
	enroller, e, err := s.enrollment(ctx, sess, before.Kind, from)
	if err != nil {
		return sess, err
	}
	if input == nil && s.Site().Methods[before.Kind].Traits().Mailbox {
		e.Subject.Known = s.known(ctx, sess.Account)
	}
	now := s.Now()
	c, err := enroller.Begin(ctx, e, input, now)
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
		ID: randomText(6), Enroll: true, Kind: before.Kind, Ref: string(before.Kind), State: c.State, Prompt: prompt, Made: now,
		Expires: c.Expires, Tries: before.Tries, Sends: before.Sends + len(c.Send),
	}
	if typed, ok := input.(authenticator.AddressResponse); ok {
		p.Input = typed.Address
	}
	next, err := s.update(ctx, sess, func(_ Tx, cur Session) (Session, flow.Effects, error) {
		cur.Pending, cur.Notice, cur.Touched = &p, "", now
		return cur, flow.Effects{Send: c.Send}, nil
	})
	if err != nil {
		return sess, err
	}
	return next, nil
}

// enrollment gathers what a method may know. A kind that this person's policy does not take cannot be added: it would only be one
// more way to open changes.
func (s *Service) enrollment(ctx context.Context, sess Session, kind factor.Kind, from Source) (authenticator.Enroller, authenticator.Enrollment, error) {
	none := authenticator.Enrollment{}
	enroller, ok := s.Site().Methods[kind].(authenticator.Enroller)
	if !ok {
		return nil, none, errMethodOff
	}
	all, err := s.Store.Credentials(ctx, sess.Account)
	if err != nil {
		return nil, none, err
	}
	a, err := s.read(ctx, sess)
	if err != nil {
		return nil, none, err
	}
	if !slices.Contains(s.kinds(s.decide(a, all, from)), kind) {
		return nil, none, errMethodOff
	}
	e := authenticator.Enrollment{Session: sess.ID, Subject: authenticator.Subject{
		Account: sess.Account, Name: sess.Name, DisplayName: sess.Display, Locale: sess.Locale, Mails: a.Mails,
	}}
	for _, c := range all {
		if c.Kind == kind {
			e.Existing = append(e.Existing, c)
		}
	}
	if len(e.Existing) >= maxMethods {
		return nil, none, fault.New(fault.Invalid, "enroll.too-many").On("kind")
	}
	return enroller, e, nil
}

// known gathers the addresses that the person's directories have besides the mailbox, those given for recovery first. One that cannot
// be read now suggests nothing.
func (s *Service) known(ctx context.Context, id account.ID) []string {
	var registered, others []string
	for _, id := range s.accounts(ctx, id) {
		d, _ := s.Site().Directory(id.Directory)
		reader, ok := d.(directory.ContactReader)
		if !ok {
			continue
		}
		contacts, err := reader.Contacts(ctx, id)
		if err != nil {
			s.Log.WarnContext(ctx, "contacts not read", "directory", id.Directory, "error", err)
		}
		for _, c := range contacts {
			switch {
			case c.Kind != directory.ContactMail:
			case c.Registered:
				registered = append(registered, c.Value)
			default:
				others = append(others, c.Value)
			}
		}
	}
	return append(registered, others...)
}

// accounts lists a person's account and, where it can be read now, the one in a linked directory.
func (s *Service) accounts(ctx context.Context, id account.ID) []account.ID {
	snap, ids := s.Site(), []account.ID{id}
	d, ok := snap.Directory(id.Directory)
	if !ok || len(snap.Links) == 0 {
		return ids
	}
	a, err := d.Get(ctx, id)
	if err != nil {
		return ids
	}
	if p, err := snap.Finder(s.Now()).Person(ctx, a); err == nil && p.Other != nil {
		ids = append(ids, p.Other.ID)
	}
	return ids
}

// finish judges the proof of a pending enrollment. When it is accepted the method counts, the owner is told, and the browser gets
// another token.
func (s *Service) finish(ctx context.Context, sess Session, answer authenticator.Response, label string, from Source) (Moved, error) {
	label, err := cleanLabel(label)
	if err != nil {
		return Moved{Session: sess}, err
	}
	if err := s.allow(ctx, sess, thenAdd+string(sess.Pending.Kind)); err != nil {
		return Moved{Session: sess}, err
	}
	t, err := s.count(ctx, sess, from)
	sess = t.Session
	if err != nil {
		return Moved{Session: sess}, err
	}
	p := *sess.Pending
	enroller, e, err := s.enrollment(ctx, sess, p.Kind, from)
	if err != nil {
		return Moved{Session: sess}, err
	}
	done, err := enroller.Finish(ctx, e, p.State, answer, s.Now())
	if err != nil {
		return Moved{Session: sess}, err
	}
	if done.Outcome != authenticator.Accepted || s.past(p) {
		return s.rejected(ctx, t, done.Reason, from)
	}
	return s.keep(ctx, sess, done, e.Existing, label, from)
}

// keep saves the proven credential.
func (s *Service) keep(ctx context.Context, sess Session, done authenticator.Enrolled, existing []authenticator.Credential, label string, from Source) (Moved, error) {
	c := done.Credential
	c.ID, c.Account, c.Kind, c.Created = randomText(12), sess.Account, sess.Pending.Kind, s.Now()
	if label != "" {
		c.Label = label
	}
	effects := s.changed(ctx, audit.MethodAdded, message.MethodAdded, sess, c, from, notice.AddressOf(c)...)
	fresh := newToken()
	next, err := s.update(ctx, sess, func(tx Tx, cur Session) (Session, flow.Effects, error) {
		if err := s.stillFirst(ctx, tx, cur); err != nil {
			return cur, flow.Effects{}, err
		}
		for _, id := range done.Replaces {
			if old, ok := find(existing, id); ok {
				if err := tx.DeleteCredential(ctx, old); err != nil {
					return cur, flow.Effects{}, err
				}
			}
		}
		if err := tx.AddCredential(ctx, c); err != nil {
			return cur, flow.Effects{}, err
		}
		if err := s.refund(ctx, tx, cur); err != nil {
			return cur, flow.Effects{}, err
		}
		if err := tx.RotateToken(ctx, fresh.Hash()); err != nil {
			return cur, flow.Effects{}, err
		}
		cur.Pending, cur.Proven, cur.Notice = nil, s.Now(), "added:"+string(c.Kind)
		return cur, effects, nil
	})
	if err != nil {
		return Moved{Session: sess}, err
	}
	return Moved{Session: next, Token: fresh, Setup: s.unready(ctx, next, from)}, nil
}

// stillFirst refuses what only the password allowed when another session has enrolled a method meanwhile.
func (s *Service) stillFirst(ctx context.Context, tx Tx, sess Session) error {
	if s.fresh(sess) {
		return nil
	}
	cs, err := tx.Credentials(ctx, sess.Account)
	if err == nil && len(s.usable(cs)) > 0 {
		return errStale
	}
	return err
}

var errLabel = fault.New(fault.Invalid, "account.label-too-long").On("label")

func find(cs []authenticator.Credential, id string) (authenticator.Credential, bool) {
	for _, c := range cs {
		if c.ID == id {
			return c, true
		}
	}
	return authenticator.Credential{}, false
}

func cleanLabel(label string) (string, error) {
	label, ok := authenticator.CleanLabel(label)
	if !ok {
		return "", errLabel
	}
	return label, nil
}
