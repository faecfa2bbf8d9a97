package entra

import (
	"encoding/json"
	"slices"
	"strings"
	"time"

	"rekey/internal/account"
)

// user is a person as Graph writes one. Properties that were not asked for, or that nobody set, are zero.
type user struct {
	ID                string     `json:"id"`
	UPN               string     `json:"userPrincipalName"`
	Type              string     `json:"userType"`
	DisplayName       string     `json:"displayName"`
	GivenName         string     `json:"givenName"`
	Surname           string     `json:"surname"`
	Mail              string     `json:"mail"`
	OtherMails        []string   `json:"otherMails"`
	ProxyAddresses    []string   `json:"proxyAddresses"`
	MobilePhone       string     `json:"mobilePhone"`
	BusinessPhones    []string   `json:"businessPhones"`
	PreferredLanguage string     `json:"preferredLanguage"`
	AccountEnabled    bool       `json:"accountEnabled"`
	PasswordChanged   *time.Time `json:"lastPasswordChangeDateTime"`
	Synced            bool       `json:"onPremisesSyncEnabled"`
	ImmutableID       string     `json:"onPremisesImmutableId"`
	SID               string     `json:"onPremisesSecurityIdentifier"`
	SAM               string     `json:"onPremisesSamAccountName"`

	Removed *struct{} `json:"@removed"` // in a delta
	Manager []object  `json:"manager@delta"`

	rest map[string]json.RawMessage // every property, where settings name some
}

// object is something of the directory, of which only the id matters, or that it is not there any more.
type object struct {
	ID      string    `json:"id"`
	Removed *struct{} `json:"@removed"`
}

// extensions is the property that holds extensionAttribute1 to 15.
const extensions = "onPremisesExtensionAttributes"

// accountProperties are what an account is made of.
func (d *Directory) accountProperties() string {
	names := []string{
		"id", "userPrincipalName", "userType", "displayName", "givenName", "surname", "mail", "proxyAddresses", "preferredLanguage", "accountEnabled",
		"lastPasswordChangeDateTime", "onPremisesSyncEnabled", "onPremisesImmutableId", "onPremisesSecurityIdentifier", "onPremisesSamAccountName",
	}
	for _, a := range d.config.Attributes {
		if strings.HasPrefix(a, "extensionAttribute") {
			a = extensions
		}
		if !slices.Contains(names, a) {
			names = append(names, a)
		}
	}
	return strings.Join(names, ",")
}

// guest reports whether the account is another tenant's: its password is not here, whatever type it was given.
func (u user) guest() bool {
	return strings.EqualFold(u.Type, "Guest") || strings.Contains(strings.ToUpper(u.UPN), "#EXT#@")
}

func (u user) passwordSet() time.Time {
	if u.PasswordChanged == nil {
		return time.Time{}
	}
	return *u.PasswordChanged
}

// account makes one without groups.
func (d *Directory) account(u user) account.Account {
	a := account.Account{
		ID: account.ID{Directory: d.Key(), Object: strings.ToLower(u.ID)}, UPN: u.UPN, SAM: u.SAM, NetBIOS: d.config.ShortName, SID: u.SID, Anchor: u.ImmutableID,
		DisplayName: u.DisplayName, GivenName: u.GivenName, Language: u.PreferredLanguage, Attributes: map[string][]string{},
		State: account.State{Disabled: !u.AccountEnabled, PasswordSet: u.passwordSet(), Synced: u.Synced},
	}
	if a.Mails = mails(u.Mail, u.ProxyAddresses); len(a.Mails) > 0 {
		a.Mail = a.Mails[0]
	}
	for _, m := range u.Manager {
		if m.Removed == nil {
			a.Manager = strings.ToLower(m.ID)
		}
	}
	var extended map[string]json.RawMessage
	_ = json.Unmarshal(u.rest[extensions], &extended) // null, or not asked for
	for _, name := range d.config.Attributes {
		raw := u.rest[name]
		if strings.HasPrefix(name, "extensionAttribute") {
			raw = extended[name]
		}
		if v := values(raw); len(v) > 0 {
			a.Attributes[name] = v
		}
	}
	return a
}

// read takes one user from an answer.
func (d *Directory) read(body []byte) (user, error) {
	var u user
	err := json.Unmarshal(body, &u)
	if err == nil && len(d.config.Attributes) > 0 {
		err = json.Unmarshal(body, &u.rest)
	}
	return u, err
}

// readPage takes the users from a page. What settings name is read in a second pass, so that pages are quick without.
func (d *Directory) readPage(body []byte) ([]user, error) {
	var page struct{ Value []user }
	err := json.Unmarshal(body, &page)
	if err == nil && len(d.config.Attributes) > 0 {
		var again struct{ Value []map[string]json.RawMessage }
		err = json.Unmarshal(body, &again)
		for i := range again.Value {
			page.Value[i].rest = again.Value[i]
		}
	}
	return page.Value, err
}

// values reads a property that is a text, a list of texts, a number or a truth.
func values(raw json.RawMessage) []string {
	var many []string
	if json.Unmarshal(raw, &many) == nil {
		return many
	}
	var one any
	if json.Unmarshal(raw, &one) != nil {
		return nil
	}
	switch v := one.(type) {
	case string:
		return []string{v}
	case bool, float64:
		return []string{string(raw)}
	}
	return nil
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
