package graphtest

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
)

var tokenFacts = []fact{
	{"a token lasts about an hour and cannot be refreshed", nobody, func(a *asker) {
		g := a.tokens()
		life, _ := g.body["expires_in"].(float64)
		if g.status != http.StatusOK || g.text("token_type") != "Bearer" || life < 3000 || g.body["refresh_token"] != nil {
			a.Errorf("%d, type %q, life %v", g.status, g.text("token_type"), life)
		}
	}},
	{"a token names tenant, application, principal and permissions", nobody, func(a *asker) {
		claims := a.claims()
		roles, _ := claims["roles"].([]any)
		if claims["tid"] != a.Tenant || claims["appid"] != a.ClientID || claims["idtyp"] != "app" || claims["oid"] == nil || !slices.Contains(roles, any("User.Read.All")) {
			a.Errorf("tid %v, appid %v, idtyp %v, oid %v, roles %v", claims["tid"], claims["appid"], claims["idtyp"], claims["oid"], roles)
		}
	}},
	refused("wrong secret", http.StatusUnauthorized, "invalid_client", 7000215, "client_secret", "wrong"),
	refused("no credential", http.StatusUnauthorized, "invalid_client", 7000218, "client_secret", ""),
	refused("unknown application", http.StatusBadRequest, "unauthorized_client", 700016, "client_id", "11111111-2222-4333-8444-555555555555"),
	refused("unknown tenant", http.StatusBadRequest, "invalid_request", 90002, "tenant", "11111111-2222-4333-8444-555555555555"),
	refused("scope that is no default", http.StatusBadRequest, "invalid_scope", 70011, "scope", "User.Read.All"),
	refused("unknown resource", http.StatusBadRequest, "invalid_resource", 500011, "scope", "https://nobody.invalid/.default"),
	{"discovery names issuer and endpoints", nobody, func(a *asker) {
		base := a.Authority + "/" + a.Tenant
		g := a.do(http.MethodGet, base+"/v2.0/.well-known/openid-configuration", nil, nil)
		if g.text("issuer") != base+"/v2.0" || g.text("token_endpoint") != base+"/oauth2/v2.0/token" || g.text("authorization_endpoint") != base+"/oauth2/v2.0/authorize" {
			a.Errorf("%v", g.body)
		}
		if keys, _ := a.do(http.MethodGet, g.text("jwks_uri"), nil, nil).body["keys"].([]any); len(keys) == 0 {
			a.Error("no keys")
		}
	}},
}

// refused is the fact that a changed token request is answered so.
func refused(name string, status int, code string, number float64, change ...string) fact {
	return fact{"token refused: " + name, nobody, func(a *asker) {
		g := a.tokens(change...)
		numbers, _ := g.body["error_codes"].([]any)
		if g.status != status || g.text("error") != code || !slices.Contains(numbers, any(number)) || !strings.HasPrefix(g.text("error_description"), "AADSTS") {
			a.Errorf("%d %v, want %d %s %.0f", g.status, g.body, status, code, number)
		}
	}}
}

// claims of the access token: applications should not read them, except to say what is missing.
func (a *asker) claims() map[string]any {
	a.Helper()
	parts := strings.Split(a.token, ".")
	if len(parts) != 3 {
		a.Fatal("the token is not readable")
	}
	raw, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		a.Fatal(err)
	}
	var claims map[string]any
	if err := json.Unmarshal(raw, &claims); err != nil {
		a.Fatal(err)
	}
	return claims
}
