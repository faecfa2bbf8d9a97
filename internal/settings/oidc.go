package settings

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"rekey/internal/directory"
	"rekey/internal/openid"
	"rekey/internal/secret"
	"rekey/internal/site"
)

// ConsoleOIDC lets administrators sign in at the firm's own OpenID provider, which answers for a second factor by the class of the
// authentication.
type ConsoleOIDC struct {
	Issuer       string     `yaml:"issuer"` // https URL, exactly as the provider writes it
	ClientID     string     `yaml:"client_id"`
	ClientSecret secret.Ref `yaml:"client_secret"`
	// ACR are the classes that are strong enough; a token with another one, or none, opens nothing.
	ACR []string `yaml:"acr"`
	// Claim has the name by which a directory knows the administrator; preferred_username unless it is named.
	Claim  string   `yaml:"claim,omitempty"`
	Scopes []string `yaml:"scopes,omitempty"` // besides openid; profile unless they are named
	Label  string   `yaml:"label,omitempty"`  // of the link on the sign-in page
	CAFile string   `yaml:"ca_file,omitempty"`
}

// signIn makes the sign-in page of the settings; nil: there is none.
func (c Console) signIn(d Deps) (site.SignInPage, error) {
	o := c.OIDC
	if o == nil {
		return nil, nil
	}
	if err := o.validate(); err != nil {
		return nil, err
	}
	roots, err := o.roots()
	if err != nil {
		return nil, fmt.Errorf("console.oidc.ca_file: %w", err)
	}
	password, err := d.Resolve(o.ClientSecret)
	if err != nil {
		return nil, fmt.Errorf("console.oidc.client_secret: %w", err)
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.TLSClientConfig = &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}
	return &signInPage{
		label: orText(o.Label, "the company's sign-in"), claim: orText(o.Claim, "preferred_username"), acr: o.ACR,
		provider: openid.New(openid.Config{
			Issuer: o.Issuer, ClientID: o.ClientID, Scopes: orList(o.Scopes, "profile"), Now: d.Now,
			HTTP: &http.Client{Timeout: 15 * time.Second, Transport: transport},
			Prove: func(context.Context, string) (url.Values, error) {
				return url.Values{"client_secret": {password.Reveal()}}, nil
			},
		}),
	}, nil
}

func (o *ConsoleOIDC) validate() error {
	u, err := url.Parse(o.Issuer)
	switch {
	case err != nil || u.Scheme != "https" || u.Host == "" || u.RawQuery != "" || u.Fragment != "":
		return errors.New("console.oidc.issuer: want an https URL without query or fragment")
	case o.ClientID == "":
		return errors.New("console.oidc.client_id: is missing")
	case o.ClientSecret.IsZero():
		return errors.New("console.oidc.client_secret: is missing")
	case len(o.ACR) == 0:
		return errors.New("console.oidc.acr: name the classes that stand for a second factor")
	}
	for i, class := range o.ACR {
		if class == "" || strings.ContainsAny(class, " \t\r\n") {
			return fmt.Errorf("console.oidc.acr[%d]: want a class without spaces", i)
		}
	}
	return nil
}

func (o *ConsoleOIDC) roots() (*x509.CertPool, error) {
	if o.CAFile == "" {
		return nil, nil
	}
	pem, err := os.ReadFile(o.CAFile)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("%s holds no certificate", o.CAFile)
	}
	return pool, nil
}

func orText(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}

func orList(list []string, otherwise ...string) []string {
	if len(list) == 0 {
		return otherwise
	}
	return list
}

// signInPage implements site.SignInPage.
type signInPage struct {
	label, claim string
	acr          []string
	provider     *openid.Provider
}

// Label implements site.SignInPage.
func (p *signInPage) Label() string { return p.label }

// StartSignIn implements site.SignInPage.
func (p *signInPage) StartSignIn(ctx context.Context, in directory.SignIn) (string, []byte, error) {
	where, pending, err := p.provider.Start(ctx, openid.Request{Callback: in.Callback, State: in.State, Hint: in.Hint, Fresh: in.Fresh, ACR: p.acr})
	if err != nil {
		return "", nil, p.said(err)
	}
	kept, err := json.Marshal(pending)
	return where, kept, err
}

// FinishSignIn implements site.SignInPage.
func (p *signInPage) FinishSignIn(ctx context.Context, kept []byte, answer url.Values) (string, error) {
	var pending openid.Pending
	if err := json.Unmarshal(kept, &pending); err != nil {
		return "", fmt.Errorf("%w: %w", directory.ErrSignInRefused, err)
	}
	i, err := p.provider.Finish(ctx, pending, answer)
	if err != nil {
		return "", p.said(err)
	}
	claims := map[string]any{}
	if err := i.Claims(&claims); err != nil {
		return "", fmt.Errorf("%w: %w", directory.ErrSignInRefused, err)
	}
	name, _ := claims[p.claim].(string)
	if name == "" {
		return "", fmt.Errorf("%w: the token has no %s", directory.ErrSignInRefused, p.claim)
	}
	return name, nil
}

// said gives the provider's errors the names that use cases know.
func (p *signInPage) said(err error) error {
	if errors.Is(err, openid.ErrRefused) {
		return fmt.Errorf("%w: %w", directory.ErrSignInRefused, err)
	}
	return fmt.Errorf("%w: %w", directory.ErrUnavailable, err)
}
