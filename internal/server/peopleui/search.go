package peopleui

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"

	"rekey/internal/account"
	"rekey/internal/admin"
	"rekey/internal/helpdesk"
	"rekey/internal/server/console"
	view "rekey/web/console"
	"rekey/web/peoplepage"
)

func (u *UI) showSearch(w http.ResponseWriter, r *http.Request, a admin.Admin) error {
	text := r.URL.Query().Get("q")
	found, err := u.Desk.Search(r.Context(), by(a, r), text, place(r.URL.Query().Get("after")))
	if err != nil {
		return err
	}
	page := peoplepage.Search{Clock: u.Console.Clock(r), Action: console.PeopleURL, Text: text, Asked: text != "", More: found.More}
	for _, p := range found.People {
		page.People = append(page.People, u.hit(p))
	}
	if found.Next != (helpdesk.Place{}) {
		page.Next = console.PeopleURL + "?" + url.Values{"q": {text}, "after": {placeText(found.Next)}}.Encode()
	}
	return u.Console.Page(w, r, a, console.Page{Title: "People", Lede: "Find somebody, see why they cannot get in, and help.", Query: text, Body: page.Body()})
}

func (u *UI) hit(p account.Account) peoplepage.Hit {
	name := p.DisplayName
	if name == "" {
		name = p.Name()
	}
	return peoplepage.Hit{
		Name: name, Account: signIn(p), Directory: u.Site().Label(p.ID.Directory), Mail: p.Mail, URL: personURL(p.ID), State: states(p.State),
	}
}

// signIn is what the person types where the firm has Windows, or the sign-in name.
func signIn(p account.Account) string {
	if p.NetBIOS != "" && p.SAM != "" {
		return p.NetBIOS + `\` + p.SAM
	}
	return p.Name()
}

func states(s account.State) []view.Tag {
	var out []view.Tag
	for _, t := range []struct {
		is   bool
		text string
		tone view.Tone
	}{
		{s.Disabled, "disabled", view.Bad},
		{s.Expired, "expired", view.Bad},
		{s.Locked, "locked", view.Warn},
		{s.PasswordExpired, "password expired", view.Warn},
		{s.MustChange, "must change password", view.Plain},
	} {
		if t.is {
			out = append(out, view.Tag{Text: t.text, Tone: t.tone})
		}
	}
	return out
}

// place reads where a page begins; what is not ours is the beginning.
func place(text string) helpdesk.Place {
	var p helpdesk.Place
	plain, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil || json.Unmarshal(plain, &p) != nil {
		return helpdesk.Place{}
	}
	return p
}

func placeText(p helpdesk.Place) string {
	text, _ := json.Marshal(p) // plain fields cannot fail
	return base64.RawURLEncoding.EncodeToString(text)
}
