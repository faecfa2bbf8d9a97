package web_test

import (
	"time"

	"rekey/web/component"
	"rekey/web/layout"
	"rekey/web/recoverypage"
)

// options are those of a passkey ceremony, as the server's library writes them.
const (
	getOptions    = `{"publicKey":{"challenge":"AAECAwQFBgcICQoLDA0ODw","timeout":60000,"rpId":"localhost","userVerification":"required"}}`
	createOptions = `{"publicKey":{"rp":{"name":"Example","id":"localhost"},"user":{"name":"anna","displayName":"Anna","id":"AQIDBA"},` +
		`"challenge":"AAECAwQFBgcICQoLDA0ODw","pubKeyCredParams":[{"type":"public-key","alg":-7},{"type":"public-key","alg":-257}],` +
		`"timeout":60000,"authenticatorSelection":{"residentKey":"required","userVerification":"required"}}}`
)

func offers() []component.Way {
	return []component.Way{
		{Ref: "passkey", Kind: "passkey", NeedsScript: true},
		{Ref: "totp", Kind: "totp"},
		{Ref: "push", Kind: "push"},
		{Ref: "mail", Kind: "mail"},
		{Ref: "backup-code", Kind: "backup-code"},
	}
}

func choose(sh layout.Shell, needed, proven int) recoverypage.Choose {
	return recoverypage.Choose{
		Shell: sh, Action: recoverypage.Reset, Step: component.Step{Now: 1 + proven, Of: 2 + needed}, Form: form(), Ways: offers(),
		Needed: needed, Proven: proven, NoneURL: "/none", CancelURL: "/cancel",
	}
}

func prove(sh layout.Shell, kind string, p component.Prompt) recoverypage.Prove {
	sh.Timeout = layout.Timeout{Left: 10 * time.Minute, Extend: "/extend", Over: "/over"}
	m := recoverypage.Prove{
		Shell: sh, Step: component.Step{Now: 2, Of: 4}, Form: form(), Kind: kind, Prompt: p, Needed: 2, AnotherURL: "/back", CancelURL: "/cancel",
	}
	if c, ok := p.(component.Code); ok && c.Sent {
		m.ResendURL = "/resend"
	}
	return m
}

// proving is a story of an open question, perhaps with something wrong.
func proving(name, kind string, p component.Prompt, field, wrong string) story {
	return story{"prove-" + name, func(sh layout.Shell) drawn {
		m := prove(sh, kind, p)
		if wrong != "" {
			m.Problems = problem(sh, field, wrong)
		}
		return m
	}}
}

func proveStories() []story {
	questions := component.Questions{Questions: []string{"What was your first teacher’s name?", "Where did your parents meet?"}}
	return append([]story{
		{"choose-one", func(sh layout.Shell) drawn { return choose(sh, 1, 0) }},
		{"choose-two", func(sh layout.Shell) drawn { return choose(sh, 2, 0) }},
		{"choose-last", func(sh layout.Shell) drawn { return choose(sh, 2, 1) }},
		{"choose-more", func(sh layout.Shell) drawn { return choose(sh, 3, 1) }},
		{"choose-problem", func(sh layout.Shell) drawn {
			m := choose(sh, 2, 0)
			m.Problems = problem(sh, "method", "choose.pick-one")
			return m
		}},
		{"choose-alike", func(sh layout.Shell) drawn {
			m := choose(sh, 1, 0)
			m.Ways = []component.Way{{Ref: "mail:1", Kind: "mail", Label: "a•••@e•••.com"}, {Ref: "mail:2", Kind: "mail", Label: "b•••@m•••.org"}}
			return m
		}},
		{"prove-sent-again", func(sh layout.Shell) drawn {
			m := prove(sh, "mail", component.Code{Digits: 6, Sent: true})
			m.Notice = component.NoticeText(sh.Text, "resent")
			return m
		}},
	},
		proving("totp", "totp", component.Code{Digits: 6}, "", ""),
		proving("totp-wrong", "totp", component.Code{Digits: 6}, "code", "notice.wrong-code"),
		proving("mail", "mail", component.Code{Digits: 6, Sent: true, Masked: "a•••@e•••.com"}, "", ""),
		proving("backup", "backup-code", component.Code{Letters: true}, "", ""),
		proving("backup-wrong", "backup-code", component.Code{Letters: true}, "code", "notice.wrong"),
		proving("passkey", "passkey", component.Ceremony{Options: getOptions}, "", ""),
		proving("passkey-wrong", "passkey", component.Ceremony{Options: getOptions}, "", "notice.wrong"),
		proving("push", "push", component.Wait{Match: "47"}, "", ""),
		proving("wait", "manager", component.Wait{}, "", ""),
		proving("questions", "questions", questions, "", ""),
		proving("questions-wrong", "questions", questions, "answer2", "notice.wrong"),
		proving("redirect", "saml", component.Redirect{URL: "https://idp.example.com/sso"}, "", ""),
		proving("certificate", "certificate", component.Certificate{Path: "/certificate"}, "", ""),
		proving("unknown", "duo", component.Code{}, "", ""),
	)
}
