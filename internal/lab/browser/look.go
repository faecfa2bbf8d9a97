package browser

import (
	_ "embed"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"

	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// axe is axe-core 4.14.1 (MPL-2.0, its licence beside it), unchanged as published on npm.
//
//go:embed axe/axe.min.js
var axe string

// Axe fails the test for everything axe-core finds against WCAG 2.2 AA and good practice. It is put in through the browser's
// debugger, so the page's own policy stays as strict as it is.
func (p *Page) Axe() {
	p.t.Helper()
	if !Eval[bool](p, `"axe" in self`) { // reading it takes longer than running it
		Eval[chromedp.Void](p, axe)
	}
	raw := Eval[string](p, `axe.run(document, {
		runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"], resultTypes: ["violations"], preload: false,
	}).then((r) => JSON.stringify(r.violations))`)
	var found []struct {
		ID, Help string
		Nodes    []struct {
			HTML           string
			FailureSummary string
		}
	}
	if err := json.Unmarshal([]byte(raw), &found); err != nil {
		p.t.Fatalf("read what axe found: %v", err)
	}
	for _, v := range found {
		for _, n := range v.Nodes {
			p.t.Errorf("axe %s: %s\n\t%s\n\t%s", v.ID, v.Help, n.HTML, strings.ReplaceAll(n.FailureSummary, "\n", "\n\t"))
		}
	}
}

// Overflow gives how many pixels the page is wider than the window; 0 when nothing has to be scrolled sideways (WCAG 1.4.10).
func (p *Page) Overflow() int {
	p.t.Helper()
	return Eval[int](p, `document.documentElement.scrollWidth - document.documentElement.clientWidth`)
}

// Downloads has files the page saves written into a folder.
func (p *Page) Downloads(dir string) {
	p.t.Helper()
	_, err := chromedp.CallBrowser(p.ctx, browser.SetDownloadBehavior, browser.SetDownloadBehaviorParams{
		Behavior: browser.SetDownloadBehaviorBehaviorAllow, DownloadPath: dir,
		BrowserContextID: chromedp.FromContext(p.ctx).BrowserContextID,
	})
	if err != nil {
		p.t.Fatalf("set the folder for downloads: %v", err)
	}
}

// Screenshot writes the whole page, not only what fits the window, into a PNG file.
func (p *Page) Screenshot(file string) {
	p.t.Helper()
	size := Eval[struct{ Width, Height float64 }](p, `({
		width: document.documentElement.clientWidth,
		height: Math.max(document.documentElement.scrollHeight, innerHeight),
	})`)
	beyond := true
	shot, err := chromedp.Call(p.ctx, page.CaptureScreenshot, page.CaptureScreenshotParams{
		CaptureBeyondViewport: &beyond, Clip: &page.Viewport{Width: size.Width, Height: size.Height, Scale: 1},
	})
	if err != nil {
		p.t.Fatalf("take a screenshot: %v", err)
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		p.t.Fatal(err)
	}
	if err := os.WriteFile(file, shot.Data, 0o644); err != nil {
		p.t.Fatal(err)
	}
}
