package graph_test

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"math/big"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"rekey/internal/lab/graph"
)

const (
	callback = "https://rekey.test/callback"
	verifier = "a-verifier-of-more-than-forty-three-characters-as-asked"
)

// question is an authorization request of the bench's second application.
func (b *bench) question(app *graph.Principal, extra url.Values) string {
	sum := sha256.Sum256([]byte(verifier))
	q := url.Values{
		"client_id": {app.ID()}, "response_type": {"code"}, "redirect_uri": {callback}, "scope": {"openid profile offline_access"}, "state": {"s1"}, "nonce": {"n1"},
		"code_challenge": {base64.RawURLEncoding.EncodeToString(sum[:])}, "code_challenge_method": {"S256"},
	}
	for name, values := range extra {
		q[name] = values
	}
	return b.s.Authority() + "/" + b.t.ID() + "/oauth2/v2.0/authorize?" + q.Encode()
}

func (b *bench) redeem(app *graph.Principal, answer *url.URL, change url.Values) (int, map[string]any) {
	b.Helper()
	form := url.Values{
		"grant_type": {"authorization_code"}, "client_id": {app.ID()}, "client_secret": {secret}, "code": {answer.Query().Get("code")},
		"redirect_uri": {callback}, "code_verifier": {verifier},
	}
	for name, values := range change {
		form[name] = values
	}
	return b.tokenRequest(form)
}

func (b *bench) relyingParty() *graph.Principal {
	return b.t.AddApp(graph.App{Name: "Rekey sign-in", Secrets: []graph.Secret{{Value: secret}}, RedirectURIs: []string{callback}, AuthTime: true})
}

var bobTypes = graph.Typed{Name: "bob@contoso.test", Password: bobPassword, Code: "246810"}

func TestSignInWithCodeAndProofKey(t *testing.T) {
	b := setup(t)
	app := b.relyingParty()
	answer, err := b.s.NewBrowser().SignIn(t.Context(), b.question(app, nil), bobTypes)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(answer.String(), callback+"?") || answer.Query().Get("state") != "s1" {
		t.Fatalf("sent to %s", answer)
	}
	status, body := b.redeem(app, answer, nil)
	if status != http.StatusOK {
		t.Fatalf("%d %v", status, body)
	}
	claims := claimsOf(t, body["id_token"])
	for name, want := range map[string]any{
		"aud": app.ID(), "iss": b.s.Authority() + "/" + b.t.ID() + "/v2.0", "tid": b.t.ID(), "oid": b.bob.ID, "nonce": "n1", "ver": "2.0",
		"preferred_username": "bob@contoso.test", "auth_time": float64(b.clock.Now().Unix()), "amr": nil, "acrs": nil,
	} {
		if claims[name] != want {
			t.Errorf("%s is %v, want %v", name, claims[name], want)
		}
	}
	if claims["sub"] == b.bob.ID {
		t.Error("the subject must be the application's own")
	}
	b.verify(body["id_token"])
	if status, body := b.redeem(app, answer, nil); status != http.StatusBadRequest || body["error"] != "invalid_grant" {
		t.Errorf("the code was taken twice: %d %v", status, body)
	}
	b.token, _ = body["access_token"].(string)
	if status, me := b.ask(http.MethodGet, "/me", nil); status != http.StatusOK || me["id"] != b.bob.ID {
		t.Errorf("%d %v", status, me)
	}
	refresh, _ := body["refresh_token"].(string)
	form := url.Values{"grant_type": {"refresh_token"}, "client_id": {app.ID()}, "client_secret": {secret}, "refresh_token": {refresh}}
	if status, body := b.tokenRequest(form); status != http.StatusOK {
		t.Errorf("refresh: %d %v", status, body)
	}
	b.t.UpdateUser(b.bob.ID, func(u *graph.User) { u.Disabled = true })
	if status, body := b.tokenRequest(form); status != http.StatusBadRequest || body["error"] != "invalid_grant" {
		t.Errorf("refresh of a disabled account: %d %v", status, body)
	}
	if status, body := b.ask(http.MethodGet, "/me", nil); status != http.StatusUnauthorized || code(body) != "InvalidAuthenticationToken" {
		t.Errorf("%d %v", status, body)
	}
}

// verify checks a token's signature with the keys that the discovery document names.
func (b *bench) verify(token any) {
	b.Helper()
	_, doc := b.ask(http.MethodGet, b.s.Authority()+"/"+b.t.ID()+"/v2.0/.well-known/openid-configuration", nil)
	where, _ := doc["jwks_uri"].(string)
	_, set := b.ask(http.MethodGet, where, nil)
	keys, _ := set["keys"].([]any)
	key, _ := keys[0].(map[string]any)
	n, err := base64.RawURLEncoding.DecodeString(key["n"].(string))
	if err != nil {
		b.Fatal(err)
	}
	text := token.(string)
	at := strings.LastIndexByte(text, '.')
	signature, err := base64.RawURLEncoding.DecodeString(text[at+1:])
	if err != nil {
		b.Fatal(err)
	}
	sum := sha256.Sum256([]byte(text[:at]))
	if err := rsa.VerifyPKCS1v15(&rsa.PublicKey{N: new(big.Int).SetBytes(n), E: 65537}, crypto.SHA256, sum[:], signature); err != nil || doc["issuer"] != claimsOf(b.T, token)["iss"] {
		b.Errorf("signature: %v; issuer %v", err, doc["issuer"])
	}
}

func TestCodeIsRefused(t *testing.T) {
	for name, change := range map[string]url.Values{
		"other verifier": {"code_verifier": {"another-verifier-of-more-than-forty-three-characters"}},
		"no verifier":    {"code_verifier": {""}},
		"other address":  {"redirect_uri": {"https://evil.test/"}},
		"no secret":      {"client_secret": {""}},
		"unknown code":   {"code": {"1.made-up"}},
	} {
		b := setup(t)
		app := b.relyingParty()
		answer, err := b.s.NewBrowser().SignIn(t.Context(), b.question(app, nil), bobTypes)
		if err != nil {
			t.Fatal(err)
		}
		if status, body := b.redeem(app, answer, change); status == http.StatusOK || body["id_token"] != nil {
			t.Errorf("%s: %d %v", name, status, body)
		}
	}
	b := setup(t)
	app := b.relyingParty()
	answer, err := b.s.NewBrowser().SignIn(t.Context(), b.question(app, nil), bobTypes)
	if err != nil {
		t.Fatal(err)
	}
	b.clock.pass(11 * time.Minute)
	if status, _ := b.redeem(app, answer, nil); status != http.StatusBadRequest {
		t.Errorf("expired code: %d", status)
	}
}

func TestSessionsAreAskedAgain(t *testing.T) {
	b := setup(t)
	app := b.relyingParty()
	browser := b.s.NewBrowser()
	nothing := graph.Typed{Name: "bob@contoso.test", Password: "not it"}
	signIn := func(typed graph.Typed, extra url.Values) error {
		_, err := browser.SignIn(t.Context(), b.question(app, extra), typed)
		return err
	}
	if answer, err := browser.SignIn(t.Context(), b.question(app, url.Values{"prompt": {"none"}}), nothing); err != nil || answer.Query().Get("error") != "login_required" {
		t.Errorf("prompt=none without a session: %v %v", answer, err)
	}
	if err := signIn(bobTypes, nil); err != nil {
		t.Fatal(err)
	}
	b.clock.pass(time.Minute)
	for name, c := range map[string]struct {
		extra url.Values
		asked bool
	}{
		"again":          {nil, false},
		"prompt=none":    {url.Values{"prompt": {"none"}}, false},
		"same name":      {url.Values{"login_hint": {"Bob@contoso.test"}}, false},
		"other name":     {url.Values{"login_hint": {"eve@contoso.test"}}, true},
		"prompt=login":   {url.Values{"prompt": {"login"}}, true},
		"max_age=0":      {url.Values{"max_age": {"0"}}, true},
		"max_age=30":     {url.Values{"max_age": {"30"}}, true},
		"max_age=3600":   {url.Values{"max_age": {"3600"}}, false},
		"select_account": {url.Values{"prompt": {"select_account"}}, true},
	} {
		err := signIn(nothing, c.extra)
		if (err != nil) != c.asked {
			t.Errorf("%s: %v", name, err)
		}
		if c.asked && !strings.Contains(err.Error(), "AADSTS50126") {
			t.Errorf("%s: %v", name, err)
		}
	}
	b.t.UpdateUser(b.bob.ID, func(u *graph.User) { u.Password = newPassword })
	if status, body := b.ask(http.MethodPost, "/users/"+b.bob.ID+"/revokeSignInSessions", nil); status != http.StatusOK {
		t.Fatalf("%v", body)
	}
	if err := signIn(nothing, nil); err == nil {
		t.Error("the session outlived its revocation")
	}
}

func TestAuthenticationContext(t *testing.T) {
	b := setup(t)
	app := b.relyingParty()
	b.t.Configure(func(s *graph.TenantSpec) { s.AuthContexts = []string{"c1"} })
	asks := func(value string) string {
		return b.question(app, url.Values{"claims": {`{"id_token":{"acrs":{"essential":true,"value":"` + value + `"}}}`}})
	}
	browser := b.s.NewBrowser()
	if _, err := browser.SignIn(t.Context(), asks("c1"), bobTypes); err == nil || !strings.Contains(err.Error(), "AADSTS50079") {
		t.Errorf("without a second factor: %v", err)
	}
	b.t.UpdateUser(b.bob.ID, func(u *graph.User) { u.MFACode = bobTypes.Code })
	wrong := bobTypes
	wrong.Code = "000000"
	if _, err := browser.SignIn(t.Context(), asks("c1"), wrong); err == nil || !strings.Contains(err.Error(), "AADSTS500121") {
		t.Errorf("wrong code: %v", err)
	}
	for value, want := range map[string]any{"c1": "c1", "c2": nil} {
		answer, err := browser.SignIn(t.Context(), asks(value), bobTypes)
		if err != nil {
			t.Fatal(err)
		}
		_, body := b.redeem(app, answer, nil)
		var got any
		if acrs, _ := claimsOf(t, body["id_token"])["acrs"].([]any); len(acrs) == 1 {
			got = acrs[0]
		}
		if got != want {
			t.Errorf("asked for %s, which only c1 has a policy for: %v", value, got)
		}
	}
}

func TestAuthorizeNeverSendsToUnknownAddresses(t *testing.T) {
	b := setup(t)
	app := b.relyingParty()
	_, err := b.s.NewBrowser().SignIn(t.Context(), b.question(app, url.Values{"redirect_uri": {"https://evil.test/"}}), bobTypes)
	if err == nil || !strings.Contains(err.Error(), "AADSTS50011") {
		t.Errorf("%v", err)
	}
	answer, err := b.s.NewBrowser().SignIn(t.Context(), b.question(app, url.Values{"response_type": {"token"}}), bobTypes)
	if err != nil || answer.Query().Get("error") != "unsupported_response_type" {
		t.Errorf("%v %v", answer, err)
	}
}

func TestPasswordSignInIsJudged(t *testing.T) {
	b := setup(t)
	for upn, c := range map[string]struct {
		user   graph.User
		number int
	}{
		"nobody@contoso.test":   {graph.User{UserPrincipalName: "somebody@contoso.test"}, 50034},
		"disabled@contoso.test": {graph.User{UserPrincipalName: "disabled@contoso.test", Password: bobPassword, Disabled: true}, 50057},
		"must@contoso.test":     {graph.User{UserPrincipalName: "must@contoso.test", Password: bobPassword, MustChange: true}, 50055},
		"none@contoso.test":     {graph.User{UserPrincipalName: "none@contoso.test"}, 50126},
		"fed@adfs.test":         {graph.User{UserPrincipalName: "fed@adfs.test", Password: bobPassword}, 51004},
	} {
		b.t.AddUser(c.user)
		if _, err := b.t.SignIn(upn, bobPassword); number(err) != c.number {
			t.Errorf("%s: %v", upn, err)
		}
	}
	if _, err := b.t.SignIn("none@contoso.test", ""); number(err) != 50126 {
		t.Errorf("no password known, none given: %v", err)
	}
}

func TestLockout(t *testing.T) {
	b := setup(t)
	for i := range 10 {
		if _, err := b.t.SignIn("bob@contoso.test", "wrong"); number(err) != 50126 {
			t.Errorf("try %d: %v", i, err)
		}
	}
	if _, err := b.t.SignIn("bob@contoso.test", bobPassword); number(err) != 50053 {
		t.Errorf("the right one while locked: %v", err)
	}
	b.clock.pass(61 * time.Second)
	if _, err := b.t.SignIn("bob@contoso.test", bobPassword); err != nil {
		t.Errorf("after the lock: %v", err)
	}
}

func TestHashSync(t *testing.T) {
	b := setup(t)
	const anchor = "RDMiEWZViHeZqrvM3e7/AA=="
	anna := b.t.AddUser(graph.User{UserPrincipalName: "anna@contoso.test", Password: bobPassword, OnPremises: &graph.OnPremises{ImmutableID: anchor}})
	before, err := b.t.SignIn("anna@contoso.test", bobPassword)
	if err != nil {
		t.Fatal(err)
	}
	b.clock.pass(2 * time.Minute)
	if b.t.HashSync("rdmiEWZViHeZqrvM3e7/AA==", "x") {
		t.Error("anchors differ by case")
	}
	if !b.t.HashSync(anchor, "schön und kurz") { // Active Directory's rules count, not the cloud's
		t.Fatal("nobody has the anchor")
	}
	if _, err := b.t.SignIn("anna@contoso.test", "schön und kurz"); err != nil {
		t.Error(err)
	}
	u, _ := b.t.User(anna.ID)
	if !b.s.Alive(before.Refresh) || !u.PasswordChanged.Equal(b.clock.Now()) || u.PasswordPolicies != "DisablePasswordExpiration" {
		t.Errorf("sessions go on, the time is kept, the password does not expire: %+v", u)
	}
}
