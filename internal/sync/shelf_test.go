package sync_test

import (
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/google/uuid"

	"rekey/internal/account"
	"rekey/internal/directory"
)

// shelf is a directory that keeps a log of changes. The cursor is a place in the log.
type shelf struct {
	key     string
	page    int
	objects map[string]thing
	last    uint32
	log     map[string]uint32 // number of the last change, by identifier
	epoch   byte              // another one has forgotten all cursors

	breaks func(page int) error // before the n-th page of a call; nil: never
}

type thing struct {
	person *account.Account
	group  *directory.SyncedGroup
	unit   *directory.SyncedUnit
}

func newShelf() *shelf {
	return &shelf{key: "d", page: 7, objects: map[string]thing{}, log: map[string]uint32{}}
}

func (s *shelf) Key() string { return s.key }

func (s *shelf) put(object string, t thing) {
	s.objects[object] = t
	s.touch(object)
}

func (s *shelf) touch(object string) {
	s.last++
	s.log[object] = s.last
}

func (s *shelf) remove(object string) {
	delete(s.objects, object)
	s.touch(object)
}

func (s *shelf) person(sam string, change func(*account.Account)) string {
	a := account.Account{
		ID: account.ID{Directory: s.key, Object: uuid.NewString()}, SAM: sam, UPN: sam + "@" + s.key, Path: "CN=" + sam + ",OU=People,DC=x",
		Attributes: map[string][]string{"department": {"Sales\x00\xff"}},
	}
	if change != nil {
		change(&a)
	}
	s.put(a.ID.Object, thing{person: &a})
	return a.ID.Object
}

func (s *shelf) change(object string, change func(*account.Account)) {
	a := *s.objects[object].person
	change(&a)
	s.put(object, thing{person: &a})
}

func (s *shelf) group(name string, members ...string) string {
	object := uuid.NewString()
	s.members(object, name, members...)
	return object
}

func (s *shelf) members(object, name string, members ...string) {
	s.put(object, thing{group: &directory.SyncedGroup{Object: object, Policy: "S-" + name, Name: name, Members: directory.Members{Added: members, Whole: true}}})
}

// forget makes every cursor worthless.
func (s *shelf) forget() { s.epoch++ }

func (s *shelf) Changes(ctx context.Context, from directory.Cursor, take func(directory.Page) error) error {
	at, everything := uint32(0), len(from) == 0
	if !everything {
		if from[0] != s.epoch {
			return directory.ErrCursorGone
		}
		at, everything = binary.BigEndian.Uint32(from[2:]), from[1] == 1
	}
	for n := 0; ; n++ {
		if s.breaks != nil {
			if err := s.breaks(n); err != nil {
				return err
			}
		}
		objects := s.after(at)
		more := len(objects) > s.page
		objects = objects[:min(s.page, len(objects))]
		p := s.pageOf(objects, everything)
		if len(objects) > 0 {
			at = s.log[objects[len(objects)-1]]
		}
		p.Next, p.Total = s.cursor(at, everything && more), len(s.objects)
		if err := take(p); err != nil || !more {
			return errors.Join(err, ctx.Err())
		}
	}
}

// after lists what changed since.
func (s *shelf) after(at uint32) []string {
	objects := slices.DeleteFunc(slices.Collect(maps.Keys(s.log)), func(o string) bool { return s.log[o] <= at })
	slices.SortFunc(objects, func(a, b string) int { return cmp.Compare(s.log[a], s.log[b]) })
	return objects
}

// cursor says whether the walk over everything goes on: then what is gone is not told.
func (s *shelf) cursor(at uint32, everything bool) directory.Cursor {
	c := directory.Cursor{s.epoch, 0}
	if everything {
		c[1] = 1
	}
	return binary.BigEndian.AppendUint32(c, at)
}

func (s *shelf) pageOf(objects []string, everything bool) directory.Page {
	var p directory.Page
	for _, o := range objects {
		switch t := s.objects[o]; {
		case t.person != nil:
			p.People = append(p.People, *t.person)
		case t.group != nil:
			p.Groups = append(p.Groups, *t.group)
		case t.unit != nil:
			p.Units = append(p.Units, *t.unit)
		case !everything:
			p.Removed = append(p.Removed, o)
		}
	}
	return p
}

// groupsOf works out an account's groups the slow way.
func (s *shelf) groupsOf(object string) []string {
	found := map[string]bool{}
	for grown := true; grown; {
		grown = false
		for o, t := range s.objects {
			if t.group == nil || found[o] {
				continue
			}
			if slices.ContainsFunc(t.group.Members.Added, func(m string) bool { return m == object || found[m] }) {
				found[o], grown = true, true
			}
		}
	}
	names := make([]string, 0, len(found))
	for o := range maps.Keys(found) {
		names = append(names, s.objects[o].group.Name)
	}
	slices.Sort(names)
	return names
}

var errCut = errors.New("the line was cut")

func namesOf(groups []account.Group) []string {
	names := make([]string, len(groups))
	for i, g := range groups {
		names[i] = g.Name
	}
	slices.SortFunc(names, strings.Compare)
	return names
}
