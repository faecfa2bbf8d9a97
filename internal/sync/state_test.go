package sync

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"rekey/internal/directory"
	"rekey/internal/site"
)

func rules() site.SyncRules {
	return site.SyncRules{Every: time.Minute, Full: 7 * 24 * time.Hour, PagesPerSecond: 1000, KeepGone: 30 * 24 * time.Hour, GuardPercent: 10, GuardLeast: 20}
}

// TestPasses walks at random through everything that can happen to a directory, and checks what must always hold.
func TestPasses(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		now := time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
		s, r := State{Directory: "d"}, rules()
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			now = now.Add(time.Duration(rapid.IntRange(1, 100_000).Draw(t, "seconds")) * time.Second)
			before := s
			switch rapid.SampledFrom([]string{"turn", "page", "gone", "end", "fail", "hold", "approve", "want", "crash"}).Draw(t, "what") {
			case "turn":
				next, due := s.next(r, now)
				checkTurn(t, before, next, due, r, now)
				if due {
					next.Wanted = Idle // as the store does
					s = next
				}
			case "page":
				if s.Kind != Idle {
					s = s.took(directory.Page{Removed: []string{"x"}, Next: directory.Cursor{byte(s.Told)}})
					if s.Told != before.Told+1 || s.Pass != before.Pass || s.Kind != before.Kind {
						t.Fatalf("a page changed more than where it goes on: %+v", s)
					}
				}
			case "gone":
				if s.Kind != Idle {
					s = s.begin(Full, now)
					if s.Cursor != nil || s.Pass != before.Pass+1 {
						t.Fatalf("a lost cursor is not the beginning: %+v", s)
					}
				}
			case "end":
				if s.Kind != Idle {
					s = s.ended(now)
					checkEnd(t, before, s)
				}
			case "fail":
				s = s.failed("no answer", now)
				checkStays(t, before, s)
			case "hold":
				if l := (Losses{Gone: 50, Of: 100}); s.Kind != Idle && s.tooMany(l, r) {
					s = s.held(l, now)
					checkStays(t, before, s)
				}
			case "approve":
				if !s.Held.At.IsZero() {
					s.Approved, s.Wanted = s.Pass, Changes
				}
			case "want":
				s.Wanted = rapid.SampledFrom([]Kind{Full, Changes}).Draw(t, "kind")
			case "crash": // what is stored is all there is: s is that
			}
			checkAlways(t, before, s)
		}
	})
}

func checkAlways(t *rapid.T, before, s State) {
	if s.Pass < before.Pass || s.Current.Before(before.Current) || s.Full.Before(before.Full) {
		t.Fatalf("went back: %+v after %+v", s, before)
	}
	if s.Pass > before.Pass && s.Approved == s.Pass {
		t.Fatalf("a new pass is born approved: %+v", s)
	}
	if s.Kind == Idle && !s.Held.At.IsZero() {
		t.Fatalf("held without a pass: %+v", s)
	}
	if s.Full.After(s.Current) {
		t.Fatalf("a full pass that did not bring the copy up to its beginning: %+v", s)
	}
}

func checkTurn(t *rapid.T, before, s State, due bool, r site.SyncRules, now time.Time) {
	if !due {
		if before.Wanted != Idle || !now.Before(before.Tried.Add(max(longestPause, r.Every))) {
			t.Fatalf("nothing is done: %+v", before)
		}
		return
	}
	switch {
	case s.Kind == Idle:
		t.Fatalf("a turn without a pass: %+v", s)
	case s.Kind == Changes && s.Full.IsZero():
		t.Fatalf("changes of what was never read: %+v", s)
	case before.Wanted == Full && (s.Kind != Full || s.Cursor != nil):
		t.Fatalf("everything was asked for: %+v", s)
	case s.Pass == before.Pass && s.Kind != before.Kind:
		t.Fatalf("a pass became another: %+v after %+v", s, before)
	case s.Pass == before.Pass && before.Held.At.IsZero() && string(s.Cursor) != string(before.Cursor):
		t.Fatalf("a pass that was broken off does not go on behind its last page: %+v after %+v", s, before)
	case s.Kind == Changes && string(s.Cursor) != string(before.Cursor):
		t.Fatalf("changes do not go on where the last pass ended: %+v after %+v", s, before)
	}
}

func checkEnd(t *rapid.T, before, s State) {
	if s.Kind != Idle || !s.Current.Equal(before.Begun) || s.Error != "" || s.Failures != 0 || string(s.Cursor) != string(before.Cursor) {
		t.Fatalf("%+v after %+v", s, before)
	}
	if before.Kind == Full != s.Full.Equal(before.Begun) && !before.Full.Equal(before.Begun) {
		t.Fatalf("%+v after %+v", s, before)
	}
}

// checkStays: a turn that fails or is held loses nothing of what is stored.
func checkStays(t *rapid.T, before, s State) {
	if s.Pass != before.Pass || s.Kind != before.Kind || string(s.Cursor) != string(before.Cursor) || s.Told != before.Told || !s.Current.Equal(before.Current) {
		t.Fatalf("%+v after %+v", s, before)
	}
}

func TestTooMany(t *testing.T) {
	for _, c := range []struct {
		gone, of int64
		approved bool
		want     bool
	}{
		{19, 19, false, false},
		{20, 20, false, true},
		{20, 199, false, true},
		{20, 200, false, false},
		{1000, 10000, false, false},
		{1001, 10000, false, true},
		{10000, 10000, true, false},
	} {
		s := State{Pass: 7}
		if c.approved {
			s.Approved = 7
		}
		if got := s.tooMany(Losses{c.gone, c.of}, rules()); got != c.want {
			t.Errorf("%d of %d, approved %v: %v", c.gone, c.of, c.approved, got)
		}
	}
}

// TestPause: a directory that fails is asked less and less, and never more than a quarter of an hour apart.
func TestPause(t *testing.T) {
	for failures, want := range map[int]time.Duration{0: time.Minute, 1: 2 * time.Minute, 3: 8 * time.Minute, 4: 15 * time.Minute, 1000: 15 * time.Minute} {
		if got := (State{Failures: failures}).pause(rules()); got != want {
			t.Errorf("%d: %v", failures, got)
		}
	}
	slow := rules()
	slow.Every = time.Hour
	if got := (State{Failures: 3}).pause(slow); got != time.Hour {
		t.Errorf("%v", got)
	}
}

// TestAboutHowManyThereAre: what the directory says, else what the last full pass came to.
func TestAboutHowManyThereAre(t *testing.T) {
	now := time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
	page := directory.Page{Removed: []string{"x", "y"}}
	s := State{Directory: "d"}.begin(Full, now).took(page)
	if s.Total != 0 {
		t.Errorf("nobody has said, and it is %d", s.Total)
	}
	s = s.took(page).ended(now).begin(Changes, now).took(page).ended(now).begin(Full, now).took(page)
	if s.Told != 2 || s.Total != 4 {
		t.Errorf("the last full pass told of four: %d of %d", s.Told, s.Total)
	}
	page.Total = 7
	if s = s.took(page); s.Total != 7 {
		t.Errorf("the directory says seven: %d", s.Total)
	}
}
