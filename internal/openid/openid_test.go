package openid_test

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"go.uber.org/goleak"

	"rekey/internal/openid"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const callback = "https://rekey.example.test/signed-in"

var now = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

// op is a provider that signs everybody in and can be made to err.
type op struct {
	*httptest.Server
	key    *rsa.PrivateKey
	claims map[string]any // of the next token, over the right ones
	form   url.Values     // the last token request
	asked  url.Values     // the last authorization request
	status int            // of the token endpoint; 0: 200
	error  string
	bare   bool // no id_token
	signer *rsa.PrivateKey
}

func newOP(t *testing.T) *op {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	o := &op{key: key, signer: key}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		reply(w, 200, map[string]any{
			"issuer": o.URL, "authorization_endpoint": o.URL + "/authorize", "token_endpoint": o.URL + "/token", "jwks_uri": o.URL + "/keys",
			"id_token_signing_alg_values_supported": []string{"RS256"}, "response_types_supported": []string{"code"},
		})
	})
	mux.HandleFunc("GET /keys", func(w http.ResponseWriter, _ *http.Request) {
		reply(w, 200, jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: &key.PublicKey, KeyID: "1", Algorithm: "RS256", Use: "sig"}}})
	})
	mux.HandleFunc("POST /token", o.token)
	o.Server = httptest.NewTLSServer(mux)
	t.Cleanup(o.Close)
	return o
}

func reply(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}

func (o *op) token(w http.ResponseWriter, r *http.Request) {
	_ = r.ParseForm()
	o.form = r.PostForm
	hash := sha256.Sum256([]byte(o.form.Get("code_verifier")))
	if o.status == 0 && (o.form.Get("code") != "good" || base64.RawURLEncoding.EncodeToString(hash[:]) != o.asked.Get("code_challenge")) {
		reply(w, 400, map[string]string{"error": "invalid_grant"})
		return
	}
	if o.status != 0 {
		reply(w, o.status, map[string]string{"error": o.error, "error_description": "a secret of theirs"})
		return
	}
	claims := map[string]any{
		"iss": o.URL, "aud": "client", "sub": "anna", "nonce": o.asked.Get("nonce"), "iat": now.Unix(), "exp": now.Add(time.Hour).Unix(),
		"auth_time": now.Unix(), "oid": "0b1e",
	}
	for name, value := range o.claims {
		claims[name] = value
		if value == nil {
			delete(claims, name)
		}
	}
	body, _ := json.Marshal(claims)
	signer, _ := jose.NewSigner(jose.SigningKey{Algorithm: jose.RS256, Key: jose.JSONWebKey{Key: o.signer, KeyID: "1"}}, nil)
	signed, _ := signer.Sign(body)
	id, _ := signed.CompactSerialize()
	answer := map[string]any{"access_token": "x", "token_type": "Bearer", "expires_in": 3600, "id_token": id}
	if o.bare {
		delete(answer, "id_token")
	}
	reply(w, 200, answer)
}

// client is one whose connections end with the test.
func (o *op) client(t *testing.T) *openid.Provider {
	t.Helper()
	t.Cleanup(o.Client().CloseIdleConnections)
	return openid.New(openid.Config{
		Issuer: o.URL, ClientID: "client", Scopes: []string{"profile"}, HTTP: o.Client(), Now: func() time.Time { return now },
		Prove: func(_ context.Context, tokenURL string) (url.Values, error) {
			return url.Values{"client_secret": {"for " + tokenURL}}, nil
		},
	})
}

func (o *op) start(t *testing.T, p *openid.Provider, r openid.Request) openid.Pending {
	t.Helper()
	where, pending, err := p.Start(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(where)
	if err != nil {
		t.Fatal(err)
	}
	o.asked = u.Query()
	return pending
}

func TestSignIn(t *testing.T) {
	o := newOP(t)
	p := o.client(t)
	pending := o.start(t, p, openid.Request{Callback: callback, State: "visitor", Hint: "anna@example.test", Fresh: true})
	for name, want := range map[string]string{
		"response_type": "code", "client_id": "client", "redirect_uri": callback, "scope": "openid profile", "state": "visitor",
		"nonce": pending.Nonce, "code_challenge_method": "S256", "login_hint": "anna@example.test", "prompt": "login", "max_age": "0",
	} {
		if got := o.asked.Get(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	if o.asked.Get("code_challenge") == pending.Verifier || len(pending.Nonce) < 26 || len(pending.Verifier) < 43 {
		t.Errorf("%+v", pending)
	}
	i, err := p.Finish(t.Context(), pending, url.Values{"state": {"visitor"}, "code": {"good"}, "iss": {o.URL}})
	if err != nil || i.Subject != "anna" || !i.At.Equal(now) {
		t.Fatalf("%+v, %v", i, err)
	}
	var claims struct{ OID string }
	if err := i.Claims(&claims); err != nil || claims.OID != "0b1e" {
		t.Errorf("%+v, %v", claims, err)
	}
	if got := o.form.Get("client_secret"); got != "for "+o.URL+"/token" || o.form.Get("redirect_uri") != callback {
		t.Errorf("token request %v", o.form)
	}
	if err := p.Ready(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestPlainSignInAsksForNoMore(t *testing.T) {
	o := newOP(t)
	p := o.client(t)
	pending := o.start(t, p, openid.Request{Callback: callback, State: "visitor"})
	if o.asked.Has("prompt") || o.asked.Has("max_age") || o.asked.Has("login_hint") {
		t.Errorf("asks for %v", o.asked)
	}
	o.claims = map[string]any{"auth_time": nil}
	if i, err := p.Finish(t.Context(), pending, url.Values{"state": {"visitor"}, "code": {"good"}}); err != nil || !i.At.Equal(now) {
		t.Errorf("%+v, %v", i, err)
	}
}

func TestRefused(t *testing.T) {
	other, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	good := func() url.Values { return url.Values{"state": {"visitor"}, "code": {"good"}} }
	with := func(name, value string) url.Values {
		v := good()
		v.Set(name, value)
		return v
	}
	claim := func(name string, value any) func(*op) {
		return func(o *op) { o.claims = map[string]any{name: value} }
	}
	for _, c := range []struct {
		why    string
		answer url.Values
		change func(*op)
		want   error
	}{
		{"another visitor's answer", with("state", "other"), nil, openid.ErrRefused},
		{"no state", with("state", ""), nil, openid.ErrRefused},
		{"no code", with("code", ""), nil, openid.ErrRefused},
		{"another code", with("code", "bad"), nil, openid.ErrRefused},
		{"another provider (mix-up)", with("iss", "https://elsewhere.example"), nil, openid.ErrRefused},
		{"they gave up", with("error", "access_denied"), nil, openid.ErrRefused},
		{"the provider has trouble", with("error", "temporarily_unavailable"), nil, openid.ErrUnavailable},
		{"another sign-in's token", good(), claim("nonce", "other"), openid.ErrRefused},
		{"no nonce", good(), claim("nonce", nil), openid.ErrRefused},
		{"for another client", good(), claim("aud", "other"), openid.ErrRefused},
		{"of another issuer", good(), claim("iss", "https://elsewhere.example"), openid.ErrRefused},
		{"expired", good(), claim("exp", now.Add(-time.Minute).Unix()), openid.ErrRefused},
		{"signed in long before", good(), claim("auth_time", now.Add(-3*time.Minute).Unix()), openid.ErrRefused},
		{"when is not told", good(), claim("auth_time", nil), openid.ErrRefused},
		{"signed by another key", good(), func(o *op) { o.signer = other }, openid.ErrRefused},
		{"no id_token", good(), func(o *op) { o.bare = true }, openid.ErrRefused},
		{"our secret is wrong", good(), func(o *op) { o.status, o.error = 401, "invalid_client" }, openid.ErrUnavailable},
		{"the token endpoint is down", good(), func(o *op) { o.status, o.error = 503, "" }, openid.ErrUnavailable},
	} {
		t.Run(c.why, func(t *testing.T) {
			o := newOP(t)
			p := o.client(t)
			pending := o.start(t, p, openid.Request{Callback: callback, State: "visitor", Fresh: true})
			if c.change != nil {
				c.change(o)
			}
			if i, err := p.Finish(t.Context(), pending, c.answer); !errors.Is(err, c.want) {
				t.Errorf("%+v, %v", i, err)
			}
		})
	}
}

func TestUnreachable(t *testing.T) {
	o := newOP(t)
	p := o.client(t)
	o.Close()
	if _, _, err := p.Start(t.Context(), openid.Request{Callback: callback, State: "visitor"}); !errors.Is(err, openid.ErrUnavailable) {
		t.Error(err)
	}
	if err := p.Ready(t.Context()); !errors.Is(err, openid.ErrUnavailable) {
		t.Error(err)
	}
}
