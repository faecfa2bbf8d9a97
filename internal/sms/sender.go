// Package sms hands text messages to an HTTP gateway, whichever it is: the settings describe the request and how its answer is read.
//
// A message is one request on a connection of its own, so that nothing below repeats it: net/http sends a GET again when a kept
// connection breaks, and each time costs. No redirect is followed. What is logged and returned names neither number nor text.
package sms

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"rekey/internal/delivery"
	"rekey/internal/secret"
)

// maxAnswer is how much of an answer is read.
const maxAnswer = 64 << 10

// errNoGateway is what Send says while the settings name none.
var errNoGateway = errors.New("no SMS gateway is set")

// Sender sends text messages with the configuration in force. It is safe for concurrent use.
type Sender struct {
	now     func() time.Time
	log     *slog.Logger
	gateway atomic.Pointer[gateway] // nil: none
}

// New makes a sender that has no gateway yet.
func New(now func() time.Time, log *slog.Logger) *Sender { return &Sender{now: now, log: log} }

// gateway is one configuration with its secrets.
type gateway struct {
	Config
	request
	secrets  map[string]secret.Text
	password secret.Text
	client   *http.Client
}

// Use puts a configuration in force. Messages under way are finished with the one before.
func (s *Sender) Use(c Config, resolve secret.Resolver) error {
	g, err := open(c, resolve)
	if err == nil {
		s.gateway.Store(g)
	}
	return err
}

// Drop leaves the sender without a gateway.
func (s *Sender) Drop() { s.gateway.Store(nil) }

// Check does what Use does, and puts nothing in force.
func Check(c Config, resolve secret.Resolver) error {
	_, err := open(c, resolve)
	return err
}

func open(c Config, resolve secret.Resolver) (*gateway, error) {
	r, err := c.compile()
	if err != nil {
		return nil, err
	}
	g := &gateway{Config: c, request: r, secrets: map[string]secret.Text{}}
	for _, name := range slices.Sorted(maps.Keys(c.Secrets)) {
		if g.secrets[name], err = resolve(c.Secrets[name]); err != nil {
			return nil, fmt.Errorf(path+"secrets.%s: %w", name, err)
		}
	}
	if !c.Password.IsZero() {
		if g.password, err = resolve(c.Password); err != nil {
			return nil, fmt.Errorf(path+"password: %w", err)
		}
	}
	for name, t := range r.headers {
		if value := t.fill(g.values(delivery.Text{})); strings.ContainsFunc(value, unprintable) { // such as a line end in a secret's file
			return nil, fmt.Errorf(path+"headers.%s: a secret in it is not printable ASCII", name)
		}
	}
	g.client, err = c.client()
	return g, err
}

func (c Config) client() (*http.Client, error) {
	trusted, err := c.tls()
	if err != nil {
		return nil, fmt.Errorf(path+"ca_file: %w", err)
	}
	return &http.Client{
		Timeout:       or(c.Timeout, defaultTimeout),
		Transport:     &http.Transport{Proxy: http.ProxyFromEnvironment, TLSClientConfig: trusted, DisableKeepAlives: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}, nil
}

// values gives what fills the places for a message.
func (g *gateway) values(t delivery.Text) func(place string) string {
	return func(place string) string {
		switch place {
		case placeNumber:
			return t.To
		case placeDigits:
			return strings.TrimPrefix(t.To, "+")
		case placeText:
			return t.Text
		case placeSender:
			return g.Sender
		case placeID:
			return t.ID
		}
		return g.secrets[strings.TrimPrefix(place, ofSecrets)].Reveal()
	}
}

// Send implements delivery.Texter. See Config.judge for what answers mean; an answer that does not come leaves open whether the
// message was taken (delivery.ErrDoubt) as soon as there was a connection.
func (s *Sender) Send(ctx context.Context, t delivery.Text) (receipt string, err error) {
	g := s.gateway.Load()
	if g == nil {
		return "", errNoGateway
	}
	req, err := g.prepare(ctx, t)
	if err != nil {
		return "", err
	}
	var connected atomic.Bool
	trace := &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) { connected.Store(true) }}
	status, header, body, err := g.do(req.WithContext(httptrace.WithClientTrace(ctx, trace)))
	if err != nil {
		if connected.Load() {
			return "", fmt.Errorf("%w: %w", delivery.ErrDoubt, err)
		}
		return "", err
	}
	if err := g.judge(status, header.Get("Retry-After"), body, s.now()); err != nil {
		return "", err
	}
	if g.Receipt != "" {
		receipt, _ = at(body, g.Receipt) // a gateway that gives none has sent it all the same
	}
	s.log.DebugContext(ctx, "text message handed over", "message", t.ID, "receipt", receipt)
	return receipt, nil
}

// prepare writes the request.
func (g *gateway) prepare(ctx context.Context, t delivery.Text) (*http.Request, error) {
	values := g.values(t)
	var body io.Reader
	if g.body != nil {
		body = strings.NewReader(g.body.fill(values))
	}
	req, err := http.NewRequestWithContext(ctx, g.method, g.url.fill(values), body)
	if err != nil {
		return nil, fmt.Errorf("%w: the gateway's URL cannot be written", delivery.ErrPermanent) // the cause would quote it
	}
	for name, value := range g.headers {
		text := value.fill(values)
		if strings.ContainsFunc(text, unprintable) {
			return nil, fmt.Errorf("%w: the header %s cannot be written", delivery.ErrPermanent, name)
		}
		req.Header.Set(name, text)
	}
	if g.User != "" {
		req.SetBasicAuth(g.User, g.password.Reveal())
	}
	return req, nil
}

// do gives the answer. Errors do not name the URL, which may hold anything.
func (g *gateway) do(req *http.Request) (status int, header http.Header, body []byte, err error) {
	resp, err := g.client.Do(req)
	if err != nil {
		if told, ok := errors.AsType[*url.Error](err); ok {
			err = told.Err
		}
		return 0, nil, nil, fmt.Errorf("the gateway does not answer: %w", err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err = io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return 0, nil, nil, fmt.Errorf("the gateway's answer breaks off: %w", err)
	}
	return resp.StatusCode, resp.Header, body, nil
}

// Probe connects to the gateway's host and asks for nothing that costs: any answer will do.
func (s *Sender) Probe(ctx context.Context) error {
	g := s.gateway.Load()
	if g == nil {
		return errNoGateway
	}
	u, err := url.Parse(g.url.fill(g.values(delivery.Text{})))
	if err != nil {
		return errors.New("the gateway's URL cannot be written")
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodHead, u.Scheme+"://"+u.Host+"/", http.NoBody)
	if err != nil {
		return err
	}
	_, _, _, err = g.do(req)
	return err
}
