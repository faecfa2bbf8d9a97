package browser_test

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"rekey/internal/lab/browser"
)

func TestMain(m *testing.M) { os.Exit(browser.Main(m)) }

// page is a whole page around a body.
func page(body string) string {
	return `<!DOCTYPE html><html lang="en"><head><title>Test</title><meta name="viewport" content="width=device-width"><link rel="icon" href="data:,">` +
		`</head><body><main>` + body + `</main></body></html>`
}

// site is a small form with an answer.
func site() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, page(`<h1>Ask</h1>
			<form method="post" action="/answer">
			<label for="n">Name</label><input id="n" name="name" value="old">
			<label><input type="radio" name="how" value="a"> By mail <small>slow</small></label>
			<label><input type="radio" name="how" value="b"> By phone</label>
			<button>Go on</button></form>
			<noscript><p>No script here</p></noscript>
			<p>Asked in `+r.Header.Get("Accept-Language")+`</p><a href="/missing">Lost</a>`))
	})
	mux.HandleFunc("POST /answer", func(w http.ResponseWriter, r *http.Request) {
		http.SetCookie(w, &http.Cookie{Name: "seen", Value: r.PostFormValue("name")})
		http.Redirect(w, r, "/answer?name="+r.PostFormValue("name")+"&how="+r.PostFormValue("how"), http.StatusSeeOther)
	})
	mux.HandleFunc("GET /answer", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, page(`<h1>Hello `+r.FormValue("name")+` `+r.FormValue("how")+`</h1>`))
	})
	mux.HandleFunc("GET /cookie", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, page(`<h1>Cookie `+r.Header.Get("Cookie")+`</h1>`))
	})
	mux.HandleFunc("GET /missing", func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusNotFound)
		fmt.Fprint(w, page(`<h1>Nothing here</h1>`))
	})
	mux.HandleFunc("GET /blocked", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Security-Policy", "default-src 'none'; img-src data:")
		fmt.Fprint(w, page(`<h1>Blocked</h1><script>1</script>`))
	})
	mux.HandleFunc("GET /thrown", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, page(`<h1>Thrown</h1><script>null.x</script>`))
	})
	mux.HandleFunc("GET /gap", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, page(`<h1>Gap</h1><img src="/nothing.png" alt="">`))
	})
	return mux
}

func TestAFormIsFilledAndSent(t *testing.T) {
	for name, o := range map[string]browser.Options{
		"desk": {}, "phone": {Phone: true}, "without JavaScript": {NoScript: true},
	} {
		t.Run(name, func(t *testing.T) {
			p := browser.New(t, o)
			p.Open(browser.Serve(t, site()) + "/")
			if got := p.Value("Name"); got != "old" {
				t.Errorf("the field holds %q, want %q", got, "old")
			}
			p.Fill("Name", "anna")
			p.Pick("By mail")
			p.Press("Go on")
			p.SeeHeading("Hello anna a")
			if got := p.Path(); got != "/answer" {
				t.Errorf("the page is %s, want /answer", got)
			}
			p.Back()
			p.SeeHeading("Ask")
			p.Fill("name", "bert")
			p.Submit()
			p.SeeHeading("Hello bert a")
		})
	}
}

func TestOptionsAreWhatThePageSees(t *testing.T) {
	p := browser.New(t, browser.Options{Phone: true, Dark: true, Language: "ar", Zone: "Asia/Tokyo"})
	p.Open(browser.Serve(t, site()) + "/")
	p.See("Asked in ar")
	for expression, want := range map[string]bool{
		`innerWidth === 390`: true,
		`matchMedia("(prefers-color-scheme: dark)").matches`:                            true,
		`matchMedia("(pointer: coarse)").matches`:                                       true,
		`new Date("2026-01-01T00:00Z").getHours() === 9`:                                true,
		`document.body.innerText.includes("No script here")`:                            false,
		`matchMedia("(prefers-reduced-motion: reduce)").matches`:                        false,
		`fetch("https://example.com").then(() => true, () => false)`:                    false,
		`document.querySelector("h1").innerText === "Ask" && history.length`:            true,
		`navigator.language === "ar" && navigator.languages.join() === "ar"`:            true,
		`document.documentElement.clientWidth === innerWidth && window.isSecureContext`: true,
	} {
		if got := browser.Eval[bool](p, `Promise.resolve(`+expression+`).then((v) => !!v)`); got != want {
			t.Errorf("%s is %v, want %v", expression, got, want)
		}
	}
	if got := p.Problems(); len(got) != 1 || !strings.Contains(got[0], "ERR_NAME_NOT_RESOLVED") {
		t.Errorf("reaching out of this machine gives %q, want one failed look-up", got)
	}
	if p.Overflow() != 0 {
		t.Errorf("the page overflows")
	}
}

func TestEachPageHasItsOwnCookies(t *testing.T) {
	origin := browser.Serve(t, site())
	p, q := browser.New(t, browser.Options{}), browser.New(t, browser.Options{})
	p.Open(origin + "/")
	p.Fill("Name", "anna")
	p.Press("Go on")
	p.Open("/cookie")
	p.SeeHeading("Cookie seen=anna")
	q.Open(origin + "/cookie")
	q.SeeHeading("Cookie")
}

func TestComplaintsAreNoticed(t *testing.T) {
	for path, want := range map[string]string{
		"/blocked": "Content Security Policy", "/thrown": "TypeError", "/gap": "404",
	} {
		t.Run(path, func(t *testing.T) {
			p := browser.New(t, browser.Options{})
			p.Open(browser.Serve(t, site()) + path)
			p.Wait("the whole page", `document.readyState === "complete"`)
			if got := p.Problems(); len(got) != 1 || !strings.Contains(got[0], want) {
				t.Errorf("complaints %q, want one of %q", got, want)
			}
		})
	}
}

func TestAnErrorPageIsNoComplaint(t *testing.T) {
	p := browser.New(t, browser.Options{})
	p.Open(browser.Serve(t, site()) + "/")
	p.Press("Lost")
	p.SeeHeading("Nothing here")
	requests := p.Requests()
	if last := requests[len(requests)-1]; last.Status != http.StatusNotFound || last.Type != "Document" {
		t.Errorf("last request %+v, want a document with status 404", last)
	}
}

func TestScreenshotIsAPicture(t *testing.T) {
	p := browser.New(t, browser.Options{})
	p.Open(browser.Serve(t, site()) + "/")
	file := filepath.Join(t.TempDir(), "shots", "ask.png")
	p.Screenshot(file)
	got, err := os.ReadFile(file)
	if err != nil || http.DetectContentType(got) != "image/png" {
		t.Errorf("screenshot is %s (%v), want image/png", http.DetectContentType(got), err)
	}
}
