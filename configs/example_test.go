package configs_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"log/slog"
	"math/big"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"rekey/internal/app"
	"rekey/internal/factor"
	"rekey/internal/policy"
	"rekey/internal/settings"
	"rekey/web"
)

// TestTheSettingsExampleCompiles with the real plug-ins, after the files it names were put where the test may write.
func TestTheSettingsExampleCompiles(t *testing.T) {
	c := compiled(t)
	if n := len(c.Snapshot.Directories); n != 4 || c.Snapshot.Directories[0].Key() != "corp.example.com" {
		t.Errorf("%d directories", n)
	}
	if got := c.Snapshot.Order; len(got) != 4 || got[0] != factor.Passkey {
		t.Errorf("authenticators %v", got)
	}
}

// TestTheSettingsExampleDecidesAsItsCommentsSay reads the policies as a newcomer would try them.
func TestTheSettingsExampleDecidesAsItsCommentsSay(t *testing.T) {
	c := compiled(t)
	var all []policy.Enrolled
	for _, k := range c.Snapshot.Order {
		all = append(all, policy.Enrolled{ID: string(k), Traits: c.Snapshot.Methods[k].Traits(), Channel: factor.Channel("channel:" + k)})
	}
	contractor := policy.NormalizeDN("CN=Bob,OU=Berlin,OU=Contractors,DC=corp,DC=example,DC=com")
	for _, x := range []struct {
		name, want string
		f          policy.Facts
		out        policy.Outcome
	}{
		{"an administrator's reset", "Administrators", policy.Facts{Action: policy.Reset, Groups: []string{policy.Fold(`CORP\Domain Admins`)}}, policy.Denied},
		{"an administrator's unlock", "Administrators", policy.Facts{Action: policy.Unlock, Groups: []string{policy.Fold(`CORP\Domain Admins`)}}, policy.Allowed},
		{"somebody of Finance", "Finance", policy.Facts{Action: policy.Reset, Attributes: map[string][]string{"department": {"finance"}}}, policy.Allowed},
		{"a contractor's reset", "Contractors", policy.Facts{Action: policy.Reset, Path: contractor}, policy.Denied},
		{"a contractor's unlock", "Contractors", policy.Facts{Action: policy.Unlock, Path: contractor}, policy.Allowed},
		{"a contractor on call", "Staff", policy.Facts{Action: policy.Reset, Path: contractor, Groups: []string{policy.Fold(`CORP\Contractors on call`)}}, policy.Allowed},
		{"everybody else", "Staff", policy.Facts{Action: policy.Reset}, policy.Allowed},
		{"the other domain", "Sales", policy.Facts{Action: policy.Reset, Directory: "sales.example.com"}, policy.Allowed},
	} {
		if x.f.Directory == "" {
			x.f.Directory = "corp.example.com"
		}
		x.f.Enrolled = all
		if d := policy.Decide(c.Snapshot.Policies, x.f); d.Policy != x.want || d.Outcome != x.out {
			t.Errorf("%s: %+v", x.name, d)
		}
	}
}

// TestTheSettingsExampleShowsEveryPart: a newcomer finds each part of the document in it.
func TestTheSettingsExampleShowsEveryPart(t *testing.T) {
	text := "\n" + string(example(t))
	for f := range reflect.TypeFor[settings.Document]().Fields() {
		key, _, _ := strings.Cut(f.Tag.Get("yaml"), ",")
		if key != "" && !strings.Contains(text, "\n"+key+":") {
			t.Errorf("%s is not shown", key)
		}
	}
}

func example(t *testing.T) []byte {
	t.Helper()
	text, err := os.ReadFile("settings.example.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func compiled(t *testing.T) *settings.Compiled {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"corp-password": "one\n", "sales-password": "two\n", "mail-password": "three\n", "ldap-password": "four\n", "corp-ca.pem": authority(t, nil), "entra.pem": application(t),
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	d, err := settings.Parse("settings.example.yaml", []byte(strings.ReplaceAll(string(example(t)), "/etc/rekey", dir)))
	if err != nil {
		t.Fatal(err)
	}
	c, err := settings.Compile(d, 1, app.Registry(), settings.Deps{
		Keys: keys{}, Now: time.Now, Log: slog.New(slog.DiscardHandler), PublicURL: "https://reset.example.com",
		Paint: func(color string) error { _, err := web.NewAssets(color); return err },
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range c.Snapshot.Directories {
		t.Cleanup(func() { _ = d.Close() })
	}
	return c
}

// authority makes a certificate that directories could be verified with.
func authority(t *testing.T, key crypto.Signer) string {
	t.Helper()
	if key == nil {
		var err error
		if key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err != nil {
			t.Fatal(err)
		}
	}
	ca := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, ca, ca, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
}

// application makes a certificate with its RSA key, as an application of a tenant proves itself with.
func application(t *testing.T) string {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return authority(t, key) + string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
}

// keys only hashes: nothing in the example is sealed.
type keys struct{}

func (keys) MAC(string, []byte) []byte                   { return make([]byte, 32) }
func (keys) Seal(string, []byte, []byte) ([]byte, error) { return nil, errors.New("seals nothing") }

func (keys) Open(string, []byte, []byte) ([]byte, error) { return nil, errors.New("opens nothing") }
