// Package openid signs people in at an OpenID Connect provider: authorization code with PKCE and a nonce (OpenID Connect Core 1.0
// §3.1, RFC 7636, RFC 9700). It keeps nothing between the two halves: what the second needs to know is given to the caller.
package openid

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
)

// The errors; match them with errors.Is.
var (
	ErrRefused     = errors.New("the sign-in was not accepted")
	ErrUnavailable = errors.New("the sign-in provider does not answer")
)

// skew is how far the provider's clock may be off ours.
const skew = 2 * time.Minute

// Config is a client registered with a provider.
type Config struct {
	Issuer   string // https URL, exactly as the provider writes it
	ClientID string
	Scopes   []string // besides openid
	// Prove gives what proves the client at the token endpoint: client_secret, or client_assertion with its type; nil: a public client.
	Prove func(ctx context.Context, tokenURL string) (url.Values, error)
	HTTP  *http.Client // should have a time limit
	Now   func() time.Time
}

// Provider is where people sign in. It is safe for concurrent use.
type Provider struct {
	config Config
	turn   chan struct{} // whoever has it may read or set found
	found  *oidc.Provider
}

// New asks nobody yet.
func New(c Config) *Provider { return &Provider{config: c, turn: make(chan struct{}, 1)} }

// Request is what is asked of the provider.
type Request struct {
	Callback string   // our URL that the browser comes back to
	State    string   // comes back in the answer
	Hint     string   // name to fill in; may be empty
	Fresh    bool     // whoever is signed in there has to prove it again
	ACR      []string // authentication context classes, one of which is required; empty: any will do
}

// Pending is what Finish needs to know of the start. It is to be kept from the browser, or sealed.
type Pending struct {
	Callback string    `json:"callback"`
	State    string    `json:"state"`
	Nonce    string    `json:"nonce"`
	Verifier string    `json:"verifier"` // RFC 7636 §4.1
	Fresh    bool      `json:"fresh,omitempty"`
	ACR      []string  `json:"acr,omitempty"`
	Started  time.Time `json:"started"`
}

// Identity is who came back, as a verified id_token says.
type Identity struct {
	Subject string
	ACR     string    // class of the authentication (OpenID Connect Core 1.0 §2); empty: not told
	At      time.Time // when they proved it: auth_time, or when the token was issued if that is not told
	claims  json.RawMessage
}

// Claims reads the token's claims into a struct with JSON tags.
func (i Identity) Claims(into any) error { return json.Unmarshal(i.claims, into) }

// Start gives where to send the browser. Errors: ErrUnavailable.
func (p *Provider) Start(ctx context.Context, r Request) (string, Pending, error) {
	provider, err := p.provider(ctx)
	if err != nil {
		return "", Pending{}, err
	}
	pending := Pending{
		Callback: r.Callback, State: r.State, Nonce: rand.Text(), Verifier: oauth2.GenerateVerifier(), Fresh: r.Fresh, ACR: r.ACR, Started: p.config.Now(),
	}
	options := []oauth2.AuthCodeOption{oidc.Nonce(pending.Nonce), oauth2.S256ChallengeOption(pending.Verifier)}
	if r.Hint != "" {
		options = append(options, oauth2.SetAuthURLParam("login_hint", r.Hint))
	}
	if r.Fresh { // the browser may take both away: auth_time decides
		options = append(options, oauth2.SetAuthURLParam("prompt", "login"), oauth2.SetAuthURLParam("max_age", "0"))
	}
	if len(r.ACR) > 0 { // a wish, which the provider may pass over: the token decides
		options = append(options, oauth2.SetAuthURLParam("acr_values", strings.Join(r.ACR, " ")))
	}
	return p.client(provider, r.Callback).AuthCodeURL(r.State, options...), pending, nil
}

func (p *Provider) client(provider *oidc.Provider, callback string) *oauth2.Config {
	endpoint := provider.Endpoint()
	endpoint.AuthStyle = oauth2.AuthStyleInParams // else it is found out by sending the code twice
	return &oauth2.Config{
		ClientID: p.config.ClientID, Endpoint: endpoint, RedirectURL: callback, Scopes: append([]string{oidc.ScopeOpenID}, p.config.Scopes...),
	}
}

// provider reads the provider's metadata once.
func (p *Provider) provider(ctx context.Context) (*oidc.Provider, error) {
	select {
	case p.turn <- struct{}{}:
		defer func() { <-p.turn }()
	case <-ctx.Done():
		return nil, fmt.Errorf("%w: %w", ErrUnavailable, ctx.Err())
	}
	if p.found != nil {
		return p.found, nil
	}
	found, err := oidc.NewProvider(oidc.ClientContext(ctx, p.config.HTTP), p.config.Issuer)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	p.found = found
	return found, nil
}

// Finish judges what the browser brought back. Errors: ErrRefused, ErrUnavailable.
func (p *Provider) Finish(ctx context.Context, pending Pending, answer url.Values) (Identity, error) {
	if err := p.accepted(pending, answer); err != nil {
		return Identity{}, err
	}
	provider, err := p.provider(ctx)
	if err != nil {
		return Identity{}, err
	}
	raw, err := p.redeem(ctx, provider, pending, answer.Get("code"))
	if err != nil {
		return Identity{}, err
	}
	verifier := provider.Verifier(&oidc.Config{ClientID: p.config.ClientID, Now: p.config.Now})
	token, err := verifier.Verify(oidc.ClientContext(ctx, p.config.HTTP), raw)
	if err != nil {
		if ctx.Err() != nil {
			return Identity{}, fmt.Errorf("%w: %w", ErrUnavailable, err)
		}
		return Identity{}, fmt.Errorf("%w: %w", ErrRefused, err)
	}
	return identity(pending, token)
}

// accepted looks at the answer itself (RFC 6749 §4.1.2.1, RFC 9207).
func (p *Provider) accepted(pending Pending, answer url.Values) error {
	if !same(answer.Get("state"), pending.State) {
		return fmt.Errorf("%w: the answer belongs to another sign-in", ErrRefused)
	}
	if answer.Has("iss") && answer.Get("iss") != p.config.Issuer {
		return fmt.Errorf("%w: the answer is of another provider", ErrRefused)
	}
	switch code := answer.Get("error"); {
	case code == "server_error" || code == "temporarily_unavailable":
		return fmt.Errorf("%w: %s", ErrUnavailable, code)
	case code != "" || answer.Get("code") == "":
		return fmt.Errorf("%w: %.40q", ErrRefused, code)
	}
	return nil
}

// redeem exchanges the code for an id_token.
func (p *Provider) redeem(ctx context.Context, provider *oidc.Provider, pending Pending, code string) (string, error) {
	options := []oauth2.AuthCodeOption{oauth2.VerifierOption(pending.Verifier)}
	if p.config.Prove != nil {
		proof, err := p.config.Prove(ctx, provider.Endpoint().TokenURL)
		if err != nil {
			return "", fmt.Errorf("%w: %w", ErrUnavailable, err)
		}
		for name := range proof {
			options = append(options, oauth2.SetAuthURLParam(name, proof.Get(name)))
		}
	}
	tokens, err := p.client(provider, pending.Callback).Exchange(context.WithValue(ctx, oauth2.HTTPClient, p.config.HTTP), code, options...)
	if err != nil {
		var refused *oauth2.RetrieveError
		if errors.As(err, &refused) && refused.ErrorCode == "invalid_grant" { // the code; anything else is our own trouble
			return "", fmt.Errorf("%w: %s", ErrRefused, refused.ErrorCode)
		}
		return "", fmt.Errorf("%w: %w", ErrUnavailable, told(err))
	}
	raw, ok := tokens.Extra("id_token").(string)
	if !ok {
		return "", fmt.Errorf("%w: there is no id_token", ErrRefused)
	}
	return raw, nil
}

// told leaves out of an error what the provider sent besides its reason.
func told(err error) error {
	var refused *oauth2.RetrieveError
	if errors.As(err, &refused) {
		return fmt.Errorf("%s: %s", refused.Response.Status, refused.ErrorCode)
	}
	return err
}

func identity(pending Pending, token *oidc.IDToken) (Identity, error) {
	var told struct {
		AuthTime int64  `json:"auth_time"`
		ACR      string `json:"acr"`
	}
	i := Identity{Subject: token.Subject, At: token.IssuedAt}
	if err := errors.Join(token.Claims(&told), token.Claims(&i.claims)); err != nil {
		return Identity{}, fmt.Errorf("%w: %w", ErrRefused, err)
	}
	i.ACR = told.ACR
	if told.AuthTime != 0 {
		i.At = time.Unix(told.AuthTime, 0)
	}
	switch {
	case !same(token.Nonce, pending.Nonce):
		return Identity{}, fmt.Errorf("%w: the token belongs to another sign-in", ErrRefused)
	case len(pending.ACR) > 0 && !slices.Contains(pending.ACR, i.ACR):
		return Identity{}, fmt.Errorf("%w: they signed in with the class %.80q, which is not enough", ErrRefused, i.ACR)
	case pending.Fresh && told.AuthTime == 0:
		return Identity{}, fmt.Errorf("%w: the token does not say when they signed in (auth_time)", ErrRefused)
	case pending.Fresh && i.At.Before(pending.Started.Add(-skew)):
		return Identity{}, fmt.Errorf("%w: they had signed in before", ErrRefused)
	}
	return i, nil
}

// same never holds for nothing.
func same(a, b string) bool { return a != "" && subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }

// Ready reports whether the provider's metadata can be read and offers what is needed. Errors: ErrUnavailable.
func (p *Provider) Ready(ctx context.Context) error {
	provider, err := p.provider(ctx)
	if err != nil {
		return err
	}
	var offers struct {
		Types []string `json:"response_types_supported"`
	}
	if err := provider.Claims(&offers); err != nil || !slices.Contains(offers.Types, "code") {
		return fmt.Errorf("%w: it does not offer the authorization code flow", ErrUnavailable)
	}
	return nil
}
