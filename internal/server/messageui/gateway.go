package messageui

import (
	"crypto/rand"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/go-chi/chi/v5"

	"rekey/internal/admin"
	"rekey/internal/configure"
	"rekey/internal/delivery"
	"rekey/internal/fault"
	"rekey/internal/form"
	"rekey/internal/message"
	"rekey/internal/server/console"
	"rekey/internal/server/formview"
	"rekey/internal/server/review"
	"rekey/internal/wording"
	"rekey/web/messagepage"
)

const (
	gatewayURL     = console.MessagesURL + "/gateway/{channel}"
	gatewaySaveURL = console.MessagesURL + "/gateways/save"
)

// gateway is how one channel's messages leave.
type gateway struct {
	by    message.Channel
	path  string // in the settings
	title string
	lede  string
}

func gatewayOf(r *http.Request) (gateway, error) {
	switch by := message.Channel(chi.URLParam(r, "channel")); by {
	case message.Mail:
		return gateway{by, "mail", "Mail server", "How mails leave."}, nil
	case message.SMS:
		return gateway{by, "sms.gateway", "Gateway for text messages", "How text messages leave. Countries and caps stand in the settings beside it (sms)."}, nil
	}
	return gateway{}, fault.New(fault.NotFound, "There is no such gateway.")
}

func (g gateway) url() string { return console.MessagesURL + "/gateway/" + string(g.by) }

// gatewayPage is what a page about a gateway shows besides what is saved.
type gatewayPage struct {
	typed    url.Values
	problems console.Problems
	said     string
}

func (u *UI) showGateway(w http.ResponseWriter, r *http.Request, a admin.Admin) error {
	return u.gateway(w, r, a, gatewayPage{})
}

func (u *UI) gateway(w http.ResponseWriter, r *http.Request, a admin.Admin, shown gatewayPage) error {
	g, err := gatewayOf(r)
	if err != nil {
		return err
	}
	newest, err := u.Review.Configure.Read(r.Context())
	if err != nil {
		return err
	}
	fields := u.Review.Configure.Forms[g.path]
	value, _ := newest.Value(g.path)
	values, _ := value.(map[string]any)
	off := u.Review.Configure.Locked()
	page := messagepage.Gateway{Tabs: tabs(a, g.url()), Remove: formview.Remove, May: !off, Test: g.url() + "/test", Said: shown.said}
	page.Form.Action, page.Form.Guard, page.Form.Dirty, page.Form.Hidden = g.url(), !off, shown.typed != nil, hidden("version", number(newest.Number))
	filled, err := form.Fill(fields, values)
	if err != nil {
		page.Unshown = err.Error()
	} else {
		if shown.typed != nil {
			filled = formview.Typed(fields, shown.typed, filled)
		}
		page.Fields = formview.Of(fields, filled, shown.problems, off)
	}
	page.To, page.NoTo = u.mine(r.Context(), a, g.by)
	return u.Console.Page(w, r, a, console.Page{
		Section: console.MessagesURL, Trail: trail, Title: g.title, Lede: g.lede, Problems: shown.problems, Body: page.Body(),
	})
}

// submitGateway shows what the form would change.
func (u *UI) submitGateway(w http.ResponseWriter, r *http.Request, a admin.Admin) error {
	g, err := gatewayOf(r)
	if err != nil {
		return err
	}
	values, err := form.Read(u.Review.Configure.Forms[g.path], r.PostForm)
	if wrong, ok := errors.AsType[form.Problems](err); ok {
		return u.gateway(w, r, a, gatewayPage{typed: r.PostForm, problems: formview.Problems(wrong)})
	}
	if err != nil {
		return err
	}
	d := configure.Draft{After: parse(r.PostFormValue("version")), Changes: []configure.Change{{Path: g.path, Value: values}}}
	p, err := u.Review.Configure.Propose(r.Context(), review.Author(r, a), d)
	if behind, ok := errors.AsType[*configure.ConflictError](err); err != nil && (!ok || behind == nil) {
		return err
	}
	var ps console.Problems
	for _, x := range p.Problems {
		if key, ok := strings.CutPrefix(x.Path, g.path+"."); ok {
			ps = append(ps, console.Problems{{Field: key, Text: strings.ToUpper(x.Text[:1]) + x.Text[1:] + "."}}...)
		}
	}
	if ps.Any() {
		return u.gateway(w, r, a, gatewayPage{typed: r.PostForm, problems: ps})
	}
	return u.Review.Show(w, r, a, d, askGateway(g.url()))
}

func askGateway(back string) review.Ask {
	return review.Ask{Section: console.MessagesURL, Trail: trail, Title: "Save how messages leave?", Action: gatewaySaveURL, Back: back, Keep: hidden("back", back)}
}

func (u *UI) saveGateway(w http.ResponseWriter, r *http.Request, a admin.Admin) error {
	return u.Review.Save(w, r, a, askGateway(console.Local(r.PostFormValue("back"))))
}

// submitTry sends a test by what is in force.
func (u *UI) submitTry(w http.ResponseWriter, r *http.Request, a admin.Admin) error {
	g, err := gatewayOf(r)
	if err != nil {
		return err
	}
	to, why := u.mine(r.Context(), a, g.by)
	if to == "" {
		return u.gateway(w, r, a, gatewayPage{problems: console.Problems{{Text: why}}})
	}
	if late, err := u.bounded(r.Context(), a); err != nil || late != "" {
		if err != nil {
			return err
		}
		return u.gateway(w, r, a, gatewayPage{problems: console.Problems{{Text: late}}})
	}
	m := message.Message{ID: "test." + rand.Text(), Template: message.Test, Channel: g.by, To: to, Locale: "en", Account: a.Session.Account.String(), Data: map[string]string{}}
	report := u.Courier.Try(r.Context(), m, wording.Texts{})
	if err := u.Store.Record(r.Context(), u.tested(r, a, m, report)); err != nil {
		return err
	}
	if report.Outcome != delivery.Delivered {
		return u.gateway(w, r, a, gatewayPage{problems: console.Problems{{Text: "It was not sent: " + failure(report)}}})
	}
	return u.gateway(w, r, a, gatewayPage{said: "Sent to " + to + "."})
}
