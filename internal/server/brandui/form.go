package brandui

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strings"

	"rekey/internal/configure"
	"rekey/internal/locale"
	"rekey/internal/picture"
	"rekey/internal/server/console"
	"rekey/internal/yamledit"
)

// brand is the settings' part as the page reads and writes it; the settings check it.
type brand struct {
	Name       string                       `yaml:"name"`
	Firm       string                       `yaml:"firm"`
	HelpText   string                       `yaml:"help_text"`
	HelpLink   string                       `yaml:"help_link,omitempty"`
	HelpPhone  string                       `yaml:"help_phone,omitempty"`
	HelpHours  string                       `yaml:"help_hours,omitempty"`
	Color      string                       `yaml:"color,omitempty"`
	ColorDark  string                       `yaml:"color_dark,omitempty"`
	Locale     string                       `yaml:"locale,omitempty"`
	Product    string                       `yaml:"product,omitempty"`
	Logo       string                       `yaml:"logo,omitempty"`
	Icon       string                       `yaml:"icon,omitempty"`
	Texts      map[string]map[string]string `yaml:"texts,omitempty"`
	Disclaimer disclaimer                   `yaml:"disclaimer,omitempty"`
	Links      []link                       `yaml:"links,omitempty"`
}

type disclaimer struct {
	Text   map[string]string `yaml:"text,omitempty"`
	Accept bool              `yaml:"accept,omitempty"`
}

type link struct {
	Label map[string]string `yaml:"label"`
	URL   string            `yaml:"url"`
}

// mostLinks is how many the settings take.
const mostLinks = 6

// lines are the values of one line, by the form's fields, which are named as in the settings.
func (b *brand) lines() map[string]*string {
	return map[string]*string{
		"name": &b.Name, "firm": &b.Firm, "help_text": &b.HelpText, "help_link": &b.HelpLink, "help_phone": &b.HelpPhone, "help_hours": &b.HelpHours,
		"color": &b.Color, "color_dark": &b.ColorDark, "locale": &b.Locale, "product": &b.Product,
	}
}

// form is what was sent.
type form struct {
	brand
	version string
	fresh   map[string]string // pictures that were chosen and are not saved, by field
	dropped map[string]string
	typed   bool
}

// load reads what is saved.
func (u *UI) load(r *http.Request) (form, error) {
	newest, err := u.Review.Configure.Read(r.Context())
	if err != nil {
		return form{}, err
	}
	f := form{version: fmt.Sprint(newest.Number)}
	_, err = newest.Fragment("brand", &f.brand)
	return f, err
}

// read takes the form that was sent, over what is saved. Problems are those of the pictures.
func (u *UI) read(r *http.Request, saved form) (form, console.Problems, error) {
	if err := r.ParseMultipartForm(mostBytes); err != nil && !errors.Is(err, http.ErrNotMultipart) { //nolint:gosec // the route bounds the body
		return form{}, nil, err
	}
	f := form{version: r.PostFormValue("version"), typed: true, fresh: map[string]string{}, dropped: map[string]string{}}
	for name, to := range f.lines() {
		*to = strings.TrimSpace(r.PostFormValue(name))
	}
	if saved.Locale == "" && f.Locale == "en" { // the form has to say one
		f.Locale = ""
	}
	f.Texts = map[string]map[string]string{}
	f.Disclaimer = disclaimer{Text: map[string]string{}, Accept: r.PostFormValue("accept") == "on"}
	for _, tag := range locale.Tags() {
		for _, key := range locale.OwnKeys() {
			if said := strings.TrimSpace(r.PostFormValue("text." + tag + "." + key)); said != "" {
				if f.Texts[tag] == nil {
					f.Texts[tag] = map[string]string{}
				}
				f.Texts[tag][key] = said
			}
		}
		if said := strings.TrimSpace(strings.ReplaceAll(r.PostFormValue("disclaimer."+tag), "\r\n", "\n")); said != "" {
			f.Disclaimer.Text[tag] = said
		}
	}
	f.Links = links(r)
	f.Logo, f.Icon = saved.Logo, saved.Icon
	var ps console.Problems
	for _, p := range []struct {
		name string
		to   *string
	}{{"logo", &f.Logo}, {"icon", &f.Icon}} {
		if err := f.picture(r, p.name, p.to); err != nil {
			ps = append(ps, console.Problems{{Field: p.name, Text: err.Error()}}...)
		}
	}
	return f, ps, nil
}

func links(r *http.Request) (all []link) {
	for i := range mostLinks {
		name := fmt.Sprintf("link.%d", i)
		l := link{URL: strings.TrimSpace(r.PostFormValue(name)), Label: map[string]string{}}
		for _, tag := range locale.Tags() {
			if said := strings.TrimSpace(r.PostFormValue(name + "." + tag)); said != "" {
				l.Label[tag] = said
			}
		}
		if l.URL != "" {
			all = append(all, l)
		}
	}
	return all
}

// picture reads one: a file that was chosen, else one that was chosen before, else the one that is saved.
func (f *form) picture(r *http.Request, name string, to *string) error {
	if kept := r.PostFormValue(name + ".kept"); kept != "" {
		if _, err := picture.Parse(kept); err != nil {
			return errors.New("Choose the picture again.") //nolint:staticcheck // a sentence of the form
		}
		*to, f.fresh[name] = kept, kept
	}
	if r.PostFormValue(name+".remove") == "on" {
		*to = ""
		delete(f.fresh, name)
	}
	file, _, err := r.FormFile(name)
	if err != nil {
		return nil //nolint:nilerr // no file was chosen
	}
	defer file.Close() //nolint:errcheck // it was read
	data, err := io.ReadAll(io.LimitReader(file, picture.MaxBytes+1))
	if err != nil || len(data) == 0 {
		return err
	}
	p, dropped, err := picture.Clean(data)
	if err != nil {
		return err
	}
	*to, f.fresh[name], f.dropped[name] = p.URL(), p.URL(), strings.Join(dropped, ", ")
	return nil
}

// changes lead from one brand to another.
func changes(was, is brand) []configure.Change {
	var all []configure.Change
	old := was.lines()
	fields := is.lines()
	fields["logo"], fields["icon"] = &is.Logo, &is.Icon
	old["logo"], old["icon"] = &was.Logo, &was.Icon
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		if *fields[name] != *old[name] {
			all = append(all, change(name, *fields[name], *fields[name] == ""))
		}
	}
	for _, part := range []struct {
		name    string
		was, is any
		empty   bool
	}{
		{"texts", was.Texts, is.Texts, len(is.Texts) == 0},
		{"disclaimer", was.Disclaimer, is.Disclaimer, len(is.Disclaimer.Text) == 0 && !is.Disclaimer.Accept},
		{"links", was.Links, is.Links, len(is.Links) == 0},
	} {
		if !same(part.was, part.is) {
			all = append(all, change(part.name, part.is, part.empty))
		}
	}
	return all
}

func change(name string, value any, empty bool) configure.Change {
	c := configure.Change{Path: yamledit.Key("brand", name), Value: value}
	if empty {
		c.Do, c.Value = configure.Delete, nil
	}
	return c
}

// same compares what is written, in which nothing and an empty map are one.
func same(a, b any) bool {
	x, errX := yamledit.Of(a)
	y, errY := yamledit.Of(b)
	return errX == nil && errY == nil && (reflect.DeepEqual(x, y) || blank(a) && blank(b))
}

func blank(v any) bool {
	switch v := v.(type) {
	case disclaimer:
		return len(v.Text) == 0 && !v.Accept
	case map[string]map[string]string:
		return len(v) == 0
	case []link:
		return len(v) == 0
	}
	return false
}
