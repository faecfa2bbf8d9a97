package graph

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

var unpadded = base64.RawURLEncoding

// sign makes a token of the emulator's own.
func (s *Server) sign(claims map[string]any) (string, error) {
	header, err := json.Marshal(map[string]string{"typ": "JWT", "alg": "RS256", "kid": s.keyID})
	if err != nil {
		return "", err
	}
	body, err := json.Marshal(claims)
	if err != nil {
		return "", err
	}
	signed := unpadded.EncodeToString(header) + "." + unpadded.EncodeToString(body)
	sum := sha256.Sum256([]byte(signed))
	signature, err := rsa.SignPKCS1v15(rand.Reader, s.key, crypto.SHA256, sum[:])
	if err != nil {
		return "", fmt.Errorf("sign token: %w", err)
	}
	return signed + "." + unpadded.EncodeToString(signature), nil
}

// assertion is a client's signed token, taken apart.
type assertion struct {
	header struct {
		Alg    string `json:"alg"`
		SHA1   string `json:"x5t"`
		SHA256 string `json:"x5t#S256"`
	}
	claims struct {
		Audience string `json:"aud"`
		Issuer   string `json:"iss"`
		Subject  string `json:"sub"`
		ID       string `json:"jti"`
		Expires  second `json:"exp"`
		Not      second `json:"nbf"`
	}
	signed    string
	signature []byte
}

// second is a time that libraries write as a number or as text.
type second int64

// UnmarshalJSON takes both.
func (s *second) UnmarshalJSON(b []byte) error {
	n, err := strconv.ParseFloat(strings.Trim(string(b), `"`), 64)
	*s = second(n)
	return err
}

func readAssertion(text string) (*assertion, error) {
	parts := strings.Split(text, ".")
	if len(parts) != 3 {
		return nil, errors.New("not three parts")
	}
	a := &assertion{signed: parts[0] + "." + parts[1]}
	for i, into := range []any{&a.header, &a.claims} {
		raw, err := unpadded.DecodeString(parts[i])
		if err != nil {
			return nil, err
		}
		if err := json.Unmarshal(raw, into); err != nil {
			return nil, err
		}
	}
	var err error
	a.signature, err = unpadded.DecodeString(parts[2])
	return a, err
}

// signedBy checks the signature.
func (a *assertion) signedBy(public crypto.PublicKey) bool {
	key, ok := public.(*rsa.PublicKey)
	if !ok {
		return false
	}
	sum := sha256.Sum256([]byte(a.signed))
	switch a.header.Alg {
	case "PS256":
		return rsa.VerifyPSS(key, crypto.SHA256, sum[:], a.signature, nil) == nil
	case "RS256":
		return rsa.VerifyPKCS1v15(key, crypto.SHA256, sum[:], a.signature) == nil
	}
	return false
}
