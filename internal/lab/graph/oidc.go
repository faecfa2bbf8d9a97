package graph

import (
	"encoding/base64"
	"encoding/json"
	"math/big"
	"net/http"
)

func writeJSON(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	_ = json.NewEncoder(w).Encode(v) // the reader may have gone
}

// discovery describes the tenant's endpoints (OpenID Connect Discovery 1.0).
func (s *Server) discovery(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("tenant")
	t := s.tenant(name)
	if t == nil {
		refused := tenantMissing(name)
		refused.code = "invalid_tenant" // as seen here, unlike at the token endpoint
		writeAADSTS(w, s.now(), refused)
		return
	}
	base := s.Authority() + "/" + t.id
	writeJSON(w, map[string]any{
		"issuer": t.issuer(), "authorization_endpoint": base + "/oauth2/v2.0/authorize", "token_endpoint": base + "/oauth2/v2.0/token",
		"jwks_uri": base + "/discovery/v2.0/keys", "end_session_endpoint": base + "/oauth2/v2.0/logout",
		"response_types_supported": []string{"code"}, "response_modes_supported": []string{"query", "form_post"},
		"subject_types_supported": []string{"pairwise"}, "scopes_supported": []string{"openid", "profile", "email", "offline_access"},
		"id_token_signing_alg_values_supported": []string{"RS256"},
		"token_endpoint_auth_methods_supported": []string{"client_secret_post", "private_key_jwt", "client_secret_basic"},
		"claims_supported":                      []string{"sub", "iss", "aud", "exp", "iat", "auth_time", "nonce", "preferred_username", "name", "tid", "ver"},
		"msgraph_host":                          s.graph.listener.Addr().String(), "tenant_region_scope": "EU",
	})
}

// keys are the public keys of the tokens.
func (s *Server) keys(w http.ResponseWriter, r *http.Request) {
	t := s.tenant(r.PathValue("tenant"))
	if t == nil {
		writeAADSTS(w, s.now(), tenantMissing(r.PathValue("tenant")))
		return
	}
	e := big.NewInt(int64(s.key.E)).Bytes()
	writeJSON(w, map[string]any{"keys": []map[string]any{{
		"kty": "RSA", "use": "sig", "alg": "RS256", "kid": s.keyID, "issuer": t.issuer(),
		"n": base64.RawURLEncoding.EncodeToString(s.key.N.Bytes()), "e": base64.RawURLEncoding.EncodeToString(e),
	}}})
}
