package entra

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"rekey/internal/secret"
)

const renewBefore = 5 * time.Minute // of a token's end

// token is an access token for Graph.
type token struct {
	value   secret.Text
	expires time.Time
	roles   []string // application permissions that were granted
	object  string   // of the application's service principal
}

// tokens keeps one token and asks for the next, one question at a time.
type tokens struct {
	grant   grant
	http    *http.Client
	now     func() time.Time
	turn    chan struct{} // whoever has it may read or set current
	current token
}

func newTokens(g grant, c *http.Client, now func() time.Time) *tokens {
	return &tokens{grant: g, http: c, now: now, turn: make(chan struct{}, 1)}
}

// get gives a token that is not the refused one. Errors: ErrUnavailable.
func (t *tokens) get(ctx context.Context, refused secret.Text) (token, error) {
	select {
	case t.turn <- struct{}{}:
		defer func() { <-t.turn }()
	case <-ctx.Done():
		return token{}, unavailable(ctx.Err())
	}
	usable := !t.current.value.Empty() && (refused.Empty() || !t.current.value.Equal(refused)) && t.now().Before(t.current.expires)
	if usable && t.now().Before(t.current.expires.Add(-renewBefore)) {
		return t.current, nil
	}
	next, err := t.fetch(ctx)
	switch {
	case err == nil:
		t.current = next
	case !usable:
		return token{}, err
	}
	return t.current, nil
}

// tokenAnswer is what both kinds of endpoints say (RFC 6749 §5; managed identities write numbers as texts).
type tokenAnswer struct {
	AccessToken secret.Text `json:"access_token"`
	ExpiresIn   seconds     `json:"expires_in"`
	Error       string      `json:"error"`
	Codes       []int       `json:"error_codes"`
}

// seconds is a number, with or without quotation marks.
type seconds time.Duration

// UnmarshalJSON implements json.Unmarshaler.
func (s *seconds) UnmarshalJSON(b []byte) error {
	n, err := strconv.ParseFloat(strings.Trim(string(b), `"`), 64)
	*s = seconds(n * float64(time.Second))
	return err
}

func (t *tokens) fetch(ctx context.Context) (token, error) {
	began := t.now()
	a, err := ask(ctx, t.http, t.now, question{compose: t.grant.request, again: t.grant.again()})
	if err != nil {
		return token{}, unavailable(fmt.Errorf("token: %w", err))
	}
	var told tokenAnswer
	if err := json.Unmarshal(a.body, &told); err != nil || a.status != http.StatusOK || told.AccessToken.Empty() {
		return token{}, unavailable(fmt.Errorf("token: %s", reasonOf(a.status, told)))
	}
	next := token{value: told.AccessToken, expires: began.Add(time.Duration(told.ExpiresIn))}
	next.roles, next.object = look(told.AccessToken)
	return next, nil
}

// reasonOf tells an operator why there is no token. Codes of AADSTS errors are only shown, never acted upon, as their documentation asks.
func reasonOf(status int, told tokenAnswer) string {
	for code, why := range map[int]string{
		7000215: "the client secret is wrong (its value is needed, not its ID)", 7000222: "the client secret has expired",
		700027: "the certificate is not registered with the application, or has expired", 700016: "the application is not known in this tenant",
		90002: "the tenant is not known in this cloud",
	} {
		if slices.Contains(told.Codes, code) {
			return fmt.Sprintf("%s (AADSTS%d)", why, code)
		}
	}
	return fmt.Sprintf("%d %s %v", status, told.Error, told.Codes)
}

// look reads the claims of a token that is meant for Graph, to explain what Graph says; nothing is decided by them alone.
func look(t secret.Text) (roles []string, object string) {
	parts := strings.Split(t.Reveal(), ".")
	const ofJWT = 3
	if len(parts) != ofJWT {
		return nil, ""
	}
	body, err := base64.RawURLEncoding.DecodeString(parts[1])
	var claims struct {
		Roles []string `json:"roles"`
		OID   string   `json:"oid"`
	}
	if err != nil || json.Unmarshal(body, &claims) != nil {
		return nil, ""
	}
	return claims.Roles, strings.ToLower(claims.OID)
}

// grant is a way to get a token.
type grant interface {
	request(ctx context.Context) (*http.Request, error)
	again() []int
}

// clientGrant is the client credentials grant (RFC 6749 §4.4).
type clientGrant struct {
	url, client, scope string
	prove              func(ctx context.Context, tokenURL string) (url.Values, error)
}

func (g clientGrant) request(ctx context.Context) (*http.Request, error) {
	form, err := g.prove(ctx, g.url)
	if err != nil {
		return nil, err
	}
	form.Set("grant_type", "client_credentials")
	form.Set("client_id", g.client)
	form.Set("scope", g.scope)
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, g.url, strings.NewReader(form.Encode()))
	if err == nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	return r, err
}

func (clientGrant) again() []int {
	return []int{http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout}
}

// identityGrant asks the instance metadata service.
type identityGrant struct{ url, client, resource string }

func (g identityGrant) request(ctx context.Context) (*http.Request, error) {
	query := url.Values{"api-version": {"2018-02-01"}, "resource": {g.resource}}
	if g.client != "" {
		query.Set("client_id", g.client)
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, g.url+"?"+query.Encode(), nil)
	if err == nil {
		r.Header.Set("Metadata", "true")
	}
	return r, err
}

// again has 404 and 410 too: the service answers so while it is being updated.
func (identityGrant) again() []int {
	return append(clientGrant{}.again(), http.StatusNotFound, http.StatusGone, http.StatusInternalServerError)
}
