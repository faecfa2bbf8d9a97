package picture_test

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"strings"
	"testing"

	"rekey/internal/picture"
)

const logo = `<?xml version="1.0"?><!-- by a program --><svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24"><title>A &amp; B</title>` +
	`<defs><linearGradient id="g"><stop offset="0" stop-color="#fff"/></linearGradient></defs><path fill="url(#g)" d="M0 0h24v24z"/></svg>`

func TestALogoStaysWhatItDraws(t *testing.T) {
	p, dropped, err := picture.Clean([]byte(logo))
	if err != nil || len(dropped) > 0 || p.Kind != picture.SVG {
		t.Fatalf("%+v, dropped %v, %v", p, dropped, err)
	}
	for _, want := range []string{`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24">`, `fill="url(#g)"`, "A &amp; B"} {
		if !strings.Contains(string(p.Data), want) {
			t.Errorf("lacks %s: %s", want, p.Data)
		}
	}
	again, err := picture.Parse(p.URL())
	if err != nil || !bytes.Equal(again.Data, p.Data) {
		t.Errorf("as a URL: %v", err)
	}
}

// TestAttack28SVGWithScript: nothing that runs, loads or leads elsewhere is left, and settings that hold it are refused.
func TestAttack28SVGWithScript(t *testing.T) {
	for name, inner := range map[string]string{
		"a script":                    `<script>alert(1)</script>`,
		"a script of another space":   `<x:script xmlns:x="http://www.w3.org/1999/xhtml">alert(1)</x:script>`,
		"an event":                    `<path onload="alert(1)" d="M0 0"/>`,
		"HTML":                        `<foreignObject><body xmlns="http://www.w3.org/1999/xhtml"><img src="x" onerror="alert(1)"/></body></foreignObject>`,
		"a link":                      `<a href="javascript:alert(1)"><path d="M0 0"/></a>`,
		"a picture from elsewhere":    `<image href="https://evil.example/x.png"/>`,
		"use of another file":         `<use href="https://evil.example/x.svg#a"/>`,
		"use by the old name":         `<use xmlns:xlink="http://www.w3.org/1999/xlink" xlink:href="data:image/svg+xml;base64,AAAA"/>`,
		"a sheet":                     `<style>@import url(https://evil.example/x.css);</style>`,
		"a style":                     `<path style="background:url(https://evil.example)" d="M0 0"/>`,
		"a paint from elsewhere":      `<path fill="url(https://evil.example/#x)" d="M0 0"/>`,
		"a change of an attribute":    `<set attributeName="href" to="javascript:alert(1)"/>`,
		"an animation":                `<animate attributeName="href" values="javascript:alert(1)"/>`,
		"a base":                      `<path xml:base="https://evil.example/" d="M0 0"/>`,
		"a paint behind a good one":   `<path fill="url(#g) url(https://evil.example)" d="M0 0"/>`,
		"an escaped address":          `<path fill="&#117;rl(https://evil.example)" d="M0 0"/>`,
		"an element within one of it": `<metadata><script>alert(1)</script></metadata>`,
	} {
		file := `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1">` + inner + `<rect width="1" height="1"/></svg>`
		p, dropped, err := picture.Clean([]byte(file))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if low := strings.ToLower(string(p.Data)); len(dropped) == 0 || strings.Contains(low, "script") || strings.Contains(low, "evil") || strings.Contains(low, "alert") || !strings.Contains(low, "<rect") {
			t.Errorf("%s: left %s, dropped %v", name, p.Data, dropped)
		}
		if _, err := picture.Parse(picture.Picture{Kind: picture.SVG, Data: []byte(file)}.URL()); err == nil {
			t.Errorf("%s: the settings take it", name)
		}
	}
}

func TestFilesThatAreRefused(t *testing.T) {
	big := image.NewRGBA(image.Rect(0, 0, 2000, 2000))
	var wide bytes.Buffer
	if err := png.Encode(&wide, big); err != nil {
		t.Fatal(err)
	}
	for name, file := range map[string][]byte{
		"nothing":          {},
		"a text":           []byte("hello"),
		"HTML":             []byte("<html><body>x</body></html>"),
		"a JPEG":           []byte("\xff\xd8\xff\xe0xxxx"),
		"half an SVG":      []byte(`<svg xmlns="http://www.w3.org/2000/svg"><g>`),
		"two pictures":     []byte(`<svg xmlns="http://www.w3.org/2000/svg"/><svg xmlns="http://www.w3.org/2000/svg"/>`),
		"entities":         []byte(`<!DOCTYPE svg [<!ENTITY a "b">]><svg xmlns="http://www.w3.org/2000/svg"/>`),
		"depth":            []byte(`<svg xmlns="http://www.w3.org/2000/svg">` + strings.Repeat("<g>", 60) + strings.Repeat("</g>", 60) + `</svg>`),
		"a billion copies": []byte(`<svg xmlns="http://www.w3.org/2000/svg">` + strings.Repeat(`<use href="#a"/>`, 60) + `</svg>`),
		"too much":         bytes.Repeat([]byte(" "), picture.MaxBytes+1),
		"a wide PNG":       wide.Bytes()[:min(wide.Len(), picture.MaxBytes)],
		"half a PNG":       []byte("\x89PNG\r\n\x1a\nxxxx"),
	} {
		if p, _, err := picture.Clean(file); err == nil {
			t.Errorf("%s was taken: %s", name, p.Data)
		}
	}
	for _, url := range []string{"x", "https://evil.example/x.svg", "data:text/html;base64,AAAA", "data:image/png;base64,!", "data:image/png;base64,PHN2ZyB4bWxucz0iaHR0cDovL3d3dy53My5vcmcvMjAwMC9zdmciLz4="} {
		if _, err := picture.Parse(url); err == nil {
			t.Errorf("%s was taken", url)
		}
	}
}

// TestAttack37APNGThatIsMore: what hangs behind a picture is gone.
func TestAttack37APNGThatIsMore(t *testing.T) {
	drawn := image.NewRGBA(image.Rect(0, 0, 4, 4))
	drawn.Set(1, 1, color.RGBA{R: 255, A: 255})
	var file bytes.Buffer
	if err := png.Encode(&file, drawn); err != nil {
		t.Fatal(err)
	}
	file.WriteString("<script>alert(1)</script>")
	p, _, err := picture.Clean(file.Bytes())
	if err != nil || p.Kind != picture.PNG || bytes.Contains(p.Data, []byte("script")) {
		t.Errorf("%v, %q", err, p.Data)
	}
}

// FuzzClean: what comes out is clean by its own measure, and says neither of these words in an element or attribute.
func FuzzClean(f *testing.F) {
	f.Add([]byte(logo))
	f.Add([]byte(`<svg xmlns="http://www.w3.org/2000/svg"><script>x</script></svg>`))
	f.Fuzz(func(t *testing.T, file []byte) {
		p, _, err := picture.Clean(file)
		if err != nil || p.Kind != picture.SVG || len(p.Data) > picture.MaxBytes {
			return
		}
		again, dropped, err := picture.Clean(p.Data)
		if err != nil || len(dropped) > 0 || !bytes.Equal(again.Data, p.Data) {
			t.Fatalf("%q gives %q, then %q, %v, %v", file, p.Data, again.Data, dropped, err)
		}
	})
}
