package enrollment

import (
	"context"
	"strings"
	"time"
	"unicode/utf8"

	"rekey/internal/audit"
	"rekey/internal/authenticator"
	"rekey/internal/factor"
	"rekey/internal/fault"
	"rekey/internal/flow"
	"rekey/internal/message"
	"rekey/internal/notice"
)

// maxLabel is the longest name a method may be given, in characters.
const maxLabel = 60

// maxMethods is how many credentials of one kind an account may hold.
const maxMethods = 10

// Add starts the enrollment of a kind. It answers ErrStepUp when an enrolled method must be proven first.
func (s *Service) Add(ctx context.Context, token Token, kind factor.Kind, from Source) (Session, error) {
	sess, err := s.Session(ctx, token)
	if err != nil {
		return sess, err
	}
	if err := s.mayChange(ctx, sess); err != nil {
		return sess, err
	}
	return s.begin(ctx, sess, kind, nil)
}

// Input gives a pending enrollment what it asked for, an address for example, and goes on to the proof.
func (s *Service) Input(ctx context.Context, token Token, at string, input authenticator.Response) (Session, error) {
	sess, err := s.open(ctx, token, at)
	if err != nil {
		return sess, err
	}
	if !sess.Pending.Enroll {
		return sess, errStale
	}
	if err := s.mayChange(ctx, sess); err != nil {
		return sess, err
	}
	if sess.Pending.Sends >= s.Site().Flow.SendsPerMethod {
		return sess, errTooMany
	}
	return s.begin(ctx, sess, sess.Pending.Kind, input)
}

func (s *Service) begin(ctx context.Context, sess Session, kind factor.Kind, input authenticator.Response) (Session, error) {
	enroller, e, err := s.enrollment(ctx, sess, kind)
	if err != nil {
		return sess, err
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
	send, err := s.capped(ctx, sess, c.Send)
	if err != nil {
		return sess, err
	}
	p := Pending{
		Enroll: true, Kind: kind, Ref: string(kind), State: c.State, Prompt: prompt, Made: now, Expires: c.Expires,
		Sends: sess.sends(string(kind)) + len(send),
	}
	return s.Store.UpdateSession(ctx, sess.ID, func(_ Tx, cur Session) (Session, flow.Effects, error) {
		cur.Pending, cur.Notice, cur.Touched = &p, "", now
		return cur, flow.Effects{Send: send}, nil
	})
}

func (s *Service) enrollment(ctx context.Context, sess Session, kind factor.Kind) (authenticator.Enroller, authenticator.Enrollment, error) {
	enroller, ok := s.Site().Methods[kind].(authenticator.Enroller)
	if !ok {
		return nil, authenticator.Enrollment{}, errMethodOff
	}
	all, err := s.Store.Credentials(ctx, sess.Account)
	if err != nil {
		return nil, authenticator.Enrollment{}, err
	}
	subject, err := s.subject(ctx, sess)
	if err != nil {
		return nil, authenticator.Enrollment{}, err
	}
	var same []authenticator.Credential
	for _, c := range all {
		if c.Kind == kind {
			same = append(same, c)
		}
	}
	if len(same) >= maxMethods {
		return nil, authenticator.Enrollment{}, fault.New(fault.Invalid, "enroll.too-many")
	}
	return enroller, authenticator.Enrollment{Subject: subject, Existing: same, Session: sess.ID}, nil
}

// Finish judges the proof of a pending enrollment. A wrong one is no error: the session's notice says so. When it is
// accepted the method counts, the owner is told, and the browser gets another token.
func (s *Service) Finish(ctx context.Context, token Token, at string, answer authenticator.Response, label string, from Source) (Token, error) {
	sess, err := s.open(ctx, token, at)
	if err != nil {
		return "", err
	}
	if !sess.Pending.Enroll {
		return "", errStale
	}
	if label, err = cleanLabel(label); err != nil {
		return "", err
	}
	if err := s.mayChange(ctx, sess); err != nil {
		return "", err
	}
	if sess, err = s.count(ctx, sess, at, from); err != nil {
		return "", err
	}
	enroller, e, err := s.enrollment(ctx, sess, sess.Pending.Kind)
	if err != nil {
		return "", err
	}
	done, err := enroller.Finish(ctx, e, sess.Pending.State, answer, s.Now())
	if err != nil {
		return "", err
	}
	if done.Outcome != authenticator.Accepted || past(*sess.Pending, s.Now()) {
		_, err := s.Store.UpdateSession(ctx, sess.ID, func(_ Tx, cur Session) (Session, flow.Effects, error) {
			if cur.Version != sess.Version {
				return cur, flow.Effects{}, errStale
			}
			return s.wrong(cur, done.Reason, from)
		})
		return "", err
	}
	return s.keep(ctx, sess, done, e.Existing, label, from)
}

// keep saves the proven credential.
func (s *Service) keep(ctx context.Context, sess Session, done authenticator.Enrolled, existing []authenticator.Credential, label string, from Source) (Token, error) {
	c := done.Credential
	c.ID, c.Account, c.Kind, c.Created = randomText(12), sess.Account, sess.Pending.Kind, s.Now()
	if label != "" {
		c.Label = label
	}
	effects := s.changed(ctx, audit.MethodAdded, message.MethodAdded, sess, c, from, notice.AddressOf(c)...)
	var fresh Token
	_, err := s.Store.UpdateSession(ctx, sess.ID, func(tx Tx, cur Session) (Session, flow.Effects, error) {
		if cur.Version != sess.Version {
			return cur, flow.Effects{}, errStale
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
		fresh = newToken()
		if err := tx.RotateToken(ctx, fresh.Hash()); err != nil {
			return cur, flow.Effects{}, err
		}
		cur.Pending, cur.Proven, cur.Notice = nil, s.Now(), "added:"+string(c.Kind)
		return cur, effects, nil
	})
	return fresh, err
}

// Drop leaves whatever the session is in the middle of.
func (s *Service) Drop(ctx context.Context, token Token) error {
	sess, err := s.Session(ctx, token)
	if err != nil || sess.Pending == nil {
		return err
	}
	_, err = s.Store.UpdateSession(ctx, sess.ID, func(_ Tx, cur Session) (Session, flow.Effects, error) {
		cur.Pending, cur.Notice = nil, ""
		return cur, flow.Effects{}, nil
	})
	return err
}

func cleanLabel(label string) (string, error) {
	label = strings.Join(strings.Fields(label), " ")
	if !utf8.ValidString(label) || utf8.RuneCountInString(label) > maxLabel {
		return "", fault.New(fault.Invalid, "account.label-too-long").On("label")
	}
	return label, nil
}

func past(p Pending, now time.Time) bool { return !p.Expires.IsZero() && now.After(p.Expires) }

func find(cs []authenticator.Credential, id string) (authenticator.Credential, bool) {
	for _, c := range cs {
		if c.ID == id {
			return c, true
		}
	}
	return authenticator.Credential{}, false
}

// spend saves what a proof changed in its credential.
func spend(ctx context.Context, tx Tx, used authenticator.Credential, r authenticator.Result, now time.Time) error {
	if r.Delete {
		return tx.DeleteCredential(ctx, used)
	}
	if r.Update != nil {
		used = *r.Update
	}
	used.LastUsed = now
	return tx.SaveCredential(ctx, used)
}
