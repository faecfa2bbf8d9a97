package directoryui

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/go-chi/chi/v5"

	"rekey/internal/admin"
	"rekey/internal/configure"
	"rekey/internal/form"
	"rekey/internal/server/console"
	"rekey/internal/yamledit"
	"rekey/web/component"
	view "rekey/web/console"
	"rekey/web/directorypage"
)

// Fields of the form beside those of the settings; no key of settings begins with a tilde.
const (
	afterField   = "~after"   // the version the form was made from
	accountField = "~account" // a disabled account to try the write path on
)

// editor is a form of a directory's settings.
type editor struct {
	kind, key string // key is empty for one that is new
	item      string // where it stands in the list, or would
	action    string
	cancel    string
	after     int64
	values    url.Values
	account   string
	problems  console.Problems
	wrong     []view.Finding
}

func (u *UI) fields(kind string) ([]form.Field, error) {
	fields, ok := u.Review.Configure.Forms["directories."+kind]
	if !ok || !known(kind) {
		return nil, errGone
	}
	return fields, nil
}

func (u *UI) showKinds(w http.ResponseWriter, r *http.Request, a admin.Admin) error {
	page := directorypage.Kinds{Items: []directorypage.Kind{
		{Label: "Active Directory", URL: newURL + "/ad", Text: "A domain on Windows or Samba, over LDAPS with a service account. Further domains of its forest, and those it trusts, are found by Discover."},
		{Label: "Entra ID", URL: newURL + "/entra", Text: "A tenant, over Microsoft Graph with an application of your own. No writeback and no P1 licence is needed."},
		{Label: "OpenLDAP", URL: newURL + "/ldap", Text: "Or 389 Directory Server, FreeIPA and others, over LDAPS or StartTLS."},
	}}
	return u.Console.Page(w, r, a, console.Page{Section: root, Trail: trail(), Title: "Add a directory", Body: page.Body()})
}

// showNew asks for a new one; what discovery found comes in the address.
func (u *UI) showNew(w http.ResponseWriter, r *http.Request, a admin.Admin) error {
	e, err := u.newEditor(r)
	if err != nil {
		return err
	}
	fields, err := u.fields(e.kind)
	if err != nil {
		return err
	}
	e.values = url.Values{}
	for _, f := range fields {
		if v := r.URL.Query().Get(f.Key); f.Kind != form.Secret && len(v) < 4000 {
			e.values.Set(f.Key, v)
		}
	}
	return u.edit(w, r, a, e)
}

func (u *UI) newEditor(r *http.Request) (editor, error) {
	kind := chi.URLParam(r, "kind")
	now, all, err := u.entries(r.Context())
	return editor{kind: kind, item: yamledit.At("directories", len(all)), action: newURL + "/" + kind, cancel: newURL, after: now.Number}, err
}

func (u *UI) submitNew(w http.ResponseWriter, r *http.Request, a admin.Admin) error {
	e, err := u.newEditor(r)
	if err != nil {
		return err
	}
	return u.submit(w, r, a, e)
}

func (u *UI) showEdit(w http.ResponseWriter, r *http.Request, a admin.Admin) error {
	e, err := u.oldEditor(r, chi.URLParam(r, "key"))
	if err != nil {
		return err
	}
	return u.edit(w, r, a, e)
}

func (u *UI) oldEditor(r *http.Request, key string) (editor, error) {
	now, old, err := u.entry(r.Context(), key)
	if err != nil {
		return editor{}, err
	}
	fields, err := u.fields(old.kind)
	if err != nil {
		return editor{}, err
	}
	e := editor{kind: old.kind, key: key, item: old.item, action: oneURL + "/" + key + "/edit", cancel: oneURL + "/" + key, after: now.Number}
	e.values, err = form.Fill(fields, old.value)
	return e, err
}

func (u *UI) submitEdit(w http.ResponseWriter, r *http.Request, a admin.Admin) error {
	e, err := u.oldEditor(r, chi.URLParam(r, "key"))
	if err != nil {
		return err
	}
	return u.submit(w, r, a, e)
}

// submit makes a draft of the form and has it tried.
func (u *UI) submit(w http.ResponseWriter, r *http.Request, a admin.Admin, e editor) error {
	fields, err := u.fields(e.kind)
	if err != nil {
		return err
	}
	saved := e.values
	e.values, e.account = r.PostForm, r.PostFormValue(accountField)
	e.after, _ = strconv.ParseInt(r.PostFormValue(afterField), 10, 64)
	value, err := form.Read(fields, r.PostForm)
	var wrong form.Problems
	if errors.As(err, &wrong) {
		for _, p := range wrong {
			e.problems = append(e.problems, component.Problem{Field: p.Key, Text: p.Text})
		}
		e.keep(saved)
		return u.edit(w, r, a, e)
	}
	if err != nil {
		return err
	}
	d, err := u.draft(r, e, value)
	if err != nil {
		return err
	}
	e.keep(saved)
	return u.try(w, r, a, e, d)
}

// keep takes over what the form says of saved secrets, and forgets the secrets that were typed.
func (e *editor) keep(saved url.Values) {
	shown := url.Values{}
	for k, v := range e.values {
		if !strings.HasSuffix(k, form.Saved) {
			shown[k] = v
		}
	}
	for k, v := range saved {
		if strings.HasSuffix(k, form.Saved) {
			shown[k] = v
		}
	}
	e.values = shown
}

// draft is the change of the settings that a form asks for. A directory that is new gets the default policy that every one has.
func (u *UI) draft(r *http.Request, e editor, value map[string]any) (configure.Draft, error) {
	d := configure.Draft{After: e.after}
	if e.key != "" {
		d.Changes = []configure.Change{{Path: e.item + "." + e.kind, Value: value}}
		return d, nil
	}
	d.Changes = []configure.Change{{Path: e.item, Do: configure.Insert, Value: map[string]any{e.kind: value}}}
	domain, _ := value["domain"].(string)
	domain = strings.ToLower(domain)
	now, err := u.Review.Configure.Read(r.Context())
	if err != nil {
		return d, err
	}
	at := yamledit.Key("defaults", domain)
	if _, there := now.Value(at); domain != "" && !there {
		d.Changes = append(d.Changes, configure.Change{Path: at, Value: map[string]any{
			"name": "Everybody of " + domain, "reset": map[string]any{"count": 2},
		}})
	}
	return d, nil
}

// edit draws the form.
func (u *UI) edit(w http.ResponseWriter, r *http.Request, a admin.Admin, e editor) error {
	fields, err := u.fields(e.kind)
	if err != nil {
		return err
	}
	page := directorypage.Edit{
		Form: view.Form{
			Form:  component.Form{Action: e.action, Hidden: []component.Hidden{{Name: afterField, Value: strconv.FormatInt(e.after, 10)}}},
			Guard: true, Dirty: e.problems.Any() || len(e.wrong) > 0,
		},
		Problems: e.problems, Wrong: e.wrong, Save: "Test these settings", Cancel: e.cancel,
		Test: view.Field{
			Name: accountField, Label: "A disabled test account", Optional: true, Symbol: true, Value: e.account, Limit: 300, Problem: e.problems.On(accountField),
			Hint: "Its password is set to one that nobody knows, to try the whole way. Without it nothing is written.",
		},
	}
	title, up := "Add "+kindName(e.kind), trail(view.Link{Label: "Add a directory", URL: newURL})
	if e.key != "" {
		title, up = "Change "+e.key, trail(link(e.key))
		page.Notice = "When a server, a tenant, an account or a certificate changes, the secret beside it is asked for again: it goes to nobody it was not meant for."
	}
	for _, f := range fields {
		s := setting(f, e.values, e.problems)
		if basic(f) {
			page.Basic = append(page.Basic, s)
			continue
		}
		page.More = append(page.More, s)
	}
	return u.Console.Page(w, r, a, console.Page{Section: root, Trail: up, Title: title, Problems: e.problems, Body: page.Body()})
}

// basic are the fields that most people fill in.
func basic(f form.Field) bool {
	return f.Required || f.Kind == form.Secret || slices.Contains([]string{"ca", "ca_file", "client_id", "base_dn", "default_policy"}, f.Key)
}

// setting is one key as the form shows it.
func setting(f form.Field, values url.Values, ps console.Problems) directorypage.Setting {
	s := directorypage.Setting{
		Field: view.Field{
			Name: f.Key, Label: f.Label, Hint: f.Help, Value: values.Get(f.Key), Problem: ps.On(f.Key), Symbol: true, Optional: !f.Required && f.Kind != form.Switch && f.Kind != form.Group,
		},
		Kind: string(f.Kind), On: values.Get(f.Key) == "on", Saved: values.Get(f.Key + form.Saved),
	}
	if f.Default != "" && f.Kind != form.Switch {
		s.Hint += " Empty: " + f.Default + "."
	}
	switch f.Kind {
	case form.Secret:
		s.Value, s.Type = "", "password"
		s.Autocomplete = "new-password"
		if !f.Required {
			s.Remove = f.Key + form.Remove
		}
		if f.Key == "certificate" { // PEM has lines, which a password box would lose
			s.Kind = "secret-lines"
		}
	case form.Choice:
		s.Options = []view.Option{{Value: "", Label: "as usual: " + f.Default}}
		for _, o := range f.Options {
			s.Options = append(s.Options, view.Option{Value: o, Label: o})
		}
	case form.Group:
		s.Kind = "heading"
	}
	if f.Lines && f.Kind == form.Text {
		s.Kind = "lines"
	}
	return s
}

// refused puts what keeps a draft from being tried beside its fields, or above the form.
func (e *editor) refused(problems []configure.Problem) {
	at := e.item + "." + e.kind + "."
	for _, p := range problems {
		if key, ok := strings.CutPrefix(p.Path, at); ok {
			key, _, _ = strings.Cut(key, "[")
			e.problems = append(e.problems, component.Problem{Field: key, Text: p.Text})
			continue
		}
		e.wrong = append(e.wrong, view.Finding{Tone: view.Bad, Grade: "problem", Text: strings.TrimPrefix(p.Path+": "+p.Text, ": ")})
	}
}
