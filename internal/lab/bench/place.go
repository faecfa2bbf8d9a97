package bench

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/go-ldap/ldap/v3"

	"rekey/internal/lab/fastldap"
	"rekey/internal/lab/people"
	"rekey/internal/lab/samba"
)

// place is a directory with people, as the portal's settings and the raw side need to know it.
type place struct {
	title          string
	domain         people.Domain
	url            string
	caFile         string
	user, password string
	pid            int // of its server; 0: it is in this process
	close          func() error
	written        func(sam string) string // what was last written for somebody; nil: the directory does not tell
	touch          func(sams ...string)    // makes people look changed; nil: the directory cannot
	// read reads everything that is copied as plainly as can be, several times, and gives the seconds of each; nil: nothing is copied.
	read  func(ctx context.Context, runs int) ([]float64, error)
	entra func(passwordFile string) string // its entry in the portal's settings; nil: that of Active Directory
	extra string                           // of the portal's settings
}

// connections is how many the portal may have to the directory: as many as there are clients at most.
const connections = 16

// names are the people's user names. Nothing in them can be part of a drawn password, which has no 0, 1, 8 or 9 in its random part.
func names(n int) []string {
	sams := make([]string, n)
	for i := range sams {
		sams[i] = fmt.Sprintf("b%04d", i)
	}
	return sams
}

const given, surname = "B90", "P90"

// inSamba makes a domain that remembers no passwords, so that people may reset time and again.
func inSamba(ctx context.Context, sams []string) (place, error) {
	const day = 24 * time.Hour
	seed := []samba.Change{samba.Policy{Rules: samba.Rules{MinLength: 8, Complexity: true, MaxAge: 42 * day}}}
	for _, sam := range sams {
		seed = append(seed, samba.User{SAM: sam, Given: given, Surname: surname, Mail: sam + "@bench.example.test", Password: "Old-Passw0rd!1", PasswordAge: day})
	}
	d, err := samba.Start(ctx, samba.Spec{Realm: "bench.example.test", Seed: seed})
	if err != nil {
		return place{}, err
	}
	p := place{
		title: "Active Directory (Samba)", domain: people.Domain{Name: d.Name(), NetBIOS: d.NetBIOS()}, url: d.URLs()[0], caFile: d.CAFile(),
		pid: d.DC(0).PID(), close: d.Close,
	}
	p.user, p.password = d.Service()
	return p, nil
}

// inMemory makes a stand-in that costs next to nothing.
func inMemory(ctx context.Context, dir string, sams []string, groups ...fastldap.Group) (place, error) {
	p := place{
		title: "a stand-in directory in memory", domain: people.Domain{Name: "fast.example.test", NetBIOS: "FAST"},
		user: "CN=svc-rekey,OU=Service,DC=fast,DC=example,DC=test", password: "Svc-Passw0rd!1", caFile: dir + "/fast-ca.pem",
	}
	options := fastldap.Options{Domain: p.domain.Name, User: p.user, Password: p.password, Groups: groups}
	for _, sam := range sams {
		options.People = append(options.People, fastldap.Person{SAM: sam, Given: given, Surname: surname, Mail: sam + "@fast.example.test"})
	}
	s, err := fastldap.Start(ctx, options)
	if err != nil {
		return place{}, err
	}
	p.url, p.close, p.written, p.touch = s.URL(), s.Close, s.Password, s.Touch
	return p, os.WriteFile(p.caFile, s.CertificatePEM(), 0o600)
}

// settings is the document the portal starts with: one way to prove, and limits that hold nobody up.
func (p place) settings(passwordFile, host, port string) string {
	const roomy = "{burst: 1000000, every: 1ms}"
	entry := p.ad
	if p.entra != nil {
		entry = p.entra
	}
	return fmt.Sprintf(`brand: {name: Password help, firm: Example 1089, help_text: "Help desk: 4357"}
directories:
  - %s
authenticators:
  mail: {}
defaults:
  %s: {name: Everybody, reset: {count: 1}}
lint: {ignore: [mail-alone]} # what is measured, not what is wise
throttle: {starts_per_source: %s, sends_per_source: %s, sends_per_source_and_day: 1000000, sends_per_account_and_day: 1000000}
challenge: {show: never}
mail: {host: %s, port: %s, security: plaintext, from: noreply@example.test}
%s`, entry(passwordFile), p.domain.Name, roomy, roomy, host, port, p.extra)
}

func (p place) ad(passwordFile string) string {
	return fmt.Sprintf("ad: {domain: %s, netbios: %s, servers: [%q], ca_file: %s, user: %q, password: {file: %s}, connections: %d}",
		p.domain.Name, p.domain.NetBIOS, p.url, p.caFile, p.user, passwordFile, connections)
}

// direct writes passwords without the portal, on connections that are open and bound.
type direct []*ldap.Conn

func (p place) direct(n int) (direct, error) {
	pem, err := os.ReadFile(p.caFile)
	if err != nil {
		return nil, err
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(pem)
	var d direct
	for range n {
		c, err := ldap.DialURL(p.url, ldap.DialWithTLSConfig(&tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}))
		if err != nil {
			d.close()
			return nil, err
		}
		d = append(d, c)
		if err := c.Bind(p.user, p.password); err != nil {
			d.close()
			return nil, err
		}
	}
	return d, nil
}

func (d direct) close() {
	for _, c := range d {
		_ = c.Close()
	}
}

// write sends what the adapter sends for a reset.
func (d direct) write(client int, p person, password string) error {
	r := ldap.NewModifyRequest("<GUID="+p.object+">", nil)
	var b strings.Builder
	for _, c := range `"` + password + `"` { // UTF-16 little-endian; the passwords here are ASCII
		b.WriteByte(byte(c))
		b.WriteByte(0)
	}
	r.Replace("unicodePwd", []string{b.String()})
	r.Replace("lockoutTime", []string{"0"})
	return d[client].Modify(r)
}
