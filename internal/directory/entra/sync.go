package entra

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"

	"rekey/internal/directory"
)

// position is what a cursor holds: a link for people and one for groups, each to the next page of a pass or to what changed since.
type position struct {
	People string `json:"people"`
	Groups string `json:"groups"`
}

// Changes implements directory.Syncer by delta queries: people first, then groups. Members of a group come in pieces, so they are told
// as added and dropped. Guests are told as removed: they are nobody here.
func (d *Directory) Changes(ctx context.Context, from directory.Cursor, take func(directory.Page) error) error {
	var at position
	if len(from) > 0 {
		if err := json.Unmarshal(from, &at); err != nil || at.People == "" || at.Groups == "" {
			return fmt.Errorf("%w: it cannot be read", directory.ErrCursorGone)
		}
	} else {
		at.People = d.start("/users/delta", d.accountProperties()+",manager")
		at.Groups = d.start("/groups/delta", "id,displayName,members")
	}
	err := follow(ctx, d, &at.People, func(users []user, page *directory.Page) error {
		for _, u := range users {
			if u.Removed != nil || u.guest() {
				page.Removed = append(page.Removed, u.ID)
				continue
			}
			page.People = append(page.People, d.account(u))
		}
		return at.into(page, take)
	})
	if err != nil {
		return err
	}
	return follow(ctx, d, &at.Groups, func(groups []deltaGroup, page *directory.Page) error {
		for _, g := range groups {
			g.tell(page)
		}
		return at.into(page, take)
	})
}

func (d *Directory) start(path, properties string) string {
	return d.config.Graph + "/v1.0" + path + "?" + url.Values{"$select": {properties}}.Encode()
}

// into hands a page over with where to go on.
func (p position) into(page *directory.Page, take func(directory.Page) error) error {
	next, err := json.Marshal(p)
	if err != nil {
		return err
	}
	page.Next = next
	return take(*page)
}

// follow reads pages from a link on, and leaves the link to go on at in its place before each is handed over. A link must be Graph's own.
func follow[T any](ctx context.Context, d *Directory, link *string, each func([]T, *directory.Page) error) error {
	for more := true; more; {
		var told struct {
			Value []T    `json:"value"`
			Next  string `json:"@odata.nextLink"`
			Delta string `json:"@odata.deltaLink"`
		}
		if err := d.changesPage(ctx, *link, &told); err != nil {
			return err
		}
		switch more = told.Next != ""; {
		case more:
			*link = told.Next
		case told.Delta != "":
			*link = told.Delta
		default:
			return fmt.Errorf("%w: graph gives no link to go on from", directory.ErrUnavailable)
		}
		if err := each(told.Value, &directory.Page{}); err != nil {
			return err
		}
	}
	return nil
}

func (d *Directory) changesPage(ctx context.Context, link string, into any) error {
	ctx, cancel, err := limit(ctx, 2*longestTimeout) // nobody waits, and pages are large
	if err != nil {
		return err
	}
	defer cancel()
	return d.graph.get(ctx, call{kind: readChanges, path: link, quiet: true}, into)
}

// deltaGroup is a group in a delta.
type deltaGroup struct {
	ID      string    `json:"id"`
	Name    string    `json:"displayName"`
	Removed *struct{} `json:"@removed"`
	Members []object  `json:"members@delta"`
}

func (g deltaGroup) tell(page *directory.Page) {
	id := strings.ToLower(g.ID)
	if g.Removed != nil {
		page.Removed = append(page.Removed, id)
		return
	}
	told := directory.SyncedGroup{Object: id, Policy: id, Name: g.Name}
	for _, m := range g.Members {
		if m.Removed != nil {
			told.Members.Dropped = append(told.Members.Dropped, strings.ToLower(m.ID))
		} else {
			told.Members.Added = append(told.Members.Added, strings.ToLower(m.ID))
		}
	}
	page.Groups = append(page.Groups, told)
}
