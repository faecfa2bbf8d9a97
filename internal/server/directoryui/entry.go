package directoryui

import (
	"context"
	"io"
	"net/http"
	"slices"
	"strings"

	"github.com/a-h/templ"
	"github.com/go-chi/chi/v5"

	"rekey/internal/admin"
	"rekey/internal/configure"
	"rekey/internal/directory"
	"rekey/internal/fault"
	"rekey/internal/server"
	"rekey/internal/server/console"
	"rekey/internal/server/review"
	"rekey/internal/sync"
	"rekey/internal/yamledit"
	view "rekey/web/console"
)

// entry is a directory as it stands in the newest settings.
type entry struct {
	index     int
	kind, key string
	item      string // path in the list
	path      string // of its own settings
	value     any
}

// text gives a value of its settings; empty: there is none.
func (e entry) text(key string) string {
	m, _ := e.value.(map[string]any)
	s, _ := m[key].(string)
	return s
}

func (u *UI) entries(ctx context.Context) (configure.Current, []entry, error) {
	now, err := u.Review.Configure.Read(ctx)
	if err != nil {
		return now, nil, err
	}
	list, _ := now.Value("directories")
	items, _ := list.([]any)
	var all []entry
	for i, item := range items {
		m, _ := item.(map[string]any)
		for kind, value := range m {
			e := entry{index: i, kind: kind, item: yamledit.At("directories", i), value: value}
			e.path = e.item + "." + kind
			e.key = strings.ToLower(e.text("domain"))
			all = append(all, e)
		}
	}
	return now, all, nil
}

func (u *UI) entry(ctx context.Context, key string) (configure.Current, entry, error) {
	now, all, err := u.entries(ctx)
	if err != nil {
		return now, entry{}, err
	}
	i := slices.IndexFunc(all, func(e entry) bool { return e.key == key })
	if i < 0 {
		return now, entry{}, errGone
	}
	return now, all[i], nil
}

var errGone = fault.New(fault.NotFound, "The settings have no such directory any more.")

// of gives the directory of a request that is in force.
func (u *UI) of(r *http.Request) (directory.Directory, error) {
	d, ok := u.Site().Directory(chi.URLParam(r, "key"))
	if !ok {
		return nil, errGone
	}
	return d, nil
}

// kindName is what people call a kind.
func kindName(kind string) string {
	switch kind {
	case "ad":
		return "Active Directory"
	case "entra":
		return "Entra ID"
	case "ldap":
		return "OpenLDAP and other LDAP"
	}
	return kind
}

func by(r *http.Request, a admin.Admin) sync.By {
	return sync.By{Name: a.Name(), Session: a.Session.ID, Source: server.Source(r)}
}

func trail(more ...view.Link) []view.Link {
	return append([]view.Link{{Label: "Directories", URL: console.DirectoriesURL}}, more...)
}

func link(key string) view.Link { return view.Link{Label: key, URL: oneURL + "/" + key} }

// ask is the last page of a change.
func ask(title, back string) review.Ask {
	return review.Ask{Section: root, Trail: trail(), Title: title, Action: saveURL, Back: back, Done: root}
}

func (u *UI) submitSave(w http.ResponseWriter, r *http.Request, a admin.Admin) error {
	return u.Review.Save(w, r, a, ask("Directories", root))
}

// within puts parts into a part.
func within(outer, parts templ.Component) templ.Component {
	return templ.ComponentFunc(func(ctx context.Context, w io.Writer) error {
		return outer.Render(templ.WithChildren(ctx, parts), w)
	})
}
