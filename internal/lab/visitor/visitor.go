// Package visitor walks through the portal over plain HTTP, as a browser without JavaScript does: it opens pages, fills in the forms
// they hold and follows redirects.
package visitor

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"

	"golang.org/x/net/html"
)

// Visitor is one browser. It is not safe for concurrent use; one visitor per person.
type Visitor struct {
	base   string
	client *http.Client
	page   *Page
}

// New makes a visitor of the portal at base, "http://localhost:8080". transport may be nil.
func New(base string, transport http.RoundTripper) *Visitor {
	jar, _ := cookiejar.New(nil) // fails only with options
	return &Visitor{base: strings.TrimRight(base, "/"), client: &http.Client{Jar: jar, Transport: transport}}
}

// Page is what a visitor looks at.
type Page struct {
	Status int
	Path   string // where redirects ended
	H1     string
	Text   string // of the body, white space folded
	HTML   string
	Header http.Header
	Forms  []Form
	// Problems are the lines of the error summary.
	Problems []string
}

// Form is one form of a page.
type Form struct {
	Action  string
	Actions []string   // of its buttons that lead elsewhere
	Hidden  url.Values // what goes along unseen
	Inputs  []Input
	Buttons []Input
}

// Input is one field of a form. Radio buttons of one name are one input each.
type Input struct{ Name, Type, Value, Autocomplete string }

// Cookies are what the browser holds for the portal.
func (v *Visitor) Cookies() []*http.Cookie {
	u, err := url.Parse(v.base)
	if err != nil {
		return nil
	}
	return v.client.Jar.Cookies(u)
}

// Move goes on at another portal with the same cookies, as behind a load balancer: cookies do not tell ports apart.
func (v *Visitor) Move(base string) { v.base = strings.TrimRight(base, "/") }

// Page is the page last opened; nil before the first.
func (v *Visitor) Page() *Page { return v.page }

// Open goes to a path.
func (v *Visitor) Open(ctx context.Context, path string) (*Page, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, v.base+path, nil)
	if err != nil {
		return nil, err
	}
	return v.do(req)
}

// Fields are what a visitor fills in.
type Fields map[string]string

// Submit sends the form of the present page that leads to action, by itself or by one of its buttons.
func (v *Visitor) Submit(ctx context.Context, action string, fields Fields) (*Page, error) {
	if v.page == nil {
		return nil, errors.New("no page is open")
	}
	f, ok := v.page.Form(action)
	if !ok {
		return nil, fmt.Errorf("page %q at %s (status %d) has no form that leads to %s: %s", v.page.H1, v.page.Path, v.page.Status, action, v.page.Text)
	}
	values := url.Values{}
	for name, all := range f.Hidden {
		values[name] = all
	}
	for name, value := range fields {
		values.Set(name, value)
	}
	return v.Post(ctx, action, values)
}

// Post sends values as they are, as an attacker may.
func (v *Visitor) Post(ctx context.Context, path string, values url.Values) (*Page, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, v.base+path, strings.NewReader(values.Encode()))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Origin", v.base)
	return v.do(req)
}

func (v *Visitor) do(req *http.Request) (*Page, error) {
	resp, err := v.client.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, err
	}
	p, err := read(string(body))
	if err != nil {
		return nil, err
	}
	p.Status, p.Path, p.Header = resp.StatusCode, resp.Request.URL.Path, resp.Header
	v.page = p
	return p, nil
}

// Form finds the form that leads to an action.
func (p *Page) Form(action string) (Form, bool) {
	for _, f := range p.Forms {
		if f.Action == action {
			return f, true
		}
		for _, a := range f.Actions {
			if a == action {
				return f, true
			}
		}
	}
	return Form{}, false
}

// Options are the values of the radio buttons of a name.
func (p *Page) Options(name string) []string {
	var out []string
	for _, f := range p.Forms {
		for _, in := range f.Inputs {
			if in.Name == name && in.Type == "radio" {
				out = append(out, in.Value)
			}
		}
	}
	return out
}

func read(text string) (*Page, error) {
	root, err := html.Parse(strings.NewReader(text))
	if err != nil {
		return nil, err
	}
	p := &Page{HTML: text}
	var words strings.Builder
	walk(root, func(n *html.Node) { p.element(n, &words) })
	p.Text = fold(words.String())
	return p, nil
}

func (p *Page) element(n *html.Node, words *strings.Builder) {
	if n.Type == html.TextNode && n.Parent.Data != "script" && n.Parent.Data != "style" {
		words.WriteString(n.Data + " ")
	}
	if n.Type != html.ElementNode {
		return
	}
	switch {
	case n.Data == "h1":
		p.H1 = text(n)
	case n.Data == "form":
		p.Forms = append(p.Forms, form(n))
	case has(n, "data-summary"):
		walk(n, func(c *html.Node) {
			if c.Type == html.ElementNode && c.Data == "li" {
				p.Problems = append(p.Problems, text(c))
			}
		})
	}
}

func form(n *html.Node) Form {
	f := Form{Action: attr(n, "action"), Hidden: url.Values{}}
	walk(n, func(c *html.Node) {
		in := Input{attr(c, "name"), attr(c, "type"), attr(c, "value"), attr(c, "autocomplete")}
		switch {
		case c.Type != html.ElementNode:
		case c.Data == "button":
			f.Buttons = append(f.Buttons, in)
			if a := attr(c, "formaction"); a != "" {
				f.Actions = append(f.Actions, a)
			}
		case c.Data == "input" && in.Type == "hidden":
			f.Hidden.Add(in.Name, in.Value)
		case c.Data == "input":
			f.Inputs = append(f.Inputs, in)
		}
	})
	return f
}

func walk(n *html.Node, visit func(*html.Node)) {
	visit(n)
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		walk(c, visit)
	}
}

func text(n *html.Node) string {
	var b strings.Builder
	walk(n, func(c *html.Node) {
		if c.Type == html.TextNode {
			b.WriteString(c.Data)
		}
	})
	return fold(b.String())
}

func fold(s string) string { return strings.Join(strings.Fields(s), " ") }

func has(n *html.Node, name string) bool {
	for _, a := range n.Attr {
		if a.Key == name {
			return true
		}
	}
	return false
}

func attr(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}
