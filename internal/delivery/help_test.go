package delivery_test

import (
	"strings"
	"testing"

	"rekey/internal/message"
)

// TestHelpDeskMessages: a number says whom to read it to, in every language, and holds no link; an invitation holds its own link alone.
func TestHelpDeskMessages(t *testing.T) {
	d := open(t)
	for tag, words := range map[string]string{"en": "hang up", "de": "legen Sie auf", "ar": "أنهِ المكالمة"} {
		m := notice(message.CallerCode)
		m.Locale, m.Data["code"] = tag, secret
		got := d.read(t, m)
		if !strings.Contains(got.Text, "\n\n"+secret+"\n\n") || !strings.Contains(got.Text, words) || len(urls(got)) > 0 || leftover().MatchString(got.Text+got.HTML+got.Subject) {
			t.Errorf("%s: %q", tag, got.Text)
		}
		if strings.Contains(got.Subject, secret) {
			t.Errorf("%s: the subject holds the number", tag)
		}
		for _, template := range []message.Template{message.Invitation, message.Begin} {
			m := notice(template)
			m.Locale, m.Data["link"] = tag, "https://reset.example.com/account"
			got := d.read(t, m)
			if found := urls(got); len(found) != 1 || found[0] != m.Data["link"] || leftover().MatchString(got.Text+got.HTML+got.Subject) {
				t.Errorf("%s %s: links %q in %q", tag, template, found, got.Text)
			}
		}
	}
}
