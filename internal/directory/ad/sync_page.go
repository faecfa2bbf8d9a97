package ad

import (
	"context"
	"strconv"
	"strings"

	ber "github.com/go-asn1-ber/asn1-ber"
	"github.com/go-ldap/ldap/v3"

	"rekey/internal/account"
	"rekey/internal/directory"
)

// mostMembers are in one page.
const mostMembers = 5000

func (d *Directory) syncedAttributes() []string {
	return append([]string{
		"objectGUID", "objectCategory", "objectSid", "sAMAccountName", "groupType", "ou", consistencyGUID, "userPrincipalName", "displayName", "givenName",
		"mail", "proxyAddresses", "preferredLanguage", "userAccountControl", "msDS-User-Account-Control-Computed", "lockoutTime", "accountExpires",
		"pwdLastSet", "msDS-UserPasswordExpiryTimeComputed", "adminCount", "primaryGroupID", "manager",
	}, d.config.Attributes...)
}

// pageful gathers what one page tells.
type pageful struct {
	*walk
	conn    *conn
	page    directory.Page
	members int
}

// flush tells it, with the cursor as the walk stands.
func (p *pageful) flush() error {
	full := p.page
	full.Next = p.next()
	p.page, p.members = directory.Page{}, 0
	return p.take(full)
}

// search finds one page of objects and moves the paging control on.
func (p *pageful) search(ctx context.Context, base, filter string, attributes []string, paging *ldap.ControlPaging, controls ...ldap.Control) ([]*ldap.Entry, error) {
	var found *ldap.SearchResult
	err := p.conn.Do(ctx, p.d.config.ReadTimeout, func(l *ldap.Conn) (err error) {
		found, err = l.Search(ldap.NewSearchRequest(base, ldap.ScopeWholeSubtree, ldap.NeverDerefAliases, 0, 0, false, filter, attributes,
			append([]ldap.Control{paging}, controls...)))
		return err
	})
	if err != nil {
		return nil, err
	}
	paging.SetCookie(nil)
	if answer, ok := ldap.FindControl(found.Controls, ldap.ControlTypePaging).(*ldap.ControlPaging); ok {
		paging.SetCookie(answer.Cookie)
	}
	return found.Entries, nil
}

// deleted adds what was deleted within the limits.
func (p *pageful) deleted(ctx context.Context, limits string) error {
	paging := ldap.NewControlPaging(pageSize)
	for {
		entries, err := p.search(ctx, p.d.root, "(&(isDeleted=TRUE)"+limits+")", []string{"objectGUID"}, paging, showDeleted{})
		if err != nil {
			return err
		}
		for _, e := range entries {
			p.gone(guidText(e.GetEqualFoldRawAttributeValue("objectGUID")))
		}
		if len(paging.Cookie) == 0 {
			return nil
		}
		if err := p.flush(); err != nil {
			return err
		}
	}
}

// gone adds an object that is there no more, or was never to be told.
func (p *pageful) gone(object string) {
	if object != "" && p.cursor.complete() {
		p.page.Removed = append(p.page.Removed, object)
	}
}

// add takes an entry by its category, whose value is a DN such as CN=Person,CN=Schema,….
func (p *pageful) add(ctx context.Context, e *ldap.Entry) error {
	object := guidText(e.GetEqualFoldRawAttributeValue("objectGUID"))
	if object == "" {
		return nil // not to be read by the service account
	}
	e.DN = plainDN(e.DN)
	category := strings.ToLower(plainDN(text(e, "objectCategory")))
	switch {
	case strings.HasPrefix(category, "cn=group,"):
		return p.group(ctx, object, e)
	case strings.HasPrefix(category, "cn=organizational-unit,"):
		p.page.Units = append(p.page.Units, directory.SyncedUnit{Object: object, Path: e.DN, Name: text(e, "ou")})
		return nil
	}
	p.person(object, e)
	return nil
}

// person adds an account, unless it is out of the settings' reach.
func (p *pageful) person(object string, e *ldap.Entry) {
	dn, err := ldap.ParseDN(e.DN)
	if err != nil || !within(p.d.base, dn) {
		p.gone(object)
		return
	}
	a, err := p.d.person(p.facts, e)
	if err != nil {
		return
	}
	a.Manager = guidOf(text(e, "manager"))
	if rid := text(e, "primaryGroupID"); rid != "" {
		a.Groups = []account.Group{{ID: sidText(p.facts.sid) + "-" + rid}}
	}
	p.page.People = append(p.page.People, a)
}

// group adds a group with its members. What is no security group counts for no policy (tokenGroups leaves it out).
func (p *pageful) group(ctx context.Context, object string, e *ldap.Entry) error {
	const securityEnabled = 0x80000000 // ADS_GROUP_TYPE_SECURITY_ENABLED, MS-ADTS 2.2.12
	if number(text(e, "groupType"))&securityEnabled == 0 {
		p.gone(object)
		return nil
	}
	g := directory.SyncedGroup{Object: object, Policy: sidText(e.GetEqualFoldRawAttributeValue("objectSid")), Name: text(e, "sAMAccountName")}
	for from := 0; ; {
		members, next, err := p.some(ctx, object, from)
		if err != nil {
			return err
		}
		p.members += len(members)
		g.Members = directory.Members{Added: members, Whole: next == 0}
		p.page.Groups = append(p.page.Groups, g)
		if p.members >= mostMembers && next != 0 {
			if err := p.flush(); err != nil {
				return err
			}
		}
		if next == 0 {
			break
		}
		from = next
	}
	if p.members >= mostMembers {
		return p.flush()
	}
	return nil
}

// some reads members of a group from a number on; next is 0 when there are no more. A server gives 1,500 at a time (range retrieval,
// MS-ADTS 3.1.1.3.1.3.3).
func (p *pageful) some(ctx context.Context, object string, from int) (members []string, next int, err error) {
	found, err := p.conn.Search(ctx, p.d.config.ReadTimeout, ldap.NewSearchRequest(guidDN(object), ldap.ScopeBaseObject, ldap.NeverDerefAliases, 0, 0, false,
		"(objectClass=group)", []string{"member;range=" + strconv.Itoa(from) + "-*"}, []ldap.Control{extendedDN{}}))
	if ldap.IsErrorAnyOf(err, ldap.LDAPResultNoSuchObject, ldap.LDAPResultOperationsError) && !p.conn.Broken() {
		return nil, 0, nil // deleted this moment, or nobody is left from there on
	}
	if err != nil || len(found) == 0 {
		return nil, 0, err
	}
	for _, a := range found[0].Attributes {
		name, options, _ := strings.Cut(strings.ToLower(a.Name), ";")
		if name != "member" {
			continue
		}
		for _, v := range a.Values {
			if object := guidOf(v); object != "" {
				members = append(members, object)
			}
		}
		if _, last, ranged := strings.Cut(options, "-"); ranged && last != "*" {
			if end, err := strconv.Atoi(last); err == nil && len(a.Values) > 0 {
				next = end + 1
			}
		}
	}
	return members, next, nil
}

// plainDN takes the GUID and SID off a DN that was asked for with extendedDN.
func plainDN(dn string) string {
	for strings.HasPrefix(dn, "<") {
		_, rest, found := strings.Cut(dn, ">;")
		if !found {
			return dn
		}
		dn = rest
	}
	return dn
}

// guidOf reads the GUID of such a DN; empty where there is none.
func guidOf(dn string) string {
	guid, _, found := strings.Cut(strings.TrimPrefix(dn, "<GUID="), ">")
	if !found || !strings.HasPrefix(dn, "<GUID=") {
		return ""
	}
	return strings.ToLower(guid)
}

// extendedDN puts GUID and SID before every DN, written as people do (LDAP_SERVER_EXTENDED_DN_OID, MS-ADTS 3.1.1.3.4.1.5).
type extendedDN struct{}

// GetControlType implements ldap.Control.
func (extendedDN) GetControlType() string { return ldap.ControlTypeMicrosoftExtendedDN }

// String implements ldap.Control.
func (extendedDN) String() string { return "extended DN" }

// Encode implements ldap.Control.
func (c extendedDN) Encode() *ber.Packet {
	const flagText = "\x30\x03\x02\x01\x01" // SEQUENCE { INTEGER 1 }
	return critical(c.GetControlType(), flagText)
}

// showDeleted finds deleted objects too (LDAP_SERVER_SHOW_DELETED_OID, MS-ADTS 3.1.1.3.4.1.14).
type showDeleted struct{}

// GetControlType implements ldap.Control.
func (showDeleted) GetControlType() string { return ldap.ControlTypeMicrosoftShowDeleted }

// String implements ldap.Control.
func (showDeleted) String() string { return "show deleted" }

// Encode implements ldap.Control.
func (c showDeleted) Encode() *ber.Packet { return critical(c.GetControlType(), "") }

// critical writes a control that a server must know or refuse. See historyControl for TRUE.
func critical(oid, value string) *ber.Packet {
	p := ber.Encode(ber.ClassUniversal, ber.TypeConstructed, ber.TagSequence, nil, "Control")
	p.AppendChild(ber.NewString(ber.ClassUniversal, ber.TypePrimitive, ber.TagOctetString, oid, "Type"))
	p.AppendChild(ber.NewString(ber.ClassUniversal, ber.TypePrimitive, ber.TagBoolean, "\xff", "Criticality"))
	if value != "" {
		p.AppendChild(ber.NewString(ber.ClassUniversal, ber.TypePrimitive, ber.TagOctetString, value, "Value"))
	}
	return p
}
