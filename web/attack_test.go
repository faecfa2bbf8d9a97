package web_test

import (
	"bytes"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"rekey/internal/lab/browser"
	"rekey/web/component"
	"rekey/web/enrollpage"
	"rekey/web/layout"
	"rekey/web/problempage"
	"rekey/web/recoverypage"
)

// markup is what somebody writes into a directory to become more than a text: it closes attributes, elements and scripts.
const markup = `'"></title></script></noscript><script>document.title='owned'</script><img src=x onerror="document.title='owned'">&lt;b&gt;{{.Name}}`

// hostile are pages on which everything a directory, a person or a provider can choose is markup.
func hostile() map[string]func(sh layout.Shell) drawn {
	ps := component.Problems{{Field: "name", Text: markup}, {Field: "password", Text: markup}, {Text: markup}}
	all := map[string]func(sh layout.Shell) drawn{
		"start": func(sh layout.Shell) drawn {
			return recoverypage.Start{Shell: sh, Action: recoverypage.Reset, Form: form(), Name: markup, Problems: ps, Notice: markup}
		},
		"domain": func(sh layout.Shell) drawn {
			return recoverypage.Domain{Shell: sh, Form: form(), Name: markup, Domains: []component.Option{{Value: markup, Label: markup}}}
		},
		"choose": func(sh layout.Shell) drawn {
			ways := []component.Way{{Ref: markup, Kind: "mail", Label: markup}, {Ref: "x", Kind: markup}}
			return recoverypage.Choose{Shell: sh, Form: form(), Ways: ways, Needed: 1}
		},
		"password": func(sh layout.Shell) drawn {
			m := password(sh)
			m.SignIn, m.Product, m.Suggested, m.Problems = markup, markup, markup, ps
			m.Rules = []component.Rule{{Code: "name", Words: []string{markup}, Live: true}, {Code: markup, Text: markup}}
			return m
		},
		"confirm": func(sh layout.Shell) drawn {
			return recoverypage.Confirm{Shell: sh, Form: form(), SignIn: markup}
		},
		"done": func(sh layout.Shell) drawn {
			m := done(sh, recoverypage.Reset)
			m.Places = []recoverypage.Place{{Name: markup}}
			return m
		},
		"account": func(sh layout.Shell) drawn {
			m := account(sh)
			m.Display, m.SignIn, m.Notice = markup, markup, markup
			m.Methods = []enrollpage.Method{{ID: "1", Kind: markup, Label: markup, Added: now, RenameURL: "/r", RemoveURL: "/r"}}
			m.History = []enrollpage.Past{{Event: markup, Kinds: []string{markup}, At: now, Where: markup}}
			m.Sessions = []enrollpage.Session{{Agent: markup, Address: markup, Since: now}}
			return m
		},
		"rename": func(sh layout.Shell) drawn {
			return enrollpage.Rename{Shell: sh, Form: form(), Kind: markup, Label: markup}
		},
		"remove": func(sh layout.Shell) drawn {
			return enrollpage.Remove{Shell: sh, Form: form(), Method: enrollpage.Method{Kind: markup, Label: markup}}
		},
		"problem": func(sh layout.Shell) drawn { return problempage.Problem{Shell: sh, Key: markup, Request: markup} },
	}
	for name, p := range map[string]component.Prompt{
		"code":      component.Code{Masked: markup, Sent: true},
		"ceremony":  component.Ceremony{Options: markup},
		"address":   component.Address{Channel: "mail", Value: markup},
		"seed":      component.Seed{URI: "otpauth://totp/" + markup, Key: markup},
		"sheet":     component.Sheet{Codes: []string{markup}},
		"questions": component.Questions{Questions: []string{markup}},
		"redirect":  component.Redirect{URL: "javascript:document.title='owned'"},
		"wait":      component.Wait{Match: markup},
	} {
		all["prove-"+name] = func(sh layout.Shell) drawn { return prove(sh, markup, p) }
	}
	return all
}

// TestAttack29NamesStayText puts markup wherever somebody else's text is shown, and looks for elements that came of it.
func TestAttack29NamesStayText(t *testing.T) {
	b := newBook(t)
	for name, page := range hostile() {
		sh := b.shell("en", name)
		sh.Brand, sh.HelpText, sh.HelpLink, sh.At = markup, markup, "javascript:document.title='owned'", markup
		var out bytes.Buffer
		if err := page(sh).Page().Render(t.Context(), &out); err != nil {
			t.Fatal(err)
		}
		for _, scripting := range []bool{false, true} {
			root, err := html.ParseWithOptions(strings.NewReader(out.String()), html.ParseOptionEnableScripting(scripting))
			if err != nil {
				t.Fatal(err)
			}
			scripts := 0
			for n := range root.Descendants() {
				if n.Type != html.ElementNode {
					continue
				}
				switch n.Data {
				case "script":
					scripts++
				case "img", "b", "iframe":
					t.Errorf("%s: markup became <%s>", name, n.Data)
				}
				for _, a := range n.Attr {
					if strings.HasPrefix(a.Key, "on") || strings.HasPrefix(strings.ToLower(strings.TrimSpace(a.Val)), "javascript:") {
						t.Errorf("%s: <%s> got %s=%q", name, n.Data, a.Key, a.Val)
					}
				}
			}
			if scripts != 1 {
				t.Errorf("%s: %d scripts, want the page's own", name, scripts)
			}
		}
		if !strings.Contains(html.UnescapeString(out.String()), markup) {
			t.Errorf("%s does not show the text at all", name)
		}
	}
}

// TestAttack29NamesStayTextInABrowser lets Chromium and the script at the same pages.
func TestAttack29NamesStayTextInABrowser(t *testing.T) {
	b := newBook(t)
	b.pages = hostile()
	p := browser.New(t, browser.Options{})
	origin := browser.Serve(t, b)
	for name := range b.pages {
		p.Open(origin + "/en/" + name)
		if got := browser.Eval[string](p, `document.title`); got == "owned" {
			t.Errorf("%s: the markup ran", name)
		}
	}
}
