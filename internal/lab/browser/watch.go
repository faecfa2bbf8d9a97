package browser

import (
	"fmt"
	"slices"
	"strings"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// Request is one request of the page, redirects counted apart.
type Request struct {
	Method, URL string
	Type        string  // "Document", "Stylesheet", "Script", "Fetch", …
	Status      int     // 0: no answer yet
	Bytes       float64 // sent over the wire, headers included
	id          network.RequestID
}

// watch collects what the browser complains of and what it asks for.
func (p *Page) watch() {
	p.t.Helper()
	p.documents = map[string]bool{}
	if _, err := chromedp.Call(p.ctx, log.Enable, cdp.Empty{}); err != nil {
		p.t.Fatalf("watch the log: %v", err)
	}
	if _, err := chromedp.Call(p.ctx, network.Enable, network.EnableParams{}); err != nil {
		p.t.Fatalf("watch the network: %v", err)
	}
	if err := chromedp.Listen(p.ctx, p.hear); err != nil {
		p.t.Fatalf("watch the tab: %v", err)
	}
}

func (p *Page) hear(event any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch e := event.(type) {
	case *log.EventEntryAdded:
		if p.harmless(e.Entry) {
			return
		}
		p.complain("%s: %s %s", e.Entry.Source, e.Entry.Text, e.Entry.URL)
	case *runtime.EventExceptionThrown:
		p.complain("exception: %s %s", e.ExceptionDetails.Text, description(e.ExceptionDetails.Exception))
	case *runtime.EventConsoleAPICalled:
		p.complain("console.%s: %s", e.Type, spoken(e.Args))
	case *network.EventRequestWillBeSent:
		if e.Type == network.ResourceTypeDocument {
			p.documents[string(e.RequestID)] = true
		}
		if e.RedirectResponse != nil {
			p.answered(e.RequestID, e.RedirectResponse.Status)
		}
		p.requests = append(p.requests, &Request{Method: e.Request.Method, URL: e.Request.URL, Type: string(e.Type), id: e.RequestID})
	case *network.EventResponseReceived:
		p.answered(e.RequestID, e.Response.Status)
	case *network.EventLoadingFinished:
		if r := p.last(e.RequestID); r != nil {
			r.Bytes = e.EncodedDataLength
		}
	}
}

// harmless reports what is no fault of a page: that it is an error page, whose status is the test's business, that an answer
// without HTML names no icon, whereupon the browser tries the usual place, and that a test was in another field before the page was
// drawn and gave the focus to its own.
func (p *Page) harmless(e *log.Entry) bool {
	if strings.HasPrefix(e.Text, "Autofocus processing was blocked because a document already has a focused element") {
		return true
	}
	return e.Source == log.EntrySourceNetwork &&
		(p.documents[string(e.NetworkRequestID)] || strings.HasSuffix(e.URL, "/favicon.ico"))
}

func (p *Page) answered(id network.RequestID, status int64) {
	if r := p.last(id); r != nil {
		r.Status = int(status)
	}
}

// last gives the newest request of an id; redirects keep the id.
func (p *Page) last(id network.RequestID) *Request {
	for _, r := range slices.Backward(p.requests) {
		if r.id == id {
			return r
		}
	}
	return nil
}

func (p *Page) complain(format string, args ...any) {
	p.problems = append(p.problems, fmt.Sprintf(format, args...))
}

func description(o *runtime.RemoteObject) string {
	if o == nil {
		return ""
	}
	if o.Description != "" {
		return o.Description
	}
	return string(o.Value)
}

func spoken(args []*runtime.RemoteObject) string {
	words := make([]string, len(args))
	for i, a := range args {
		words[i] = description(a)
	}
	return strings.Join(words, " ")
}

// Problems gives what the browser complained of so far and forgets it, for tests that expect a complaint. What is left at the end
// fails the test.
func (p *Page) Problems() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	out := p.problems
	p.problems = nil
	return out
}

// Requests gives what was asked for since the last Open.
func (p *Page) Requests() []Request {
	p.mu.Lock()
	defer p.mu.Unlock()
	out := make([]Request, len(p.requests))
	for i, r := range p.requests {
		out[i] = *r
	}
	return out
}

// forget starts a new list of requests.
func (p *Page) forget() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.requests = nil
}
