package openldap

import (
	"errors"
	"fmt"
	"strings"

	"github.com/go-ldap/ldap/v3"

	"rekey/internal/directory"
	"rekey/internal/directory/ldapconn"
)

// translate turns a server's refusal of a write into the contract's errors. What the password policy says decides before LDAP's own
// code, which is 19 or 50 for most. What is not known counts as not served: nothing was written, and blaming the password would send
// the person in circles.
func translate(err error) error {
	said := verdictOf(err)
	if r, ok := said.reason(); ok {
		return &directory.RejectedError{Reason: r}
	}
	denied := fmt.Errorf("%w: %w", directory.ErrDenied, err)
	switch said.code {
	case accountLocked, passwordExpired:
		return &directory.RejectedError{Reason: directory.PolicyRefused}
	case modNotAllowed, mustSupplyOld, changeAfterReset: // the last: the service account's own password must be changed
		return denied
	}
	var refusal *ldap.Error
	if !errors.As(err, &refusal) {
		return ldapconn.Unavailable(err)
	}
	switch refusal.ResultCode {
	case ldap.LDAPResultConstraintViolation, ldap.LDAPResultInvalidAttributeSyntax:
		return &directory.RejectedError{Reason: diagnosed(refusal)}
	case ldap.LDAPResultUnwillingToPerform:
		// It was right when the person signed in with it just now, so it is the service account that may not compare it.
		if strings.Contains(strings.ToLower(refusal.Error()), "old password") {
			return denied
		}
	case ldap.LDAPResultInsufficientAccessRights:
		return denied
	case ldap.LDAPResultNoSuchObject:
		return directory.ErrNotFound
	}
	return ldapconn.Unavailable(err)
}

// diagnosed reads which rule a password broke where only the text says.
func diagnosed(refusal *ldap.Error) directory.Reason {
	said := strings.ToLower(refusal.Error())
	for _, r := range []struct {
		words  string
		reason directory.Reason
	}{
		{"too short", directory.TooShort},
		{"characters long", directory.TooShort},
		{"history", directory.InHistory},
		{"too young", directory.TooYoung},
		{"minimum age", directory.TooYoung},
		{"too soon", directory.TooYoung},
		{"character class", directory.Complexity},
		{"based off of user entry", directory.HoldsName},
		{"dictionary", directory.Banned},
	} {
		if strings.Contains(said, r.words) {
			return r.reason
		}
	}
	return directory.PolicyRefused
}
