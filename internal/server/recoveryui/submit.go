package recoveryui

import (
	"errors"
	"io"
	"net/http"
	"net/url"
	"strconv"

	"github.com/go-chi/chi/v5"

	"rekey/internal/authenticator"
	"rekey/internal/fault"
	"rekey/internal/flow"
	"rekey/internal/passwordrule"
	"rekey/internal/recovery"
	"rekey/internal/secret"
	"rekey/internal/server/frame"
	"rekey/internal/server/promptview"
	"rekey/web/component"
	"rekey/web/recoverypage"
)

func (u *UI) submitChoose(w http.ResponseWriter, r *http.Request) error {
	f, err := u.Service.Choose(r.Context(), u.token(r), r.PostFormValue("at"), r.PostFormValue("method"), source(r))
	return u.afterForm(w, r, f, err)
}

func (u *UI) submitResend(w http.ResponseWriter, r *http.Request) error {
	_, err := u.Service.Resend(r.Context(), u.token(r), r.PostFormValue("at"), source(r))
	return u.again(w, r, missing(err))
}

func (u *UI) submitBack(w http.ResponseWriter, r *http.Request) error {
	_, err := u.Service.Back(r.Context(), u.token(r), r.PostFormValue("at"))
	return u.again(w, r, missing(err))
}

func (u *UI) submitCancel(w http.ResponseWriter, r *http.Request) error {
	_, err := u.Service.Cancel(r.Context(), u.token(r), r.PostFormValue("at"), source(r))
	return u.again(w, r, missing(err))
}

// submitAnswer takes the answer to the open question, whatever its shape.
func (u *UI) submitAnswer(w http.ResponseWriter, r *http.Request) error {
	answer, err := promptview.Answer(r)
	if err != nil {
		return err
	}
	return u.answer(w, r, r.PostFormValue("at"), answer)
}

// answer has an answer judged. A wrong one counts against its source too.
func (u *UI) answer(w http.ResponseWriter, r *http.Request, at string, answer authenticator.Response) error {
	fresh, f, err := u.Service.Answer(r.Context(), u.token(r), at, answer, source(r))
	if fresh != "" {
		u.Cookie.Set(w, string(fresh))
	}
	if err == nil && f.Notice != "" {
		err = u.Gate.Failed(r)
	}
	return u.afterForm(w, r, f, err)
}

// back takes the browser in again after a sign-in elsewhere. The answer is bound to the open question, so it works once; what answers
// no question of this browser is no try, since any page may send a browser here.
func (u *UI) back(w http.ResponseWriter, r *http.Request) error {
	f, err := u.Service.Flow(r.Context(), u.token(r))
	if err != nil || !asked(f, r.URL.Query().Get("state")) {
		return u.again(w, r, missing(err))
	}
	return u.answer(w, r, recovery.At(f), authenticator.RedirectResponse{Values: r.URL.Query()})
}

// asked reports whether the open question sent a browser away with this state.
func asked(f flow.Flow, state string) bool {
	if f.Stage != flow.Prove || f.Challenge == nil || state == "" {
		return false
	}
	prompt, err := authenticator.DecodePrompt(f.Challenge.Prompt)
	away, ok := prompt.(authenticator.RedirectPrompt)
	if err != nil || !ok {
		return false
	}
	to, err := url.Parse(away.URL)
	return err == nil && to.Query().Get("state") == state
}

// afterForm shows a problem with the form on the same page, and anything else where the flow is now.
func (u *UI) afterForm(w http.ResponseWriter, r *http.Request, f flow.Flow, err error) error {
	if err == nil {
		return u.again(w, r, nil)
	}
	ps, ok := problems(u.Frame.Shell(r), err)
	if !ok || f.ID == "" {
		return u.again(w, r, missing(err))
	}
	page, err := u.page(r, f, ps)
	if err != nil {
		return err
	}
	return frame.Render(w, r, http.StatusUnprocessableEntity, page.Page())
}

// submitFinish takes the new password, or the wish for a suggestion, or the confirmation of an unlock.
func (u *UI) submitFinish(w http.ResponseWriter, r *http.Request) error {
	if r.PostFormValue("suggest") != "" {
		return u.suggest(w, r)
	}
	in := recovery.NewPassword{Password: secret.New(r.PostFormValue("password")), Current: secret.New(r.PostFormValue("current"))}
	if second, sent := r.PostForm["password2"]; sent && !secret.New(second[0]).Equal(in.Password) {
		return u.unequal(w, r)
	}
	f, err := u.Service.Finish(r.Context(), u.token(r), r.PostFormValue("at"), in, source(r))
	var broken *recovery.Broken
	if errors.As(err, &broken) {
		return u.broken(w, r, f, broken)
	}
	if err == nil && recovery.WrongCurrent(f) {
		err = u.Gate.Failed(r)
	}
	return u.afterForm(w, r, f, err)
}

func (u *UI) unequal(w http.ResponseWriter, r *http.Request) error {
	f, err := u.Service.Flow(r.Context(), u.token(r))
	if err != nil {
		return u.again(w, r, missing(err))
	}
	return u.afterForm(w, r, f, fault.New(fault.Invalid, "password.not-equal").On("password2"))
}

// broken shows which rules the password breaks. What was typed is not sent back.
func (u *UI) broken(w http.ResponseWriter, r *http.Request, f flow.Flow, b *recovery.Broken) error {
	sh := u.shell(r, f)
	var ps component.Problems
	var rules []component.Rule
	for _, res := range b.Results {
		rule := viewRule(f, res.Rule)
		switch res.State {
		case passwordrule.Met:
			rule.State = component.Met
		case passwordrule.Unmet:
			rule.State = component.Unmet
			ps = append(ps, component.Problem{Field: "password", Text: component.RuleText(sh.Text, rule)})
		case passwordrule.Unknown:
		}
		rules = append(rules, rule)
	}
	page, err := u.password(r, sh, f, ps, "")
	if err != nil {
		return err
	}
	switch p := page.(type) {
	case recoverypage.Password:
		p.Rules = rules
		page = p
	case recoverypage.ChangePassword:
		p.Rules = rules
		page = p
	}
	return frame.Render(w, r, http.StatusUnprocessableEntity, page.Page())
}

// suggest shows a password that meets the rules, in the field, readable.
func (u *UI) suggest(w http.ResponseWriter, r *http.Request) error {
	f, err := u.Service.Flow(r.Context(), u.token(r))
	if err != nil {
		return u.again(w, r, missing(err))
	}
	suggested, err := u.Service.Suggest(r.Context(), f)
	if err != nil {
		return u.again(w, r, err)
	}
	page, err := u.password(r, u.shell(r, f), f, nil, suggested.Reveal())
	if err != nil {
		return err
	}
	return frame.Render(w, r, http.StatusOK, page.Page())
}

// extend keeps the flow open and tells the script how many seconds are left.
func (u *UI) extend(w http.ResponseWriter, r *http.Request) error {
	f, err := u.Service.Extend(r.Context(), u.token(r))
	if err != nil {
		return err
	}
	left := int(u.shell(r, f).Timeout.Left.Seconds())
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = io.WriteString(w, strconv.Itoa(left)) // the visitor may have gone
	return nil
}

// showFreeze asks. Opening the link does nothing: mail scanners open links too.
func (u *UI) showFreeze(w http.ResponseWriter, r *http.Request) error {
	if err := u.Service.CheckFreeze(chi.URLParam(r, "token")); err != nil {
		return u.badLink(w, r, err)
	}
	page := recoverypage.Freeze{Shell: u.Frame.Shell(r), Form: component.Form{Action: r.URL.EscapedPath()}}
	return frame.Render(w, r, http.StatusOK, page.Page())
}

// submitFreeze stops recovery of the account the link is for.
func (u *UI) submitFreeze(w http.ResponseWriter, r *http.Request) error {
	if err := u.Service.Freeze(r.Context(), chi.URLParam(r, "token"), source(r)); err != nil {
		return u.badLink(w, r, err)
	}
	page := recoverypage.Frozen{Shell: u.Frame.Shell(r)}
	return frame.Render(w, r, http.StatusOK, page.Page())
}

func (u *UI) badLink(w http.ResponseWriter, r *http.Request, err error) error {
	if fault.Of(err).Kind != fault.NotFound {
		return err
	}
	page := recoverypage.BadLink{Shell: u.Frame.Shell(r), StartURL: "/"}
	return frame.Render(w, r, http.StatusNotFound, page.Page())
}
