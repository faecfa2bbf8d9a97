package browser_test

import (
	"fmt"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"testing"

	"rekey/internal/lab/browser"
)

// failing is a test that is allowed to fail: it keeps what was said.
type failing struct {
	testing.TB
	mu   sync.Mutex
	said []string
}

func (f *failing) Errorf(format string, args ...any) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.said = append(f.said, fmt.Sprintf(format, args...))
}

func (f *failing) Fatalf(format string, args ...any) {
	f.Errorf(format, args...)
	runtime.Goexit()
}

// run runs a test that may end early, as a goroutine of its own, and gives all it said.
func (f *failing) run(test func()) string {
	done := make(chan struct{})
	go func() {
		defer close(done)
		test()
	}()
	<-done
	return strings.Join(f.said, "\n")
}

func TestAxeFailsATest(t *testing.T) {
	f := &failing{TB: t}
	p := browser.New(f, browser.Options{})
	p.Open(browser.Serve(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; img-src data:")
		fmt.Fprint(w, page(`<h1>Bad</h1><input><img src="data:image/gif;base64,R0lGODlhAQABAAAAACwAAAAAAQABAAA=">`))
	})))
	said := f.run(p.Axe)
	for _, rule := range []string{"axe label:", "axe image-alt:"} {
		if !strings.Contains(said, rule) {
			t.Errorf("axe does not find %q in %q", rule, said)
		}
	}
}

func TestTwoOfANameAreAFailure(t *testing.T) {
	f := &failing{TB: t}
	p := browser.New(f, browser.Options{})
	p.Open(browser.Serve(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, page(`<h1>Twice</h1><button>Go</button><button>Go</button>`))
	})))
	if said := f.run(func() { p.Click("Go") }); !strings.Contains(said, `2 things are called "Go"`) {
		t.Errorf("pressing one of two gives %q", said)
	}
}
