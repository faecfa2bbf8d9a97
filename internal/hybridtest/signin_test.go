package hybridtest

import (
	"net/url"
	"strings"
	"testing"

	"rekey/internal/lab/graph"
	"rekey/internal/lab/people"
	"rekey/internal/lab/visitor"
)

// elsewhere types name and password at the tenant's sign-in page, which is open, and comes back to the portal.
func elsewhere(t testing.TB, v *visitor.Visitor, name, password string) *visitor.Page {
	t.Helper()
	p := v.Page()
	if len(p.Forms) != 1 || p.H1 != "Sign in" {
		t.Fatalf("this is no sign-in page of the tenant: %q at %s: %s", p.H1, p.Path, p.Text)
	}
	f := p.Forms[0]
	values := url.Values{"loginfmt": {name}, "passwd": {password}}
	for k, all := range f.Hidden {
		values[k] = all
	}
	v.Move(shared.Tenant.Server.Authority())
	defer v.Move(shared.Portal.URL())
	p, err := v.Post(t.Context(), strings.TrimPrefix(f.Action, shared.Tenant.Server.Authority()), values)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

const signInAt = "/account/sign-in-at/"

// TestSignInAtTheTenantToEnroll: the password of who lives in the cloud is typed at the tenant's page, never at ours.
func TestSignInAtTheTenantToEnroll(t *testing.T) {
	t.Parallel()
	p, ok := shared.Person("newcomer", people.Cloud)
	if !ok {
		t.Fatal("nobody is named newcomer")
	}
	if !shared.Tenant.AddMethod(p.UPN, graph.Method{Kind: graph.EmailMethod, Value: "nina@elsewhere.example.test"}) {
		t.Fatal("newcomer is not in the tenant")
	}
	v := browse()
	page, err := v.Open(t.Context(), "/account")
	if err != nil {
		t.Fatal(err)
	}
	has(t, page, "Sign in with", "Microsoft 365")
	if page, err = v.Post(t.Context(), "/account/sign-in", url.Values{"name": {p.UPN}, "password": {p.Password}}); err != nil {
		t.Fatal(err)
	}
	has(t, page, "not right") // typed at ours it opens nothing
	if _, err = v.Open(t.Context(), signInAt+people.Cloud.Name); err != nil {
		t.Fatal(err)
	}
	page = elsewhere(t, v, p.UPN, p.Password)
	if page.Path != "/account/setup" {
		t.Fatalf("came to %q at %s: %s", page.H1, page.Path, page.Text)
	}
	// An address that is registered over there is suggested, and is proof of nothing until a code has come back from it.
	if page, err = v.Submit(t.Context(), "/account/setup", visitor.Fields{"kind": "mail"}); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(page.HTML, `value="nina@elsewhere.example.test"`) {
		t.Errorf("%q does not suggest the address the tenant knows: %s", page.H1, page.Text)
	}
}

// TestSignInAtTheTenantOpensTheHomeAccount: who is in both has one set of methods, that of the home account.
func TestSignInAtTheTenantOpensTheHomeAccount(t *testing.T) {
	t.Parallel()
	a := play(t, "swapped", people.Corp)
	v := browse()
	if _, err := v.Open(t.Context(), signInAt+people.Cloud.Name); err != nil {
		t.Fatal(err)
	}
	page := elsewhere(t, v, a.UPN, a.Password)
	if page.Path != "/account" {
		t.Fatalf("came to %q at %s: %s", page.H1, page.Path, page.Text)
	}
	has(t, page, "Authenticator app", a.UPN)
}

// TestAttack02AnAnswerToAnotherQuestionSignsNobodyIn: neither somebody else's answer nor an old one.
func TestAttack02AnAnswerToAnotherQuestionSignsNobodyIn(t *testing.T) {
	t.Parallel()
	v := browse()
	if _, err := v.Open(t.Context(), signInAt+people.Cloud.Name); err != nil {
		t.Fatal(err)
	}
	victim := browse()
	for name, path := range map[string]string{
		"no ticket":      "/account/return?code=x&state=y",
		"no parameters":  "/account/return",
		"only an error":  "/account/return?error=access_denied",
		"another state":  "/account/return?code=x&state=" + strings.Repeat("A", 32),
		"no such tenant": signInAt + "elsewhere.example.test",
		"a domain of AD": signInAt + people.Corp.Name,
	} {
		for who, browser := range map[string]*visitor.Visitor{"visitor": victim, "visitor on the way": v} {
			p, err := browser.Open(t.Context(), path)
			if err != nil {
				t.Fatal(err)
			}
			if strings.HasPrefix(p.Path, "/account/setup") || strings.Contains(p.Text, "Sign out") {
				t.Errorf("%s, %s: %q at %s", name, who, p.H1, p.Path)
			}
		}
	}
}

// TestChangeWhereThePasswordIsNotTypedHere: the current password is proven by a fresh sign-in at the tenant.
func TestChangeWhereThePasswordIsNotTypedHere(t *testing.T) {
	t.Parallel()
	a, password := play(t, "onlychange", people.Cloud), fresh()
	v := browse()
	toTenant := func() {
		t.Helper()
		p, err := v.Submit(t.Context(), "/flow/choose", visitor.Fields{"method": "password"})
		if err != nil {
			t.Fatal(err)
		}
		at := strings.Index(p.HTML, shared.Tenant.Server.Authority())
		if at < 0 {
			t.Fatalf("no way to the tenant on %q: %s", p.H1, p.Text)
		}
		link, _, _ := strings.Cut(p.HTML[at:], `"`)
		v.Move(shared.Tenant.Server.Authority())
		defer v.Move(shared.Portal.URL())
		if _, err := v.Open(t.Context(), strings.ReplaceAll(strings.TrimPrefix(link, shared.Tenant.Server.Authority()), "&amp;", "&")); err != nil {
			t.Fatal(err)
		}
	}
	begin(t, v, "change", a.UPN)
	toTenant()
	other, _ := shared.Person("carl", people.Cloud)
	p := elsewhere(t, v, other.UPN, other.Password) // somebody else, who may sign in there
	if p.Path != "/flow" || strings.Contains(p.Text, "Save new password") {
		t.Fatalf("another person's sign-in led to %q: %s", p.H1, p.Text)
	}
	if _, err := v.Submit(t.Context(), "/flow/back", nil); err != nil {
		t.Fatal(err)
	}
	toTenant()
	p = elsewhere(t, v, a.UPN, a.Password)
	if p.Path != "/flow" || !strings.Contains(p.Text, "Save new password") {
		t.Fatalf("signed in, and came to %q at %s: %s", p.H1, p.Path, p.Text)
	}
	p, err := v.Finish(t.Context(), password)
	if err != nil {
		t.Fatal(err)
	}
	has(t, p, "Your password is changed")
	a.opens(t, "", password, a.Password)
}

// TestAttack16AChangeOfAnUnknownNameLooksTheSame: names in the tenant's domain are sent to its sign-in page, whether there is such a
// person or not.
func TestAttack16AChangeOfAnUnknownNameLooksTheSame(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"clara", "carl", "corinna", "nobody"} { // ready, nothing set up, disabled, unknown
		p := begin(t, browse(), "change", name+"@"+people.Cloud.Name)
		if got := p.Options("method"); len(got) != 1 || got[0] != "password" {
			t.Errorf("%s is offered %v on %q", name, got, p.H1)
		}
	}
}

// TestAttack15NobodySendsABrowserBackForAnother: a page that leads somebody to where sign-ins come back spends none of their tries.
func TestAttack15NobodySendsABrowserBackForAnother(t *testing.T) {
	t.Parallel()
	a := play(t, "led", people.Corp)
	v := browse()
	begin(t, v, "reset", a.UPN)
	if _, err := v.Submit(t.Context(), "/flow/choose", visitor.Fields{"method": "totp"}); err != nil {
		t.Fatal(err)
	}
	for range 12 { // more than the tries of a code, and of an account
		if _, err := v.Open(t.Context(), "/flow/return?code=x&state="+strings.Repeat("A", 32)); err != nil {
			t.Fatal(err)
		}
	}
	p, err := v.Submit(t.Context(), "/flow/back", nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(p.Options("method")) < 2 {
		t.Fatalf("came to %q: %s", p.H1, p.Text)
	}
	if p, err = v.ProveAll(t.Context(), a.proofs, "totp", "mail"); err != nil {
		t.Fatal(err)
	}
	has(t, p, "Choose a new password")
}
