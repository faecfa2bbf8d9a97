package brandui

import (
	"net/http"
	"net/url"

	"github.com/a-h/templ"

	"rekey/internal/admin"
	"rekey/internal/fault"
	"rekey/internal/locale"
	"rekey/internal/picture"
	"rekey/internal/server/frame"
	"rekey/internal/site"
	"rekey/web"
	"rekey/web/component"
	view "rekey/web/console"
	"rekey/web/layout"
	"rekey/web/recoverypage"
)

// framed is the policy of the preview: our own page may frame it, and nothing in it runs or is sent anywhere.
const framed = "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'none'; base-uri 'none'; frame-ancestors 'self'"

func pages() []view.Option {
	return []view.Option{{Value: "start", Label: "First page"}, {Value: "done", Label: "Last page"}, {Value: "stopped", Label: "Not set up yet"}}
}

// preview draws a page of the wizard as the form would have it; without a form, as it is saved.
func (u *UI) preview(w http.ResponseWriter, r *http.Request, _ admin.Admin) error {
	f, err := u.load(r)
	if err != nil {
		return err
	}
	if r.Method == http.MethodPost {
		if f, _, err = u.read(r, f); err != nil {
			return err
		}
	}
	b := f.site()
	tag := b.Locale
	own, _ := locale.CompileOwn(b.Texts) // what is wrong with one is said when the form is sent; the others are shown
	sh := frame.Branded(b, u.Catalogue.Printer(tag).With(own), u.links(f, r.FormValue("mode")))
	w.Header().Set("Content-Security-Policy", framed)
	return frame.Render(w, r, http.StatusOK, drawn(r.FormValue("page"), sh, b))
}

// drawn is a page of the wizard.
func drawn(page string, sh layout.Shell, b site.Brand) templ.Component {
	switch page {
	case "done":
		return recoverypage.Done{Shell: sh, Action: recoverypage.Reset, SignIn: "anna@example.com", WasLocked: true, Unlocked: true, Told: true, AccountURL: "#", FinishURL: "#"}.Page()
	case "stopped":
		return recoverypage.Stopped{Shell: sh, Action: recoverypage.Reset, AccountURL: "#", StartURL: "#"}.Page()
	}
	return recoverypage.Start{
		Shell: sh, Action: recoverypage.Reset, Form: component.Form{Action: "#"}, UnlockURL: "#", ChangeURL: "#", AccountURL: "#",
		Disclaimer: b.Said(b.Disclaimer.Text, sh.Text.Tag()), Accept: b.Disclaimer.Accept,
	}.Page()
}

// links are the files of the preview: the sheet in the form's colours, its logo, and no script: nothing runs in it.
func (u *UI) links(f form, mode string) layout.Links {
	l := u.Links()
	l.Sheet = sheetURL + "?" + url.Values{"color": {f.Color}, "dark": {f.ColorDark}, "mode": {mode}}.Encode()
	l.Logo, l.Script = "", ""
	if p, err := picture.Parse(f.Logo); err == nil {
		l.Logo = p.URL()
	}
	return l
}

// site is the brand as pages show it.
func (f form) site() site.Brand {
	b := site.Brand{
		Name: f.Name, Firm: f.Firm, HelpText: f.HelpText, HelpLink: f.HelpLink, HelpPhone: f.HelpPhone, HelpHours: f.HelpHours, Locale: f.Locale,
		Product: f.Product, Texts: f.Texts, Disclaimer: site.Disclaimer{Text: f.Disclaimer.Text, Accept: f.Disclaimer.Accept},
	}
	if b.Locale == "" {
		b.Locale = "en"
	}
	for _, l := range f.Links {
		b.Links = append(b.Links, site.BrandLink{Label: l.Label, URL: l.URL})
	}
	return b
}

// sheet is the wizard's sheet in colours that are not in force. Those that cannot be read are not shown.
func (u *UI) sheet(w http.ResponseWriter, r *http.Request, _ admin.Admin) error {
	q := r.URL.Query()
	files, err := u.Assets(web.Look{Color: q.Get("color"), Dark: q.Get("dark")})
	if err != nil {
		if files, err = u.Assets(web.Look{}); err != nil {
			return fault.Wrap(fault.Internal, "problem.internal", err)
		}
	}
	sheet := files.Sheet()
	switch q.Get("mode") {
	case "dark":
		sheet = append(sheet, ":root{color-scheme:only dark}"...)
	case "light":
		sheet = append(sheet, ":root{color-scheme:only light}"...)
	}
	w.Header().Set("Content-Type", "text/css; charset=utf-8")
	_, err = w.Write(sheet)
	return err
}
