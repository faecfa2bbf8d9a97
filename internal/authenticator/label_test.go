package authenticator_test

import (
	"strings"
	"testing"

	"rekey/internal/authenticator"
)

func TestCleanLabel(t *testing.T) {
	for typed, want := range map[string]string{
		"":                         "",
		"  work \t phone\r\n":      "work phone",
		"a\u00a0b\u2028c":          "a b c",
		"phone\x00\x1b[31m":        "phone[31m",
		"\u202eenohp\u202c \u2066": "enohp",
		"هاتف العمل":               "هاتف العمل",
		"می\u200cخواهم":            "می\u200cخواهم", // a joiner is spelling
		"👩\u200d💻":                 "👩\u200d💻",
		strings.Repeat("ä", 60):    strings.Repeat("ä", 60),
	} {
		if got, ok := authenticator.CleanLabel(typed); !ok || got != want {
			t.Errorf("%q: %q, %v", typed, got, ok)
		}
	}
	for _, bad := range []string{strings.Repeat("ä", 61), "\xff"} {
		if got, ok := authenticator.CleanLabel(bad); ok {
			t.Errorf("%q was taken as %q", bad, got)
		}
	}
}
