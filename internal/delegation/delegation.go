package delegation

import (
	"fmt"
	"strings"
	"unicode"
)

// Domain is whom the rights are for, and where.
type Domain struct {
	BaseDN  string   // of the domain
	Account string   // sAMAccountName of the service account
	NetBIOS string   // of the domain
	Units   []string // DNs of the units whose people are served; those below them are, too
}

// NameError is a name that no script can hold safely, or that is not within the domain.
type NameError struct{ Name, Why string }

// Error implements error.
func (e *NameError) Error() string { return fmt.Sprintf("%q: %s", e.Name, e.Why) }

const mostUnits = 50

// Validate looks at the names. Errors: *NameError.
func (d Domain) Validate() error {
	if len(d.Units) == 0 || len(d.Units) > mostUnits {
		return &NameError{"", fmt.Sprintf("give 1 to %d units, one on each line", mostUnits)}
	}
	for _, name := range append([]string{d.BaseDN, d.Account, d.NetBIOS}, d.Units...) {
		if name == "" || len(name) > 1000 || strings.ContainsFunc(name, func(r rune) bool { return !unicode.IsPrint(r) || r == unicode.ReplacementChar }) {
			return &NameError{name, "want a name of printable characters on one line"}
		}
	}
	if strings.ContainsAny(d.Account+d.NetBIOS, `"/\[]:;|=,+*?<>@'`) { // Microsoft: what a sAMAccountName may not hold
		return &NameError{d.Account, "is not the short name of an account"}
	}
	base := strings.ToLower(d.BaseDN)
	for _, u := range d.Units {
		if low := strings.ToLower(u); low != base && !below(low, base) {
			return &NameError{u, "is not within " + d.BaseDN}
		}
		if !isDN(u) {
			return &NameError{u, "is not a DN such as OU=People," + d.BaseDN}
		}
	}
	return nil
}

// below reports whether a DN ends in another, at a comma that parts them.
func below(dn, base string) bool {
	rest, ok := strings.CutSuffix(dn, ","+base)
	return ok && (len(rest)-len(strings.TrimRight(rest, `\`)))%2 == 0
}

// isDN reports whether each part of a text has a key and a value. It is no parser: the directory refuses what only looks like one.
func isDN(dn string) bool {
	escaped, inValue, length := false, false, 0
	for _, r := range dn {
		switch {
		case escaped:
			escaped, length = false, length+1
		case r == '\\':
			escaped = true
		case r == '=' && !inValue:
			if length == 0 {
				return false
			}
			inValue, length = true, 0
		case r == ',':
			if !inValue || length == 0 {
				return false
			}
			inValue, length = false, 0
		default:
			length++
		}
	}
	return inValue && length > 0 && !escaped
}

// posix quotes a text for a POSIX shell.
func posix(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }

// powershell quotes a text for PowerShell, which takes four curved quotation marks for straight ones.
func powershell(s string) string {
	var b strings.Builder
	b.WriteByte('\'')
	for _, r := range s {
		if strings.ContainsRune("'\u2018\u2019\u201a\u201b", r) {
			b.WriteRune(r)
		}
		b.WriteRune(r)
	}
	b.WriteByte('\'')
	return b.String()
}
