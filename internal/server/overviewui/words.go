package overviewui

import (
	"strconv"
	"strings"
	"time"

	"rekey/internal/factor"
	"rekey/internal/flow"
	"rekey/internal/policy"
	"rekey/internal/report"
	view "rekey/web/console"
)

// methodName is what administrators call a way.
func methodName(k factor.Kind) string {
	switch k {
	case factor.Passkey:
		return "Passkey"
	case factor.TOTP:
		return "Authenticator app"
	case factor.Mail:
		return "Code by mail"
	case factor.BackupCode:
		return "Backup code"
	case factor.Password:
		return "Current password"
	}
	return string(k)
}

func actionName(a policy.Action) string {
	switch a {
	case policy.Reset:
		return "Reset"
	case policy.Unlock:
		return "Unlock"
	case policy.Change:
		return "Change"
	}
	return string(a)
}

func policyName(name string) string {
	if name == "" {
		return "No policy"
	}
	return name
}

func deviceName(kind string) string {
	if kind == "unknown" {
		return "Not known"
	}
	return strings.ToUpper(kind[:1]) + kind[1:]
}

func stepName(w report.Where) string {
	switch w {
	case report.AtName:
		return "Name given"
	case report.AtFirst:
		return "First proof"
	case report.AtFurther:
		return "Further proof"
	case report.AtPassword:
		return "New password"
	case report.AtWriting:
		return "Writing to the directory"
	}
	return string(w)
}

// why says the reason somebody got no further.
func why(r report.Reason) string {
	code, of, _ := strings.Cut(r.Code, ":")
	if code == "rejected" {
		return "The directory refused the password: " + strings.ReplaceAll(of, "-", " ")
	}
	text := reasonText(r.Code)
	if r.Kind != "" {
		return methodName(r.Kind) + ": " + text
	}
	return strings.ToUpper(text[:1]) + text[1:]
}

func reasonText(code string) string {
	switch code {
	case "":
		return "–"
	case "no-answer":
		return "asked for, not given"
	case "left":
		return "left"
	case "unknown":
		return "the directory did not say whether it took the password"
	case "cancelled":
		return "cancelled"
	case "superseded":
		return "finished in another attempt"
	}
	switch flow.Refusal(code) {
	case flow.RefusedBlocked:
		return "blocked after too many wrong answers"
	case flow.RefusedFrozen:
		return "stopped by the owner of the account"
	case flow.RefusedDenied:
		return "not allowed by the directory or a policy"
	case flow.RefusedNotEnrolled:
		return "not enough ways set up"
	case flow.RefusedGone:
		return "the account disappeared meanwhile"
	case flow.RefusedByRule:
		return "a rule of the settings"
	case flow.RefusedByLimit:
		return "done as often as the policy allows"
	case flow.RefusedByThreat:
		return "stopped by the threat level"
	case flow.RefusedPrivileged:
		return "privileged accounts are for the help desk"
	case flow.RefusedRetries:
		return "too many passwords that the directory did not take"
	case flow.RefusedByPerson:
		return "cancelled"
	}
	return strings.ReplaceAll(code, "-", " ")
}

// reason says why somebody could not reset now.
func reason(c report.Covered) string {
	switch c.Reason {
	case "":
		return ""
	case "not-usable":
		return "Disabled, expired, or not for passwords"
	case "no-policy":
		return "No policy is for this account"
	case "action-not-allowed":
		return "The policy does not allow resets"
	case "no-time":
		return "The policy holds at another time"
	case "not-enrolled":
		if len(c.Methods) == 0 {
			return "Nothing is set up"
		}
		return "Not enough of what the policy asks for is set up"
	}
	text := reasonText(c.Reason)
	return strings.ToUpper(text[:1]) + text[1:]
}

// percent writes a share of 0 to 1.
func percent(share float64) string {
	return strconv.FormatFloat(100*share, 'f', 1, 64) + " %"
}

// rate is percent of done; a dash where nothing ended.
func rate(c report.Count) string {
	if share, ok := c.Rate(); ok {
		return percent(share)
	}
	return "–"
}

// span of time, to the second below two minutes.
func duration(d time.Duration) string {
	if d >= 2*time.Minute && d < 2*time.Hour {
		return strconv.Itoa(int(d.Minutes())) + " min " + strconv.Itoa(int(d.Seconds())%60) + " s"
	}
	if d < 2*time.Minute && d >= time.Minute {
		return strconv.Itoa(int(d.Seconds())) + " s"
	}
	return view.Span(d)
}

func figure(n int64) string { return view.Count(int(n)) }

// compared says how a number stands to one of before.
func compared(now, before int64, with string) string {
	switch {
	case before == 0:
		return "none on " + with
	case now == before:
		return "as many as " + with
	}
	change := 100 * float64(now-before) / float64(before)
	sign := "+"
	if change < 0 {
		sign, change = "−", -change
	}
	return sign + strconv.FormatFloat(change, 'f', 0, 64) + " % on " + with + " (" + figure(before) + ")"
}
