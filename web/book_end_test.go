package web_test

import (
	"time"

	"rekey/web/component"
	"rekey/web/layout"
	"rekey/web/recoverypage"
)

// rules are all there are; n of the first is met and the next is not.
func rules(judged bool) []component.Rule {
	out := []component.Rule{
		{Code: "min-length", N: 15, Live: true},
		{Code: "classes", N: 3, Of: 5, Live: true},
		{Code: "name", Words: []string{"anna", "Schmidt"}, Live: true},
		{Code: "characters", Live: true},
		{Code: "max-length", N: 40, Live: true},
		{Code: "common"},
		{Code: "history", N: 24},
		{Code: "min-age", N: 1},
		{Code: "policy"},
	}
	if judged {
		out[0].State, out[1].State, out[5].State = component.Met, component.Unmet, component.Met
	}
	return out
}

func password(sh layout.Shell) recoverypage.Password {
	return recoverypage.Password{
		Shell: sh, Step: component.Step{Now: 3, Of: 4}, Form: form(), SignIn: "anna@example.com", Product: "Windows, mail and Microsoft 365",
		Rules: rules(false), CanOffer: true, CancelURL: "/cancel",
	}
}

func change(sh layout.Shell) recoverypage.ChangePassword {
	return recoverypage.ChangePassword{
		Shell: sh, Step: component.Step{Now: 2, Of: 3}, Form: form(), SignIn: "anna", Rules: rules(false), CanOffer: true, ResetURL: "/",
		CancelURL: "/cancel",
	}
}

func done(sh layout.Shell, action string) recoverypage.Done {
	return recoverypage.Done{
		Shell: sh, Action: action, Step: component.Step{Now: 4, Of: 4}, SignIn: "anna", Told: true, AccountURL: "/account", FinishURL: "/",
	}
}

func endStories() []story {
	return append(append(passwordStories(), doneStories()...), refusedStories()...)
}

func passwordStories() []story {
	return []story{
		{"password", func(sh layout.Shell) drawn { return password(sh) }},
		{"password-problem", func(sh layout.Shell) drawn {
			m := password(sh)
			m.Rules = rules(true)
			m.Problems = component.Problems{{Field: "password", Text: component.RuleText(sh.Text, m.Rules[1])}, {Text: sh.T("notice.rejected.policy")}}
			return m
		}},
		{"password-suggested", func(sh layout.Shell) drawn {
			m := password(sh)
			m.Suggested = "harbor-Velvet-onion-tandem7"
			return m
		}},
		{"password-four-classes", func(sh layout.Shell) drawn {
			m := password(sh)
			m.Rules = []component.Rule{{Code: "min-length", N: 8, Live: true}, {Code: "classes", N: 3, Of: 4, Live: true}}
			return m
		}},
		{"password-half", func(sh layout.Shell) drawn {
			m := password(sh)
			m.Places = []recoverypage.Place{{Name: "Windows"}, {Name: "Microsoft 365", Missing: true}}
			m.Problems = problem(sh, "password", "notice.rejected.banned")
			return m
		}},
		{"change", func(sh layout.Shell) drawn { return change(sh) }},
		{"change-half", func(sh layout.Shell) drawn {
			m := change(sh)
			m.Places = []recoverypage.Place{{Name: "Microsoft 365"}, {Name: "Windows", Missing: true}}
			return m
		}},
		{"change-problem", func(sh layout.Shell) drawn {
			m := change(sh)
			m.Problems = append(problem(sh, "current", "notice.rejected.wrong-current"), problem(sh, "password", "notice.rejected.in-history")...)
			return m
		}},
		{"confirm", func(sh layout.Shell) drawn {
			return recoverypage.Confirm{Shell: sh, Step: component.Step{Now: 3, Of: 4}, Form: form(), SignIn: "anna@example.com", CancelURL: "/cancel"}
		}},
		{"confirm-problem", func(sh layout.Shell) drawn {
			ps := problem(sh, "", "notice.unavailable")
			return recoverypage.Confirm{Shell: sh, Form: form(), SignIn: "anna@example.com", Problems: ps, CancelURL: "/cancel"}
		}},
		{"working-reset", func(sh layout.Shell) drawn {
			sh.Refresh = 2
			return recoverypage.Working{Shell: sh, Action: recoverypage.Reset, Step: component.Step{Now: 3, Of: 4}}
		}},
		{"working-unlock", func(sh layout.Shell) drawn { return recoverypage.Working{Shell: sh, Action: recoverypage.Unlock} }},
		{"working-change", func(sh layout.Shell) drawn { return recoverypage.Working{Shell: sh, Action: recoverypage.Change} }},
	}
}

func doneStories() []story {
	return []story{
		{"done-reset", func(sh layout.Shell) drawn {
			m := done(sh, recoverypage.Reset)
			m.Places = []recoverypage.Place{{Name: "Windows and the office network"}, {Name: "Microsoft 365", Minutes: 2}}
			return m
		}},
		{"done-reset-must-change", func(sh layout.Shell) drawn {
			m := done(sh, recoverypage.Reset)
			m.WasLocked, m.Unlocked, m.MustChange, m.Minutes = true, true, true, 15
			return m
		}},
		{"done-reset-still-locked", func(sh layout.Shell) drawn {
			m := done(sh, recoverypage.Reset)
			m.WasLocked, m.Minutes, m.AccountURL = true, 15, ""
			return m
		}},
		{"done-half", func(sh layout.Shell) drawn {
			m := done(sh, recoverypage.Reset)
			m.Places, m.Minutes = []recoverypage.Place{{Name: "Windows"}, {Name: "Microsoft 365", Missing: true}}, 15
			return m
		}},
		{"done-unlock", func(sh layout.Shell) drawn {
			m := done(sh, recoverypage.Unlock)
			m.WasLocked, m.Unlocked, m.Minutes = true, true, 1
			return m
		}},
		{"done-unlock-was-open", func(sh layout.Shell) drawn { return done(sh, recoverypage.Unlock) }},
		{"done-change", func(sh layout.Shell) drawn {
			m := done(sh, recoverypage.Change)
			m.Minutes = 15
			return m
		}},
	}
}

func refusedStories() []story {
	out := []story{
		{"expired", func(sh layout.Shell) drawn { return recoverypage.Expired{Shell: sh, StartURL: "/"} }},
		{"stopped", func(sh layout.Shell) drawn {
			return recoverypage.Stopped{Shell: sh, AccountURL: "/account", StartURL: "/"}
		}},
		{"freeze", func(sh layout.Shell) drawn { return recoverypage.Freeze{Shell: sh, Form: form()} }},
		{"frozen", func(sh layout.Shell) drawn { return recoverypage.Frozen{Shell: sh} }},
		{"bad-link", func(sh layout.Shell) drawn { return recoverypage.BadLink{Shell: sh, StartURL: "/"} }},
		{"refused-blocked-long", func(sh layout.Shell) drawn {
			return recoverypage.Refused{Shell: sh, Reason: "blocked", Until: now.Add(5 * time.Hour), Wait: 5 * time.Hour, StartURL: "/"}
		}},
		{"refused-none", func(sh layout.Shell) drawn {
			return recoverypage.Refused{Shell: sh, Reason: "none", StartURL: "/", BackURL: "/flow", AccountURL: "/account"}
		}},
	}
	out = append(out, story{"refused-limit-days", func(sh layout.Shell) drawn {
		return recoverypage.Refused{Shell: sh, Reason: "limit", Until: now.Add(100 * time.Hour), Wait: 100 * time.Hour, StartURL: "/"}
	}}, story{"refused-rule-own-words", func(sh layout.Shell) drawn {
		return recoverypage.Refused{Shell: sh, Reason: "rule", Text: "From outside the office, call 4357 <first> & wait.", StartURL: "/"}
	}})
	for _, reason := range []string{
		"blocked", "frozen", "denied", "cancelled", "gone", "rule", "limit", "threat", "privileged", "retries", "something-new",
	} {
		out = append(out, story{"refused-" + reason, func(sh layout.Shell) drawn {
			return recoverypage.Refused{Shell: sh, Reason: reason, Until: now.Add(30 * time.Minute), Wait: 30 * time.Minute, StartURL: "/"}
		}})
	}
	return out
}
