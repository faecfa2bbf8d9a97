package openldap

import (
	"cmp"
	"context"
	"errors"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/go-ldap/ldap/v3"

	"rekey/internal/account"
	"rekey/internal/directory"
	"rekey/internal/directory/ldapconn"
)

// Lookup implements directory.Directory. A name that is nobody's, or several people's, is followed by the read of somebody else, so
// that it takes as many questions as one that is found, and as long.
func (d *Directory) Lookup(ctx context.Context, who directory.Identifier) (account.Account, error) {
	filter, ours := d.filter(who)
	if !ours || !nameable(who.Name+who.Mail) {
		return account.Account{}, directory.ErrNotFound
	}
	var a account.Account
	err := d.pool.Read(ctx, func(c *conn) error {
		object, missed := d.find(ctx, c, filter)
		if missed != nil && !isMiss(missed) {
			return missed
		}
		if missed != nil {
			object = d.standIns.Of(who.Name + who.Mail)
		}
		read, err := d.read(ctx, c, object)
		switch {
		case missed == nil:
			a = read
			return err
		case ldapconn.IsLost(err):
			return err
		case isMiss(err): // deleted meanwhile, or there was none
			d.standIns.Remove(object)
		}
		return missed
	})
	if err != nil {
		return account.Account{}, err
	}
	d.standIns.Add(a.ID.Object)
	return a, nil
}

// nameable refuses what no name holds. Some servers end a value at its first zero byte, and would find another name.
func nameable(s string) bool {
	return s != "" && utf8.ValidString(s) && !strings.ContainsFunc(s, unicode.IsControl)
}

func isMiss(err error) bool {
	return errors.Is(err, directory.ErrNotFound) || errors.Is(err, directory.ErrAmbiguous)
}

// filter says whom an identifier means; false when it names another directory. One search over all attributes sees a name that is one
// account's principal and another's address.
func (d *Directory) filter(who directory.Identifier) (string, bool) {
	names, value := d.config.NameAttributes, ldap.EscapeFilter(who.Name)
	if who.Mail != "" {
		value = ldap.EscapeFilter(who.Mail)
		names = append(append([]string{}, d.config.NameAttributes...), d.config.MailAttributes...)
		if d.config.PrincipalAttribute != "" {
			names = append(names, d.config.PrincipalAttribute)
		}
	}
	var any strings.Builder
	for _, name := range names {
		any.WriteString("(" + name + "=" + value + ")")
	}
	return "(&" + d.config.PersonFilter + "(|" + any.String() + "))", who.Domain == "" || strings.EqualFold(who.Domain, d.config.Domain)
}

// find gives the identifier of the one account that matches. It asks for two, to know of a second; a server that ignores the limit
// sends them all.
func (d *Directory) find(ctx context.Context, c *conn, filter string) (string, error) {
	e, err := d.one(ctx, c, filter, d.config.IDAttribute)
	if err != nil {
		return "", err
	}
	return d.objectOf(e), nil
}

func (d *Directory) one(ctx context.Context, c *conn, filter string, attributes ...string) (*ldap.Entry, error) {
	const limit = 2
	found, err := c.Search(ctx, d.config.ReadTimeout, ldap.NewSearchRequest(d.config.BaseDN, ldap.ScopeWholeSubtree, ldap.NeverDerefAliases,
		limit, 0, false, filter, attributes, nil))
	if len(found) > 1 || ldap.IsErrorWithCode(err, ldap.LDAPResultSizeLimitExceeded) {
		return nil, directory.ErrAmbiguous
	}
	if err != nil {
		return nil, err
	}
	if len(found) == 0 {
		return nil, directory.ErrNotFound
	}
	return found[0], nil
}

// Get implements directory.Directory.
func (d *Directory) Get(ctx context.Context, id account.ID) (account.Account, error) {
	if !d.mine(id) {
		return account.Account{}, directory.ErrNotFound
	}
	var a account.Account
	err := d.pool.Read(ctx, func(c *conn) error {
		var err error
		a, err = d.read(ctx, c, id.Object)
		return err
	})
	if err != nil {
		return account.Account{}, err
	}
	return a, nil
}

// nobodysObject is an identifier that no object has.
const nobodysObject = "00000000-0000-0000-0000-000000000000"

// read reads an account with its policy and groups. An empty object is nobody's, and costs as much.
func (d *Directory) read(ctx context.Context, c *conn, object string) (account.Account, error) {
	object = cmp.Or(object, nobodysObject)
	e, err := d.entry(ctx, c, object, d.accountAttributes()...)
	if isMiss(err) {
		return account.Account{}, errors.Join(err, d.askAsMuch(ctx, c))
	}
	if err != nil {
		return account.Account{}, err
	}
	p, err := d.policyOf(ctx, c, e)
	if err != nil {
		return account.Account{}, err
	}
	a, err := d.account(p, e)
	if err != nil {
		return a, err
	}
	a.Groups, err = d.groupsOf(ctx, c, e)
	return a, err
}

// askAsMuch asks what is asked about an account in no group.
func (d *Directory) askAsMuch(ctx context.Context, c *conn) error {
	if _, err := d.policy(ctx, c, d.config.DefaultPolicy); err != nil {
		return err
	}
	_, err := d.parents(ctx, c, d.membership([]string{d.nobody()}, nil))
	return err
}

// nobody is a DN that no account has.
func (d *Directory) nobody() string { return "uid=rekey-nobody," + d.config.BaseDN }

// mine reports whether an ID can be one of this directory's: the identifiers there are hexadecimal digits and hyphens.
func (d *Directory) mine(id account.ID) bool {
	const shortest, longest = 8, 64
	n := len(id.Object)
	return id.Directory == d.Key() && n >= shortest && n <= longest && strings.Trim(id.Object, "0123456789abcdef-") == ""
}

// object reads an account by its ID. Errors: ErrNotFound, those of Search.
func (d *Directory) object(ctx context.Context, c *conn, id account.ID, attributes ...string) (*ldap.Entry, error) {
	if !d.mine(id) {
		return nil, directory.ErrNotFound
	}
	return d.entry(ctx, c, id.Object, attributes...)
}

func (d *Directory) entry(ctx context.Context, c *conn, object string, attributes ...string) (*ldap.Entry, error) {
	e, err := d.one(ctx, c, "(&"+d.config.PersonFilter+"("+d.config.IDAttribute+"="+ldap.EscapeFilter(object)+"))", attributes...)
	if errors.Is(err, directory.ErrAmbiguous) {
		return nil, directory.ErrNotFound // an identifier that two have identifies nobody
	}
	return e, err
}

func (d *Directory) objectOf(e *ldap.Entry) string {
	return strings.ToLower(text(e, d.config.IDAttribute))
}
