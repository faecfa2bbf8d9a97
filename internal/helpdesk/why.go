package helpdesk

import (
	"strings"
	"time"

	"rekey/internal/policy"
)

// Why says in one sentence why somebody cannot reset a password, or that they can, and what to do next.
type Why struct {
	Can  bool
	Text string
	Next string
	Do   Action    // what helps, if one of ours does
	At   time.Time // until when it lasts by itself; zero: not by itself
}

// because finds the first thing that stands in the way, in the order a person would meet them.
func because(sh Sheet, now time.Time) Why {
	d := sh.Reset.Decision
	st := sh.Account.State
	switch {
	case st.Disabled:
		return Why{Text: "The account is disabled in its directory.", Next: "Whoever manages accounts has to enable it. Resets work again by themselves then."}
	case st.Expired:
		return Why{Text: "The account has expired in its directory.", Next: "Whoever manages accounts has to set a later end. Resets work again by themselves then."}
	case orphan(sh.Account, sh.Other):
		return Why{Text: "The account comes from another directory, which would write over a password that is set here.", Next: "Tell whoever manages these settings: the two directories are not linked, or this person's accounts do not belong together."}
	case sh.Frozen:
		return Why{Text: "Resets are stopped: somebody said that a message about this account was not for them.", Next: "Verify the caller and find out who tried before you release it.", Do: Release}
	case len(sh.Holds) > 0 && sh.Holds[0].Until.After(now):
		return held(sh)
	}
	if d.Outcome == policy.Allowed {
		return able(sh)
	}
	return decided(d)
}

func held(sh Sheet) Why {
	w := Why{Text: "Too many wrong answers were given for this account: resets are closed for a while.", Next: "Wait, or unblock it once you know that it was the person who mistyped.", Do: Unblock, At: sh.Holds[0].Until}
	if sh.Holds[0].Lane != "" {
		w.Text = "Too many wrong answers were given from one place: from there, resets of this account are closed for a while."
	}
	return w
}

// able is for somebody who can reset.
func able(sh Sheet) Why {
	w := Why{Can: true, Text: "This person can reset the password now.", Next: "Send them to the portal, with their name filled in.", Do: Begin}
	if !sh.Account.State.Locked {
		return w
	}
	w.Text = "This person can reset the password now. The account is locked as well; a reset clears that."
	if sh.Unlock.Decision.Outcome == policy.Allowed {
		w.Text = "The account is locked. This person can unlock it, or reset the password, now."
	}
	return w
}

// decided is for what the policies say.
func decided(d policy.Decision) Why {
	switch d.Reason {
	case "no-policy":
		return Why{Text: "No policy is for this account.", Next: "Tell whoever manages these settings."}
	case "action-not-allowed":
		return Why{Text: "The policy “" + d.Policy + "” does not let people reset their password.", Next: "Help this person the way your house does without the portal."}
	case "not-enrolled":
		return missing(d)
	case "rule":
		return Why{Text: strings.TrimSpace("A rule of the settings denies it. " + d.Text["en"]), Next: "The policy below says which rule, and what it asks."}
	case "threat":
		return Why{Text: "Resets are stopped for now: the threat level was raised.", Next: "It ends when the level is set back. Nothing of this is up to the person."}
	case "privileged":
		return Why{Text: "Privileged accounts do not reset their password here.", Next: "Help this person the way your house does for administrators."}
	case "limit":
		return Why{Text: "This person has reset as often as the policy allows.", Next: "They can do it again later.", At: d.Until}
	}
	return Why{Text: "The policies do not allow it now.", Next: "The policy below says why."}
}

func missing(d policy.Decision) Why {
	w := Why{Text: "Too little is set up: the policy “" + d.Policy + "” asks for more ways to prove who they are.", Next: "While they still know the password, invite them to set up more. Otherwise a temporary access pass helps, where the policy takes one.", Do: Invite}
	if !d.AddedBefore.IsZero() {
		w.Text = "Too little that counts is set up: the policy “" + d.Policy + "” does not take what was added a short time ago."
	}
	return w
}
