package messageui

import (
	"rekey/internal/delivery"
	"rekey/internal/message"
	"rekey/internal/spend"
	view "rekey/web/console"
)

// eventName is what pages call an event, and eventText what it tells.
func eventName(e message.Template) string {
	switch e {
	case message.Code:
		return "Code"
	case message.PasswordReset:
		return "Password reset"
	case message.PasswordChanged:
		return "Password changed"
	case message.AccountUnlocked:
		return "Account unlocked"
	case message.MethodAdded:
		return "Method added"
	case message.MethodRemoved:
		return "Method removed"
	case message.RecoveryFrozen:
		return "Resets stopped"
	case message.RecoveryBlocked:
		return "Too many wrong answers"
	case message.SpendCap:
		return "Text messages held back"
	case message.Test:
		return "Test"
	}
	return string(e)
}

func eventText(e message.Template) string {
	switch e {
	case message.Code:
		return "Brings a code to who asked for one."
	case message.PasswordReset:
		return "Somebody proved whose account it is and chose a new password."
	case message.PasswordChanged:
		return "Somebody who knew the password chose another one."
	case message.AccountUnlocked:
		return "A locked account was opened; its password stays."
	case message.MethodAdded:
		return "There is a new way to prove whose account it is."
	case message.MethodRemoved:
		return "There is a way less to prove whose account it is."
	case message.RecoveryFrozen:
		return "Somebody said “this wasn’t me”: nobody can reset now."
	case message.RecoveryBlocked:
		return "An attempt was refused; resets are closed for a while."
	case message.SpendCap:
		return "Goes to the addresses of sms.warn when a cap is reached."
	case message.Test:
	}
	return ""
}

func channelName(c message.Channel) string {
	switch c {
	case message.Mail:
		return "Mail"
	case message.SMS:
		return "Text message"
	}
	return string(c)
}

func stateName(s delivery.State) (string, view.Tone) {
	switch s {
	case delivery.Sent:
		return "sent", view.Good
	case delivery.Waiting:
		return "will be tried again", view.Warn
	case delivery.GivenUp:
		return "given up", view.Bad
	case delivery.TooLate:
		return "too late", view.Warn
	case delivery.Stopped:
		return "held back", view.Warn
	}
	return string(s), view.Plain
}

// because says in words why a message is not where it should be.
func because(e delivery.Entry) string {
	switch e.State {
	case delivery.TooLate:
		return "Its code had run out before it could be sent."
	case delivery.Stopped:
		return withheld(spend.Reason(e.Reason))
	case delivery.Sent, delivery.Waiting, delivery.GivenUp:
	}
	return e.Error
}

func withheld(why spend.Reason) string {
	switch why {
	case spend.NotANumber:
		return "It is no number that can be written to."
	case "":
		return ""
	}
	return "The rules on text messages hold it back: " + string(why) + "."
}
