package web_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"rekey/internal/challenge"
	"rekey/internal/lab/browser"
)

// macs are keyed hashes of no installation.
type macs struct{}

// MAC implements challenge.Keys.
func (macs) MAC(purpose string, data []byte) []byte {
	h := hmac.New(sha256.New, []byte(purpose))
	h.Write(data)
	return h.Sum(nil)
}

// puzzles answers what the script asks for and keeps what it sends.
type puzzles struct {
	sent
	bits   int
	status int
	asked  atomic.Int32
	hold   chan struct{} // an open one keeps the puzzle back; nil: it comes at once
}

func (s *puzzles) answer(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path != "/puzzle" {
		s.sent.answer(w, r)
		return
	}
	s.asked.Add(1)
	if s.hold != nil {
		<-s.hold
	}
	w.WriteHeader(s.status)
	_, _ = w.Write([]byte(challenge.Puzzle(macs{}, challenge.Start, s.bits, time.Now()))) // the browser may have gone
}

// checked opens a story whose form asks for work.
func checked(t *testing.T, s *puzzles, o browser.Options, story string) *browser.Page {
	t.Helper()
	b := newBook(t)
	b.answer = s.answer
	p := browser.New(t, o)
	p.Open(browser.Serve(t, b) + "/en/" + story)
	return p
}

// TestTheBrowserWorksWhileAPersonTypes: the answer goes along with the form, it is right, and nobody had to do anything for it.
func TestTheBrowserWorksWhileAPersonTypes(t *testing.T) {
	s := &puzzles{bits: 16, status: http.StatusOK}
	p := checked(t, s, browser.Options{}, "start-checked")
	if n := s.asked.Load(); n != 0 {
		t.Errorf("asked %d times before anything was typed", n)
	}
	p.Fill("User name", "anna")
	p.Press("Continue")
	p.SeeHeading("POST /sent")
	if _, err := challenge.Check(macs{}, challenge.Start, s.last(t)["work"], time.Now()); err != nil || s.last(t)["name"] != "anna" || s.asked.Load() != 1 {
		t.Errorf("sent %v after %d questions: %v", s.last(t), s.asked.Load(), err)
	}
	p.Back()
	p.Fill("User name", "anna")
	p.Press("Continue")
	p.SeeHeading("POST /sent")
	if first, second := s.forms[0]["work"], s.forms[1]["work"]; first == second || second == "" {
		t.Error("coming back, the same answer is sent again")
	}
	if said := p.Problems(); len(said) > 0 {
		t.Errorf("the browser complains: %q", said)
	}
}

// TestTheButtonWaitsForTheAnswer: whoever is quicker than their browser is told, in the button and for a screen reader, and waits once.
func TestTheButtonWaitsForTheAnswer(t *testing.T) {
	s := &puzzles{bits: 12, status: http.StatusOK, hold: make(chan struct{})}
	p := checked(t, s, browser.Options{Phone: true}, "start-checked")
	p.Fill("User name", "anna")
	browser.Eval[bool](p, `(() => { const b = document.querySelector("main .button.wide"); b.click(); b.click(); return true; })()`)
	p.Wait("the button's news", `document.querySelector("main .button.wide").textContent === "Checking your browser…"`)
	if got := browser.Eval[string](p, `document.querySelector("[role=status][data-check-status]").textContent`); got != "Checking your browser…" {
		t.Errorf("a screen reader hears %q", got)
	}
	p.Axe()
	close(s.hold)
	p.SeeHeading("POST /sent")
	if n := len(s.forms); n != 1 || s.last(t)["work"] == "" {
		t.Errorf("sent %d times, %v", n, s.last(t))
	}
}

// TestWithoutAPuzzleTheFormGoesAsItIs: nothing is asked, the server is in trouble, or there is no script.
func TestWithoutAPuzzleTheFormGoesAsItIs(t *testing.T) {
	for name, c := range map[string]struct {
		status  int
		options browser.Options
	}{
		"nothing is asked": {http.StatusNoContent, browser.Options{}},
		"trouble":          {http.StatusTooManyRequests, browser.Options{}},
		"no script":        {http.StatusOK, browser.Options{NoScript: true}},
	} {
		s := &puzzles{bits: 12, status: c.status}
		p := checked(t, s, c.options, "start-checked")
		p.Fill("User name", "anna")
		if !c.options.NoScript { // the answer is there before the button is pressed
			p.Wait("the script's question", `performance.getEntriesByType("resource").some((e) => e.name.endsWith("/puzzle") && e.responseEnd > 0)`)
		}
		p.Press("Continue")
		p.SeeHeading("POST /sent")
		if got := s.last(t); got["work"] != "" || got["name"] != "anna" {
			t.Errorf("%s: sent %v", name, got)
		}
		if said := p.Problems(); len(said) > 0 != (name == "trouble") {
			t.Errorf("%s: the browser complains: %q", name, said)
		}
	}
}

// TestTheWaitingPageGoesOnByItself: with a script nobody waits, and without one the button is all there is.
func TestTheWaitingPageGoesOnByItself(t *testing.T) {
	s := &puzzles{}
	p := checked(t, s, browser.Options{}, "check-solved")
	p.SeeHeading("POST /sent")
	if got := s.last(t); challenge.Zeros(got["work"]) < 12 || got["at"] != "7" {
		t.Errorf("sent %v", got)
	}
	plain := checked(t, s, browser.Options{NoScript: true}, "check")
	plain.See("In 20 seconds at most you can go on.")
	plain.Press("Continue")
	plain.SeeHeading("POST /sent")
}
