package directorytest

import (
	"context"
	"errors"
	"testing"
	"time"

	"rekey/internal/account"
	"rekey/internal/directory"
)

func testHealth(t *testing.T, f Fixture) {
	if h := f.Directory.Health(t.Context()); !h.Readable || !h.Writable || h.Server == "" || h.Detail == "" {
		t.Errorf("%+v", h)
	}
	for _, finding := range f.all(t).Check(t.Context()) {
		if !finding.OK || finding.Name == "" || finding.Text == "" {
			t.Errorf("finding %+v", finding)
		}
	}
}

// calls are all that ask the directory.
func calls(d everything, id account.ID) map[string]func(context.Context) error {
	return map[string]func(context.Context) error{
		"Lookup": func(ctx context.Context) error {
			_, err := d.Lookup(ctx, directory.Identifier{Raw: "dt-x", Name: "dt-x"})
			return err
		},
		"Get": func(ctx context.Context) error { _, err := d.Get(ctx, id); return err },
		"SetPassword": func(ctx context.Context) error {
			return d.SetPassword(ctx, id, text(next), directory.Write{})
		},
		"Change":       func(ctx context.Context) error { return d.Change(ctx, id, text(password), text(next)) },
		"Unlock":       func(ctx context.Context) error { _, err := d.Unlock(ctx, id); return err },
		"Authenticate": func(ctx context.Context) error { return d.Authenticate(ctx, id, text(password)) },
		"Rules":        func(ctx context.Context) error { _, err := d.Rules(ctx, id); return err },
		"PasswordSet":  func(ctx context.Context) error { _, err := d.PasswordSet(ctx, id); return err },
		"PasswordMoved": func(ctx context.Context) error {
			_, _, err := d.PasswordMoved(ctx, id, time.Time{})
			return err
		},
	}
}

func testUnavailable(t *testing.T, f Fixture) {
	id := f.add(t, Person{SAM: "dt-down"})
	for _, how := range []Failure{Down, Silent} {
		d := whole(t, f.Broken(t, how))
		for name, call := range calls(d, id) {
			began := time.Now()
			wantError(t, string(how)+" "+name, call(t.Context()), directory.ErrUnavailable)
			if took := time.Since(began); took > f.Limit {
				t.Errorf("%s: %s took %v, limit %v", how, name, took, f.Limit)
			}
		}
		if h := d.Health(t.Context()); h.Readable || h.Writable {
			t.Errorf("%s: %+v", how, h)
		}
	}
	f.accepts(t, id, password)
}

// testLost: what became of a write is known only to a directory that answers again.
func testLost(t *testing.T, f Fixture) {
	for how, want := range map[Failure]string{LostWritten: next, LostNot: password} {
		id := f.add(t, Person{SAM: "dt-" + string(how)})
		before := f.get(t, id).State.PasswordSet
		err := f.Broken(t, how).SetPassword(t.Context(), id, text(next), directory.Write{})
		wantError(t, string(how), err, directory.ErrOutcomeUnknown)
		if errors.Is(err, directory.ErrUnavailable) {
			t.Errorf("%s: %v also says that nothing was written", how, err)
		}
		set, err := f.all(t).PasswordSet(t.Context(), id)
		if err != nil || set.After(before) != (how == LostWritten) {
			t.Errorf("%s: password set at %v, %v; before: %v", how, set, err, before)
		}
		moved, sure, err := f.all(t).PasswordMoved(t.Context(), id, before)
		if err != nil || !sure || moved != (how == LostWritten) {
			t.Errorf("%s: moved %v, sure %v, %v", how, moved, sure, err)
		}
		f.accepts(t, id, want)
	}
}

// testGivenUp: a caller who has given up is not kept, and nothing is written for them.
func testGivenUp(t *testing.T, f Fixture) {
	id := f.add(t, Person{SAM: "dt-gone"})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for name, call := range calls(f.all(t), id) {
		wantError(t, name, call(ctx), directory.ErrUnavailable)
	}
	f.accepts(t, id, password)
}
