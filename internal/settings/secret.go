package settings

import (
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"strings"

	"rekey/internal/secret"
)

// Resolver reads secrets from files, the environment and sealed values. An empty secret is an error: a directory takes a sign-in
// with an empty password for an anonymous one and lets it pass (RFC 4513 §5.1.2).
func Resolver(k Keys) secret.Resolver {
	return func(r secret.Ref) (secret.Text, error) {
		t, err := resolve(k, r)
		if err == nil && t.Empty() {
			err = fmt.Errorf("the secret in %s%s%s is empty", r.File, r.Env, r.Sealed)
		}
		return t, err
	}
}

func resolve(k Keys, r secret.Ref) (secret.Text, error) {
	if r.IsZero() {
		return secret.Text{}, errors.New("want one of file, env and sealed")
	}
	switch r {
	case secret.Ref{File: r.File}:
		b, err := os.ReadFile(r.File)
		return secret.New(strings.TrimSuffix(strings.TrimSuffix(string(b), "\n"), "\r")), err
	case secret.Ref{Env: r.Env}:
		v, ok := os.LookupEnv(r.Env)
		if !ok {
			return secret.Text{}, fmt.Errorf("environment variable %s is not set", r.Env)
		}
		return secret.New(v), nil
	case secret.Ref{Sealed: r.Sealed}:
		return unseal(k, r.Sealed)
	}
	return secret.Text{}, errors.New("want only one of file, env and sealed")
}

const sealPurpose = "settings"

func unseal(k Keys, text string) (secret.Text, error) {
	b, err := base64.StdEncoding.DecodeString(strings.TrimSpace(text))
	if err != nil {
		return secret.Text{}, errors.New("sealed: not base64")
	}
	plain, err := k.Open(sealPurpose, b, nil)
	if err != nil {
		return secret.Text{}, errors.New("sealed: not sealed by this installation's keys")
	}
	return secret.New(string(plain)), nil
}

// Seal makes the sealed form of a secret for a document.
func Seal(k Keys, t secret.Text) (string, error) {
	b, err := k.Seal(sealPurpose, []byte(t.Reveal()), nil)
	return base64.StdEncoding.EncodeToString(b), err
}
