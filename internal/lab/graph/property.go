package graph

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"

	"rekey/internal/lab/graph/odata"
)

// support says how a property may be used by an operator of $filter.
type support int

const (
	never    support = iota
	advanced         // with ConsistencyLevel: eventual and $count=true only
	plain
)

// property is one of a user's, with what the documentation says of it. One of text, list, flag and at is set.
type property struct {
	name     string
	standard bool // answered without $select
	eq       support
	starts   support
	ends     support
	text     func(*User) string
	list     func(*User) []string
	flag     func(*User) *bool
	at       func(*User) time.Time
}

func op(f func(*OnPremises) string) func(*User) string {
	return func(u *User) string {
		if u.OnPremises == nil {
			return ""
		}
		return f(u.OnPremises)
	}
}

func yes(b bool) *bool { return &b }

// properties are the documented ones that the emulator knows, in the order of the wire.
var properties = []property{
	{name: "id", standard: true, eq: plain, text: func(u *User) string { return u.ID }},
	{name: "businessPhones", standard: true, eq: advanced, starts: advanced, list: func(u *User) []string { return u.BusinessPhones }},
	{name: "displayName", standard: true, eq: plain, starts: plain, text: func(u *User) string { return u.DisplayName }},
	{name: "givenName", standard: true, eq: plain, starts: plain, text: func(u *User) string { return u.GivenName }},
	{name: "jobTitle", standard: true, eq: plain, starts: plain, text: func(u *User) string { return u.JobTitle }},
	{name: "mail", standard: true, eq: plain, starts: plain, ends: advanced, text: func(u *User) string { return u.Mail }},
	{name: "mobilePhone", standard: true, eq: advanced, starts: advanced, text: func(u *User) string { return u.MobilePhone }},
	{name: "officeLocation", standard: true, eq: advanced, starts: advanced, text: func(u *User) string { return u.OfficeLocation }},
	{name: "preferredLanguage", standard: true, eq: advanced, starts: advanced, text: func(u *User) string { return u.PreferredLanguage }},
	{name: "surname", standard: true, eq: plain, starts: plain, text: func(u *User) string { return u.Surname }},
	{name: "userPrincipalName", standard: true, eq: plain, starts: plain, ends: advanced, text: func(u *User) string { return u.UserPrincipalName }},
	{name: "accountEnabled", eq: plain, flag: func(u *User) *bool { return yes(!u.Disabled) }},
	{name: "companyName", eq: advanced, starts: advanced, text: func(u *User) string { return u.CompanyName }},
	{name: "createdDateTime", eq: plain, at: func(u *User) time.Time { return u.Created }},
	{name: "department", eq: plain, starts: plain, text: func(u *User) string { return u.Department }},
	{name: "employeeId", eq: plain, starts: plain, text: func(u *User) string { return u.EmployeeID }},
	{name: "lastPasswordChangeDateTime", at: func(u *User) time.Time { return u.PasswordChanged }},
	{name: "mailNickname", eq: plain, starts: plain, text: func(u *User) string { return u.MailNickname }},
	{name: "onPremisesDistinguishedName", text: op(func(p *OnPremises) string { return p.DN })},
	{name: "onPremisesDomainName", text: op(func(p *OnPremises) string { return p.Domain })},
	{name: "onPremisesImmutableId", eq: plain, starts: plain, text: op(func(p *OnPremises) string { return p.ImmutableID })},
	{name: "onPremisesLastSyncDateTime", eq: plain, at: lastSync},
	{name: "onPremisesSamAccountName", eq: advanced, starts: advanced, text: op(func(p *OnPremises) string { return p.SAM })},
	{name: "onPremisesSecurityIdentifier", eq: advanced, text: op(func(p *OnPremises) string { return p.SID })},
	{name: "onPremisesSyncEnabled", eq: plain, flag: syncEnabled},
	{name: "onPremisesUserPrincipalName", eq: plain, starts: plain, text: op(func(p *OnPremises) string { return p.UPN })},
	{name: "otherMails", eq: plain, starts: plain, ends: advanced, list: func(u *User) []string { return u.OtherMails }},
	{name: "passwordPolicies", eq: advanced, text: func(u *User) string { return u.PasswordPolicies }},
	{name: "proxyAddresses", eq: plain, starts: plain, ends: advanced, list: func(u *User) []string { return u.ProxyAddresses }},
	{name: "signInSessionsValidFromDateTime", at: func(u *User) time.Time { return u.SessionsFrom }},
	{name: "usageLocation", eq: plain, starts: plain, text: func(u *User) string { return u.UsageLocation }},
	{name: "userType", eq: plain, text: userType},
}

func userType(u *User) string {
	if u.Guest {
		return "Guest"
	}
	return "Member"
}

func syncEnabled(u *User) *bool {
	if u.OnPremises == nil {
		return nil
	}
	return yes(!u.OnPremises.Former)
}

func lastSync(u *User) time.Time {
	if u.OnPremises == nil {
		return time.Time{}
	}
	return u.OnPremises.LastSync
}

// byName are the properties by lower-case name.
var byName = func() map[string]*property {
	m := make(map[string]*property, len(properties))
	for i := range properties {
		m[strings.ToLower(properties[i].name)] = &properties[i]
	}
	return m
}()

// propertyNamed finds one whatever its case; nil if there is none.
func propertyNamed(name string) *property { return byName[strings.ToLower(name)] }

// field is the property as $filter sees it.
func (p *property) field(u *User) odata.Field {
	switch {
	case p.list != nil:
		return odata.Field{IsList: true, List: p.list(u)}
	case p.flag != nil:
		if v := p.flag(u); v != nil {
			return odata.Field{Text: strconv.FormatBool(*v)}
		}
		return odata.Field{Null: true}
	case p.at != nil:
		at := p.at(u)
		return odata.Field{Null: at.IsZero(), Text: wireTime(at)}
	}
	text := p.text(u)
	return odata.Field{Null: text == "", Text: text}
}

// empty reports whether the property was never set: delta leaves it out then.
func (p *property) empty(u *User) bool {
	f := p.field(u)
	return f.Null || f.IsList && len(f.List) == 0
}

// appendTo writes `"name":value`.
func (p *property) appendTo(b []byte, u *User) []byte {
	b = append(append(append(b, '"'), p.name...), '"', ':')
	f := p.field(u)
	switch {
	case f.IsList:
		b = append(b, '[')
		for i, item := range f.List {
			if i > 0 {
				b = append(b, ',')
			}
			b = appendText(b, item)
		}
		return append(b, ']')
	case f.Null:
		return append(b, "null"...)
	case p.flag != nil:
		return append(b, f.Text...)
	}
	return appendText(b, f.Text)
}

// appendText writes a JSON string.
func appendText(b []byte, text string) []byte {
	for i := range len(text) {
		if c := text[i]; c < 0x20 || c > 0x7e || c == '"' || c == '\\' || c == '<' || c == '>' || c == '&' {
			quoted, _ := json.Marshal(text) // a string always can be
			return append(b, quoted...)
		}
	}
	return append(append(append(b, '"'), text...), '"')
}

// wireTime is a time as Graph writes it.
func wireTime(at time.Time) string { return at.UTC().Format("2006-01-02T15:04:05Z") }

// appendUser writes the chosen properties of a user as an object, after the members given as they stand.
func appendUser(b []byte, u *User, chosen []*property, before string) []byte {
	b = append(append(b, '{'), before...)
	for i, p := range chosen {
		if i > 0 || before != "" {
			b = append(b, ',')
		}
		b = p.appendTo(b, u)
	}
	return append(b, '}')
}

// everything is the set of all properties.
const everything = ^uint64(0)

// differences is the set of properties that two states of a user differ in, by bit of their place.
func differences(a, b *User) (set uint64) {
	if a.gone != b.gone {
		return everything
	}
	for i := range properties {
		p := &properties[i]
		x, y := p.field(a), p.field(b)
		if x.Null != y.Null || x.Text != y.Text || !slices.Equal(x.List, y.List) {
			set |= 1 << i
		}
	}
	if a.Manager != b.Manager {
		set |= managerChanged
	}
	return set
}

// managerChanged stands for the manager, which is no property.
const managerChanged = 1 << 63
