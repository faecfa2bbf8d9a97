package gsm_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"rekey/internal/gsm"
)

func TestSegments(t *testing.T) {
	for _, c := range []struct {
		what, text string
		want       int
	}{
		{"nothing", "", 1},
		{"what one holds", strings.Repeat("a", 160), 1},
		{"one sign more", strings.Repeat("a", 161), 2},
		{"what two hold", strings.Repeat("a", 306), 2},
		{"one more than two hold", strings.Repeat("a", 307), 3},
		{"German", strings.Repeat("ä", 160), 1},
		{"extended signs take two", strings.Repeat("€", 80), 1},
		{"and one more", strings.Repeat("€", 81), 2},
		{"an escape is not parted from its sign", strings.Repeat("a", 152) + "€" + strings.Repeat("a", 152), 3},
		{"Arabic", strings.Repeat("ر", 70), 1},
		{"Arabic, one more", strings.Repeat("ر", 71), 2},
		{"Arabic, what two hold", strings.Repeat("ر", 134), 2},
		{"one foreign sign changes the alphabet of all", strings.Repeat("a", 70) + "ر", 2},
		{"pairs of surrogates", strings.Repeat("🔑", 35), 1},
		{"a pair is not parted", strings.Repeat("ر", 66) + "🔑" + strings.Repeat("ر", 66), 3},
		{"Turkish", "şifre", 1},
	} {
		if got := gsm.Segments(c.text); got != c.want {
			t.Errorf("%s: %d, want %d", c.what, got, c.want)
		}
	}
}

func TestFold(t *testing.T) {
	if got := gsm.Fold("Help desk – “4357”, Mon–Fri…\u00a0it’s"); got != `Help desk - "4357", Mon-Fri... it's` || !gsm.Plain(got) {
		t.Errorf("got %q", got)
	}
	if got := gsm.Fold("رمزك Größe"); got != "رمزك Größe" {
		t.Errorf("letters changed: %q", got)
	}
}

func FuzzSegments(f *testing.F) {
	f.Add("Your code is 123456")
	f.Add("رمزك 🔑")
	f.Add("\xff\xfe")
	f.Fuzz(func(t *testing.T, text string) {
		n, signs := gsm.Segments(text), utf8.RuneCountInString(text)
		if n < 1 || n*153 < signs && n*160 < signs || n > 1+2*signs/66 {
			t.Errorf("%d segments for %d signs", n, signs)
		}
		if m := gsm.Segments(text + "a"); m < n {
			t.Errorf("a sign more made %d of %d", m, n)
		}
	})
}
