package entra

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"rekey/internal/directory"
)

const (
	mostTries   = 5 // where an answer asks for another
	lostTries   = 2 // where none came: a connection may have died while it was not used
	firstPause  = 200 * time.Millisecond
	mostAnswer  = 32 << 20 // bytes
	idleFor     = 90 * time.Second
	mostPerHost = 32
)

func newTransport(c Config) (*http.Transport, error) {
	roots, err := c.roots()
	if err != nil {
		return nil, err
	}
	return &http.Transport{
		Proxy: http.ProxyFromEnvironment, DialContext: (&net.Dialer{Timeout: c.ConnectTimeout}).DialContext, TLSHandshakeTimeout: c.ConnectTimeout,
		TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}, ForceAttemptHTTP2: true,
		MaxIdleConnsPerHost: mostPerHost, IdleConnTimeout: idleFor,
	}, nil
}

// question is one request and when it may be sent again.
type question struct {
	compose func(ctx context.Context) (*http.Request, error)
	again   []int // statuses that say it was not processed, or that it may be processed twice
	once    bool  // what may have been processed without an answer is not sent again
}

// answer is a whole response.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// lostError is a question without an answer.
type lostError struct {
	err  error
	sent bool // it may have been processed
}

func (e *lostError) Error() string { return e.err.Error() }

func (e *lostError) Unwrap() error { return e.err }

// ask sends a question until it is answered for good, or until the next try would not end within ctx. It waits as long as the other side
// asks for (RFC 9110 §10.2.3), else longer each time. Errors: *lostError; it is not one of the contract's yet.
func ask(ctx context.Context, c *http.Client, now func() time.Time, q question) (answer, error) {
	for try := 1; ; try++ {
		a, err := send(ctx, c, q)
		var lost *lostError
		repeat := slices.Contains(q.again, a.status)
		if errors.As(err, &lost) {
			repeat = try < lostTries && (!q.once || !lost.sent)
		}
		if !repeat || try == mostTries || !pause(ctx, wait(a, try, now())) {
			return a, err
		}
	}
}

func send(ctx context.Context, c *http.Client, q question) (answer, error) {
	request, err := q.compose(ctx)
	if err != nil {
		return answer{}, &lostError{err: err}
	}
	var sent atomic.Bool
	trace := &httptrace.ClientTrace{WroteHeaders: func() { sent.Store(true) }}
	response, err := c.Do(request.WithContext(httptrace.WithClientTrace(ctx, trace)))
	if err != nil {
		return answer{}, &lostError{err: hideURL(err), sent: sent.Load()}
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(response.Body, mostAnswer))
	if err != nil && !q.once { // of a write the status says enough
		return answer{}, &lostError{err: err, sent: true}
	}
	return answer{status: response.StatusCode, header: response.Header, body: body}, nil
}

// hideURL takes the address out of an error: it may hold a name that somebody typed.
func hideURL(err error) error {
	var wrapped *url.Error
	if errors.As(err, &wrapped) {
		return wrapped.Err
	}
	return err
}

// wait is how long to wait before the next try.
func wait(a answer, try int, now time.Time) time.Duration {
	if after, ok := retryAfter(a.header.Get("Retry-After"), now); ok {
		return after + rand.N(firstPause)
	}
	longest := firstPause << (try - 1)
	return longest/2 + rand.N(longest/2)
}

// retryAfter reads seconds, which Graph also sends as a fraction, or a date.
func retryAfter(text string, now time.Time) (time.Duration, bool) {
	if seconds, err := strconv.ParseFloat(strings.TrimSpace(text), 64); err == nil && seconds >= 0 && seconds < 1e6 {
		return time.Duration(seconds * float64(time.Second)), true
	}
	if at, err := http.ParseTime(text); err == nil {
		return max(at.Sub(now), 0), true
	}
	return 0, false
}

// pause waits; false when that would take longer than there is time.
func pause(ctx context.Context, d time.Duration) bool {
	if end, ok := ctx.Deadline(); ok && time.Until(end) <= d || ctx.Err() != nil {
		return false
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// unavailable says that nothing was done.
func unavailable(err error) error {
	if err == nil || errors.Is(err, directory.ErrUnavailable) {
		return err
	}
	return fmt.Errorf("%w: %w", directory.ErrUnavailable, err)
}
