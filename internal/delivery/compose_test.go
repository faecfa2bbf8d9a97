package delivery_test

import (
	"html"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"rekey/internal/lab/inbox"
	"rekey/internal/message"
)

func templates() []message.Message {
	var all []message.Message
	for _, purpose := range []string{"reset", "unlock", "change", "enroll", "something-new"} {
		all = append(all, code(purpose))
	}
	for _, t := range []message.Template{
		message.PasswordReset, message.PasswordChanged, message.AccountUnlocked, message.MethodAdded, message.MethodRemoved,
		message.RecoveryFrozen, message.RecoveryBlocked, message.RecoveryReleased, message.RecoveryUnblocked, message.PassIssued,
	} {
		all = append(all, notice(t))
	}
	return all
}

// leftover is a field nobody filled, a text nobody wrote, or a verb of fmt.
func leftover() *regexp.Regexp {
	return regexp.MustCompile(`\{\{|\}\}|\[[a-z-]+\.|%!|<no value>|ZgotmplZ`)
}

func TestEveryMessageInEveryLanguage(t *testing.T) {
	d := open(t)
	// What a reader in each language must find, besides names and numbers.
	words := map[string]struct{ dir, never, minutes, when, help string }{
		"en": {"ltr", "We never phone you for this code", "10 minutes", "23 November 2026 at 11:58 UTC", "Questions?"},
		"de": {"ltr", "Wir rufen Sie nie wegen dieses Codes an", "10 Minuten", "23. November 2026 um 11:58 Uhr (UTC)", "Fragen?"},
		"ar": {"rtl", "لن نتصل بك هاتفيًا أبدًا", "10 دقائق", "23 نوفمبر 2026", "سؤال؟"},
	}
	subjects := map[string]string{}
	for tag, want := range words {
		for _, m := range templates() {
			name := string(m.Template) + " " + m.Data["purpose"] + " " + tag
			m.Locale = tag
			got := d.read(t, m)
			holds := []string{"Example & Sons", "Help desk: 4357, Mon–Fri 7–19", want.help}
			if m.Template == message.Code {
				holds = append(holds, "\n\n"+secret+"\n\n", want.never, want.minutes)
			} else {
				holds = append(holds, `CORP\erika`, "192.0.2.7", want.when)
			}
			switch m.Template {
			case message.Code, message.RecoveryFrozen:
				if strings.Contains(got.Text+got.HTML, "http") {
					t.Errorf("%s: holds a link", name)
				}
			default:
				holds = append(holds, "\n\n"+link+"\n")
			}
			for _, h := range holds {
				if !strings.Contains(got.Text, h) {
					t.Errorf("%s: the text lacks %q:\n%s", name, h, got.Text)
				}
				if !strings.Contains(html.UnescapeString(got.HTML), strings.TrimSpace(h)) {
					t.Errorf("%s: the page lacks %q", name, h)
				}
			}
			if found := leftover().FindString(got.Subject + got.Text + got.HTML); found != "" {
				t.Errorf("%s: %q is left over:\n%s", name, found, got.Text)
			}
			if !strings.Contains(got.HTML, `<html lang="`+tag+`" dir="`+want.dir+`">`) {
				t.Errorf("%s: language or direction is wrong:\n%s", name, got.HTML)
			}
			if size := len(got.Raw); size > 8<<10 {
				t.Errorf("%s: %d bytes", name, size)
			}
			if m.Data["purpose"] == "" {
				if other, ok := subjects[got.Subject]; ok {
					t.Errorf("%s has the subject of %s", name, other)
				}
				subjects[got.Subject] = name
			}
		}
	}
}

func TestMethodIsNamed(t *testing.T) {
	d := open(t)
	for locale, want := range map[string]string{
		"en": "What: Authenticator app, named my phone", "de": "Was: Authenticator-App mit dem Namen my phone",
	} {
		m := notice(message.MethodAdded)
		m.Locale = locale
		if got := d.read(t, m); !strings.Contains(got.Text, want) {
			t.Errorf("%s: no %q in:\n%s", locale, want, got.Text)
		}
	}
}

func TestUnknownFactsAreLeftOut(t *testing.T) {
	d := open(t)
	m := notice(message.PasswordReset)
	m.Data = map[string]string{"name": "erika", "at": "2026-11-23T11:58:00Z", "zone": "Europe/Berlin"}
	got := d.read(t, m)
	if strings.Contains(got.Text, "From the network address") || strings.Contains(got.Text, "What:") {
		t.Errorf("tells what is not known:\n%s", got.Text)
	}
	for _, want := range []string{"12:58 CET", "call the help desk now"} {
		if !strings.Contains(got.Text, want) {
			t.Errorf("no %q in:\n%s", want, got.Text)
		}
	}
}

// TestCodeIsNotOnALockedScreen: the subject and the first lines of a mail are shown to whoever looks at the device.
func TestCodeIsNotOnALockedScreen(t *testing.T) {
	d := open(t)
	const preview = 90
	for _, tag := range []string{"en", "de", "ar"} {
		for _, purpose := range []string{"reset", "unlock", "change", "enroll", "other"} {
			m := code(purpose)
			m.Locale = tag
			got := d.read(t, m)
			if strings.Contains(got.Subject, secret) {
				t.Errorf("%s: the subject is %q", tag, got.Subject)
			}
			before, _, _ := strings.Cut(got.Text, secret)
			if n := utf8.RuneCountInString(before); n < preview {
				t.Errorf("%s %s: the code comes after %d characters, want %d at least", tag, purpose, n, preview)
			}
		}
	}
}

// urls finds what a mail program would make a link of.
func urls(got inbox.Message) []string {
	found := regexp.MustCompile(`(?i)(https?:|www\.|mailto:|javascript:)[^\s<>"]*`).FindAllString(got.Text, -1)
	for _, m := range regexp.MustCompile(`(?i)(?:href|src|action|background)\s*=\s*"([^"]*)"`).FindAllStringSubmatch(got.HTML, -1) {
		found = append(found, html.UnescapeString(m[1]))
	}
	slices.Sort(found)
	return slices.Compact(found)
}

// TestAttack19LinksOnlyFromThePublicURL: the one link is the one made from the configured public URL. Nothing else that flows into a
// mail becomes a link, not even by a mail program's own guessing.
func TestAttack19LinksOnlyFromThePublicURL(t *testing.T) {
	d := open(t)
	for _, evil := range []string{
		"https://evil.example/not-me/x", "www.evil.example", "//evil.example", "mailto:a@evil.example", "javascript:alert(1)",
		"HTTPS://EVIL.EXAMPLE", "x\r\nhttps://evil.example",
	} {
		for _, m := range templates() {
			for _, key := range []string{"label", "method", "purpose"} {
				m.Data[key] = evil
			}
			m.Data["name"] = strings.ReplaceAll(evil, "www.", "")
			got := d.read(t, m)
			var want []string
			if m.Template != message.Code && m.Template != message.RecoveryFrozen {
				want = []string{link}
			}
			if found := urls(got); !slices.Equal(found, want) {
				t.Errorf("%s with %q: links %q, want %q", m.Template, evil, found, want)
			}
		}
	}
}

// TestAttack29NamesNeverBecomeMarkup: what a directory or a person named something stays text.
func TestAttack29NamesNeverBecomeMarkup(t *testing.T) {
	d := open(t)
	plain := d.read(t, notice(message.MethodAdded))
	for _, evil := range []string{
		`<script>alert(1)</script>`, `"><img src=x onerror=alert(1)>`, `</p><a href="https://evil.example">here</a>`, `<!--`, `&lt;b&gt;`,
		"\u202egnp.exe", "a\x00b", strings.Repeat("<b>", 5000),
	} {
		m := notice(message.MethodAdded)
		for _, key := range []string{"name", "label", "address", "code", "method"} {
			m.Data[key] = evil
		}
		got := d.read(t, m)
		tags := regexp.MustCompile(`<[^>]*>`)
		if want, found := tags.FindAllString(plain.HTML, -1), tags.FindAllString(got.HTML, -1); !slices.Equal(want, found) {
			t.Errorf("%q changed the markup:\n%s", evil, got.HTML)
		}
		if strings.ContainsAny(got.Text, "\u202e\x00") {
			t.Errorf("%q: signs that turn or hide text are left", evil)
		}
		if len(got.Text) > 3000 {
			t.Errorf("a name of %d letters made a text of %d", len(evil), len(got.Text))
		}
	}
}

func TestMailsSuitDarkAndLight(t *testing.T) {
	d := open(t)
	for _, m := range templates() {
		got := d.read(t, m)
		if !strings.Contains(got.HTML, `<meta name="color-scheme" content="light dark">`) {
			t.Errorf("%s: no color scheme", m.Template)
		}
		if found := regexp.MustCompile(`style=|bgcolor|<img|<link|<script|color:|url\(`).FindString(got.HTML); found != "" {
			t.Errorf("%s: holds %s", m.Template, found)
		}
	}
}
