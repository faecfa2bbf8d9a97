// Package oidc runs a real OpenID provider, that of zitadel/oidc, for sign-ins of a firm's own: authorization code with PKCE, RS256, one
// registered client with a secret. Its login page asks for a name and signs that name in, with any authentication context (acr) the
// visitor picks and at the present time; it remembers nobody, so every request has to be answered. Refresh, logout, device and token
// exchange are not there.
package oidc

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"errors"
	"fmt"
	"html"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/zitadel/oidc/v3/pkg/oidc"
	"github.com/zitadel/oidc/v3/pkg/op"

	"rekey/internal/lab/ca"
)

// The client that is registered.
const (
	ClientID     = "rekey"
	ClientSecret = "lab-secret-of-rekey"
)

// Provider is a running provider. Close it.
type Provider struct {
	Issuer string
	CA     []byte // PEM of whom its certificate is from

	server *http.Server
	done   chan error
	key    *rsa.PrivateKey
	back   []string // where the client may be sent back to

	mu       sync.Mutex
	requests map[string]*request
	codes    map[string]string
}

// Start runs a provider on a free port of loopback. back are the client's redirect URIs.
func Start(ctx context.Context, back ...string) (*Provider, error) {
	authority, err := ca.New()
	if err != nil {
		return nil, err
	}
	p := &Provider{CA: authority.PEM(), done: make(chan error, 1), back: back, requests: map[string]*request{}, codes: map[string]string{}}
	if p.key, err = rsa.GenerateKey(rand.Reader, 2048); err != nil {
		return nil, err
	}
	pair, err := certificate(authority)
	if err != nil {
		return nil, err
	}
	var lc net.ListenConfig
	listener, err := lc.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	_, port, _ := net.SplitHostPort(listener.Addr().String())
	p.Issuer = "https://localhost:" + port
	handler, err := p.handler()
	if err != nil {
		return nil, errors.Join(err, listener.Close())
	}
	p.server = &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second, TLSConfig: &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}}
	go func() { p.done <- p.server.ServeTLS(listener, "", "") }()
	return p, nil
}

func certificate(authority *ca.CA) (tls.Certificate, error) {
	cert, key, err := authority.Issue(ca.Leaf{Names: []string{"localhost"}, IPs: []net.IP{net.IPv4(127, 0, 0, 1)}, NotAfter: time.Now().AddDate(0, 1, 0)})
	if err != nil {
		return tls.Certificate{}, err
	}
	return tls.X509KeyPair(cert, key)
}

// Close stops it.
func (p *Provider) Close() error {
	err := p.server.Close()
	if served := <-p.done; !errors.Is(served, http.ErrServerClosed) {
		err = errors.Join(err, served)
	}
	return err
}

func (p *Provider) handler() (http.Handler, error) {
	config := &op.Config{CodeMethodS256: true, AuthMethodPost: true}
	if _, err := rand.Read(config.CryptoKey[:]); err != nil {
		return nil, err
	}
	provider, err := op.NewProvider(config, storage{p}, op.StaticIssuer(p.Issuer))
	if err != nil {
		return nil, fmt.Errorf("start OpenID provider: %w", err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /login", p.showLogin)
	mux.HandleFunc("POST /login", func(w http.ResponseWriter, r *http.Request) {
		if !p.SignIn(r.PostFormValue("id"), r.PostFormValue("name"), r.PostFormValue("acr"), time.Now()) {
			http.NotFound(w, r)
			return
		}
		http.Redirect(w, r, op.AuthCallbackURL(provider)(r.Context(), r.PostFormValue("id")), http.StatusSeeOther)
	})
	mux.Handle("/", provider)
	return mux, nil
}

func (p *Provider) showLogin(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = fmt.Fprintf(w, `<!DOCTYPE html><html lang="en" dir="ltr"><title>Sign in</title><h1>Example sign-in</h1><form method="post"><input type="hidden" name="id" value="%s">
<p><label>Name <input name="name" autocomplete="username"></label><p><label>Class <input name="acr" value="phr"></label><p><button>Sign in</button></form></html>`,
		html.EscapeString(r.URL.Query().Get("id"))) // the browser may have gone
}

// SignIn answers a request that waits: who signed in, how, and when. False: there is none.
func (p *Provider) SignIn(id, name, acr string, at time.Time) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	r, ok := p.requests[id]
	if !ok {
		return false
	}
	r.name, r.acr, r.at = name, acr, at
	return true
}

// request is one sign-in that was asked for.
type request struct {
	*oidc.AuthRequest
	id   string
	name string // who signed in; empty: nobody yet
	acr  string
	at   time.Time
}

func (r *request) GetID() string                      { return r.id }
func (r *request) GetACR() string                     { return r.acr }
func (r *request) GetAMR() []string                   { return nil }
func (r *request) GetAudience() []string              { return []string{r.ClientID} }
func (r *request) GetAuthTime() time.Time             { return r.at }
func (r *request) GetClientID() string                { return r.ClientID }
func (r *request) GetNonce() string                   { return r.Nonce }
func (r *request) GetRedirectURI() string             { return r.RedirectURI }
func (r *request) GetResponseType() oidc.ResponseType { return r.ResponseType }
func (r *request) GetResponseMode() oidc.ResponseMode { return r.ResponseMode }
func (r *request) GetScopes() []string                { return r.Scopes }
func (r *request) GetState() string                   { return r.State }
func (r *request) GetSubject() string                 { return r.name }
func (r *request) Done() bool                         { return r.name != "" }
func (r *request) GetCodeChallenge() *oidc.CodeChallenge {
	return &oidc.CodeChallenge{Challenge: r.CodeChallenge, Method: r.CodeChallengeMethod}
}

// client is the one that is registered.
type client struct{ back []string }

func (client) GetID() string                       { return ClientID }
func (c client) RedirectURIs() []string            { return c.back }
func (client) PostLogoutRedirectURIs() []string    { return nil }
func (client) ApplicationType() op.ApplicationType { return op.ApplicationTypeWeb }

func (client) AuthMethod() oidc.AuthMethod { return oidc.AuthMethodPost }

func (client) ResponseTypes() []oidc.ResponseType { return []oidc.ResponseType{oidc.ResponseTypeCode} }

func (client) GrantTypes() []oidc.GrantType { return []oidc.GrantType{oidc.GrantTypeCode} }

func (client) LoginURL(id string) string { return "/login?id=" + id }

func (client) AccessTokenType() op.AccessTokenType { return op.AccessTokenTypeBearer }

func (client) IDTokenLifetime() time.Duration                               { return time.Hour }
func (client) DevMode() bool                                                { return true } // takes http://localhost back
func (client) RestrictAdditionalIdTokenScopes() func([]string) []string     { return keep }
func (client) RestrictAdditionalAccessTokenScopes() func([]string) []string { return keep }
func (client) IsScopeAllowed(string) bool                                   { return true }
func (client) IDTokenUserinfoClaimsAssertion() bool                         { return true }
func (client) ClockSkew() time.Duration                                     { return 0 }

func keep(scopes []string) []string { return scopes }

// storage is what the provider asks for.
type storage struct{ *Provider }

var errNotThere = errors.New("not there")

func (s storage) CreateAuthRequest(_ context.Context, asked *oidc.AuthRequest, _ string) (op.AuthRequest, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := &request{AuthRequest: asked, id: rand.Text()}
	s.requests[r.id] = r
	return r, nil
}

func (s storage) AuthRequestByID(_ context.Context, id string) (op.AuthRequest, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r, ok := s.requests[id]
	if !ok {
		return nil, errNotThere
	}
	return r, nil
}

func (s storage) AuthRequestByCode(ctx context.Context, code string) (op.AuthRequest, error) {
	s.mu.Lock()
	id := s.codes[code]
	s.mu.Unlock()
	return s.AuthRequestByID(ctx, id)
}

func (s storage) SaveAuthCode(_ context.Context, id, code string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.codes[code] = id
	return nil
}

func (s storage) DeleteAuthRequest(_ context.Context, id string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.requests, id)
	return nil
}

func (storage) CreateAccessToken(context.Context, op.TokenRequest) (string, time.Time, error) {
	return rand.Text(), time.Now().Add(5 * time.Minute), nil
}

func (storage) CreateAccessAndRefreshTokens(context.Context, op.TokenRequest, string) (string, string, time.Time, error) {
	return "", "", time.Time{}, errNotThere
}

func (storage) TokenRequestByRefreshToken(context.Context, string) (op.RefreshTokenRequest, error) {
	return nil, op.ErrInvalidRefreshToken
}
func (storage) TerminateSession(context.Context, string, string) error { return nil }

func (storage) RevokeToken(context.Context, string, string, string) *oidc.Error { return nil }

func (storage) GetRefreshTokenInfo(context.Context, string, string) (string, string, error) {
	return "", "", op.ErrInvalidRefreshToken
}

func (s storage) SigningKey(context.Context) (op.SigningKey, error) { return key{s.key}, nil }

func (storage) SignatureAlgorithms(context.Context) ([]jose.SignatureAlgorithm, error) {
	return []jose.SignatureAlgorithm{jose.RS256}, nil
}

func (s storage) KeySet(context.Context) ([]op.Key, error) { return []op.Key{public{s.key}}, nil }

func (s storage) GetClientByClientID(_ context.Context, id string) (op.Client, error) {
	if id != ClientID {
		return nil, errNotThere
	}
	return client{s.back}, nil
}

func (storage) AuthorizeClientIDSecret(_ context.Context, id, secret string) error {
	if id != ClientID || secret != ClientSecret {
		return errors.New("wrong secret")
	}
	return nil
}

func (storage) SetUserinfoFromScopes(context.Context, *oidc.UserInfo, string, string, []string) error {
	return nil
}

func (storage) SetUserinfoFromRequest(_ context.Context, told *oidc.UserInfo, r op.IDTokenRequest, _ []string) error {
	told.Subject, told.PreferredUsername = r.GetSubject(), r.GetSubject()
	return nil
}

func (storage) SetUserinfoFromToken(context.Context, *oidc.UserInfo, string, string, string) error {
	return errNotThere
}

func (storage) SetIntrospectionFromToken(context.Context, *oidc.IntrospectionResponse, string, string, string) error {
	return errNotThere
}

func (storage) GetPrivateClaimsFromScopes(context.Context, string, string, []string) (map[string]any, error) {
	return nil, nil
}

func (storage) GetKeyByIDAndClientID(context.Context, string, string) (*jose.JSONWebKey, error) {
	return nil, errNotThere
}

func (storage) ValidateJWTProfileScopes(context.Context, string, []string) ([]string, error) {
	return nil, errNotThere
}
func (storage) Health(context.Context) error { return nil }

// key signs, public verifies.
type (
	key    struct{ private *rsa.PrivateKey }
	public struct{ private *rsa.PrivateKey }
)

func (key) SignatureAlgorithm() jose.SignatureAlgorithm { return jose.RS256 }
func (k key) Key() any                                  { return k.private }
func (key) ID() string                                  { return "1" }

func (public) Algorithm() jose.SignatureAlgorithm { return jose.RS256 }
func (public) Use() string                        { return "sig" }
func (p public) Key() any                         { return &p.private.PublicKey }
func (public) ID() string                         { return "1" }
