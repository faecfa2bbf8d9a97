package sync

import (
	"time"

	"rekey/internal/directory"
	"rekey/internal/site"
)

// Kind is what a pass reads.
type Kind string

// The kinds.
const (
	Idle    Kind = "" // no pass is under way
	Full    Kind = "full"
	Changes Kind = "changes"
)

// State is where a directory stands. It is a value; its methods give the next one.
type State struct {
	Directory string
	Pass      int64            // number of the pass under way, or of the last
	Kind      Kind             // of the pass under way
	Wanted    Kind             // of the pass somebody asked for
	Cursor    directory.Cursor // behind the last page that is stored
	Begun     time.Time        // when the pass under way began, or the last
	Restarted time.Time        // when a full pass last stood at its beginning
	Tried     time.Time        // when a turn last came to an end
	Told      int64            // objects in this pass so far
	Total     int64            // about how many a full pass tells of: what the directory says, else what the last one came to; 0: unknown
	Current   time.Time        // the copy holds everything up to here; zero: never read to the end
	Full      time.Time        // when the last full pass that ended began
	Failures  int              // in a row
	Error     string           // of the last turn, for operators; empty: it went well
	Held      Held
	Approved  int64 // number of the pass that may mark as many as it likes
	// Forgiven is when what was gone last counted as confirmed.
	Forgiven time.Time
	Paused   time.Time // since when somebody wants no pass that nobody asks for; zero: they go on
}

// Held says why a pass stopped and waits.
type Held struct {
	At   time.Time // zero: it does not
	Gone int64     // people that would be gone within a day, as far as the pass knew
	Of   int64     // of so many
}

const (
	longestPause = 15 * time.Minute // between two tries of a directory that fails
	recount      = time.Hour        // after which a full pass that is held asks for everything again
)

// next gives what a turn begins with; false when there is nothing to do yet.
func (s State) next(r site.SyncRules, now time.Time) (State, bool) {
	switch {
	case !s.Paused.IsZero() && s.Wanted == Idle:
		return s, false
	case now.Before(s.Tried.Add(s.pause(r))) && s.Wanted == Idle:
		return s, false
	case s.Kind != Idle && s.Wanted == Full:
		return s.begin(Full, now), true
	case s.Kind == Full && !s.Held.At.IsZero() && !now.Before(s.Restarted.Add(recount)):
		s.Cursor, s.Restarted, s.Told = nil, now, 0
		return s, true
	case s.Kind != Idle:
		s.Wanted = Idle
		return s, true
	case s.Full.IsZero() || s.Wanted == Full || !now.Before(s.Full.Add(r.Full)):
		return s.begin(Full, now), true
	}
	return s.begin(Changes, now), true
}

// forgotten reports whether nobody has read the directory for longer than what is gone is kept.
func (s State) forgotten(r site.SyncRules, now time.Time) bool {
	last := s.Tried
	if s.Begun.After(last) {
		last = s.Begun
	}
	return !last.IsZero() && now.Sub(last) > r.KeepGone
}

// pause is how long to wait after the last turn.
func (s State) pause(r site.SyncRules) time.Duration {
	pause := r.Every
	for range min(s.Failures, 20) { // more would overflow
		pause = min(2*pause, max(longestPause, r.Every))
	}
	return pause
}

// begin starts a pass.
func (s State) begin(k Kind, now time.Time) State {
	s.Pass++
	s.Kind, s.Wanted, s.Begun, s.Told, s.Held = k, Idle, now, 0, Held{}
	if k == Full {
		s.Cursor, s.Restarted = nil, now
	}
	return s
}

// took goes behind a page.
func (s State) took(p directory.Page) State {
	s.Cursor = p.Next
	s.Told += int64(len(p.People) + len(p.Groups) + len(p.Units) + len(p.Removed))
	if p.Total > 0 {
		s.Total = int64(p.Total)
	}
	return s
}

// ended closes a pass that was told everything.
func (s State) ended(now time.Time) State {
	if s.Approved == s.Pass {
		s.Forgiven = now
	}
	s.Current = s.Begun
	if s.Kind == Full {
		s.Full, s.Total = s.Begun, s.Told
	}
	s.Kind, s.Held, s.Failures, s.Error, s.Tried = Idle, Held{}, 0, "", now
	return s
}

// failed ends a turn; the next one goes on behind the last page.
func (s State) failed(why string, now time.Time) State {
	s.Failures, s.Error, s.Tried = s.Failures+1, why, now
	return s
}

// held ends a turn that would mark too many.
func (s State) held(l Losses, now time.Time) State {
	at := s.Held.At
	if at.IsZero() {
		at = now
	}
	s.Held, s.Failures, s.Error, s.Tried = Held{At: at, Gone: l.Gone, Of: l.Of}, 0, "", now
	return s
}

// Losses are what a step would come to.
type Losses struct {
	Gone int64 // people gone since a day ago or since somebody confirmed, and those this step would mark
	Of   int64 // of so many
}

// tooMany reports whether a step has to wait for somebody's confirmation.
func (s State) tooMany(l Losses, r site.SyncRules) bool {
	return s.Approved != s.Pass && l.Gone >= int64(r.GuardLeast) && l.Gone*100 > l.Of*int64(r.GuardPercent)
}

// since is when losses begin to count.
func (s State) since(now time.Time) time.Time {
	if day := now.Add(-24 * time.Hour); s.Forgiven.Before(day) {
		return day
	}
	return s.Forgiven
}
