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
	"net/netip"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"rekey/internal/app"
	"rekey/internal/factor"
	"rekey/internal/lint"
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
	pilots, desk := time.Date(2027, 1, 18, 10, 0, 0, 0, time.UTC), []string{policy.Fold(`CORP\Service Desk`)}
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
		{"the service desk in its pilot", "Pilot of the service desk", policy.Facts{Action: policy.Reset, Now: pilots, Groups: desk}, policy.Allowed},
		{"the service desk before", "Staff", policy.Facts{Action: policy.Reset, Now: pilots.AddDate(0, 0, -14), Groups: desk}, policy.Allowed},
		{"everybody else", "Staff", policy.Facts{Action: policy.Reset}, policy.Allowed},
		{"the other domain", "Sales", policy.Facts{Action: policy.Reset, Directory: "sales.example.com"}, policy.Allowed},
	} {
		if d := policy.Decide(c.Snapshot.Policies, atADesk(c, x.f)); d.Policy != x.want || d.Outcome != x.out {
			t.Errorf("%s: %+v", x.name, d)
		}
	}
}

// atADesk completes facts with a request from the office on a Wednesday morning, by somebody who has set up everything long ago.
func atADesk(c *settings.Compiled, f policy.Facts) policy.Facts {
	if f.Now.IsZero() {
		f.Now = time.Date(2026, 12, 2, 9, 0, 0, 0, time.UTC)
	}
	f.Source.Address = netip.MustParseAddr("10.3.4.5")
	f.Device = policy.Device{Known: policy.Yes, Managed: policy.No}
	f.Failures = policy.Failures{Account: policy.Count{Known: true}, Source: policy.Count{Known: true}}
	f.Privileged = policy.No
	if f.Directory == "" {
		f.Directory = "corp.example.com"
	}
	for _, k := range c.Snapshot.Order {
		f.Enrolled = append(f.Enrolled, policy.Enrolled{
			ID: string(k), Traits: c.Snapshot.Methods[k].Traits(), Channel: factor.Channel("channel:" + k), Added: f.Now.AddDate(-1, 0, 0),
		})
	}
	return f
}

// TestTheSettingsExampleRulesDoAsTheirCommentsSay: each acts where it says, and is quiet at a desk.
func TestTheSettingsExampleRulesDoAsTheirCommentsSay(t *testing.T) {
	c := compiled(t)
	away, night := netip.MustParseAddr("198.51.100.7"), time.Date(2026, 12, 2, 23, 0, 0, 0, time.UTC)
	finance := map[string][]string{"department": {"finance"}}
	for _, x := range []struct {
		name   string
		change func(*policy.Facts)
		rules  []string
		see    func(policy.Decision) bool
	}{
		{"a desk", func(*policy.Facts) {}, nil, func(d policy.Decision) bool { return d.Requirement.Count == 2 }},
		{"a service", func(f *policy.Facts) {
			f.Path = policy.NormalizeDN("CN=sql,OU=Service Accounts,DC=corp,DC=example,DC=com")
		}, []string{"Service accounts"}, func(d policy.Decision) bool {
			return d.Outcome == policy.Barred && d.Text["de"] != ""
		}},
		{"the counter at night", func(f *policy.Facts) { f.Now, f.Source.Address = night, netip.MustParseAddr("10.1.20.9") }, []string{"At the counter"}, func(d policy.Decision) bool {
			return d.Requirement.Count == 2
		}},
		{"the pilot", func(f *policy.Facts) {
			f.Now, f.Groups = time.Date(2027, 2, 3, 9, 0, 0, 0, time.UTC), []string{policy.Fold(`CORP\Passkey Pilot`)}
		}, []string{"Pilot of passkeys"}, func(d policy.Decision) bool { return d.Policy == "Passkeys only" && d.Requirement.Count == 1 }},
		{"before the pilot", func(f *policy.Facts) { f.Groups = []string{policy.Fold(`CORP\Passkey Pilot`)} }, nil, func(d policy.Decision) bool { return d.Policy == "Staff" }},
		{"a stranger at night", func(f *policy.Facts) {
			f.Now, f.Source.Address, f.Device.Known = night, away, policy.No
		}, []string{"Strangers at night"}, func(d policy.Decision) bool {
			return d.Requirement.Count == 3 && slices.Equal(d.Reported, []string{"Abroad"})
		}},
		{"seven at night in London", func(f *policy.Facts) { // is six in London
			f.Now, f.Source.Address, f.Device.Known = time.Date(2026, 12, 2, 18, 0, 0, 0, time.UTC), away, policy.No
			f.Attributes = map[string][]string{"l": {"London"}}
		}, nil, func(d policy.Decision) bool { return d.Requirement.Count == 2 }},
		{"a seller away", func(f *policy.Facts) { f.Directory, f.Source.Address = "sales.example.com", away }, []string{"Sales on the road"}, func(d policy.Decision) bool {
			return slices.Equal(d.Requirement.Mandatory, []factor.Kind{factor.Passkey})
		}},
		{"a guesser", func(f *policy.Facts) { f.Failures.Source.N = 10 }, []string{"Somebody is guessing"}, func(d policy.Decision) bool {
			return !slices.Contains(d.Requirement.Allowed, factor.Mail) && len(d.Requirement.Allowed) == 3
		}},
		{"Finance", func(f *policy.Facts) { f.Attributes = finance }, []string{"Fresh ways of Finance"}, func(d policy.Decision) bool {
			return d.AddedBefore.Equal(time.Date(2026, 12, 1, 9, 0, 0, 0, time.UTC))
		}},
		{"who is privileged by the settings", func(f *policy.Facts) { f.Groups = []string{policy.Fold(`CORP\Payroll Administrators`)} }, nil, func(d policy.Decision) bool {
			return d.Floor && !slices.Contains(d.Requirement.Allowed, factor.Mail)
		}},
	} {
		f := atADesk(c, policy.Facts{Action: policy.Reset})
		x.change(&f)
		if d := policy.Decide(c.Snapshot.Policies, f); !slices.Equal(d.Rules, x.rules) || !x.see(d) {
			t.Errorf("%s: %+v", x.name, d)
		}
	}
}

// TestTheSettingsExampleIsNotWeak: whoever begins with it is warned of nothing.
func TestTheSettingsExampleIsNotWeak(t *testing.T) {
	text, deps := installed(t)
	deps.Geo = true                                                                     // one of its rules asks for countries
	deps.Now = func() time.Time { return time.Date(2026, 12, 2, 9, 0, 0, 0, time.UTC) } // some of them end
	v, err := settings.NewManager(nil, app.Registry(), deps).Lint("settings.example.yaml", text, "")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range v.Findings {
		if f.Level >= lint.Warning {
			t.Error(f)
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

// installed puts the files the example names where the test may write, and gives the example that names them there.
func installed(t *testing.T) ([]byte, settings.Deps) {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"corp-password": "one\n", "sales-password": "two\n", "mail-password": "three\n", "oidc-secret": "six\n", "sms-token": "five\n", "ldap-password": "four\n", "corp-ca.pem": authority(t, nil), "entra.pem": application(t),
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return []byte(strings.ReplaceAll(string(example(t)), "/etc/rekey", dir)), settings.Deps{
		Keys: keys{}, Now: time.Now, Log: slog.New(slog.DiscardHandler), PublicURL: "https://reset.example.com",
		Paint: func(color, dark string) error { _, err := web.Look{Color: color, Dark: dark}.Assets(); return err },
	}
}

func compiled(t *testing.T) *settings.Compiled {
	t.Helper()
	text, deps := installed(t)
	d, err := settings.Parse("settings.example.yaml", text)
	if err != nil {
		t.Fatal(err)
	}
	c, err := settings.Compile(d, 1, app.Registry(), deps, nil)
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
