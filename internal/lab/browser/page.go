package browser

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// patience is how long a step waits for what it needs.
const patience = time.Minute

// Page is one tab. Its steps fail the test when they cannot be done; they wait for what they need, so a test never has to. A Page
// is for one goroutine.
type Page struct {
	t   testing.TB
	ctx context.Context

	mu        sync.Mutex // what the browser tells comes from another goroutine
	problems  []string
	documents map[string]bool // request ids of whole pages
	requests  []*Request
}

// Open goes to a URL and waits until the page is loaded. A path alone is on the host of the present page.
func (p *Page) Open(to string) {
	p.t.Helper()
	if strings.HasPrefix(to, "/") {
		at, err := url.Parse(p.URL())
		if err != nil {
			p.t.Fatalf("open %s: %v", to, err)
		}
		to = at.Scheme + "://" + at.Host + to
	}
	p.forget()
	p.do("open "+to, chromedp.Navigate(to))
}

// Reload loads the page again.
func (p *Page) Reload() {
	p.t.Helper()
	p.do("reload", chromedp.Reload())
}

// Back goes one page back in the history, as the browser's button does.
func (p *Page) Back() {
	p.t.Helper()
	p.loads("going back", func() {
		history, err := chromedp.Call(p.ctx, page.GetNavigationHistory, cdp.Empty{})
		if err != nil || history.CurrentIndex == 0 {
			p.fail(fmt.Errorf("there is no page to go back to (%w)", err))
		}
		// Not chromedp.NavigateBack: a page the browser kept whole does not load, which that would wait for.
		to := history.Entries[history.CurrentIndex-1].ID
		_, err = chromedp.Call(p.ctx, page.NavigateToHistoryEntry, page.NavigateToHistoryEntryParams{EntryID: to})
		if err != nil {
			p.fail(err)
		}
	})
}

// URL is the address of the page.
func (p *Page) URL() string {
	p.t.Helper()
	return Eval[string](p, `location.href`)
}

// Path is the path of that address, without query and fragment.
func (p *Page) Path() string {
	p.t.Helper()
	return Eval[string](p, `location.pathname`)
}

// Heading is the text of the page's h1; empty when there is none.
func (p *Page) Heading() string {
	p.t.Helper()
	return Eval[string](p, `document.querySelector("h1")?.innerText.trim() ?? ""`)
}

// SeeHeading waits until the h1 says so.
func (p *Page) SeeHeading(want string) {
	p.t.Helper()
	got := ""
	p.until(func() error {
		var err error
		if got, err = evaluate[string](p, `document.querySelector("h1")?.innerText.trim() ?? ""`); err == nil && got != want {
			err = fmt.Errorf("the heading is %q, want %q", got, want)
		}
		return err
	})
}

// Text is what a person can read on the page.
func (p *Page) Text() string {
	p.t.Helper()
	return Eval[string](p, `document.body.innerText`)
}

// See waits until the page shows a text, anywhere.
func (p *Page) See(want string) {
	p.t.Helper()
	p.until(func() error {
		got, err := evaluate[string](p, `document.body.innerText`)
		if err == nil && !strings.Contains(got, want) {
			err = fmt.Errorf("the page does not say %q", want)
		}
		return err
	})
}

// Wait waits until a JavaScript expression is true, also over page changes. what names it in the failure.
func (p *Page) Wait(what, expression string) {
	p.t.Helper()
	p.until(func() error {
		ok, err := evaluate[bool](p, "!!("+expression+")")
		if err == nil && !ok {
			err = fmt.Errorf("waited in vain for %s", what)
		}
		return err
	})
}

// Eval gives the value of a JavaScript expression; a promise is awaited.
func Eval[T any](p *Page, expression string) T {
	p.t.Helper()
	v, err := evaluate[T](p, expression)
	if err != nil {
		p.fail(fmt.Errorf("evaluate %.80s: %w", expression, err))
	}
	return v
}

func evaluate[T any](p *Page, expression string) (T, error) {
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	return chromedp.Run(ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
}

// Inject runs a script in every page from now on, before the page's own: to set a clock, or to take a feature away.
func (p *Page) Inject(script string) {
	p.t.Helper()
	_, err := chromedp.Call(p.ctx, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{Source: script})
	if err != nil {
		p.fail(err)
	}
}

// do runs actions with the patience of one step.
func (p *Page) do(what string, steps ...chromedp.Action[chromedp.Void]) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	if err := chromedp.Do(ctx, steps...); err != nil {
		p.fail(fmt.Errorf("%s: %w", what, err))
	}
}

// until asks again until ready gives nil. While a page changes, questions fail: that is no reason to give up.
func (p *Page) until(ready func() error) {
	p.t.Helper()
	if err := p.settle(ready); err != nil {
		p.fail(err)
	}
}

func (p *Page) settle(ready func() error) error {
	late := time.NewTimer(patience)
	defer late.Stop()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		err := ready()
		var lasting final
		if err == nil || errors.As(err, &lasting) {
			return err
		}
		select {
		case <-tick.C:
		case <-late.C:
			return err
		case <-p.ctx.Done():
			return fmt.Errorf("the tab is gone: %w", err)
		}
	}
}

// final is an error that waiting does not mend.
type final struct{ error }

// fail ends the test and tells where it stood.
func (p *Page) fail(err error) {
	p.t.Helper()
	const keep = 1200
	where, _ := evaluate[string](p, `location.href + "\n" + document.body.innerText`)
	if len(where) > keep {
		where = where[:keep] + " …"
	}
	for _, said := range p.Problems() {
		p.t.Errorf("the browser complains: %s", said)
	}
	p.t.Fatalf("%v\nthe page is %s", err, where)
}

// document identifies what is loaded: another page, or the same one anew, is another document.
func (p *Page) document() (cdp.LoaderID, error) {
	tree, err := chromedp.Call(p.ctx, page.GetFrameTree, cdp.Empty{})
	if err != nil {
		return "", err
	}
	return tree.FrameTree.Frame.LoaderID, nil
}

// loads runs act and waits until another document has come and is complete.
func (p *Page) loads(what string, act func()) {
	p.t.Helper()
	before, err := p.document()
	if err != nil {
		p.fail(err)
	}
	act()
	p.until(func() error {
		now, err := p.document()
		if err != nil {
			return err
		}
		if now == before {
			return fmt.Errorf("%s led to no other page", what)
		}
		ready, err := evaluate[bool](p, `document.readyState === "complete"`)
		if err == nil && !ready {
			err = fmt.Errorf("the page after %s does not finish loading", what)
		}
		return err
	})
}

//go:embed find.js
var find string

// call calls a function of find.js.
func call[T any](p *Page, function string, args ...string) (T, error) {
	list := make([]string, len(args))
	for i, a := range args {
		quoted, err := json.Marshal(a)
		if err != nil {
			return *new(T), err
		}
		list[i] = string(quoted)
	}
	return evaluate[T](p, "("+find+")."+function+"("+strings.Join(list, ",")+")")
}
