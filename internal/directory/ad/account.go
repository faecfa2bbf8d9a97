package ad

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/go-ldap/ldap/v3"

	"rekey/internal/account"
	"rekey/internal/directory/ldapconn"
)

func (d *Directory) accountAttributes() []string {
	return append([]string{
		"objectGUID", consistencyGUID, "objectSid", "sAMAccountName", "userPrincipalName", "displayName", "givenName", "mail", "proxyAddresses",
		"preferredLanguage", "tokenGroups", "userAccountControl", "msDS-User-Account-Control-Computed", "lockoutTime", "accountExpires",
		"pwdLastSet", "msDS-UserPasswordExpiryTimeComputed", "msDS-ResultantPSO", "adminCount",
	}, d.config.Attributes...)
}

// account makes one of an entry that was read by itself: only then is tokenGroups there. An account whose groups may not be read is
// an error: policies would take it for a member of none.
func (d *Directory) account(f domainFacts, e *ldap.Entry) (account.Account, error) {
	a, err := d.person(f, e)
	if err != nil {
		return a, err
	}
	for _, raw := range e.GetEqualFoldRawAttributeValues("tokenGroups") {
		if sid := sidText(raw); sid != "" {
			a.Groups = append(a.Groups, account.Group{ID: sid, Name: d.nameOf(f, sid)})
		}
	}
	if len(a.Groups) == 0 { // everybody is in Domain Users at least
		return a, fmt.Errorf("%s: the service account may not read its groups (tokenGroups)", e.DN)
	}
	return a, nil
}

// person makes an account without its groups.
func (d *Directory) person(f domainFacts, e *ldap.Entry) (account.Account, error) {
	a := account.Account{
		ID:  account.ID{Directory: d.Key(), Object: guidText(e.GetEqualFoldRawAttributeValue("objectGUID"))},
		SAM: text(e, "sAMAccountName"), UPN: text(e, "userPrincipalName"), NetBIOS: f.netbios, Path: e.DN,
		SID: sidText(e.GetEqualFoldRawAttributeValue("objectSid")), DisplayName: text(e, "displayName"), GivenName: text(e, "givenName"),
		Language: ldapconn.Language(text(e, "preferredLanguage")), Attributes: map[string][]string{}, State: d.state(f, e), Anchor: anchorOf(e),
	}
	if a.ID.Object == "" || a.SAM == "" {
		return a, fmt.Errorf("%s: the service account may not read it", e.DN)
	}
	a.Mails = mails(text(e, "mail"), e.GetEqualFoldAttributeValues("proxyAddresses"))
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

// nameOf is what a group is called, as far as that is known.
func (d *Directory) nameOf(f domainFacts, sid string) string {
	if name := f.groups[sid]; name != "" {
		return name
	}
	return d.groups.name(sid, d.now())
}

// Bits of userAccountControl and of msDS-User-Account-Control-Computed (MS-ADTS 2.2.16).
const (
	bitDisabled        = 0x2
	bitLocked          = 0x10
	bitPasswordExpired = 0x800000
)

// state reads an account's condition. The directory computes what depends on a policy, so that fine-grained ones are right.
// CannotChange stays false: it is an entry of the access list, and the directory refuses such a change itself.
func (d *Directory) state(f domainFacts, e *ldap.Entry) account.State {
	now := d.now()
	computed := number(text(e, "msDS-User-Account-Control-Computed"))
	ends := point(text(e, "accountExpires"))
	s := account.State{
		Disabled:        number(text(e, "userAccountControl"))&bitDisabled != 0,
		Expired:         !ends.IsZero() && !ends.After(now),
		Locked:          computed&bitLocked != 0,
		PasswordExpired: computed&bitPasswordExpired != 0,
		PasswordSet:     point(text(e, "pwdLastSet")),
		PasswordExpires: point(text(e, "msDS-UserPasswordExpiryTimeComputed")),
		Privileged:      text(e, "adminCount") == "1",
	}
	// Zero here says that the password must be changed, passwords that never expire being left out (MS-ADTS 3.1.1.4.5).
	s.MustChange = text(e, "msDS-UserPasswordExpiryTimeComputed") == "0"
	s.PasswordExpired = s.PasswordExpired && !s.MustChange
	if s.Locked {
		s.LockedUntil = d.lockedUntil(f, e)
	}
	return s
}

// lockedUntil is zero when only an administrator ends the lock, or when it is not known.
func (d *Directory) lockedUntil(f domainFacts, e *ldap.Entry) time.Time {
	p := f.policy
	if dn := text(e, "msDS-ResultantPSO"); dn != "" {
		p, _ = d.knownPSO(dn)
	}
	since := point(text(e, "lockoutTime"))
	if since.IsZero() || p.lockFor == 0 || p.lockFor == math.MaxInt64 {
		return time.Time{}
	}
	return since.Add(p.lockFor)
}

// mails lists the addresses without their prefixes, the primary first: mail, else the one that SMTP: marks.
func mails(mail string, proxies []string) []string {
	var all []string
	add := func(address string) {
		known := slices.ContainsFunc(all, func(a string) bool { return strings.EqualFold(a, address) })
		if strings.Contains(address, "@") && !known {
			all = append(all, address)
		}
	}
	add(mail)
	for _, prefix := range []string{"SMTP:", "smtp:"} {
		for _, p := range proxies {
			if address, ok := strings.CutPrefix(p, prefix); ok {
				add(address)
			}
		}
	}
	return all
}
