package enrollui

import (
	"net/http"
	"strings"

	"github.com/a-h/templ"

	"rekey/internal/authenticator"
	"rekey/internal/enrollment"
	"rekey/internal/server"
	"rekey/internal/server/frame"
	"rekey/internal/server/promptview"
	"rekey/web/component"
	"rekey/web/enrollpage"
	"rekey/web/layout"
)

// drawn is a page that can draw itself.
type drawn interface{ Page() templ.Component }

// show draws what the session is in the middle of, else the account; without a session, the sign-in.
func (u *UI) show(w http.ResponseWriter, r *http.Request) error {
	sess, err := u.Service.Session(r.Context(), u.token(r))
	if err != nil {
		return u.showSignIn(w, r, err)
	}
	said, err := u.said(r, sess)
	if err != nil {
		return err
	}
	page, err := u.page(r, sess, said)
	if err != nil {
		return err
	}
	return frame.Render(w, r, http.StatusOK, page.Page())
}

// said is what a page says besides its own words: good news, or what is wrong.
type said struct {
	notice   string
	problems component.Problems
}

// said fetches what the session has to say, once.
func (u *UI) said(r *http.Request, sess enrollment.Session) (said, error) {
	code, err := u.Service.Notice(r.Context(), sess)
	if err != nil || code == "" {
		return said{}, err
	}
	text := component.NoticeText(u.Frame.Shell(r).Text, code)
	if sess.Pending != nil {
		text = component.AnswerText(u.Frame.Shell(r).Text, code, string(sess.Pending.Kind))
	}
	switch head, _, _ := strings.Cut(code, ":"); head {
	case "added", "removed", "renamed":
		return said{notice: text}, nil
	}
	return said{problems: component.Problems{{Text: text}}}, nil
}

// page draws the page of the stage the session is at.
func (u *UI) page(r *http.Request, sess enrollment.Session, s said) (drawn, error) {
	switch sess.Stage() {
	case enrollment.Choose:
		return u.choose(r, sess, s)
	case enrollment.Prove:
		return u.prove(u.shell(r, sess), sess, s)
	case enrollment.Enroll:
		return u.add(r, sess, s)
	case enrollment.Idle:
	}
	return u.account(r, sess, s)
}

func (u *UI) choose(r *http.Request, sess enrollment.Session, s said) (drawn, error) {
	ways, err := u.Service.Ways(r.Context(), sess)
	if err != nil {
		return nil, err
	}
	page := enrollpage.StepUp{
		Shell: u.shell(r, sess), Form: form("/account/choose", sess), Then: sess.Pending.Purpose(), Problems: s.problems,
		CancelURL: "/account/cancel",
	}
	for _, w := range ways {
		page.Ways = append(page.Ways, component.Way{Ref: w.Ref, Kind: string(w.Kind), Label: w.Label, NeedsScript: w.NeedsScript})
	}
	return page, nil
}

func (u *UI) prove(sh layout.Shell, sess enrollment.Session, s said) (drawn, error) {
	prompt, err := authenticator.DecodePrompt(sess.Pending.Prompt)
	if err != nil {
		return nil, err
	}
	return enrollpage.Prove{
		Shell: sh, Form: form("/account/answer", sess), Kind: string(sess.Pending.Kind), Prompt: promptview.Of(prompt),
		Problems: on(s.problems, prompt), Notice: u.resent(sh, sess, s), ResendURL: u.resendURL(sess), AnotherURL: "/account/back",
		CancelURL: "/account/cancel",
	}, nil
}

func (u *UI) add(r *http.Request, sess enrollment.Session, s said) (drawn, error) {
	prompt, err := authenticator.DecodePrompt(sess.Pending.Prompt)
	if err != nil {
		return nil, err
	}
	sh := u.shell(r, sess)
	return enrollpage.Add{
		Shell: sh, Form: form("/account/answer", sess), Kind: string(sess.Pending.Kind), Prompt: promptview.Refill(promptview.Of(prompt), r),
		AskLabel: promptview.IsDevice(prompt), Label: r.PostFormValue("label"), Problems: on(s.problems, prompt),
		Notice: u.resent(sh, sess, s), ResendURL: u.resendURL(sess), CancelURL: "/account/cancel",
	}, nil
}

// on lets a problem about the answer point to the field the prompt is answered in.
func on(ps component.Problems, prompt authenticator.Prompt) component.Problems {
	out := make(component.Problems, len(ps))
	for i, p := range ps {
		if p.Field == "" {
			p.Field = promptview.Field(prompt)
		}
		out[i] = p
	}
	return out
}

func (u *UI) resendURL(sess enrollment.Session) string {
	if u.Service.Resendable(sess.Pending) {
		return "/account/resend"
	}
	return ""
}

// resent tells that an older code is no use any more, when nothing is wrong.
func (u *UI) resent(sh layout.Shell, sess enrollment.Session, s said) string {
	if sess.Pending.Sends > 1 && !s.problems.Any() {
		return component.NoticeText(sh.Text, "resent")
	}
	return ""
}

// agentText says in words what browser a session is in, for people to recognise it by. Empty: unknown.
func agentText(sh layout.Shell, agent string) string {
	browser, system := server.Browser(agent)
	switch {
	case browser == "":
		return ""
	case system == "":
		return browser
	}
	return sh.T("account.browser", "Browser", browser, "System", system)
}
