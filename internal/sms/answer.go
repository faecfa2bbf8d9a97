package sms

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"rekey/internal/delivery"
)

// AnsweredError is a gateway's refusal. It prints the status alone, since answers like to repeat number and text; Answer has the rest.
type AnsweredError struct {
	Status int
	Answer string // the beginning of the answer: for who sent a test, never for a log
	what   string
}

// Error implements error.
func (e *AnsweredError) Error() string {
	return fmt.Sprintf("the gateway answered with status %d%s", e.Status, e.what)
}

// judge says what an answer means; nil: the gateway took the message.
//
//   - What the settings call success is that. Another 2xx was taken for all we know, and is never sent again.
//   - 429 and 503 come before the message is looked at. It was not sent, and is again after the time the gateway asks for.
//   - Other 5xx, and 408, leave open whether it was sent.
//   - Everything else is a refusal for good.
func (c Config) judge(status int, retryAfter string, body []byte, now time.Time) error {
	e := &AnsweredError{Status: status, Answer: excerpt(body)}
	switch {
	case status >= 200 && status <= 299:
		if e.what = c.Success.misses(status, body); e.what == "" {
			return nil
		}
		return fmt.Errorf("%w, %w: %w", delivery.ErrPermanent, delivery.ErrDoubt, e)
	case status == http.StatusTooManyRequests || status == http.StatusServiceUnavailable:
		return &delivery.BusyError{After: wait(retryAfter, now), Cause: e}
	case status >= 500 || status == http.StatusRequestTimeout:
		return fmt.Errorf("%w: %w", delivery.ErrDoubt, e)
	case status >= 300 && status <= 399:
		e.what = ", which would send the message elsewhere"
	}
	return fmt.Errorf("%w: %w", delivery.ErrPermanent, e)
}

// misses names the first condition that does not hold.
func (s Success) misses(status int, body []byte) string {
	if len(s.Status) > 0 && !slices.Contains(s.Status, status) {
		return ", which success.status does not list"
	}
	for path, want := range s.JSON {
		if got, ok := at(body, path); !ok || got != want {
			return ", and its answer does not have what success.json wants at " + path
		}
	}
	if !strings.Contains(string(body), s.Contains) {
		return ", and its answer does not have what success.contains wants"
	}
	return ""
}

// at reads a value of a JSON text by its place: names and numbers of list items, with dots between them. Numbers, true and false come as
// they are written; what is an object or a list is no value.
func at(body []byte, path string) (string, bool) {
	var v any
	in := json.NewDecoder(strings.NewReader(string(body)))
	in.UseNumber()
	if in.Decode(&v) != nil {
		return "", false
	}
	for step := range strings.SplitSeq(path, ".") {
		switch within := v.(type) {
		case map[string]any:
			v = within[step]
		case []any:
			i, err := strconv.Atoi(step)
			if err != nil || i < 0 || i >= len(within) {
				return "", false
			}
			v = within[i]
		default:
			return "", false
		}
	}
	switch v := v.(type) {
	case string:
		return v, true
	case json.Number:
		return v.String(), true
	case bool:
		return strconv.FormatBool(v), true
	}
	return "", false
}

// wait reads Retry-After: seconds or a date (RFC 9110 §10.2.3). 0: it does not say.
func wait(retryAfter string, now time.Time) time.Duration {
	if seconds, err := strconv.Atoi(retryAfter); err == nil && seconds >= 0 && seconds < 1_000_000 {
		return time.Duration(seconds) * time.Second
	}
	if at, err := http.ParseTime(retryAfter); err == nil {
		return max(at.Sub(now), 0)
	}
	return 0
}

const maxExcerpt = 500

func excerpt(body []byte) string {
	return strings.ToValidUTF8(string(body[:min(len(body), maxExcerpt)]), "")
}
