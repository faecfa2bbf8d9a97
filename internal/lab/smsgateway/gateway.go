// Package smsgateway stands in for the HTTP gateways that firms buy text messages from. There is no standard among them; it speaks the
// three dialects that most are variations of:
//
//	POST /messages   JSON {"from", "to", "text", "reference"}, Authorization: Bearer KEY → 202 {"messages": [{"id", "to", "status": "accepted"}]}
//	POST /form       a form with from, to, text, reference, HTTP Basic user:KEY           → 200 the same
//	GET  /send       query with key, from, to, text, reference                            → 200 "OK 17", or 200 "ERROR 102 bad number"
//
// It imitates the errors (400 a number or text that is none, 401 a wrong key), a limit of rate (429 with Retry-After), and when it is
// told to, answers that are late, broken, missing or given after the message was taken.
//
// It does not imitate: delivery reports and status callbacks, answers from people, prices and balance, blocked senders, routes, numbers
// that are switched off, several messages in one request, Unicode flags, XML.
package smsgateway

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// Message is one that the gateway took.
type Message struct {
	ID, From, To, Text, Reference string
}

// Options says how to start. The zero value takes every message, with the key "key", on a free loopback port.
type Options struct {
	Address string      // empty: a free loopback port
	Key     string      // empty: "key"
	TLS     *tls.Config // nil: plain HTTP
	// PerSecond is how many messages are taken in a second; 0: any number.
	PerSecond int
	// Taken is told of every message before its sender is answered, from several goroutines; nil: nobody.
	Taken func(Message)
}

// Fault is what the gateway does wrong on purpose.
type Fault struct {
	Status     int    // of the answer
	Body       string // of the answer
	RetryAfter string // header of the answer
	Location   string // header of the answer
	Hang       bool   // no answer at all, until Heal or Close
	Cut        bool   // the connection ends in the middle of the answer
	Take       bool   // the message is taken all the same
	Times      int    // how often; 0: until Heal
}

// Gateway is a running gateway. It is safe for concurrent use.
type Gateway struct {
	options Options
	server  *http.Server
	listen  net.Listener
	ended   sync.WaitGroup
	closing chan struct{}
	close   func() error

	mu       sync.Mutex
	messages []Message
	asked    []*http.Request // bodies are read
	fault    *Fault
	healed   chan struct{} // closed by Heal
	second   time.Time
	inSecond int
}

// Start runs a gateway until Close.
func Start(ctx context.Context, o Options) (*Gateway, error) {
	if o.Address == "" {
		o.Address = "127.0.0.1:0"
	}
	if o.Key == "" {
		o.Key = "key"
	}
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", o.Address)
	if err != nil {
		return nil, fmt.Errorf("start SMS gateway: %w", err)
	}
	g := &Gateway{options: o, listen: l, closing: make(chan struct{}), healed: make(chan struct{})}
	g.server = &http.Server{Handler: g.handler(), ReadHeaderTimeout: 10 * time.Second}
	incoming := l
	if o.TLS != nil {
		incoming = tls.NewListener(l, o.TLS)
	}
	g.close = sync.OnceValue(func() error {
		close(g.closing)
		err := g.server.Close()
		_ = l.Close() // the server knows of it only once its goroutine has run
		g.ended.Wait()
		return err
	})
	g.ended.Go(func() { _ = g.server.Serve(incoming) }) // ends with Close
	return g, nil
}

// Close ends it, and everything it has kept waiting. It may be called more than once.
func (g *Gateway) Close() error { return g.close() }

// URL is where it is, without a slash at the end.
func (g *Gateway) URL() string {
	scheme := "http://"
	if g.options.TLS != nil {
		scheme = "https://"
	}
	return scheme + g.listen.Addr().String()
}

// Key is what senders prove themselves with.
func (g *Gateway) Key() string { return g.options.Key }

// Messages lists what was taken, oldest first.
func (g *Gateway) Messages() []Message {
	g.mu.Lock()
	defer g.mu.Unlock()
	return append([]Message(nil), g.messages...)
}

// Asked lists the requests that came, oldest first, whatever became of them.
func (g *Gateway) Asked() []*http.Request {
	g.mu.Lock()
	defer g.mu.Unlock()
	return append([]*http.Request(nil), g.asked...)
}

// Break injects a fault in place of the one before.
func (g *Gateway) Break(f Fault) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if f.Times == 0 {
		f.Times = -1
	}
	g.fault = &f
}

// Heal takes the fault away, and lets go of what hangs.
func (g *Gateway) Heal() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.fault = nil
	close(g.healed)
	g.healed = make(chan struct{})
}

// errBusy is one message too many for this second.
var errBusy = errors.New("too many messages")

// take keeps a message, unless it is one too many.
func (g *Gateway) take(m Message) (Message, error) {
	g.mu.Lock()
	if now := time.Now(); now.Sub(g.second) >= time.Second {
		g.second, g.inSecond = now, 0
	}
	if g.inSecond++; g.options.PerSecond > 0 && g.inSecond > g.options.PerSecond {
		g.mu.Unlock()
		return Message{}, errBusy
	}
	m.ID = strconv.Itoa(len(g.messages) + 1)
	g.messages = append(g.messages, m)
	g.mu.Unlock()
	if g.options.Taken != nil {
		g.options.Taken(m)
	}
	return m, nil
}
