package messageui

import (
	"context"
	"crypto/rand"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/a-h/templ"

	"rekey/internal/account"
	"rekey/internal/admin"
	"rekey/internal/audit"
	"rekey/internal/delivery"
	"rekey/internal/directory"
	"rekey/internal/fault"
	"rekey/internal/gsm"
	"rekey/internal/message"
	"rekey/internal/notice"
	"rekey/internal/role"
	"rekey/internal/server"
	"rekey/internal/server/console"
	"rekey/internal/throttle"
	"rekey/internal/wording"
	view "rekey/web/console"
	"rekey/web/messagepage"
)

// sample is a message about an account, of things that did not happen.
func (u *UI) sample(f draft, to string, who account.Account) message.Message {
	now := u.Console.Now().UTC()
	return message.Message{
		ID: "test." + rand.Text(), Template: f.event, Channel: f.by, Locale: f.language, To: to, Account: who.ID.String(),
		Data: map[string]string{
			"name": who.Name(), "at": now.Format(time.RFC3339), "until": now.Add(time.Hour).Format(time.RFC3339), "where": "Vienna, Austria",
			"address": "192.0.2.7", "method": "passkey", "label": "Work phone", "code": "000000", "minutes": "10", "purpose": "reset",
			"reason": "day-segments", "cap": "500", "range": "+43 660", "freeze": u.PublicURL + notice.FreezePath + "example",
		},
	}
}

// preview writes the message; missing says that the account it was to be written for is not there.
func (u *UI) preview(ctx context.Context, a admin.Admin, f draft) (p messagepage.Preview, missing string) {
	p = messagepage.Preview{Said: f.said, Who: f.who, Language: f.language, Dir: u.dir(f.language)}
	who, err := u.account(ctx, a, f.who)
	if err != nil {
		missing = err.Error()
		who = account.Account{ID: a.Session.Account, UPN: a.Name()}
	}
	p.Name = who.Name()
	p.To, p.NoTo = u.mine(ctx, a, f.by)
	own, wrong := wording.Compile(f.event, f.by, f.own)
	if len(wrong) > 0 {
		p.Problem = sentence(wrong[0].Field, wrong[0].Cause)
		return p, missing
	}
	texts := u.texts(f, own)
	if f.by == message.SMS {
		words, err := u.Courier.DraftText(u.sample(f, "", who), texts)
		if err != nil {
			p.Problem = "It cannot be written."
			return p, missing
		}
		p.Bubbles, p.Note = []string{words}, segments(words)
		return p, missing
	}
	mail, err := u.Courier.Draft(u.sample(f, "", who), texts)
	if err != nil {
		p.Problem = "It cannot be written."
		return p, missing
	}
	p.From, p.Subject, p.Text = u.Site().Brand.Name, mail.Subject, mail.Text
	p.Letter = templ.Raw(mail.Body) // of elements without attributes alone, and escaped: see wording
	return p, missing
}

// texts are those in force with the one that is written. A built-in text that nobody changed is drawn as it is built in.
func (u *UI) texts(f draft, own wording.Template) wording.Texts {
	if built, err := u.Courier.BuiltIn(f.event, f.by, f.language); err == nil && !f.has && strings.TrimSpace(built.Text) == strings.TrimSpace(f.own.Text) && built.Subject == f.own.Subject && f.own.HTML == "" {
		return u.Site().Texts.Without(f.event, f.by, f.language)
	}
	return u.Site().Texts.With(f.event, f.by, f.language, own)
}

func (u *UI) dir(tag string) string {
	for _, l := range u.Languages {
		if l.Tag == tag {
			return l.Dir
		}
	}
	return "ltr"
}

// segments says what a text message costs, and why.
func segments(words string) string {
	alphabet := "70 characters each, because not all of its characters are in the GSM alphabet"
	if gsm.Plain(words) {
		alphabet = "160 characters each, all of the GSM alphabet"
	}
	return view.Of(len([]rune(words)), "character", "characters") + ", " + view.Of(gsm.Segments(words), "segment", "segments") + " of at most " + alphabet + "."
}

// account reads whose message it is; nobody named: the administrator's own.
func (u *UI) account(ctx context.Context, a admin.Admin, typed string) (account.Account, error) {
	id := a.Session.Account
	if typed != "" && a.Grants.May(role.SeePeople) {
		var err error
		if id, _, err = u.Console.Service().Find(ctx, typed); err != nil {
			return account.Account{}, errors.New(u.Console.Say(fault.Of(err).Text))
		}
	}
	d, ok := u.Site().Directory(id.Directory)
	if !ok {
		return account.Account{}, errors.New("The account’s directory is not in the settings any more.") //nolint:staticcheck // a sentence of the form
	}
	who, err := d.Get(ctx, id)
	if err != nil && !errors.Is(err, directory.ErrGroupsUnread) {
		return account.Account{}, errors.New("The account cannot be read now.") //nolint:staticcheck // a sentence of the form
	}
	return who, nil
}

// mine is where the administrator gets a test; empty: nowhere, and why.
func (u *UI) mine(ctx context.Context, a admin.Admin, by message.Channel) (to, why string) {
	who, err := u.account(ctx, a, "")
	if err != nil {
		return "", err.Error()
	}
	if by == message.Mail {
		if len(who.Mails) == 0 {
			return "", "Your account has no mail address in the directory, so nothing can be sent to you."
		}
		return who.Mails[0], ""
	}
	if !u.Site().SMS.On {
		return "", "No gateway for text messages is set up."
	}
	if numbers := notice.Numbers(who); len(numbers) > 0 {
		return numbers[0], ""
	}
	cs, err := u.Store.Credentials(ctx, who.ID)
	if err != nil {
		return "", "Your numbers cannot be read now."
	}
	for _, c := range cs {
		if to, ok := strings.CutPrefix(string(c.Channel), "phone:"); ok {
			return to, ""
		}
	}
	return "", "Rekey knows no mobile number of yours, so nothing can be sent to you."
}

// tests is how many test messages an administrator gets.
var tests = throttle.Bucket{Burst: 5, Every: 10 * time.Minute} //nolint:gochecknoglobals // a constant

// test sends the message to the administrator.
func (u *UI) test(w http.ResponseWriter, r *http.Request, a admin.Admin, f draft, own wording.Template) error {
	ctx := r.Context()
	who, err := u.account(ctx, a, f.who)
	if err != nil {
		return u.editor(w, r, a, f, console.Problems{{Field: "who", Text: err.Error()}})
	}
	to, why := u.mine(ctx, a, f.by)
	if to == "" {
		return u.editor(w, r, a, f, console.Problems{{Text: why}})
	}
	late, err := u.bounded(ctx, a)
	if err != nil {
		return err
	}
	if late != "" {
		return u.editor(w, r, a, f, console.Problems{{Text: late}})
	}
	m := u.sample(f, to, who)
	m.Account = a.Session.Account.String() // what it costs is the administrator's
	report := u.Courier.Try(ctx, m, u.texts(f, own))
	if err := u.Store.Record(ctx, u.tested(r, a, m, report)); err != nil {
		return err
	}
	if report.Outcome != delivery.Delivered {
		return u.editor(w, r, a, f, console.Problems{{Text: "It was not sent: " + failure(report)}})
	}
	f.said = "Sent to " + to + "."
	return u.editor(w, r, a, f, nil)
}

// bounded counts a test; late says when there can be another one.
func (u *UI) bounded(ctx context.Context, a admin.Admin) (late string, err error) {
	ok, wait, err := u.Store.Take(ctx, "message-test "+a.Session.Account.String(), tests)
	if err != nil || ok {
		return "", err
	}
	return "You had many test messages. The next one can be sent in " + view.Span(wait.Round(time.Second)+time.Second) + ".", nil
}

func failure(r delivery.Report) string {
	if r.Err != nil {
		return r.Err.Error() + "."
	}
	return withheld(r.Reason)
}

// tested is the record of a test.
func (u *UI) tested(r *http.Request, a admin.Admin, m message.Message, report delivery.Report) audit.Event {
	outcome := audit.Failed
	if report.Outcome == delivery.Delivered {
		outcome = audit.OK
	}
	return audit.Event{
		Name: audit.MessageTested, At: u.Console.Now(), Actor: audit.Operator, Outcome: outcome, Reason: string(report.Reason), Subject: a.Session.Account,
		By: a.Name(), Role: string(a.Grants.Roles()[0]), Flow: a.Session.ID, Source: server.Source(r), Settings: u.Site().Version,
		Detail: map[string]string{"message": m.ID, "template": string(m.Template), "channel": string(m.Channel), "language": m.Locale},
	}
}
