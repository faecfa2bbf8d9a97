// Package browser drives Debian's Chromium in tests: one browser per test binary, one private context (cookies, cache, storage)
// per page under test. Whatever the browser complains of (a blocked script, an exception, a file that is not there) fails the
// test.
//
//	func TestMain(m *testing.M) { os.Exit(browser.Main(m)) }
//
//	p := browser.New(t, browser.Options{Phone: true, Language: "de"})
//	p.Open(origin + "/")
//	p.Fill("Benutzername", "anna")
//	p.Press("Weiter") // and waits for the page that comes
//	p.SeeHeading("Wie wollen Sie zeigen, dass Sie es sind?")
package browser

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"rekey/internal/lab/workdir"
)

// binary is the browser all tests of one binary share.
type binary struct {
	mu      sync.Mutex
	ctx     context.Context // nil until it is started
	profile *workdir.Dir
}

// shared is package state because a test has no other place to find what an earlier test of its binary started.
var shared binary

// Main runs the tests and closes the browser after them: func TestMain(m *testing.M) { os.Exit(browser.Main(m)) }.
func Main(m *testing.M) int {
	defer Stop()
	return m.Run()
}

// Stop closes the browser if one was started, for a TestMain that stops several servers.
func Stop() {
	shared.mu.Lock()
	defer shared.mu.Unlock()
	if shared.ctx == nil {
		return
	}
	ctx, cancel := context.WithTimeout(shared.ctx, 10*time.Second)
	defer cancel()
	// What cannot be closed now dies with the process, and the next run sweeps its folder.
	_ = chromedp.Cancel(ctx)
	_ = shared.profile.Close()
	shared.ctx, shared.profile = nil, nil
}

// root gives the context of the running browser.
func (b *binary) root() (context.Context, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.ctx != nil && b.ctx.Err() == nil {
		return b.ctx, nil
	}
	path, err := findChromium()
	if err != nil {
		return nil, err
	}
	profile, err := workdir.New("browser")
	if err != nil {
		return nil, err
	}
	alloc, _ := chromedp.NewExecAllocator(context.Background(), flags(path, profile.Path())...)
	ctx, _ := chromedp.NewContext(alloc)
	// The first call binds the browser's life to this context, so it has no time limit.
	if err := chromedp.Do(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("start Chromium: %w", err), profile.Close())
	}
	b.ctx, b.profile = ctx, profile
	return ctx, nil
}

// flags keep the browser quiet and on this machine. chromedp has the kernel kill it when the test binary dies.
func flags(path, profile string) []chromedp.ExecAllocatorOption {
	all := append([]chromedp.ExecAllocatorOption{}, chromedp.DefaultExecAllocatorOptions[:]...)
	all = append(all,
		chromedp.ExecPath(path),
		chromedp.UserDataDir(profile),
		chromedp.Env("TMPDIR="+profile), // swept with it
		chromedp.Flag("disable-component-update", true),
		chromedp.Flag("host-resolver-rules", "MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1"),
		chromedp.Flag("hide-scrollbars", true),
	)
	if os.Geteuid() == 0 {
		all = append(all, chromedp.NoSandbox) // Chromium refuses to run as root with it
	}
	return all
}

// findChromium looks where Debian and Ubuntu put it. The headless shell comes first: it needs half the processor time, since it
// draws no window around the page. Debian's script of that name in /usr/bin would outlive a test that is killed.
func findChromium() (string, error) {
	for _, path := range []string{
		"/usr/lib/chromium/chromium-headless-shell", "/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome",
	} {
		if _, err := os.Stat(path); err == nil {
			return path, nil
		}
	}
	return "", errors.New("no Chromium: run `make peers`")
}

// Options says who looks. The zero value is an English speaker at a desk in the light.
type Options struct {
	Phone    bool   // 390×844 with a touch screen, else 1360×900
	Width    int    // another width in CSS pixels; 0: as above
	Dark     bool   // prefers a dark page
	Language string // what the browser asks for, as Accept-Language; empty: "en"
	Zone     string // IANA name of the visitor's time zone; empty: "UTC"
	// Stranger opens pages whose certificates nobody it knows has signed, such as those of a lab's server.
	Stranger bool
	NoScript bool // JavaScript is off; then Axe cannot be used
	Print    bool // as on paper
	// Media are further preferences: {"forced-colors": "active", "prefers-reduced-motion": "reduce"}.
	Media map[string]string
	// Headers go with every request, as a proxy before the server would add them.
	Headers map[string]string
}

// New opens an empty tab in a browser context of its own, gone when the test ends. A missing browser fails the test.
func New(t testing.TB, o Options) *Page {
	t.Helper()
	root, err := shared.root()
	if err != nil {
		t.Fatal(err)
	}
	return open(root, t, o, chromedp.WithNewBrowserContext())
}

// Tab opens another tab beside the page. It shares cookies and storage with it, and may be looked at in another way.
func (p *Page) Tab(o Options) *Page {
	p.t.Helper()
	return open(p.ctx, p.t, o)
}

func open(parent context.Context, t testing.TB, o Options, options ...chromedp.ContextOption) *Page {
	t.Helper()
	ctx, cancel := chromedp.NewContext(parent, options...)
	t.Cleanup(cancel)
	p := &Page{t: t, ctx: ctx}
	if err := chromedp.Do(ctx); err != nil {
		t.Fatalf("open a tab: %v", err)
	}
	p.watch()
	t.Cleanup(func() {
		for _, said := range p.Problems() {
			t.Errorf("the browser complains: %s", said)
		}
	})
	if err := p.emulate(o); err != nil {
		t.Fatalf("set up a tab: %v", err)
	}
	return p
}
