package fastldap_test

import (
	"fmt"
	"slices"
	"testing"

	"rekey/internal/directory"
	"rekey/internal/lab/fastldap"
)

// TestTheAdapterReadsEverythingAndChanges goes over the ends of pages and of ranges of members.
func TestTheAdapterReadsEverythingAndChanges(t *testing.T) {
	const people = 3500
	o := fastldap.Options{Domain: "fast.example.test", User: service, Password: right}
	all := fastldap.Group{Name: "everyone"}
	for i := range people {
		sam := fmt.Sprintf("p%d", i)
		o.People, all.Members = append(o.People, fastldap.Person{SAM: sam}), append(all.Members, sam)
	}
	o.Groups = []fastldap.Group{all}
	s, err := fastldap.Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	d := open(t, s, right)
	read := func(from directory.Cursor) (sams []string, members int, next directory.Cursor) {
		err := d.Changes(t.Context(), from, func(p directory.Page) error {
			for _, a := range p.People {
				sams = append(sams, a.SAM)
			}
			for _, g := range p.Groups {
				members += len(g.Members.Added)
			}
			next = p.Next
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		return sams, members, next
	}
	sams, members, next := read(nil)
	if slices.Sort(sams); len(slices.Compact(sams)) != people+1 || members != people { // and Guest
		t.Errorf("%d people, %d members", len(sams), members)
	}
	s.Touch("p7", "p3000")
	if sams, members, _ = read(next); !slices.Equal(sams, []string{"p7", "p3000"}) || members != 0 {
		t.Errorf("%v, %d members", sams, members)
	}
}
