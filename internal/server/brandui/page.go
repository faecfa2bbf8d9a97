package brandui

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"rekey/internal/admin"
	"rekey/internal/configure"
	"rekey/internal/locale"
	"rekey/internal/role"
	"rekey/internal/server"
	"rekey/internal/server/console"
	"rekey/internal/server/review"
	"rekey/web"
	"rekey/web/brandpage"
	"rekey/web/component"
	view "rekey/web/console"
)

func (u *UI) show(w http.ResponseWriter, r *http.Request, a admin.Admin) error {
	f, err := u.load(r)
	if err != nil {
		return err
	}
	return u.page(w, r, a, f, nil)
}

// labels are the fields of one line.
func labels() []view.Field {
	return []view.Field{
		{Name: "name", Label: "Name of the portal", Hint: "In titles and mails.", Limit: 80},
		{Name: "firm", Label: "Firm", Hint: "In authenticator apps and messages; not taken as a password.", Limit: 80},
		{Name: "product", Label: "What the password opens", Hint: "As in “Windows, mail and Microsoft 365”.", Optional: true, Limit: 120},
		{Name: "help_text", Label: "Help desk", Hint: "On every page: who to call.", Limit: 120},
		{Name: "help_link", Label: "Link of the help desk", Hint: "tel:, mailto: or https:", Optional: true, Symbol: true, Limit: 300},
		{Name: "help_phone", Label: "Phone of the help desk", Optional: true, Symbol: true, Limit: 40},
		{Name: "help_hours", Label: "Hours of the help desk", Optional: true, Limit: 80},
	}
}

// page draws the form.
func (u *UI) page(w http.ResponseWriter, r *http.Request, a admin.Admin, f form, ps console.Problems) error {
	locked := u.Review.Configure.Locked()
	p := brandpage.Page{
		May: a.Grants.May(role.EditTexts) && !locked, Locked: locked, Locale: f.Locale, Contrast: contrast(f.Color, f.ColorDark), Ask: contrastURL,
		Accept: f.Disclaimer.Accept, Preview: previewURL, Problems: ps, Pages: pages(),
	}
	if p.Locale == "" {
		p.Locale = "en"
	}
	field := func(name, value string, as view.Field) view.Field {
		as.Name, as.Value, as.Problem, as.Off = name, value, ps.On(name), !p.May
		return as
	}
	p.Form.Action, p.Form.Dirty, p.Form.Hidden = console.BrandURL, f.typed, []component.Hidden{{Name: "version", Value: f.version}}
	lines := f.lines()
	for _, l := range labels() {
		p.Lines = append(p.Lines, field(l.Name, *lines[l.Name], l))
	}
	p.Color = field("color", f.Color, view.Field{Label: "Colour", Hint: "As #1f5eff; empty: the house colour.", Symbol: true, Optional: true, Limit: 7})
	p.Dark = field("color_dark", f.ColorDark, view.Field{Label: "Colour on dark pages", Hint: "Empty: made of the other.", Symbol: true, Optional: true, Limit: 7})
	p.Logo, p.Icon = u.upload(f, "logo", ps), u.upload(f, "icon", ps)
	for _, l := range u.Catalogue.Languages() {
		p.Locales = append(p.Locales, view.Option{Value: l.Tag, Label: l.Name})
		p.Texts = append(p.Texts, u.texts(f, l, field))
		p.Notice = append(p.Notice, field("disclaimer."+l.Tag, f.Disclaimer.Text[l.Tag], view.Field{Label: l.Name, Optional: true, Limit: 2000}))
	}
	for i := range min(len(f.Links)+1, mostLinks) {
		var l link
		if i < len(f.Links) {
			l = f.Links[i]
		}
		name := fmt.Sprintf("link.%d", i)
		row := brandpage.Link{URL: field(name, l.URL, view.Field{Label: "Address", Hint: "https:, mailto: or tel:", Optional: true, Symbol: true, Limit: 300})}
		for _, lang := range u.Catalogue.Languages() {
			row.Labels = append(row.Labels, field(name+"."+lang.Tag, l.Label[lang.Tag], view.Field{Label: "Label, " + lang.Name, Optional: true, Limit: 60}))
		}
		p.Links = append(p.Links, row)
	}
	server.Allow(w, server.Others{Frames: "'self'"})
	return u.Console.Page(w, r, a, console.Page{
		Section: console.BrandURL, Title: "Branding", Lede: "What people see: names, colours, pictures and texts of the portal.", Problems: ps, Body: p.Body(),
	})
}

func (u *UI) texts(f form, l locale.Language, field func(name, value string, as view.Field) view.Field) brandpage.Language {
	text := u.Catalogue.Printer(l.Tag)
	out := brandpage.Language{Tag: l.Tag, Name: l.Name, Open: len(f.Texts[l.Tag]) > 0}
	for _, key := range locale.OwnKeys() {
		out.Fields = append(out.Fields, field("text."+l.Tag+"."+key, f.Texts[l.Tag][key], view.Field{Label: label(key), Placeholder: text.T(key), Optional: true, Limit: 300}))
	}
	return out
}

// label names a text: "start.reset.title" is "Start, reset: title".
func label(key string) string {
	parts := strings.Split(strings.ReplaceAll(key, "-", " "), ".")
	last := parts[len(parts)-1]
	where := strings.Join(parts[:len(parts)-1], ", ")
	return strings.ToUpper(where[:1]) + where[1:] + ": " + last
}

func (u *UI) upload(f form, name string, ps console.Problems) brandpage.Upload {
	up := brandpage.Upload{Name: name, Label: "Logo", Hint: "SVG or PNG, up to 48 KB. An SVG is cleaned of all that does not draw.", Problem: ps.On(name), Kept: f.fresh[name], Dropped: f.dropped[name]}
	has := f.Logo
	if name == "icon" {
		up.Label, up.Hint, has = "Icon", "Of browsers’ tabs: square, SVG or PNG.", f.Icon
	}
	if has != "" && up.Kept == "" {
		up.URL = has
	}
	return up
}

// contrast measures colours.
func contrast(color, dark string) brandpage.Contrast {
	m, err := web.Measure(color, dark)
	if err != nil {
		return brandpage.Contrast{Problem: "Write a colour as #1f5eff."}
	}
	ratio := func(v float64) string { return strconv.FormatFloat(v, 'f', 2, 64) + ":1" }
	return brandpage.Contrast{
		Light: ratio(m.Light), Dark: ratio(m.Dark), LightGood: m.LightNext == "", DarkGood: m.DarkNext == "", LightNext: m.LightNext, DarkNext: m.DarkNext,
	}
}

func (u *UI) contrast(w http.ResponseWriter, r *http.Request, _ admin.Admin) error {
	q := r.URL.Query()
	return u.Console.Draw(w, r, http.StatusOK, contrast(strings.TrimSpace(q.Get("color")), strings.TrimSpace(q.Get("color_dark"))).Show())
}

// submit shows what the form would change.
func (u *UI) submit(w http.ResponseWriter, r *http.Request, a admin.Admin) error {
	saved, err := u.load(r)
	if err != nil {
		return err
	}
	f, ps, err := u.read(r, saved)
	if err != nil {
		return err
	}
	if ps.Any() {
		return u.page(w, r, a, f, ps)
	}
	after, err := strconv.ParseInt(f.version, 10, 64)
	if err != nil {
		after = -1
	}
	d := configure.Draft{After: after, Changes: changes(saved.brand, f.brand)}
	if len(d.Changes) == 0 {
		return u.page(w, r, a, f, console.Problems{{Text: "Nothing would change."}})
	}
	if after == saved.number() {
		p, err := u.Review.Configure.Propose(r.Context(), review.Author(r, a), d)
		if err != nil {
			return err
		}
		if ps := u.problems(p); ps.Any() {
			return u.page(w, r, a, f, ps)
		}
	}
	return u.Review.Show(w, r, a, d, ask())
}

func (f form) number() int64 {
	n, err := strconv.ParseInt(f.version, 10, 64)
	if err != nil {
		return 0
	}
	return n
}

// problems are what keeps the brand from being used, by field.
func (u *UI) problems(p configure.Proposal) (ps console.Problems) {
	for _, x := range p.Problems {
		key, ok := strings.CutPrefix(x.Path, "brand.")
		if !ok {
			continue
		}
		text := x.Text
		if key == "color" && strings.Contains(text, "on a dark page") {
			key = "color_dark"
		}
		key = strings.NewReplacer("links[", "link.", "].url", "", "].label", "", "disclaimer.text.", "disclaimer.").Replace(key)
		ps = append(ps, console.Problems{{Field: key, Text: strings.ToUpper(text[:1]) + text[1:] + "."}}...)
	}
	return ps
}

func ask() review.Ask {
	return review.Ask{Section: console.BrandURL, Trail: []view.Link{{Label: "Branding", URL: console.BrandURL}}, Title: "Save this brand?", Action: saveURL, Back: console.BrandURL}
}

func (u *UI) save(w http.ResponseWriter, r *http.Request, a admin.Admin) error {
	return u.Review.Save(w, r, a, ask())
}
