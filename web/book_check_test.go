package web_test

import (
	"rekey/web/checkpage"
	"rekey/web/component"
	"rekey/web/layout"
	"rekey/web/recoverypage"
)

// hardPuzzle is not solved before the test is over.
const hardPuzzle = "32.AAAAAAAAAAAAAAAAAAAAAA.t0m2kf.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

func checkStories() []story {
	check := func(left int, change func(*checkpage.Check)) func(layout.Shell) drawn {
		return func(sh layout.Shell) drawn {
			sh.Refresh = left
			m := checkpage.Check{Shell: sh, Form: form(), Left: left}
			change(&m)
			return m
		}
	}
	script := func(m *checkpage.Check) {
		m.Scripts, m.Form.Check = []string{m.Links.Check}, component.Check{Puzzle: hardPuzzle}
	}
	return []story{
		{"start-checked", func(sh layout.Shell) drawn {
			sh.Scripts = []string{sh.Links.Check}
			m := start(sh, recoverypage.Reset)
			m.Form.Check.URL = "/puzzle"
			return m
		}},
		{"check", check(20, script)},
		{"check-solved", check(20, func(m *checkpage.Check) {
			script(m)
			m.Form.Check.Puzzle = "12" + hardPuzzle[2:]
		})},
		{"check-last-second", check(1, script)},
		{"check-ready", check(0, func(*checkpage.Check) {})},
		{"check-ready-password", check(0, func(m *checkpage.Check) { m.Password = true })},
		{"check-ready-away", check(0, func(m *checkpage.Check) { m.Away = true })},
		{"check-widget", check(20, func(m *checkpage.Check) {
			m.Refresh, m.Widget = 0, checkpage.Widget{Class: "cf-turnstile", SiteKey: "1x00000000000000000000AA", Action: "start", Name: "Cloudflare Turnstile"}
		})},
	}
}
