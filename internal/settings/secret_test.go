package settings_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"rekey/internal/secret"
	"rekey/internal/settings"
)

func TestResolver(t *testing.T) {
	d := newDeps(t)
	resolve := settings.Resolver(d.Keys)
	dir := t.TempDir()
	file := func(name, text string) secret.Ref {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return secret.Ref{File: path}
	}
	t.Setenv("REKEY_TEST_SECRET", "from the environment")
	t.Setenv("REKEY_TEST_EMPTY", "")
	sealed, err := settings.Seal(d.Keys, secret.New("sealed one"))
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(sealed, "sealed one") {
		t.Error("not sealed at all")
	}
	for _, c := range []struct {
		name string
		ref  secret.Ref
		want string
	}{
		{"file", file("a", "s3cret"), "s3cret"},
		{"one line end is cut", file("b", "s3cret\n"), "s3cret"},
		{"of Windows too", file("c", "s3cret\r\n"), "s3cret"},
		{"but no more than one", file("d", " s3cret \n\n"), " s3cret \n"},
		{"environment", secret.Ref{Env: "REKEY_TEST_SECRET"}, "from the environment"},
		{"sealed", secret.Ref{Sealed: sealed}, "sealed one"},
		{"sealed, folded by YAML", secret.Ref{Sealed: " " + sealed + "\n"}, "sealed one"},
	} {
		if got, err := resolve(c.ref); err != nil || got.Reveal() != c.want {
			t.Errorf("%s: %q, %v", c.name, got.Reveal(), err)
		}
	}
	// An empty secret would be an anonymous sign-in to a directory (attack 32).
	for _, c := range []struct {
		name string
		ref  secret.Ref
		want string
	}{
		{"nothing", secret.Ref{}, "want one of file"},
		{"two", secret.Ref{File: "/x", Env: "X"}, "want only one of"},
		{"no such file", secret.Ref{File: dir + "/none"}, dir + "/none"},
		{"an empty file", file("e", "\n"), "is empty"},
		{"no such variable", secret.Ref{Env: "REKEY_TEST_NONE"}, "REKEY_TEST_NONE"},
		{"an empty variable", secret.Ref{Env: "REKEY_TEST_EMPTY"}, "is empty"},
		{"not base64", secret.Ref{Sealed: "***"}, "not base64"},
		{"changed", secret.Ref{Sealed: sealed[:len(sealed)-8] + "AAAAAAA="}, "this installation's keys"},
		{"another installation's", secret.Ref{Sealed: sealedBy(t, newDeps(t).Keys)}, "this installation's keys"},
	} {
		got, err := resolve(c.ref)
		if err == nil || !strings.Contains(err.Error(), c.want) || !got.Empty() {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

func sealedBy(t *testing.T, k settings.Keys) string {
	t.Helper()
	s, err := settings.Seal(k, secret.New("x"))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestAttack03AValueSealedForSomethingElseIsNoSecret: what another part sealed with the same keys does not open here.
func TestAttack03AValueSealedForSomethingElseIsNoSecret(t *testing.T) {
	d := newDeps(t)
	own, err := settings.Seal(d.Keys, secret.New("x"))
	if err != nil {
		t.Fatal(err)
	}
	foreign, err := settings.Seal(purposed{d.Keys}, secret.New("x"))
	if err != nil {
		t.Fatal(err)
	}
	resolve := settings.Resolver(d.Keys)
	if _, err := resolve(secret.Ref{Sealed: own}); err != nil {
		t.Error(err)
	}
	if got, err := resolve(secret.Ref{Sealed: foreign}); err == nil || !got.Empty() {
		t.Error("opened")
	}
}

// purposed seals for another purpose, as other parts of the product do.
type purposed struct{ settings.Keys }

func (p purposed) Seal(_ string, plain, context []byte) ([]byte, error) {
	return p.Keys.Seal("credential", plain, context)
}
