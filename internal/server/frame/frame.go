// Package frame builds what every page needs besides its own model, and draws the pages of the edge itself.
package frame

import (
	"bytes"
	"net/http"
	"net/url"

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
}

// Shell gives the frame of one page in the visitor's language.
func (f *Frame) Shell(r *http.Request) layout.Shell {
	tag := server.Locale(r)
	brand := f.Site().Brand
	return layout.Shell{
		Text:      f.Catalogue.Printer(tag),
		Links:     f.Links(),
		Brand:     brand.Name,
		HelpText:  brand.HelpText,
		HelpLink:  brand.HelpLink,
		Languages: f.languages(r, tag),
	}
}

// languages links to the same page in the other languages. A page that was the answer to a form has no address of its own,
// so the link leads to the flow's.
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

func here(r *http.Request) string {
	if r.Method != http.MethodGet {
		return "/"
	}
	return r.URL.EscapedPath()
}

// Render draws a page. It is drawn whole before the first byte is sent, so that a failure can still become an error page.
func Render(w http.ResponseWriter, r *http.Request, status int, page templ.Component) error {
	var b bytes.Buffer
	if err := page.Render(r.Context(), &b); err != nil {
		return err
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, err := w.Write(b.Bytes())
	if err != nil {
		return nil // the browser has gone; there is nobody to show an error to
	}
	return nil
}

// startURL is where a page about an error leads: to where the visitor was working.
func startURL(text string) string {
	switch text {
	case "problem.signed-out":
		return "/account"
	case "problem.stale":
		return "/flow"
	}
	return "/"
}

// Problem draws an error page. It implements server.Shell.
func (f *Frame) Problem(w http.ResponseWriter, r *http.Request, p server.Problem) {
	page := problempage.Problem{Shell: f.Shell(r), Key: p.Text, Request: p.RequestID, Retry: p.Retry, StartURL: startURL(p.Text)}
	if p.Text == "problem.signed-out" {
		page.StartKey = "action.sign-in"
	}
	if err := Render(w, r, p.Status, page.Page()); err != nil {
		http.Error(w, http.StatusText(p.Status), p.Status)
	}
}
