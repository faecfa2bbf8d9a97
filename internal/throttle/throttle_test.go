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

func fail(t throttle.Tally, n int, at time.Time) throttle.Tally {
	for range n {
		t = t.Fail(defaults(), at)
	}
	return t
}

func TestDefaultsAreSound(t *testing.T) {
	l := defaults()
	if err := l.Validate(); err != nil {
		t.Fatal(err)
	}
	if l.Failures != 10 || l.Window != 24*time.Hour || l.Hold != 30*time.Minute || l.MaxHold != 24*time.Hour {
		t.Errorf("got %+v", l)
	}
	if l.AccountFailures != 50 || l.SendsPerDay != 15 || l.AccountSendsPerDay != 45 {
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
		"failures: want 3 to 50, got -1":                  func(l *throttle.Limits) { l.Failures = -1 },
		"failures: want 3 to 50, got 2":                   func(l *throttle.Limits) { l.Failures = 2 },
		"failures: want 3 to 50, got 51":                  func(l *throttle.Limits) { l.Failures = 51 },
		"failures: want 3 to 50, got 9223372036854775807": func(l *throttle.Limits) { l.Failures = math.MaxInt },
		"account_failures: want 10 to 50, got 9":          func(l *throttle.Limits) { l.AccountFailures = 9 },
		"account_failures: want 10 to 50, got 51":         func(l *throttle.Limits) { l.AccountFailures = 51 },
		"sends_per_source_and_day: want 1":                func(l *throttle.Limits) { l.SendsPerDay = -1 },
		"sends_per_account_and_day: want 15":              func(l *throttle.Limits) { l.AccountSendsPerDay = 14 },
		"window: want 1m0s":                               func(l *throttle.Limits) { l.Window = -time.Hour },
		"window: want 1m0s to 720h0m0s":                   func(l *throttle.Limits) { l.Window = math.MaxInt64 },
		"hold: want 1m0s":                                 func(l *throttle.Limits) { l.Hold = time.Nanosecond },
		"hold: want 1m0s to 24h0m0s":                      func(l *throttle.Limits) { l.Hold = math.MaxInt64 },
		"max_hold: want 30m0s":                            func(l *throttle.Limits) { l.MaxHold = time.Minute },
		"max_hold: want 30m0s to 168h0m0s":                func(l *throttle.Limits) { l.MaxHold = math.MaxInt64 },
		"starts_per_source.burst: want 1":                 func(l *throttle.Limits) { l.Starts.Burst = -1 },
		"starts_per_source.burst: want 1 to 1000000":      func(l *throttle.Limits) { l.Starts = throttle.Bucket{Every: time.Second} },
		"starts_per_source.every: want 1ms":               func(l *throttle.Limits) { l.Starts = throttle.Bucket{Burst: 1} },
		"sends_per_source.burst":                          func(l *throttle.Limits) { l.Sends.Burst = math.MaxInt },
		"sends_per_source.every: want 1ms to 2.592s":      func(l *throttle.Limits) { l.Sends = throttle.Bucket{Burst: 1_000_000, Every: time.Hour} },
		"sign_ins_per_source.every: want 1ms to 24h0m0s":  func(l *throttle.Limits) { l.SignIns = throttle.Bucket{Burst: 1, Every: math.MaxInt64} },
		"sign_ins_per_source.every":                       func(l *throttle.Limits) { l.SignIns.Every = -time.Second },
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
	c := fail(throttle.Tally{}, 9, noon)
	if held, _ := c.Held(noon); held || c.Own.Failures != 9 {
		t.Fatalf("nine failures: %+v", c)
	}
	at := noon
	for i, want := range []time.Duration{30 * time.Minute, time.Hour, 2 * time.Hour, 4 * time.Hour} {
		n := 10
		if i == 0 {
			n = 1
		}
		c = fail(c, n, at)
		held, until := c.Held(at)
		if !held || until != at.Add(want) || c.Own.Failures != 0 || c.Own.Holds != i+1 {
			t.Fatalf("hold %d: %+v", i+1, c)
		}
		if held, _ := c.Held(until); held {
			t.Fatal("held at the very moment the hold ends")
		}
		at = until
	}
}

// TestManySourcesHoldTheAccount: the fiftieth failure from wherever holds the account, and the hundredth until the longest hold ends.
func TestManySourcesHoldTheAccount(t *testing.T) {
	var account throttle.Counter
	at := noon
	for i := range 100 {
		c := throttle.Tally{Account: account}.Fail(defaults(), at) // each from another source
		account = c.Account
		held, until := c.Held(at)
		switch i {
		case 49:
			if !held || until != at.Add(30*time.Minute) {
				t.Fatalf("the fiftieth: %+v", c)
			}
			at = until
		case 99:
			if !held || until != at.Add(24*time.Hour) {
				t.Fatalf("the hundredth: %+v", c)
			}
		default:
			if held {
				t.Fatalf("failure %d: %+v", i+1, c)
			}
		}
	}
}

func TestTheWindowEnds(t *testing.T) {
	c := fail(throttle.Tally{}, 9, noon)
	if c := c.Fail(defaults(), noon.Add(24*time.Hour)); c.Own.Holds != 1 {
		t.Errorf("within the window: %+v", c)
	}
	c = c.Fail(defaults(), noon.Add(24*time.Hour+1))
	if c.Own.Failures != 1 || c.Own.Holds != 0 || c.Own.Since != noon.Add(24*time.Hour+1) || c.Account.Failures != 1 {
		t.Errorf("after the window: %+v", c)
	}
	long := throttle.Limits{Window: time.Minute}.WithDefaults()
	held := throttle.Counter{Since: noon, Holds: 1, HeldUntil: noon.Add(time.Hour)}
	for _, c := range []throttle.Tally{{Own: held}, {Account: held}} {
		if held, _ := c.Fail(long, noon.Add(2*time.Minute)).Held(noon.Add(2 * time.Minute)); !held {
			t.Error("a window that ends lifts the hold")
		}
	}
}

// TestReplicasWhoseClocksDiffer: a replica that is behind must not wipe what another one counted.
func TestReplicasWhoseClocksDiffer(t *testing.T) {
	var c throttle.Tally
	for i := range 10 {
		c = c.Fail(defaults(), noon.Add(-time.Duration(i%2)*time.Second))
	}
	if held, _ := c.Held(noon); !held || c.Account.Failures != 10 {
		t.Errorf("ten failures by two clocks: %+v", c)
	}
}

func TestRefund(t *testing.T) {
	nine := fail(throttle.Tally{}, 9, noon)
	both := func(n int) throttle.Tally {
		c := throttle.Counter{Failures: n, Since: noon}
		return throttle.Tally{Own: c, Account: c}
	}
	for _, c := range []struct {
		name         string
		before, want throttle.Tally
	}{
		{"a right answer costs nothing", nine, both(8)},
		{"the tenth try was right: no hold", fail(nine, 1, noon), both(9)},
		{"nothing to take back", throttle.Tally{}, throttle.Tally{}},
	} {
		if got := c.before.Refund(defaults(), noon); got != c.want {
			t.Errorf("%s: %+v", c.name, got)
		}
	}
	held := throttle.Counter{Since: noon, Holds: 1, HeldUntil: noon.Add(time.Hour)}
	if got := (throttle.Tally{Own: both(3).Own, Account: held}.Fail(defaults(), noon).Refund(defaults(), noon)); got.Account != held {
		t.Errorf("a right answer lifts a hold that its try did not start: %+v", got)
	}
}

func anyLimits(t *rapid.T) throttle.Limits {
	hold := time.Duration(rapid.Int64Range(int64(time.Minute), int64(24*time.Hour)).Draw(t, "hold"))
	failures := rapid.IntRange(3, 50).Draw(t, "failures")
	l := throttle.Limits{
		Failures:        failures,
		AccountFailures: rapid.IntRange(failures, 50).Draw(t, "account failures"),
		Window:          time.Duration(rapid.Int64Range(int64(time.Minute), int64(30*24*time.Hour)).Draw(t, "window")),
		Hold:            hold,
		MaxHold:         time.Duration(rapid.Int64Range(int64(hold), int64(7*24*time.Hour)).Draw(t, "max hold")),
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
		var c throttle.Tally
		for range rapid.IntRange(1, 200).Draw(t, "tries") {
			now = now.Add(time.Duration(rapid.Int64Range(-int64(time.Second), int64(time.Hour)).Draw(t, "pause")))
			if held, until := c.Held(now); held {
				if until.Sub(now) > l.MaxHold+2*time.Second {
					t.Fatalf("held for %s", until.Sub(now))
				}
				now = until
			}
			failed := c.Fail(l, now)
			if failed.Own.Failures < 0 || failed.Own.Failures >= l.Failures || failed.Account.Failures < 0 || failed.Account.Failures >= l.AccountFailures {
				t.Fatalf("%+v", failed)
			}
			if held, until := failed.Held(now); held && (until.Sub(now) < l.Hold || until.Sub(now) > l.MaxHold) {
				t.Fatalf("a hold of %s", until.Sub(now))
			}
			refunded := failed.Refund(l, now)
			if held, _ := refunded.Held(now); held {
				t.Fatal("held after a right answer")
			}
			if again := refunded.Fail(l, now); again != failed {
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

// TestGuessesAreFew: whatever the pace and from however many sources, nobody gets more than a hundred wrong answers into a day
// (NIST SP 800-63B-4 §3.2.2), and from one source less.
func TestGuessesAreFew(t *testing.T) {
	for sources, most := range map[int]int{1: 60, 1000: 100} {
		l, now := defaults(), noon
		own := make([]throttle.Counter, sources)
		var account throttle.Counter
		wrong := 0
		for now.Before(noon.Add(24 * time.Hour)) {
			i, next := -1, noon.Add(48*time.Hour)
			for source := range own {
				held, until := throttle.Tally{Own: own[source], Account: account}.Held(now)
				if !held {
					i = source
					break
				}
				if until.Before(next) {
					next = until
				}
			}
			if i < 0 {
				now = next
				continue
			}
			c := throttle.Tally{Own: own[i], Account: account}.Fail(l, now)
			own[i], account = c.Own, c.Account
			wrong++
			now = now.Add(time.Second)
		}
		if wrong > most {
			t.Errorf("%d wrong answers in a day from %d sources, want at most %d", wrong, sources, most)
		}
	}
}

// TestAKnownBrowserIsAlone: nobody else's failures reach its lane, and its messages are its own.
func TestAKnownBrowserIsAlone(t *testing.T) {
	l := defaults()
	stranger, owner := throttle.From("account:x", "192.0.2.1"), throttle.Browser("account:x", noon)
	if stranger.Alone || !owner.Alone || stranger.Own == owner.Own {
		t.Errorf("%+v and %+v", stranger, owner)
	}
	taken := map[string]bool{}
	for _, c := range stranger.Sends(l) {
		if err := l.Validate(); err != nil || c.Burst < 1 || c.Every <= 0 || taken[c.Key] {
			t.Errorf("cap %+v, error %v", c, err)
		}
		taken[c.Key] = true
	}
	if !taken[throttle.SendKey("account:x")] {
		t.Error("what strangers ask for is not capped for the account as a whole")
	}
	for _, c := range owner.Sends(l) {
		if taken[c.Key] {
			t.Errorf("a stranger uses up %s", c.Key)
		}
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
