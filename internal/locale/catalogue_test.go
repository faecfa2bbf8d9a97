package locale_test

import (
	"strings"
	"testing"
	"time"

	"rekey/internal/locale"
)

func load(t *testing.T) *locale.Catalogue {
	t.Helper()
	c, err := locale.Load()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestLanguages(t *testing.T) {
	want := []locale.Language{{Tag: "en", Name: "English", Dir: "ltr"}, {Tag: "ar", Name: "العربية", Dir: "rtl"}, {Tag: "de", Name: "Deutsch", Dir: "ltr"}}
	got := load(t).Languages()
	if len(got) != len(want) {
		t.Fatalf("languages %v, want %v", got, want)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("language %d is %v, want %v", i, got[i], want[i])
		}
	}
}

func TestMatch(t *testing.T) {
	c := load(t)
	for _, row := range []struct {
		prefs []string
		want  string
	}{
		{nil, "en"},
		{[]string{""}, "en"},
		{[]string{"de"}, "de"},
		{[]string{"de-AT"}, "de"},
		{[]string{"DE-ch"}, "de"},
		{[]string{"de_DE"}, "de"},
		{[]string{"ar-EG,ar;q=0.9,en;q=0.5"}, "ar"},
		{[]string{"fr-FR,fr;q=0.9,de;q=0.5,en;q=0.1"}, "de"},
		{[]string{"fr"}, "en"},
		{[]string{"fr", "de"}, "de"},
		{[]string{"", "fr", "ar"}, "ar"},
		{[]string{"de", "ar"}, "de"},
		{[]string{"en-GB;q=0.2,de;q=0.9"}, "de"},
		{[]string{"*"}, "en"},
		{[]string{"x-klingon"}, "en"},
		{[]string{"nonsense;;;,,,q=q"}, "en"},
	} {
		if got := c.Match(row.prefs...); got != row.want {
			t.Errorf("Match(%q) = %s, want %s", row.prefs, got, row.want)
		}
	}
}

// TestAttack30ALanguageIsNeverAPath gives as language what other products opened as a file.
func TestAttack30ALanguageIsNeverAPath(t *testing.T) {
	c := load(t)
	for _, asked := range []string{
		"../../etc/passwd", "../text/pages.de", "de/../ar", "text/pages.de.json", "de.json", "de\x00", "/de", `..\de`, "file:///de", "%2e%2e%2fde",
		"{{.Tag}}", "<script>", "de\r\nSet-Cookie: a=b", strings.Repeat("a", 1<<16), strings.Repeat("de,", 1<<16), strings.Repeat("a-", 1<<16),
	} {
		got := c.Match(asked)
		if got != "en" && got != "de" && got != "ar" {
			t.Errorf("Match(%.40q) = %q, which is no language", asked, got)
		}
		if tag := c.Printer(asked).Tag(); tag != got {
			t.Errorf("Printer(%.40q) speaks %s, Match says %s", asked, tag, got)
		}
	}
}

func TestPrinterFillsFields(t *testing.T) {
	p := load(t).Printer("de")
	if got := p.T("frame.step", "Now", 2, "Of", 4); got != "Schritt 2 von 4" {
		t.Errorf("got %q", got)
	}
	if got := p.T("frame.step", "Now", 2); !strings.Contains(got, "{{.Of}}") {
		t.Errorf("a field without a value must stay visible, got %q", got)
	}
	if got := p.T("frame.step", "Now", "{{.Of}}", "Of", "<b>"); got != "Schritt {{.Of}} von <b>" {
		t.Errorf("values are filled in once and as they are, got %q", got)
	}
	if got := p.T("no.such-key"); got != "[no.such-key]" {
		t.Errorf("an unknown key gives %q", got)
	}
	if got := p.N("no.such-key", 2); got != "[no.such-key]" {
		t.Errorf("an unknown key gives %q", got)
	}
	if !p.Has("frame.step") || p.Has("no.such-key") {
		t.Error("Has is wrong")
	}
}

func TestPrinterCounts(t *testing.T) {
	c := load(t)
	for _, row := range []struct {
		tag  string
		n    int
		want string
	}{
		{"en", 1, "Try again in 1 minute."},
		{"en", 0, "Try again in 0 minutes."},
		{"en", 12, "Try again in 12 minutes."},
		{"de", 1, "Versuchen Sie es in 1 Minute noch einmal."},
		{"de", 2, "Versuchen Sie es in 2 Minuten noch einmal."},
		{"ar", 1, "حاول مرة أخرى بعد دقيقة واحدة."},
		{"ar", 2, "حاول مرة أخرى بعد دقيقتين."},
		{"ar", 5, "حاول مرة أخرى بعد 5 دقائق."},
		{"ar", 15, "حاول مرة أخرى بعد 15 دقيقة."},
		{"ar", 100, "حاول مرة أخرى بعد 100 دقيقة."},
	} {
		if got := c.Printer(row.tag).N("wait.minutes", row.n); got != row.want {
			t.Errorf("%s %d: %q, want %q", row.tag, row.n, got, row.want)
		}
	}
}

func TestTimesAreWrittenAsTheLanguageDoes(t *testing.T) {
	c := load(t)
	at := time.Date(2026, time.March, 5, 22, 4, 0, 0, time.UTC)
	for tag, want := range map[string]string{
		"en": "5 March 2026 at 23:04 CET", "de": "5. März 2026 um 23:04 Uhr (CET)", "ar": "5 مارس 2026 الساعة 23:04 CET",
	} {
		if got := c.Printer(tag).Time(at, "Europe/Berlin"); got != want {
			t.Errorf("%s: %q, want %q", tag, got, want)
		}
	}
	for _, zone := range []string{"", "Local", "No/Where", "../../etc/passwd"} {
		if got := c.Printer("en").Clock(at, zone); got != "22:04 UTC" {
			t.Errorf("zone %q: %q, want 22:04 UTC", zone, got)
		}
	}
}

func TestIsolateKeepsTheDirectionInside(t *testing.T) {
	if got := locale.Isolate("anna@example.com"); got != "\u2068anna@example.com\u2069" {
		t.Errorf("got %q", got)
	}
}
