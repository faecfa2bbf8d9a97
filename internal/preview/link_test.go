package preview

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"rekey/internal/account"
	"rekey/internal/directory"
	"rekey/internal/directory/memory"
)

// TestAccountsAreJoinedAsInTheLiveFlow: over all kinds of anchors and SIDs, the copy and the directories agree on whose an account is.
func TestAccountsAreJoinedAsInTheLiveFlow(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		link := directory.Link{Home: "a.example.test", Other: "b.example.test", Mode: directory.LinkBoth}
		f := directory.Finder{Links: []directory.Link{link}}
		if rapid.Bool().Draw(t, "unlinked") {
			f.Links = nil
		}
		var all []account.Account
		there := byAnchor{}
		for _, key := range []string{"a.example.test", "b.example.test", "c.example.test"} {
			d := memory.New(key, "D")
			for i := range rapid.IntRange(0, 3).Draw(t, "people") {
				var a memory.Account
				a.SAM = fmt.Sprintf("p%d", i)
				a.Anchor = rapid.SampledFrom([]string{"", "x", "y"}).Draw(t, "anchor")
				a.SID = rapid.SampledFrom([]string{"S-1", "S-2"}).Draw(t, "sid")
				a.State.Privileged, a.State.Synced = rapid.Bool().Draw(t, "privileged"), rapid.Bool().Draw(t, "synced")
				id := d.Add(a)
				got, err := d.Get(t.Context(), id)
				if err != nil {
					t.Fatal(err)
				}
				all = append(all, got)
				there[[2]string{key, got.Anchor}] = append(there[[2]string{key, got.Anchor}], got)
			}
			f.Directories = append(f.Directories, d)
		}
		for _, a := range all {
			want, err := f.Person(t.Context(), a)
			if err != nil {
				t.Fatal(err)
			}
			got := there.person(f.Links, a)
			if got.ID != want.ID || got.State.Privileged != want.State.Privileged || got.Usable() != want.Usable() || (got.Other == nil) != (want.Other == nil) {
				t.Fatalf("%v: got %+v, want %+v", a.ID, got, want)
			}
		}
	})
}
