package ldapconn

import (
	"strings"
)

// DNSName reports whether a text is a DNS name of two labels or more, in lower case.
func DNSName(s string) bool {
	labels := strings.Split(s, ".")
	for _, l := range labels {
		if l == "" || len(l) > 63 || strings.Trim(l, "abcdefghijklmnopqrstuvwxyz0123456789-_") != "" {
			return false
		}
	}
	return len(labels) > 1 && len(s) < 254
}

// AttributeName reports whether a text can be the name of an attribute (RFC 4512 §1.4, keystring).
func AttributeName(s string) bool {
	const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	return s != "" && strings.Trim(s, letters+"0123456789-") == "" && strings.ContainsAny(s[:1], letters)
}

// Language makes a tag of preferredLanguage, which holds what Accept-Language holds (RFC 2798 §2.7).
func Language(preferred string) string {
	first, _, _ := strings.Cut(preferred, ",")
	first, _, _ = strings.Cut(first, ";")
	return strings.ReplaceAll(strings.TrimSpace(first), "_", "-")
}
