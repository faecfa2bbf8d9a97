package graph

import (
	"bytes"
	"crypto/sha1" // x5t is defined with it
	"crypto/sha256"
	"crypto/subtle"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

const (
	bearerAssertion = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
	skew            = 5 * time.Minute
	workloadIssuer  = "https://cluster.lab.test"
	workloadFor     = "api://AzureADTokenExchange"
)

func invalidClient(number int, format string, a ...any) *AADSTS {
	return &AADSTS{Number: number, code: "invalid_client", status: http.StatusUnauthorized, text: fmt.Sprintf(format, a...)}
}

// client finds the application that a token request comes from and how it proved it: "1" by secret, "2" by assertion.
func (s *Server) client(t *Tenant, r *http.Request) (p *Principal, how string, refused *AADSTS) {
	id, secret := r.PostForm.Get("client_id"), r.PostForm.Get("client_secret")
	if user, password, ok := r.BasicAuth(); ok { // both are form-encoded (RFC 6749, 2.3.1)
		id, secret = unescape(user), unescape(password)
	}
	if id == "" {
		return nil, "", &AADSTS{Number: 900144, code: "invalid_request", status: http.StatusBadRequest, text: "The request body must contain the following parameter: 'client_id'."}
	}
	if p = s.application(t, id); p == nil {
		return nil, "", &AADSTS{
			Number: 700016, code: "unauthorized_client", status: http.StatusBadRequest, text: "Application with identifier '" + id + "' was not found in the directory '" + t.name +
				"'. This can happen if the application has not been installed by the administrator of the tenant or consented to by any user in the tenant. You may have sent your authentication request to the wrong tenant.",
		}
	}
	a := p.settings()
	switch {
	case r.PostForm.Get("client_assertion") != "":
		return p, "2", s.judgeAssertion(t, a, r)
	case secret != "":
		return p, "1", judgeSecret(a, secret, s.now())
	}
	return nil, "", invalidClient(7000218, "The request body must contain the following parameter: 'client_assertion' or 'client_secret'.")
}

func unescape(text string) string {
	if plain, err := url.QueryUnescape(text); err == nil {
		return plain
	}
	return text
}

func judgeSecret(a App, secret string, now time.Time) *AADSTS {
	for _, known := range a.Secrets {
		if subtle.ConstantTimeCompare([]byte(known.Value), []byte(secret)) == 0 {
			continue
		}
		if !known.Expires.IsZero() && now.After(known.Expires) {
			return invalidClient(7000222, "The provided client secret keys for app '%s' are expired. Visit the Azure portal to create new keys for your app.", a.ID)
		}
		return nil
	}
	return invalidClient(7000215, "Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the client secret ID, for a secret added to app '%s'.", a.ID)
}

func (s *Server) judgeAssertion(t *Tenant, a App, r *http.Request) *AADSTS {
	if r.PostForm.Get("client_assertion_type") != bearerAssertion {
		return &AADSTS{Number: 900144, code: "invalid_request", status: http.StatusBadRequest, text: "The request body must contain the following parameter: 'client_assertion_type'."}
	}
	as, err := readAssertion(r.PostForm.Get("client_assertion"))
	if err != nil {
		return &AADSTS{Number: 50027, code: "invalid_request", status: http.StatusBadRequest, text: "JWT token is invalid or malformed."}
	}
	if as.claims.Issuer == workloadIssuer {
		return s.judgeWorkload(a, as)
	}
	now := s.now()
	if refused := a.judgeSignature(as, now); refused != nil {
		return refused
	}
	switch {
	case as.claims.Issuer != a.ID || as.claims.Subject != a.ID:
		return invalidClient(700021, "Client assertion application identifier doesn't match 'client_id' parameter.")
	case !t.isTokenEndpoint(as.claims.Audience):
		return invalidClient(700023, "Client assertion audience claim does not match Realm issuer.")
	case !as.timely(now):
		return invalidClient(700024, "Client assertion is not within its valid time range. Current time: %s, assertion valid from %s, expiry time of assertion %s.",
			wireTime(now), wireTime(time.Unix(int64(as.claims.Not), 0)), wireTime(time.Unix(int64(as.claims.Expires), 0)))
	case !s.firstUse(a.ID+" "+as.claims.ID, as, now):
		return invalidClient(700027, "Client assertion contains an invalid signature. [Reason - The assertion was used before.]")
	}
	return nil
}

func (a App) judgeSignature(as *assertion, now time.Time) *AADSTS {
	i := slices.IndexFunc(a.Certificates, func(c *x509.Certificate) bool { return as.names(c) })
	if i < 0 {
		return invalidClient(700027, "The certificate with identifier used to sign the client assertion is not registered on application. [Reason - The key was not found.]")
	}
	cert := a.Certificates[i]
	if !as.signedBy(cert.PublicKey) {
		return invalidClient(700027, "Client assertion contains an invalid signature. [Reason - The provided signature value did not match the expected signature value.]")
	}
	if now.After(cert.NotAfter) {
		return invalidClient(700027, "Client assertion contains an invalid signature. [Reason - The key used is expired., Thumbprint of key used by client: '%X']", sha1.Sum(cert.Raw))
	}
	return nil
}

// names reports whether the header's thumbprint is the certificate's: SHA-256 with PS256, SHA-1 with RS256; in either base64.
func (as *assertion) names(c *x509.Certificate) bool {
	if as.header.SHA256 != "" {
		sum := sha256.Sum256(c.Raw)
		return as.header.Alg == "PS256" && sameBytes(as.header.SHA256, sum[:])
	}
	sum := sha1.Sum(c.Raw)
	return as.header.Alg == "RS256" && sameBytes(as.header.SHA1, sum[:])
}

func sameBytes(encoded string, want []byte) bool {
	for _, e := range []*base64.Encoding{base64.RawURLEncoding, base64.StdEncoding} {
		if got, err := e.DecodeString(encoded); err == nil && bytes.Equal(got, want) {
			return true
		}
	}
	return false
}

// isTokenEndpoint takes the tenant's token endpoint by id or domain.
func (t *Tenant) isTokenEndpoint(audience string) bool {
	rest, ok := strings.CutPrefix(audience, t.s.Authority()+"/")
	name, ok2 := strings.CutSuffix(rest, "/oauth2/v2.0/token")
	return ok && ok2 && t.s.tenant(name) == t
}

func (as *assertion) timely(now time.Time) bool {
	return !time.Unix(int64(as.claims.Expires), 0).Add(skew).Before(now) && !time.Unix(int64(as.claims.Not), 0).Add(-skew).After(now)
}

// firstUse remembers an assertion until it has expired.
func (s *Server) firstUse(id string, as *assertion, now time.Time) bool {
	if as.claims.ID == "" {
		return true
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for known, until := range s.used {
		if now.After(until) {
			delete(s.used, known)
		}
	}
	_, again := s.used[id]
	s.used[id] = time.Unix(int64(as.claims.Expires), 0).Add(skew)
	return !again
}

// WorkloadToken is what a workload's platform would project for a subject: the application exchanges it instead of a secret.
func (p *Principal) WorkloadToken(subject string) (string, error) {
	now := p.t.s.now()
	return p.t.s.sign(map[string]any{
		"iss": workloadIssuer, "sub": subject, "aud": workloadFor, "iat": now.Unix(), "nbf": now.Unix(), "exp": now.Add(time.Hour).Unix(),
	})
}

func (s *Server) judgeWorkload(a App, as *assertion) *AADSTS {
	switch {
	case !as.signedBy(&s.key.PublicKey):
		return invalidClient(700027, "Client assertion contains an invalid signature.")
	case !slices.Contains(a.FederatedSubjects, as.claims.Subject):
		return invalidClient(700213, "No matching federated identity record found for presented assertion subject '%s'.", as.claims.Subject)
	case as.claims.Audience != workloadFor:
		return invalidClient(700212, "No matching federated identity record found for presented assertion audience '%s'.", as.claims.Audience)
	case !as.timely(s.now()):
		return invalidClient(700024, "Client assertion is not within its valid time range.")
	}
	return nil
}
