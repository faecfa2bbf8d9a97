package directory

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"rekey/internal/account"
)

// Anchored directories can find an account by what ties it to the same person's account in another directory.
type Anchored interface {
	// ByAnchor finds the account whose Anchor is this, octet for octet. Errors: ErrNotFound, ErrAmbiguous, ErrUnavailable.
	ByAnchor(ctx context.Context, anchor string) (account.Account, error)
}

// SyncedWriter says whether accounts that another directory masters are written when they are asked to be. Those of other
// directories always are.
type SyncedWriter interface {
	WritesSynced() bool
}

// SessionRevoker can end everything somebody is signed in to.
type SessionRevoker interface {
	// RevokeSessions may take some minutes to reach every service. Errors: ErrNotFound, ErrDenied, ErrUnavailable.
	RevokeSessions(ctx context.Context, id account.ID) error
}

// ContactReader can tell which addresses and phones a directory holds for a person, to suggest them at enrollment. They are never
// proof of anything by themselves.
type ContactReader interface {
	// Contacts errors: ErrNotFound, ErrDenied, ErrUnavailable.
	Contacts(ctx context.Context, id account.ID) ([]Contact, error)
}

// Contact is one way to reach a person.
type Contact struct {
	Kind  ContactKind
	Value string // an address, or a phone number in E.164 with an extension after "x"
	// Registered is set when the person gave it for recovery there; otherwise it is an ordinary attribute.
	Registered bool
}

// ContactKind is what a contact is.
type ContactKind string

// The kinds.
const (
	ContactMail   ContactKind = "mail"
	ContactMobile ContactKind = "mobile"
	ContactOffice ContactKind = "office"
)

// LinkMode says how one person's accounts in two directories get a new password.
type LinkMode string

// The modes, as settings write them.
const (
	// LinkHome writes the home account only; hash synchronization carries it over.
	LinkHome LinkMode = "ad"
	// LinkBoth writes the home account and then the other, so that it works there at once; hash synchronization runs too.
	LinkBoth LinkMode = "ad+entra"
	// LinkSeparate writes both; nothing carries a password over.
	LinkSeparate LinkMode = "separate"
)

// SynchronizedWithin is how long hash synchronization takes: it runs every two minutes (Microsoft: "Implement password hash
// synchronization"), and may have to wait for the domain's own replication.
const SynchronizedWithin = 5 * time.Minute

// Link ties two directories whose accounts belong to the same people.
type Link struct {
	Home  string // key of the directory that enrollments are kept under
	Other string
	Mode  LinkMode
	// OtherFirst writes the other one before the home one; with LinkSeparate only.
	OtherFirst bool
}

// Same reports whether two accounts of linked directories belong to one person: the anchor is the same octet for octet, and the
// SIDs are the same. Names and addresses never count: they are given away again.
func Same(a, b account.Account) bool {
	return a.ID.Directory != b.ID.Directory && a.Anchor != "" && a.Anchor == b.Anchor && a.SID != "" && a.SID == b.SID
}

// Person is what one person has: one account, or two that a link ties.
type Person struct {
	account.Account                  // the home account
	Other           *account.Account // in the directory linked to it; nil: none
	Link            Link             // with Other
	FoundIn         string           // the directory whose account the name is of
}

// Usable reports whether recovery can help: the account can sign in, and what is written to it is not written over by a directory
// nobody told us of.
func (p Person) Usable() bool {
	return p.State.Usable() && !p.orphan()
}

// orphan reports an account that is mastered in a directory nobody here knows it from: what is written to it does not last.
func (p Person) orphan() bool { return p.Other == nil && p.State.Synced }

// Writes lists the accounts that a new password is written to, in order.
func (p Person) Writes() []account.ID {
	switch {
	case p.Other == nil || p.Link.Mode == LinkHome || !p.Other.State.Usable():
		return []account.ID{p.ID}
	case p.Link.OtherFirst:
		return []account.ID{p.Other.ID, p.ID}
	}
	return []account.ID{p.ID, p.Other.ID}
}

// Follows lists the accounts that get the password later, by themselves.
func (p Person) Follows() []account.ID {
	if p.Other == nil || p.Link.Mode != LinkHome {
		return nil
	}
	return []account.ID{p.Other.ID}
}

// Finder finds people.
type Finder struct {
	Directories []Directory
	Links       []Link
	// Groups stand in for those that could not be read, when they are not older than OldestGroups; nil: such a person is not found now.
	Groups       GroupCache
	OldestGroups time.Time
}

// People is Find with the accounts of one person joined. It asks linked directories for the other account of whoever is found, by
// anchor and never by name, and as often when nobody is found. Errors as Find, but a directory that only follows may be down.
func (f Finder) People(ctx context.Context, who Identifier) ([]Person, error) {
	found, failed := f.find(ctx, who)
	if err := serious(found, failed, f.Links); err != nil {
		return nil, err
	}
	all, links := f.Directories, f.Links
	homes := 0
	var people []Person
	for _, a := range homesFirst(found, links) {
		if other(people, a) {
			continue
		}
		p, err := f.join(ctx, a)
		if err != nil {
			return nil, err
		}
		p.FoundIn = a.ID.Directory
		if isHome(p.ID.Directory, links) {
			homes++
		}
		if !has(people, p) && (len(found) == 1 || !p.orphan()) {
			people = append(people, p)
		}
	}
	if homes == 0 {
		if err := askAboutNobody(ctx, all, links); err != nil {
			return nil, err
		}
	}
	return people, nil
}

// homesFirst puts accounts of home directories before the others, so that those are found by anchor.
func homesFirst(found []account.Account, links []Link) []account.Account {
	return slices.SortedStableFunc(slices.Values(found), func(a, b account.Account) int {
		return rank(a, links) - rank(b, links)
	})
}

func rank(a account.Account, links []Link) int {
	if isHome(a.ID.Directory, links) {
		return 0
	}
	return 1
}

func isHome(key string, links []Link) bool {
	return slices.ContainsFunc(links, func(l Link) bool { return l.Home == key })
}

// other reports whether an account is somebody's other one.
func other(people []Person, a account.Account) bool {
	return slices.ContainsFunc(people, func(p Person) bool { return p.Other != nil && p.Other.ID == a.ID })
}

// Person joins an account that is known with the one in a linked directory. Errors: ErrUnavailable.
func (f Finder) Person(ctx context.Context, a account.Account) (Person, error) { return f.join(ctx, a) }

// Get reads an account by its ID from a directory. Errors: ErrNotFound, ErrUnavailable.
func (f Finder) Get(ctx context.Context, d Directory, id account.ID) (account.Account, error) {
	a, err := d.Get(ctx, id)
	return f.grouped(ctx, a, err)
}

// find is Find's, with groups that are remembered for those that were not read.
func (f Finder) find(ctx context.Context, who Identifier) ([]account.Account, map[string]error) {
	found, failed := find(ctx, f.Directories, who, f.grouped)
	return found, failed
}

// grouped fills in groups that could not be read.
func (f Finder) grouped(ctx context.Context, a account.Account, err error) (account.Account, error) {
	if !errors.Is(err, ErrGroupsUnread) || f.Groups == nil {
		return a, err
	}
	groups, at, missed := f.Groups.CachedGroups(ctx, a.ID)
	if missed != nil || at.Before(f.OldestGroups) {
		return a, err
	}
	a.Groups = groups
	return a, nil
}

// serious leaves out the failures of directories that only follow one where somebody was found: nothing is written there.
func serious(found []account.Account, failed map[string]error, links []Link) error {
	for _, l := range links {
		if l.Mode != LinkHome || errors.Is(failed[l.Other], ErrAmbiguous) {
			continue
		}
		if slices.ContainsFunc(found, func(a account.Account) bool { return a.ID.Directory == l.Home }) {
			delete(failed, l.Other)
		}
	}
	var errs error
	for _, key := range slices.Sorted(maps.Keys(failed)) {
		errs = errors.Join(errs, fmt.Errorf("%s: %w", key, failed[key]))
	}
	return errs
}

func has(people []Person, p Person) bool {
	return slices.ContainsFunc(people, func(q Person) bool { return q.ID == p.ID })
}

// join finds the other account of a by its anchor.
func (f Finder) join(ctx context.Context, a account.Account) (Person, error) {
	for _, l := range f.Links {
		there := l.Other
		switch a.ID.Directory {
		case l.Home:
		case l.Other:
			there = l.Home
		default:
			continue
		}
		b, ok, err := f.counterpart(ctx, l, a, there)
		if err != nil {
			return Person{}, err
		}
		if !ok {
			a.State.Privileged = a.State.Privileged || b.State.Privileged
			return Person{Account: a}, nil
		}
		if there == l.Home {
			a, b = b, a
		}
		a.State.Privileged = a.State.Privileged || b.State.Privileged // whose password opens both
		for _, g := range b.Groups {
			a.Linked = append(a.Linked, g.ID)
			if g.Name != "" {
				a.Linked = append(a.Linked, b.NetBIOS+`\`+g.Name)
			}
		}
		return Person{Account: a, Other: &b, Link: l}, nil
	}
	return Person{Account: a}, nil
}

func (f Finder) counterpart(ctx context.Context, l Link, a account.Account, there string) (account.Account, bool, error) {
	d, ok := anchored(f.Directories, there)
	if !ok {
		return account.Account{}, false, nil
	}
	anchor := a.Anchor
	if anchor == "" && there == l.Home {
		return account.Account{}, false, nil // as much is asked as about a name nobody has: see askAboutNobody
	}
	if anchor == "" {
		anchor = nobodys
	}
	b, err := d.ByAnchor(ctx, anchor)
	if b, err = f.grouped(ctx, b, err); there == l.Other && errors.Is(err, ErrGroupsUnread) {
		err = nil // policies look at the groups of the home account
	}
	switch {
	case err == nil:
		return b, Same(a, b), nil
	case errors.Is(err, ErrNotFound), errors.Is(err, ErrAmbiguous): // two claim to be the other: neither is
		return account.Account{}, false, nil
	case l.Mode == LinkHome && there == l.Other: // nothing is written there, but nobody knows what the account may do
		return account.Account{State: account.State{Privileged: true}}, false, nil
	}
	return account.Account{}, false, fmt.Errorf("%s: %w", there, err)
}

// nobodys is the anchor of no object: all octets are zero.
const nobodys = "AAAAAAAAAAAAAAAAAAAAAA=="

// askAboutNobody asks what is asked about somebody, so that it takes as long when nobody is found.
func askAboutNobody(ctx context.Context, all []Directory, links []Link) error {
	for _, l := range links {
		d, ok := anchored(all, l.Other)
		if !ok {
			continue
		}
		if _, err := d.ByAnchor(ctx, nobodys); err != nil && !errors.Is(err, ErrNotFound) && l.Mode != LinkHome {
			return fmt.Errorf("%s: %w", l.Other, err)
		}
		return nil
	}
	return nil
}

func anchored(all []Directory, key string) (Anchored, bool) {
	for _, d := range all {
		if d.Key() == key {
			a, ok := d.(Anchored)
			return a, ok
		}
	}
	return nil, false
}
