package consoletest

import (
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"rekey/internal/admin"
	"rekey/internal/audit"
	"rekey/internal/authenticator/authenticatortest"
	"rekey/internal/server/console"
)

var (
	ceremony = regexp.MustCompile(`data-ceremony="(\w+)" data-options="([^"]*)"`)
	asked    = regexp.MustCompile(`name="(at|kept)" value="([^"]*)"`)
)

// Invited gets in as a person does: by an invitation, the directory password and a passkey, which the browser keeps.
func (d *Desk) Invited(sam string) *Client {
	d.t.Helper()
	link, _, err := d.Admin.Invite(d.t.Context(), d.ID(sam), "test", audit.Source{})
	if err != nil {
		d.t.Fatal(err)
	}
	c := d.Nobody()
	c.Key = &authenticatortest.Key{Origin: Origin}
	path := strings.TrimPrefix(link, Origin)
	if got := c.Get(path); got.Status != http.StatusOK {
		d.t.Fatalf("invitation of %s: status %d, %s", sam, got.Status, got.Body)
	}
	page := c.Follow(path, url.Values{"password": {Password}})
	got := c.Post(console.ProveURL, c.Prove(page.Body, url.Values{"label": {"Test key"}}))
	if got.Status != http.StatusSeeOther {
		d.t.Fatalf("passkey of %s: status %d, %s", sam, got.Status, got.Body)
	}
	if c.Session, err = d.Admin.Session(d.t.Context(), admin.Token(c.Cookie("__Host-admin"))); err != nil {
		d.t.Fatal(err)
	}
	return c
}

var hidden = regexp.MustCompile(`<input type="hidden" name="([^"]*)" value="([^"]*)"`)

// Form is what goes along unseen with the forms of a page, and what is typed.
func Form(body string, typed url.Values) url.Values {
	form := url.Values{}
	for _, f := range hidden.FindAllStringSubmatch(body, -1) {
		form.Set(html.UnescapeString(f[1]), html.UnescapeString(f[2]))
	}
	for k, v := range typed {
		form[k] = v
	}
	return form
}

// Prove fills in the form of a page that asks for a passkey.
func (c *Client) Prove(body string, form url.Values) url.Values {
	c.desk.t.Helper()
	m := ceremony.FindStringSubmatch(body)
	if m == nil {
		c.desk.t.Fatalf("no passkey is asked for: %s", body)
	}
	if form == nil {
		form = url.Values{}
	}
	for _, f := range asked.FindAllStringSubmatch(body, -1) {
		form.Set(f[1], html.UnescapeString(f[2]))
	}
	do := c.Key.Get
	if m[1] == "create" {
		do = c.Key.Create
	}
	made, err := do([]byte(html.UnescapeString(m[2])))
	if err != nil {
		c.desk.t.Fatal(err)
	}
	form.Set("credential", string(made))
	return form
}
