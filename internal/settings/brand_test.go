package settings_test

import (
	"strings"
	"testing"

	"rekey/internal/message"
)

// TestBrandAndMessagesAreCompiled: what the pages and messages say is in the snapshot.
func TestBrandAndMessagesAreCompiled(t *testing.T) {
	c, err := compile(change(t, "brand:", `brand:
  help_phone: "+49 30 1234"
  help_hours: 7 to 19
  logo: data:image/svg+xml;base64,PHN2ZyB4bWxucz0iaHR0cDovL3d3dy53My5vcmcvMjAwMC9zdmciPjwvc3ZnPg==
  texts:
    de: {start.reset.title: Wieder hinein}
  disclaimer:
    text: {en: "Use is\nlogged."}
    accept: true
  links:
    - {label: {en: Privacy}, url: https://example.test/privacy}`)+`messages:
  texts:
    password-reset: {mail: {en: {subject: "{firm}", text: "{name}"}}}
  recipients:
    password-reset: {manager: true, addresses: [a@example.test]}
`, new(farm), newDeps(t), nil)
	if err != nil {
		t.Fatal(err)
	}
	s := c.Snapshot
	if s.Brand.Logo.IsZero() || !s.Brand.Disclaimer.Accept || s.Brand.Said(s.Brand.Links[0].Label, "de") != "Privacy" || s.Brand.Texts["de"]["start.reset.title"] == "" {
		t.Errorf("brand %+v", s.Brand)
	}
	if _, ok := s.Texts.Find(message.PasswordReset, message.Mail, "en"); !ok || !s.Audience[message.PasswordReset].Manager {
		t.Error("messages are not in the snapshot")
	}
}

// TestBrandAndMessagesThatAreRefused names the key of each.
func TestBrandAndMessagesThatAreRefused(t *testing.T) {
	for addition, want := range map[string]string{
		"  logo: data:image/svg+xml;base64,PHN2ZyB4bWxucz0iaHR0cDovL3d3dy53My5vcmcvMjAwMC9zdmciPjxzY3JpcHQvPjwvc3ZnPg==": "brand.logo: holds <script>",
		"  icon: https://evil.example/x.svg":                                 "brand.icon: want data:",
		"  texts: {en: {freeze.text: x}}":                                    "brand.texts.en",
		"  disclaimer: {accept: true}":                                       "brand.disclaimer.accept: there is no text",
		"  disclaimer: {text: {xx: x}}":                                      "brand.disclaimer.text.xx: want a language",
		"  links: [{label: {en: x}, url: 'javascript:alert(1)'}]":            "brand.links[0].url: want a tel:",
		"  links: [{label: {}, url: 'https://example.test'}]":                "brand.links[0].label: is missing",
		"  help_phone: call us":                                              "brand.help_phone: want a number",
		"  help_hours: \"a\\nb\"":                                            "brand.help_hours: want one line",
		"messages: {texts: {password-reset: {sms: {en: {text: '{code}'}}}}}": "messages.texts.password-reset.sms.en.text",
		"messages: {recipients: {code: {manager: true}}}":                    "messages.recipients.code: nobody else",
		"messages: {recipients: {password-reset: {addresses: [x]}}}":         "messages.recipients.password-reset.addresses[0]: want an address",
	} {
		text := change(t, "brand:", "brand:\n"+addition)
		if !strings.HasPrefix(addition, " ") {
			text = change(t, "brand:", addition+"\nbrand:")
		}
		if _, err := compile(text, new(farm), newDeps(t), nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", addition, err)
		}
	}
}
