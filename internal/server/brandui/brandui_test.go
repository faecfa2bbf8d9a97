package brandui_test

import (
	"bytes"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"rekey/internal/lab/pgtest"
	"rekey/internal/locale"
	"rekey/internal/role"
	"rekey/internal/server"
	"rekey/internal/server/brandui"
	"rekey/internal/server/console"
	"rekey/internal/server/consoletest"
	"rekey/internal/server/review"
	"rekey/web"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

func open(t *testing.T) *consoletest.Desk {
	t.Helper()
	return consoletest.New(t, func(d *consoletest.Desk) []server.Area {
		catalogue, err := locale.Load()
		if err != nil {
			t.Fatal(err)
		}
		assets, err := web.NewAssets("")
		if err != nil {
			t.Fatal(err)
		}
		return []server.Area{(&brandui.UI{
			Console: d.Console, Review: &review.Review{Console: d.Console, Configure: d.Configure}, Catalogue: catalogue,
			Links: assets.Links, Assets: web.Look.Assets,
		}).Area()}
	})
}

// upload sends a form with files.
func upload(t *testing.T, c *consoletest.Client, path string, form url.Values, files map[string]string) consoletest.Answer {
	t.Helper()
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	for name, values := range form {
		for _, v := range values {
			_ = w.WriteField(name, v)
		}
	}
	for name, file := range files {
		part, err := w.CreateFormFile(name, name+".svg")
		if err != nil {
			t.Fatal(err)
		}
		_, _ = part.Write([]byte(file))
	}
	_ = w.Close()
	r := httptest.NewRequest(http.MethodPost, consoletest.Origin+path, &body)
	r.Header.Set("Content-Type", w.FormDataContentType())
	return c.Do(r)
}

func form(c *consoletest.Client, change url.Values) url.Values {
	f := consoletest.Form(c.Get(console.BrandURL).Body, url.Values{
		"name": {"Example Corp password help"}, "firm": {"Example Corp"}, "help_text": {"Help desk: 4357"}, "locale": {"en"}, "do": {"review"},
	})
	for k, v := range change {
		f[k] = v
	}
	return f
}

const logo = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1"><script>alert(1)</script><rect width="1" height="1"/></svg>`

func TestEveryRoleIsKeptToItsPages(t *testing.T) { open(t).Refused(nil) }

// TestABrandIsSaved: names, colours, a cleaned logo, a disclaimer, links and texts are in force once it is saved with a reason.
func TestABrandIsSaved(t *testing.T) {
	d := open(t)
	c := d.Client(role.PolicyAdmin)
	f := form(c, url.Values{
		"name": {"Our help"}, "color": {"#005a3c"}, "help_phone": {"+49 30 1234"}, "disclaimer.en": {"Use is logged."}, "accept": {"on"},
		"link.0": {"https://example.test/privacy"}, "link.0.en": {"Privacy"}, "text.en.start.reset.title": {"Back to work"},
	})
	shown := upload(t, c, console.BrandURL, f, map[string]string{"logo": logo})
	if shown.Status != http.StatusOK || !strings.Contains(shown.Body, "Our help") || strings.Contains(shown.Body, "<script>alert") {
		t.Fatalf("status %d, %s", shown.Status, shown.Body)
	}
	if got := c.Follow(console.BrandURL+"/save", consoletest.Form(shown.Body, url.Values{"reason": {"New look"}})); !strings.Contains(got.Body, "Saved as version 2") {
		t.Fatalf("status %d, %s", got.Status, got.Body)
	}
	b := d.Settings.Snapshot().Brand
	if b.Name != "Our help" || b.Color != "#005a3c" || !b.Disclaimer.Accept || len(b.Links) != 1 || b.Texts["en"]["start.reset.title"] != "Back to work" {
		t.Errorf("in force: %+v", b)
	}
	if s := string(b.Logo.Data); !strings.Contains(s, "<rect") || strings.Contains(s, "script") {
		t.Errorf("the logo is %s", s)
	}
	look := c.Get(console.BrandURL + "/preview")
	for _, want := range []string{"Our help", "Back to work", "Use is logged.", "Privacy", "data:image/svg+xml;base64,", "tel:+49301234"} {
		if !strings.Contains(look.Body, want) {
			t.Errorf("the preview lacks %s", want)
		}
	}
}

// TestAttack21TheFrameIsOurs: the preview may be framed by us alone and runs nothing; every other page is framed by nobody.
func TestAttack21TheFrameIsOurs(t *testing.T) {
	c := open(t).Client(role.Owner)
	p := c.Get(console.BrandURL + "/preview").Header.Get("Content-Security-Policy")
	if !strings.Contains(p, "frame-ancestors 'self'") || strings.Contains(p, "script-src") || !strings.Contains(p, "form-action 'none'") {
		t.Errorf("the preview: %s", p)
	}
	if p := c.Get(console.BrandURL).Header.Get("Content-Security-Policy"); !strings.Contains(p, "frame-ancestors 'none'") || !strings.Contains(p, "frame-src 'self'") {
		t.Errorf("the page: %s", p)
	}
}

// TestAttack23OpenRedirect: the help desk's link and those at the foot lead to https, mailto and tel alone.
func TestAttack23OpenRedirect(t *testing.T) {
	c := open(t).Client(role.Owner)
	for _, to := range []string{"javascript:alert(1)", "data:text/html,x", "//evil.example", "http://evil.example", "/admin", "JaVaScRiPt:alert(1)"} {
		if got := upload(t, c, console.BrandURL, form(c, url.Values{"help_link": {to}}), nil); got.Status != http.StatusUnprocessableEntity || !strings.Contains(got.Body, "ant a tel:, mailto: or https: link") {
			t.Errorf("help desk, %s: status %d", to, got.Status)
		}
		if got := upload(t, c, console.BrandURL, form(c, url.Values{"link.0": {to}, "link.0.en": {"x"}}), nil); got.Status != http.StatusUnprocessableEntity {
			t.Errorf("foot, %s: status %d", to, got.Status)
		}
		look := upload(t, c, console.BrandURL+"/preview", form(c, url.Values{"help_link": {to}}), nil)
		if strings.Contains(strings.ToLower(look.Body), `href="javascript:`) || strings.Contains(look.Body, `href="data:`) {
			t.Errorf("%s is a link of the preview", to)
		}
	}
}

// TestAttack28SVGWithScript: of a picture that holds one, the picture alone is shown and saved; what is no picture is refused.
func TestAttack28SVGWithScript(t *testing.T) {
	c := open(t).Client(role.Owner)
	look := upload(t, c, console.BrandURL+"/preview", form(c, nil), map[string]string{"logo": logo})
	if strings.Contains(look.Body, "alert(1)") || !strings.Contains(look.Body, "data:image/svg+xml;base64,") {
		t.Error("the preview shows it as it was, or not at all")
	}
	for name, file := range map[string]string{"HTML": "<html><script>alert(1)</script></html>", "a text": "x", "a large one": strings.Repeat("x", 60<<10)} {
		if got := upload(t, c, console.BrandURL, form(c, nil), map[string]string{"logo": file}); got.Status != http.StatusUnprocessableEntity {
			t.Errorf("%s: status %d", name, got.Status)
		}
	}
	if got := upload(t, c, console.BrandURL, form(c, url.Values{"logo.kept": {"data:image/svg+xml;base64,PHNjcmlwdC8+"}}), nil); got.Status != http.StatusUnprocessableEntity {
		t.Errorf("a picture that was never checked: status %d", got.Status)
	}
}

// TestColoursAreMeasured: the ratio is said, and the nearest colour that would do.
func TestColoursAreMeasured(t *testing.T) {
	c := open(t).Client(role.Owner)
	got := c.Part(http.MethodGet, console.BrandURL+"/contrast?color=%23ffcc00", nil)
	if got.Status != http.StatusOK || !strings.Contains(got.Body, "1.51:1") || !strings.Contains(got.Body, "nearest that does is") || strings.Contains(got.Body, "<html") {
		t.Errorf("status %d, %s", got.Status, got.Body)
	}
	if got := c.Get(console.BrandURL + "/preview.css?color=%23005a3c&mode=dark"); got.Header.Get("Content-Type") != "text/css; charset=utf-8" || !strings.Contains(got.Body, "#005a3c") || !strings.HasSuffix(got.Body, "only dark}") {
		t.Errorf("the sheet: status %d", got.Status)
	}
	if got := c.Get(console.BrandURL + "/preview.css?color=" + url.QueryEscape("red;}*{")); strings.Contains(got.Body, "red;}*{") {
		t.Error("a colour ends the rule it stands in")
	}
}

// TestHostileTextsAreText: what is typed shows as it was typed, in the form and in the preview.
func TestHostileTextsAreText(t *testing.T) {
	c := open(t).Client(role.Owner)
	evil := url.Values{}
	for _, name := range []string{"name", "firm", "help_text", "product", "help_hours", "disclaimer.en", "link.0.en", "text.en.start.reset.title"} {
		evil.Set(name, consoletest.XSS)
	}
	evil.Set("link.0", "https://example.test/")
	for _, path := range []string{console.BrandURL, console.BrandURL + "/preview"} {
		got := upload(t, c, path, form(c, evil), nil)
		if strings.Contains(got.Body, "<script>alert(1)") || strings.Contains(got.Body, "<img src=x") || !strings.Contains(got.Body, "alert(1)") {
			t.Errorf("%s: status %d, %s", path, got.Status, got.Body)
		}
	}
}
