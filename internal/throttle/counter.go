package throttle

import (
	"errors"
	"fmt"
	"time"
)

// WithDefaults fills in what is zero.
func (l Limits) WithDefaults() Limits {
	l.Failures = or(l.Failures, 10)
	l.AccountFailures = or(l.AccountFailures, max(mostFailures, l.Failures))
	l.Window = or(l.Window, 24*time.Hour)
	l.Hold = or(l.Hold, 30*time.Minute)
	l.MaxHold = or(l.MaxHold, 24*time.Hour)
	l.Starts = l.Starts.or(Bucket{Burst: 30, Every: 10 * time.Second})
	l.Sends = l.Sends.or(Bucket{Burst: 5, Every: 5 * time.Minute})
	l.SendsPerDay = or(l.SendsPerDay, 15)
	l.AccountSendsPerDay = or(l.AccountSendsPerDay, max(45, l.SendsPerDay))
	l.SignIns = l.SignIns.or(Bucket{Burst: 20, Every: 15 * time.Second})
	return l
}

func or[T comparable](v, fallback T) T {
	var zero T
	if v == zero {
		return fallback
	}
	return v
}

func (b Bucket) or(fallback Bucket) Bucket { return or(b, fallback) }

// mostFailures of an account start a hold, and as many again the longest one: a hundred in all (NIST SP 800-63B-4 §3.2.2).
const mostFailures = 50

// Validate refuses values that would switch a limit off, or make one that holds for ever. Errors name the key in the settings.
// Call it after WithDefaults.
func (l Limits) Validate() error {
	return errors.Join(
		between("failures", l.Failures, 3, mostFailures),
		between("account_failures", l.AccountFailures, l.Failures, mostFailures),
		between("window", l.Window, time.Minute, 30*24*time.Hour),
		between("hold", l.Hold, time.Minute, 24*time.Hour),
		between("max_hold", l.MaxHold, l.Hold, 7*24*time.Hour),
		l.Starts.validate("starts_per_source"),
		l.Sends.validate("sends_per_source"),
		between("sends_per_source_and_day", l.SendsPerDay, 1, 1_000_000),
		between("sends_per_account_and_day", l.AccountSendsPerDay, l.SendsPerDay, 1_000_000),
		l.SignIns.validate("sign_ins_per_source"),
	)
}

// longest is how long a bucket may take to fill up again; it keeps Tolerance far from overflowing.
const longest = 30 * 24 * time.Hour

func (b Bucket) validate(key string) error {
	if err := between(key+".burst", b.Burst, 1, 1_000_000); err != nil {
		return err
	}
	return between(key+".every", b.Every, time.Millisecond, min(24*time.Hour, longest/time.Duration(b.Burst)))
}

func between[T int | time.Duration](key string, v, low, high T) error {
	if v < low || v > high {
		return fmt.Errorf("throttle.%s: want %v to %v, got %v", key, low, high, v)
	}
	return nil
}

// Tolerance is how far ahead of its pace a bucket may run (GCRA).
func (b Bucket) Tolerance() time.Duration { return b.Every * time.Duration(b.Burst) }

// PerDay is the bucket that allows n at once and n more over a day.
func PerDay(n int) Bucket { return Bucket{Burst: n, Every: 24 * time.Hour / time.Duration(n)} }

// round is how one counter goes.
type round struct {
	failures              int
	window, hold, maxHold time.Duration
	steep                 bool // the second hold is the longest already
}

func (l Limits) own() round { return round{l.Failures, l.Window, l.Hold, l.MaxHold, false} }

func (l Limits) account() round { return round{l.AccountFailures, l.Window, l.Hold, l.MaxHold, true} }

// fail counts one try. The failure that reaches the limit starts a hold.
func fail(c Counter, r round, now time.Time) Counter {
	switch {
	case c.Since.IsZero() || now.Sub(c.Since) > r.window:
		c = Counter{Since: now, HeldUntil: c.HeldUntil}
	case now.Before(c.Since): // the clock went back, or another replica's is ahead: what was counted stays counted
		c.Since = now
	}
	c.Failures++
	if c.Failures >= r.failures {
		c.HeldUntil = now.Add(r.holdAfter(c.Holds))
		c.Holds++
		c.Failures = 0
	}
	return c
}

// holdAfter is how long a hold lasts after as many before it within the window.
func (r round) holdAfter(before int) time.Duration {
	d := r.hold
	for range before {
		if r.steep || d >= r.maxHold/2 {
			return r.maxHold
		}
		d *= 2
	}
	return min(d, r.maxHold)
}

func (c Counter) held(now time.Time) bool { return now.Before(c.HeldUntil) }

// refund takes back what fail counted last. When that try had started a hold, the hold is taken back too and the failures before it
// count again.
func refund(c Counter, r round, now time.Time) Counter {
	if c.held(now) && c.Failures == 0 && c.Holds > 0 {
		c.Holds--
		c.HeldUntil = time.Time{}
		c.Failures = r.failures - 1
		return c
	}
	c.Failures = max(0, c.Failures-1)
	return c
}
