package web_test

import (
	"time"

	"github.com/a-h/templ"

	"rekey/web/brandpage"
	"rekey/web/component"
	"rekey/web/console"
	"rekey/web/messagepage"
)

// messageStories are the pages about messages, and the one about the brand.
func messageStories() []consoleStory {
	return []consoleStory{
		{"messages", messageList},
		{"message-editor", func(sh console.Shell) templ.Component { return messageEditor(sh, nil) }},
		{"message-editor-problem", func(sh console.Shell) templ.Component {
			return messageEditor(sh, component.Problems{{Field: "text", Text: "Line 2, column 5: {nam} is no macro of this text: want one of {name}, {when}."}})
		}},
		{"message-sms", messageSMS},
		{"recipients", messageRecipients},
		{"delivery-log", messageLog},
		{"brand", func(sh console.Shell) templ.Component { return brandForm(sh, nil) }},
		{"brand-problem", func(sh console.Shell) templ.Component {
			return brandForm(sh, component.Problems{{Field: "logo", Text: "The file is neither a PNG nor an SVG that can be read."}, {Field: "color", Text: "Colour #ffcc00: white text on it has a contrast of 1.51:1, and 4.5:1 is needed: the nearest that does is #8a6d00."}})
		}},
	}
}

func messageTabs(current string) []console.Tab {
	var all []console.Tab
	for _, l := range []string{"Texts", "Recipients", "Delivery log"} {
		all = append(all, console.Tab{Label: l, URL: "/admin/messages", Current: l == current})
	}
	return all
}

func messageList(sh console.Shell) templ.Component {
	sh.Title, sh.Lede = "Messages", "What people are told, by event, channel and language."
	line := func(name string, own bool) messagepage.Line {
		return messagepage.Line{Channel: name, Languages: []messagepage.Written{
			{Name: "English", Tag: "en", URL: "/x", Own: own}, {Name: "Deutsch", Tag: "de", URL: "/x"}, {Name: "العربية", Tag: "ar", URL: "/x"},
		}}
	}
	page := messagepage.List{Tabs: messageTabs("Texts"), Locked: true, Groups: []messagepage.Group{
		{Title: "Code", Text: "Brings a code to who asked for one.", Lines: []messagepage.Line{line("Mail", false), line("Text message", true)}},
		{Title: "Password reset", Text: "Somebody proved whose account it is and chose a new password.", Lines: []messagepage.Line{line("Mail", true), line("Text message", false)}},
	}}
	return within(sh.Frame(), page.Body())
}

func messageEditor(sh console.Shell, ps component.Problems) templ.Component {
	sh.Title, sh.State, sh.Problems = "Password reset, Mail", console.Tag{Text: "own text", Tone: console.Accent}, ps
	page := messagepage.Editor{
		Mail: true, Subject: "{firm}: your password was reset", Text: "Dear {name},\n\nyour password was reset {when}.\n\n{link}", Short: "{firm}, {product}",
		Elements: "<p> <br>", Own: true, May: true, Back: "/x", Problems: ps, Names: []string{"name", "when", "link"},
		Languages: []console.Tab{{Label: "English", URL: "/x", Current: true}, {Label: "Deutsch", URL: "/y"}},
	}
	page.Form.Action = "/x"
	for _, m := range []string{"{name}", "{when}", "{link}"} {
		page.Macros = append(page.Macros, console.Fact{Term: m, Value: console.Quiet("What it stands for.")})
	}
	page.Preview = messagepage.Preview{
		Name: "anna@example.com", From: "Example Corp password help", Subject: "Example Corp: your password was reset", Language: "en", Dir: "ltr",
		Letter: templ.Raw(`<div class="letter" lang="en" dir="ltr"><p>Dear anna,</p><p><a href="/x">https://portal.example.com/not-me/x</a></p></div>`), Text: "Dear anna,\n\n…",
		To: "olga@example.com", Said: "Sent to olga@example.com.",
	}
	return within(sh.Frame(), page.Body())
}

func messageSMS(sh console.Shell) templ.Component {
	sh.Title, sh.State = "Code, Text message", console.Tag{Text: "built-in text"}
	page := messagepage.Editor{Text: "{firm}: {code} is your code.", May: true, Back: "/x", Names: []string{"code"}, Macros: []console.Fact{{Term: "{code}", Value: console.Quiet("The code.")}}}
	page.Form.Action = "/x"
	page.Preview = messagepage.Preview{Name: "anna", Bubbles: []string{"Example Corp: 000000 is your code."}, Note: "34 characters, 1 segment of at most 160 characters each, all of the GSM alphabet.", Language: "en", Dir: "ltr", NoTo: "Rekey knows no mobile number of yours, so nothing can be sent to you."}
	return within(sh.Frame(), page.Body())
}

func messageRecipients(sh console.Shell) templ.Component {
	sh.Title = "Recipients"
	page := messagepage.Recipients{Tabs: messageTabs("Recipients"), May: true, NoSMS: true, Events: []messagepage.Told{
		{Event: "password-reset", Title: "Password reset", Manager: true, Addresses: "security@example.com"}, {Event: "recovery-blocked", Title: "Too many wrong answers"},
	}}
	page.Form.Action = "/x"
	return within(sh.Frame(), page.Body())
}

func messageLog(sh console.Shell) templ.Component {
	sh.Title = "Delivery log"
	row := func(state console.Tag, why string, last templ.Component) console.Row {
		return console.Row{Cells: []templ.Component{
			sh.At(sh.Now.Add(-time.Hour)), console.Two("Password reset", "", "Mail, en"), console.Two("a…@home.example", "", "to the owner"), console.Text("own, version 12"),
			console.Join(state.Show(), messagepage.Why(why)), console.Text("3"), last,
		}}
	}
	page := messagepage.Log{
		Clock: sh.Clock, Tabs: messageTabs("Delivery log"), Filter: console.Filter{Action: "/admin/messages/log"},
		Events: []console.Option{{Value: "code", Label: "Code"}}, Ways: []console.Option{{Value: "mail", Label: "Mail"}}, States: []console.Option{{Value: "sent", Label: "sent"}}, State: []string{"sent"},
		Table: console.Table{Caption: "Messages", Result: "2 messages", Exports: []console.Link{{Label: "CSV", URL: "/x.csv"}}, Columns: []console.Column{
			{Title: "When", Kind: console.Tight, Sort: "/x", Sorted: console.Falling}, {Title: "Message"}, {Title: "To"}, {Title: "Text", Kind: console.Tight}, {Title: "State"}, {Title: "Tries", Kind: console.Figures}, {Title: "Do", Kind: console.Acts},
		}, Rows: []console.Row{
			row(console.Tag{Text: "given up", Tone: console.Bad}, "550 no such mailbox", messagepage.Again("/x")), row(console.Tag{Text: "sent", Tone: console.Good}, "", nil),
		}},
	}
	return within(sh.Frame(), page.Body())
}

func brandForm(sh console.Shell, ps component.Problems) templ.Component {
	sh.Title, sh.Problems = "Branding", ps
	page := brandpage.Page{
		May: true, Locale: "en", Locales: []console.Option{{Value: "en", Label: "English"}, {Value: "de", Label: "Deutsch"}}, Ask: "/x", Problems: ps,
		Lines: []console.Field{{Name: "name", Label: "Name of the portal", Value: "Example Corp password help"}, {Name: "help_link", Label: "Link of the help desk", Optional: true, Symbol: true}},
		Color: console.Field{Name: "color", Label: "Colour", Value: "#1f5eff", Problem: ps.On("color")}, Dark: console.Field{Name: "color_dark", Label: "Colour on dark pages", Optional: true},
		Contrast: brandpage.Contrast{Light: "1.51:1", LightNext: "#8a6d00", Dark: "5.40:1", DarkGood: true},
		Logo:     brandpage.Upload{Name: "logo", Label: "Logo", Hint: "SVG or PNG.", Problem: ps.On("logo"), URL: "data:image/svg+xml;base64,PHN2ZyB4bWxucz0iaHR0cDovL3d3dy53My5vcmcvMjAwMC9zdmciIHZpZXdCb3g9IjAgMCAxIDEiPjxyZWN0IHdpZHRoPSIxIiBoZWlnaHQ9IjEiLz48L3N2Zz4=", Dropped: "<script>"},
		Icon:     brandpage.Upload{Name: "icon", Label: "Icon", Hint: "Square."},
		Texts:    []brandpage.Language{{Tag: "en", Name: "English", Open: true, Fields: []console.Field{{Name: "text.en.start.reset.title", Label: "Start, reset: title", Placeholder: "Get back into your account"}}}},
		Notice:   []console.Field{{Name: "disclaimer.en", Label: "English", Value: "Use is logged."}}, Accept: true,
		Links: []brandpage.Link{{URL: console.Field{Name: "link.0", Label: "Address"}, Labels: []console.Field{{Name: "link.0.en", Label: "Label, English"}}}},
		Pages: []console.Option{{Value: "start", Label: "First page"}},
	}
	page.Form.Action = "/x"
	return within(sh.Frame(), page.Body())
}
