package recovery

import (
	"cmp"
	"context"
	"crypto/rand"
	"strings"

	"rekey/internal/account"
	"rekey/internal/directory"
	"rekey/internal/fault"
	"rekey/internal/flow"
	"rekey/internal/passwordrule"
	"rekey/internal/policy"
	"rekey/internal/secret"
)

// Rules joins what every directory demands that is written with the policy's own rules. Before anything is proven the directories'
// are those that hold for everybody: rules of one's own, and one's name, would tell that the account exists. The directories apply
// them all the same.
func (s *Service) Rules(ctx context.Context, f flow.Flow) (passwordrule.Rules, error) {
	firm := s.Site().Brand.Firm
	all := joined(directory.Rules{}, f, firm)
	for _, id := range s.ruled(f) {
		d, _ := s.Site().Directory(id.Directory)
		reader, ok := d.(directory.RuleReader)
		if !ok {
			continue
		}
		demanded, err := reader.Rules(ctx, id)
		if err != nil && f.Partial() { // the page has more to say than that a directory is down
			if demanded, err = reader.Rules(ctx, account.ID{Directory: id.Directory}); err != nil {
				demanded, err = directory.Rules{}, nil
			}
			demanded.Unreadable = true
		}
		if err != nil {
			return passwordrule.Rules{}, fault.Wrap(fault.Unavailable, errUnavailable.Text, err)
		}
		all = strictest(all, joined(demanded, f, firm))
	}
	return all, nil
}

// ruled says whose rules to read; an ID without an object stands for everybody.
func (s *Service) ruled(f flow.Flow) []account.ID {
	if len(f.Proven) > 0 || f.Partial() {
		var ids []account.ID
		for _, t := range f.Targets {
			if t.State != flow.TargetConfirmed {
				ids = append(ids, t.Account)
			}
		}
		return ids
	}
	home := f.Account.Directory
	if f.Decoy {
		home, _, _ = strings.Cut(f.Typed, `\`)
	}
	ids := []account.ID{{Directory: home}}
	for _, l := range s.Site().Links {
		if l.Home == home && l.Mode != directory.LinkHome {
			ids = append(ids, account.ID{Directory: l.Other})
		}
	}
	return ids
}

// strictest is what meets both: the classes of one directory are counted among fewer kinds of characters than those of another, and
// whatever has enough of the fewer has enough of the more.
func strictest(a, b passwordrule.Rules) passwordrule.Rules {
	a.MinUnits, a.MinLength, a.Classes = max(a.MinUnits, b.MinUnits), max(a.MinLength, b.MinLength), max(a.Classes, b.Classes)
	a.MaxLength, a.OfClasses = lower(a.MaxLength, b.MaxLength), lower(a.OfClasses, b.OfClasses)
	a.History, a.MinAge = max(a.History, b.History), max(a.MinAge, b.MinAge)
	a.ASCIIOnly, a.Common, a.Unreadable = a.ASCIIOnly || b.ASCIIOnly, a.Common || b.Common, a.Unreadable || b.Unreadable
	a.Banned = bothBanned(a.Banned, b.Banned)
	a.NoNameParts, a.Words = more(a.NoNameParts, b.NoNameParts), more(a.Words, b.Words)
	return a
}

func bothBanned(a, b *passwordrule.Banned) *passwordrule.Banned {
	if a == nil || b == nil {
		return cmp.Or(a, b)
	}
	return &passwordrule.Banned{Words: more(a.Words, b.Words), Names: more(a.Names, b.Names)}
}

// lower is the lower of two limits, of which 0 is none.
func lower(a, b int) int {
	if a == 0 || b != 0 && b < a {
		return b
	}
	return a
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
	if d.Banned != nil {
		r.Banned = &passwordrule.Banned{Words: d.Banned.Words, Names: d.Banned.Names}
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
