package policyui

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/a-h/templ"
	"github.com/go-chi/chi/v5"

	"rekey/internal/admin"
	"rekey/internal/configure"
	"rekey/internal/fault"
	"rekey/internal/policy"
	"rekey/internal/rulebook"
	"rekey/internal/server/console"
	"rekey/web/component"
	view "rekey/web/console"
	"rekey/web/policypage"
)

// sheet is something that is changed in a form.
type sheet interface {
	// read takes over what was posted.
	read(f *form)
	// do does what a button asks for.
	do(f *form, d view.Deed)
	// onto makes the change in a document. What is wrong is noted in the form.
	onto(f *form, b rulebook.Book, d *policy.Document)
	// about says what it is, in words, and where it stands.
	about() about
	// body draws the fields; nil: there are none, and the review comes at once.
	body(p *paper) (templ.Component, error)
}

// about is what pages say of a sheet.
type about struct {
	title string
	tab   string     // URL of the list it belongs to
	key   url.Values // what finds it again
	field string     // of problems that are about all of it
	path  string     // of what is edited, in the document it makes; problems below it are the form's
	holds string     // the policy whose people are counted; empty: none
	fresh bool       // it is not there yet
	from  time.Time  // when it begins to hold; zero: now
	deeds string     // what the review is called: "Delete “Finance”"
}

// drafter is a sheet that changes the settings otherwise than by its document.
type drafter interface {
	draft() configure.Draft
}

// sheets makes an empty sheet of each kind.
var sheets = map[string]func() sheet{ //nolint:gochecknoglobals // a constant
	"policy":    func() sheet { return &policySheet{} },
	"rule":      func() sheet { return &ruleSheet{} },
	"network":   func() sheet { return &networkSheet{} },
	"schedule":  func() sheet { return &scheduleSheet{} },
	"condition": func() sheet { return &conditionSheet{} },
	"floor":     func() sheet { return &floorSheet{} },
	"order":     func() sheet { return &orderSheet{} },
	"remove":    func() sheet { return &removeSheet{} },
	"import":    func() sheet { return &importSheet{} },
}

// opener is a sheet that is filled from the rule book first.
type opener interface {
	// open fills the sheet. Errors: a fault of kind NotFound.
	open(u *UI, r *http.Request, b rulebook.Book) error
}

// paper is a sheet on its way through a request.
type paper struct {
	*form
	sheet

	u        *UI
	r        *http.Request
	a        admin.Admin
	kind     string
	book     rulebook.Book
	made     int64 // version the form was made from
	doc      policy.Document
	problems console.Problems
	others   []rulebook.Problem // of the document, outside of what is edited
	posted   bool
	wait     bool // until everybody was read
	asks     question
}

// paper makes the sheet of a request, still empty.
func (u *UI) paper(r *http.Request, a admin.Admin) (*paper, error) {
	kind := chi.URLParam(r, "kind")
	fresh, ok := sheets[kind]
	if !ok {
		return nil, fault.New(fault.NotFound, "There is no such page.")
	}
	b, err := u.Rules.Open(r.Context())
	if err != nil {
		return nil, err
	}
	return &paper{
		form: &form{Values: r.PostForm, zone: console.Zone(r)}, sheet: fresh(), u: u, r: r, a: a, kind: kind, book: b, made: b.Number, doc: b.Edit(),
	}, nil
}

// posted reads a sheet that was sent.
func (u *UI) posted(r *http.Request, a admin.Admin) (*paper, error) {
	p, err := u.paper(r, a)
	if err != nil {
		return nil, err
	}
	p.posted = true
	p.made, _ = strconv.ParseInt(p.Get("after"), 10, 64)
	p.read(p.form)
	p.asks = readQuestion(p.form)
	return p, nil
}

// apply makes the change in the document, and reports what is wrong with it.
func (p *paper) apply() {
	p.doc, p.ps, p.others = p.book.Edit(), nil, nil
	p.onto(p.form, p.book, &p.doc)
	p.problems = p.ps
	if p.problems.Any() {
		return
	}
	_, found := rulebook.Under(p.u.Site(), p.doc)
	path := p.about().path
	for _, one := range found {
		below, own := strings.CutPrefix(one.Path, path)
		if path == "" || !own || below != "" && below[0] != '.' && below[0] != '[' {
			p.others = append(p.others, one)
			continue
		}
		p.problems = append(p.problems, component.Problem{Field: or(fieldOf(below), p.about().field), Text: one.Text})
	}
}

// fieldOf is the field for a path below what is edited: fields are called like the settings' keys.
func fieldOf(path string) string {
	path = strings.TrimPrefix(path, ".")
	if at := strings.IndexByte(path, '['); at >= 0 {
		path = path[:at]
	}
	for _, tree := range []string{"when", "networks", "hours", "holidays", "zone_of", "actions"} {
		if path == tree || strings.HasPrefix(path, tree+".") {
			return tree
		}
	}
	if path == "then.allow" {
		return "then"
	}
	return path
}

// usable says in a sentence why the document cannot be used; empty: it can.
func (p *paper) usable() string {
	if p.problems.Any() {
		return p.problems[0].Text
	}
	if len(p.others) > 0 {
		return strings.TrimPrefix(p.others[0].Path+": "+p.others[0].Text, ": ")
	}
	return ""
}

func changeURL(kind string) string { return console.PoliciesURL + "/change/" + kind }

// openURL is where a sheet is opened.
func openURL(kind string, key url.Values) string {
	if len(key) == 0 {
		return changeURL(kind)
	}
	return changeURL(kind) + "?" + key.Encode()
}

// live makes buttons of lists replace the form alone.
func (p *paper) live() view.Live { return view.Live{URL: changeURL(p.kind), Part: "editor"} }

// means makes a part of the page follow what is typed.
func (p *paper) meansLive() view.Live {
	return view.Live{URL: changeURL(p.kind) + "/live", Part: "means"}
}

// hidden are the fields that say what the form is about.
func (p *paper) hidden() []component.Hidden {
	out := []component.Hidden{{Name: "after", Value: strconv.FormatInt(p.made, 10)}}
	for _, name := range slices.Sorted(mapsKeys(p.about().key)) {
		out = append(out, component.Hidden{Name: name, Value: p.about().key.Get(name)})
	}
	return out
}

// editor draws the sheet's form.
func (p *paper) editor(w http.ResponseWriter, notice policypage.Notice) error {
	body, err := p.body(p)
	if err != nil {
		return err
	}
	if body == nil {
		return p.review(w)
	}
	ab := p.about()
	e := policypage.Editor{
		Form: view.Form{
			Form: component.Form{Action: changeURL(p.kind), Hidden: p.hidden()}, ID: "editor", Guard: true, Dirty: p.posted, Live: p.meansLive(),
		},
		Notice: notice, Main: body, Button: "Review the change", Cancel: ab.tab,
	}
	if !ab.fresh && ab.key.Has("of") && !strings.HasPrefix(ab.key.Get("of"), rulebook.DefaultOf) {
		key := url.Values{"what": {p.kind}}
		for name, values := range ab.key {
			key[name] = values
		}
		e.Deleted = openURL("remove", key)
	}
	if e.Aside, err = p.aside(); err != nil {
		return err
	}
	return p.u.page(w, p.r, p.a, ab.tab, console.Page{Title: ab.title, Problems: p.problems, Body: e.Body(), State: p.state()})
}

func (p *paper) state() view.Tag {
	if !p.posted {
		return view.Tag{}
	}
	return view.Tag{Text: "not saved", Tone: view.Accent}
}
