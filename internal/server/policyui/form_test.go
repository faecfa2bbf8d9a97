package policyui_test

import (
	"net/url"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

// fields reads a form of a page as a browser would send it, without a button. Without an id it is the one that asks for a reason.
func fields(t testing.TB, body, id string) url.Values {
	t.Helper()
	doc, err := html.Parse(strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	form := find(doc, func(n *html.Node) bool {
		return n.Data == "form" && (id != "" && attr(n, "id") == id || id == "" && strings.HasSuffix(attr(n, "action"), "/save"))
	})
	if form == nil {
		t.Fatalf("no form %q on the page: %s", id, body)
	}
	out := url.Values{}
	walk(form, func(n *html.Node) bool {
		switch n.Data {
		case "template":
			return false
		case "input":
			_, on := lookup(n, "checked")
			kind := attr(n, "type")
			if name := attr(n, "name"); name != "" && (kind != "checkbox" && kind != "radio" || on) {
				out.Add(name, attr(n, "value"))
			}
		case "textarea":
			out.Add(attr(n, "name"), text(n))
		case "select":
			out.Add(attr(n, "name"), selected(n))
		}
		return true
	})
	return out
}

func selected(n *html.Node) string {
	value, first := "", true
	walk(n, func(o *html.Node) bool {
		if o.Data == "option" {
			if _, on := lookup(o, "selected"); on || first {
				value, first = attr(o, "value"), false
			}
		}
		return true
	})
	return value
}

func find(n *html.Node, is func(*html.Node) bool) (found *html.Node) {
	walk(n, func(n *html.Node) bool {
		if found == nil && is(n) {
			found = n
		}
		return found == nil
	})
	return found
}

func walk(n *html.Node, each func(*html.Node) bool) {
	if n.Type == html.ElementNode && !each(n) {
		return
	}
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		walk(c, each)
	}
}

func text(n *html.Node) string {
	var b strings.Builder
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		b.WriteString(c.Data)
	}
	return b.String()
}

func lookup(n *html.Node, name string) (string, bool) {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val, true
		}
	}
	return "", false
}

func attr(n *html.Node, name string) string {
	v, _ := lookup(n, name)
	return v
}
