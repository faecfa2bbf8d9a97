package graph

import (
	"crypto/rand"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// ManagedIdentity is where a workload in Azure would ask for tokens, over plain HTTP on the machine itself.
type ManagedIdentity struct {
	IMDS       string // base URL of the instance metadata service; AZURE_POD_IDENTITY_AUTHORITY_HOST for Azure's libraries
	AppService string // IDENTITY_ENDPOINT
	Header     string // IDENTITY_HEADER
}

// ManagedIdentity says where the endpoints are. They serve the applications with ManagedIdentity set; the first of them is the
// system-assigned one.
func (s *Server) ManagedIdentity() ManagedIdentity {
	return ManagedIdentity{IMDS: s.azure.base, AppService: s.azure.base + "/msi/token", Header: s.keyID}
}

func (s *Server) identityHandler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /metadata/identity/oauth2/token", s.instanceToken)
	mux.HandleFunc("GET /msi/token", s.appServiceToken)
	return s.watched(spoiled(s, mux, writeTokenFault))
}

// instanceToken answers as the instance metadata service: all numbers are texts.
func (s *Server) instanceToken(w http.ResponseWriter, r *http.Request) {
	if !strings.EqualFold(r.Header.Get("Metadata"), "true") {
		identityError(w, "invalid_request", "Required metadata header not specified")
		return
	}
	if r.URL.Query().Get("api-version") == "" {
		identityError(w, "invalid_request", "api-version query parameter is required")
		return
	}
	token, life, ok := s.identityToken(w, r)
	if !ok {
		return
	}
	now := s.now()
	writeJSON(w, map[string]string{
		"access_token": token, "refresh_token": "", "expires_in": strconv.Itoa(life), "expires_on": strconv.FormatInt(now.Add(time.Duration(life)*time.Second).Unix(), 10),
		"not_before": strconv.FormatInt(now.Unix(), 10), "resource": r.URL.Query().Get("resource"), "token_type": "Bearer",
	})
}

func (s *Server) appServiceToken(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("X-IDENTITY-HEADER") != s.keyID {
		w.WriteHeader(http.StatusUnauthorized)
		writeJSON(w, map[string]any{"statusCode": http.StatusUnauthorized, "message": "Unauthorized"})
		return
	}
	token, life, ok := s.identityToken(w, r)
	if !ok {
		return
	}
	writeJSON(w, map[string]string{
		"access_token": token, "client_id": r.URL.Query().Get("client_id"), "resource": r.URL.Query().Get("resource"), "token_type": "Bearer",
		"expires_on": strconv.FormatInt(s.now().Add(time.Duration(life)*time.Second).Unix(), 10),
	})
}

func (s *Server) identityToken(w http.ResponseWriter, r *http.Request) (token string, life int, ok bool) {
	p := s.managed(r.URL.Query().Get("client_id"), r.URL.Query().Get("object_id"))
	if p == nil {
		identityError(w, "invalid_request", "Identity not found")
		return "", 0, false
	}
	token, life, refused := s.appToken(p, "2", r.URL.Query().Get("resource"))
	if refused != nil {
		identityError(w, "invalid_resource", refused.Error())
		return "", 0, false
	}
	return token, life, true
}

// managed finds the identity asked for; without a name, the system-assigned one.
func (s *Server) managed(clientID, object string) *Principal {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range s.apps {
		if p.app.ManagedIdentity && (clientID == "" || clientID == p.app.ID) && (object == "" || object == p.object) {
			return p
		}
	}
	return nil
}

func identityError(w http.ResponseWriter, name, description string) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(http.StatusBadRequest)
	writeJSON(w, map[string]string{"error": name, "error_description": description, "correlation_id": rand.Text()})
}
