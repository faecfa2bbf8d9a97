package ad

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/go-ldap/ldap/v3"

	"rekey/internal/directory"
	"rekey/internal/directory/ldapconn"
)

// Windows error codes (MS-ERREF 2.2) that begin a diagnostic, as eight hexadecimal digits.
const (
	noCode           = 0
	accessDenied     = 0x0005
	wrongOldPassword = 0x0056
	notBound         = 0x04DC
	noSuchUser       = 0x0525
	passwordRefused  = 0x052D
	lockedOut        = 0x0775
	notBoundSamba    = 0x2020
	noSuchObject     = 0x2030
	noSuchObjectName = 0x208D
	insufficient     = 0x2098
)

// win32 gives the Windows code of a diagnostic such as "0000052D: SvcErr: DSID-031A12D2, problem 5003 (WILL_NOT_PERFORM)".
func win32(err error) uint64 {
	var e *ldap.Error
	if !errors.As(err, &e) || e.Err == nil {
		return noCode
	}
	const digits = 8
	diagnostic := e.Err.Error()
	if len(diagnostic) < digits {
		return noCode
	}
	code, err := strconv.ParseUint(diagnostic[:digits], 16, 32)
	if err != nil {
		return noCode
	}
	return code
}

// forgotten reports whether a server has forgotten who a connection is; then it did nothing.
func forgotten(err error) bool {
	code := win32(err)
	return ldap.IsErrorWithCode(err, ldap.LDAPResultOperationsError) && (code == notBound || code == notBoundSamba)
}

// translate turns a server's refusal of a write into the contract's errors. The Windows code decides before LDAP's own: a
// policy's refusal is 53 on a reset and 19 on a change. What is not known counts as not served: nothing was written, and
// blaming the password would send the person in circles.
func translate(err error) error {
	switch win32(err) {
	case passwordRefused, lockedOut:
		return &directory.RejectedError{Reason: reason(err)}
	case wrongOldPassword:
		return directory.ErrWrongPassword
	case accessDenied, insufficient:
		return fmt.Errorf("%w: %w", directory.ErrDenied, err)
	case noSuchUser, noSuchObject, noSuchObjectName:
		return directory.ErrNotFound
	}
	var e *ldap.Error
	if !errors.As(err, &e) {
		return ldapconn.Unavailable(err)
	}
	switch e.ResultCode {
	case ldap.LDAPResultInsufficientAccessRights:
		return fmt.Errorf("%w: %w", directory.ErrDenied, err)
	case ldap.LDAPResultNoSuchObject:
		return directory.ErrNotFound
	}
	return ldapconn.Unavailable(err)
}

// reason reads which rule a password broke. Samba says; Windows does not.
func reason(err error) directory.Reason {
	text := err.Error()
	for _, r := range []struct {
		words  string
		reason directory.Reason
	}{
		{"password is too short", directory.TooShort},
		{"complexity criteria", directory.Complexity},
		{"already used", directory.InHistory},
		{"too young", directory.TooYoung},
	} {
		if strings.Contains(text, r.words) {
			return r.reason
		}
	}
	return directory.PolicyRefused
}

// signInReason reads why a bind failed: "data" and a Windows code in the diagnostic. Expired and must change say that the password
// was right.
func signInReason(err error) directory.SignInReason {
	_, rest, found := strings.Cut(err.Error(), ", data ")
	if !found {
		if strings.Contains(err.Error(), "NT_STATUS_PASSWORD_MUST_CHANGE") {
			return directory.SignInMustChange
		}
		return directory.SignInWrong
	}
	code, _, _ := strings.Cut(rest, ",")
	switch strings.ToLower(strings.TrimSpace(code)) {
	case "52f", "530", "531", "569": // restriction of the account, hours, workstation, kind of sign-in
		return directory.SignInRestricted
	case "532":
		return directory.SignInExpired
	case "533":
		return directory.SignInDisabled
	case "701":
		return directory.SignInAccountExpired
	case "773":
		return directory.SignInMustChange
	case "775":
		return directory.SignInLocked
	}
	return directory.SignInWrong // 52e wrong, 525 no such user, and what is not known
}
