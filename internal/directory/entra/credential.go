package entra

import (
	"context"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/google/uuid"

	"rekey/internal/secret"
)

// proof gives what proves the application at a token endpoint.
type proof func(ctx context.Context, tokenURL string) (url.Values, error)

// credential is how the application proves itself.
type credential struct {
	prove       proof             // nil for a managed identity
	certificate *x509.Certificate // nil where there is none
}

func newCredential(c Config, deps Deps) (credential, error) {
	switch {
	case !c.Secret.IsZero():
		value, err := resolve(deps, "secret", c.Secret)
		return credential{prove: bySecret(value)}, err
	case !c.Certificate.IsZero():
		text, err := resolve(deps, "certificate", c.Certificate)
		if err != nil {
			return credential{}, err
		}
		cert, key, err := pair(text)
		if err != nil {
			return credential{}, fmt.Errorf("certificate: %w", err)
		}
		return credential{prove: byCertificate(c.ClientID, cert, key, deps.Now), certificate: cert}, nil
	case c.TokenFile != "":
		return credential{prove: byFile(c.TokenFile)}, nil
	}
	return credential{}, nil
}

func resolve(deps Deps, key string, ref secret.Ref) (secret.Text, error) {
	value, err := deps.Resolve(ref)
	if err != nil {
		return secret.Text{}, fmt.Errorf("%s: %w", key, err)
	}
	if value.Empty() {
		return secret.Text{}, fmt.Errorf("%s: it is empty", key)
	}
	return value, nil
}

func newGrant(c Config, prove proof) grant {
	if prove == nil {
		return identityGrant{url: c.ManagedIdentity.Endpoint, client: c.ClientID, resource: c.Graph}
	}
	return clientGrant{url: c.Authority + "/" + c.Tenant + "/oauth2/v2.0/token", client: c.ClientID, scope: c.Graph + "/.default", prove: prove}
}

func bySecret(value secret.Text) proof {
	return func(context.Context, string) (url.Values, error) {
		return url.Values{"client_secret": {value.Reveal()}}, nil
	}
}

// byFile reads the file each time: what keeps it renews the token in it.
func byFile(path string) proof {
	return func(context.Context, string) (url.Values, error) {
		text, err := os.ReadFile(path)
		if err != nil {
			return nil, fmt.Errorf("token_file: %w", err)
		}
		return assertion(strings.TrimSpace(string(text))), nil
	}
}

func assertion(jwt string) url.Values {
	return url.Values{"client_assertion_type": {"urn:ietf:params:oauth:client-assertion-type:jwt-bearer"}, "client_assertion": {jwt}}
}

const assertionLife = 10 * time.Minute // the longest that Entra recommends

// byCertificate signs an assertion for each question (Microsoft identity platform, "application authentication certificate credentials").
func byCertificate(client string, cert *x509.Certificate, key *rsa.PrivateKey, now func() time.Time) proof {
	thumbprint := sha256.Sum256(cert.Raw)
	return func(_ context.Context, tokenURL string) (url.Values, error) {
		options := (&jose.SignerOptions{}).WithType("JWT").WithHeader("x5t#S256", base64.RawURLEncoding.EncodeToString(thumbprint[:]))
		signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.PS256, Key: key}, options)
		if err != nil {
			return nil, fmt.Errorf("certificate: %w", err)
		}
		claims, err := json.Marshal(map[string]any{
			"aud": tokenURL, "iss": client, "sub": client, "jti": uuid.NewString(), "nbf": now().Unix(), "iat": now().Unix(),
			"exp": now().Add(assertionLife).Unix(),
		})
		if err != nil {
			return nil, fmt.Errorf("certificate: %w", err)
		}
		signed, err := signer.Sign(claims)
		if err != nil {
			return nil, fmt.Errorf("certificate: %w", err)
		}
		jwt, err := signed.CompactSerialize()
		return assertion(jwt), err
	}
}

// pair reads a certificate and its key, in any order.
func pair(text secret.Text) (*x509.Certificate, *rsa.PrivateKey, error) {
	var cert *x509.Certificate
	var key *rsa.PrivateKey
	for block, rest := pem.Decode([]byte(text.Reveal())); block != nil; block, rest = pem.Decode(rest) {
		var err error
		switch block.Type {
		case "CERTIFICATE":
			if cert == nil { // those of a chain follow
				cert, err = x509.ParseCertificate(block.Bytes)
			}
		case "RSA PRIVATE KEY":
			key, err = x509.ParsePKCS1PrivateKey(block.Bytes)
		case "PRIVATE KEY":
			var any any
			any, err = x509.ParsePKCS8PrivateKey(block.Bytes)
			key, _ = any.(*rsa.PrivateKey)
		}
		if err != nil {
			return nil, nil, fmt.Errorf("%s cannot be read", block.Type) // the error could quote a key
		}
	}
	if cert == nil || key == nil {
		return nil, nil, errors.New("want a certificate and its RSA key, both in PEM")
	}
	if !key.PublicKey.Equal(cert.PublicKey) {
		return nil, nil, errors.New("the key is not the certificate's")
	}
	return cert, key, nil
}
