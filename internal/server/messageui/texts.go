package messageui

import (
	"net/http"
	"slices"

	"github.com/go-chi/chi/v5"

	"rekey/internal/admin"
	"rekey/internal/configure"
	"rekey/internal/fault"
	"rekey/internal/message"
	"rekey/internal/role"
	"rekey/internal/server/console"
	"rekey/internal/server/review"
	"rekey/internal/wording"
	"rekey/internal/yamledit"
	view "rekey/web/console"
	"rekey/web/messagepage"
)

// which is one text.
type which struct {
	event    message.Template
	by       message.Channel
	language string
}

func (k which) url() string {
	return console.MessagesURL + "/text/" + string(k.event) + "/" + string(k.by) + "/" + k.language
}

// path is where the text stands in the settings.
func (k which) path() string {
	return yamledit.Key(yamledit.Key(yamledit.Key("messages.texts", string(k.event)), string(k.by)), k.language)
}

func (k which) title() string { return eventName(k.event) + ", " + channelName(k.by) }

// which reads the address; NotFound when there is no such text.
func (u *UI) which(r *http.Request) (which, error) {
	k := which{message.Template(chi.URLParam(r, "event")), message.Channel(chi.URLParam(r, "channel")), chi.URLParam(r, "language")}
	if !slices.Contains(wording.Channels(k.event), k.by) || u.languageName(k.language) == "" {
		return k, fault.New(fault.NotFound, "There is no such message.")
	}
	return k, nil
}

func (u *UI) languageName(tag string) string {
	for _, l := range u.Languages {
		if l.Tag == tag {
			return l.Name
		}
	}
	return ""
}

func (u *UI) showList(w http.ResponseWriter, r *http.Request, a admin.Admin) error {
	newest, err := u.Review.Configure.Read(r.Context())
	if err != nil {
		return err
	}
	texts, err := textsOf(newest)
	if err != nil {
		return err
	}
	page := messagepage.List{Tabs: tabs(a, console.MessagesURL), Locked: u.Review.Configure.Locked()}
	for _, e := range wording.Events() {
		g := messagepage.Group{Title: eventName(e), Text: eventText(e)}
		for _, by := range wording.Channels(e) {
			line := messagepage.Line{Channel: channelName(by)}
			for _, l := range u.Languages {
				_, own := texts[e][by][l.Tag]
				line.Languages = append(line.Languages, messagepage.Written{Name: l.Name, Tag: l.Tag, URL: which{e, by, l.Tag}.url(), Own: own})
			}
			g.Lines = append(g.Lines, line)
		}
		page.Groups = append(page.Groups, g)
	}
	return u.Console.Page(w, r, a, console.Page{
		Section: console.MessagesURL, Title: "Messages", Lede: "What people are told, by event, channel and language. A text of your own takes the place of the built-in one.",
		Body: page.Body(),
	})
}

func textsOf(newest configure.Current) (wording.Document, error) {
	var d wording.Document
	_, err := newest.Fragment("messages.texts", &d)
	return d, err
}

// draft is what somebody writes.
type draft struct {
	which
	own     wording.Own
	has     bool // there is a text of one's own in the settings
	who     string
	version string
	said    string // what came of a test
	typed   bool   // it was sent, and may differ from what is saved
}

// load gives the text as it is saved; the built-in one where there is none.
func (u *UI) load(r *http.Request, k which) (draft, error) {
	newest, err := u.Review.Configure.Read(r.Context())
	if err != nil {
		return draft{}, err
	}
	f := draft{which: k, version: number(newest.Number), who: r.URL.Query().Get("who")}
	if f.has, err = newest.Fragment(k.path(), &f.own); err != nil || f.has {
		return f, err
	}
	f.own, err = u.Courier.BuiltIn(k.event, k.by, k.language)
	return f, err
}

func (u *UI) showText(w http.ResponseWriter, r *http.Request, a admin.Admin) error {
	k, err := u.which(r)
	if err != nil {
		return err
	}
	f, err := u.load(r, k)
	if err != nil {
		return err
	}
	return u.editor(w, r, a, f, nil)
}

// editor draws the page of a text.
func (u *UI) editor(w http.ResponseWriter, r *http.Request, a admin.Admin, f draft, ps console.Problems) error {
	may := a.Grants.May(role.EditTexts) && !u.Review.Configure.Locked()
	page := messagepage.Editor{
		Mail: f.by == message.Mail, Subject: f.own.Subject, Text: f.own.Text, HTML: f.own.HTML, Own: f.has, May: may, Problems: ps, Back: console.MessagesURL,
		Short: wording.Names(wording.SubjectMacros()), Elements: elements(),
	}
	page.Form.Action, page.Form.Guard, page.Form.Dirty = f.url(), may, f.typed
	page.Form.Hidden = hidden("version", f.version)
	if a.Grants.May(role.EditTexts) {
		page.Form.Live = view.Live{URL: f.url(), Part: "preview"}
	}
	for _, m := range wording.Macros(f.event, f.by) {
		page.Names = append(page.Names, m.Name)
		page.Macros = append(page.Macros, view.Fact{Term: "{" + m.Name + "}", Value: view.Quiet(m.Help)})
	}
	for _, l := range u.Languages {
		page.Languages = append(page.Languages, view.Tab{Label: l.Name, URL: which{f.event, f.by, l.Tag}.url(), Current: l.Tag == f.language})
	}
	preview, missing := u.preview(r.Context(), a, f)
	if missing != "" {
		page.Problems = append(page.Problems, console.Problems{{Field: "who", Text: missing}}...)
	}
	page.Preview = preview
	state := view.Tag{Text: "built-in text"}
	if f.has {
		state = view.Tag{Text: "own text", Tone: view.Accent}
	}
	return u.Console.Page(w, r, a, console.Page{
		Section: console.MessagesURL, Trail: trail, Title: f.title(), Lede: eventText(f.event), State: state, Problems: ps, Body: page.Body(),
	})
}

func (u *UI) submitText(w http.ResponseWriter, r *http.Request, a admin.Admin) error {
	k, err := u.which(r)
	if err != nil {
		return err
	}
	saved, err := u.load(r, k)
	if err != nil {
		return err
	}
	f := draft{which: k, has: saved.has, typed: true, who: field(r, "who"), version: r.PostFormValue("version")}
	f.own = wording.Own{Subject: field(r, "subject"), Text: lines(r.PostFormValue("text")), HTML: lines(r.PostFormValue("html"))}
	do := r.PostFormValue("do")
	name, inserts := cutMacro(do)
	switch {
	case r.Header.Get("HX-Request") != "" || do == "preview":
		return u.editor(w, r, a, f, nil)
	case inserts:
		f.own.Text += "{" + name + "}"
		return u.editor(w, r, a, f, nil)
	case do == "reset":
		return u.review(w, r, a, f, configure.Change{Path: k.path(), Do: configure.Delete}, "Use the built-in text again?")
	}
	own, wrong := wording.Compile(k.event, k.by, f.own)
	if ps := problems(wrong); ps.Any() {
		return u.editor(w, r, a, f, ps)
	}
	if do == "test" {
		return u.test(w, r, a, f, own)
	}
	return u.review(w, r, a, f, configure.Change{Path: k.path(), Value: f.own}, "Save this text?")
}

func (u *UI) review(w http.ResponseWriter, r *http.Request, a admin.Admin, f draft, c configure.Change, title string) error {
	return u.Review.Show(w, r, a, configure.Draft{After: parse(f.version), Changes: []configure.Change{c}}, u.ask(title, f.url()))
}

func (u *UI) ask(title, back string) review.Ask {
	return review.Ask{Section: console.MessagesURL, Trail: trail, Title: title, Action: saveURL, Back: back, Keep: hidden("back", back)}
}

func (u *UI) save(w http.ResponseWriter, r *http.Request, a admin.Admin) error {
	back := console.Local(r.PostFormValue("back"))
	return u.Review.Save(w, r, a, u.ask("Save this change?", back))
}

// problems are those of a text as its form shows them.
func problems(wrong []wording.Problem) console.Problems {
	var ps console.Problems
	for _, p := range wrong {
		ps = append(ps, console.Problems{{Field: p.Field, Text: sentence(p.Field, p.Cause)}}...)
	}
	return ps
}
