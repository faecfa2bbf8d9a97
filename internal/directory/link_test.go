package directory_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"rekey/internal/account"
	"rekey/internal/directory"
	"rekey/internal/directory/memory"
)

// Octets of one object: as LDAP gives them, and as somebody would encode the GUID's text by mistake (RFC 4122 order).
const (
	anchorOfJane = "RDMiEWZViHeZqrvM3e7/AA=="
	wrongOrder   = "ESIzRFVmd4iZqrvM3e7/AA=="
	anchorOfMax  = "wKGy8zQSZ0WJqwEjRWeJqw=="
)

func hybrid(name, mail, anchor, sid string, synced bool) memory.Account {
	return memory.Account{Account: account.Account{
		SAM: name, UPN: name + "@corp.example.test", Mail: mail, Anchor: anchor, SID: sid, State: account.State{Synced: synced},
	}}
}

func linked(mode directory.LinkMode) []directory.Link {
	return []directory.Link{{Home: "corp.example.test", Other: "cloud.example.test", Mode: mode}}
}

func people(t testing.TB, typed string, links []directory.Link, all ...directory.Directory) ([]directory.Person, error) {
	t.Helper()
	who, err := directory.Parse(typed)
	if err != nil {
		t.Fatal(err)
	}
	return directory.Finder{Directories: all, Links: links}.People(t.Context(), who)
}

func written(p directory.Person) []string {
	var keys []string
	for _, id := range p.Writes() {
		keys = append(keys, id.Directory)
	}
	return keys
}

func TestAPersonInTwoDirectoriesIsOne(t *testing.T) {
	ad := memory.New("corp.example.test", "CORP", hybrid("jane", "jane@mail.test", anchorOfJane, "S-1-5-21-1", false))
	cloud := memory.New("cloud.example.test", "", hybrid("jane", "jane@mail.test", anchorOfJane, "S-1-5-21-1", true))
	for mode, want := range map[directory.LinkMode][]string{
		directory.LinkHome:     {"corp.example.test"},
		directory.LinkBoth:     {"corp.example.test", "cloud.example.test"},
		directory.LinkSeparate: {"corp.example.test", "cloud.example.test"},
	} {
		for _, typed := range []string{"jane@corp.example.test", "jane@mail.test", `CORP\jane`, `cloud.example.test\jane`, "jane"} {
			ps, err := people(t, typed, linked(mode), ad, cloud)
			if err != nil || len(ps) != 1 {
				t.Fatalf("%s %s: %v, %v", mode, typed, ps, err)
			}
			p := ps[0]
			if p.ID.Directory != "corp.example.test" || p.Other == nil || !p.Usable() || !slices.Equal(written(p), want) {
				t.Errorf("%s %s: home %s, writes %v, want %v", mode, typed, p.ID, written(p), want)
			}
			if follows := len(p.Follows()); (follows == 1) != (mode == directory.LinkHome) {
				t.Errorf("%s %s: %d follow", mode, typed, follows)
			}
		}
	}
	links := linked(directory.LinkSeparate)
	links[0].OtherFirst = true
	if ps, err := people(t, "jane", links, ad, cloud); err != nil || !slices.Equal(written(ps[0]), []string{"cloud.example.test", "corp.example.test"}) {
		t.Errorf("the other one first: %v, %v", ps, err)
	}
}

// TestAttack38AccountsAreNeverCrossed: what looks like the same person is not, unless anchor and SID agree to the octet.
func TestAttack38AccountsAreNeverCrossed(t *testing.T) {
	jane := hybrid("jane", "jane@mail.test", anchorOfJane, "S-1-5-21-1", false)
	for name, cloud := range map[string][]memory.Account{
		"names swapped": {
			hybrid("jane", "max@mail.test", anchorOfMax, "S-1-5-21-2", true),
		},
		"an address given to somebody else": {hybrid("other", "jane@mail.test", "", "", false)},
		"created anew under the old name":   {hybrid("jane", "jane@mail.test", anchorOfMax, "S-1-5-21-1", true)},
		"another SID":                       {hybrid("jane", "jane@mail.test", anchorOfJane, "S-1-5-21-9", true)},
		"no SID":                            {hybrid("jane", "jane@mail.test", anchorOfJane, "-", true)},
		"bytes of the GUID in text order":   {hybrid("jane", "jane@mail.test", wrongOrder, "S-1-5-21-1", true)},
		"another case of the anchor":        {hybrid("jane", "jane@mail.test", "rDMiEWZViHeZqrvM3e7/AA==", "S-1-5-21-1", true)},
		"two that claim the anchor": {
			hybrid("jane2", "j2@mail.test", anchorOfJane, "S-1-5-21-1", true), hybrid("jane3", "j3@mail.test", anchorOfJane, "S-1-5-21-1", true),
		},
	} {
		ps, err := people(t, `CORP\jane`, linked(directory.LinkBoth),
			memory.New("corp.example.test", "CORP", jane), memory.New("cloud.example.test", "", cloud...))
		if err != nil || len(ps) != 1 || ps[0].Other != nil || !slices.Equal(written(ps[0]), []string{"corp.example.test"}) {
			t.Errorf("%s: %+v, %v", name, ps, err)
		}
	}
}

// TestWhatAnotherDirectoryMastersIsNotWritten: the next synchronization would write over it.
func TestWhatAnotherDirectoryMastersIsNotWritten(t *testing.T) {
	ad := memory.New("corp.example.test", "CORP")
	cloud := memory.New("cloud.example.test", "", hybrid("jane", "jane@mail.test", anchorOfJane, "S-1-5-21-1", true))
	ps, err := people(t, "jane@mail.test", linked(directory.LinkBoth), ad, cloud)
	if err != nil || len(ps) != 1 || ps[0].Usable() {
		t.Errorf("alone: %+v, %v", ps, err)
	}
	ad.Add(hybrid("jane", "jane@mail.test", anchorOfMax, "S-1-5-21-5", false))
	ps, err = people(t, "jane@mail.test", linked(directory.LinkBoth), ad, cloud)
	if err != nil || len(ps) != 1 || ps[0].ID.Directory != "corp.example.test" || !ps[0].Usable() {
		t.Errorf("beside the one that was created anew: %+v, %v", ps, err)
	}
}

func TestALinkedDirectoryThatIsDown(t *testing.T) {
	ad := memory.New("corp.example.test", "CORP", hybrid("jane", "", anchorOfJane, "S-1-5-21-1", false))
	cloud := memory.New("cloud.example.test", "", hybrid("jane", "", anchorOfJane, "S-1-5-21-1", true)).Failing(memory.Unavailable)
	if _, err := people(t, `corp.example.test\jane`, linked(directory.LinkBoth), ad, cloud); !errors.Is(err, directory.ErrUnavailable) {
		t.Errorf("it is written: %v", err)
	}
	for _, typed := range []string{`corp.example.test\jane`, "jane", "jane@corp.example.test"} {
		ps, err := people(t, typed, linked(directory.LinkHome), ad, cloud)
		if err != nil || len(ps) != 1 || !ps[0].Usable() {
			t.Errorf("%s, and it only follows: %v, %v", typed, ps, err)
		}
	}
	if _, err := people(t, "only-there", linked(directory.LinkHome), ad, cloud); !errors.Is(err, directory.ErrUnavailable) {
		t.Errorf("nobody was found, but not everybody was asked: %v", err)
	}
}

func TestAnAccountThatMayNotSignInThereIsNotWrittenThere(t *testing.T) {
	off := hybrid("jane", "", anchorOfJane, "S-1-5-21-1", true)
	off.State.Disabled = true
	ps, err := people(t, `CORP\jane`, linked(directory.LinkBoth),
		memory.New("corp.example.test", "CORP", hybrid("jane", "", anchorOfJane, "S-1-5-21-1", false)), memory.New("cloud.example.test", "", off))
	if err != nil || len(ps) != 1 || !ps[0].Usable() || !slices.Equal(written(ps[0]), []string{"corp.example.test"}) {
		t.Errorf("%+v, %v", ps, err)
	}
}

// shy is a directory that does not tell groups now.
type shy struct{ *memory.Directory }

func (d shy) Lookup(ctx context.Context, who directory.Identifier) (account.Account, error) {
	a, err := d.Directory.Lookup(ctx, who)
	if err == nil {
		a.Groups, err = nil, fmt.Errorf("%w: %w", directory.ErrGroupsUnread, directory.ErrUnavailable)
	}
	return a, err
}

// memories are remembered groups.
type memories struct {
	at     time.Time
	groups []account.Group
}

func (m memories) CachedGroups(context.Context, account.ID) ([]account.Group, time.Time, error) {
	if m.at.IsZero() {
		return nil, m.at, directory.ErrNotFound
	}
	return m.groups, m.at, nil
}

// TestGroupsAreRememberedOnlyWhereThatIsAllowed: a policy that missed somebody's groups would be one that fails open.
func TestGroupsAreRememberedOnlyWhereThatIsAllowed(t *testing.T) {
	noon := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	ad := shy{memory.New("corp.example.test", "CORP", hybrid("jane", "", "", "S-1-5-21-1", false))}
	board := []account.Group{{ID: "S-1-5-21-512", Name: "Board"}}
	for name, c := range map[string]struct {
		cache directory.GroupCache
		found bool
	}{
		"not allowed":       {nil, false},
		"never read":        {memories{}, false},
		"too old":           {memories{noon.Add(-time.Hour - 1), board}, false},
		"fresh":             {memories{noon.Add(-time.Hour), board}, true},
		"fresh, in nothing": {memories{noon, nil}, true},
	} {
		f := directory.Finder{Directories: []directory.Directory{ad}, Groups: c.cache, OldestGroups: noon.Add(-time.Hour)}
		ps, err := f.People(t.Context(), directory.Identifier{Name: "jane"})
		if c.found != (err == nil) || !c.found && !errors.Is(err, directory.ErrUnavailable) {
			t.Errorf("%s: %v", name, err)
		}
		if name == "fresh" && (len(ps) != 1 || len(ps[0].Groups) != 1) {
			t.Errorf("%s: %+v", name, ps)
		}
	}
}

// TestAttack34WhoIsPrivilegedAnywhereIsSo: the password of the one account opens the other. What cannot be read counts as privileged.
func TestAttack34WhoIsPrivilegedAnywhereIsSo(t *testing.T) {
	plain := hybrid("jane", "", anchorOfJane, "S-1-5-21-1", false)
	admin := hybrid("jane", "", anchorOfJane, "S-1-5-21-1", true)
	admin.State.Privileged = true
	ad, cloud := memory.New("corp.example.test", "CORP", plain), memory.New("cloud.example.test", "", admin)
	for _, mode := range []directory.LinkMode{directory.LinkHome, directory.LinkBoth, directory.LinkSeparate} {
		ps, err := people(t, `CORP\jane`, linked(mode), ad, cloud)
		if err != nil || len(ps) != 1 || !ps[0].State.Privileged {
			t.Errorf("%s: %+v, %v", mode, ps, err)
		}
	}
	member := hybrid("jane", "", anchorOfJane, "S-1-5-21-1", false)
	member.Groups = []account.Group{{ID: "7d0c", Name: "Global"}}
	ps, err := people(t, `CORP\jane`, linked(directory.LinkBoth), ad, memory.New("cloud.example.test", "CLOUD", member))
	if err != nil || len(ps) != 1 || !slices.Equal(ps[0].Linked, []string{"7d0c", `CLOUD\Global`}) || len(ps[0].Groups) != 0 {
		t.Errorf("groups over there: %+v, %v", ps, err)
	}
	ps, err = people(t, `CORP\jane`, linked(directory.LinkHome), ad, cloud.Failing(memory.Unavailable))
	if err != nil || len(ps) != 1 || !ps[0].State.Privileged {
		t.Errorf("nobody knows: %+v, %v", ps, err)
	}
}

// TestOneNameOfTwoPeopleLeadsToEither: each is offered by the directory in which the name is theirs.
func TestOneNameOfTwoPeopleLeadsToEither(t *testing.T) {
	ad := memory.New("corp.example.test", "CORP",
		hybrid("anna", "shared@mail.test", anchorOfMax, "S-1-5-21-2", false), hybrid("jane", "", anchorOfJane, "S-1-5-21-1", false))
	cloud := memory.New("cloud.example.test", "", hybrid("jane", "shared@mail.test", anchorOfJane, "S-1-5-21-1", true))
	ps, err := people(t, "shared@mail.test", linked(directory.LinkBoth), ad, cloud)
	if err != nil || len(ps) != 2 || ps[0].FoundIn != "corp.example.test" || ps[1].FoundIn != "cloud.example.test" {
		t.Fatalf("%+v, %v", ps, err)
	}
	ps, err = people(t, `cloud.example.test\shared@mail.test`, linked(directory.LinkBoth), ad, cloud)
	if err == nil && len(ps) == 1 && ps[0].SAM != "jane" {
		t.Errorf("led to %s", ps[0].SAM)
	}
}
