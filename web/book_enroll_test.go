package web_test

import (
	"time"

	"rekey/web/component"
	"rekey/web/enrollpage"
	"rekey/web/layout"
)

const day = 24 * time.Hour

func methods() []enrollpage.Method {
	return []enrollpage.Method{
		{ID: "1", Kind: "passkey", Label: "My laptop", Added: now.Add(-90 * day), LastUsed: now.Add(-2 * day), RenameURL: "/rename/1", RemoveURL: "/remove/1"},
		{ID: "2", Kind: "totp", Added: now.Add(-90 * day), RenameURL: "/rename/2", RemoveURL: "/remove/2"},
		{ID: "3", Kind: "mail", Label: "a•••@e•••.com", Added: now.Add(-30 * day), RemoveURL: "/remove/3"},
	}
}

func addable() []enrollpage.Addable {
	return []enrollpage.Addable{{Kind: "passkey", NeedsScript: true}, {Kind: "totp"}, {Kind: "mail"}, {Kind: "backup-code"}}
}

func setup(sh layout.Shell, missing int) enrollpage.Setup {
	m := enrollpage.Setup{Shell: sh, Display: "Anna Schmidt", Form: form(), Needed: 2, Missing: missing, Offers: addable(), LaterURL: "/account"}
	if missing < 2 {
		m.Methods = methods()[:2-missing]
	}
	return m
}

func add(sh layout.Shell, kind string, p component.Prompt, label bool) enrollpage.Add {
	return enrollpage.Add{Shell: sh, Form: form(), Kind: kind, Prompt: p, AskLabel: label, CancelURL: "/cancel"}
}

// seed is a key for an authenticator app.
func seed() component.Seed {
	return component.Seed{
		URI:    "otpauth://totp/Example%20Corp:anna@example.com?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&issuer=Example%20Corp&digits=6",
		Key:    "JBSW Y3DP EHPK 3PXP JBSW Y3DP EHPK 3PXP",
		Digits: 6,
	}
}

func sheet() component.Sheet {
	return component.Sheet{Codes: []string{
		"7QHM-2KVX-9TRB", "C4WD-8YNP-J3FZ", "M6TX-R2QK-V7HB", "P9CJ-4NWZ-D8YF", "T3BR-X7MQ-K2VH",
		"W8FN-6ZPC-Y4JD", "H2VK-Q9TX-B7RM", "D5YJ-N3FW-Z8CP", "X7MB-K4RT-Q2VH", "F9PZ-W6DN-J3CY",
	}}
}

func account(sh layout.Shell) enrollpage.Account {
	return enrollpage.Account{
		Shell: sh, Display: "Anna Schmidt", SignIn: "anna@example.com", Methods: methods(), AddForm: form(), Offers: addable(),
		History: []enrollpage.Past{
			{Event: "write.done", Purpose: "reset", OK: true, At: now.Add(-time.Hour), Where: "203.0.113.9"},
			{Event: "proof.rejected", Purpose: "reset", Kinds: []string{"totp"}, At: now.Add(-time.Hour), Where: "2001:db8:85a3:8d3:1319:8a2e:370:7348"},
			{Event: "method.added", OK: true, Kinds: []string{"passkey"}, At: now.Add(-90 * day), Where: "203.0.113.9"},
			{Event: "something.new", OK: true, At: now.Add(-91 * day)},
		},
		Sessions: []enrollpage.Session{
			{Agent: "Firefox on Windows", Address: "203.0.113.9", Since: now.Add(-time.Minute), Current: true},
			{Address: "2001:db8:85a3:8d3:1319:8a2e:370:7348", Since: now.Add(-time.Hour)},
		},
		EndOthers: form(), SignOut: form(), PasswordURL: "/change",
	}
}

func enrollStories() []story {
	return append(append(signInStories(), addStories()...), accountStories()...)
}

func signInStories() []story {
	domains := []component.Option{{Value: "a", Label: "corp.example.com"}, {Value: "b", Label: "berlin.example.com"}}
	signIn := func(sh layout.Shell) enrollpage.SignIn {
		return enrollpage.SignIn{Shell: sh, Form: form(), ResetURL: "/", ChangeURL: "/change"}
	}
	return []story{
		{"signin", func(sh layout.Shell) drawn { return signIn(sh) }},
		{"signin-elsewhere", func(sh layout.Shell) drawn {
			m := signIn(sh)
			m.Elsewhere = []enrollpage.Elsewhere{{Label: "Microsoft 365", URL: "/account/sign-in-at/contoso.example"}}
			return m
		}},
		{"signin-problem", func(sh layout.Shell) drawn {
			m := signIn(sh)
			m.Name, m.Problems = "anna", problem(sh, "password", "signin.wrong")
			return m
		}},
		{"signin-domains", func(sh layout.Shell) drawn {
			m := signIn(sh)
			m.Name, m.Domains, m.Problems = "anna", domains, problem(sh, "domain", "domain.pick-one")
			return m
		}},
		{"signed-out", func(sh layout.Shell) drawn { return enrollpage.SignedOut{Shell: sh, SignInURL: "/account"} }},
		{"setup-first", func(sh layout.Shell) drawn { return setup(sh, 2) }},
		{"setup-more", func(sh layout.Shell) drawn {
			m := setup(sh, 1)
			m.Notice = component.NoticeText(sh.Text, "added:totp")
			return m
		}},
		{"setup-problem", func(sh layout.Shell) drawn {
			m := setup(sh, 2)
			m.Problems = problem(sh, "kind", "setup.pick-one")
			return m
		}},
		{"setup-ready", func(sh layout.Shell) drawn { return setup(sh, 0) }},
	}
}

func addStories() []story {
	return []story{
		{"add-passkey", func(sh layout.Shell) drawn {
			return add(sh, "passkey", component.Ceremony{Create: true, Options: createOptions}, true)
		}},
		{"add-address", func(sh layout.Shell) drawn { return add(sh, "mail", component.Address{Channel: "mail"}, false) }},
		{"add-address-problem", func(sh layout.Shell) drawn {
			m := add(sh, "mail", component.Address{Channel: "mail", Value: "anna@"}, false)
			m.Problems = problem(sh, "address", "notice.general")
			return m
		}},
		{"add-code", func(sh layout.Shell) drawn {
			m := add(sh, "mail", component.Code{Digits: 6, Sent: true, Masked: "a•••@e•••.com"}, false)
			m.ResendURL = "/resend"
			return m
		}},
		{"add-seed", func(sh layout.Shell) drawn { return add(sh, "totp", seed(), true) }},
		{"add-seed-problem", func(sh layout.Shell) drawn {
			m := add(sh, "totp", seed(), true)
			m.Label, m.Problems = "Work phone", problem(sh, "code", "notice.wrong-code")
			return m
		}},
		{"add-sheet", func(sh layout.Shell) drawn { return add(sh, "backup-code", sheet(), false) }},
		{"add-sheet-problem", func(sh layout.Shell) drawn {
			m := add(sh, "backup-code", sheet(), false)
			m.Problems = problem(sh, "code", "notice.wrong")
			return m
		}},
		{"add-other", func(sh layout.Shell) drawn { return add(sh, "push", component.Wait{Match: "12"}, false) }},
		{"step-up-add", func(sh layout.Shell) drawn {
			return enrollpage.StepUp{Shell: sh, Form: form(), Then: "add", Ways: offers()[:2], CancelURL: "/cancel"}
		}},
		{"step-up-remove", func(sh layout.Shell) drawn {
			ps := problem(sh, "method", "choose.pick-one")
			return enrollpage.StepUp{Shell: sh, Form: form(), Then: "remove", Ways: offers()[:2], CancelURL: "/cancel", Problems: ps}
		}},
		{"step-up-other", func(sh layout.Shell) drawn {
			return enrollpage.StepUp{Shell: sh, Form: form(), Ways: offers()[:1], CancelURL: "/cancel"}
		}},
		{"step-up-prove", func(sh layout.Shell) drawn {
			return enrollpage.Prove{Shell: sh, Form: form(), Kind: "totp", Prompt: component.Code{Digits: 6}, AnotherURL: "/back", CancelURL: "/cancel"}
		}},
		{"step-up-passkey", func(sh layout.Shell) drawn {
			return enrollpage.Prove{Shell: sh, Form: form(), Kind: "passkey", Prompt: component.Ceremony{Options: getOptions}, CancelURL: "/cancel"}
		}},
	}
}

func accountStories() []story {
	return []story{
		{"account", func(sh layout.Shell) drawn { return account(sh) }},
		{"account-missing", func(sh layout.Shell) drawn {
			m := account(sh)
			m.Missing, m.Methods, m.History, m.Sessions = 1, methods()[:1], nil, m.Sessions[:1]
			m.Notice = component.NoticeText(sh.Text, "removed:totp")
			return m
		}},
		{"account-empty", func(sh layout.Shell) drawn {
			return enrollpage.Account{Shell: sh, SignIn: "anna@example.com", Missing: 2, AddForm: form(), Offers: addable(), SignOut: form()}
		}},
		{"account-frozen", func(sh layout.Shell) drawn {
			m := account(sh)
			m.Frozen = true
			return m
		}},
		{"account-denied", func(sh layout.Shell) drawn {
			return enrollpage.Account{Shell: sh, SignIn: "anna@example.com", Denied: true, Methods: methods()[:1], SignOut: form()}
		}},
		{"account-problem", func(sh layout.Shell) drawn {
			m := account(sh)
			m.Problems = problem(sh, "", "enroll.too-many")
			return m
		}},
		{"rename", func(sh layout.Shell) drawn {
			return enrollpage.Rename{Shell: sh, Form: form(), Kind: "passkey", Label: "My laptop", CancelURL: "/account"}
		}},
		{"rename-problem", func(sh layout.Shell) drawn {
			ps := problem(sh, "label", "account.label-empty")
			return enrollpage.Rename{Shell: sh, Form: form(), Kind: "passkey", Problems: ps, CancelURL: "/account"}
		}},
		{"remove", func(sh layout.Shell) drawn {
			return enrollpage.Remove{Shell: sh, Form: form(), Method: methods()[0], CancelURL: "/account"}
		}},
		{"remove-missing", func(sh layout.Shell) drawn {
			return enrollpage.Remove{Shell: sh, Form: form(), Method: methods()[1], Missing: 1, CancelURL: "/account"}
		}},
	}
}
