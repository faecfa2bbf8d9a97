package web_test

import (
	"os"
	"strings"
	"testing"

	"rekey/internal/lab/browser"
)

func TestZZShots(t *testing.T) {
	if os.Getenv("SHOTS") == "" {
		t.Skip()
	}
	origin := browser.Serve(t, newBook(t))
	for _, v := range strings.Split(os.Getenv("SHOTS"), ",") {
		o := browser.Options{Phone: strings.Contains(v, "phone"), Dark: strings.Contains(v, "dark"), NoScript: strings.Contains(v, "noscript")}
		if strings.Contains(v, "320") {
			o.Width = 320
		}
		if strings.Contains(v, "forced") {
			o.Media = map[string]string{"forced-colors": "active"}
		}
		lang := "en"
		if strings.Contains(v, "ar") && !strings.Contains(v, "dark") || strings.Contains(v, "-ar") {
			lang = "ar"
		}
		if strings.Contains(v, "-de") {
			lang = "de"
		}
		p := browser.New(t, o)
		for _, s := range stories() {
			if only := os.Getenv("ONLY"); only != "" && !strings.Contains(","+only+",", ","+s.name+",") {
				continue
			}
			p.Open(origin + "/" + lang + "/" + s.name)
			p.Screenshot("/tmp/shots/web/" + s.name + "." + v + ".png")
		}
		t.Log(p.Problems())
	}
}
