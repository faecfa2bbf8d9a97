package openldap_test

import (
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	ber "github.com/go-asn1-ber/asn1-ber"
	"github.com/go-ldap/ldap/v3"

	"rekey/internal/account"
	"rekey/internal/directory/directorytest"
	"rekey/internal/lab/slapd"
)

// peer is an administrator at a server, and the persons who sign in there.
type peer struct {
	s    *slapd.Server
	dns  map[string]string // by object ID
	sams map[string]string // DN by SAM, of accounts and groups
}

func newPeer(s *slapd.Server) *peer {
	return &peer{s: s, dns: map[string]string{}, sams: map[string]string{}}
}

func (p *peer) admin(t testing.TB, f func(*ldap.Conn) error) {
	t.Helper()
	c, err := p.s.Dial()
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.Bind(p.s.Admin()); err != nil {
		t.Fatal(err)
	}
	if err := f(c); err != nil {
		t.Fatal(err)
	}
}

// relax lets an administrator write what only the server writes otherwise (draft-zeilenga-ldap-relax).
type relax struct{}

const relaxOID = "1.3.6.1.4.1.4203.666.5.12"

func (relax) GetControlType() string { return relaxOID }
func (relax) String() string         { return "relax" }
func (relax) Encode() *ber.Packet {
	c := ber.Encode(ber.ClassUniversal, ber.TypeConstructed, ber.TagSequence, nil, "")
	c.AppendChild(ber.NewString(ber.ClassUniversal, ber.TypePrimitive, ber.TagOctetString, relaxOID, ""))
	c.AppendChild(ber.NewString(ber.ClassUniversal, ber.TypePrimitive, ber.TagBoolean, "\xff", ""))
	return c
}

// set replaces one attribute as the administrator; no values: it is taken away.
func (p *peer) set(t testing.TB, dn, attribute string, values ...string) {
	t.Helper()
	p.admin(t, func(c *ldap.Conn) error {
		r := ldap.NewModifyRequest(dn, []ldap.Control{relax{}})
		r.Replace(attribute, values)
		return c.Modify(r)
	})
}

func (p *peer) Add(t testing.TB, who directorytest.Person) account.ID {
	t.Helper()
	dn := "uid=" + who.SAM + "," + p.s.PeopleDN()
	p.admin(t, func(c *ldap.Conn) error { return c.Add(p.added(dn, who)) })
	// Dates are in whole seconds: a password that is a little old has another date after a write.
	p.set(t, dn, "pwdChangedTime", stamp(time.Now().Add(-10*time.Second)))
	if who.Rules != nil {
		p.set(t, dn, "pwdPolicySubentry", p.policy(t, who.SAM, "ou=policies", rules(*who.Rules)))
	}
	const past = "20200101000000Z"
	switch who.State {
	case directorytest.Disabled:
		p.set(t, dn, "pwdAccountLockedTime", "000001010000Z")
	case directorytest.AccountExpired:
		p.set(t, dn, "pwdEndTime", past)
	case directorytest.PasswordExpired:
		p.set(t, dn, "pwdChangedTime", past)
		p.set(t, dn, "pwdPolicySubentry", p.policy(t, who.SAM, "ou=policies", append(rules(directorytest.DomainRules()), "pwdMaxAge", "86400")))
	case directorytest.MustChange:
		p.set(t, dn, "pwdReset", "TRUE")
	}
	id := account.ID{Directory: slapd.Domain, Object: p.read(t, dn, "entryUUID").GetAttributeValue("entryUUID")}
	p.dns[id.Object], p.sams[who.SAM] = dn, dn
	return id
}

func stamp(t time.Time) string { return t.UTC().Format("20060102150405Z") }

func (p *peer) added(dn string, who directorytest.Person) *ldap.AddRequest {
	r := ldap.NewAddRequest(dn, nil)
	add := func(name string, values ...string) {
		if len(values) > 0 && values[0] != "" {
			r.Attribute(name, values)
		}
	}
	principal := who.UPN
	if principal == "" && !who.NoUPN {
		principal = who.SAM + "@" + slapd.Domain
	}
	add("objectClass", "inetOrgPerson", "labPerson")
	add("sn", who.SAM)
	add("cn", who.SAM)
	add("userPassword", who.Password)
	add("labPrincipal", principal)
	add("mail", addresses(who)...)
	add("displayName", who.Display)
	add("preferredLanguage", who.Language)
	return r
}

// addresses are a person's without prefixes, the primary one first.
func addresses(who directorytest.Person) []string {
	var all []string
	add := func(a string) {
		if !slices.ContainsFunc(all, func(b string) bool { return strings.EqualFold(a, b) }) {
			all = append(all, a)
		}
	}
	if who.Mail != "" {
		add(who.Mail)
	}
	for _, prefix := range []string{"SMTP:", "smtp:"} {
		for _, a := range who.Addresses {
			if address, ok := strings.CutPrefix(a, prefix); ok {
				add(address)
			}
		}
	}
	return all
}

func rules(r directorytest.Rules) []string {
	return []string{
		"pwdMinLength", strconv.Itoa(r.MinLength), "pwdInHistory", strconv.Itoa(r.History), "pwdMinAge", strconv.Itoa(int(r.MinAge.Seconds())),
		"pwdLockout", strings.ToUpper(strconv.FormatBool(r.Lockout > 0)), "pwdMaxFailure", strconv.Itoa(r.Lockout), "pwdLockoutDuration", "1800",
		"pwdFailureCountInterval", "1800", "pwdCheckQuality", "2", "pwdMustChange", "TRUE",
	}
}

// policy makes a password policy of names and values and gives its DN.
func (p *peer) policy(t testing.TB, name, unit string, values []string) string {
	t.Helper()
	dn := "cn=" + name + "," + unit + "," + slapd.Suffix
	p.admin(t, func(c *ldap.Conn) error {
		r := ldap.NewAddRequest(dn, nil)
		r.Attribute("objectClass", []string{"organizationalRole", "pwdPolicy"})
		r.Attribute("pwdAttribute", []string{"userPassword"})
		for pair := range slices.Chunk(values, 2) {
			r.Attribute(pair[0], pair[1:])
		}
		return c.Add(r)
	})
	return dn
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

func (p *peer) Remove(t testing.TB, id account.ID) {
	t.Helper()
	p.admin(t, func(c *ldap.Conn) error { return c.Del(ldap.NewDelRequest(p.dns[id.Object], nil)) })
}

func (p *peer) Group(t testing.TB, name string, members ...string) string {
	t.Helper()
	dns := []string{p.s.GroupsDN()} // a group must have a member
	for _, m := range members {
		dns = append(dns, p.sams[m])
	}
	return p.group(t, name, "groupOfNames", "member", dns...)
}

func (p *peer) group(t testing.TB, name, class, attribute string, members ...string) string {
	t.Helper()
	dn := "cn=" + name + "," + p.s.GroupsDN()
	p.admin(t, func(c *ldap.Conn) error {
		r := ldap.NewAddRequest(dn, nil)
		r.Attribute("objectClass", []string{class})
		r.Attribute(attribute, members)
		if class == "posixGroup" {
			r.Attribute("gidNumber", []string{"1000"})
		}
		return c.Add(r)
	})
	p.sams[name] = dn
	return dn
}

func (p *peer) bind(t testing.TB, id account.ID, password string) error {
	t.Helper()
	c, err := p.s.Dial()
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	return c.Bind(p.dns[id.Object], password)
}

// Accepts: a server that asks for another password lets people sign in for that alone.
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
		_ = p.bind(t, id, "certainly-not-the-password")
		if p.read(t, p.dns[id.Object], "pwdAccountLockedTime").GetAttributeValue("pwdAccountLockedTime") != "" {
			return
		}
	}
	t.Fatal("not locked by ten wrong passwords")
}
