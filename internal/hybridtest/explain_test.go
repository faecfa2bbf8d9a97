package hybridtest

import (
	"encoding/json"
	"testing"

	"rekey/internal/lab/people"
	"rekey/internal/whatif"
)

// TestExplainKnowsWhoCannotUnlock: a tenant has no lock that can be cleared, whatever the policy of its people says.
func TestExplainKnowsWhoCannotUnlock(t *testing.T) {
	t.Parallel()
	cloud, home := play(t, "only", people.Cloud), play(t, "swapped", people.Corp)
	for _, c := range []struct{ user, action, outcome, reason string }{
		{cloud.UPN, "unlock", "denied", "no-unlock"}, {cloud.UPN, "reset", "allowed", ""}, {home.UPN, "unlock", "allowed", ""},
	} {
		out, err := shared.Portal.Command(t.Context(), "explain", "--user", c.user, "--action", c.action, "--json")
		if err != nil {
			t.Fatal(err)
		}
		var answers []whatif.Answer
		if err := json.Unmarshal([]byte(out), &answers); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		if len(answers) != 1 || answers[0].Outcome != c.outcome || answers[0].Reason != c.reason {
			t.Errorf("%s, %s: %+v", c.user, c.action, answers)
		}
	}
}
