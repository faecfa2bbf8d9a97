package recovery

import (
	"context"
	"crypto/rand"

	"rekey/internal/account"
	"rekey/internal/directory"
	"rekey/internal/fault"
	"rekey/internal/flow"
	"rekey/internal/passwordrule"
	"rekey/internal/policy"
	"rekey/internal/secret"
)

// Rules joins what the directory demands with the policy's own rules. Before anything is proven the directory's are those that hold
// for everybody in it: rules of one's own, and one's name, would tell that the account exists. The directory applies them all the same.
func (s *Service) Rules(ctx context.Context, f flow.Flow) (passwordrule.Rules, error) {
	d, id := s.ruled(f)
	demanded := directory.Rules{}
	if reader, ok := d.(directory.RuleReader); ok {
		var err error
		if demanded, err = reader.Rules(ctx, id); err != nil {
			return passwordrule.Rules{}, fault.Wrap(fault.Unavailable, errUnavailable.Text, err)
		}
	}
	return joined(demanded, f, s.Site().Brand.Firm), nil
}

// ruled says whose rules to read; an ID without an object stands for everybody.
func (s *Service) ruled(f flow.Flow) (directory.Directory, account.ID) {
	snap := s.Site()
	if f.Decoy {
		d, ok := nobodys(snap, f)
		if !ok {
			return nil, account.ID{}
		}
		return d, account.ID{Directory: d.Key()}
	}
	d, _ := snap.Directory(f.Account.Directory)
	if len(f.Proven) == 0 {
		return d, account.ID{Directory: f.Account.Directory}
	}
	return d, f.Account
}

// decoyID names an account that does not exist.
func decoyID(d directory.Directory, typed string) account.ID {
	return account.ID{Directory: d.Key(), Object: "decoy:" + typed}
}

// Suggest makes a password that meets the rules.
func (s *Service) Suggest(ctx context.Context, f flow.Flow) (secret.Text, error) {
	if f.Stage != flow.Password {
		return secret.Text{}, errStale
	}
	rules, err := s.Rules(ctx, f)
	if err != nil {
		return secret.Text{}, err
	}
	return passwordrule.Suggest(rand.Reader, rules), nil
}

func joined(d directory.Rules, f flow.Flow, firm string) passwordrule.Rules {
	r := passwordrule.Rules{
		MinUnits: d.MinLength, MaxLength: d.MaxLength, Classes: d.Classes, OfClasses: d.OfClasses, ASCIIOnly: d.ASCIIOnly,
		MinLength: f.Rules.MinLength, Common: !f.Rules.AllowCommon, History: d.History, Unreadable: d.Unreadable,
		Words: []string{firm, f.Name},
	}
	if len(f.Proven) > 0 {
		r.Words = append(r.Words, f.SignIn)
	}
	if !f.Rules.AllowName {
		r.NoNameParts = d.NoNameParts
	}
	if f.Action == policy.Change || d.EnforcesHist && f.Write.EnforceHistory {
		r.MinAge = d.MinAge
	} else if !d.EnforcesHist {
		r.History = 0 // nobody checks it on a reset here: promise nothing
	}
	return r
}
