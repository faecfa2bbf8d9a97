package graph_test

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"maps"
	"math/big"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"rekey/internal/lab/graph"
)

func TestTokenEndpointRefuses(t *testing.T) {
	b := setup(t)
	old := b.t.AddApp(graph.App{Secrets: []graph.Secret{{Value: "gone", Expires: b.clock.Now().Add(-time.Hour)}}})
	elsewhere := b.s.AddTenant(graph.TenantSpec{Domains: []string{"fabrikam.test"}}).AddApp(graph.App{Secrets: []graph.Secret{{Value: secret}}})
	id := b.app.ID()
	for name, c := range map[string]struct {
		tenant string
		form   url.Values
		status int
		code   string
		number float64
	}{
		"wrong secret":      {"", url.Values{"client_id": {id}, "client_secret": {"no"}}, 401, "invalid_client", 7000215},
		"expired secret":    {"", url.Values{"client_id": {old.ID()}, "client_secret": {"gone"}}, 401, "invalid_client", 7000222},
		"no secret":         {"", url.Values{"client_id": {id}}, 401, "invalid_client", 7000218},
		"no client":         {"", url.Values{"client_secret": {secret}}, 400, "invalid_request", 900144},
		"unknown client":    {"", url.Values{"client_id": {"nobody"}, "client_secret": {secret}}, 400, "unauthorized_client", 700016},
		"other tenant's":    {"", url.Values{"client_id": {elsewhere.ID()}, "client_secret": {secret}}, 400, "unauthorized_client", 700016},
		"unknown tenant":    {"nowhere.test", url.Values{"client_id": {id}, "client_secret": {secret}}, 400, "invalid_request", 90002},
		"common":            {"common", url.Values{"client_id": {id}, "client_secret": {secret}}, 400, "invalid_request", 9001023},
		"no default scope":  {"", url.Values{"client_id": {id}, "client_secret": {secret}, "scope": {b.s.Graph() + "/User.Read.All"}}, 400, "invalid_scope", 70011},
		"two resources":     {"", url.Values{"client_id": {id}, "client_secret": {secret}, "scope": {b.s.Graph() + "/.default https://x.test/.default"}}, 400, "invalid_scope", 70011},
		"other cloud":       {"", url.Values{"client_id": {id}, "client_secret": {secret}, "scope": {"https://graph.microsoft.us/.default"}}, 400, "invalid_resource", 500011},
		"password of users": {"", url.Values{"client_id": {id}, "client_secret": {secret}, "grant_type": {"password"}}, 400, "unsupported_grant_type", 70003},
	} {
		tenant := c.tenant
		if tenant == "" {
			tenant = "contoso.test"
		}
		form := url.Values{"grant_type": {"client_credentials"}, "scope": {b.s.Graph() + "/.default"}}
		maps.Copy(form, c.form)
		status, body := b.post(b.s.Authority()+"/"+tenant+"/oauth2/v2.0/token", form)
		numbers, _ := body["error_codes"].([]any)
		if status != c.status || body["error"] != c.code || len(numbers) != 1 || numbers[0] != c.number {
			t.Errorf("%s: %d %v", name, status, body)
			continue
		}
		for _, key := range []string{"timestamp", "trace_id", "correlation_id", "error_uri"} {
			if text, _ := body[key].(string); text == "" {
				t.Errorf("%s: no %s", name, key)
			}
		}
		if text, _ := body["error_description"].(string); !strings.HasPrefix(text, "AADSTS") || !strings.Contains(text, "\r\nTrace ID: ") {
			t.Errorf("%s: %q", name, text)
		}
	}
}

func TestTokenBySecret(t *testing.T) {
	b := setup(t)
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, b.s.Authority()+"/contoso.test/oauth2/v2.0/token",
		strings.NewReader(url.Values{"grant_type": {"client_credentials"}, "scope": {b.s.Graph() + "/.default openid offline_access profile"}}.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.SetBasicAuth(b.app.ID(), url.QueryEscape(secret))
	status, body := b.send(r)
	if status != http.StatusOK || body["token_type"] != "Bearer" || body["expires_in"] != 3599.0 || body["refresh_token"] != nil {
		t.Fatalf("%d %v", status, body)
	}
	claims := claimsOf(t, body["access_token"])
	for name, want := range map[string]any{
		"aud": b.s.Graph(), "iss": b.s.Authority() + "/" + b.t.ID() + "/v2.0", "tid": b.t.ID(), "appid": b.app.ID(), "oid": b.app.Object(), "idtyp": "app", "appidacr": "1",
	} {
		if claims[name] != want {
			t.Errorf("%s is %v, want %v", name, claims[name], want)
		}
	}
	if roles, _ := claims["roles"].([]any); len(roles) != len(permissions) {
		t.Errorf("roles: %v", claims["roles"])
	}
}

func TestTokenWithoutConsentHasNoRolesAndOpensNothing(t *testing.T) {
	b := setup(t)
	b.app.SetPermissions()
	if status, _ := b.ask(http.MethodGet, "/users/"+b.bob.ID, nil); status != http.StatusOK {
		t.Errorf("a token from before keeps its permissions: %d", status)
	}
	b.token = b.askToken()
	if claims := claimsOf(t, b.token); claims["roles"] != nil {
		t.Errorf("roles: %v", claims["roles"])
	}
	if status, body := b.ask(http.MethodGet, "/users/"+b.bob.ID, nil); status != http.StatusForbidden || code(body) != "Authorization_RequestDenied" {
		t.Errorf("%d %v", status, body)
	}
}

func claimsOf(t *testing.T, token any) map[string]any {
	t.Helper()
	text, _ := token.(string)
	parts := strings.Split(text, ".")
	if len(parts) != 3 {
		t.Fatalf("no token: %v", token)
	}
	raw, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		t.Fatal(err)
	}
	var claims map[string]any
	if err := json.Unmarshal(raw, &claims); err != nil {
		t.Fatal(err)
	}
	return claims
}

// signer makes client assertions.
type signer struct {
	*testing.T
	key    *rsa.PrivateKey
	cert   *x509.Certificate
	header map[string]any
	claims map[string]any
	pss    bool
}

func newSigner(b *bench, until time.Time) *signer {
	b.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		b.Fatal(err)
	}
	tmpl := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "rekey"}, NotBefore: until.AddDate(-1, 0, 0), NotAfter: until}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, &key.PublicKey, key)
	if err != nil {
		b.Fatal(err)
	}
	s := &signer{T: b.T, key: key, pss: true}
	if s.cert, err = x509.ParseCertificate(der); err != nil {
		b.Fatal(err)
	}
	sum := sha256.Sum256(der)
	now := b.clock.Now()
	s.header = map[string]any{"alg": "PS256", "typ": "JWT", "x5t#S256": base64.RawURLEncoding.EncodeToString(sum[:])}
	s.claims = map[string]any{
		"aud": b.s.Authority() + "/" + b.t.ID() + "/oauth2/v2.0/token", "iss": b.app.ID(), "sub": b.app.ID(), "jti": rand.Text(), "nbf": now.Unix(), "exp": now.Add(10 * time.Minute).Unix(),
	}
	return s
}

// form is a token request with the assertion.
func (s *signer) form(client string) url.Values {
	s.Helper()
	header, err := json.Marshal(s.header)
	if err != nil {
		s.Fatal(err)
	}
	claims, err := json.Marshal(s.claims)
	if err != nil {
		s.Fatal(err)
	}
	text := base64.RawURLEncoding.EncodeToString(header) + "." + base64.RawURLEncoding.EncodeToString(claims)
	sum := sha256.Sum256([]byte(text))
	var signature []byte
	if s.pss {
		signature, err = rsa.SignPSS(rand.Reader, s.key, crypto.SHA256, sum[:], &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash})
	} else {
		signature, err = rsa.SignPKCS1v15(rand.Reader, s.key, crypto.SHA256, sum[:])
	}
	if err != nil {
		s.Fatal(err)
	}
	return url.Values{
		"client_id": {client}, "client_assertion_type": {"urn:ietf:params:oauth:client-assertion-type:jwt-bearer"},
		"client_assertion": {text + "." + base64.RawURLEncoding.EncodeToString(signature)},
	}
}

func TestTokenByCertificate(t *testing.T) {
	for name, c := range map[string]struct {
		change func(b *bench, s *signer)
		number float64 // 0: taken
	}{
		"PS256": {func(*bench, *signer) {}, 0},
		"padded thumbprint": {func(_ *bench, s *signer) {
			sum := sha256.Sum256(s.cert.Raw)
			s.header["x5t#S256"] = base64.StdEncoding.EncodeToString(sum[:])
		}, 0},
		"times as text": {func(b *bench, s *signer) {
			s.claims["exp"] = big.NewInt(b.clock.Now().Add(time.Minute).Unix()).String()
		}, 0},
		"RS256": {func(_ *bench, s *signer) {
			sum := sha1.Sum(s.cert.Raw)
			s.header, s.pss = map[string]any{"alg": "RS256", "x5t": base64.RawURLEncoding.EncodeToString(sum[:])}, false
		}, 0},
		"domain in the audience": {func(b *bench, s *signer) { s.claims["aud"] = b.s.Authority() + "/contoso.test/oauth2/v2.0/token" }, 0},
		"RS256 with SHA-256":     {func(_ *bench, s *signer) { s.header["alg"], s.pss = "RS256", false }, 700027},
		"unknown certificate":    {func(b *bench, _ *signer) { b.app.SetCertificates() }, 700027},
		"expired certificate": {func(b *bench, s *signer) {
			b.clock.pass(72 * time.Hour)
			s.claims["exp"] = b.clock.Now().Add(time.Minute).Unix()
		}, 700027},
		"signed by another key":     {func(b *bench, s *signer) { s.key = newSigner(b, b.clock.Now()).key }, 700027},
		"none":                      {func(_ *bench, s *signer) { s.header["alg"] = "none" }, 700027},
		"other audience":            {func(b *bench, s *signer) { s.claims["aud"] = b.s.Authority() + "/fabrikam.test/oauth2/v2.0/token" }, 700023},
		"other issuer":              {func(_ *bench, s *signer) { s.claims["iss"] = "somebody" }, 700021},
		"expired":                   {func(b *bench, s *signer) { s.claims["exp"] = b.clock.Now().Add(-time.Hour).Unix() }, 700024},
		"not yet valid":             {func(b *bench, s *signer) { s.claims["nbf"] = b.clock.Now().Add(time.Hour).Unix() }, 700024},
		"without an end, from 1970": {func(_ *bench, s *signer) { delete(s.claims, "exp") }, 700024},
	} {
		t.Run(name, func(t *testing.T) {
			b := setup(t)
			s := newSigner(b, b.clock.Now().Add(48*time.Hour))
			b.app.SetCertificates(s.cert)
			c.change(b, s)
			status, body := b.tokenRequest(s.form(b.app.ID()))
			if c.number == 0 {
				if status != http.StatusOK || claimsOf(t, body["access_token"])["appidacr"] != "2" {
					t.Errorf("%d %v", status, body)
				}
				return
			}
			if numbers, _ := body["error_codes"].([]any); status != http.StatusUnauthorized || !slices.Contains(numbers, any(c.number)) {
				t.Errorf("%d %v", status, body)
			}
		})
	}
}

func TestAssertionCountsOnce(t *testing.T) {
	b := setup(t)
	s := newSigner(b, b.clock.Now().Add(time.Hour))
	b.app.SetCertificates(s.cert)
	form := s.form(b.app.ID())
	if status, body := b.tokenRequest(form); status != http.StatusOK {
		t.Fatalf("%v", body)
	}
	if status, body := b.tokenRequest(form); status != http.StatusUnauthorized {
		t.Errorf("second use: %d %v", status, body)
	}
}

func TestWorkloadIdentity(t *testing.T) {
	b := setup(t)
	const subject = "system:serviceaccount:rekey:rekey"
	app := b.t.AddApp(graph.App{FederatedSubjects: []string{subject}, Permissions: permissions})
	for who, want := range map[string]int{subject: http.StatusOK, "system:serviceaccount:rekey:other": http.StatusUnauthorized} {
		token, err := app.WorkloadToken(who)
		if err != nil {
			t.Fatal(err)
		}
		status, body := b.tokenRequest(url.Values{
			"client_id": {app.ID()}, "client_assertion": {token}, "client_assertion_type": {"urn:ietf:params:oauth:client-assertion-type:jwt-bearer"},
		})
		if status != want {
			t.Errorf("%s: %d %v", who, status, body)
		}
	}
}

func TestManagedIdentity(t *testing.T) {
	b := setup(t)
	at := b.s.ManagedIdentity()
	get := func(where string, headers ...string) (int, map[string]any) {
		r := b.request(http.MethodGet, "https://x", nil, headers...)
		u, err := url.Parse(where)
		if err != nil {
			t.Fatal(err)
		}
		r.URL, r.Host = u, u.Host
		r.Header.Del("Authorization")
		return b.send(r)
	}
	resource := "&resource=" + url.QueryEscape(b.s.Graph())
	imds := at.IMDS + "/metadata/identity/oauth2/token?api-version=2018-02-01" + resource
	if status, body := get(imds, "Metadata", "true"); status != http.StatusBadRequest || body["error_description"] != "Identity not found" {
		t.Errorf("nobody assigned: %d %v", status, body)
	}
	app := b.t.AddApp(graph.App{ManagedIdentity: true, Permissions: permissions})
	if status, _ := get(imds); status != http.StatusBadRequest {
		t.Errorf("without the header: %d", status)
	}
	status, body := get(imds+"&client_id="+app.ID(), "Metadata", "true")
	if life, _ := body["expires_in"].(string); status != http.StatusOK || life != "3599" || body["resource"] != b.s.Graph() {
		t.Fatalf("%d %v", status, body)
	}
	b.token, _ = body["access_token"].(string)
	if status, body := b.ask(http.MethodGet, "/users/"+b.bob.ID, nil); status != http.StatusOK {
		t.Errorf("%d %v", status, body)
	}
	service := at.AppService + "?api-version=2019-08-01" + resource
	if status, _ := get(service, "X-IDENTITY-HEADER", "no"); status != http.StatusUnauthorized {
		t.Errorf("App Service with a wrong header: %d", status)
	}
	if status, body := get(service, "X-IDENTITY-HEADER", at.Header); status != http.StatusOK || body["expires_on"] == nil {
		t.Errorf("App Service: %d %v", status, body)
	}
}
