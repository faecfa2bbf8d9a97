package policy_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"rekey/internal/factor"
	"rekey/internal/policy"
)

var kinds = []factor.Kind{factor.Passkey, factor.TOTP, factor.BackupCode, factor.Mail}

func anyKinds(t *rapid.T, most int, label string) []factor.Kind {
	return rapid.SliceOfNDistinct(rapid.SampledFrom(kinds), 0, most, rapid.ID).Draw(t, label)
}

// anyRequirement draws one, sensible or not.
func anyRequirement(t *rapid.T) policy.Requirement {
	r := policy.Requirement{
		Count:     rapid.IntRange(0, 4).Draw(t, "count"),
		Mandatory: anyKinds(t, 2, "mandatory"),
		Allowed:   anyKinds(t, 4, "allowed"),
		SameClass: rapid.Bool().Draw(t, "same class"),
	}
	if of := anyKinds(t, 3, "of"); len(of) > 0 {
		r.AnyOf = []policy.AnyOf{{N: rapid.IntRange(1, len(of)).Draw(t, "n"), Of: of}}
	}
	return r
}

func traits(k factor.Kind) factor.Traits {
	ts := registry().Kinds
	return ts[slices.IndexFunc(ts, func(t factor.Traits) bool { return t.Kind == k })]
}

func anyProof(t *rapid.T, channels int) policy.Proof {
	k := rapid.SampledFrom(kinds).Draw(t, "kind")
	n := rapid.IntRange(0, channels).Draw(t, "channel")
	p := policy.Proof{Kind: k, Class: traits(k).Class, Credential: fmt.Sprint(k, n)}
	if n > 0 {
		p.Channel = factor.Channel(fmt.Sprint("channel:", n))
	}
	return p
}

// TestAProofOnAUsedChannelNeverHelps: whatever was proven, one more proof over a channel or a credential that counts already
// changes nothing (NIST SP 800-63B-4 §4.2.2.2).
func TestAProofOnAUsedChannelNeverHelps(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := anyRequirement(t)
		var proofs []policy.Proof
		for i := range rapid.IntRange(1, 4).Draw(t, "proofs") {
			p := anyProof(t, 3)
			p.Credential, p.Channel = fmt.Sprint(i), factor.Channel(fmt.Sprint("channel:", i))
			proofs = append(proofs, p)
		}
		before := r.SatisfiedBy(proofs)
		again := rapid.SampledFrom(proofs).Draw(t, "again")
		if len(r.Allowed) > 0 && !slices.Contains(r.Allowed, again.Kind) {
			t.Skip("it did not count")
		}
		other := anyProof(t, 3)
		other.Channel = again.Channel
		same := anyProof(t, 3)
		same.Credential = again.Credential
		for _, p := range []policy.Proof{again, other, same} {
			if r.SatisfiedBy(append(slices.Clone(proofs), p)) != before {
				t.Fatalf("%+v: %+v changes %+v", r, p, proofs)
			}
		}
	})
}

// TestTheOrderOfProofsDoesNotMatter for proofs that are independent, whatever else that does not count was proven between them.
func TestTheOrderOfProofsDoesNotMatter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := anyRequirement(t)
		var proofs []policy.Proof
		for i, k := range rapid.SliceOfN(rapid.SampledFrom(kinds), 0, 5).Draw(t, "kinds") {
			channel := fmt.Sprint("channel:", i)
			if len(r.Allowed) > 0 && !slices.Contains(r.Allowed, k) {
				channel = "channel:0" // does not count, and so takes nothing from the one that does
			}
			proofs = append(proofs, policy.Proof{Kind: k, Class: traits(k).Class, Credential: fmt.Sprint(i), Channel: factor.Channel(channel)})
		}
		want := r.SatisfiedBy(proofs)
		shuffled := rapid.Permutation(proofs).Draw(t, "shuffled")
		if got := r.SatisfiedBy(shuffled); got != want {
			t.Fatalf("%+v: %v for %+v, %v for %+v", r, want, proofs, got, shuffled)
		}
	})
}

// TestReachableIsWhatProvingEverythingCouldMeet checks the search against all subsets.
func TestReachableIsWhatProvingEverythingCouldMeet(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := anyRequirement(t)
		var es []policy.Enrolled
		var proofs []policy.Proof
		for range rapid.IntRange(0, 7).Draw(t, "enrolled") {
			p := anyProof(t, 5)
			p.Credential = fmt.Sprint(len(es))
			proofs = append(proofs, p)
			es = append(es, policy.Enrolled{ID: p.Credential, Traits: traits(p.Kind), Channel: p.Channel})
		}
		want := false
		for set := range 1 << len(proofs) {
			var some []policy.Proof
			for i, p := range proofs {
				if set&(1<<i) != 0 {
					some = append(some, p)
				}
			}
			want = want || r.SatisfiedBy(some)
		}
		if got := r.Reachable(es); got != want {
			t.Fatalf("%+v of %+v: %v, want %v", r, es, got, want)
		}
		if short := r.Short(es); (short == 0) != want || short < 0 {
			t.Fatalf("%+v of %+v: %d short", r, es, short)
		}
	})
}

// TestPeopleWhoEnrolledALotAreDecidedQuickly: what cannot be met is found out without trying every set of forty credentials.
func TestPeopleWhoEnrolledALotAreDecidedQuickly(t *testing.T) {
	var es []policy.Enrolled
	for i := range 40 {
		k := []factor.Kind{factor.TOTP, factor.BackupCode}[i%2]
		es = append(es, policy.Enrolled{ID: fmt.Sprint(i), Traits: traits(k), Channel: factor.Channel(fmt.Sprint(i))})
	}
	start := time.Now()
	if (policy.Requirement{Count: 2}).Reachable(es) {
		t.Error("two held things are of one class")
	}
	if took := time.Since(start); took > time.Second {
		t.Errorf("took %s", took)
	}
}

func anyFacts(t *rapid.T) policy.Facts {
	tri := rapid.SampledFrom([]policy.Tristate{policy.Unknown, policy.No, policy.Yes})
	f := policy.Facts{
		Now:        noon,
		Action:     rapid.SampledFrom([]policy.Action{policy.Reset, policy.Unlock, policy.Change, "", "enroll"}).Draw(t, "action"),
		Directory:  rapid.SampledFrom([]string{"corp.example.test", "CORP.example.test", "sales.example.test", "", "elsewhere"}).Draw(t, "directory"),
		Account:    rapid.SampledFrom([]string{"", "corp.example.test/1", "CORP.example.test/1"}).Draw(t, "account"),
		Groups:     rapid.SliceOfN(rapid.SampledFrom([]string{"s-1-5-21-1-1-1-1100", `corp\board`, `corp\trusted`, ""}), 0, 3).Draw(t, "groups"),
		Path:       policy.NormalizeDN(rapid.SampledFrom([]string{"", "CN=B,OU=Contractors,OU=People,DC=corp,DC=example,DC=test", "CN=A,OU=People,DC=corp,DC=example,DC=test", `CN=x\`, ",,,"}).Draw(t, "path")),
		Privileged: tri.Draw(t, "privileged"),
		Device:     policy.Device{Known: tri.Draw(t, "known"), Managed: tri.Draw(t, "managed")},
	}
	for range rapid.IntRange(0, 4).Draw(t, "enrolled") {
		p := anyProof(t, 3)
		f.Enrolled = append(f.Enrolled, policy.Enrolled{ID: p.Credential, Traits: traits(p.Kind), Channel: p.Channel})
	}
	if rapid.Bool().Draw(t, "located") {
		f.Attributes = map[string][]string{"l": {"Berlin"}}
	}
	return f
}

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// TestUnknownNeverGrants: whoever takes facts away never gets Allowed where it was not, as long as the same policy decides.
func TestUnknownNeverGrants(t *testing.T) {
	p := compile(t, document())
	if d := policy.Decide(p, policy.Facts{}); d.Outcome != policy.Denied || d.Reason != "no-policy" {
		t.Errorf("no facts at all: %+v", d)
	}
	rapid.Check(t, func(t *rapid.T) {
		f := anyFacts(t)
		full := policy.Decide(p, f)
		less := f
		less.Privileged, less.Device, less.Source, less.Failures, less.Now = policy.Unknown, policy.Device{}, policy.Source{}, policy.Failures{}, time.Time{}
		if n := len(f.Enrolled); n > 0 {
			less.Enrolled = f.Enrolled[:rapid.IntRange(0, n-1).Draw(t, "left")]
		}
		bare := policy.Decide(p, less)
		if bare.Policy != full.Policy {
			t.Fatalf("%q became %q", full.Policy, bare.Policy)
		}
		if bare.Outcome == policy.Allowed && full.Outcome != policy.Allowed {
			t.Fatalf("%+v from %+v", bare, less)
		}
		for _, d := range []policy.Decision{full, bare} {
			if (d.Outcome == policy.Allowed) != (d.Reason == "") {
				t.Fatalf("%+v", d)
			}
		}
		if less.Action = "enroll"; policy.Decide(p, less).Outcome != policy.Denied {
			t.Fatal("an action nobody decided on is allowed")
		}
		if less.Directory = "elsewhere"; policy.Decide(p, less).Reason != "no-policy" {
			t.Fatal("a directory nobody configured is decided on")
		}
	})
}

// TestExplainSaysWhyOnceForEveryPolicy: one verdict for each, one winner at most, and a reason for every loser.
func TestExplainSaysWhyOnceForEveryPolicy(t *testing.T) {
	d := document()
	d.Policies[0].Scope.Exclude = policy.Exclusion{Accounts: []string{"corp.example.test/1"}, OUs: []policy.OU{{DN: "OU=People,DC=corp,DC=example,DC=test", Only: true}}}
	p := compile(t, d)
	rapid.Check(t, func(t *rapid.T) {
		f := anyFacts(t)
		verdicts := policy.Explain(p, f).Policies
		won := ""
		for _, v := range verdicts {
			if v.Won == (v.Unmet != "") || v.Won != (v.Detail == "") || v.Policy == "" {
				t.Fatalf("%+v", v)
			}
			if v.Won && won != "" {
				t.Fatalf("%q and %q won", won, v.Policy)
			}
			if v.Won {
				won = v.Policy
			}
		}
		if got := policy.Decide(p, f).Policy; got != won {
			t.Fatalf("Decide says %q, Explain %q", got, won)
		}
	})
}
