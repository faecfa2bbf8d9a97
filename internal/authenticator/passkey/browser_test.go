package passkey_test

import (
	"fmt"
	"net/http"
	"os"
	"testing"

	"rekey/internal/authenticator"
	"rekey/internal/authenticator/passkey"
	"rekey/internal/lab/browser"
)

func TestMain(m *testing.M) { os.Exit(browser.Main(m)) }

// chromium is a tab on a page of ours, with a device in it that keeps passkeys.
type chromium struct{ page *browser.Page }

// do performs a ceremony the way a page does it and gives what is posted, or the name of the error.
func (c chromium) do(verb, parse string, options []byte) string {
	return browser.Eval[string](c.page, fmt.Sprintf(
		`navigator.credentials.%s({ publicKey: PublicKeyCredential.%s(JSON.parse(%q).publicKey) })
			.then((made) => JSON.stringify(made.toJSON()), (e) => e.name)`, verb, parse, options))
}

func (c chromium) create(t testing.TB, made authenticator.Challenge) string {
	return c.do("create", "parseCreationOptionsFromJSON", options(t, made, true))
}

func (c chromium) get(t testing.TB, made authenticator.Challenge) string {
	return c.do("get", "parseRequestOptionsFromJSON", options(t, made, false))
}

func (c chromium) prove(t testing.TB, m *passkey.Method, r authenticator.Request) authenticator.Result {
	t.Helper()
	made, err := m.Challenge(t.Context(), r, start)
	if err != nil {
		t.Fatal(err)
	}
	said := c.get(t, made)
	got, err := m.Verify(t.Context(), r, made.State, authenticator.CeremonyResponse{JSON: []byte(said)}, start)
	if err != nil {
		t.Fatalf("%s: %v", said, err)
	}
	return got
}

// TestChromium: a real browser takes the options, and what it answers is judged right, also when its device lies.
func TestChromium(t *testing.T) {
	page := browser.New(t, browser.Options{})
	at := browser.Serve(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		fmt.Fprint(w, `<!doctype html><html lang="en"><title>Passkeys</title><link rel="icon" href="data:,"><h1>Passkeys</h1>`)
	}))
	page.Open(at)
	keys, tab := page.AddPasskeys(), chromium{page}
	m := open(t, passkey.Config{Origin: at})

	e := authenticator.Enrollment{Subject: alice(), Session: "s"}
	made := begin(t, m, e)
	said := tab.create(t, made)
	done, err := m.Finish(t.Context(), e, made.State, authenticator.CeremonyResponse{JSON: []byte(said)}, start)
	if err != nil || done.Outcome != authenticator.Accepted || keys.Count() != 1 {
		t.Fatalf("%v %q, %v; %d passkeys; the browser said %s", done.Outcome, done.Reason, err, keys.Count(), said)
	}
	done.Credential.ID = "a"
	e.Existing = []authenticator.Credential{done.Credential}
	if got := tab.create(t, begin(t, m, e)); got != "InvalidStateError" {
		t.Errorf("the same device again: %s", got)
	}

	r := request(done.Credential)
	for range 2 {
		got := tab.prove(t, m, r)
		if got.Outcome != authenticator.Accepted {
			t.Fatalf("%v %q", got.Outcome, got.Reason)
		}
		r.Credentials[0] = *got.Update
	}
	for _, lie := range []browser.Forgery{browser.BadSignature, browser.NotVerified, browser.NotPresent} {
		keys.Forge(lie)
		if got := tab.prove(t, m, r); got.Outcome != authenticator.Wrong || got.Reason != "wrong" {
			t.Errorf("forgery %v: %v %q", lie, got.Outcome, got.Reason)
		}
	}
	keys.Forge(browser.Honest)
	decoy, err := m.Challenge(t.Context(), request(m.Decoy([32]byte{1})), start)
	if err != nil {
		t.Fatal(err)
	}
	if got := tab.get(t, decoy); got != "NotAllowedError" {
		t.Errorf("a decoy's prompt: %s", got)
	}
}
