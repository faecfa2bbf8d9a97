package entra_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"testing"
	"time"

	"rekey/internal/directory"
	"rekey/internal/directory/entra"
	"rekey/internal/lab/graph"
	"rekey/internal/secret"
)

// browser is somebody's, with its cookies.
type browser struct {
	t      testing.TB
	client *http.Client
	base   string
}

func (b *bench) browser() *browser {
	c := b.server.Client()
	c.Jar, _ = cookiejar.New(nil)
	b.t.Cleanup(c.CloseIdleConnections)
	return &browser{t: b.t, client: c, base: b.server.Authority()}
}

var (
	pageForm   = regexp.MustCompile(`name="ctx" value="([^"]+)"`)
	actionForm = regexp.MustCompile(`action="([^"]+)"`)
)

// visit goes where StartSignIn says, types what is asked, and gives what comes back; typed tells whether anything was asked.
func (b *browser) visit(where, name, password string) (answer url.Values, typed bool) {
	b.t.Helper()
	response, err := b.client.Get(where)
	if err != nil {
		b.t.Fatal(err)
	}
	page := readAll(b.t, response)
	if form := pageForm.FindStringSubmatch(page); form != nil {
		typed = true
		response, err = b.client.PostForm(b.base+actionForm.FindStringSubmatch(page)[1], url.Values{"ctx": {form[1]}, "loginfmt": {name}, "passwd": {password}})
		if err != nil {
			b.t.Fatal(err)
		}
		page = readAll(b.t, response)
	}
	if response.StatusCode != http.StatusFound {
		b.t.Fatalf("%d: %s", response.StatusCode, page)
	}
	to, err := response.Location()
	if err != nil || to.Scheme+"://"+to.Host+to.Path != callback {
		b.t.Fatalf("%v, %v", to, err)
	}
	return to.Query(), typed
}

func TestSignIn(t *testing.T) {
	b := newBench(t, nil)
	d := b.open(nil)
	began := time.Now().Add(-time.Second)
	where, state, err := d.StartSignIn(t.Context(), directory.SignIn{Callback: callback, State: "visitor", Hint: b.anna.UserPrincipalName})
	if err != nil {
		t.Fatal(err)
	}
	person := b.browser()
	answer, typed := person.visit(where, b.anna.UserPrincipalName, before)
	who, err := d.FinishSignIn(t.Context(), state, answer)
	if err != nil || who.Account != b.id(b.anna) || who.At.Before(began.Truncate(time.Second)) || !typed {
		t.Fatalf("%+v, %v", who, err)
	}
	if _, err := d.FinishSignIn(t.Context(), state, answer); !errors.Is(err, directory.ErrSignInRefused) {
		t.Errorf("a code used twice: %v", err)
	}
	// A plain sign-in takes the session there is; a fresh one asks again.
	for _, fresh := range []bool{false, true} {
		where, state, err = d.StartSignIn(t.Context(), directory.SignIn{Callback: callback, State: "again", Fresh: fresh})
		if err != nil {
			t.Fatal(err)
		}
		answer, typed := person.visit(where, b.anna.UserPrincipalName, before)
		if who, err := d.FinishSignIn(t.Context(), state, answer); err != nil || who.Account != b.id(b.anna) || typed != fresh {
			t.Errorf("fresh %v: %+v, %v, typed %v", fresh, who, err, typed)
		}
	}
}

// TestFreshnessIsChecked: the browser can leave prompt and max_age out of the address.
func TestFreshnessIsChecked(t *testing.T) {
	b := newBench(t, nil)
	now := time.Now()
	d := b.openAt(func() time.Time { return now }, nil)
	person := b.browser()
	where, state, err := d.StartSignIn(t.Context(), directory.SignIn{Callback: callback, State: "first"})
	if err != nil {
		t.Fatal(err)
	}
	answer, _ := person.visit(where, b.anna.UserPrincipalName, before)
	if _, err := d.FinishSignIn(t.Context(), state, answer); err != nil {
		t.Fatal(err)
	}
	now = now.Add(4 * time.Minute) // an hour would end the token before its freshness is judged
	where, state, err = d.StartSignIn(t.Context(), directory.SignIn{Callback: callback, State: "second", Fresh: true})
	if err != nil {
		t.Fatal(err)
	}
	answer, typed := person.visit(without(t, where, "prompt", "max_age"), b.anna.UserPrincipalName, before)
	if who, err := d.FinishSignIn(t.Context(), state, answer); !errors.Is(err, directory.ErrSignInRefused) || typed {
		t.Errorf("%+v, %v, typed %v", who, err, typed)
	}
}

func without(t testing.TB, where string, names ...string) string {
	t.Helper()
	u, err := url.Parse(where)
	if err != nil {
		t.Fatal(err)
	}
	query := u.Query()
	for _, n := range names {
		query.Del(n)
	}
	u.RawQuery = query.Encode()
	return u.String()
}

func TestSignInWithoutAuthTime(t *testing.T) {
	b := newBench(t, nil)
	app := b.tenant.AddApp(graph.App{Secrets: []graph.Secret{{Value: clientSecret}}, Permissions: permissions(), RedirectURIs: []string{callback}})
	d := b.open(func(c *entra.Config) { c.ClientID = app.ID() })
	where, state, err := d.StartSignIn(t.Context(), directory.SignIn{Callback: callback, State: "visitor", Fresh: true})
	if err != nil {
		t.Fatal(err)
	}
	answer, _ := b.browser().visit(where, b.anna.UserPrincipalName, before)
	if _, err := d.FinishSignIn(t.Context(), state, answer); !errors.Is(err, directory.ErrSignInRefused) {
		t.Errorf("nothing says that it is fresh: %v", err)
	}
}

// TestAttack29SignInsAreNotMixedUp: an answer counts only for the visitor and the start it belongs to.
func TestAttack29SignInsAreNotMixedUp(t *testing.T) {
	b := newBench(t, nil)
	d := b.open(nil)
	start := func(state string) (string, []byte) {
		where, kept, err := d.StartSignIn(t.Context(), directory.SignIn{Callback: callback, State: state})
		if err != nil {
			t.Fatal(err)
		}
		return where, kept
	}
	mine, kept := start("mine")
	_, other := start("mine")
	answer, _ := b.browser().visit(mine, b.anna.UserPrincipalName, before)
	if _, err := d.FinishSignIn(t.Context(), other, answer); !errors.Is(err, directory.ErrSignInRefused) {
		t.Errorf("another start's verifier and nonce: %v", err)
	}
	answer.Set("state", "theirs")
	if _, err := d.FinishSignIn(t.Context(), kept, answer); !errors.Is(err, directory.ErrSignInRefused) {
		t.Errorf("another visitor's: %v", err)
	}
	if _, err := d.FinishSignIn(t.Context(), []byte("{"), answer); !errors.Is(err, directory.ErrSignInRefused) {
		t.Errorf("no state: %v", err)
	}
	if _, err := d.FinishSignIn(t.Context(), kept, url.Values{"state": {"mine"}, "error": {"access_denied"}}); !errors.Is(err, directory.ErrSignInRefused) {
		t.Errorf("given up: %v", err)
	}
	var told map[string]any
	if err := json.Unmarshal(kept, &told); err != nil || told["verifier"] == nil {
		t.Errorf("%v, %v", told, err)
	}
}

func TestManagedIdentitySignsNobodyIn(t *testing.T) {
	b := newBench(t, nil)
	d := b.open(func(c *entra.Config) { c.Secret, c.ManagedIdentity = secret.Ref{}, &entra.ManagedIdentity{} })
	if _, _, err := d.StartSignIn(t.Context(), directory.SignIn{Callback: callback, State: "x"}); !errors.Is(err, directory.ErrUnavailable) {
		t.Error(err)
	}
}
