package throttle_test

import (
	"math"
	"net/netip"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"rekey/internal/throttle"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func defaults() throttle.Limits { return throttle.Limits{}.WithDefaults() }

func fail(c throttle.Counter, n int, at time.Time) throttle.Counter {
	for range n {
		c = throttle.Fail(c, defaults(), at)
	}
	return c
}

func TestDefaultsAreSound(t *testing.T) {
	l := defaults()
	if err := l.Validate(); err != nil {
		t.Fatal(err)
	}
	if l.Failures != 10 || l.Window != 24*time.Hour || l.Hold != 30*time.Minute || l.MaxHold != 24*time.Hour {
		t.Errorf("got %+v", l)
	}
	set := throttle.Limits{Failures: 3, Window: time.Hour, Hold: time.Minute, MaxHold: time.Hour, Starts: throttle.Bucket{Burst: 1, Every: time.Second}}
	if got := set.WithDefaults(); got.Failures != 3 || got.Hold != time.Minute || got.Starts.Burst != 1 {
		t.Errorf("what was set is lost: %+v", got)
	}
}

// TestAttack13NoValueSwitchesALimitOff: zero takes the default, and everything else that would switch a limit off, or make it
// hold for ever, is refused with its key.
func TestAttack13NoValueSwitchesALimitOff(t *testing.T) {
	for key, change := range map[string]func(*throttle.Limits){
		"failures: want 3 to 100, got -1":                  func(l *throttle.Limits) { l.Failures = -1 },
		"failures: want 3 to 100, got 2":                   func(l *throttle.Limits) { l.Failures = 2 },
		"failures: want 3 to 100, got 101":                 func(l *throttle.Limits) { l.Failures = 101 },
		"failures: want 3 to 100, got 9223372036854775807": func(l *throttle.Limits) { l.Failures = math.MaxInt },
		"window: want 1m0s":                                func(l *throttle.Limits) { l.Window = -time.Hour },
		"window: want 1m0s to 720h0m0s":                    func(l *throttle.Limits) { l.Window = math.MaxInt64 },
		"hold: want 1m0s":                                  func(l *throttle.Limits) { l.Hold = time.Nanosecond },
		"hold: want 1m0s to 24h0m0s":                       func(l *throttle.Limits) { l.Hold = math.MaxInt64 },
		"max_hold: want 30m0s":                             func(l *throttle.Limits) { l.MaxHold = time.Minute },
		"max_hold: want 30m0s to 168h0m0s":                 func(l *throttle.Limits) { l.MaxHold = math.MaxInt64 },
		"starts_per_source.burst: want 1":                  func(l *throttle.Limits) { l.Starts.Burst = -1 },
		"starts_per_source.burst: want 1 to 1000000":       func(l *throttle.Limits) { l.Starts = throttle.Bucket{Every: time.Second} },
		"starts_per_source.every: want 1ms":                func(l *throttle.Limits) { l.Starts = throttle.Bucket{Burst: 1} },
		"sends_per_account.burst":                          func(l *throttle.Limits) { l.Sends.Burst = math.MaxInt },
		"sends_per_account.every: want 1ms to 2.592s":      func(l *throttle.Limits) { l.Sends = throttle.Bucket{Burst: 1_000_000, Every: time.Hour} },
		"sign_ins_per_source.every: want 1ms to 24h0m0s":   func(l *throttle.Limits) { l.SignIns = throttle.Bucket{Burst: 1, Every: math.MaxInt64} },
		"sign_ins_per_source.every":                        func(l *throttle.Limits) { l.SignIns.Every = -time.Second },
	} {
		l := defaults()
		change(&l)
		if err := l.WithDefaults().Validate(); err == nil || !strings.Contains(err.Error(), key) {
			t.Errorf("want %q, got %v", key, err)
		}
	}
	two := defaults()
	two.Failures, two.Window = -1, -1
	if err := two.Validate(); !strings.Contains(err.Error(), "failures") || !strings.Contains(err.Error(), "window") {
		t.Errorf("not all problems at once: %v", err)
	}
}

func TestTheLimitStartsAHoldAndHoldsGrow(t *testing.T) {
	c := fail(throttle.Counter{}, 9, noon)
	if held, _ := throttle.Held(c, noon); held || c.Failures != 9 {
		t.Fatalf("nine failures: %+v", c)
	}
	at := noon
	for i, want := range []time.Duration{30 * time.Minute, time.Hour, 2 * time.Hour, 4 * time.Hour, 8 * time.Hour} {
		n := 10
		if i == 0 {
			n = 1
		}
		c = fail(c, n, at)
		held, until := throttle.Held(c, at)
		if !held || until != at.Add(want) || c.Failures != 0 || c.Holds != i+1 {
			t.Fatalf("hold %d: %+v", i+1, c)
		}
		if held, _ := throttle.Held(c, until); held {
			t.Fatal("held at the very moment the hold ends")
		}
		at = until
	}
}

func TestTheWindowEnds(t *testing.T) {
	c := fail(throttle.Counter{}, 9, noon)
	if c := throttle.Fail(c, defaults(), noon.Add(24*time.Hour)); c.Holds != 1 {
		t.Errorf("within the window: %+v", c)
	}
	c = throttle.Fail(c, defaults(), noon.Add(24*time.Hour+1))
	if c.Failures != 1 || c.Holds != 0 || c.Since != noon.Add(24*time.Hour+1) {
		t.Errorf("after the window: %+v", c)
	}
	long := throttle.Limits{Window: time.Minute}.WithDefaults()
	c = throttle.Counter{Since: noon, Holds: 1, HeldUntil: noon.Add(time.Hour)}
	if held, _ := throttle.Held(throttle.Fail(c, long, noon.Add(2*time.Minute)), noon.Add(2*time.Minute)); !held {
		t.Error("a window that ends lifts the hold")
	}
}

// TestReplicasWhoseClocksDiffer: a replica that is behind must not wipe what another one counted.
func TestReplicasWhoseClocksDiffer(t *testing.T) {
	var c throttle.Counter
	for i := range 10 {
		c = throttle.Fail(c, defaults(), noon.Add(-time.Duration(i%2)*time.Second))
	}
	if held, _ := throttle.Held(c, noon); !held {
		t.Errorf("ten failures by two clocks: %+v", c)
	}
}

func TestRefund(t *testing.T) {
	nine := fail(throttle.Counter{}, 9, noon)
	for _, c := range []struct {
		name   string
		before throttle.Counter
		want   throttle.Counter
	}{
		{"a right answer costs nothing", fail(nine, 0, noon), throttle.Counter{Failures: 8, Since: noon}},
		{"the tenth try was right: no hold", fail(nine, 1, noon), throttle.Counter{Failures: 9, Since: noon}},
		{"nothing to take back", throttle.Counter{}, throttle.Counter{}},
	} {
		if got := throttle.Refund(c.before, defaults(), noon); got != c.want {
			t.Errorf("%s: %+v", c.name, got)
		}
	}
}

func anyLimits(t *rapid.T) throttle.Limits {
	hold := time.Duration(rapid.Int64Range(int64(time.Minute), int64(24*time.Hour)).Draw(t, "hold"))
	l := throttle.Limits{
		Failures: rapid.IntRange(3, 100).Draw(t, "failures"),
		Window:   time.Duration(rapid.Int64Range(int64(time.Minute), int64(30*24*time.Hour)).Draw(t, "window")),
		Hold:     hold,
		MaxHold:  time.Duration(rapid.Int64Range(int64(hold), int64(7*24*time.Hour)).Draw(t, "max hold")),
	}.WithDefaults()
	if err := l.Validate(); err != nil {
		t.Fatal(err)
	}
	return l
}

// TestHoldsAreBounded: whatever happens, and in whatever order clocks tell the time, a hold begins now and ends within MaxHold,
// failures stay below the limit, and a right answer restores exactly what was before its try.
func TestHoldsAreBounded(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l, now := anyLimits(t), noon
		var c throttle.Counter
		for range rapid.IntRange(1, 200).Draw(t, "tries") {
			now = now.Add(time.Duration(rapid.Int64Range(-int64(time.Second), int64(time.Hour)).Draw(t, "pause")))
			if held, until := throttle.Held(c, now); held {
				if until.Sub(now) > l.MaxHold+2*time.Second {
					t.Fatalf("held for %s", until.Sub(now))
				}
				now = until
			}
			failed := throttle.Fail(c, l, now)
			if failed.Failures < 0 || failed.Failures >= l.Failures {
				t.Fatalf("%+v", failed)
			}
			if held, until := throttle.Held(failed, now); held && (until.Sub(now) < l.Hold || until.Sub(now) > l.MaxHold) {
				t.Fatalf("a hold of %s", until.Sub(now))
			}
			refunded := throttle.Refund(failed, l, now)
			if held, _ := throttle.Held(refunded, now); held {
				t.Fatal("held after a right answer")
			}
			if again := throttle.Fail(refunded, l, now); again != failed {
				t.Fatalf("try, right, try: %+v is not %+v", again, failed)
			}
			if rapid.Bool().Draw(t, "right") {
				c = refunded
			} else {
				c = failed
			}
		}
	})
}

// TestGuessesAreFew: whatever the pace, nobody gets more wrong answers into a window than the limit for each hold that fits.
func TestGuessesAreFew(t *testing.T) {
	l, now := defaults(), noon
	var c throttle.Counter
	wrong := 0
	for now.Before(noon.Add(24 * time.Hour)) {
		if held, until := throttle.Held(c, now); held {
			now = until
			continue
		}
		c = throttle.Fail(c, l, now)
		wrong++
		now = now.Add(time.Second)
	}
	if wrong > 60 {
		t.Errorf("%d wrong answers in a day", wrong)
	}
}

func TestTolerance(t *testing.T) {
	if got := (throttle.Bucket{Burst: 30, Every: 10 * time.Second}).Tolerance(); got != 5*time.Minute {
		t.Errorf("got %s", got)
	}
}

func TestSource(t *testing.T) {
	for from, want := range map[string]string{
		"192.0.2.7": "192.0.2.7", "::ffff:192.0.2.7": "192.0.2.7", "2001:db8:1:2:3::4": "2001:db8:1:2::/64", "2001:db8:1:2::9%eth0": "2001:db8:1:2::/64",
	} {
		if got := throttle.Source(netip.MustParseAddr(from)); got != want {
			t.Errorf("%s is %s, want %s", from, got, want)
		}
	}
	if got := throttle.Source(netip.Addr{}); got == "" {
		t.Error("an address nobody knows has no name")
	}
}
