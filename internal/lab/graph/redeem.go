package graph

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

func invalidGrant(number int, text string) *AADSTS {
	return &AADSTS{Number: number, code: "invalid_grant", status: http.StatusBadRequest, text: text}
}

// redeem exchanges an authorization code, once (RFC 6749 4.1.3, RFC 7636).
func (s *Server) redeem(p *Principal, form url.Values) (map[string]any, *AADSTS) {
	s.mu.Lock()
	c := s.codes[form.Get("code")]
	again := c != nil && c.used
	if c != nil {
		c.used = true
	}
	s.mu.Unlock()
	switch {
	case c == nil:
		return nil, invalidGrant(9002313, "Invalid request. Request is malformed or invalid.")
	case again:
		return nil, invalidGrant(54005, "OAuth2 Authorization code was already redeemed, please retry with a new valid code or use an existing refresh token.")
	case s.now().After(c.expires):
		return nil, invalidGrant(70008, "The provided authorization code or refresh token has expired due to inactivity.")
	case c.request.p != p:
		return nil, invalidGrant(700005, "Provided Authorization Code is intended to use against other tenant or application, thus rejected.")
	case c.request.redirect != form.Get("redirect_uri"):
		return nil, invalidGrant(500112, "The reply address does not match the reply address provided when requesting Authorization code.")
	case !c.request.verified(form.Get("code_verifier")):
		return nil, invalidGrant(50148, "The code_verifier does not match the code_challenge supplied in the authorization request.")
	}
	u, ok := p.t.User(c.session.user)
	if !ok || u.Disabled || u.revoked != c.session.revoked {
		return nil, revokedGrant()
	}
	return s.signedIn(c, u)
}

func revokedGrant() *AADSTS {
	return invalidGrant(50173, "The provided grant has expired due to it being revoked, a fresh auth token is needed. The user might have changed or reset their password.")
}

// verified checks the proof key.
func (a authRequest) verified(verifier string) bool {
	switch {
	case a.challenge == "":
		return verifier == ""
	case a.challengeKind == "S256":
		sum := sha256.Sum256([]byte(verifier))
		return subtle.ConstantTimeCompare([]byte(unpadded.EncodeToString(sum[:])), []byte(a.challenge)) == 1
	}
	return subtle.ConstantTimeCompare([]byte(verifier), []byte(a.challenge)) == 1
}

func (s *Server) signedIn(c *code, u User) (map[string]any, *AADSTS) {
	tokens, err := c.request.t.userTokens(u, c.request.p.ID(), c.request.scope)
	if err != nil {
		return nil, &AADSTS{Number: 90033, code: "temporarily_unavailable", status: http.StatusServiceUnavailable, text: err.Error()}
	}
	out := map[string]any{"token_type": "Bearer", "expires_in": 3599, "ext_expires_in": 3599, "scope": strings.Join(c.request.scope, " "), "access_token": tokens.Access}
	if tokens.Refresh != "" {
		out["refresh_token"] = tokens.Refresh
	}
	if slices.Contains(c.request.scope, "openid") {
		id, err := s.idToken(c, u)
		if err != nil {
			return nil, &AADSTS{Number: 90033, code: "temporarily_unavailable", status: http.StatusServiceUnavailable, text: err.Error()}
		}
		out["id_token"] = id
	}
	return out, nil
}

// idToken says who signed in (id-token-claims-reference, v2.0): it never has amr.
func (s *Server) idToken(c *code, u User) (string, error) {
	now, app := s.now(), c.request.p.settings()
	subject := sha256.Sum256([]byte(u.ID + " " + app.ID)) // another one for each application
	claims := map[string]any{
		"ver": "2.0", "iss": c.request.t.issuer(), "aud": app.ID, "iat": now.Unix(), "nbf": now.Unix(), "exp": now.Add(time.Hour).Unix(),
		"sub": unpadded.EncodeToString(subject[:]), "oid": u.ID, "tid": c.request.t.id, "uti": rand.Text(),
		"name": u.DisplayName, "preferred_username": u.UserPrincipalName,
	}
	if c.request.nonce != "" {
		claims["nonce"] = c.request.nonce
	}
	if app.AuthTime {
		claims["auth_time"] = c.session.at.Unix()
	}
	if c.request.context != "" && c.session.strong {
		claims["acrs"] = []string{c.request.context}
	}
	return s.sign(claims)
}

// userTokens issues what a person's sign-in gives.
func (t *Tenant) userTokens(u User, clientID string, scope []string) (Tokens, error) {
	now := t.s.now()
	g := grant{t: t, clientID: clientID, scope: scope, user: u.ID, revoked: u.revoked, resets: u.resets, expires: now.Add(t.tokenLife())}
	access, err := t.s.sign(map[string]any{
		"aud": t.s.Graph(), "iss": t.issuer(), "iat": now.Unix(), "nbf": now.Unix(), "exp": g.expires.Unix(), "appid": clientID, "idtyp": "user",
		"oid": u.ID, "sub": u.ID, "tid": t.id, "upn": u.UserPrincipalName, "scp": "User.Read openid profile", "uti": rand.Text(), "ver": "1.0",
	})
	if err != nil {
		return Tokens{}, err
	}
	t.s.keep(access, &g)
	tokens := Tokens{Access: access}
	if slices.Contains(scope, "offline_access") {
		tokens.Refresh = "1." + rand.Text() + rand.Text()
		long := g
		long.refresh, long.expires = true, now.AddDate(0, 0, 90)
		t.s.keep(tokens.Refresh, &long)
	}
	return tokens, nil
}

// refresh gives new tokens for a refresh token that nothing has ended.
func (s *Server) refresh(p *Principal, form url.Values) (map[string]any, *AADSTS) {
	g := s.granted(form.Get("refresh_token"))
	switch {
	case g == nil || !g.refresh || g.t != p.t || g.clientID != p.ID():
		return nil, invalidGrant(9002313, "Invalid request. Request is malformed or invalid.")
	case s.now().After(g.expires):
		return nil, invalidGrant(700082, "The refresh token has expired due to inactivity.")
	case !g.alive():
		return nil, revokedGrant()
	}
	u, _ := g.t.User(g.user)
	tokens, err := g.t.userTokens(u, g.clientID, g.scope)
	if err != nil {
		return nil, &AADSTS{Number: 90033, code: "temporarily_unavailable", status: http.StatusServiceUnavailable, text: err.Error()}
	}
	return map[string]any{"token_type": "Bearer", "expires_in": 3599, "ext_expires_in": 3599, "access_token": tokens.Access, "refresh_token": tokens.Refresh}, nil
}
