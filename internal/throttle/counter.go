package throttle

import (
	"errors"
	"fmt"
	"time"
)

// WithDefaults fills in what is zero.
func (l Limits) WithDefaults() Limits {
	l.Failures = or(l.Failures, 10)
	l.Window = or(l.Window, 24*time.Hour)
	l.Hold = or(l.Hold, 30*time.Minute)
	l.MaxHold = or(l.MaxHold, 24*time.Hour)
	l.Starts = l.Starts.or(Bucket{Burst: 30, Every: 10 * time.Second})
	l.Sends = l.Sends.or(Bucket{Burst: 5, Every: 5 * time.Minute})
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

// Validate refuses values that would switch a limit off, or make one that holds for ever. Errors name the key in the settings.
// Call it after WithDefaults.
func (l Limits) Validate() error {
	return errors.Join(
		between("failures", l.Failures, 3, 100),
		between("window", l.Window, time.Minute, 30*24*time.Hour),
		between("hold", l.Hold, time.Minute, 24*time.Hour),
		between("max_hold", l.MaxHold, l.Hold, 7*24*time.Hour),
		l.Starts.validate("starts_per_source"),
		l.Sends.validate("sends_per_account"),
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

// Fail counts one try. It is called before the answer is judged; Refund takes it back when the answer was right.
// The failure that reaches the limit starts a hold; each hold within the window is twice as long as the one before.
func Fail(c Counter, l Limits, now time.Time) Counter {
	switch {
	case c.Since.IsZero() || now.Sub(c.Since) > l.Window:
		c = Counter{Since: now, HeldUntil: c.HeldUntil}
	case now.Before(c.Since): // the clock went back, or another replica's is ahead: what was counted stays counted
		c.Since = now
	}
	c.Failures++
	if c.Failures >= l.Failures {
		c.HeldUntil = now.Add(holdOf(l, c.Holds))
		c.Holds++
		c.Failures = 0
	}
	return c
}

func holdOf(l Limits, before int) time.Duration {
	d := l.Hold
	for range before {
		if d >= l.MaxHold/2 {
			return l.MaxHold
		}
		d *= 2
	}
	return min(d, l.MaxHold)
}

// Held reports whether the account is held, and until when.
func Held(c Counter, now time.Time) (bool, time.Time) {
	return now.Before(c.HeldUntil), c.HeldUntil
}

// Refund takes back the try that Fail counted last: its answer was right. When that try had started a hold, the hold is taken
// back too and the failures before it count again.
func Refund(c Counter, l Limits, now time.Time) Counter {
	if held, _ := Held(c, now); held && c.Failures == 0 && c.Holds > 0 {
		c.Holds--
		c.HeldUntil = time.Time{}
		c.Failures = l.Failures - 1
		return c
	}
	c.Failures = max(0, c.Failures-1)
	return c
}
