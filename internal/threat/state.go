package threat

import (
	"time"

	"rekey/internal/audit"
	"rekey/internal/policy"
)

// State is a level and how it came about. The zero value: nobody ever set one.
type State struct {
	Number int64 // of the change, from 1
	Level  policy.Threat
	At     time.Time // the change was made
	Since  time.Time // the level holds; earlier than At when it was extended
	Until  time.Time // not within; zero for policy.Calm
	Author string
	Reason string
}

// itself is the author of an end that nobody asked for.
const itself = "rekey"

// at is what holds of a state at a moment: a level whose time is up is none.
func (s State) at(now time.Time) State {
	if !s.over(now) {
		return s
	}
	return State{Number: s.Number, At: s.Until, Since: s.Until, Author: itself, Reason: "its time was up"}
}

// over reports a level whose time is up.
func (s State) over(now time.Time) bool { return s.Level != policy.Calm && !now.Before(s.Until) }

// step is a change with its record.
type step struct {
	state State
	event audit.Event
}

// set makes a level the one in force. The same level goes on, with another end.
func (s State) set(now time.Time, c Change) step {
	next := State{
		Number: s.Number + 1, Level: c.Level, At: now, Since: now, Until: now.Add(c.For), Author: c.Author, Reason: c.Reason,
	}
	detail := map[string]string{"author": c.Author, "reason": c.Reason, "until": stamp(next.Until)}
	if s.Level != policy.Calm {
		detail["before"] = string(s.Level)
	}
	if s.Level == c.Level {
		next.Since = s.Since
	}
	return step{next, audit.Event{
		Name: audit.ThreatSet, At: now, Actor: audit.Operator, Outcome: audit.OK, Reason: string(c.Level), By: c.Author, Detail: detail,
	}}
}

// end ends a level before its time.
func (s State) end(now time.Time, author, reason string) step {
	ev := s.ended(now, audit.Operator, author, reason, now)
	ev.By = author
	return step{State{Number: s.Number + 1, At: now, Since: now, Author: author, Reason: reason}, ev}
}

// expire writes down that the time of a level was up. The record names who had set the time, and why.
func (s State) expire(now time.Time) step {
	next := s.at(now)
	next.Number, next.At = s.Number+1, now
	return step{next, s.ended(now, audit.System, s.Author, s.Reason, s.Until)}
}

func (s State) ended(now time.Time, by audit.ActorType, author, reason string, end time.Time) audit.Event {
	return audit.Event{
		Name: audit.ThreatEnded, At: now, Actor: by, Outcome: audit.OK, Reason: string(s.Level),
		Detail: map[string]string{"author": author, "reason": reason, "since": stamp(s.Since), "ended": stamp(end)},
	}
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }
