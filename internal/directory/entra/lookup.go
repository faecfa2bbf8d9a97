package entra

import (
	"context"
	"errors"
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"

	"rekey/internal/account"
	"rekey/internal/directory"
)

// Lookup implements directory.Directory.
func (d *Directory) Lookup(ctx context.Context, who directory.Identifier) (account.Account, error) {
	s, ours := d.search(who)
	if !ours {
		return account.Account{}, directory.ErrNotFound
	}
	return d.locate(ctx, s, who.Name+who.Mail)
}

// locate finds and reads whoever is looked for. What is nobody's, or several people's, is followed by the read of somebody else.
func (d *Directory) locate(ctx context.Context, s search, name string) (account.Account, error) {
	ctx, cancel, err := limit(ctx, d.config.ReadTimeout)
	if err != nil {
		return account.Account{}, err
	}
	defer cancel()
	id, missed := d.find(ctx, s)
	if missed != nil && !isMiss(missed) {
		return account.Account{}, missed
	}
	standIn := missed != nil
	if standIn {
		id = d.standIns.of(name)
	}
	p, err := d.person(ctx, id)
	switch {
	case standIn && errors.Is(err, directory.ErrNotFound):
		d.standIns.remove(id)
		return account.Account{}, missed
	case err != nil && !p.unread:
		return account.Account{}, err
	case standIn:
		return account.Account{}, missed
	case p.user.guest() || !s.fits(p.user): // searches see what was
		return account.Account{}, directory.ErrNotFound
	}
	d.standIns.add(id)
	return d.whole(p), err
}

func isMiss(err error) bool {
	return errors.Is(err, directory.ErrNotFound) || errors.Is(err, directory.ErrAmbiguous)
}

// search is a name to look for.
type search struct {
	mail     string // a UPN or address
	sam      string // sAMAccountName; empty: none
	anchor   string
	filter   string
	advanced bool
}

// search says whom an identifier means; false when it is no name of this tenant. One filter over all properties sees a name that is one
// account's UPN and another's address.
func (d *Directory) search(who directory.Identifier) (search, bool) {
	if text := who.Name + who.Mail; !utf8.ValidString(text) || strings.ContainsFunc(text, unicode.IsControl) {
		return search{}, false
	}
	if who.Mail != "" {
		// Values of proxyAddresses are compared as they are written, so both prefixes are asked for.
		return search{mail: who.Mail, filter: "userPrincipalName eq " + quoted(who.Mail) + " or mail eq " + quoted(who.Mail) +
			" or proxyAddresses/any(p:p eq " + quoted("smtp:"+who.Mail) + ") or proxyAddresses/any(p:p eq " + quoted("SMTP:"+who.Mail) + ")"}, true
	}
	ours := who.Domain != "" && (strings.EqualFold(who.Domain, d.config.ShortName) || strings.EqualFold(who.Domain, d.config.Domain))
	upn := who.Name + "@" + d.config.Domain
	return search{
		mail: upn, sam: who.Name, advanced: true,
		filter: "userPrincipalName eq " + quoted(upn) + " or onPremisesSamAccountName eq " + quoted(who.Name),
	}, ours && who.Name != ""
}

// fits reports whether a user, read just now, is who was looked for.
func (s search) fits(u user) bool {
	switch {
	case s.anchor != "":
		return u.ImmutableID == s.anchor
	case s.sam != "":
		return strings.EqualFold(u.SAM, s.sam) || strings.EqualFold(u.UPN, s.mail)
	case strings.EqualFold(u.UPN, s.mail):
		return true
	}
	for _, m := range mails(u.Mail, u.ProxyAddresses) {
		if strings.EqualFold(m, s.mail) {
			return true
		}
	}
	return false
}

// find gives the id of the one account that matches; guests do not count. Errors: ErrNotFound, ErrAmbiguous, ErrUnavailable.
func (d *Directory) find(ctx context.Context, s search) (string, error) {
	query := url.Values{"$filter": {s.filter}, "$select": {"id,userPrincipalName,userType,onPremisesImmutableId"}}
	if s.advanced {
		query.Set("$count", "true")
	}
	var ids []string
	err := list(ctx, d.graph, call{kind: readUser, path: "/users", query: query, advanced: s.advanced}, func(u user) bool {
		if !u.guest() && (s.anchor == "" || u.ImmutableID == s.anchor) {
			ids = append(ids, strings.ToLower(u.ID))
		}
		return len(ids) < 2
	})
	switch {
	case err != nil:
		return "", failed(err)
	case len(ids) == 0:
		return "", directory.ErrNotFound
	case len(ids) > 1:
		return "", directory.ErrAmbiguous
	case !guidForm.MatchString(ids[0]):
		return "", unavailable(errors.New("graph: an id that is none"))
	}
	return ids[0], nil
}

// Get implements directory.Directory.
func (d *Directory) Get(ctx context.Context, id account.ID) (account.Account, error) {
	if !d.ours(id) {
		return account.Account{}, directory.ErrNotFound
	}
	ctx, cancel, err := limit(ctx, d.config.ReadTimeout)
	if err != nil {
		return account.Account{}, err
	}
	defer cancel()
	p, err := d.person(ctx, id.Object)
	if err != nil && !p.unread {
		return account.Account{}, err
	}
	if p.user.guest() {
		return account.Account{}, directory.ErrNotFound
	}
	return d.whole(p), err
}

// ByAnchor implements directory.Anchored.
func (d *Directory) ByAnchor(ctx context.Context, anchor string) (account.Account, error) {
	if anchor == "" {
		return account.Account{}, directory.ErrNotFound
	}
	return d.locate(ctx, search{anchor: anchor, filter: "onPremisesImmutableId eq " + quoted(anchor)}, anchor)
}

// ours reports whether an ID can name an account of this tenant: nothing else becomes a part of an address.
func (d *Directory) ours(id account.ID) bool {
	return id.Directory == d.Key() && guidForm.MatchString(id.Object)
}

// whole makes an account with its groups.
func (d *Directory) whole(p person) account.Account {
	a := d.account(p.user)
	a.Groups, a.State.Privileged = p.of(d.config.OrdinaryRoles)
	a.State.Privileged = a.State.Privileged || p.unread
	return a
}
