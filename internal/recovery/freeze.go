package recovery

import (
	"context"
	"time"

	"rekey/internal/account"
	"rekey/internal/audit"
	"rekey/internal/fault"
	"rekey/internal/flow"
	"rekey/internal/message"
	"rekey/internal/notice"
)

// CheckFreeze tells whether a "this wasn't me" link is good, without doing anything: mail scanners open links too.
func (s *Service) CheckFreeze(token string) error {
	_, err := s.freezeSubject(token)
	return err
}

func (s *Service) freezeSubject(token string) (account.ID, error) {
	who, err := notice.FreezeSubject(s.Keys, token, s.Now())
	if err != nil {
		return account.ID{}, fault.Wrap(fault.NotFound, "freeze.bad-link", err)
	}
	return who, nil
}

// Freeze stops recovery of the account a link is for, until an operator releases it. It ends open flows and tells the owner.
// Doing it twice is the same as once.
func (s *Service) Freeze(ctx context.Context, token string, from Source) error {
	who, err := s.freezeSubject(token)
	if err != nil {
		return err
	}
	now := s.Now()
	_, err = s.Freezer.Freeze(ctx, who, now, flow.Effects{
		Audit: []audit.Event{{
			Name: audit.RecoveryFrozen, At: now, Actor: audit.Visitor, Outcome: audit.OK, Reason: "link",
			Subject: who, Settings: s.Site().Version, Source: from.Source,
		}},
		Send: s.Owner.Tell(ctx, notice.Event{
			ID: "frozen." + now.UTC().Format(time.RFC3339) + "." + who.String(), Template: message.RecoveryFrozen,
			Account: who, Name: s.signIn(ctx, who), Locale: from.Locale, Source: from.Source,
		}),
		CloseOthers: true,
	})
	return err
}

func (s *Service) signIn(ctx context.Context, who account.ID) string {
	d, ok := s.Site().Directory(who.Directory)
	if !ok {
		return ""
	}
	a, err := d.Get(ctx, who)
	if err != nil {
		return ""
	}
	return a.Name()
}

// tell writes to the owner of a flow's account. Nobody owns a decoy. An ID in the event tells messages of one flow apart.
func (s *Service) tell(ctx context.Context, f flow.Flow, e notice.Event, from Source) flow.Sends {
	if f.Decoy {
		return nil
	}
	e.ID = string(f.ID) + e.ID
	e.Account, e.Name, e.Locale, e.Source = f.Account, f.SignIn, f.Locale, from.Source
	return s.Owner.Tell(ctx, e)
}
