package configure

import "testing"

func TestADraftIsMovedOntoWhatOthersSaved(t *testing.T) {
	saved := func(lines ...Line) *ConflictError {
		return &ConflictError{After: 4, Newest: Version{Number: 5}, Meanwhile: []Revision{{Version: Version{Number: 5}, Lines: lines}}}
	}
	line := func(kind LineKind, path string) Line { return Line{Path: path, Kind: kind} }
	for _, c := range []struct {
		name  string
		path  string
		after *ConflictError
		want  bool
	}{
		{"another key", "authenticators.totp", saved(line(Changed, "brand.name")), true},
		{"the same key", "authenticators.totp", saved(line(Changed, "authenticators.totp.digits")), true},
		{"an item of a list that stayed", "policies[2].reset", saved(line(Changed, "policies[1].reset.count"), line(Added, "policies[1].scope")), true},
		{"an item of a list with one more", "policies[2].reset", saved(line(Added, "policies[0]")), false},
		{"an item of a list with one less", "policies[2]", saved(line(Removed, "policies[0]")), false},
		{"an item that moved", "policies[0].name", saved(line(Moved, "policies[0]")), false},
		{"a list that became another", "policies[0].name", saved(line(Changed, "policies")), false},
		{"the list itself", "policies", saved(line(Added, "policies[0]")), true},
		{"the whole document", "", saved(line(Changed, "brand.name")), false},
		{"more than is known", "brand.name", &ConflictError{After: 1, Newest: Version{Number: 90}}, false},
	} {
		d, ok := Rebase(Draft{After: 4, Changes: []Change{{Path: c.path, Value: 1}}}, c.after)
		if ok != c.want || d.After != c.after.Newest.Number {
			t.Errorf("%s: %v, after %d", c.name, ok, d.After)
		}
	}
	if _, ok := Rebase(Revert(4, 2), saved(line(Added, "policies[0]"))); !ok {
		t.Error("going back")
	}
}
