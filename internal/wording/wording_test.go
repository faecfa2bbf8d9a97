package wording_test

import (
	"strings"
	"testing"

	"rekey/internal/message"
	"rekey/internal/wording"
)

func compile(t *testing.T, event message.Template, by message.Channel, own wording.Own) wording.Template {
	t.Helper()
	c, problems := wording.Compile(event, by, own)
	for _, p := range problems {
		t.Errorf("%s: %v", p.Field, p.Cause)
	}
	return c
}

func TestATextIsFilled(t *testing.T) {
	c := compile(t, message.PasswordReset, message.Mail, wording.Own{
		Subject: "{firm}: {{news}}", Text: "Hello {name},\n\n{when}\nWhere: {where} {address}\n\n\nBye\n\n{link}", HTML: "<h1>{name}</h1>\n<p>{link}</p>",
	})
	values := map[string]string{"firm": "A & B", "name": "<b>anna</b>", "when": "today", "link": "https://portal.example.test/not-me/x"}
	if got := c.Subject.FillLine(values); got != "A & B: {news}" {
		t.Errorf("subject %q", got)
	}
	if got, want := c.Text.Fill(values), "Hello <b>anna</b>,\n\ntoday\n\nBye\n\nhttps://portal.example.test/not-me/x"; got != want {
		t.Errorf("text %q, want %q", got, want)
	}
	const link = `<a href="https://portal.example.test/not-me/x" dir="ltr">https://portal.example.test/not-me/x</a>`
	if got := c.HTML.FillHTML(values); got != "<h1>&lt;b&gt;anna&lt;/b&gt;</h1>\n<p>"+link+"</p>" {
		t.Errorf("html %q", got)
	}
	if got := c.Text.Paragraphs(values); !strings.HasPrefix(got, "<p>Hello &lt;b&gt;anna&lt;/b&gt;,</p>\n<p>today</p>\n") || !strings.Contains(got, link) {
		t.Errorf("paragraphs %q", got)
	}
}

// TestAttack30HeaderInjection: what fills a subject ends no line of a mail's head.
func TestAttack30HeaderInjection(t *testing.T) {
	c := compile(t, message.PasswordReset, message.Mail, wording.Own{Subject: "{firm} news", Text: "x"})
	for _, evil := range []string{"A\r\nBcc: all@example.test", "A\nB", "A\u2028B", "A\x00B"} {
		if got := c.Subject.FillLine(map[string]string{"firm": evil}); strings.ContainsAny(got, "\r\n\x00\u2028") {
			t.Errorf("%q", got)
		}
	}
	if _, problems := wording.Compile(message.PasswordReset, message.Mail, wording.Own{Subject: "A\nBcc: all@example.test", Text: "x"}); len(problems) == 0 {
		t.Error("a subject of two lines was taken")
	}
}

// TestAttack40TemplateInjection: a value that looks like a macro stays what it is.
func TestAttack40TemplateInjection(t *testing.T) {
	c := compile(t, message.PasswordReset, message.Mail, wording.Own{Subject: "x", Text: "{name} {firm}", HTML: "<p>{name}</p>"})
	values := map[string]string{"name": "{link}{{.}}{firm}", "firm": "F", "link": "https://secret.example.test"}
	if got := c.Text.Fill(values); got != "{link}{{.}}{firm} F" {
		t.Errorf("%q", got)
	}
	if got := c.HTML.FillHTML(values); got != "<p>{link}{{.}}{firm}</p>" {
		t.Errorf("%q", got)
	}
}

// TestWhatIsRefused names what a text may not say, and where that stands.
func TestWhatIsRefused(t *testing.T) {
	ok := wording.Own{Subject: "News", Text: "x"}
	with := func(change func(*wording.Own)) wording.Own { o := ok; change(&o); return o }
	for name, c := range map[string]struct {
		event message.Template
		by    message.Channel
		own   wording.Own
		field string
		says  string
	}{
		"an unknown macro":          {message.PasswordReset, message.Mail, with(func(o *wording.Own) { o.Text = "one\nand {nam}" }), "text", "line 2, column 5: {nam} is no macro"},
		"a code elsewhere":          {message.PasswordReset, message.Mail, with(func(o *wording.Own) { o.Text = "{code}" }), "text", "{code} is no macro"},
		"a code in a subject":       {message.Code, message.Mail, wording.Own{Subject: "{code}", Text: "{code}"}, "subject", "{code} is no macro"},
		"a name in a subject":       {message.PasswordReset, message.Mail, with(func(o *wording.Own) { o.Subject = "{name}" }), "subject", "{name} is no macro"},
		"no code":                   {message.Code, message.Mail, ok, "text", "{code} has to be there"},
		"no code in the html":       {message.Code, message.Mail, wording.Own{Subject: "x", Text: "{code}", HTML: "<p>x</p>"}, "html", "{code} has to be there"},
		"a link in a code's mail":   {message.Code, message.Mail, wording.Own{Subject: "x", Text: "{code} {link}"}, "text", "{link} is no macro"},
		"a link in a text message":  {message.PasswordReset, message.SMS, wording.Own{Text: "{link}"}, "text", "{link} is no macro"},
		"a link written out":        {message.PasswordReset, message.Mail, with(func(o *wording.Own) { o.Text = "see https://evil.example" }), "text", "links are those that Rekey makes"},
		"a link without a scheme":   {message.PasswordReset, message.Mail, with(func(o *wording.Own) { o.HTML = "<p>WWW.evil.example</p>" }), "html", "links are those that Rekey makes"},
		"an open brace":             {message.PasswordReset, message.Mail, with(func(o *wording.Own) { o.Text = "a {name" }), "text", "line 1, column 3: { is not closed"},
		"a closing brace":           {message.PasswordReset, message.Mail, with(func(o *wording.Own) { o.Text = "a }" }), "text", "column 3"},
		"no subject":                {message.PasswordReset, message.Mail, with(func(o *wording.Own) { o.Subject = "" }), "subject", "is missing"},
		"no text":                   {message.PasswordReset, message.Mail, with(func(o *wording.Own) { o.Text = " \n" }), "text", "is missing"},
		"a subject of an SMS":       {message.PasswordReset, message.SMS, ok, "subject", "has none"},
		"a script":                  {message.PasswordReset, message.Mail, with(func(o *wording.Own) { o.HTML = "<p>x</p>\n<script>alert(1)</script>" }), "html", "line 2, column 1: <script> is not taken"},
		"an attribute":              {message.PasswordReset, message.Mail, with(func(o *wording.Own) { o.HTML = `<p onclick="x">x</p>` }), "html", "is not taken"},
		"an image":                  {message.PasswordReset, message.Mail, with(func(o *wording.Own) { o.HTML = `<img src=x>` }), "html", "is not taken"},
		"a comment":                 {message.PasswordReset, message.Mail, with(func(o *wording.Own) { o.HTML = `<!-- x -->` }), "html", "is not taken"},
		"an element that is open":   {message.PasswordReset, message.Mail, with(func(o *wording.Own) { o.HTML = "<p>x" }), "html", "<p> is not closed"},
		"elements that cross":       {message.PasswordReset, message.Mail, with(func(o *wording.Own) { o.HTML = "<p><b>x</p></b>" }), "html", "closes what is not open"},
		"a mark that turns":         {message.PasswordReset, message.Mail, with(func(o *wording.Own) { o.Text = "a\u202eb" }), "text", "column 2"},
		"a text message of a novel": {message.PasswordReset, message.SMS, wording.Own{Text: strings.Repeat("x", wording.MaxSMS+1)}, "text", "at most"},
	} {
		_, problems := wording.Compile(c.event, c.by, c.own)
		found := false
		for _, p := range problems {
			found = found || p.Field == c.field && strings.Contains(p.Cause.Error(), c.says)
		}
		if !found {
			t.Errorf("%s: %v", name, problems)
		}
	}
}

func TestADocumentIsChecked(t *testing.T) {
	own := map[string]wording.Own{"en": {Subject: "x", Text: "x"}}
	for name, c := range map[string]struct {
		d    wording.Document
		says string
	}{
		"an unknown event":    {wording.Document{"party": {message.Mail: own}}, "party.mail: there is no such message"},
		"an unknown channel":  {wording.Document{message.SpendCap: {message.SMS: own}}, "spend-cap.sms: there is no such message"},
		"an unknown language": {wording.Document{message.PasswordReset: {message.Mail: {"xx": own["en"]}}}, "password-reset.mail.xx: want a language of en, de"},
		"a bad text":          {wording.Document{message.Code: {message.Mail: own}}, "code.mail.en.text: {code} has to be there"},
	} {
		if _, err := c.d.Compile([]string{"en", "de"}); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", name, err)
		}
	}
	texts, err := wording.Document{message.PasswordReset: {message.Mail: own}}.Compile([]string{"en", "de"})
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := texts.Find(message.PasswordReset, message.Mail, "en"); !ok {
		t.Error("a text is not found")
	}
	if _, ok := texts.Without(message.PasswordReset, message.Mail, "en").Find(message.PasswordReset, message.Mail, "en"); ok {
		t.Error("a text that was taken away is found")
	}
	if _, ok := texts.Find(message.PasswordReset, message.Mail, "de"); ok {
		t.Error("a text speaks another language")
	}
}

func TestRecipientsAreChecked(t *testing.T) {
	good := wording.Audience{message.PasswordReset: {Manager: true, Addresses: []string{"security@example.com", "jürgen@bücher.example"}}}
	if err := good.Validate(); err != nil {
		t.Error(err)
	}
	for _, to := range []string{"", "x", "A <a@example.com>", "a@example.com\r\nBcc: b@example.com", "a@example.com,b@example.com", "a@localhost"} {
		if err := (wording.Audience{message.PasswordReset: {Addresses: []string{to}}}).Validate(); err == nil {
			t.Errorf("%q was taken", to)
		}
	}
	if err := (wording.Audience{message.Code: {Manager: true}}).Validate(); err == nil {
		t.Error("somebody else gets codes")
	}
}

// FuzzCompile: whatever is written, no element but those that are allowed comes out, whatever fills it.
func FuzzCompile(f *testing.F) {
	f.Add("<p>{name}</p>", "<script>")
	f.Add("a{{b}}{link}", `"><img src=x onerror=alert(1)>`)
	f.Fuzz(func(t *testing.T, text, value string) {
		c, problems := wording.Compile(message.PasswordReset, message.Mail, wording.Own{Subject: "x", Text: text, HTML: text})
		if len(problems) > 0 {
			return
		}
		got := c.HTML.FillHTML(map[string]string{"name": value, "where": value}) + c.Text.Paragraphs(map[string]string{"name": value})
		for rest := got; ; {
			_, after, ok := strings.Cut(rest, "<")
			if !ok {
				return
			}
			name, tail, ok := strings.Cut(after, ">")
			if name = strings.TrimPrefix(name, "/"); !ok || !allowed(name) {
				t.Fatalf("%q with %q gives %q", text, value, got)
			}
			rest = tail
		}
	})
}

func allowed(name string) bool {
	for _, e := range wording.Elements() {
		if name == e {
			return true
		}
	}
	return false
}
