package web

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// TestTheNearestColourWouldDo: what a refusal proposes is taken, and little else is darker or lighter than it has to be.
func TestTheNearestColourWouldDo(t *testing.T) {
	for _, brand := range []string{"#ffcc00", "#ffffff", "#8899ff", "#00ff00"} {
		m, err := Measure(brand, "")
		if err != nil || m.Light >= readable || m.LightNext == "" {
			t.Fatalf("%s: %+v, %v", brand, m, err)
		}
		if _, err := NewAssets(m.LightNext); err != nil {
			t.Errorf("%s proposes %s: %v", brand, m.LightNext, err)
		}
		if next, _ := Measure(m.LightNext, ""); next.Light > readable+0.2 {
			t.Errorf("%s proposes %s, whose contrast is %.2f", brand, m.LightNext, next.Light)
		}
	}
	for _, dark := range []string{"#000000", "#003366", "#444444"} {
		m, err := Measure("", dark)
		if err != nil || m.DarkNext == "" {
			t.Fatalf("%s: %+v, %v", dark, m, err)
		}
		if _, err := (Look{Dark: dark}).Assets(); err == nil || !strings.Contains(err.Error(), m.DarkNext) {
			t.Errorf("%s: %v", dark, err)
		}
		if _, err := (Look{Dark: m.DarkNext}).Assets(); err != nil {
			t.Errorf("%s proposes %s: %v", dark, m.DarkNext, err)
		}
	}
}

// TestPicturesAreServedToDrawAlone: by their hash for ever, as what they are, and with a policy under which nothing runs.
func TestPicturesAreServedToDrawAlone(t *testing.T) {
	a, err := Look{Logo: Picture{"image/svg+xml", []byte("<svg/>")}, Icon: Picture{"image/png", []byte("\x89PNG")}}.Assets()
	if err != nil {
		t.Fatal(err)
	}
	for url, kind := range map[string]string{a.Links().Logo: "image/svg+xml", a.Links().Icon: "image/png"} {
		w := httptest.NewRecorder()
		a.ServeHTTP(w, httptest.NewRequest(http.MethodGet, url, nil))
		h := w.Header()
		if w.Code != http.StatusOK || h.Get("Content-Type") != kind || h.Get("Content-Security-Policy") != picturePolicy || !strings.Contains(h.Get("Cache-Control"), "immutable") || h.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s: status %d, %v", url, w.Code, h)
		}
	}
	if a.Links().IconKind() != "image/png" {
		t.Error("the icon is said to be an SVG")
	}
	w := httptest.NewRecorder()
	a.ServeHTTP(w, httptest.NewRequest(http.MethodGet, a.Links().Sheet, nil))
	if w.Header().Get("Content-Security-Policy") != "" {
		t.Error("the sheet has the pictures' policy")
	}
}
