package preview

import (
	"slices"
	"time"

	"rekey/internal/audit"
	"rekey/internal/authenticator"
	"rekey/internal/directory"
	"rekey/internal/factor"
	"rekey/internal/policy"
	"rekey/internal/site"
)

// side is one version of the settings.
type side struct{ snap *site.Snapshot }

// verdict is what a version decides about one action of somebody.
type verdict struct {
	policy.Decision
	methods []factor.Kind // set up, and counting
}

func (v verdict) able() bool { return v.Outcome == policy.Allowed }

func (v verdict) let() bool { return v.Outcome != policy.Denied }

func (v verdict) standing() Standing {
	return Standing{Policy: v.Policy, Outcome: outcome(v.Outcome), Reason: v.Reason}
}

func outcome(o policy.Outcome) string {
	switch o {
	case policy.Allowed:
		return "allowed"
	case policy.NotEnrolled:
		return "not-enrolled"
	}
	return "denied"
}

// Reasons that no policy gives.
const (
	notUsable = "not-usable" // recovery cannot help them, see directory.Person
	noUnlock  = "no-unlock"  // none of the directories that would be written can unlock
)

// decide decides as the live flow does, about these actions.
func (s side) decide(p directory.Person, k Known, from audit.Source, now time.Time, about ...policy.Action) []verdict {
	vs := make([]verdict, len(about))
	_, named := s.snap.Directory(p.ID.Directory)
	if named && !p.Usable() {
		for i := range vs {
			vs[i].Reason = notUsable
		}
		return vs
	}
	a := p.Account
	a.Groups = k.Groups
	f := site.Facts(s.snap, policy.Reset, a, k.Credentials, from, now)
	for i, action := range about {
		if named && action == policy.Unlock && !s.snap.Unlocks(p) {
			vs[i].Reason = noUnlock
			continue
		}
		f.Action = action
		vs[i].Decision = policy.Decide(s.snap.Policies, f)
		if vs[i].let() {
			vs[i].methods = s.methods(vs[i].Requirement, k.Credentials)
		}
	}
	return vs
}

// methods lists the ways that would be offered, each once.
func (s side) methods(r policy.Requirement, cs []authenticator.Credential) []factor.Kind {
	var kinds []factor.Kind
	for _, o := range site.Offers(s.snap, r, cs) {
		if !slices.Contains(kinds, o.Kind) {
			kinds = append(kinds, o.Kind)
		}
	}
	return kinds
}
