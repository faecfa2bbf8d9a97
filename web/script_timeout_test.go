package web_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"rekey/internal/lab/browser"
	"rekey/web/component"
	"rekey/web/layout"
)

// host answers when a page asks for more time.
type host struct {
	mu     sync.Mutex
	asked  int
	body   int64
	site   string
	answer func(w http.ResponseWriter)
}

func (h *host) serve(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path != "/extend" {
		(&sent{}).answer(w, r)
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.asked++
	h.body, h.site = r.ContentLength, r.Header.Get("Sec-Fetch-Site")
	h.answer(w)
}

// gives answers with the seconds left.
func gives(seconds int) func(http.ResponseWriter) {
	return func(w http.ResponseWriter) { fmt.Fprint(w, seconds) }
}

// timed opens a page that ends in five minutes and whose clock the test moves.
func timed(t *testing.T, answer func(w http.ResponseWriter)) (*browser.Page, *host) {
	t.Helper()
	b, h := newBook(t), &host{answer: answer}
	b.answer = h.serve
	b.pages["timed"] = func(sh layout.Shell) drawn {
		m := prove(sh, "totp", component.Code{Digits: 6})
		m.Timeout.Left = 5 * time.Minute
		return m
	}
	origin := browser.Serve(t, b)
	p := browser.New(t, browser.Options{})
	p.Inject(`{ const now = Date.now; window.ahead = 0; Date.now = () => now() + window.ahead; }`)
	p.Open(origin + "/en/timed")
	return p, h
}

// pass moves the page's clock and lets it look at it.
func pass(p *browser.Page, d time.Duration) {
	browser.Eval[bool](p, fmt.Sprintf(`(window.ahead += %d, dispatchEvent(new Event("pageshow")))`, d.Milliseconds()))
}

// awaitLeft waits until the page counts from about so many seconds.
func awaitLeft(p *browser.Page, seconds int) {
	p.Wait("the new time", fmt.Sprintf(`(() => {
		dispatchEvent(new Event("pageshow"));
		const left = parseInt(document.querySelector("[data-left]").textContent);
		return left > %d - 12 && left <= %[1]d;
	})()`, seconds))
}

func isOpen(p *browser.Page) bool {
	return browser.Eval[bool](p, `document.querySelector("dialog").open`)
}

func TestMoreTimeTakesOnePress(t *testing.T) {
	p, h := timed(t, gives(300))
	p.Fill("6-digit code", "123")
	for i := range 12 {
		pass(p, 3*time.Minute)
		if isOpen(p) {
			t.Fatal("asked two minutes ahead")
		}
		pass(p, 65*time.Second)
		p.See("Do you need more time?")
		if i == 0 {
			p.Wait("the seconds left", `/^5\d seconds$/.test(document.querySelector("[data-left]").innerText)`)
			if got := browser.Eval[string](p, `document.title`); !strings.HasPrefix(got, "Do you need more time? · Enter the code") {
				t.Errorf("another tab shows the title %q", got)
			}
			p.Axe()
		}
		if i%2 == 0 {
			p.Click("Stay on this page")
		} else {
			p.Key("\x1b") // Escape is a yes as well
		}
		p.Wait("the question to go", `!document.querySelector("dialog").open && !document.title.startsWith("Do")`)
		awaitLeft(p, 300)
	}
	if h.asked != 12 || h.body != 0 || h.site != "same-origin" {
		t.Errorf("asked %d times with %d bytes from %q, want 12 empty bodies from the same origin", h.asked, h.body, h.site)
	}
	if got := p.Value("6-digit code"); got != "123" {
		t.Errorf("the field holds %q after staying, want what was typed", got)
	}
}

func TestTimeRunsOut(t *testing.T) {
	p, h := timed(t, gives(300))
	pass(p, 290*time.Second)
	p.See("Do you need more time?")
	pass(p, 11*time.Second)
	p.SeeHeading("GET /over")
	if h.asked != 0 {
		t.Errorf("nobody pressed, but it was extended %d times", h.asked)
	}
}

func TestAnEndThatCannotBePutOffIsNotAskedAboutTwice(t *testing.T) {
	p, _ := timed(t, gives(20))
	pass(p, 270*time.Second)
	p.Click("Stay on this page")
	awaitLeft(p, 20)
	if isOpen(p) {
		t.Error("it asks again, though nothing can be done")
	}
	pass(p, 20*time.Second)
	p.SeeHeading("GET /over")
}

func TestAFlowThatIsOverShowsIt(t *testing.T) {
	p, _ := timed(t, func(w http.ResponseWriter) { w.WriteHeader(http.StatusGone) })
	pass(p, 270*time.Second)
	p.Click("Stay on this page")
	p.SeeHeading("GET /over")
	p.Problems() // the browser reports the status
}

func TestWithoutNetworkItAsksAgain(t *testing.T) {
	p, _ := timed(t, func(http.ResponseWriter) { panic(http.ErrAbortHandler) })
	pass(p, 270*time.Second)
	p.Click("Stay on this page")
	p.Wait("the question again", `document.querySelector("dialog").open`)
	p.Problems() // the browser reports the broken connection
}
