package ad

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/go-ldap/ldap/v3"

	"rekey/internal/account"
	"rekey/internal/directory"
	"rekey/internal/directory/ldapconn"
)

// people are what accounts are: not computers, which are users too, nor contacts, which are persons too.
const people = "(objectCategory=person)(objectClass=user)"

// Lookup implements directory.Directory. A name that is nobody's, or several people's, is followed by the read of somebody else, so
// that it takes as many questions as one that is found, and as long. Names of groups are those known by now: Get asks for the others.
func (d *Directory) Lookup(ctx context.Context, who directory.Identifier) (account.Account, error) {
	filter, ours := d.filter(who)
	if !ours || !nameable(who.Name+who.Mail) {
		return account.Account{}, directory.ErrNotFound
	}
	var a account.Account
	err := d.pool.Read(ctx, func(c *conn) error {
		f, err := d.facts(ctx, c)
		if err != nil {
			return err
		}
		if _, ours := d.filter(who); !ours { // the NetBIOS name may have been learnt just now
			return directory.ErrNotFound
		}
		guid, missed := d.find(ctx, c, filter)
		if missed != nil && !isMiss(missed) {
			return missed
		}
		dn, standIn := guidDN(guid), ""
		if missed != nil {
			dn, standIn = d.absent(f, who.Name+who.Mail)
		}
		e, err := c.Read(ctx, d.config.ReadTimeout, dn, "(&"+people+")", d.accountAttributes()...)
		if missed != nil && !ldapconn.IsLost(err) {
			if e == nil && standIn != "" { // deleted meanwhile
				d.standIns.Remove(standIn)
			}
			return missed
		}
		if err == nil && e == nil {
			err = directory.ErrNotFound // deleted this moment
		}
		if err == nil {
			a, err = d.account(f, e)
		}
		return err
	})
	if err != nil {
		return account.Account{}, err
	}
	d.standIns.Add(a.ID.Object)
	d.groups.learn(d, a.Groups)
	return a, nil
}

// nameable refuses what no name holds. Some servers end a value at its first zero byte, and would find another name.
func nameable(s string) bool {
	return utf8.ValidString(s) && !strings.ContainsFunc(s, unicode.IsControl)
}

func isMiss(err error) bool {
	return errors.Is(err, directory.ErrNotFound) || errors.Is(err, directory.ErrAmbiguous)
}

// find gives the GUID of the one account that matches. It asks for two, to know of a second; a server that ignores the limit sends
// them all.
func (d *Directory) find(ctx context.Context, c *conn, filter string) (string, error) {
	const limit = 2
	found, err := c.Search(ctx, d.config.ReadTimeout, ldap.NewSearchRequest(d.config.BaseDN, ldap.ScopeWholeSubtree, ldap.NeverDerefAliases,
		limit, 0, false, filter, []string{"objectGUID"}, nil))
	if len(found) > 1 || ldap.IsErrorWithCode(err, ldap.LDAPResultSizeLimitExceeded) {
		return "", directory.ErrAmbiguous
	}
	if err != nil {
		return "", err
	}
	if len(found) == 0 {
		return "", directory.ErrNotFound
	}
	return guidText(found[0].GetEqualFoldRawAttributeValue("objectGUID")), nil
}

// filter says whom an identifier means; false when it names another domain. One search over all attributes sees a name that is one
// account's UPN and another's address.
func (d *Directory) filter(who directory.Identifier) (string, bool) {
	value := ldap.EscapeFilter(who.Name)
	if who.Mail == "" {
		ours := who.Domain == "" || strings.EqualFold(who.Domain, d.config.Domain) || d.NetBIOS() == "" || strings.EqualFold(who.Domain, d.NetBIOS())
		return "(&" + people + "(sAMAccountName=" + value + "))", ours
	}
	value = ldap.EscapeFilter(who.Mail)
	implicit := ""
	if name, ok := cutSuffixFold(who.Mail, "@"+d.config.Domain); ok {
		// An account without a UPN has an implicit one (MS-ADTS 5.1.1.1.1).
		implicit = "(&(sAMAccountName=" + ldap.EscapeFilter(name) + ")(!(userPrincipalName=*)))"
	}
	// proxyAddresses compares without regard to case, so this finds SMTP: (the primary one) too.
	return "(&" + people + "(|(userPrincipalName=" + value + ")(mail=" + value + ")(proxyAddresses=smtp:" + value + ")" + implicit + "))", true
}

func cutSuffixFold(s, suffix string) (string, bool) {
	at := len(s) - len(suffix)
	if at < 0 || !strings.EqualFold(s[at:], suffix) {
		return s, false
	}
	return s[:at], true
}

func guidDN(guid string) string { return "<GUID=" + guid + ">" }

// Get implements directory.Directory.
func (d *Directory) Get(ctx context.Context, id account.ID) (account.Account, error) {
	var a account.Account
	err := d.pool.Read(ctx, func(c *conn) error {
		f, err := d.facts(ctx, c)
		if err != nil {
			return err
		}
		e, err := d.object(ctx, c, id, d.accountAttributes()...)
		if err != nil {
			return err
		}
		if dn := text(e, "msDS-ResultantPSO"); dn != "" {
			if _, err := d.pso(ctx, c, dn); err != nil {
				return err
			}
		}
		if a, err = d.account(f, e); err != nil {
			return err
		}
		d.groups.read(ctx, d, c, a.Groups)
		return nil
	})
	if err != nil {
		return account.Account{}, err
	}
	return a, nil
}

// object reads an account by its ID. It must be in this directory, below the base, and a person's. Errors: ErrNotFound, those of read.
func (d *Directory) object(ctx context.Context, c *conn, id account.ID, attributes ...string) (*ldap.Entry, error) {
	if id.Directory != d.Key() || !isGUID(id.Object) {
		return nil, directory.ErrNotFound
	}
	e, err := c.Read(ctx, d.config.ReadTimeout, guidDN(id.Object), "(&"+people+")", attributes...)
	if err != nil {
		return nil, err
	}
	if e == nil {
		return nil, directory.ErrNotFound
	}
	dn, err := ldap.ParseDN(e.DN)
	if err != nil {
		return nil, fmt.Errorf("object %s: %w", id.Object, err)
	}
	if !within(d.base, dn) {
		return nil, directory.ErrNotFound
	}
	return e, nil
}
