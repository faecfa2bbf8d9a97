package web_test

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"rekey/internal/lab/browser"
	"rekey/web"
)

func ask(h http.Handler, method, path string, headers ...string) *http.Response {
	r := httptest.NewRequest(method, path, nil)
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Result()
}

func body(t *testing.T, r *http.Response) []byte {
	t.Helper()
	b, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestFilesAreKeptForeverUnderTheirFingerprint(t *testing.T) {
	a, err := web.NewAssets("")
	if err != nil {
		t.Fatal(err)
	}
	links := a.Links()
	for url, kind := range map[string]string{
		links.Sheet: "text/css; charset=utf-8", links.Script: "text/javascript; charset=utf-8", links.Icon: "image/svg+xml",
	} {
		plain := ask(a, http.MethodGet, url)
		packed := ask(a, http.MethodGet, url, "Accept-Encoding", "br, gzip")
		if plain.StatusCode != http.StatusOK || plain.Header.Get("Content-Type") != kind || !strings.Contains(plain.Header.Get("Cache-Control"), "immutable") {
			t.Errorf("%s: %d %v", url, plain.StatusCode, plain.Header)
		}
		unpack, err := gzip.NewReader(packed.Body)
		if err != nil {
			t.Fatalf("%s: %v", url, err)
		}
		got, err := io.ReadAll(unpack)
		if want := body(t, plain); err != nil || !bytes.Equal(got, want) || len(want) == 0 {
			t.Errorf("%s: compressed it holds %d bytes, plain %d (%v)", url, len(got), len(want), err)
		}
		again := ask(a, http.MethodGet, url, "Accept-Encoding", "gzip", "If-None-Match", packed.Header.Get("ETag"))
		if again.StatusCode != http.StatusNotModified || len(body(t, again)) != 0 {
			t.Errorf("%s asked again: %d", url, again.StatusCode)
		}
	}
}

func TestOtherNamesOfFiles(t *testing.T) {
	a, err := web.NewAssets("")
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]int{
		"/static/rekey.css": http.StatusOK, "/static/rekey.0123456789.css": http.StatusOK, "/static/other.css": http.StatusNotFound,
		"/static/": http.StatusNotFound, "/static/../embed.go": http.StatusNotFound, "/static/rekey.css.map": http.StatusNotFound,
	} {
		got := ask(a, http.MethodGet, path)
		if got.StatusCode != want {
			t.Errorf("%s: %d, want %d", path, got.StatusCode, want)
		}
		if want == http.StatusOK && got.Header.Get("Cache-Control") != "no-cache" {
			t.Errorf("%s, which is not today's name, may be kept: %s", path, got.Header.Get("Cache-Control"))
		}
	}
	if got := ask(a, http.MethodPost, a.Links().Sheet); got.StatusCode != http.StatusMethodNotAllowed || got.Header.Get("Allow") != "GET, HEAD" {
		t.Errorf("POST: %d, Allow %q", got.StatusCode, got.Header.Get("Allow"))
	}
	if got := ask(a, http.MethodHead, a.Links().Sheet); got.StatusCode != http.StatusOK || len(body(t, got)) != 0 {
		t.Errorf("HEAD: %d with a body", got.StatusCode)
	}
}

func TestABrandChangesSheetAndIcon(t *testing.T) {
	house, err := web.NewAssets("")
	if err != nil {
		t.Fatal(err)
	}
	firm, err := web.NewAssets("#8a1c5b")
	if err != nil {
		t.Fatal(err)
	}
	if house.Links().Sheet == firm.Links().Sheet || house.Links().Icon == firm.Links().Icon || house.Links().Script != firm.Links().Script {
		t.Errorf("links %+v and %+v", house.Links(), firm.Links())
	}
	for _, url := range []string{firm.Links().Sheet, firm.Links().Icon} {
		if got := body(t, ask(firm, http.MethodGet, url)); !bytes.Contains(got, []byte("#8a1c5b")) {
			t.Errorf("%s does not hold the brand's colour", url)
		}
	}
}

// size is what a text weighs on the wire.
func size(t *testing.T, b []byte) int {
	t.Helper()
	var out bytes.Buffer
	w, err := gzip.NewWriterLevel(&out, gzip.BestCompression)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(b); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Len()
}

// TestPagesAreLight keeps the first view within one round trip of a new connection (14 KB), and everything within 25 KB.
func TestPagesAreLight(t *testing.T) {
	b := newBook(t)
	files := map[string]int{}
	for _, url := range []string{b.assets.Links().Sheet, b.assets.Links().Script, b.assets.Links().Icon} {
		files[url] = size(t, body(t, ask(b, http.MethodGet, url)))
	}
	sheet, script, icon := files[b.assets.Links().Sheet], files[b.assets.Links().Script], files[b.assets.Links().Icon]
	if script > 4<<10 {
		t.Errorf("the script weighs %d bytes, more than 4 KB", script)
	}
	if check := size(t, body(t, ask(b, http.MethodGet, b.assets.Links().Check))); check > 2<<10 || sheet+script+icon+check > 11<<10 {
		t.Errorf("the script of checked forms weighs %d bytes, more than 2 KB", check)
	}
	for _, s := range stories() {
		page := size(t, body(t, ask(b, http.MethodGet, "/ar/"+s.name)))
		if page+sheet > 14<<10 || page+sheet+script+icon > 25<<10 {
			t.Errorf("%s weighs %d, with the sheet %d, with all %d bytes", s.name, page, page+sheet, page+sheet+script+icon)
		}
		if s.name == "start-reset" {
			t.Logf("first page %d, sheet %d, script %d, icon %d bytes", page, sheet, script, icon)
		}
	}
}

// TestAPageAsksForLittleAndNobodyElse counts the requests of a first visit.
func TestAPageAsksForLittleAndNobodyElse(t *testing.T) {
	p, _ := open(t, browser.Options{}, "start-reset")
	requests := p.Requests()
	if len(requests) < 3 || len(requests) > 5 {
		t.Errorf("%d requests, want at most 5: %+v", len(requests), requests)
	}
	for _, r := range requests {
		if !strings.HasPrefix(r.URL, "http://localhost:") || r.Status != http.StatusOK {
			t.Errorf("%s %s: %d", r.Method, r.URL, r.Status)
		}
	}
}
