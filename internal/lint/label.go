package lint

import (
	"math/bits"
	"slices"

	"rekey/internal/factor"
	"rekey/internal/policy"
)

// Label says what a reset is in the words of NIST SP 800-63B-4.
type Label string

// The labels.
const (
	// Bind is a new password for somebody who has proven all else that the account has (§4.1.2.1).
	Bind Label = "bind"
	// Recover is account recovery (§4.2): everything less.
	Recover Label = "recover"
)

// LabelOf labels a requirement. Without the password only a multi-factor authenticator reaches AAL2: two single-factor ones lack what
// the person knows (§2.2.1). So it is Bind where nobody can do without one.
func LabelOf(q policy.Requirement, kinds []factor.Traits) Label {
	single := slices.DeleteFunc(slices.Clone(kinds), multiFactor)
	if q.Count > 0 && q.MetWith(kinds) && !q.MetWith(single) {
		return Bind
	}
	return Recover
}

// multiFactor reports whether a kind is several factors in one, such as a passkey with user verification.
func multiFactor(t factor.Traits) bool { return bits.OnesCount8(uint8(t.Class)) > 1 }

// Labelled is what one action of one policy is.
type Labelled struct {
	Path   string        `json:"path"`
	Policy string        `json:"policy"`
	Action policy.Action `json:"action"`
	Label  Label         `json:"label"`
}

// Labels gives the label of every reset and unlock that a policy allows.
func Labels(in Input) []Labelled {
	var out []Labelled
	l := linter{Input: in}
	l.each(func(path string, p policy.Policy) {
		for _, a := range []policy.Action{policy.Reset, policy.Unlock} {
			if q, key, ok := p.Asks(a); ok {
				out = append(out, Labelled{Path: path + "." + key, Policy: p.Name, Action: a, Label: LabelOf(q, in.Kinds)})
			}
		}
	})
	return out
}
