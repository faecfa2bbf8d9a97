package ad_test

import (
	"crypto/tls"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/go-ldap/ldap/v3"
	"github.com/google/uuid"

	"rekey/internal/account"
	"rekey/internal/directory/directorytest"
	"rekey/internal/lab/samba"
)

// peer is an administrator at one server of a domain, and the persons who sign in there.
type peer struct {
	d    *samba.Domain
	url  string
	dns  map[string]string // by object ID
	sams map[string]string // DN by SAM, of accounts and groups

	spent int // spares that were taken
}

func newPeer(d *samba.Domain) *peer {
	return &peer{d: d, url: d.URLs()[0], dns: map[string]string{}, sams: map[string]string{}}
}

func (p *peer) dial(t testing.TB) *ldap.Conn {
	t.Helper()
	c, err := ldap.DialURL(p.url, ldap.DialWithTLSConfig(&tls.Config{RootCAs: p.d.CAPool(), MinVersion: tls.VersionTLS12}))
	if err != nil {
		t.Fatal(err)
	}
	c.SetTimeout(20 * time.Second)
	return c
}

func (p *peer) admin(t testing.TB, f func(*ldap.Conn) error) {
	t.Helper()
	c := p.dial(t)
	defer c.Close()
	if err := c.Bind(p.d.Admin()); err != nil {
		t.Fatal(err)
	}
	if err := f(c); err != nil {
		t.Fatal(err)
	}
}

func (p *peer) Add(t testing.TB, who directorytest.Person) account.ID {
	t.Helper()
	dn := p.d.UserDN(samba.User{SAM: who.SAM})
	id := func() account.ID {
		id := account.ID{Directory: p.d.Name(), Object: p.guid(t, dn)}
		p.dns[id.Object], p.sams[who.SAM] = dn, dn
		return id
	}
	if who.State == directorytest.PasswordExpired {
		dn = p.spare(t, who)
		return id()
	}
	p.admin(t, func(c *ldap.Conn) error {
		if err := c.Add(added(dn, p.d.Name(), who)); err != nil {
			return err
		}
		if who.Rules == nil {
			return nil
		}
		return c.Add(p.pso(dn, who))
	})
	return id()
}

// spares are accounts with an old password, which nobody but the system itself can give: they are seeded, and renamed when wanted.
func spares() []samba.Change {
	var all []samba.Change
	for i := range 8 {
		all = append(all, samba.User{SAM: fmt.Sprintf("spare%d", i), Password: seeded, State: samba.PasswordExpired})
	}
	return all
}

const seeded = "Old-Passw0rd!1"

func (p *peer) spare(t testing.TB, who directorytest.Person) string {
	t.Helper()
	if who.Password != seeded {
		t.Fatalf("%s: expired passwords are all %s", who.SAM, seeded)
	}
	dn := p.d.UserDN(samba.User{SAM: fmt.Sprintf("spare%d", p.spent)})
	p.spent++
	p.admin(t, func(c *ldap.Conn) error {
		r := ldap.NewModifyRequest(dn, nil)
		r.Replace("sAMAccountName", []string{who.SAM})
		r.Replace("userPrincipalName", []string{who.SAM + "@" + p.d.Name()})
		return c.Modify(r)
	})
	return dn
}

func added(dn, domain string, who directorytest.Person) *ldap.AddRequest {
	r := ldap.NewAddRequest(dn, nil)
	add := func(name string, values ...string) {
		if len(values) > 0 && values[0] != "" {
			r.Attribute(name, values)
		}
	}
	upn := who.UPN
	if upn == "" && !who.NoUPN {
		upn = who.SAM + "@" + domain
	}
	control := "512"
	if who.State == directorytest.Disabled {
		control = "514"
	}
	add("objectClass", "user")
	add("sAMAccountName", who.SAM)
	add("userAccountControl", control)
	add("unicodePwd", unicodePwd(who.Password))
	add("userPrincipalName", upn)
	add("mail", who.Mail)
	add("proxyAddresses", who.Addresses...)
	add("displayName", who.Display)
	add("preferredLanguage", who.Language)
	switch who.State {
	case directorytest.AccountExpired:
		add("accountExpires", "116444736010000000") // 1970
	case directorytest.MustChange:
		add("pwdLastSet", "0")
	}
	return r
}

func (p *peer) pso(dn string, who directorytest.Person) *ldap.AddRequest {
	ticks := func(d time.Duration) string { return strconv.FormatInt(-int64(d/100), 10) }
	r := ldap.NewAddRequest("CN="+who.SAM+" rules,CN=Password Settings Container,CN=System,"+p.d.BaseDN(), nil)
	for name, value := range map[string]string{
		"objectClass": "msDS-PasswordSettings", "msDS-PasswordSettingsPrecedence": "10", "msDS-PasswordReversibleEncryptionEnabled": "FALSE",
		"msDS-MinimumPasswordLength":     strconv.Itoa(who.Rules.MinLength),
		"msDS-PasswordComplexityEnabled": strings.ToUpper(strconv.FormatBool(who.Rules.Complexity)),
		"msDS-PasswordHistoryLength":     strconv.Itoa(who.Rules.History),
		"msDS-MinimumPasswordAge":        ticks(who.Rules.MinAge), "msDS-MaximumPasswordAge": strconv.FormatInt(math.MinInt64, 10),
		"msDS-LockoutThreshold": strconv.Itoa(who.Rules.Lockout), "msDS-LockoutDuration": ticks(30 * time.Minute),
		"msDS-LockoutObservationWindow": ticks(30 * time.Minute), "msDS-PSOAppliesTo": dn,
	} {
		r.Attribute(name, []string{value})
	}
	return r
}

func unicodePwd(password string) string {
	var b []byte
	for _, u := range utf16.Encode([]rune(`"` + password + `"`)) {
		b = binary.LittleEndian.AppendUint16(b, u)
	}
	return string(b)
}

func (p *peer) read(t testing.TB, dn string, attributes ...string) *ldap.Entry {
	t.Helper()
	var e *ldap.Entry
	p.admin(t, func(c *ldap.Conn) error {
		res, err := c.Search(ldap.NewSearchRequest(dn, ldap.ScopeBaseObject, ldap.NeverDerefAliases, 0, 0, false, "(objectClass=*)", attributes, nil))
		if err == nil {
			e = res.Entries[0]
		}
		return err
	})
	return e
}

func (p *peer) guid(t testing.TB, dn string) string {
	t.Helper()
	b := p.read(t, dn, "objectGUID").GetRawAttributeValue("objectGUID")
	return uuid.UUID{b[3], b[2], b[1], b[0], b[5], b[4], b[7], b[6], b[8], b[9], b[10], b[11], b[12], b[13], b[14], b[15]}.String()
}

func (p *peer) Remove(t testing.TB, id account.ID) {
	t.Helper()
	p.admin(t, func(c *ldap.Conn) error { return c.Del(ldap.NewDelRequest(p.dns[id.Object], nil)) })
}

func (p *peer) Group(t testing.TB, name string, members ...string) string {
	t.Helper()
	dn := p.d.GroupDN(name)
	p.admin(t, func(c *ldap.Conn) error {
		r := ldap.NewAddRequest(dn, nil)
		r.Attribute("objectClass", []string{"group"})
		r.Attribute("sAMAccountName", []string{name})
		var dns []string
		for _, m := range members {
			dns = append(dns, p.sams[m])
		}
		if len(dns) > 0 {
			r.Attribute("member", dns)
		}
		return c.Add(r)
	})
	p.sams[name] = dn
	b := p.read(t, dn, "objectSid").GetRawAttributeValue("objectSid")
	sid := fmt.Sprintf("S-%d-%d", b[0], b[7])
	for i := 8; i < len(b); i += 4 {
		sid += fmt.Sprintf("-%d", binary.LittleEndian.Uint32(b[i:]))
	}
	return sid
}

func (p *peer) bind(t testing.TB, id account.ID, password string) error {
	t.Helper()
	c := p.dial(t)
	defer c.Close()
	return c.Bind(p.dns[id.Object], password)
}

func (p *peer) Accepts(t testing.TB, id account.ID, password string) bool {
	t.Helper()
	err := p.bind(t, id, password)
	if err != nil && !ldap.IsErrorWithCode(err, ldap.LDAPResultInvalidCredentials) {
		t.Fatal(err)
	}
	return err == nil
}

func (p *peer) Lock(t testing.TB, id account.ID) {
	t.Helper()
	for range 10 {
		if err := p.bind(t, id, "certainly-not-the-password"); err != nil && strings.Contains(err.Error(), "data 775") {
			return
		}
	}
	t.Fatal(errors.New("not locked by ten wrong passwords"))
}
