package operateui

import (
	"fmt"
	"net/http"

	"rekey/internal/admin"
	"rekey/internal/role"
	"rekey/internal/server/console"
	"rekey/web/component"
	view "rekey/web/console"
	"rekey/web/operatepage"
)

func (u *UI) showKeys(w http.ResponseWriter, r *http.Request, a admin.Admin) error {
	page := operatepage.Keys{Clock: u.Console.Clock(r)}
	for _, k := range u.Keys.List() {
		page.Keys = append(page.Keys, operatepage.Key{ID: fmt.Sprintf("%08x", k.ID), Made: k.Made, Current: k.Current})
	}
	if a.Grants.May(role.Operate) {
		page.RotateURL = console.KeysURL + "/rotate"
	}
	return u.Console.Page(w, r, a, console.Page{Title: "Keys", Lede: "What keeps the database's contents unreadable for whoever copies it.", Body: page.Body()})
}

func (u *UI) showRotate(w http.ResponseWriter, r *http.Request, a admin.Admin) error {
	return u.askRotate(w, r, a, nil)
}

func (u *UI) askRotate(w http.ResponseWriter, r *http.Request, a admin.Admin, ps console.Problems) error {
	ask := view.Confirm{
		Form: view.Form{Form: component.Form{Action: r.URL.Path}},
		Effects: []string{
			"What is stored from now on is sealed with the new key. Every server follows within half a minute, and nothing has to be restarted.",
			"What was sealed before stays as it is, and opens with the older keys.",
		},
		Final:  "This cannot be undone, and does not have to be.",
		Reason: view.Asked{Show: true, Required: true, Value: r.PostFormValue("reason")}, Button: "Make a new key", Cancel: console.KeysURL, Problems: ps,
	}
	return u.Console.Page(w, r, a, console.Page{
		Section: console.KeysURL, Trail: []view.Link{{Label: "Keys", URL: console.KeysURL}}, Title: "Make a new key", Problems: ps, Body: ask.Show(),
	})
}

func (u *UI) rotate(w http.ResponseWriter, r *http.Request, a admin.Admin) error {
	err := u.Keys.Rotate(r.Context(), author(r, a), r.PostFormValue("reason"))
	if ps, ok := u.Console.Problems(err); ok {
		return u.askRotate(w, r, a, ps)
	}
	if err != nil {
		return err
	}
	return u.Console.Done(w, r, console.KeysURL, "A new key seals from now on.")
}
