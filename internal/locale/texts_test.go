package locale

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"

	"golang.org/x/text/feature/plural"
	"golang.org/x/text/language"
)

// entry is one text as it stands in a file: one string, or one per plural form.
type entry map[string]string

// whole is the form of a text that counts nothing.
const whole = ""

// entries reads the files of every language as they are.
func entries(t *testing.T) map[string]map[string]entry {
	t.Helper()
	names, err := fs.Glob(texts, "text/*.json")
	if err != nil || len(names) == 0 {
		t.Fatalf("no texts: %v", err)
	}
	all := map[string]map[string]entry{}
	for _, name := range names {
		raw, err := texts.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		var file map[string]json.RawMessage
		if err := json.Unmarshal(raw, &file); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		tag := strings.TrimPrefix(path.Ext(strings.TrimSuffix(name, ".json")), ".")
		if all[tag] == nil {
			all[tag] = map[string]entry{}
		}
		for key, value := range file {
			var one string
			e := entry{}
			if json.Unmarshal(value, &one) == nil {
				e[whole] = one
			} else if err := json.Unmarshal(value, &e); err != nil {
				t.Fatalf("%s: %s: %v", name, key, err)
			}
			all[tag][key] = e
		}
	}
	return all
}

// forms gives the plural forms a language has for whole numbers (CLDR).
func forms(tag string) []string {
	names := map[plural.Form]string{
		plural.Zero: "zero", plural.One: "one", plural.Two: "two", plural.Few: "few", plural.Many: "many", plural.Other: "other",
	}
	found := map[string]bool{"other": true}
	for n := range 200 {
		found[names[plural.Cardinal.MatchPlural(language.Make(tag), n, 0, 0, 0, 0)]] = true
	}
	return slices.Sorted(maps.Keys(found))
}

func TestPluralFormsOfTheLanguages(t *testing.T) {
	for tag, want := range map[string]string{
		"en": "one other", "de": "one other", "ar": "few many one other two zero",
	} {
		if got := strings.Join(forms(tag), " "); got != want {
			t.Errorf("%s has the forms %s, want %s", tag, got, want)
		}
	}
}

func TestEveryLanguageIsComplete(t *testing.T) {
	all := entries(t)
	english := all[source]
	for tag, own := range all {
		for key, e := range english {
			got, ok := own[key]
			if !ok {
				t.Errorf("%s lacks %s", tag, key)
				continue
			}
			want := []string{whole}
			if _, counts := e["other"]; counts {
				want = forms(tag)
			}
			if have := slices.Sorted(maps.Keys(got)); !slices.Equal(have, want) {
				t.Errorf("%s: %s has the forms %q, want %q", tag, key, have, want)
			}
		}
		for key := range own {
			if _, ok := english[key]; !ok {
				t.Errorf("%s has %s, which English does not know", tag, key)
			}
		}
	}
}

var field = regexp.MustCompile(`\{\{\.([A-Za-z]+)\}\}`)

// fields lists what a text has filled in.
func fields(text string) []string {
	found := map[string]bool{}
	for _, m := range field.FindAllStringSubmatch(text, -1) {
		found[m[1]] = true
	}
	return slices.Sorted(maps.Keys(found))
}

// TestFieldsAgree holds translations to the fields of English. A form for one, two or no things may do without the number.
func TestFieldsAgree(t *testing.T) {
	all := entries(t)
	for key, e := range all[source] {
		want := fields(e[whole] + e["other"])
		for tag := range all {
			for form, text := range all[tag][key] {
				got, want := fields(text), want
				if slices.Contains([]string{"zero", "one", "two"}, form) {
					got, want = without(got, "Count"), without(want, "Count")
				}
				if !slices.Equal(got, want) {
					t.Errorf("%s: %s %s fills in %v, English %v", tag, key, form, got, want)
				}
			}
		}
	}
}

func without(all []string, one string) []string {
	return slices.DeleteFunc(slices.Clone(all), func(s string) bool { return s == one })
}

// TestTextsAreClean finds what a translator or an editor leaves behind.
func TestTextsAreClean(t *testing.T) {
	for tag, own := range entries(t) {
		for key, e := range own {
			for form, text := range e {
				name := fmt.Sprintf("%s: %s %s", tag, key, form)
				rest := field.ReplaceAllString(text, "")
				switch {
				case strings.TrimSpace(text) == "":
					t.Errorf("%s is empty", name)
				case strings.ContainsAny(rest, "{}<>[]"):
					t.Errorf("%s holds markup or a broken field: %q", name, text)
				case strings.Contains(text, "  ") || strings.ContainsAny(text, "\t\r\n"):
					t.Errorf("%s has idle spaces: %q", name, text)
				case strings.ContainsAny(text, "!！"):
					t.Errorf("%s shouts: %q", name, text)
				case strings.Contains(text, "'") || strings.Contains(text, `"`):
					t.Errorf("%s has a typewriter's quotes: %q", name, text)
				case strings.ContainsAny(rest, "\u2066\u2067\u2068\u2069\u202a\u202b\u202c\u202d\u202e"):
					t.Errorf("%s steers the direction itself: %q", name, text)
				}
			}
		}
	}
}

// TestWordsArePlain keeps experts' words out of what people read.
func TestWordsArePlain(t *testing.T) {
	banned := map[string]*regexp.Regexp{
		"en": regexp.MustCompile(`(?i)\b(authenticat(e|es|ion)|factors?|credentials?|enrol(l|led|ment)?|invalid|OTP|TOTP|MFA|2FA|domain controller|directory|LDAP|UPN|please wait|whoops|oops|sorry)\b`),
		"de": regexp.MustCompile(`(?i)\b(Authentifizierung|authentifizieren|Authentisierung|Faktor(en)?|Zugangsdaten|Credentials?|ungültig(e|er|es)?|OTP|TOTP|MFA|LDAP|Verzeichnisdienst|User|Account)\b`),
		"ar": regexp.MustCompile(`(OTP|TOTP|MFA|LDAP|عامل التحقق|عوامل|بيانات الاعتماد|غير صالح)`),
	}
	for tag, own := range entries(t) {
		for key, e := range own {
			for _, text := range e {
				if found := banned[tag].FindString(text); found != "" {
					t.Errorf("%s: %s says %q: %s", tag, key, found, text)
				}
			}
		}
	}
}

// TestSentencesAreShort bounds what has to be held in mind at once (reading age 12).
func TestSentencesAreShort(t *testing.T) {
	const most = 32 // words
	for tag, own := range entries(t) {
		for key, e := range own {
			for _, text := range e {
				for _, sentence := range regexp.MustCompile(`[.?:;؟] `).Split(text, -1) {
					if n := len(strings.Fields(sentence)); n > most {
						t.Errorf("%s: %s has a sentence of %d words: %s", tag, key, n, sentence)
					}
				}
			}
		}
	}
}
