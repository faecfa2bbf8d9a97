package recovery

import (
	"context"
	"strings"

	"rekey/internal/account"
	"rekey/internal/authenticator"
	"rekey/internal/directory"
	"rekey/internal/factor"
	"rekey/internal/flow"
	"rekey/internal/policy"
	"rekey/internal/site"
)

// beginDecoy opens a flow nobody can finish. What it offers depends on the typed name alone, so that two visits agree.
func (s *Service) beginDecoy(ctx context.Context, snap *site.Snapshot, in Begin, who directory.Identifier) (Begun, error) {
	typed := fold(who)
	decision, cs := s.decoyDecision(snap, in.Action, who, typed)
	if err := s.readNothing(ctx, typed); err != nil {
		return Begun{}, err
	}
	return s.create(ctx, snap, in, flow.Start{
		Decoy:    true,
		SignIn:   strings.TrimSpace(in.Typed),
		Typed:    typed,
		Decision: decision,
		Offers:   site.Offers(snap, decision.Requirement, cs),
	})
}

// readNothing costs what reading a known account's methods costs.
func (s *Service) readNothing(ctx context.Context, typed string) error {
	_, err := s.Store.Credentials(ctx, account.ID{Directory: "decoy", Object: typed})
	return err
}

// decoyDecision decides as for a plain member of the domain who enrolled a handful of methods.
func (s *Service) decoyDecision(snap *site.Snapshot, action policy.Action, who directory.Identifier, typed string) (policy.Decision, []authenticator.Credential) {
	all := make([]authenticator.Credential, 0, len(snap.Order))
	for _, k := range snap.Order {
		all = append(all, s.decoyCredential(snap.Methods[k], typed))
	}
	facts := policy.Facts{
		Action: action, Directory: decoyDirectory(snap, who), Account: "decoy/" + typed,
		Privileged: policy.No, Enrolled: site.Enrolled(snap, all),
	}
	d := policy.Decide(snap.Policies, facts)
	if d.Outcome != policy.Allowed {
		d = policy.Decision{Outcome: policy.Allowed, Requirement: policy.Default().Reset}
	}
	return d, s.pick(snap, d.Requirement, all, typed)
}

// pick takes enough decoys to meet the requirement, and tosses a coin, the same every time, for each of the rest.
func (s *Service) pick(snap *site.Snapshot, r policy.Requirement, all []authenticator.Credential, typed string) []authenticator.Credential {
	coins := s.Keys.MAC("decoy-pick", []byte(typed))
	var picked []authenticator.Credential
	for i, c := range all {
		if r.Count > 0 && r.Reachable(site.Enrolled(snap, picked)) && coins[i%len(coins)]&1 == 0 {
			continue
		}
		picked = append(picked, c)
	}
	return picked
}

func decoyDirectory(snap *site.Snapshot, who directory.Identifier) string {
	if _, suffix, ok := strings.Cut(strings.ToLower(who.Mail), "@"); ok {
		if _, known := snap.Directory(suffix); known {
			return suffix
		}
	}
	if _, known := snap.Directory(strings.ToLower(who.Domain)); known {
		return strings.ToLower(who.Domain)
	}
	if len(snap.Directories) == 0 {
		return ""
	}
	return snap.Directories[0].Key()
}

func (s *Service) decoyCredential(m authenticator.Method, typed string) authenticator.Credential {
	kind := m.Traits().Kind
	var seed [32]byte
	copy(seed[:], s.Keys.MAC("decoy", []byte(string(kind)+"\x00"+typed)))
	c := m.Decoy(seed)
	c.Kind = kind
	c.ID = "decoy:" + string(kind)
	if c.Channel == "" {
		c.Channel = factor.Channel("decoy:" + string(kind))
	}
	return c
}
