package recoveryui_test

import (
	"strings"
	"testing"

	"rekey/internal/lab/visitor"
	"rekey/internal/server/servertest"
	"rekey/internal/site"
)

// TestADisclaimerIsReadFirst: who has to agree does not begin without the tick, and with it goes on as ever.
func TestADisclaimerIsReadFirst(t *testing.T) {
	t.Parallel()
	p := servertest.New(t)
	next := *p.Snapshot
	next.Version++
	b := &next.Brand
	b.Disclaimer = site.Disclaimer{Text: map[string]string{"en": "Use is logged. <b>"}, Accept: true}
	b.Texts = map[string]map[string]string{"en": {"start.reset.title": "Back to work"}}
	b.Links = []site.BrandLink{{Label: map[string]string{"en": "Privacy"}, URL: "https://example.test/privacy"}}
	p.Snapshot = &next
	v := open(t, p)
	page := v.get("/?lang=en")
	if page.H1 != "Back to work" || !strings.Contains(page.HTML, "Use is logged. &lt;b&gt;") || !strings.Contains(page.HTML, `href="https://example.test/privacy"`) {
		t.Fatalf("%q, %s", page.H1, page.HTML)
	}
	page = v.submit("/start/reset", visitor.Fields{"name": "twin", "accept": ""})
	if page.Status != 422 || !strings.Contains(page.Text, "Tick the box to go on") {
		t.Errorf("without the tick: status %d, %s", page.Status, page.Text)
	}
	see(t, v.submit("/start/reset", visitor.Fields{"name": "twin", "accept": "on"}), "/start/reset", "Which account is yours?")
	see(t, v.submit("/start/reset", visitor.Fields{"domain": "sales.example.test"}), "/flow", "How do you want to prove it is you?")
}
