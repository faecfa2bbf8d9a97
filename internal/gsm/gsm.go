// Package gsm tells what a text message takes on the air: its alphabet (3GPP TS 23.038) and its segments (3GPP TS 23.040 §9.2.3.24.1).
package gsm

import (
	"strings"
	"unicode/utf16"
)

const (
	// basic is the default alphabet: a septet for each sign (TS 23.038 §6.2.1).
	basic = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
	// extended signs take an escape and a septet (TS 23.038 §6.2.1.1).
	extended = "\f^{}\\[~]|€"
)

// What a message holds, and each of several that belong together, which lose six bytes to say so.
const (
	oneOfSeptets  = 160
	manyOfSeptets = 153
	oneOfUnits    = 70
	manyOfUnits   = 67
)

// Plain reports whether a text is written in the default alphabet alone.
func Plain(text string) bool {
	for _, r := range text {
		if septets(r) == 0 {
			return false
		}
	}
	return true
}

// Segments counts the messages a text is sent and paid as; an empty one is one. A sign is never cut in two.
func Segments(text string) int {
	if Plain(text) {
		return pieces(text, septets, oneOfSeptets, manyOfSeptets)
	}
	return pieces(text, units, oneOfUnits, manyOfUnits)
}

func pieces(text string, size func(rune) int, one, many int) int {
	total, n, used := 0, 1, 0
	for _, r := range text {
		s := size(r)
		if total += s; used+s > many {
			n, used = n+1, 0
		}
		used += s
	}
	if total <= one {
		return 1
	}
	return n
}

// septets gives 0 for a sign that is not in the alphabet.
func septets(r rune) int {
	switch {
	case strings.ContainsRune(basic, r):
		return 1
	case strings.ContainsRune(extended, r):
		return 2
	}
	return 0
}

// units counts in UTF-16, which is what networks carry as UCS-2.
func units(r rune) int { return max(utf16.RuneLen(r), 1) }

// Fold writes typographic signs as those of the default alphabet, since one of them makes a message hold half as much. Letters stay.
func Fold(text string) string {
	return strings.NewReplacer(
		"‘", "'", "’", "'", "‚", "'", "“", `"`, "”", `"`, "„", `"`, "«", `"`, "»", `"`,
		"‐", "-", "‑", "-", "–", "-", "—", "-", "−", "-", "·", "-", "•", "-",
		"…", "...", "\u00a0", " ", "\u202f", " ", "\u2009", " ", "\t", " ",
	).Replace(text)
}
