package authenticator_test

import (
	"strings"
	"testing"

	"rekey/internal/authenticator"
	"rekey/internal/secret"
)

func TestDigits(t *testing.T) {
	for typed, want := range map[string]string{
		"012345":                 "012345",
		" 012 345\n":             "012345",
		"012-345":                "012345",
		"012–345":                "012345", // en dash
		"012−345":                "012345", // minus sign
		"012\u00a0345":           "012345", // no-break space
		"\u200f012345\u200e":     "012345", // direction marks
		"０１２３４５":                 "012345", // full width
		"٠١٢٣٤٥":                 "012345", // Arabic-Indic
		"۰۱۲۳۴۵":                 "012345", // Persian
		"०१२३४५":                 "",       // Devanagari: not among the languages
		"01234S":                 "",
		"012.345":                "",
		"012345\x00":             "",
		"\xff012345":             "",
		"":                       "",
		strings.Repeat("1", 257): "",
	} {
		if got := authenticator.Digits(secret.New(typed)); got != want {
			t.Errorf("Digits(%q) = %q, want %q", typed, got, want)
		}
	}
}

func TestLetters(t *testing.T) {
	for typed, want := range map[string]string{
		"k7qf-2m9t":  "K7QF2M9T",
		"K7QF 2M9T":  "K7QF2M9T",
		"Ｋ７ＱＦ－２Ｍ９Ｔ":  "K7QF2M9T",
		"K7QF_2M9T":  "",
		"K7QFé":      "",
		"\u212a7QF":  "", // Kelvin sign: upper case of it would be a letter
		"K7QF\u0131": "", // dotless i
	} {
		if got := authenticator.Letters(secret.New(typed)); got != want {
			t.Errorf("Letters(%q) = %q, want %q", typed, got, want)
		}
	}
}

func FuzzClean(f *testing.F) {
	for _, s := range []string{"012 345", "٠١٢", "K7QF-2M9T", "\xff", "\u200f1"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, typed string) {
		digits, letters := authenticator.Digits(secret.New(typed)), authenticator.Letters(secret.New(typed))
		if strings.Trim(digits, "0123456789") != "" {
			t.Errorf("Digits(%q) = %q", typed, digits)
		}
		if strings.Trim(letters, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "" {
			t.Errorf("Letters(%q) = %q", typed, letters)
		}
		if digits != "" && digits != letters {
			t.Errorf("%q is %q as digits and %q as letters", typed, digits, letters)
		}
	})
}
