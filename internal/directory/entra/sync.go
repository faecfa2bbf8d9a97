package entra

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"sync"

	"rekey/internal/account"
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
	g := &gathered{at: &at, take: take}
	err := d.follow(ctx, &at.People, func(body []byte) error {
		page, err := d.people(body)
		if err != nil {
			return err
		}
		return g.add(page)
	})
	if err == nil {
		err = d.follow(ctx, &at.Groups, func(body []byte) error {
			page, err := groups(body)
			if err != nil {
				return err
			}
			return g.add(page)
		})
	}
	if told := g.flush(); told != nil { // what came before an error counts
		return told
	}
	return err
}

// gathered makes pages of about a thousand objects and members out of Graph's, which have two hundred: each costs a transaction.
type gathered struct {
	at   *position
	take func(directory.Page) error
	page directory.Page // Next is set when there is something to tell, be it only where to go on
	size int
}

// fullPage is how much is told at once.
const fullPage = 1000

// add takes a page along. One that takes something away has to come after what was told before, and so begins anew.
func (g *gathered) add(p directory.Page) error {
	size, away := len(p.People)+len(p.Groups), len(p.Removed)
	for _, group := range p.Groups {
		size, away = size+len(group.Members.Added), away+len(group.Members.Dropped)
	}
	if away > 0 || g.size+size > fullPage {
		if err := g.flush(); err != nil {
			return err
		}
	}
	next, err := json.Marshal(g.at)
	if err != nil {
		return err
	}
	g.page.People, g.page.Groups, g.page.Removed = append(g.page.People, p.People...), append(g.page.Groups, p.Groups...), append(g.page.Removed, p.Removed...)
	g.page.Next, g.size = next, g.size+size+away
	return nil
}

// flush tells what was gathered.
func (g *gathered) flush() error {
	page := g.page
	g.page, g.size = directory.Page{}, 0
	if page.Next == nil {
		return nil
	}
	return g.take(page)
}

func (d *Directory) start(path, properties string) string {
	return d.config.Graph + "/v1.0" + path + "?" + url.Values{"$select": {properties}}.Encode()
}

// fetched is a page as it came, with the link to go on at.
type fetched struct {
	body []byte
	link string
	err  error
}

// follow reads pages from a link on, and leaves the link to go on at in its place before each is handed over. The next page is asked for
// meanwhile.
func (d *Directory) follow(ctx context.Context, link *string, each func(body []byte) error) error {
	ctx, cancel := context.WithCancel(ctx)
	pages := make(chan fetched)
	var ended sync.WaitGroup
	defer ended.Wait()
	defer cancel()
	from := *link
	ended.Go(func() {
		defer close(pages)
		for more := true; more; {
			var f fetched
			f, more = d.fetch(ctx, from)
			from = f.link
			select {
			case pages <- f:
			case <-ctx.Done():
				return
			}
		}
	})
	for f := range pages {
		if f.err != nil {
			return f.err
		}
		*link = f.link
		if err := each(f.body); err != nil {
			return err
		}
	}
	return unavailable(ctx.Err()) // nil, unless the caller has given up
}

// fetch reads one page, and tells whether another follows it now.
func (d *Directory) fetch(ctx context.Context, link string) (f fetched, more bool) {
	ctx, cancel, err := limit(ctx, 2*longestTimeout) // nobody waits, and pages are large
	if err != nil {
		return fetched{err: err}, false
	}
	defer cancel()
	var told struct {
		Next  string `json:"@odata.nextLink"`
		Delta string `json:"@odata.deltaLink"`
	}
	f.body, f.err = d.graph.body(ctx, call{kind: readChanges, path: link, quiet: true})
	if f.err == nil && json.Unmarshal(f.body, &told) != nil {
		f.err = notJSON(readChanges)
	}
	f.link = cmp.Or(told.Next, told.Delta)
	if f.err == nil && f.link == "" {
		f.err = fmt.Errorf("%w: graph gives no link to go on at", directory.ErrUnavailable)
	}
	return f, f.err == nil && told.Next != ""
}

// people makes a page of users.
func (d *Directory) people(body []byte) (directory.Page, error) {
	users, err := d.readPage(body)
	if err != nil {
		return directory.Page{}, notJSON(readChanges)
	}
	page := directory.Page{People: make([]account.Account, 0, len(users))}
	for _, u := range users {
		if u.Removed != nil || u.guest() {
			page.Removed = append(page.Removed, strings.ToLower(u.ID))
			continue
		}
		page.People = append(page.People, d.account(u))
	}
	return page, nil
}

// groups makes a page of groups.
func groups(body []byte) (directory.Page, error) {
	var told struct{ Value []deltaGroup }
	if json.Unmarshal(body, &told) != nil {
		return directory.Page{}, notJSON(readChanges)
	}
	var page directory.Page
	for _, g := range told.Value {
		g.tell(&page)
	}
	return page, nil
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
