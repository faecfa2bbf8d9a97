package adminui

import (
	"net/http"
	"net/url"
	"time"

	"github.com/go-chi/chi/v5"

	"rekey/internal/account"
	"rekey/internal/admin"
	"rekey/internal/authenticator"
	"rekey/internal/fault"
	"rekey/internal/server"
	"rekey/internal/server/console"
	"rekey/web/adminpage"
	"rekey/web/component"
	view "rekey/web/console"
)

func (u *UI) showSelf(w http.ResponseWriter, r *http.Request, a admin.Admin) error {
	who := a.Session.Account
	keys, err := u.Service.Passkeys(r.Context(), who)
	if err != nil {
		return err
	}
	open, err := u.Service.Sessions(r.Context(), who)
	if err != nil {
		return err
	}
	page := adminpage.Self{Clock: u.Console.Clock(r), Roles: u.mine(a)}
	for _, k := range keys {
		d := device(k)
		if len(keys) > 1 {
			d.RemoveURL = console.SelfURL + "/passkeys/" + url.PathEscape(k.ID) + "/remove"
		}
		page.Devices = append(page.Devices, d)
	}
	for _, s := range open {
		page.Sessions = append(page.Sessions, session(s, a, console.SelfURL))
	}
	return u.Console.Page(w, r, a, console.Page{Title: "You", Lede: a.Name(), Body: page.Body()})
}

func device(k authenticator.Credential) adminpage.Device {
	label := k.Label
	if label == "" {
		label = "Passkey"
	}
	return adminpage.Device{Label: label, Made: k.Created, Used: k.LastUsed}
}

func session(s admin.Session, a admin.Admin, below string) adminpage.Session {
	browser, system := server.Browser(s.Agent)
	if browser == "" {
		browser = "Unknown browser"
	}
	if system != "" {
		browser += " on " + system
	}
	out := adminpage.Session{Agent: browser, Address: s.Address, In: s.SignedIn, Seen: s.Touched, Current: s.ID == a.Session.ID}
	if !out.Current {
		out.EndURL = below + "/sessions/" + url.PathEscape(s.ID) + "/end"
	}
	return out
}

func (u *UI) submitEndOwn(w http.ResponseWriter, r *http.Request, a admin.Admin) error {
	if err := u.Service.End(r.Context(), a, chi.URLParam(r, "id"), false, server.Source(r)); err != nil {
		return err
	}
	return u.Console.Done(w, r, console.SelfURL, "That browser is signed out.")
}

// passkey finds a passkey of an account.
func (u *UI) passkey(r *http.Request, who account.ID) (authenticator.Credential, error) {
	keys, err := u.Service.Passkeys(r.Context(), who)
	if err != nil {
		return authenticator.Credential{}, err
	}
	for _, k := range keys {
		if k.ID == chi.URLParam(r, "id") {
			return k, nil
		}
	}
	return authenticator.Credential{}, fault.New(fault.NotFound, "That passkey is gone already.")
}

func (u *UI) showRemoveOwn(w http.ResponseWriter, r *http.Request, a admin.Admin) error {
	return u.confirmRemoval(w, r, a, a.Session.Account, console.SelfURL)
}

func (u *UI) submitRemoveOwn(w http.ResponseWriter, r *http.Request, a admin.Admin) error {
	if err := u.Service.RemovePasskey(r.Context(), a, a.Session.Account, chi.URLParam(r, "id"), server.Source(r)); err != nil {
		return err
	}
	console.Redirect(w, r, console.SignInURL) // all sessions of the account are over
	return nil
}

func (u *UI) confirmRemoval(w http.ResponseWriter, r *http.Request, a admin.Admin, who account.ID, back string) error {
	k, err := u.passkey(r, who)
	if err != nil {
		return err
	}
	d := device(k)
	clock := u.Console.Clock(r)
	ask := view.Confirm{
		Form:    view.Form{Form: component.Form{Action: r.URL.Path}},
		Facts:   []view.Fact{{Term: "Account", Value: view.Mono(who.String())}, {Term: "Made", Value: clock.At(d.Made)}, {Term: "Last used", Value: clock.Ago(d.Used)}},
		Effects: []string{"It opens these pages no longer.", "Every session of its owner ends, here and in other browsers."},
		Final:   "This cannot be undone: a new passkey needs an invitation.", Button: "Remove the passkey", Danger: true, Cancel: back,
	}
	return u.Console.Page(w, r, a, console.Page{
		Section: back, Trail: []view.Link{{Label: "Back", URL: back}}, Title: "Remove “" + d.Label + "”", Body: ask.Show(),
	})
}

func target(r *http.Request) account.ID {
	return account.ID{Directory: chi.URLParam(r, "directory"), Object: chi.URLParam(r, "object")}
}

func (u *UI) showRemove(w http.ResponseWriter, r *http.Request, a admin.Admin) error {
	return u.confirmRemoval(w, r, a, target(r), console.AdministratorsURL)
}

func (u *UI) submitRemove(w http.ResponseWriter, r *http.Request, a admin.Admin) error {
	if err := u.Service.RemovePasskey(r.Context(), a, target(r), chi.URLParam(r, "id"), server.Source(r)); err != nil {
		return err
	}
	return u.Console.Done(w, r, console.AdministratorsURL, "The passkey is gone, and its owner signed out.")
}

func (u *UI) showAll(w http.ResponseWriter, r *http.Request, a admin.Admin) error {
	return u.all(w, r, a, adminpage.Administrators{}, nil)
}

// all draws the page about everybody, with what a form on it came to.
func (u *UI) all(w http.ResponseWriter, r *http.Request, a admin.Admin, page adminpage.Administrators, ps console.Problems) error {
	ctx := r.Context()
	page.Clock, page.Problems, page.Roles = u.Console.Clock(r), ps, u.bound()
	page.BindURL = rolesURL + "/new"
	page.InviteForm = component.Form{Action: console.AdministratorsURL + "/invite"}
	invited, err := u.Service.Invitations(ctx)
	if err != nil {
		return err
	}
	for _, i := range invited {
		page.Invitations = append(page.Invitations, adminpage.Invitation{Name: i.Name, By: i.By, Made: i.Made, Expires: i.Expires})
	}
	open, err := u.Service.Sessions(ctx, account.ID{})
	if err != nil {
		return err
	}
	for _, s := range open {
		shown := session(s, a, console.AdministratorsURL)
		shown.Owner = s.Name
		page.Sessions = append(page.Sessions, shown)
	}
	keys, err := u.Service.Passkeys(ctx, account.ID{})
	if err != nil {
		return err
	}
	for _, k := range keys {
		d := device(k)
		d.Owner = k.Account.String()
		if k.Account != a.Session.Account {
			d.RemoveURL = console.AdministratorsURL + "/passkeys/" + url.PathEscape(k.Account.Directory) + "/" + url.PathEscape(k.Account.Object) + "/" + url.PathEscape(k.ID) + "/remove"
		}
		page.Devices = append(page.Devices, d)
	}
	return u.Console.Page(w, r, a, console.Page{
		Title: "Administrators", Section: console.AdministratorsURL, Problems: ps,
		Lede: "Who gets into these pages, and what they may do.", Body: page.Body(),
	})
}

func (u *UI) submitInvite(w http.ResponseWriter, r *http.Request, a admin.Admin) error {
	page := adminpage.Administrators{Typed: r.PostFormValue("name")}
	who, name, err := u.Service.Find(r.Context(), page.Typed)
	if ps, ok := u.Console.Problems(err); ok {
		return u.all(w, r, a, page, ps)
	}
	if err != nil {
		return err
	}
	link, until, err := u.Service.Invite(r.Context(), who, a.Name(), server.Source(r))
	if err != nil {
		return err
	}
	return u.all(w, r, a, adminpage.Administrators{Link: link, LinkFor: name, Until: until.Truncate(time.Second)}, nil)
}

func (u *UI) submitEnd(w http.ResponseWriter, r *http.Request, a admin.Admin) error {
	if err := u.Service.End(r.Context(), a, chi.URLParam(r, "id"), true, server.Source(r)); err != nil {
		return err
	}
	return u.Console.Done(w, r, console.AdministratorsURL, "That browser is signed out.")
}
