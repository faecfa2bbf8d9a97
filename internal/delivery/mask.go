package delivery

import "strings"

// MaskMail leaves the first character of a mail address and its domain.
func MaskMail(to string) string {
	at := strings.LastIndexByte(to, '@')
	if at <= 0 {
		return "…"
	}
	return string([]rune(to[:at])[:1]) + "…" + to[at:]
}
