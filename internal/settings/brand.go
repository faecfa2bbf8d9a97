package settings

import (
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/language"

	"rekey/internal/locale"
	"rekey/internal/picture"
	"rekey/internal/site"
)

// Brand is what the firm makes its own.
type Brand struct {
	Name      string `yaml:"name"`                 // of the portal: "Example Corp password help"
	Firm      string `yaml:"firm"`                 // "Example Corp"; may not be part of a password
	HelpText  string `yaml:"help_text"`            // "Help desk: 4357, Mon–Fri 7–19"; on every page
	HelpLink  string `yaml:"help_link,omitempty"`  // tel:, mailto: or https:
	HelpPhone string `yaml:"help_phone,omitempty"` // "+49 30 1234 4357", beside the text; phones call it
	HelpHours string `yaml:"help_hours,omitempty"` // "Monday to Friday, 7 to 19"
	Color     string `yaml:"color,omitempty"`      // #rrggbb; contrast is checked
	ColorDark string `yaml:"color_dark,omitempty"` // on dark pages; empty: made of color
	Locale    string `yaml:"locale,omitempty"`     // default language; empty: en
	Product   string `yaml:"product,omitempty"`    // what the password opens: "Windows, mail and Microsoft 365"
	Logo      string `yaml:"logo,omitempty"`       // data: URL of an SVG or PNG
	Icon      string `yaml:"icon,omitempty"`       // of browsers' tabs, as logo
	// Texts of pages in the firm's own words, by language and key (locale.OwnKeys).
	Texts      map[string]map[string]string `yaml:"texts,omitempty"`
	Disclaimer Disclaimer                   `yaml:"disclaimer,omitempty"`
	Links      []BrandLink                  `yaml:"links,omitempty"` // at the foot of every page: privacy, imprint
}

// Disclaimer is what people read before they begin.
type Disclaimer struct {
	Text   map[string]string `yaml:"text,omitempty"`   // by language; the default language's stands in for others
	Accept bool              `yaml:"accept,omitempty"` // they have to tick a box
}

// BrandLink leads out of the portal.
type BrandLink struct {
	Label map[string]string `yaml:"label"` // by language
	URL   string            `yaml:"url"`   // tel:, mailto: or https:
}

const (
	maxDisclaimer = 2000
	maxLinks      = 6
)

// check collects what is wrong with the brand.
type check struct{ errs []error }

func (c *check) bad(key, format string, args ...any) {
	c.errs = append(c.errs, fmt.Errorf("brand.%s: %s", key, fmt.Sprintf(format, args...)))
}

// compile checks what pages and messages print. HTML in it stays text: whoever prints it escapes it.
func (b Brand) compile(paint func(color, dark string) error) (site.Brand, error) {
	var c check
	b.lines(&c)
	if b.Color+b.ColorDark != "" && paint != nil {
		if err := paint(b.Color, b.ColorDark); err != nil {
			c.bad("color", "%v", err)
		}
	}
	if _, err := language.Parse(or(b.Locale, "en")); err != nil {
		c.bad("locale", "want a language such as en, de or pt-BR, got %q", b.Locale)
	}
	out := site.Brand{
		Name: b.Name, Firm: b.Firm, HelpText: b.HelpText, HelpLink: b.HelpLink, HelpPhone: b.HelpPhone, HelpHours: b.HelpHours,
		Color: b.Color, ColorDark: b.ColorDark, Locale: or(b.Locale, "en"), Product: b.Product, Texts: b.Texts,
		Disclaimer: site.Disclaimer{Text: b.Disclaimer.Text, Accept: b.Disclaimer.Accept},
	}
	out.Logo, out.Icon = c.picture("logo", b.Logo), c.picture("icon", b.Icon)
	if _, err := locale.CompileOwn(b.Texts); err != nil {
		c.errs = append(c.errs, under("brand.texts", err))
	}
	b.Disclaimer.check(&c)
	out.Links = c.links(b.Links)
	return out, errors.Join(c.errs...)
}

// lines checks what stands on a line.
func (b Brand) lines(c *check) {
	for _, t := range [][2]string{
		{"name", b.Name}, {"firm", b.Firm}, {"help_text", b.HelpText}, {"product", b.Product}, {"help_phone", b.HelpPhone}, {"help_hours", b.HelpHours},
	} {
		if !oneLine(t[1]) { // a line end would end a mail's header
			c.bad(t[0], "want one line")
		}
	}
	if strings.TrimSpace(b.Name) == "" {
		c.bad("name", "is missing")
	}
	if strings.TrimSpace(b.HelpText) == "" {
		c.bad("help_text", "is missing; every page names who to call")
	}
	if !linkable(b.HelpLink) {
		c.bad("help_link", "want a tel:, mailto: or https: link, got %q", b.HelpLink)
	}
	if b.HelpPhone != "" && strings.Trim(b.HelpPhone, "+0123456789 ()/-.") != "" {
		c.bad("help_phone", "want a number such as +49 30 1234 4357, got %q", b.HelpPhone)
	}
}

func (c *check) picture(key, url string) picture.Picture {
	p, err := picture.Parse(url)
	if err != nil {
		c.bad(key, "%v", err)
	}
	return p
}

// languages checks texts by language.
func (c *check) languages(key string, texts map[string]string, most int, line bool) {
	for _, tag := range slices.Sorted(maps.Keys(texts)) {
		said := texts[tag]
		switch {
		case !slices.Contains(locale.Tags(), tag):
			c.bad(key+"."+tag, "want a language of %s", strings.Join(locale.Tags(), ", "))
		case strings.TrimSpace(said) == "":
			c.bad(key+"."+tag, "is empty")
		case len([]rune(said)) > most:
			c.bad(key+"."+tag, "want at most %d characters", most)
		case !oneLine(strings.ReplaceAll(said, "\n", "")), line && !oneLine(said):
			c.bad(key+"."+tag, "holds a character that is not seen")
		}
	}
}

func (d Disclaimer) check(c *check) {
	c.languages("disclaimer.text", d.Text, maxDisclaimer, false)
	if d.Accept && len(d.Text) == 0 {
		c.bad("disclaimer.accept", "there is no text to accept")
	}
}

func (c *check) links(all []BrandLink) []site.BrandLink {
	if len(all) > maxLinks {
		c.bad("links", "want at most %d", maxLinks)
	}
	out := make([]site.BrandLink, len(all))
	for i, l := range all {
		key := fmt.Sprintf("links[%d]", i)
		if len(l.Label) == 0 {
			c.bad(key+".label", "is missing")
		}
		c.languages(key+".label", l.Label, 60, true)
		if l.URL == "" || !linkable(l.URL) {
			c.bad(key+".url", "want a tel:, mailto: or https: link, got %q", l.URL)
		}
		out[i] = site.BrandLink{Label: l.Label, URL: l.URL}
	}
	return out
}

func oneLine(s string) bool { return !strings.ContainsFunc(s, unicode.IsControl) }

// linkable reports whether a link may stand on every page; javascript: and data: run as the page itself.
func linkable(link string) bool {
	u, err := url.Parse(link)
	switch {
	case link == "":
		return true
	case err != nil || strings.ContainsFunc(link, unicode.IsSpace):
		return false
	case u.Scheme == "https":
		return u.Hostname() != ""
	}
	return slices.Contains([]string{"tel", "mailto"}, u.Scheme) && u.Opaque != ""
}
