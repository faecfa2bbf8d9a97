package entra

import (
	"context"
	"errors"
	"regexp"
	"slices"
	"strings"

	"rekey/internal/account"
	"rekey/internal/directory"
)

// Contacts implements directory.ContactReader: what people registered for their sign-in, and where there is nothing, or it may not be
// read, what their account says.
func (d *Directory) Contacts(ctx context.Context, id account.ID) ([]directory.Contact, error) {
	u, err := d.user(ctx, id, "id,userPrincipalName,userType,mobilePhone,businessPhones,otherMails")
	if err != nil {
		return nil, err
	}
	ctx, cancel, err := limit(ctx, d.config.ReadTimeout)
	if err != nil {
		return nil, err
	}
	defer cancel()
	registered, err := d.registered(ctx, id)
	if err != nil && !errors.Is(err, directory.ErrDenied) {
		return nil, err
	}
	all := registered
	for _, c := range attributes(u) {
		known := slices.ContainsFunc(all, func(k directory.Contact) bool { return k.Kind == c.Kind && strings.EqualFold(k.Value, c.Value) })
		if !known {
			all = append(all, c)
		}
	}
	return all, nil
}

// method is an authentication method that is a phone or an address.
type method struct {
	Phone string `json:"phoneNumber"`
	Type  string `json:"phoneType"`
	Mail  string `json:"emailAddress"`
}

func (d *Directory) registered(ctx context.Context, id account.ID) ([]directory.Contact, error) {
	var found []directory.Contact
	for _, of := range []struct{ path, right string }{{"phoneMethods", rightPhones}, {"emailMethods", rightMails}} {
		if !d.may(ctx, rightMethods, of.right) {
			continue
		}
		path := "/users/" + id.Object + "/authentication/" + of.path
		err := list(ctx, d.graph, call{kind: readMethods, path: path}, func(m method) bool {
			kind := directory.ContactMobile
			if m.Type == "office" {
				kind = directory.ContactOffice
			}
			if number := e164(m.Phone); number != "" {
				found = append(found, directory.Contact{Kind: kind, Value: number, Registered: true})
			}
			if m.Mail != "" {
				found = append(found, directory.Contact{Kind: directory.ContactMail, Value: m.Mail, Registered: true})
			}
			return true
		})
		if err != nil {
			return found, err
		}
	}
	return found, nil
}

func attributes(u user) []directory.Contact {
	var all []directory.Contact
	add := func(kind directory.ContactKind, value string) {
		if value != "" {
			all = append(all, directory.Contact{Kind: kind, Value: value})
		}
	}
	add(directory.ContactMobile, e164(u.MobilePhone))
	for _, p := range u.BusinessPhones {
		add(directory.ContactOffice, e164(p))
	}
	for _, m := range u.OtherMails {
		add(directory.ContactMail, m)
	}
	return all
}

var phoneForm = regexp.MustCompile(`^\+[1-9][0-9]{5,14}(x[0-9]{1,8})?$`)

// e164 takes out of a number what people put between its digits. One without a country, such as "4357", reaches nobody from here.
func e164(number string) string {
	number = strings.NewReplacer(" ", "", "-", "", "(0)", "", "(", "", ")", "", ".", "", "/", "", "\u00a0", "", "ext", "x", "X", "x").Replace(number)
	if !phoneForm.MatchString(number) {
		return ""
	}
	return number
}
