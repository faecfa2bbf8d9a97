package samba

import (
	"time"

	"github.com/go-ldap/ldap/v3"
)

// State is the condition an account is made in.
type State string

// The states, with the data of the refused bind (code 49) when the password is right.
const (
	Active          State = "active"           // also the zero value
	Disabled        State = "disabled"         // 533
	AccountExpired  State = "account-expired"  // 701
	PasswordExpired State = "password-expired" // 532
	MustChange      State = "must-change"      // 773
	Locked          State = "locked"           // 775, until the policy's lockout duration has passed
)

// User is a person's account. Only SAM and Password are needed.
type User struct {
	SAM         string
	UPN         string   // empty: sam@domain
	Mail        string   // empty: none
	OtherMails  []string // go to proxyAddresses
	Given       string
	Surname     string
	Display     string // empty: Given Surname
	Password    string
	PasswordAge time.Duration // how long ago the password was set; zero: now
	OU          string        // name below OU=People, or a distinguished name; empty: OU=People
	Groups      []string      // names in OU=Groups, or distinguished names
	State       State
	Language    string // preferredLanguage
	Guarded     bool   // as Guard does
	Attributes  map[string][]string
}

// UserDN is the distinguished name a user gets.
func (d *Domain) UserDN(u User) string { return u.dn(&sheet{scene: d.scene()}) }

func (u User) dn(s *sheet) string { return "CN=" + ldap.EscapeDN(u.SAM) + "," + s.unit(u.OU) }

func (u User) render(s *sheet) {
	dn := u.dn(s)
	s.add(dn, "user", u.attributes(s))
	for _, g := range u.Groups {
		modification(&s.lasting, s.group(g), "add", "member", []byte(dn))
	}
	if u.Guarded {
		Guard{dn}.render(s)
	}
	switch {
	case u.State == PasswordExpired:
		// A maximum age below a day never expires a password, so the password is made old instead.
		modification(&s.fleeting, dn, "replace", "pwdLastSet", []byte(fileTime(s.now.AddDate(-5, 0, 0))))
	case u.State != MustChange && u.PasswordAge > 0: // whose password must change has one that was never set
		modification(&s.fleeting, dn, "replace", "pwdLastSet", []byte(fileTime(s.now.Add(-u.PasswordAge))))
	}
	if u.State == Locked {
		modification(&s.fleeting, dn, "replace", "lockoutTime", []byte(fileTime(s.now)))
	}
}

func (u User) attributes(s *sheet) map[string][]string {
	attrs := map[string][]string{
		"sAMAccountName":     {u.SAM},
		"userPrincipalName":  {u.UPN},
		"userAccountControl": {"512"},
		"clearTextPassword":  {string(utf16le(u.Password))},
	}
	if u.UPN == "" {
		attrs["userPrincipalName"] = []string{u.SAM + "@" + s.realm}
	}
	display := u.Display
	if display == "" && u.Given != "" && u.Surname != "" {
		display = u.Given + " " + u.Surname
	}
	for name, value := range map[string]string{
		"mail": u.Mail, "givenName": u.Given, "sn": u.Surname, "displayName": display, "preferredLanguage": u.Language,
	} {
		if value != "" {
			attrs[name] = []string{value}
		}
	}
	for _, mail := range u.OtherMails {
		attrs["proxyAddresses"] = append(attrs["proxyAddresses"], "smtp:"+mail)
	}
	switch u.State {
	case Disabled:
		attrs["userAccountControl"] = []string{"514"}
	case AccountExpired:
		attrs["accountExpires"] = []string{"116444736010000000"} // a second after the Unix epoch
	case MustChange:
		attrs["pwdLastSet"] = []string{"0"}
	}
	for name, values := range u.Attributes {
		attrs[name] = values
	}
	return attrs
}
