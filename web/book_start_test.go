package web_test

import (
	"time"

	"rekey/web/component"
	"rekey/web/layout"
	"rekey/web/problempage"
	"rekey/web/recoverypage"
)

// problem is one thing wrong, in the page's words.
func problem(sh layout.Shell, field, key string) component.Problems {
	return component.Problems{{Field: field, Text: sh.T(key)}}
}

func start(sh layout.Shell, action string) recoverypage.Start {
	return recoverypage.Start{
		Shell: sh, Action: action, Form: form(), ResetURL: "/", UnlockURL: "/unlock", ChangeURL: "/change", AccountURL: "/account",
	}
}

func startStories() []story {
	domains := []component.Option{{Value: "a", Label: "corp.example.com"}, {Value: "b", Label: "berlin.example.com"}}
	return []story{
		{"start-reset", func(sh layout.Shell) drawn { return start(sh, recoverypage.Reset) }},
		{"start-unlock", func(sh layout.Shell) drawn { return start(sh, recoverypage.Unlock) }},
		{"start-change", func(sh layout.Shell) drawn { return start(sh, recoverypage.Change) }},
		{"start-only-reset", func(sh layout.Shell) drawn {
			sh.HelpText, sh.Languages = "", nil
			return recoverypage.Start{Shell: sh, Action: recoverypage.Reset, Form: form()}
		}},
		{"start-problem", func(sh layout.Shell) drawn {
			m := start(sh, recoverypage.Reset)
			m.Name, m.Problems = "no body", problem(sh, "name", "start.name-invalid")
			return m
		}},
		{"start-notice", func(sh layout.Shell) drawn {
			m := start(sh, recoverypage.Reset)
			m.Notice = component.NoticeText(sh.Text, "renamed")
			return m
		}},
		{"start-many-languages", func(sh layout.Shell) drawn {
			for _, name := range []string{"Français", "Español", "Italiano"} {
				sh.Languages = append(sh.Languages, layout.Language{Tag: "fr", Name: name, URL: "/fr/start-reset"})
			}
			return start(sh, recoverypage.Reset)
		}},
		{"domain", func(sh layout.Shell) drawn {
			return recoverypage.Domain{Shell: sh, Form: form(), Name: "jdoe", Domains: domains, BackURL: "/"}
		}},
		{"domain-problem", func(sh layout.Shell) drawn {
			ps := problem(sh, "domain", "domain.pick-one")
			return recoverypage.Domain{Shell: sh, Form: form(), Name: "jdoe", Domains: domains, BackURL: "/", Problems: ps}
		}},
	}
}

func problemStories() []story {
	var out []story
	for name, retry := range map[string]time.Duration{
		"internal": 0, "not-found": 0, "too-many": 40 * time.Second, "directory-down": 5 * time.Minute, "stale": 0, "expired": 0,
		"signed-out": 0, "method-off": 0, "cross-origin": 0, "unheard-of": 0,
	} {
		out = append(out, story{"problem-" + name, func(sh layout.Shell) drawn {
			m := problempage.Problem{Shell: sh, Key: "problem." + name, Request: "q7h2k5vwxyzabcde", Retry: retry, StartURL: "/"}
			if name == "signed-out" {
				m.StartKey = "action.sign-in"
			}
			return m
		}})
	}
	return append(out, story{"problem-no-such-method", func(sh layout.Shell) drawn {
		return problempage.Problem{Shell: sh, Key: "account.no-such-method", StartURL: "/account", StartKey: "problem.continue"}
	}})
}
