package peopleui

import (
	"strings"

	"rekey/internal/audit"
	"rekey/internal/factor"
	"rekey/internal/helpdesk"
	view "rekey/web/console"
)

// wording is what people read of an act.
type wording struct {
	label   string // of the link to its page
	hint    string
	title   string // of the page
	button  string
	effects []string
	undo    string
	final   string
	done    string
	nothing string
	danger  bool
	guarded bool // the passkey must be fresh
	audit   string
}

var acts = map[helpdesk.Action]wording{
	helpdesk.Begin: {
		label: "Send to the portal", hint: "They prove who they are and choose a password on their own device.", title: "Send to the portal", button: "Make the link",
		effects: []string{"You get a link with the person's name filled in, to read out or show.", "It goes to every address that is known of them, too."},
		undo:    "The link opens nothing by itself, so there is nothing to undo.", audit: "help.begun",
	},
	helpdesk.Invite: {
		label: "Invite to set up", hint: "A mail that asks them to set up ways to prove who they are, while they know their password.", title: "Invite to set up", button: "Send the invitation",
		effects: []string{"A mail with the way to “My account” goes to every address that is known."}, undo: "It changes nothing by itself.",
		done: "The invitation is on its way.", audit: "help.invited",
	},
	helpdesk.Unblock: {
		label: "Unblock", hint: "Forget wrong answers, and let codes go out again.", title: "Unblock", button: "Unblock",
		effects: []string{"Wrong answers and holds of this account are forgotten.", "The person is told."}, final: "This cannot be undone; whoever guesses begins anew.",
		done: "The account is unblocked.", nothing: "There was nothing to unblock.", audit: "account.unblocked",
	},
	helpdesk.Unlock: {
		label: "Unlock in the directory", hint: "The password stays the same.", title: "Unlock in the directory", button: "Unlock",
		effects: []string{"The lock after too many wrong passwords is cleared.", "The password stays as it is.", "The person is told."}, final: "This cannot be undone; the directory locks again by itself after wrong passwords.",
		done: "The account is unlocked.", nothing: "The account was not locked.", audit: "write.intended, help.unlocked",
	},
	helpdesk.Release: {
		label: "Release the freeze", hint: "Only when you know who stopped resets, and why.", title: "Release the freeze", button: "Release", guarded: true,
		effects: []string{"Resets work again.", "The person is told at every known address."}, undo: "The person can stop resets again with the link in any message about the account.",
		done: "Resets are open again.", nothing: "Nothing was frozen.", danger: true, audit: "recovery.released",
	},
	helpdesk.Remove: {
		label: "Remove", title: "Remove a way that was lost", button: "Remove it", guarded: true, danger: true,
		effects: []string{"It proves nothing any more.", "The person is told, at that address too."}, final: "This cannot be undone. The person can set it up again.",
		done: "It was removed.", audit: "method.removed",
	},
	helpdesk.Pass: {
		label: "Temporary access pass", hint: "For somebody who has lost every other way. It counts as one.", title: "Issue a temporary access pass", button: "Issue the pass", guarded: true, danger: true,
		effects: []string{"You see a code, once, and read it to the person.", "It counts as one way to prove who they are, where their policy takes it.", "Passes issued before stop working.", "The person is told."},
		undo:    "Remove it like any other way if it went to the wrong person.", audit: "help.pass-issued",
	},
}

func (u *UI) kind(k factor.Kind) string {
	if key := "kind." + string(k) + ".name"; u.Console.Text().Has(key) {
		return u.Console.Text().T(key)
	}
	return string(k)
}

// events say what a record tells.
var events = map[audit.Name]string{
	audit.FlowStarted: "Gave a name", audit.FlowRefused: "Stopped", audit.FlowExpired: "Ran out of time", audit.FlowPartial: "Ended half done",
	audit.ProofRequested: "Chose a way", audit.ProofAccepted: "Proved it", audit.ProofRejected: "Wrong answer", audit.AccountBlocked: "Blocked after wrong answers",
	audit.WriteIntended: "About to write the directory", audit.WriteDone: "Password written", audit.WriteRejected: "The directory refused the password",
	audit.WriteUnknown: "The directory did not say whether it was written", audit.SignedIn: "Signed in to “My account”", audit.SignInFailed: "Wrong password at “My account”",
	audit.SignedOut: "Signed out", audit.SteppedUp: "Proved it once more", audit.MethodAdded: "Set up a way", audit.MethodRenamed: "Renamed a way",
	audit.MethodRemoved: "A way was removed", audit.RecoveryFrozen: "Resets were stopped", audit.RecoveryReleased: "Released", audit.AccountUnblocked: "Unblocked",
	audit.SignedOutThere: "Signed out everywhere in the directory", audit.NoticeFailed: "A message could not be delivered", audit.MessageWithheld: "A text message was held back",
	audit.HelpRefused: "Was refused", audit.HelpRequested: "Asked for approval", audit.HelpApproved: "Approved", audit.HelpDeclined: "Refused approval",
	audit.HelpApprovalUsed: "Used an approval", audit.HelpUnlocked: "Unlocked in the directory", audit.HelpInvited: "Invited to set up", audit.HelpBegun: "Sent to the portal",
	audit.HelpPassIssued: "Issued a temporary access pass", audit.HelpCallerAsked: "Sent a code to the caller", audit.HelpCallerVerified: "Verified the caller",
	audit.HelpCallerFailed: "The caller read the code wrongly",
}

func (u *UI) moment(rec helpdesk.Record) view.Moment {
	ev := rec.Event
	m := view.Moment{At: ev.At, Title: events[ev.Name], Tone: toneOf(ev.Outcome)}
	if m.Title == "" {
		m.Title = string(ev.Name)
	}
	var parts []string
	add := func(text string) {
		if text != "" {
			parts = append(parts, text)
		}
	}
	for _, k := range ev.Factors {
		add(u.kind(k))
	}
	add(ev.Detail["label"])
	if w, ok := acts[helpdesk.Action(ev.Reason)]; ok {
		add(w.title)
	} else {
		add(strings.ReplaceAll(ev.Reason, "-", " "))
	}
	if ev.By != "" {
		add("by " + ev.By)
		add(ev.Detail["requester"])
		add(ev.Detail["reason"])
		add(ev.Detail["note"])
		add(ev.Detail["caller"])
	}
	if ev.Ticket != "" {
		add("ticket " + ev.Ticket)
	}
	m.Text = strings.Join(parts, " · ")
	return m
}

func toneOf(o audit.Outcome) view.Tone {
	switch o {
	case audit.OK:
		return view.Plain
	case audit.Refused:
		return view.Warn
	}
	return view.Bad
}

func stateTag(s helpdesk.State) view.Tag {
	tones := map[helpdesk.State]view.Tone{helpdesk.Pending: view.Warn, helpdesk.Approved: view.Good, helpdesk.Refused: view.Bad}
	words := map[helpdesk.State]string{
		helpdesk.Pending: "waiting", helpdesk.Approved: "approved", helpdesk.Refused: "refused", helpdesk.Used: "used", helpdesk.Expired: "expired",
	}
	return view.Tag{Text: words[s], Tone: tones[s]}
}
