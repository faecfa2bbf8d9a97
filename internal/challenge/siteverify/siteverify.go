// Package siteverify asks Turnstile, hCaptcha or reCAPTCHA v2 about the token their widget put into a form. The three speak one wire
// format: a form with secret and response, answered in JSON.
//
// The visitor's address is not sent along: the provider asks for it, and can do without.
package siteverify

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"rekey/internal/challenge"
)

const (
	// patience is how long a provider may take to answer; then the visitor goes another way.
	patience = 5 * time.Second
	// tokenLimit is more than any provider's token is long (Turnstile: 2048 characters).
	tokenLimit = 8 << 10
	bodyLimit  = 64 << 10
)

// Client asks providers. It is safe for concurrent use.
type Client struct {
	host string
	http *http.Client
}

// New makes a client that takes tokens made for a page of ours, below the public URL, and for nobody else's.
func New(publicURL string) *Client {
	host := ""
	if u, err := url.Parse(publicURL); err == nil {
		host = u.Hostname()
	}
	// No redirect is followed: the secret would go along.
	stay := func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	transport := &http.Transport{Proxy: http.ProxyFromEnvironment, ForceAttemptHTTP2: true, IdleConnTimeout: time.Minute}
	return &Client{host: host, http: &http.Client{Timeout: patience, CheckRedirect: stay, Transport: transport}}
}

// Close lets go of idle connections.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// answer is what a provider says. action is told by Turnstile alone.
type answer struct {
	Success  bool     `json:"success"`
	Hostname string   `json:"hostname"`
	Action   string   `json:"action"`
	Errors   []string `json:"error-codes"`
}

// visitors are the error codes that speak of the token. All others speak of us or of the provider itself.
var visitors = []string{
	"missing-input-response", "invalid-input-response", "timeout-or-duplicate", // all three
	"expired-input-response", "already-seen-response", "invalid-or-already-seen-response", // hCaptcha
}

// Verify reports whether a token is good for a purpose; nil: it is. A bad one is challenge.ErrRefused. Any other error means that the
// provider could not judge it, whoever is to blame.
func (c *Client) Verify(ctx context.Context, r challenge.Rules, p challenge.Purpose, token string) error {
	vendor, ok := r.Provider.Vendor()
	if !ok || len(token) > tokenLimit {
		return challenge.ErrRefused
	}
	said, err := c.ask(ctx, r, vendor, token)
	if err != nil {
		return fmt.Errorf("ask %s: %w", vendor.Name, err)
	}
	switch {
	case said.Success && !strings.EqualFold(said.Hostname, c.host):
		return fmt.Errorf("%w: made for the host %q", challenge.ErrRefused, said.Hostname)
	case said.Success && vendor.TellsAction && said.Action != string(p):
		return fmt.Errorf("%w: made for the action %q", challenge.ErrRefused, said.Action)
	case said.Success:
		return nil
	case len(said.Errors) > 0 && !slices.ContainsFunc(said.Errors, func(code string) bool { return !slices.Contains(visitors, code) }):
		return fmt.Errorf("%w: %q", challenge.ErrRefused, said.Errors)
	}
	return fmt.Errorf("ask %s: it says %q", vendor.Name, said.Errors)
}

func (c *Client) ask(ctx context.Context, r challenge.Rules, vendor challenge.Vendor, token string) (answer, error) {
	to := vendor.VerifyURL
	if r.VerifyURL != "" {
		to = r.VerifyURL
	}
	form := url.Values{"secret": {r.Secret.Reveal()}, "response": {token}}
	if vendor.TakesSiteKey {
		form.Set("sitekey", r.SiteKey)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, to, strings.NewReader(form.Encode()))
	if err != nil {
		return answer{}, err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Accept", "application/json")
	resp, err := c.http.Do(req)
	if err != nil {
		return answer{}, err
	}
	defer func() { _ = resp.Body.Close() }()
	var said answer
	err = json.NewDecoder(io.LimitReader(resp.Body, bodyLimit)).Decode(&said)
	switch {
	case err == nil && !said.Success && len(said.Errors) > 0: // also with status 400
		return said, nil
	case resp.StatusCode != http.StatusOK:
		return answer{}, fmt.Errorf("status %d", resp.StatusCode)
	case err != nil:
		return answer{}, errors.New("its answer is not JSON")
	}
	return said, nil
}
