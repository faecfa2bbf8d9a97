package entra_test

import (
	"errors"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"rekey/internal/account"
	"rekey/internal/directory"
	"rekey/internal/directory/entra"
	"rekey/internal/lab/graph"
	"rekey/internal/secret"
)

func TestSetPassword(t *testing.T) {
	b := newBench(t, nil)
	d := b.open(nil)
	was, err := d.PasswordSet(t.Context(), b.id(b.anna))
	if err != nil {
		t.Fatal(err)
	}
	if err := b.set(d, after); err != nil {
		t.Fatal(err)
	}
	b.accepts(after)
	if _, err := b.tenant.SignIn(b.anna.UserPrincipalName, before); err == nil {
		t.Error("the old password is taken")
	}
	moved, sure, err := d.PasswordMoved(t.Context(), b.id(b.anna), was)
	if !moved || !sure || err != nil {
		t.Errorf("moved %v, sure %v, %v", moved, sure, err)
	}
	if err := d.SetPassword(t.Context(), b.id(b.anna), secret.New(after+"x"), directory.Write{MustChange: true}); err != nil {
		t.Fatal(err)
	}
	if u, _ := b.tenant.User(b.anna.ID); !u.MustChange {
		t.Error("need not be changed at the next sign-in")
	}
}

// TestRefusedWord: Graph says the same of every refused password.
func TestRefusedWord(t *testing.T) {
	b := newBench(t, func(s *graph.TenantSpec) { s.Banned = []string{"fabrikam", "unheardof"} })
	d := b.open(func(c *entra.Config) { c.BannedWords = []string{"fabrikam"} })
	for password, want := range map[string]directory.Reason{
		"Fabr1k@m12": directory.Banned, "aB1!": directory.TooShort, "onlysmallletters": directory.Complexity, "": directory.TooShort, "Pässw0rd-Neu": directory.Characters,
		"UnHeard0f12":     directory.PolicyRefused, // a word we were not told of
		"Contoso-9k2f-Qz": directory.Banned, strings.Repeat("aB1!", 65): directory.TooLong, "Anna-9k2f-Qzw": directory.Banned,
	} {
		var rejected *directory.RejectedError
		if err := b.set(d, password); !errors.As(err, &rejected) || rejected.Reason != want {
			t.Errorf("%q: %v, want %s", password, err, want)
		}
	}
	b.accepts(before)
}

func TestThrottledThenTaken(t *testing.T) {
	b := newBench(t, nil)
	d := b.open(nil)
	b.fail(graph.Fault{Method: http.MethodPatch, Path: b.anna.ID, Times: 1, Status: http.StatusTooManyRequests, RetryAfter: "0.128"})
	b.fail(graph.Fault{Method: http.MethodPatch, Path: b.anna.ID, Times: 1, Status: http.StatusConflict})
	b.fail(graph.Fault{Method: http.MethodPatch, Path: b.anna.ID, Times: 1, Status: http.StatusServiceUnavailable})
	if err := b.set(d, after); err != nil {
		t.Fatal(err)
	}
	b.accepts(after)
	if got := b.writes(b.anna); len(got) != 4 || count(got, http.StatusNoContent) != 1 {
		t.Errorf("writes were answered %v", got)
	}
}

// TestThrottledForAMinute: whoever waits is told at once that it will not be in time.
func TestThrottledForAMinute(t *testing.T) {
	b := newBench(t, nil)
	d := b.open(nil)
	b.fail(graph.Fault{Method: http.MethodPatch, Path: b.anna.ID, Status: http.StatusTooManyRequests, RetryAfter: "60"})
	began := time.Now()
	err := b.set(d, after)
	if took := time.Since(began); !errors.Is(err, directory.ErrUnavailable) || errors.Is(err, directory.ErrOutcomeUnknown) || took > time.Second {
		t.Errorf("%v after %v", err, took)
	}
	if got := b.writes(b.anna); len(got) != 1 {
		t.Errorf("writes were answered %v", got)
	}
	b.accepts(before)
}

func TestForbidden(t *testing.T) {
	b := newBench(t, nil)
	d := b.open(nil)
	admin := b.add(graph.User{UserPrincipalName: "admin@contoso.example"})
	b.tenant.AssignRole(admin.ID, graph.GlobalAdministrator, "/")
	if err := d.SetPassword(t.Context(), b.id(admin), secret.New(after), directory.Write{}); !errors.Is(err, directory.ErrDenied) {
		t.Errorf("an administrator's: %v", err)
	}
	b.app.SetRoles()
	if err := b.set(d, after); !errors.Is(err, directory.ErrDenied) {
		t.Errorf("without the role: %v", err)
	}
	b.accepts(before)
}

// TestLostAnswer: a write is sent once, and what became of it is asked for.
func TestLostAnswer(t *testing.T) {
	for _, c := range []struct {
		name  string
		fault graph.Fault
		want  error
		took  string
	}{
		{"cut after the write", graph.Fault{Apply: true, Cut: true}, nil, after},
		{"cut before the write", graph.Fault{Cut: true}, directory.ErrOutcomeUnknown, before},
		{"504 after the write", graph.Fault{Apply: true, Status: http.StatusGatewayTimeout}, nil, after},
		{"504 before the write", graph.Fault{Status: http.StatusGatewayTimeout}, directory.ErrOutcomeUnknown, before},
		{"500 after the write", graph.Fault{Apply: true, Status: http.StatusInternalServerError}, nil, after},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, nil)
			d := b.open(func(c *entra.Config) { c.WriteTimeout = time.Second })
			c.fault.Method, c.fault.Path, c.fault.Times = http.MethodPatch, b.anna.ID, 1
			b.fail(c.fault)
			err := b.set(d, after)
			if c.want == nil && err != nil || !errors.Is(err, c.want) || errors.Is(err, directory.ErrUnavailable) {
				t.Errorf("%v, want %v", err, c.want)
			}
			b.accepts(c.took)
			if got := b.writes(b.anna); len(got) != 1 {
				t.Errorf("writes were answered %v", got)
			}
		})
	}
}

// TestSyncedAccounts are mastered elsewhere, unless settings say that both are written.
func TestSyncedAccounts(t *testing.T) {
	synced := graph.User{UserPrincipalName: "hybrid@contoso.example", OnPremises: &graph.OnPremises{ImmutableID: "wKGy8zQSZ0WJqwEjRWeJqw==", SID: "S-1-5-21-1-2-3-1104", SAM: "hybrid"}}
	for _, mode := range []graph.SyncedMode{graph.SyncedSplit, graph.SyncedRefused} {
		b := newBench(t, func(s *graph.TenantSpec) { s.Synced = mode })
		u := b.add(synced)
		if err := b.open(nil).SetPassword(t.Context(), b.id(u), secret.New(after), directory.Write{}); !errors.Is(err, directory.ErrDenied) {
			t.Errorf("not allowed: %v", err)
		}
		if got := b.writes(u); len(got) != 0 {
			t.Errorf("writes were answered %v", got)
		}
		err := b.open(func(c *entra.Config) { c.WriteSynced = true }).SetPassword(t.Context(), b.id(u), secret.New(after), directory.Write{})
		if mode == graph.SyncedSplit && err != nil || mode == graph.SyncedRefused && !errors.Is(err, directory.ErrDenied) {
			t.Errorf("allowed, mode %d: %v", mode, err)
		}
	}
}

func TestRevokeSessions(t *testing.T) {
	b := newBench(t, nil)
	d := b.open(nil)
	tokens, err := b.tenant.SignIn(b.anna.UserPrincipalName, before)
	if err != nil {
		t.Fatal(err)
	}
	if err := d.RevokeSessions(t.Context(), b.id(b.anna)); err != nil {
		t.Fatal(err)
	}
	if b.server.Alive(tokens.Refresh) {
		t.Error("the session goes on")
	}
	if err := d.RevokeSessions(t.Context(), account.ID{Directory: d.Key(), Object: "00000000-0000-4000-8000-ffffffffffff"}); !errors.Is(err, directory.ErrNotFound) {
		t.Errorf("nobody's: %v", err)
	}
}

func TestRules(t *testing.T) {
	b := newBench(t, nil)
	d := b.open(func(c *entra.Config) { c.BannedWords = []string{"fabrikam"} })
	r, err := d.Rules(t.Context(), account.ID{Directory: d.Key()})
	if err != nil || r.MinLength != 8 || r.MaxLength != 256 || r.Classes != 3 || r.OfClasses != 4 || !r.ASCIIOnly || r.History != 0 || r.Source != "tenant" {
		t.Errorf("%+v, %v", r, err)
	}
	if r.Banned == nil || strings.Join(r.Banned.Words, " ") != "fabrikam" || strings.Join(r.Banned.Names, " ") != "Contoso" || !r.PasswordSet.IsZero() {
		t.Errorf("before a proof: %+v", r)
	}
	r, err = d.Rules(t.Context(), b.id(b.anna))
	if err != nil || strings.Join(r.Banned.Names, " ") != "Contoso Anna Berg" || r.PasswordSet.IsZero() {
		t.Errorf("%+v, %v", r, err)
	}
	if _, err := d.Rules(t.Context(), account.ID{Directory: d.Key(), Object: "unknown"}); !errors.Is(err, directory.ErrNotFound) {
		t.Error(err)
	}
}

// TestTokenRefused: Graph may refuse a token before it ends.
func TestTokenRefused(t *testing.T) {
	b := newBench(t, nil)
	d := b.open(nil)
	b.fail(graph.Fault{Method: http.MethodPatch, Path: b.anna.ID, Times: 1, Status: http.StatusUnauthorized})
	if err := b.set(d, after); err != nil {
		t.Errorf("refused once: %v", err)
	}
	b.fail(graph.Fault{Method: http.MethodGet, Path: b.anna.ID, Times: 2, Status: http.StatusUnauthorized})
	if _, err := d.PasswordSet(t.Context(), b.id(b.anna)); !errors.Is(err, directory.ErrUnavailable) {
		t.Errorf("refused twice: %v", err)
	}
}

// listener gives an address where nobody answers: connections are refused, or accepted by the kernel alone.
func listener(t testing.TB, refuse bool) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	if refuse {
		_ = l.Close()
	}
	return l.Addr().String()
}
