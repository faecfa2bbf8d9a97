package methodui

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/a-h/templ"

	"rekey/internal/admin"
	"rekey/internal/factor"
	"rekey/internal/methods"
	"rekey/internal/policy"
	"rekey/internal/server/console"
	"rekey/internal/server/sheet"
	view "rekey/web/console"
	"rekey/web/methodpage"
)

func (u *UI) showAll(w http.ResponseWriter, r *http.Request, a admin.Admin) error {
	all, now, err := u.Methods.All(r.Context())
	if err != nil {
		return err
	}
	state := r.URL.Query().Get("state")
	page := methodpage.List{Locked: u.Methods.Configure.Locked(), Version: now.Number, State: state, Action: console.MethodsURL, Table: view.Table{
		Caption: "Methods", Columns: []view.Column{
			{Title: "Method"},
			{Title: "State", Kind: view.Tight},
			{Title: "Strength"},
			{Title: "Used by"},
			{Title: "People", Kind: view.Figures},
			{Title: "Used in 90 days", Kind: view.Figures},
			{Title: "Warnings", Kind: view.Figures},
		},
		Exports: []view.Link{{Label: "CSV", URL: console.MethodsURL + asCSV}},
		Empty:   view.Empty{Title: "No method is in this list", Next: view.Link{Label: "Show all", URL: console.MethodsURL}},
	}}
	for _, m := range all {
		if state == "on" && !m.On || state == "off" && m.On {
			continue
		}
		page.Table.Rows = append(page.Table.Rows, u.row(a, m))
	}
	return u.Console.Page(w, r, a, console.Page{
		Section: console.MethodsURL, Title: "Methods", Lede: "The ways people prove who they are, strongest first.", Body: page.Body(),
	})
}

func (u *UI) row(a admin.Admin, m methods.Method) view.Row {
	people := view.Text(view.Count(int(m.Holding.People)))
	if m.Holding.People > 0 && u.Console.May(a, onePattern+"/people") {
		people = view.Anchor(view.Count(int(m.Holding.People)), address(m.Kind)+"/people")
	}
	warnings := view.Quiet("none")
	if n := len(m.Findings); n > 0 {
		warnings = view.Tag{Text: view.Count(n), Tone: view.Warn}.Show()
	}
	return view.Row{Cells: []templ.Component{
		view.Two(Name(m.Kind), address(m.Kind), class(m.Class)), state(m).Show(), view.Text(strength(m.Traits)), view.Text(usedBy(m)), people,
		view.Text(view.Count(int(m.Holding.Used))), warnings,
	}}
}

func state(m methods.Method) view.Tag {
	if m.On {
		return view.Tag{Text: "on", Tone: view.Good}
	}
	return view.Tag{Text: "off"}
}

// usedBy names the policies in a word.
func usedBy(m methods.Method) string {
	switch {
	case !m.On:
		return "—"
	case len(m.Uses) == 0:
		return "no policy by name"
	}
	return view.Of(len(m.Uses), "policy", "policies")
}

func (u *UI) exportAll(w http.ResponseWriter, r *http.Request, _ admin.Admin) error {
	all, _, err := u.Methods.All(r.Context())
	if err != nil {
		return err
	}
	s := sheet.New(w, "methods"+asCSV, "method", "kind", "state", "class", "phishing-resistant", "policies", "people", "enrollments", "people who used it in 90 days", "warnings")
	for _, m := range all {
		var policies []string
		for _, use := range m.Uses {
			policies = append(policies, use.Policy)
		}
		s.Row(Name(m.Kind), string(m.Kind), state(m).Text, m.Class.String(), strconv.FormatBool(m.PhishingResistant), strings.Join(policies, ", "),
			number(m.Holding.People), number(m.Holding.Credentials), number(m.Holding.Used), strconv.Itoa(len(m.Findings)))
	}
	return s.Done(nil)
}

func number(n int64) string { return strconv.FormatInt(n, 10) }

// Name is what administrators call a kind.
func Name(k factor.Kind) string {
	switch k {
	case factor.Passkey:
		return "Passkey"
	case factor.TOTP:
		return "Authenticator app"
	case factor.Mail:
		return "Code by mail"
	case factor.BackupCode:
		return "Backup codes"
	case factor.Pass:
		return "Temporary access pass"
	case factor.Password:
		return "Current password"
	}
	return string(k)
}

// about says in a sentence or two what a kind is.
func about(k factor.Kind) string {
	switch k {
	case factor.Passkey:
		return "A key in a phone, a laptop or a security key that answers to the portal's own address alone, unlocked by a finger, a face or a PIN. A false page gets nothing from it."
	case factor.TOTP:
		return "An app on the phone shows a new code every half minute. Works without a network. Somebody can be talked into typing a code into a false page."
	case factor.Mail:
		return "A code to a private address that the person enrolled and proved. It is as safe as that mailbox, so policies do well to ask for something beside it."
	case factor.BackupCode:
		return "A sheet of codes to print and keep, each of which works once. For the day the phone is gone."
	case factor.Pass:
		return "A code that the help desk issues and reads out to somebody it has verified. It works once, for a time, and only where a policy allows it."
	case factor.Password:
	}
	return ""
}

// class says what a proof rests on.
func class(c factor.Class) string {
	var parts []string
	for _, one := range []struct {
		of   factor.Class
		text string
	}{{factor.Has, "something they have"}, {factor.Knows, "something they know"}, {factor.Is, "something they are"}} {
		if c&one.of != 0 {
			parts = append(parts, one.text)
		}
	}
	return strings.Join(parts, " and ")
}

// strength says what policies count on.
func strength(t factor.Traits) string {
	switch {
	case t.PhishingResistant:
		return "Cannot be phished"
	case t.Mailbox:
		return "As strong as the mailbox"
	case t.Questions:
		return "Weak: others know the answers"
	}
	return "Can be phished"
}

func actionName(a policy.Action) string {
	switch a {
	case policy.Reset:
		return "reset"
	case policy.Unlock:
		return "unlock"
	case policy.Change:
		return "change"
	}
	return string(a)
}
