package samba_test

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"os"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/go-ldap/ldap/v3"

	"rekey/internal/lab/ca"
	"rekey/internal/lab/samba"
)

const password = "Old-Passw0rd!1"

// shared is the domain of the tests that only add users of their own.
var shared struct {
	sync.Mutex
	*samba.Domain
}

func TestMain(m *testing.M) {
	code := m.Run()
	if shared.Domain != nil {
		if err := shared.Close(); err != nil {
			code = 1
		}
	}
	os.Exit(code)
}

func domain(t *testing.T) *samba.Domain {
	t.Helper()
	shared.Lock()
	defer shared.Unlock()
	if shared.Domain == nil {
		d, err := samba.Start(t.Context(), samba.Spec{})
		if err != nil {
			t.Fatal(err)
		}
		shared.Domain = d
	}
	return shared.Domain
}

func start(t *testing.T, spec samba.Spec) *samba.Domain {
	t.Helper()
	d, err := samba.Start(t.Context(), spec)
	if err != nil {
		t.Fatal(err)
	}
	closeAtEnd(t, d)
	return d
}

func closeAtEnd(t *testing.T, d *samba.Domain) {
	t.Helper()
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})
}

func apply(t *testing.T, d *samba.Domain, changes ...samba.Change) {
	t.Helper()
	if err := d.Apply(t.Context(), changes...); err != nil {
		t.Fatal(err)
	}
}

func dial(url string, trust *x509.CertPool) (*ldap.Conn, error) {
	conn, err := ldap.DialURL(url, ldap.DialWithTLSConfig(&tls.Config{RootCAs: trust, MinVersion: tls.VersionTLS12}))
	if err == nil {
		conn.SetTimeout(10 * time.Second)
	}
	return conn, err
}

// bind gives the outcome of a bind at a server.
func bind(t *testing.T, d *samba.Domain, server int, name, password string) error {
	t.Helper()
	conn, err := dial(d.URLs()[server], d.CAPool())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	return conn.Bind(name, password)
}

func asService(t *testing.T, d *samba.Domain, server int) *ldap.Conn {
	t.Helper()
	conn, err := dial(d.URLs()[server], d.CAPool())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	if err := conn.Bind(d.Service()); err != nil {
		t.Fatal(err)
	}
	return conn
}

// reset sets a password as the portal does: with the lock cleared, in one modification.
func reset(conn *ldap.Conn, dn, password string) error {
	var quoted strings.Builder
	for _, u := range utf16.Encode([]rune(`"` + password + `"`)) {
		quoted.Write([]byte{byte(u), byte(u >> 8)})
	}
	change := ldap.NewModifyRequest(dn, nil)
	change.Replace("unicodePwd", []string{quoted.String()})
	change.Replace("lockoutTime", []string{"0"})
	return conn.Modify(change)
}

func code(err error) uint16 {
	var refused *ldap.Error
	if errors.As(err, &refused) {
		return refused.ResultCode
	}
	return 0
}

func TestBindsOverVerifiedTLS(t *testing.T) {
	d := domain(t)
	if err := bind(t, d, 0, "svc-rekey@"+d.Name(), "Svc-Passw0rd!1"); err != nil {
		t.Error(err)
	}
	dn, secret := d.Admin()
	if err := bind(t, d, 0, dn, secret); err != nil {
		t.Error(err)
	}
	file, err := os.ReadFile(d.CAFile())
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(file)
	if !pool.Equal(d.CAPool()) {
		t.Error("CAFile and CAPool differ")
	}
}

func TestWrongAuthorityRefused(t *testing.T) {
	d := domain(t)
	other, err := ca.New()
	if err != nil {
		t.Fatal(err)
	}
	if conn, err := dial(d.URLs()[0], other.Pool()); err == nil {
		conn.Close()
		t.Error("a server of another authority was accepted")
	}
}

func TestPlainTextBindRefused(t *testing.T) {
	d := domain(t)
	conn, err := ldap.DialURL("ldap://" + d.DC(0).Address())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.Bind(d.Service()); code(err) != ldap.LDAPResultStrongAuthRequired {
		t.Errorf("bind without TLS: %v, want code 8", err)
	}
}

func TestImpostorsAreRefusedUnheard(t *testing.T) {
	d := domain(t)
	for name, flaw := range map[string]samba.Flaw{"name": samba.WrongName, "expired": samba.Expired, "authority": samba.UnknownCA} {
		t.Run(name, func(t *testing.T) {
			i, err := d.Impostor(flaw)
			if err != nil {
				t.Fatal(err)
			}
			defer i.Close()
			if conn, err := dial(i.URL(), d.CAPool()); err == nil {
				conn.Close()
				t.Fatal("the impostor was accepted")
			}
			if n := i.Received(); n != 0 {
				t.Errorf("the impostor was told %d bytes", n)
			}
			// Who does not verify gets through: the certificate alone protects.
			conn, err := ldap.DialURL(i.URL(), ldap.DialWithTLSConfig(&tls.Config{InsecureSkipVerify: true}))
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			if err := conn.Bind(d.Service()); err != nil {
				t.Errorf("bind through the impostor: %v", err)
			}
			if i.Received() == 0 {
				t.Error("the impostor did not see the bind")
			}
		})
	}
}

func TestServiceAccountMayResetBelowPeopleOnly(t *testing.T) {
	d := domain(t)
	inside := samba.User{SAM: "inside", Password: password, OU: "Delegated"}
	outside := samba.User{SAM: "outside", Password: password, OU: "OU=Service," + d.BaseDN()}
	guarded := samba.User{SAM: "guarded", Password: password, Guarded: true}
	apply(t, d, samba.OU{Name: "Delegated"}, inside, outside, guarded)
	admin, _ := d.Admin()
	conn := asService(t, d, 0)
	for _, c := range []struct {
		name, dn string
		want     uint16
	}{
		{"below OU=People", d.UserDN(inside), 0},
		{"elsewhere", d.UserDN(outside), 50},
		{"protected by AdminSDHolder", d.UserDN(guarded), 50},
		{"administrator", admin, 50},
	} {
		err := reset(conn, c.dn, "New-Passw0rd!2")
		if code(err) != c.want || c.want == 0 && err != nil {
			t.Errorf("reset %s: %v, want code %d", c.name, err, c.want)
		}
	}
	if err := bind(t, d, 0, d.UserDN(inside), "New-Passw0rd!2"); err != nil {
		t.Errorf("bind with the new password: %v", err)
	}
	if err := bind(t, d, 0, d.UserDN(inside), password); code(err) != 49 {
		t.Errorf("bind with the old password: %v, want code 49", err)
	}
	change := ldap.NewModifyRequest(d.UserDN(inside), nil)
	change.Replace("mail", []string{"x@example.test"})
	if err := conn.Modify(change); code(err) != 50 {
		t.Errorf("write another attribute: %v, want code 50", err)
	}
}

func TestThirdWrongPasswordLocks(t *testing.T) {
	d := domain(t)
	u := samba.User{SAM: "fumbler", Password: password}
	apply(t, d, u)
	for range 3 {
		if err := bind(t, d, 0, d.UserDN(u), "wrong"); data(err) != "52e" {
			t.Fatalf("wrong password: %v, want data 52e", err)
		}
	}
	if err := bind(t, d, 0, d.UserDN(u), password); data(err) != "775" {
		t.Errorf("right password after three wrong ones: %v, want data 775", err)
	}
	if err := reset(asService(t, d, 0), d.UserDN(u), "New-Passw0rd!2"); err != nil {
		t.Fatal(err)
	}
	if err := bind(t, d, 0, d.UserDN(u), "New-Passw0rd!2"); err != nil {
		t.Errorf("bind after the reset: %v", err)
	}
}

// data is the Windows error in a refused bind.
func data(err error) string {
	if code(err) != ldap.LDAPResultInvalidCredentials {
		return ""
	}
	_, rest, _ := strings.Cut(err.Error(), "data ")
	value, _, _ := strings.Cut(rest, ",")
	return value
}

// states are the states with what a bind with the right password is told.
var states = map[samba.State]string{
	samba.Active: "", samba.Disabled: "533", samba.AccountExpired: "701", samba.PasswordExpired: "532",
	samba.MustChange: "773", samba.Locked: "775",
}

func TestEveryStateIsToldApart(t *testing.T) {
	d := domain(t)
	var users []samba.Change
	for state := range states {
		users = append(users, samba.User{SAM: "is-" + string(state), Password: password, State: state})
	}
	apply(t, d, users...)
	checkStates(t, d)
}

func checkStates(t *testing.T, d *samba.Domain) {
	t.Helper()
	for state, want := range states {
		err := bind(t, d, 0, d.UserDN(samba.User{SAM: "is-" + string(state)}), password)
		if data(err) != want || want == "" && err != nil {
			t.Errorf("%s: %v, want data %q", state, err, want)
		}
	}
}

func TestUsersHaveTheirAttributesAndGroups(t *testing.T) {
	d := domain(t)
	u := samba.User{
		SAM: "juergen", Mail: "juergen@example.test", OtherMails: []string{"j.gross@example.test"}, Given: "Jürgen", Surname: "Groß",
		Password: password, Groups: []string{"Makers"}, Language: "de", Attributes: map[string][]string{"department": {"R&D"}},
	}
	apply(t, d, samba.Group{Name: "Makers"}, samba.Group{Name: "Everybody", Members: []string{"Makers"}}, u)
	found, err := asService(t, d, 0).Search(&ldap.SearchRequest{
		BaseDN: d.BaseDN(), Scope: ldap.ScopeWholeSubtree,
		Filter: "(&(userPrincipalName=juergen@" + d.Name() + ")(memberOf:1.2.840.113556.1.4.1941:=" + d.GroupDN("Everybody") + "))",
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(found.Entries) != 1 {
		t.Fatalf("%d entries found, want 1", len(found.Entries))
	}
	for name, want := range map[string]string{
		"displayName": "Jürgen Groß", "mail": u.Mail, "proxyAddresses": "smtp:j.gross@example.test", "preferredLanguage": "de",
		"department": "R&D", "sAMAccountName": "juergen",
	} {
		if got := found.Entries[0].GetAttributeValue(name); got != want {
			t.Errorf("%s = %q, want %q", name, got, want)
		}
	}
}

func TestPSOIsEnforcedAndReadable(t *testing.T) {
	d := domain(t)
	u := samba.User{SAM: "chair", Password: "Old-Chair-Passw0rd!1", Groups: []string{"Chairs"}}
	apply(t, d, samba.Group{Name: "Chairs"}, u,
		samba.PSO{Name: "Long", Precedence: 10, Rules: samba.Rules{MinLength: 15, Complexity: true}, AppliesTo: []string{"Chairs"}})
	conn := asService(t, d, 0)
	if err := reset(conn, d.UserDN(u), "New-Passw0rd!2"); code(err) != ldap.LDAPResultConstraintViolation {
		t.Errorf("reset to 14 characters: %v, want code 19", err)
	}
	if err := reset(conn, d.UserDN(u), "New-Chair-Passw0rd!2"); err != nil {
		t.Errorf("reset to 20 characters: %v", err)
	}
	pso := read(t, conn, d.UserDN(u), "msDS-ResultantPSO")
	if got := read(t, conn, pso, "msDS-MinimumPasswordLength"); got != "15" {
		t.Errorf("minimum length read by the service account = %q, want 15", got)
	}
}

func TestDomainPolicyCanBeSet(t *testing.T) {
	d := domain(t)
	policy := samba.DefaultPolicy()
	policy.History = 5
	apply(t, d, policy)
	conn := asService(t, d, 0)
	for name, want := range map[string]string{"pwdHistoryLength": "5", "minPwdLength": "7", "lockoutThreshold": "3", "lockoutDuration": "-18000000000"} {
		if got := read(t, conn, d.BaseDN(), name); got != want {
			t.Errorf("%s = %q, want %q", name, got, want)
		}
	}
}

func read(t *testing.T, conn *ldap.Conn, dn, name string) string {
	t.Helper()
	found, err := conn.Search(&ldap.SearchRequest{BaseDN: dn, Scope: ldap.ScopeBaseObject, Filter: "(objectClass=*)", Attributes: []string{name}})
	if err != nil {
		t.Fatal(err)
	}
	if len(found.Entries) != 1 {
		t.Fatalf("%d entries at %s, want 1", len(found.Entries), dn)
	}
	return found.Entries[0].GetAttributeValue(name)
}
