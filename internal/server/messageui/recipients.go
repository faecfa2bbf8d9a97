package messageui

import (
	"net/http"
	"regexp"
	"strings"

	"rekey/internal/admin"
	"rekey/internal/configure"
	"rekey/internal/message"
	"rekey/internal/role"
	"rekey/internal/server/console"
	"rekey/internal/wording"
	"rekey/internal/yamledit"
	"rekey/web/messagepage"
)

// audience gives who is told what, as it is saved.
func (u *UI) audience(r *http.Request) (wording.Audience, string, error) {
	newest, err := u.Review.Configure.Read(r.Context())
	if err != nil {
		return nil, "", err
	}
	var all wording.Audience
	_, err = newest.Fragment("messages.recipients", &all)
	return all, number(newest.Number), err
}

func (u *UI) showRecipients(w http.ResponseWriter, r *http.Request, a admin.Admin) error {
	all, version, err := u.audience(r)
	if err != nil {
		return err
	}
	return u.recipients(w, r, a, all, version, nil)
}

func (u *UI) recipients(w http.ResponseWriter, r *http.Request, a admin.Admin, all wording.Audience, version string, ps console.Problems) error {
	page := messagepage.Recipients{
		Tabs: tabs(a, recipientsURL), May: a.Grants.May(role.EditTexts) && !u.Review.Configure.Locked(), Problems: ps, NoSMS: !u.Site().SMS.On,
	}
	page.Form.Action, page.Form.Guard, page.Form.Dirty, page.Form.Hidden = recipientsURL, true, ps.Any(), hidden("version", version)
	for _, e := range wording.Notices() {
		page.Events = append(page.Events, messagepage.Told{
			Event: string(e), Title: eventName(e), SMS: all[e].SMS, Manager: all[e].Manager, Addresses: strings.Join(all[e].Addresses, "\n"),
		})
	}
	return u.Console.Page(w, r, a, console.Page{
		Section: console.MessagesURL, Trail: trail, Title: "Recipients", Lede: "Who is told besides the account’s owner, by event and outcome.", Problems: ps, Body: page.Body(),
	})
}

// ofEvent takes the event off an error's path.
var ofEvent = regexp.MustCompile(`^([a-z-]+)\.addresses(?:\[\d+\])?: (.*)$`) //nolint:gochecknoglobals // a constant

func (u *UI) submitRecipients(w http.ResponseWriter, r *http.Request, a admin.Admin) error {
	is, _, err := u.audience(r)
	if err != nil {
		return err
	}
	all, d := wording.Audience{}, configure.Draft{After: parse(r.PostFormValue("version"))}
	for _, e := range wording.Notices() {
		to := told(r, e)
		some := to.SMS || to.Manager || len(to.Addresses) > 0
		_, was := is[e]
		path := yamledit.Key("messages.recipients", string(e))
		switch {
		case some:
			all[e] = to
			d.Changes = append(d.Changes, configure.Change{Path: path, Value: to})
		case was:
			d.Changes = append(d.Changes, configure.Change{Path: path, Do: configure.Delete})
		}
	}
	if err := all.Validate(); err != nil {
		var ps console.Problems
		for line := range strings.Lines(err.Error()) {
			if m := ofEvent.FindStringSubmatch(strings.TrimSpace(line)); m != nil {
				ps = append(ps, console.Problems{{Field: m[1] + ".addresses", Text: eventName(message.Template(m[1])) + ": " + m[2] + "."}}...)
			}
		}
		return u.recipients(w, r, a, all, r.PostFormValue("version"), ps)
	}
	return u.Review.Show(w, r, a, d, u.ask("Save who is told?", recipientsURL))
}

// told reads the recipients of one event.
func told(r *http.Request, e message.Template) wording.Recipients {
	name := func(field string) string { return string(e) + "." + field }
	to := wording.Recipients{SMS: r.PostFormValue(name("sms")) == "on", Manager: r.PostFormValue(name("manager")) == "on"}
	for line := range strings.Lines(r.PostFormValue(name("addresses"))) {
		if line = strings.TrimSpace(line); line != "" {
			to.Addresses = append(to.Addresses, line)
		}
	}
	return to
}
