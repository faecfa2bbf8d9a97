package directoryui

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/go-chi/chi/v5"

	"rekey/internal/admin"
	"rekey/internal/configure"
	"rekey/internal/directory"
	"rekey/internal/fault"
	"rekey/internal/server/console"
	"rekey/internal/yamledit"
	"rekey/web/component"
	view "rekey/web/console"
	"rekey/web/directorypage"
)

// tie is a link as it stands in the settings.
type tie struct {
	AD    string             `yaml:"ad"`
	Entra string             `yaml:"entra"`
	Mode  directory.LinkMode `yaml:"mode"`
	First string             `yaml:"first,omitempty"`
}

// showRemove shows what taking a directory out would change: with it go its links, its name and its default policy.
func (u *UI) showRemove(w http.ResponseWriter, r *http.Request, a admin.Admin) error {
	now, e, err := u.entry(r.Context(), chi.URLParam(r, "key"))
	if err != nil {
		return err
	}
	d := configure.Draft{After: now.Number}
	var ties []tie
	if _, err := now.Fragment("links", &ties); err != nil {
		return err
	}
	for i := len(ties) - 1; i >= 0; i-- { // from the end: what is taken out leaves the places before it
		if ties[i].AD == e.key || ties[i].Entra == e.key {
			d.Changes = append(d.Changes, configure.Change{Path: yamledit.At("links", i), Do: configure.Delete})
		}
	}
	for _, under := range []string{"defaults", "labels"} {
		if at := yamledit.Key(under, e.key); has(now, at) {
			d.Changes = append(d.Changes, configure.Change{Path: at, Do: configure.Delete})
		}
	}
	d.Changes = append(d.Changes, configure.Change{Path: e.item, Do: configure.Delete})
	q := ask("Remove "+e.key+"?", oneURL+"/"+e.key)
	q.More = view.Join(view.Notice(view.Warn, "What happens", fmt.Sprintf(
		"People of %s cannot reset, unlock or change a password here any more. What they set up stays, and serves again when the directory comes back under this name. "+
			"The copy is dropped after %s. Nothing is written to the directory. An earlier version of the settings brings it back, with its secret.",
		e.key, view.Span(u.Site().Sync.KeepGone))))
	return u.Review.Show(w, r, a, d, q)
}

func has(now configure.Current, path string) bool {
	_, ok := now.Value(path)
	return ok
}

func (u *UI) showLinks(w http.ResponseWriter, r *http.Request, a admin.Admin) error {
	return u.linkForm(w, r, a, nil)
}

func (u *UI) linkForm(w http.ResponseWriter, r *http.Request, a admin.Admin, ps console.Problems) error {
	now, all, err := u.entries(r.Context())
	if err != nil {
		return err
	}
	var ties []tie
	if _, err := now.Fragment("links", &ties); err != nil {
		return err
	}
	version := strconv.FormatInt(now.Number, 10)
	page := directorypage.Links{
		Form:     view.Form{Form: component.Form{Action: linksURL, Hidden: []component.Hidden{{Name: afterField, Value: version}}}},
		Problems: ps, Cancel: root,
		Home:  view.Field{Name: "home", Label: "Where what people set up is kept", Hint: "The Active Directory domain.", Value: r.PostFormValue("home"), Problem: ps.On("home")},
		Other: view.Field{Name: "other", Label: "The tenant of the same people", Value: r.PostFormValue("other"), Problem: ps.On("other")},
		Mode:  view.Field{Name: "mode", Label: "How a new password gets there", Value: cmp.Or(r.PostFormValue("mode"), string(directory.LinkHome)), Problem: ps.On("mode")},
		Modes: []view.Option{
			{Value: string(directory.LinkHome), Label: "Active Directory alone", Hint: "Hash synchronization carries it over within some minutes. Nothing else has to be set up."},
			{Value: string(directory.LinkBoth), Label: "Active Directory, then the tenant at once", Hint: "For people who cannot wait. The tenant's settings have to allow writing accounts that Active Directory masters."},
			{Value: string(directory.LinkSeparate), Label: "Both, each by itself", Hint: "Where no hash synchronization runs."},
		},
	}
	for _, e := range all {
		if e.kind == "ad" {
			page.Homes = append(page.Homes, view.Option{Value: e.key, Label: e.key})
		}
		if e.kind == "entra" {
			page.Others = append(page.Others, view.Option{Value: e.key, Label: e.key})
		}
	}
	for i, t := range ties {
		page.Present = append(page.Present, directorypage.Present{
			Link: directorypage.Link{Home: t.AD, Other: t.Entra, Mode: string(t.Mode), Explained: explained(t.Mode, t.AD, t.Entra)},
			Form: view.Form{Form: component.Form{Action: linksURL + "/remove", Hidden: []component.Hidden{{Name: afterField, Value: version}, {Name: "n", Value: strconv.Itoa(i)}}}},
		})
	}
	return u.Console.Page(w, r, a, console.Page{Section: root, Trail: trail(), Title: "Links between directories", Problems: ps, Body: page.Body()})
}

func (u *UI) submitLink(w http.ResponseWriter, r *http.Request, a admin.Admin) error {
	_, all, err := u.entries(r.Context())
	if err != nil {
		return err
	}
	t := tie{AD: r.PostFormValue("home"), Entra: r.PostFormValue("other"), Mode: directory.LinkMode(r.PostFormValue("mode"))}
	is := func(key, kind string) bool {
		return slices.ContainsFunc(all, func(e entry) bool { return e.key == key && e.kind == kind })
	}
	switch {
	case !is(t.AD, "ad"):
		return u.linkForm(w, r, a, console.Problems{{Field: "home", Text: "Choose an Active Directory domain."}})
	case !is(t.Entra, "entra"):
		return u.linkForm(w, r, a, console.Problems{{Field: "other", Text: "Choose a tenant."}})
	case !slices.Contains([]directory.LinkMode{directory.LinkHome, directory.LinkBoth, directory.LinkSeparate}, t.Mode):
		return u.linkForm(w, r, a, console.Problems{{Field: "mode", Text: "Choose how a new password gets there."}})
	}
	now, err := u.Review.Configure.Read(r.Context())
	if err != nil {
		return err
	}
	var ties []tie
	if _, err := now.Fragment("links", &ties); err != nil {
		return err
	}
	after, _ := strconv.ParseInt(r.PostFormValue(afterField), 10, 64)
	d := configure.Draft{After: after, Changes: []configure.Change{{Path: yamledit.At("links", len(ties)), Do: configure.Insert, Value: t}}}
	return u.Review.Show(w, r, a, d, ask("Link "+t.AD+" and "+t.Entra+"?", linksURL))
}

func (u *UI) submitUnlink(w http.ResponseWriter, r *http.Request, a admin.Admin) error {
	now, err := u.Review.Configure.Read(r.Context())
	if err != nil {
		return err
	}
	var ties []tie
	if _, err := now.Fragment("links", &ties); err != nil {
		return err
	}
	i, err := strconv.Atoi(r.PostFormValue("n"))
	if err != nil || i < 0 || i >= len(ties) || r.PostFormValue(afterField) != strconv.FormatInt(now.Number, 10) {
		return fault.New(fault.Conflict, "The links changed meanwhile. Look at them again.")
	}
	d := configure.Draft{After: now.Number, Changes: []configure.Change{{Path: yamledit.At("links", i), Do: configure.Delete}}}
	q := ask("Take this link away?", linksURL)
	q.More = view.Notice(view.Warn, "What happens", strings.TrimSpace("People of "+ties[i].Entra+" are then somebody else than those of "+ties[i].AD+
		": what they set up in one does not serve in the other. Setting the link up again brings it back."))
	return u.Review.Show(w, r, a, d, q)
}
