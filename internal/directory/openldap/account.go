package openldap

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/go-ldap/ldap/v3"

	"rekey/internal/account"
	"rekey/internal/directory/ldapconn"
)

func (d *Directory) accountAttributes() []string {
	all := []string{"displayName", "cn", "givenName", "preferredLanguage", "memberOf", "uid"}
	for _, names := range [][]string{
		{d.config.IDAttribute, d.config.PrincipalAttribute}, d.config.NameAttributes, d.config.MailAttributes, d.stateAttributes(), d.config.Attributes,
	} {
		for _, name := range names {
			if name != "" {
				all = append(all, name)
			}
		}
	}
	return all
}

// stateAttributes are what state reads, and which policy holds.
func (d *Directory) stateAttributes() []string {
	all := []string{d.config.PasswordSetAttribute, "pwdPolicySubentry", "pwdAccountLockedTime", "pwdReset", "pwdStartTime", "pwdEndTime"}
	if d.config.DisabledAttribute != "" {
		all = append(all, d.config.DisabledAttribute)
	}
	return all
}

func (d *Directory) account(p policy, e *ldap.Entry) (account.Account, error) {
	a := account.Account{
		ID: account.ID{Directory: d.Key(), Object: d.objectOf(e)}, SAM: text(e, d.config.NameAttributes[0]), Path: e.DN,
		DisplayName: text(e, "displayName"), GivenName: text(e, "givenName"), Language: ldapconn.Language(text(e, "preferredLanguage")),
		Attributes: map[string][]string{}, State: d.state(p, e),
	}
	if !d.mine(a.ID) || a.SAM == "" {
		return a, fmt.Errorf("%s: the service account may not read %s or %s", e.DN, d.config.IDAttribute, d.config.NameAttributes[0])
	}
	if a.DisplayName == "" {
		a.DisplayName = text(e, "cn")
	}
	if d.config.PrincipalAttribute != "" {
		a.UPN = text(e, d.config.PrincipalAttribute)
	}
	for _, name := range d.config.MailAttributes {
		for _, address := range e.GetEqualFoldAttributeValues(name) {
			known := slices.ContainsFunc(a.Mails, func(m string) bool { return strings.EqualFold(m, address) })
			if strings.Contains(address, "@") && !known {
				a.Mails = append(a.Mails, address)
			}
		}
	}
	if len(a.Mails) > 0 {
		a.Mail = a.Mails[0]
	}
	for _, name := range d.config.Attributes {
		if values := e.GetEqualFoldAttributeValues(name); len(values) > 0 {
			a.Attributes[name] = values
		}
	}
	return a, nil
}

// forEver in pwdAccountLockedTime is a lock that only an administrator sets and lifts (Behera §5.3.3): the way to disable an account.
const forEver = "000001010000Z"

// state reads an account's condition.
func (d *Directory) state(p policy, e *ldap.Entry) account.State {
	now, since := d.now(), text(e, "pwdAccountLockedTime")
	starts, ends := point(text(e, "pwdStartTime")), point(text(e, "pwdEndTime"))
	s := account.State{
		Disabled:    d.disabled(e) || starts.After(now),
		Expired:     !ends.IsZero() && !ends.After(now),
		MustChange:  isTrue(text(e, "pwdReset")),
		PasswordSet: d.passwordSet(e),
	}
	if set := point(text(e, d.config.PasswordSetAttribute)); p.maxAge > 0 && !set.IsZero() {
		s.PasswordExpires = set.Add(p.maxAge)
		s.PasswordExpired = !s.MustChange && !s.PasswordExpires.After(now)
	}
	if since != "" && since != forEver {
		s.Locked, s.LockedUntil = p.locked(point(since), now)
	}
	return s
}

// disabled reports whether an administrator has shut the account.
func (d *Directory) disabled(e *ldap.Entry) bool {
	return text(e, "pwdAccountLockedTime") == forEver || d.config.DisabledAttribute != "" && isTrue(text(e, d.config.DisabledAttribute))
}

// passwordSet is zero while the password must be changed.
func (d *Directory) passwordSet(e *ldap.Entry) time.Time {
	if isTrue(text(e, "pwdReset")) {
		return time.Time{}
	}
	return point(text(e, d.config.PasswordSetAttribute))
}

func isTrue(s string) bool { return strings.EqualFold(s, "TRUE") }

// point reads a GeneralizedTime (RFC 4517 §3.3.13), with or without fractions of a second; zero for anything else.
func point(s string) time.Time {
	t, err := time.Parse("20060102150405Z0700", s)
	if err != nil {
		return time.Time{}
	}
	return t.UTC()
}

// text is the first value of an attribute.
func text(e *ldap.Entry, attribute string) string { return e.GetEqualFoldAttributeValue(attribute) }

func lists(e *ldap.Entry, attribute, value string) bool {
	return slices.Contains(e.GetEqualFoldAttributeValues(attribute), value)
}
