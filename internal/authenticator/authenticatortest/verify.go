package authenticatortest

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"rekey/internal/authenticator"
)

func testTraits(t *testing.T, f Fixture) {
	got := f.Method.Traits()
	if got.Kind == "" || got.Class == 0 {
		t.Errorf("traits name no kind or class: %+v", got)
	}
	if again := f.Method.Traits(); again != got {
		t.Errorf("traits changed from %+v to %+v", got, again)
	}
}

func testRightAnswer(t *testing.T, f Fixture) {
	p := f.enroll(t, "alice")
	now := f.later()
	for flow := range 2 {
		r := p.request("flow")
		c := f.challenge(t, r, now)
		checkChallenge(t, f, c, now)
		got, err := f.verify(t, r, c.State, p.holder.Answer(t, c, now), now)
		if err != nil || got.Outcome != authenticator.Accepted {
			t.Fatalf("flow %d: outcome %v %q, %v", flow, got.Outcome, got.Reason, err)
		}
		if !p.accepted(got) {
			return
		}
		now = now.Add(5 * time.Minute)
	}
}

func checkChallenge(t *testing.T, f Fixture, c authenticator.Challenge, now time.Time) {
	t.Helper()
	b, err := authenticator.EncodePrompt(c.Prompt)
	if err != nil {
		t.Error(err)
	}
	if _, err := authenticator.DecodePrompt(b); err != nil {
		t.Error(err)
	}
	if !c.Expires.IsZero() && !c.Expires.Equal(now.Add(f.Life)) {
		t.Errorf("expires %v, want %v", c.Expires, now.Add(f.Life))
	}
	ids := map[string]bool{}
	for _, m := range c.Send {
		if m.ID == "" || ids[m.ID] || m.Discard {
			t.Errorf("message %q: no ID, the same ID twice, or discarded", m.ID)
		}
		ids[m.ID] = true
	}
}

func testWrongAnswer(t *testing.T, f Fixture) {
	p := f.enroll(t, "alice")
	r := p.request("flow")
	c := f.challenge(t, r, f.later())
	got, err := f.verify(t, r, c.State, p.holder.Wrong(t, c, f.later()), f.later())
	if err != nil || got.Outcome != authenticator.Wrong || got.Update != nil || got.Delete || got.Reason == "" {
		t.Errorf("got %+v, %v", got, err)
	}
	if got, err := f.verify(t, r, c.State, p.holder.Answer(t, c, f.later()), f.later()); err != nil || got.Outcome != authenticator.Accepted {
		t.Errorf("the right answer after a wrong one: %v, %v", got.Outcome, err)
	}
}

func testReplay(t *testing.T, f Fixture) {
	p := f.enroll(t, "alice")
	now := f.later()
	r := p.request("flow")
	c := f.challenge(t, r, now)
	answer := p.holder.Answer(t, c, now)
	got, err := f.verify(t, r, c.State, answer, now)
	if err != nil || got.Outcome != authenticator.Accepted {
		t.Fatalf("outcome %v, %v", got.Outcome, err)
	}
	if !p.accepted(got) {
		r.Credentials = nil
		f.refuse(t, "no credential left", r, c.State, answer, now)
		return
	}
	r = p.request("flow")
	f.refuse(t, "same state", r, c.State, answer, now)
	f.refuse(t, "same state, clock behind", r, c.State, answer, now.Add(-f.Skew))
	next := p.request("next flow")
	f.refuse(t, "next flow, old state", next, c.State, answer, now)
	f.refuse(t, "next flow", next, f.challenge(t, next, now).State, answer, now)
}

func testExpired(t *testing.T, f Fixture) {
	if f.Life == 0 {
		return // written on paper
	}
	p := f.enroll(t, "alice")
	r := p.request("flow")
	c := f.challenge(t, r, f.later())
	answer := p.holder.Answer(t, c, f.later())
	f.refuse(t, "expired", r, c.State, answer, f.later().Add(f.Life+f.Skew+time.Second))
	f.refuse(t, "a year later", r, c.State, answer, f.later().Add(365*24*time.Hour))
}

func testClockSkew(t *testing.T, f Fixture) {
	p := f.enroll(t, "alice")
	r := p.request("flow")
	for _, skew := range []time.Duration{-f.Skew, f.Skew} {
		c := f.challenge(t, r, f.later())
		answer := p.holder.Answer(t, c, f.later())
		if got, err := f.verify(t, r, c.State, answer, f.later().Add(skew)); err != nil || got.Outcome != authenticator.Accepted {
			t.Errorf("clock off by %v: %v %q, %v", skew, got.Outcome, got.Reason, err)
		}
	}
}

func testOtherAccount(t *testing.T, f Fixture) {
	alice, mallory := f.enroll(t, "alice"), f.enroll(t, "mallory")
	now := f.later()
	ra, rm := alice.request("flow"), mallory.request("flow")
	ca, cm := f.challenge(t, ra, now), f.challenge(t, rm, now)
	own := mallory.holder.Answer(t, cm, now)
	f.refuse(t, "own state and answer for another account", ra, cm.State, own, now)
	f.refuse(t, "own answer for another account's state", ra, ca.State, own, now)
	f.refuse(t, "forged answer to another account's challenge", ra, ca.State, mallory.holder.Answer(t, ca, now), now)
	if cm.State == nil {
		return // the rest mixes up states
	}
	mixed := rm
	mixed.Credentials = ra.Credentials
	f.refuse(t, "own state with another account's credential", mixed, cm.State, own, now)
	f.refuse(t, "another account's state with one's own credential", rm, ca.State, alice.holder.Answer(t, ca, now), now)
}

func testOtherFlow(t *testing.T, f Fixture) {
	p := f.enroll(t, "alice")
	now := f.later()
	one, two := p.request("one"), p.request("two")
	c, d := f.challenge(t, one, now), f.challenge(t, two, now)
	if c.State == nil {
		return // nothing is bound: such an answer works once anywhere, see testReplay
	}
	answer := p.holder.Answer(t, c, now)
	f.refuse(t, "state and answer of another flow", two, c.State, answer, now)
	f.refuse(t, "answer of another flow", two, d.State, answer, now)
	f.refuse(t, "state of another flow", two, c.State, p.holder.Answer(t, d, now), now)
}

func testOtherPurpose(t *testing.T, f Fixture) {
	p := f.enroll(t, "alice")
	now := f.later()
	reset, unlock := p.request("flow"), p.request("flow")
	unlock.Purpose = "unlock"
	c := f.challenge(t, reset, now)
	if c.State == nil {
		return // nothing is bound: such an answer works once for anything, see testReplay
	}
	answer := p.holder.Answer(t, c, now)
	f.refuse(t, "state of another purpose", unlock, c.State, answer, now)
	f.refuse(t, "answer of another purpose", unlock, f.challenge(t, unlock, now).State, answer, now)

	e := authenticator.Enrollment{Subject: p.subject, Session: "flow"}
	if done, err := f.enroller(t).Finish(t.Context(), e, c.State, answer, now); err == nil && done.Outcome == authenticator.Accepted {
		t.Error("a proof finished an enrollment")
	}
	other := f.Holder()
	begun := f.begin(t, e, other)
	f.refuse(t, "an enrollment's state", reset, begun.State, other.Prove(t, begun, now), now)
}

// shelf is a store's compare-and-set on one credential.
type shelf struct{ version atomic.Int64 }

func (s *shelf) commit(read int64) bool { return s.version.CompareAndSwap(read, read+1) }

func testRace(t *testing.T, f Fixture) {
	p := f.enroll(t, "alice")
	now := f.later()
	r := p.request("flow")
	c := f.challenge(t, r, now)
	answer := p.holder.Answer(t, c, now)
	s := shelf{}
	s.version.Store(p.credential.Version)
	var committed atomic.Int32
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			got, err := f.Method.Verify(t.Context(), r, c.State, answer, now)
			if err != nil || got.Outcome != authenticator.Accepted {
				t.Errorf("outcome %v, %v", got.Outcome, err)
				return
			}
			checkAcceptance(t, r, got)
			if s.commit(p.credential.Version) {
				committed.Add(1)
			}
		})
	}
	wg.Wait()
	if n := committed.Load(); n != 1 {
		t.Errorf("%d of 16 equal answers were committed, want 1", n)
	}
}
