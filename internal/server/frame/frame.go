// Package frame builds what every page needs besides its own model, and draws the pages of the edge itself.
package frame

import (
	"bytes"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"

	"github.com/a-h/templ"

	"rekey/internal/locale"
	"rekey/internal/server"
	"rekey/internal/site"
	"rekey/web/layout"
	"rekey/web/problempage"
)

// Frame builds shells. It is safe for concurrent use.
type Frame struct {
	Catalogue *locale.Catalogue
	Site      site.Source
	Links     func() layout.Links // of the files in force; they change with the brand

	said atomic.Pointer[said]
}

// Shell gives the frame of one page in the visitor's language.
func (f *Frame) Shell(r *http.Request) layout.Shell {
	snap := f.Site()
	text := f.Catalogue.Printer(server.Locale(r)).With(f.own(snap))
	sh := Branded(snap.Brand, text, f.Links())
	sh.Languages = f.languages(r, text.Tag())
	return sh
}

// Branded is the frame of a page as a firm has it.
func Branded(brand site.Brand, text *locale.Printer, links layout.Links) layout.Shell {
	sh := layout.Shell{
		Text: text, Links: links, Brand: brand.Name, Logo: links.Logo,
		HelpText: brand.HelpText, HelpLink: brand.HelpLink, HelpPhone: brand.HelpPhone, HelpHours: brand.HelpHours,
	}
	for _, l := range brand.Links {
		sh.Footer = append(sh.Footer, layout.Link{Label: brand.Said(l.Label, text.Tag()), URL: l.URL})
	}
	return sh
}

// said are the firm's own texts of one version of the settings.
type said struct {
	version int64
	own     locale.Own
}

// own gives the firm's own texts, read once for each version of the settings.
func (f *Frame) own(snap *site.Snapshot) locale.Own {
	if kept := f.said.Load(); kept != nil && kept.version == snap.Version && snap.Version != 0 {
		return kept.own
	}
	own, err := locale.CompileOwn(snap.Brand.Texts)
	if err != nil { // the settings have checked them
		return locale.Own{}
	}
	f.said.Store(&said{snap.Version, own})
	return own
}

// languages links to the same page in the other languages.
func (f *Frame) languages(r *http.Request, current string) []layout.Language {
	var out []layout.Language
	for _, l := range f.Catalogue.Languages() {
		if l.Tag == current {
			continue
		}
		q := url.Values{"lang": {l.Tag}}
		out = append(out, layout.Language{Tag: l.Tag, Name: l.Name, URL: here(r) + "?" + q.Encode()})
	}
	return out
}

// here is the address of the page that is shown. One that was the answer to a form has none, so it is where the visitor is working.
// Slashes in front are made one: a browser reads //name as another host.
func here(r *http.Request) string {
	if r.Method == http.MethodPost && home(r) != "/" {
		return home(r)
	}
	return "/" + strings.TrimLeft(r.URL.EscapedPath(), "/")
}

// home is where the visitor is working: the one address of the flow or of the account, else the first page.
func home(r *http.Request) string {
	switch area, _, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/"); area {
	case "flow", "account":
		return "/" + area
	}
	return "/"
}

// Render draws a page. It is drawn whole before the first byte is sent, so that a failure can still become an error page.
func Render(w http.ResponseWriter, r *http.Request, status int, page templ.Component) error {
	var b bytes.Buffer
	if err := page.Render(r.Context(), &b); err != nil {
		return err
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Length", strconv.Itoa(b.Len()))
	w.WriteHeader(status)
	_, err := w.Write(b.Bytes())
	if err != nil {
		return nil // the browser has gone; there is nobody to show an error to
	}
	return nil
}

// Problem draws an error page, which leads to where the visitor was working. It implements server.Shell.
func (f *Frame) Problem(w http.ResponseWriter, r *http.Request, p server.Problem) {
	page := problempage.Problem{Shell: f.Shell(r), Key: p.Text, Request: p.RequestID, Retry: p.Retry, StartURL: home(r)}
	switch {
	case p.Text == "problem.signed-out":
		page.StartURL, page.StartKey = "/account", "action.sign-in"
	case page.StartURL != "/":
		page.StartKey = "problem.continue"
	}
	if err := Render(w, r, p.Status, page.Page()); err != nil {
		http.Error(w, http.StatusText(p.Status), p.Status)
	}
}
