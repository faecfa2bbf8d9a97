package ad

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/go-ldap/ldap/v3"

	"rekey/internal/directory"
	"rekey/internal/directory/ldapconn"
)

// The feed of changes is read with LDAP_SERVER_DIRSYNC_OID (MS-ADTS 3.1.1.3.4.1.3). It needs the right "Replicating Directory
// Changes", shows what was deleted, and its cookie is good at every controller of the domain. It gives only the attributes that
// changed, so it is used to learn which objects to read.

// batch is how many objects are read at once.
const batch = 100

// fedAttributes are those whose changes matter. Those that are worked out when they are read are in no feed.
func (d *Directory) fedAttributes() []string {
	stored := slices.DeleteFunc(d.syncedAttributes(), func(name string) bool {
		return strings.EqualFold(name, "msDS-User-Account-Control-Computed") || strings.EqualFold(name, "msDS-UserPasswordExpiryTimeComputed")
	})
	return append(stored, "isDeleted", "name", "member")
}

// present gives a cookie for all that changes from now on; none when the service account may not read the feed. The filter matches
// nothing, so that only the cookie comes.
func (w *walk) present(ctx context.Context, c *conn) ([]byte, error) {
	var cookie []byte
	for more := true; more; {
		var err error
		if _, cookie, more, err = w.changed(ctx, c, "(&(objectClass=user)(objectClass=group))", cookie); err != nil {
			if refusedFeed(err) {
				return nil, nil
			}
			return nil, err
		}
	}
	return cookie, nil
}

// refusedFeed reports an answer that says no, for want of a right or of the control.
func refusedFeed(err error) bool {
	return ldap.IsErrorAnyOf(err, ldap.LDAPResultInsufficientAccessRights, ldap.LDAPResultUnavailableCriticalExtension)
}

// changed gives a page of the feed.
func (w *walk) changed(ctx context.Context, c *conn, filter string, from []byte) (found []*ldap.Entry, cookie []byte, more bool, err error) {
	const (
		incremental = 0x80000000 // LDAP_DIRSYNC_INCREMENTAL_VALUES: of members, only those that changed
		octets      = 1 << 20
	)
	var result *ldap.SearchResult
	err = c.Do(ctx, w.d.config.ReadTimeout, func(l *ldap.Conn) (err error) {
		result, err = l.Search(ldap.NewSearchRequest(w.d.root, ldap.ScopeWholeSubtree, ldap.NeverDerefAliases, 0, 0, false, filter,
			w.d.fedAttributes(), []ldap.Control{ldap.NewRequestControlDirSync(incremental, octets, from)}))
		return err
	})
	if err != nil {
		return nil, nil, false, err
	}
	answer, ok := ldap.FindControl(result.Controls, ldap.ControlTypeDirSync).(*ldap.ControlDirSync)
	if !ok || len(answer.Cookie) == 0 {
		return nil, nil, false, fmt.Errorf("%s gives no cookie", c.Server.URL)
	}
	return result.Entries, answer.Cookie, answer.Flags != 0, nil
}

// feed tells what changed. When the right to read the feed is gone, the change numbers still are where they were.
func (w *walk) feed(ctx context.Context) error {
	for more := true; more; {
		err := w.d.pool.Read(ctx, func(c *conn) error {
			found, cookie, rest, err := w.changed(ctx, c, "(|(objectClass=user)(objectClass=group)(objectClass=organizationalUnit))", w.cursor.DirSync)
			if err != nil {
				if refusedFeed(err) || ldap.IsErrorAnyOf(err, ldap.LDAPResultProtocolError, ldap.LDAPResultUnwillingToPerform) {
					return errGone
				}
				return err
			}
			more = rest
			return w.tell(ctx, c, found, cookie)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// tell reads the objects of a page of the feed and tells them; the last part of it carries the new cookie.
func (w *walk) tell(ctx context.Context, c *conn, changed []*ldap.Entry, cookie []byte) error {
	p := &pageful{walk: w, conn: c}
	var objects []string
	for _, e := range changed {
		object := guidText(e.GetEqualFoldRawAttributeValue("objectGUID"))
		if strings.EqualFold(text(e, "isDeleted"), "TRUE") {
			p.gone(object)
			continue
		}
		objects = append(objects, string(e.GetEqualFoldRawAttributeValue("objectGUID")))
	}
	for len(objects) > 0 {
		some := objects[:min(batch, len(objects))]
		objects = objects[len(some):]
		if err := p.read(ctx, some); err != nil {
			return err
		}
		if len(p.page.People)+len(p.page.Groups)+len(p.page.Removed) < pageSize {
			continue
		}
		if err := p.flush(); err != nil {
			return err
		}
	}
	w.cursor.DirSync = cookie
	return p.flush()
}

// read adds objects by their identifiers, as octets. One that is not found is none of those that are told, any more.
func (p *pageful) read(ctx context.Context, objects []string) error {
	missing := map[string]bool{}
	var filter strings.Builder
	for _, o := range objects {
		missing[guidText([]byte(o))] = true
		filter.WriteString("(objectGUID=" + escapeOctets([]byte(o)) + ")")
	}
	paging := ldap.NewControlPaging(pageSize)
	found, err := p.search(ctx, p.d.root, "(&(|"+filter.String()+")"+synced+")", p.d.syncedAttributes(), paging, extendedDN{})
	if err != nil {
		return err
	}
	for _, e := range found {
		delete(missing, guidText(e.GetEqualFoldRawAttributeValue("objectGUID")))
		if err := p.add(ctx, e); err != nil {
			return err
		}
	}
	for object := range missing {
		p.gone(object)
	}
	return nil
}

// checkDeleted looks whether deletions can be seen. It is no fault when they cannot.
func (d *Directory) checkDeleted(ctx context.Context, c *conn) directory.Finding {
	const name = "deletions"
	w := &walk{d: d}
	if cookie, err := w.present(ctx, c); err == nil && len(cookie) > 0 {
		return ldapconn.Good(name, "are seen with the feed of changes")
	}
	found, err := c.Search(ctx, d.config.ReadTimeout, ldap.NewSearchRequest("CN=Deleted Objects,"+d.root, ldap.ScopeBaseObject, ldap.NeverDerefAliases, 0, 0, false,
		ldapconn.Anything, []string{"objectGUID"}, []ldap.Control{showDeleted{}}))
	if err == nil && len(found) > 0 {
		return ldapconn.Good(name, "are seen in the container of deleted objects")
	}
	return ldapconn.Good(name, "are noticed with the next full pass of sync only: grant the service account \"Replicating Directory Changes\" on %s to see them at once", d.root)
}
