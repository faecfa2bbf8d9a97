package graph

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
)

// graphApp is Microsoft Graph's own application id.
const graphApp = "00000003-0000-0000-c000-000000000000"

// AADSTS is a refusal of the identity platform.
type AADSTS struct {
	Number int
	code   string // OAuth's error
	status int
	text   string
}

// Error is the description, without the trace.
func (e *AADSTS) Error() string { return fmt.Sprintf("AADSTS%d: %s", e.Number, e.text) }

// grant is what a token stands for.
type grant struct {
	t           *Tenant
	p           *Principal // nil for the emulator's own sign-in
	permissions []string   // application permissions, frozen when it was issued
	refresh     bool
	clientID    string
	scope       []string
	user        string // id; empty: the application itself
	revoked     int    // the user's counters when it was issued
	resets      int
	expires     time.Time
}

// principal is the id of whose directory roles count.
func (g *grant) principal() string {
	if g.user != "" {
		return g.user
	}
	return g.p.object
}

// alive reports whether nothing has ended the grant before its time. Writing the password in the cloud ends refresh tokens; revoking
// ends everything.
func (g *grant) alive() bool {
	if g.user == "" {
		return true
	}
	u, ok := g.t.User(g.user)
	return ok && !u.Disabled && u.revoked == g.revoked && (!g.refresh || u.resets == g.resets)
}

// granted finds what a token stands for; nil for one that was never issued.
func (s *Server) granted(token string) *grant {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.grants[token]
}

func (s *Server) keep(token string, g *grant) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.grants) > 5000 {
		longAgo := s.now().Add(-24 * time.Hour)
		for old, g := range s.grants {
			if g.expires.Before(longAgo) {
				delete(s.grants, old)
			}
		}
	}
	s.grants[token] = g
}

func (s *Server) loginHandler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /{tenant}/oauth2/v2.0/token", s.token)
	mux.HandleFunc("GET /{tenant}/v2.0/.well-known/openid-configuration", s.discovery)
	mux.HandleFunc("GET /{tenant}/discovery/v2.0/keys", s.keys)
	mux.HandleFunc("GET /{tenant}/oauth2/v2.0/authorize", s.authorize)
	mux.HandleFunc("POST /{tenant}/login", s.signInForm)
	return s.watched(spoiled(s, mux, writeTokenFault))
}

func tenantMissing(name string) *AADSTS {
	return &AADSTS{
		Number: 90002, code: "invalid_request", status: http.StatusBadRequest, text: "Tenant '" + name +
			"' not found. Check to make sure you have the correct tenant ID and are signing into the correct cloud. Check with your subscription administrator, this may happen if there are no active subscriptions for the tenant.",
	}
}

func (s *Server) token(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store, no-cache")
	answer, refused := s.tokenAnswer(w, r)
	if refused != nil {
		writeAADSTS(w, s.now(), refused)
		return
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	_ = json.NewEncoder(w).Encode(answer) // the reader may have gone
}

func (s *Server) tokenAnswer(w http.ResponseWriter, r *http.Request) (map[string]any, *AADSTS) {
	r.Body = http.MaxBytesReader(w, r.Body, 64<<10)
	if err := r.ParseForm(); err != nil {
		return nil, &AADSTS{Number: 900144, code: "invalid_request", status: http.StatusBadRequest, text: "The request body must contain the following parameter: 'grant_type'."}
	}
	kind := r.PostForm.Get("grant_type")
	name := r.PathValue("tenant")
	t := s.tenant(name)
	switch {
	case t == nil && slices.Contains([]string{"common", "consumers", "organizations"}, name):
		return nil, &AADSTS{Number: 9001023, code: "invalid_request", status: http.StatusBadRequest, text: "The grant type is not supported over the /common or /consumers endpoints. Please use the /organizations or tenant-specific endpoint."}
	case t == nil:
		return nil, tenantMissing(name)
	}
	p, how, refused := s.client(t, r)
	if refused != nil {
		return nil, refused
	}
	switch kind {
	case "client_credentials":
		return s.clientCredentials(p, how, r.PostForm.Get("scope"))
	case "authorization_code":
		return s.redeem(p, r.PostForm)
	case "refresh_token":
		return s.refresh(p, r.PostForm)
	}
	return nil, &AADSTS{Number: 70003, code: "unsupported_grant_type", status: http.StatusBadRequest, text: "The app requested an unsupported grant type '" + kind + "'."}
}

func (s *Server) clientCredentials(p *Principal, how, scope string) (map[string]any, *AADSTS) {
	var resources []string
	for _, one := range strings.Fields(scope) {
		if !slices.Contains([]string{"openid", "profile", "offline_access", "email"}, one) { // libraries add them
			resources = append(resources, one)
		}
	}
	if len(resources) != 1 || !strings.HasSuffix(resources[0], "/.default") {
		return nil, &AADSTS{
			Number: 70011, code: "invalid_scope", status: http.StatusBadRequest, text: "The provided request must include a 'scope' input parameter. The provided value for the input parameter 'scope' is not valid. The scope " + scope + " is not valid.",
		}
	}
	token, life, refused := s.appToken(p, how, strings.TrimSuffix(resources[0], "/.default"))
	if refused != nil {
		return nil, refused
	}
	return map[string]any{"token_type": "Bearer", "expires_in": life, "ext_expires_in": life, "access_token": token}, nil
}

// appToken issues an access token to an application; life is in seconds.
func (s *Server) appToken(p *Principal, how, resource string) (token string, life int, refused *AADSTS) {
	if strings.TrimSuffix(resource, "/") != s.Graph() && resource != graphApp {
		return "", 0, &AADSTS{
			Number: 500011, code: "invalid_resource", status: http.StatusBadRequest, text: "The resource principal named " + resource + " was not found in the tenant named " + p.t.name +
				". This can happen if the application has not been installed by the administrator of the tenant or consented to by any user in the tenant.",
		}
	}
	now, a := s.now(), p.settings()
	g := &grant{t: p.t, p: p, clientID: a.ID, permissions: a.Permissions, expires: now.Add(p.t.tokenLife())}
	claims := map[string]any{
		"aud": s.Graph(), "iss": p.t.issuer(), "iat": now.Unix(), "nbf": now.Unix(), "exp": g.expires.Unix(), "appid": a.ID, "app_displayname": a.Name,
		"appidacr": how, "idtyp": "app", "oid": p.object, "sub": p.object, "tid": p.t.id, "uti": rand.Text(), "ver": "1.0",
	}
	if len(a.Permissions) > 0 { // without consent there is no claim at all
		claims["roles"] = a.Permissions
	}
	token, err := s.sign(claims)
	if err != nil {
		return "", 0, &AADSTS{Number: 90033, code: "temporarily_unavailable", status: http.StatusServiceUnavailable, text: err.Error()}
	}
	s.keep(token, g)
	return token, int(p.t.tokenLife()/time.Second) - 1, nil
}

// writeAADSTS answers as the identity platform refuses.
func writeAADSTS(w http.ResponseWriter, now time.Time, e *AADSTS) {
	trace, correlation := uuid.NewString(), uuid.NewString()
	at := now.UTC().Format("2006-01-02 15:04:05Z")
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(e.status)
	_ = json.NewEncoder(w).Encode(map[string]any{ // the reader may have gone
		"error":             e.code,
		"error_description": e.Error() + "\r\nTrace ID: " + trace + "\r\nCorrelation ID: " + correlation + "\r\nTimestamp: " + at,
		"error_codes":       []int{e.Number}, "timestamp": at, "trace_id": trace, "correlation_id": correlation,
		"error_uri": fmt.Sprintf("https://login.microsoftonline.com/error?code=%d", e.Number),
	})
}
