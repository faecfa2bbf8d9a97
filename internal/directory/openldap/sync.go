package openldap

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/go-ldap/ldap/v3"

	"rekey/internal/directory"
	"rekey/internal/directory/ldapconn"
)

var _ directory.Syncer = (*Directory)(nil)

const (
	pageSize    = 500
	mostMembers = 1000 // of a group in one page
	// overlap is told again by the next pass: clocks differ, and what one server wrote reaches another later.
	overlap = 10 * time.Minute
)

// cursor is where a pass stands: at the beginning of a section, since pages of a search cannot be taken up on another connection.
type cursor struct {
	Scope   string    `json:"scope"` // what is read; with other settings everything has to be read again
	Since   time.Time `json:"since"` // modified from then on; zero: everything
	Begun   time.Time `json:"begun"`
	Section int       `json:"section"`
}

const groups = "(|(objectClass=groupOfNames)(objectClass=groupOfUniqueNames)(objectClass=posixGroup))"

// section is one kind of object.
type section struct {
	base, filter string
	attributes   []string
	tell         func(ctx context.Context, w *walk, c *conn, found []*ldap.Entry) error
}

func (d *Directory) sections() []section {
	const units = "(objectClass=organizationalUnit)"
	return []section{
		{d.config.BaseDN, units, []string{d.config.IDAttribute, "ou"}, tellUnits},
		{d.config.BaseDN, d.config.PersonFilter, append(d.accountAttributes(), "manager"), tellPeople},
		{d.config.GroupBaseDN, groups, []string{d.config.IDAttribute, "member", "uniqueMember", "memberUid"}, tellGroups},
	}
}

// Changes implements directory.Syncer: everything page by page, and afterwards what was modified (modifyTimestamp). LDAP does not tell
// what was deleted; a pass from an empty cursor finds that out. A pass that was broken off goes on at the kind of object it was at.
func (d *Directory) Changes(ctx context.Context, from directory.Cursor, take func(directory.Page) error) error {
	w := &walk{d: d, at: cursor{Scope: d.scope(), Begun: d.now()}}
	if len(from) > 0 {
		if err := json.Unmarshal(from, &w.at); err != nil || w.at.Scope != d.scope() || w.at.Section < 0 || w.at.Section > len(d.sections()) {
			return directory.ErrCursorGone
		}
	}
	var refused error
	w.take = func(p directory.Page) error {
		refused = take(p)
		return refused
	}
	if w.at.Section == len(d.sections()) { // the last pass came to its end
		w.at = cursor{Scope: w.at.Scope, Since: w.at.Begun.Add(-overlap), Begun: d.now()}
	}
	for w.at.Section < len(d.sections()) {
		err := d.pool.With(ctx, want{Fresh: true}, func(c *conn) error { return w.section(ctx, c) })
		switch {
		case refused != nil:
			return refused
		case ldap.IsErrorAnyOf(err, ldap.LDAPResultSizeLimitExceeded, ldap.LDAPResultAdminLimitExceeded, ldap.LDAPResultInsufficientAccessRights):
			return fmt.Errorf("%w: it may not read everything: %w", directory.ErrDenied, err)
		case err != nil:
			return ldapconn.Unavailable(err)
		}
	}
	return nil
}

// scope changes with what settings say is to be read.
func (d *Directory) scope() string {
	c := d.config
	parts := append([]string{c.BaseDN, c.GroupBaseDN, c.PersonFilter, c.IDAttribute, c.PrincipalAttribute, c.DisabledAttribute}, c.Attributes...)
	parts = append(append(parts, c.NameAttributes...), c.MailAttributes...)
	sum := sha256.Sum256([]byte(strings.Join(parts, "\n")))
	return hex.EncodeToString(sum[:8])
}

// walk goes through the sections.
type walk struct {
	d    *Directory
	at   cursor
	take func(directory.Page) error
}

// section tells one kind of object. Its last page, which may be empty, goes on with the next.
func (w *walk) section(ctx context.Context, c *conn) error {
	s := w.d.sections()[w.at.Section]
	filter := s.filter
	if !w.at.Since.IsZero() {
		filter = "(&" + filter + "(modifyTimestamp>=" + w.at.Since.UTC().Format("20060102150405Z") + "))"
	}
	paging := ldap.NewControlPaging(pageSize)
	for {
		found, err := w.search(ctx, c, ldap.NewSearchRequest(s.base, ldap.ScopeWholeSubtree, ldap.NeverDerefAliases, 0, 0, false, filter, s.attributes,
			[]ldap.Control{paging}))
		if err != nil {
			return err
		}
		if err := s.tell(ctx, w, c, found.Entries); err != nil {
			return err
		}
		answer, ok := ldap.FindControl(found.Controls, ldap.ControlTypePaging).(*ldap.ControlPaging)
		if !ok || len(answer.Cookie) == 0 {
			break
		}
		paging.SetCookie(answer.Cookie)
	}
	w.at.Section++
	return w.tell(directory.Page{})
}

func (w *walk) search(ctx context.Context, c *conn, r *ldap.SearchRequest) (found *ldap.SearchResult, err error) {
	err = c.Do(ctx, w.d.config.ReadTimeout, func(l *ldap.Conn) (err error) {
		found, err = l.Search(r)
		return err
	})
	return found, err
}

func (w *walk) tell(p directory.Page) error {
	p.Next, _ = json.Marshal(w.at) // times, strings and numbers only
	return w.take(p)
}

// object is an entry's identifier if it is a UUID, else empty.
func (w *walk) object(e *ldap.Entry) string {
	object := w.d.objectOf(e)
	if len(object) != len(nobodysObject) || strings.Count(object, "-") != strings.Count(nobodysObject, "-") || strings.Trim(object, "0123456789abcdef-") != "" {
		return ""
	}
	return object
}

func tellUnits(_ context.Context, w *walk, _ *conn, found []*ldap.Entry) error {
	var p directory.Page
	for _, e := range found {
		if object := w.object(e); object != "" {
			p.Units = append(p.Units, directory.SyncedUnit{Object: object, Path: e.DN, Name: text(e, "ou")})
		}
	}
	return w.tell(p)
}

// tellPeople leaves out who cannot be an account, such as one without a name.
func tellPeople(ctx context.Context, w *walk, c *conn, found []*ldap.Entry) error {
	var managers []string
	for _, e := range found {
		if dn := text(e, "manager"); dn != "" {
			managers = append(managers, dn)
		}
	}
	known, err := w.resolve(ctx, c, managers)
	if err != nil {
		return err
	}
	var page directory.Page
	for _, e := range found {
		p, err := w.d.policyOf(ctx, c, e)
		if err != nil {
			return err
		}
		a, err := w.d.account(p, e)
		if err != nil || w.object(e) == "" {
			continue
		}
		a.Manager = known[folded(text(e, "manager"))]
		page.People = append(page.People, a)
	}
	return w.tell(page)
}

// tellGroups tells each group in pieces, so that a page stays small.
func tellGroups(ctx context.Context, w *walk, c *conn, found []*ldap.Entry) error {
	for _, e := range found {
		group, ok := groupOf(e.DN)
		object := w.object(e)
		if !ok || object == "" {
			continue
		}
		dns := append(e.GetEqualFoldAttributeValues("member"), e.GetEqualFoldAttributeValues("uniqueMember")...)
		uids := e.GetEqualFoldAttributeValues("memberUid")
		for {
			some, names := dns[:min(mostMembers, len(dns))], uids[:min(mostMembers, len(uids))]
			dns, uids = dns[len(some):], uids[len(names):]
			members, err := w.members(ctx, c, some, names)
			if err != nil {
				return err
			}
			whole := len(dns) == 0 && len(uids) == 0
			if err := w.tell(directory.Page{Groups: []directory.SyncedGroup{{
				Object: object, Policy: group.ID, Name: group.Name, Members: directory.Members{Added: members, Whole: whole},
			}}}); err != nil {
				return err
			}
			if whole {
				break
			}
		}
	}
	return nil
}

// members gives the identifiers of those that are there to be read.
func (w *walk) members(ctx context.Context, c *conn, dns, uids []string) ([]string, error) {
	known, err := w.resolve(ctx, c, dns)
	if err != nil {
		return nil, err
	}
	var terms []string
	for _, uid := range uids {
		terms = append(terms, "(uid="+ldap.EscapeFilter(uid)+")")
	}
	named, err := w.identify(ctx, c, w.d.config.BaseDN, w.d.config.PersonFilter, terms)
	if err != nil {
		return nil, err
	}
	var objects []string
	for _, found := range []map[string]string{known, named} {
		for _, object := range found {
			objects = append(objects, object)
		}
	}
	return objects, nil
}

// resolve finds identifiers by DN, many in one question (entryDN, RFC 5020).
func (w *walk) resolve(ctx context.Context, c *conn, dns []string) (map[string]string, error) {
	if len(dns) == 0 {
		return nil, nil
	}
	// A server that does not know entryDN would make every group empty.
	known, err := c.Read(ctx, w.d.config.ReadTimeout, w.d.config.BaseDN, "(entryDN="+ldap.EscapeFilter(w.d.config.BaseDN)+")", noAttributes)
	if err == nil && known == nil {
		err = fmt.Errorf("%s does not know entryDN (RFC 5020)", c.Server.URL)
	}
	if err != nil {
		return nil, err
	}
	var terms []string
	for _, dn := range dns {
		terms = append(terms, "(entryDN="+ldap.EscapeFilter(dn)+")")
	}
	objects := map[string]string{}
	for _, where := range []struct{ base, filter string }{{w.d.config.BaseDN, w.d.config.PersonFilter}, {w.d.config.GroupBaseDN, groups}} {
		found, err := w.identify(ctx, c, where.base, where.filter, terms)
		if err != nil {
			return nil, err
		}
		for dn, object := range found {
			objects[dn] = object
		}
	}
	return objects, nil
}

// identify gives the identifiers of what matches one of the terms, by folded DN.
func (w *walk) identify(ctx context.Context, c *conn, base, filter string, terms []string) (map[string]string, error) {
	objects := map[string]string{}
	for len(terms) > 0 {
		batch := terms[:min(atOnce, len(terms))]
		terms = terms[len(batch):]
		found, err := c.Search(ctx, w.d.config.ReadTimeout, ldap.NewSearchRequest(base, ldap.ScopeWholeSubtree, ldap.NeverDerefAliases, 0, 0, false,
			"(&"+filter+"(|"+strings.Join(batch, "")+"))", []string{w.d.config.IDAttribute}, nil))
		if err != nil {
			return nil, err
		}
		for _, e := range found {
			if object := w.object(e); object != "" {
				objects[folded(e.DN)] = object
			}
		}
	}
	return objects, nil
}

// folded is a DN in one spelling; empty for what is none.
func folded(dn string) string {
	parsed, err := ldap.ParseDN(dn)
	if err != nil || dn == "" {
		return ""
	}
	return strings.ToLower(parsed.String())
}
