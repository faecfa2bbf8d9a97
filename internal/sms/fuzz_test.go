package sms

import (
	"encoding/json"
	"encoding/xml"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"rekey/internal/delivery"
	"rekey/internal/secret"
)

// FuzzEscaping fills templates of every kind with anything: what comes out has the shape that was configured, and says what was put in.
func FuzzEscaping(f *testing.F) {
	for _, seed := range []string{"Your code is 123456", `"}, "to": "+1900"`, `\`, "&to=+1900", "a=b&c", "</m><m>", "]]>", "\r\nX-Evil: a", "رمزك", "{{number}}", "%00", "#", "\xff", "\u2028", "+ "} {
		f.Add(seed, "id.1")
	}
	open := func(c Config) *gateway {
		c.Secrets = map[string]secret.Ref{"k": {Env: "k"}}
		g, err := open(c, func(secret.Ref) (secret.Text, error) { return secret.New(`s"e&c<r`), nil })
		if err != nil {
			f.Fatal(err)
		}
		return g
	}
	asJSON := open(Config{
		URL: "https://g.example/", Headers: map[string]string{"Content-Type": "application/json"},
		Body: `{"to": ["{{number}}"], "a \"{{id}}": {"b": "x{{text}}y"}, "k": "{{secret.k}}"}`,
	})
	asForm := open(Config{
		URL: "https://g.example/", Headers: map[string]string{"Content-Type": "application/x-www-form-urlencoded"},
		Body: "to={{number}}&text={{text}}&id={{id}}&k={{secret.k}}",
	})
	asXML := open(Config{URL: "https://g.example/", Headers: map[string]string{"Content-Type": "text/xml"}, Body: `<m to="{{number}}" id="{{id}}">{{text}}</m>`})
	asQuery := open(Config{URL: "https://g.example/p/{{id}}/send?to={{number}}&text={{text}}&k={{secret.k}}", Method: "GET"})

	f.Fuzz(func(t *testing.T, text, id string) {
		m := delivery.Text{ID: id, To: "+491711234567", Text: text}
		body := func(g *gateway) (*http.Request, string) {
			r, err := g.prepare(t.Context(), m)
			if err != nil {
				t.Fatal(err)
			}
			if r.Body == nil {
				return r, ""
			}
			b, _ := io.ReadAll(r.Body)
			return r, string(b)
		}
		valid := func(s string) string { return strings.ToValidUTF8(s, "\ufffd") }

		var got map[string]any
		_, said := body(asJSON)
		if err := json.Unmarshal([]byte(said), &got); err != nil || len(got) != 3 {
			t.Fatalf("%q: %v", said, err)
		}
		if utf8.ValidString(text) && utf8.ValidString(id) {
			b, _ := got[`a "`+id].(map[string]any)
			if b["b"] != "x"+text+"y" || got["k"] != `s"e&c<r` {
				t.Errorf("JSON: %q", said)
			}
		}
		_, said = body(asForm)
		form, err := url.ParseQuery(said)
		if err != nil || len(form) != 4 || form.Get("text") != text || form.Get("id") != id || form.Get("to") != m.To || form.Get("k") != `s"e&c<r` {
			t.Errorf("form: %q: %v", said, err)
		}
		var m1 struct {
			To   string `xml:"to,attr"`
			ID   string `xml:"id,attr"`
			Text string `xml:",chardata"`
			More []any  `xml:",any"`
		}
		_, said = body(asXML)
		if err := xml.Unmarshal([]byte(said), &m1); err != nil || m1.To != m.To || len(m1.More) > 0 {
			t.Errorf("XML: %q: %v", said, err)
		}
		if utf8.ValidString(text) && !strings.ContainsFunc(text, beyondXML) && m1.Text != text {
			t.Errorf("XML: %q says %q", said, m1.Text)
		}
		r, _ := body(asQuery)
		q := r.URL.Query()
		if r.URL.Host != "g.example" || r.URL.Fragment != "" || len(q) != 3 || q.Get("text") != text || q.Get("to") != m.To || r.URL.Path != "/p/"+id+"/send" {
			t.Errorf("query: %q, text %q", r.URL, valid(text))
		}
	})
}

// beyondXML are the characters that XML 1.0 cannot hold (§2.2).
func beyondXML(r rune) bool {
	return r < ' ' && r != '\t' && r != '\n' && r != '\r' || r == 0xfffe || r == 0xffff || r == utf8.RuneError
}

// FuzzTemplates reads any template: it is refused, or its places are filled and nothing else of it changes.
func FuzzTemplates(f *testing.F) {
	for _, seed := range []string{"", "{{", "}}", "{{}}", "{{number}}", "a{{text}}b{{secret.k}}", "{{secret.}}", "{{{number}}}", "{{number}} {{", "{{ number }}"} {
		f.Add(seed)
	}
	secrets := map[string]secret.Ref{"k": {Env: "k"}}
	f.Fuzz(func(t *testing.T, text string) {
		tpl, err := parse(text, secrets)
		if err != nil {
			return
		}
		if back := tpl.fill(func(place string) string { return "{{" + place + "}}" }); back != text {
			t.Errorf("%q reads as %q", text, back)
		}
		if err := tpl.asJSON(); err == nil {
			if filled := tpl.fill(func(string) string { return "\"\\\n" }); !json.Valid([]byte(filled)) {
				t.Errorf("%q becomes %q", text, filled)
			}
		}
	})
}

// FuzzAnswers reads any answer: it never panics, and no refusal is taken for success.
func FuzzAnswers(f *testing.F) {
	f.Add([]byte(`{"messages":[{"status":"accepted"}]}`), "messages.0.status", 202)
	f.Add([]byte(`[[[["accepted"]]]]`), "0.0.0.0", 200)
	f.Add([]byte(`{"":{"":true}}`), ".", 200)
	f.Fuzz(func(t *testing.T, body []byte, path string, status int) {
		c := Config{Success: Success{JSON: map[string]string{path: "accepted"}}}
		err := c.judge(status, "", body, time.Time{})
		if v, ok := at(body, path); err == nil && (status < 200 || status > 299 || !ok || v != "accepted") {
			t.Errorf("status %d with %q is success", status, body)
		}
	})
}
