package recoveryui

import (
	"bytes"
	"compress/gzip"
	"net/http"
	"strconv"
	"strings"

	"github.com/go-chi/chi/v5"

	"rekey/internal/challenge"
	"rekey/internal/directory"
	"rekey/internal/fault"
	"rekey/internal/policy"
	"rekey/internal/recovery"
	"rekey/internal/server"
	"rekey/internal/server/frame"
	"rekey/internal/server/gate"
	"rekey/web/component"
	"rekey/web/layout"
	"rekey/web/recoverypage"
)

var startURLs = map[policy.Action]string{policy.Reset: "/", policy.Unlock: "/unlock", policy.Change: "/change"}

// maxName is the longest name that a link fills in, in bytes.
const maxName = 512

// startKey names one drawn first page.
type startKey struct {
	action   policy.Action
	locale   string
	settings int64
	links    layout.Links
}

// packed is a page ready to be sent.
type packed struct {
	plain, gzipped []byte
	length, zipped string
}

// showStart serves the first page. It is the same for everybody, so it is drawn once and holds nothing worth compressing against.
func (u *UI) showStart(a policy.Action) server.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) error {
		if name := r.URL.Query().Get("name"); name != "" && len(name) <= maxName { // the help desk sends people here
			return frame.Render(w, r, http.StatusOK, u.start(r, a, name).Page())
		}
		k := startKey{a, server.Locale(r), u.Site().Version, u.Frame.Links()}
		page, ok := u.starts.Load(k)
		if !ok {
			drawn, err := u.drawStart(r, a)
			if err != nil {
				return err
			}
			page = drawn
			u.starts.Store(k, page)
		}
		page.(*packed).send(w, r)
		return nil
	}
}

func (u *UI) drawStart(r *http.Request, a policy.Action) (*packed, error) {
	var b, z bytes.Buffer
	if err := u.start(r, a, "").Page().Render(r.Context(), &b); err != nil {
		return nil, err
	}
	g, err := gzip.NewWriterLevel(&z, gzip.BestCompression)
	if err != nil {
		return nil, err
	}
	if _, err := g.Write(b.Bytes()); err != nil {
		return nil, err
	}
	if err := g.Close(); err != nil {
		return nil, err
	}
	return &packed{b.Bytes(), z.Bytes(), strconv.Itoa(b.Len()), strconv.Itoa(z.Len())}, nil
}

func (p *packed) send(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Vary", "Accept-Encoding, Accept-Language, Cookie")
	body := p.plain
	if strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		h.Set("Content-Encoding", "gzip")
		h.Set("Content-Length", p.zipped)
		body = p.gzipped
	} else {
		h.Set("Content-Length", p.length)
	}
	_, _ = w.Write(body) //nolint:gosec // drawn by templ, which escapes; the visitor may have gone
}

func (u *UI) start(r *http.Request, a policy.Action, name string) recoverypage.Start {
	page := recoverypage.Start{
		Shell: u.Frame.Shell(r), Action: string(a), Form: component.Form{Action: "/start/" + string(a)}, Name: name,
		ResetURL: "/", UnlockURL: "/unlock", ChangeURL: "/change", AccountURL: "/account",
	}
	brand := u.Site().Brand
	page.Disclaimer, page.Accept = brand.Said(brand.Disclaimer.Text, page.Text.Tag()), brand.Disclaimer.Accept
	page.Accepted = r.PostFormValue("accept") == "on"
	u.Gate.Dress(&page.Shell, &page.Form, challenge.Start)
	return page
}

// guarded is the first page's form as the gate knows it.
func guarded(a policy.Action) gate.Form {
	unreadable := func(r *http.Request) bool {
		_, err := directory.Parse(r.PostFormValue("name"))
		return err != nil
	}
	return gate.Form{Purpose: challenge.Start, Action: "/start/" + string(a), Keep: []string{"name", "domain", "accept"}, Idle: unreadable}
}

func action(r *http.Request) (policy.Action, error) {
	a := policy.Action(chi.URLParam(r, "action"))
	if _, ok := startURLs[a]; !ok {
		return "", fault.New(fault.NotFound, "problem.not-found")
	}
	return a, nil
}

// submitStart takes the user name, and the domain when there was a choice.
func (u *UI) submitStart(w http.ResponseWriter, r *http.Request) error {
	a, err := action(r)
	if err != nil {
		return err
	}
	if passed, err := u.Gate.Pass(w, r, guarded(a)); err != nil || !passed {
		return err
	}
	name := r.PostFormValue("name")
	if u.Site().Brand.Disclaimer.Accept && r.PostFormValue("accept") != "on" {
		page := u.start(r, a, name)
		page.Problems = component.Problems{{Field: "accept", Text: page.T("start.accept-missing")}}
		return frame.Render(w, r, http.StatusUnprocessableEntity, page.Page())
	}
	begun, err := u.Service.Begin(r.Context(), recovery.Begin{Action: a, Typed: name, Domain: r.PostFormValue("domain"), Source: u.visitor(r)})
	if err != nil {
		page := u.start(r, a, name)
		ps, ok := problems(page.Shell, err)
		if !ok {
			return err
		}
		page.Problems = ps
		return frame.Render(w, r, http.StatusUnprocessableEntity, page.Page())
	}
	switch {
	case len(begun.Domains) > 0:
		return u.showDomains(w, r, a, name, begun.Domains)
	case begun.NotEnrolled:
		http.Redirect(w, r, "/stopped/"+string(a), http.StatusSeeOther) //nolint:gosec // one of the three actions
		return nil
	case begun.Closed != nil:
		return u.showClosed(w, r, a, *begun.Closed)
	}
	u.Cookie.Set(w, string(begun.Token))
	http.Redirect(w, r, flowURL, http.StatusSeeOther)
	return nil
}

// showDomains asks which of several accounts of that name. The name stays out of the address.
func (u *UI) showDomains(w http.ResponseWriter, r *http.Request, a policy.Action, name string, keys []string) error {
	form := component.Form{Action: "/start/" + string(a), Hidden: []component.Hidden{{Name: "name", Value: name}, {Name: "accept", Value: r.PostFormValue("accept")}}}
	again, err := u.Gate.Again(r, form.Action)
	if err != nil {
		return err
	}
	form.Hidden = append(form.Hidden, again...)
	page := recoverypage.Domain{Shell: u.Frame.Shell(r), Name: name, BackURL: startURLs[a], Form: form}
	for _, k := range keys {
		page.Domains = append(page.Domains, component.Option{Value: k, Label: k})
	}
	return frame.Render(w, r, http.StatusOK, page.Page())
}

// showStopped tells what to do without enough methods. The page says nothing about anybody, so it needs no guard.
func (u *UI) showStopped(w http.ResponseWriter, r *http.Request) error {
	a, err := action(r)
	if err != nil {
		return err
	}
	page := recoverypage.Stopped{Shell: u.Frame.Shell(r), Action: string(a), AccountURL: "/account", StartURL: startURLs[a]}
	return frame.Render(w, r, http.StatusOK, page.Page())
}
