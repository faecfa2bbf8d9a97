package recovery

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"slices"
	"strings"
	"time"

	"rekey/internal/account"
	"rekey/internal/authenticator"
	"rekey/internal/directory"
	"rekey/internal/factor"
	"rekey/internal/flow"
	"rekey/internal/policy"
	"rekey/internal/site"
)

// beginDecoy opens a flow nobody can finish. What it offers depends on the name alone, so that two visits agree.
func (s *Service) beginDecoy(ctx context.Context, snap *site.Snapshot, in Begin, none stranger) (Begun, error) {
	home, typed := none.home, none.typed
	if err := s.readNothing(ctx, typed); err != nil {
		return Begun{}, err
	}
	signals, err := s.signals(ctx, snap, in.Action, account.ID{}, typedKey(typed), in.Source)
	if err != nil {
		return Begun{}, err
	}
	decision, cs := s.decoyDecision(snap, in, signals, home, typed)
	offers := site.Offers(snap, decision.Requirement, cs)
	if asksSignIn(snap, in.Action, home, nil) {
		decision, offers = bySignIn(decision, offers)
	}
	return s.create(ctx, snap, in, flow.Start{
		Decoy:    true,
		SignIn:   strings.TrimSpace(in.Typed),
		Typed:    typed,
		Decision: decision,
		Offers:   offers,
		Place:    place(signals.Location),
		Threat:   signals.Threat,
	})
}

// readNothing costs what reading a known account's methods costs.
func (s *Service) readNothing(ctx context.Context, typed string) error {
	_, err := s.Store.Credentials(ctx, account.ID{Directory: "decoy", Object: typed})
	return err
}

// decoyDecision decides as for a plain member of the domain who enrolled a handful of methods long ago, from where the visitor is.
func (s *Service) decoyDecision(snap *site.Snapshot, in Begin, signals site.Signals, home, typed string) (policy.Decision, []authenticator.Credential) {
	all := make([]authenticator.Credential, 0, len(snap.Order))
	for _, k := range snap.Order {
		all = append(all, s.decoyCredential(snap.Methods[k], typed))
	}
	facts := signals.On(policy.Facts{
		Now: s.Now(), Action: in.Action, Directory: home, Account: "decoy/" + typed,
		Privileged: policy.No, Enrolled: site.Enrolled(snap, all),
	})
	facts.Source.Address = in.Source.Address
	d := policy.Decide(snap.Policies, facts)
	if d.Outcome == policy.Denied || d.Outcome == policy.NotEnrolled {
		d = policy.Decision{Outcome: policy.Allowed, Requirement: policy.Default().Reset}
	}
	return d, s.pick(snap, d.Requirement, all, typed)
}

// pick draws decoys until they meet the requirement, and tosses a coin for each of the rest: the same every time for a name, and for
// another name any set that somebody could have.
func (s *Service) pick(snap *site.Snapshot, r policy.Requirement, all []authenticator.Credential, typed string) []authenticator.Credential {
	lot := func(c authenticator.Credential) []byte {
		return s.Keys.MAC("decoy-pick", []byte(string(c.Kind)+"\x00"+typed))
	}
	drawn := slices.Clone(all)
	slices.SortFunc(drawn, func(a, b authenticator.Credential) int { return bytes.Compare(lot(a), lot(b)) })
	var picked []authenticator.Credential
	for _, c := range drawn {
		if r.Count > 0 && r.Reachable(site.Enrolled(snap, picked)) && lot(c)[sha256.Size-1]&1 == 0 {
			continue
		}
		picked = append(picked, c)
	}
	return picked
}

// stranger is a name as nobody's.
type stranger struct {
	home  string // the directory it would be in
	typed string // one key for all its spellings: as with a name somebody has, wrong answers to one spelling count for the others
}

// stranger says what a name would be if nobody had it. Where several directories have people with names in its domain it is drawn, so
// that what looks like one of them is as often nobody's as what looks like another.
func (s *Service) stranger(ctx context.Context, snap *site.Snapshot, who directory.Identifier) (stranger, error) {
	name, domain, home := strings.ToLower(who.Name+who.Mail), who.Domain, ""
	if at := strings.LastIndexByte(name, '@'); who.Mail != "" && domain == "" {
		domain = name[at+1:]
		var err error
		if home, err = s.draw(ctx, snap, name, domain); err != nil {
			return stranger{}, err
		}
	}
	if home == "" {
		home = named(snap, domain)
	}
	return stranger{home: home, typed: home + `\` + strings.TrimSuffix(name, "@"+strings.ToLower(home))}, nil
}

// draw picks one of the directories in which people have names in a domain; empty when there is none. Who has but one need not.
func (s *Service) draw(ctx context.Context, snap *site.Snapshot, name, domain string) (string, error) {
	if len(snap.Directories) < 2 {
		return "", nil
	}
	shares, err := s.Store.Residents(ctx, domain)
	if err != nil {
		return "", err
	}
	shares = slices.DeleteFunc(shares, func(one directory.Share) bool {
		_, known := snap.Directory(one.Directory)
		return !known
	})
	return directory.Draw(shares, binary.BigEndian.Uint64(s.Keys.MAC("decoy-home", []byte(name)))), nil
}

// named finds a directory by either of its names; the first one without.
func named(snap *site.Snapshot, domain string) string {
	for _, d := range snap.Directories {
		n, ok := d.(directory.Named)
		if strings.EqualFold(d.Key(), domain) || ok && domain != "" && strings.EqualFold(n.NetBIOS(), domain) {
			return d.Key()
		}
	}
	if len(snap.Directories) == 0 {
		return ""
	}
	return snap.Directories[0].Key()
}

// nobodys is the directory that a decoy pretends to be in.
func nobodys(snap *site.Snapshot, f flow.Flow) (directory.Directory, bool) {
	home, _, _ := strings.Cut(f.Typed, `\`)
	return snap.Directory(home)
}

func (s *Service) decoyCredential(m authenticator.Method, typed string) authenticator.Credential {
	kind := m.Traits().Kind
	var seed [32]byte
	copy(seed[:], s.Keys.MAC("decoy", []byte(string(kind)+"\x00"+typed)))
	c := m.Decoy(seed)
	c.Kind = kind
	c.ID = "decoy:" + string(kind)
	c.Created = time.Unix(0, 0) // long ago: no rule about new ways tells decoys apart
	if c.Channel == "" {
		c.Channel = factor.Channel("decoy:" + string(kind))
	}
	return c
}
