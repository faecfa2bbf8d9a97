// Package authenticatortest is what every authenticator has to pass, and the persons' side of ceremonies for tests without a
// browser.
package authenticatortest

import (
	"crypto/hmac"
	"crypto/sha256"
	"reflect"
	"slices"
	"testing"
	"time"

	"rekey/internal/account"
	"rekey/internal/authenticator"
)

// Holder is a person's side of one credential: their app, mailbox, sheet of paper or key.
type Holder interface {
	// Input is what an enrollment asks for first, an address for example; nil when it asks for nothing.
	Input() authenticator.Response
	// Prove answers an enrollment and keeps what its prompt showed.
	Prove(t testing.TB, c authenticator.Challenge, now time.Time) authenticator.Response
	// Answer is the right answer of this holder; to somebody else's challenge it is their best forgery.
	Answer(t testing.TB, c authenticator.Challenge, now time.Time) authenticator.Response
	// Wrong is an answer of the right form that is wrong.
	Wrong(t testing.TB, c authenticator.Challenge, now time.Time) authenticator.Response
}

// Fixture is a method under test. The method must be an Enroller too.
type Fixture struct {
	Method authenticator.Method
	// Holder makes a person's side that nothing is enrolled for.
	Holder func() Holder
	// Now is when enrollment happens; a method with time steps wants the start of one.
	Now time.Time
	// Life is how long an answer stays right when clocks agree; 0: for ever.
	Life time.Duration
	// Skew is how far the clock that verifies may be off the one that challenged.
	Skew time.Duration
}

// Run tests a method. What is required of concurrent answers: a method is pure, so all of sixteen equal answers may be
// Accepted; but each acceptance carries Update or Delete, so that compare-and-set on the credential lets one pass.
func Run(t *testing.T, f Fixture) {
	t.Helper()
	for _, c := range []struct {
		name string
		test func(*testing.T, Fixture)
	}{
		{"Traits", testTraits},
		{"RightAnswer", testRightAnswer},
		{"WrongAnswer", testWrongAnswer},
		{"Attack12Replay", testReplay},
		{"Expired", testExpired},
		{"ClockSkew", testClockSkew},
		{"Attack02OtherAccount", testOtherAccount},
		{"Attack01OtherFlow", testOtherFlow},
		{"Attack03PurposeMix", testOtherPurpose},
		{"Attack10Race", testRace},
		{"Attack16Decoy", testDecoyLooksReal},
		{"DecoyIsNeverAccepted", testDecoyIsNeverAccepted},
		{"GarbageData", testGarbageData},
		{"GarbageState", testGarbageState},
		{"GarbageResponse", testGarbageResponse},
		{"Enrollment", testEnrollment},
		{"EnrollmentOfAnotherSession", testEnrollmentOfAnotherSession},
		{"EnrollmentGarbage", testEnrollmentGarbage},
	} {
		t.Run(c.name, func(t *testing.T) { c.test(t, f) })
	}
}

// MAC is a keyed hash as the keyset makes it, with a fixed key.
func MAC(purpose string, data []byte) []byte {
	h := hmac.New(sha256.New, []byte("a key for tests of 32 bytes, fixed"))
	h.Write([]byte(purpose))
	h.Write([]byte{0})
	h.Write(data)
	return h.Sum(nil)
}

// person is somebody who has enrolled.
type person struct {
	holder     Holder
	subject    authenticator.Subject
	credential authenticator.Credential
}

func subject(name string) authenticator.Subject {
	return authenticator.Subject{
		Account:     account.ID{Directory: "corp.example.test", Object: "object-of-" + name},
		Name:        name + "@corp.example.test",
		DisplayName: name,
		Locale:      "en",
		Mails:       []string{name + "@corp.example.test"},
	}
}

// enroll sets a method up as the use case does: the credential gets its ID, account and time afterwards.
func (f Fixture) enroll(t testing.TB, name string) person {
	t.Helper()
	p := person{holder: f.Holder(), subject: subject(name)}
	e := authenticator.Enrollment{Subject: p.subject, Session: "session-of-" + name}
	c := f.begin(t, e, p.holder)
	done, err := f.enroller(t).Finish(t.Context(), e, c.State, p.holder.Prove(t, c, f.Now), f.Now)
	if err != nil || done.Outcome != authenticator.Accepted {
		t.Fatalf("enrollment of %s: %v %q, %v", name, done.Outcome, done.Reason, err)
	}
	p.credential = done.Credential
	p.credential.ID, p.credential.Version = "credential-of-"+name, 1
	p.credential.Account, p.credential.Created = p.subject.Account, f.Now
	return p
}

func (f Fixture) enroller(t testing.TB) authenticator.Enroller {
	t.Helper()
	e, ok := f.Method.(authenticator.Enroller)
	if !ok {
		t.Fatalf("%T is no Enroller", f.Method)
	}
	return e
}

// begin goes through what an enrollment asks for until there is something to prove.
func (f Fixture) begin(t testing.TB, e authenticator.Enrollment, h Holder) authenticator.Challenge {
	t.Helper()
	c, err := f.enroller(t).Begin(t.Context(), e, nil, f.Now)
	if _, asks := c.Prompt.(authenticator.AddressPrompt); err == nil && asks {
		c, err = f.enroller(t).Begin(t.Context(), e, h.Input(), f.Now)
	}
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// later is when credentials are used: after the enrollment, at the start of a time step if the fixture's Now is.
func (f Fixture) later() time.Time { return f.Now.Add(time.Hour) }

func (p person) request(flow string) authenticator.Request {
	return authenticator.Request{
		Subject: p.subject, Credentials: []authenticator.Credential{p.credential}, Purpose: "reset", Flow: flow,
	}
}

func (f Fixture) challenge(t testing.TB, r authenticator.Request, now time.Time) authenticator.Challenge {
	t.Helper()
	c, err := f.Method.Challenge(t.Context(), r, now)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// verify judges, and checks what holds of every judgement.
func (f Fixture) verify(t testing.TB, r authenticator.Request, state []byte, answer authenticator.Response, now time.Time) (authenticator.Result, error) {
	t.Helper()
	before := copied(r)
	got, err := f.Method.Verify(t.Context(), r, state, answer, now)
	if !reflect.DeepEqual(r, before) {
		t.Error("Verify changed the credentials it was given")
	}
	if err != nil && got.Outcome != authenticator.Wrong {
		t.Errorf("an error with outcome %v", got.Outcome)
	}
	if got.Outcome == authenticator.Accepted {
		checkAcceptance(t, r, got)
	}
	return got, err
}

func copied(r authenticator.Request) authenticator.Request {
	r.Credentials = slices.Clone(r.Credentials)
	for i, c := range r.Credentials {
		r.Credentials[i].Data = slices.Clone(c.Data)
	}
	return r
}

func checkAcceptance(t testing.TB, r authenticator.Request, got authenticator.Result) {
	t.Helper()
	for _, c := range r.Credentials {
		if c.ID != got.Used {
			continue
		}
		if got.Delete == (got.Update != nil) {
			t.Errorf("Delete %v and Update %v: want exactly one, for compare-and-set", got.Delete, got.Update)
		}
		if got.Update != nil {
			changed := *got.Update
			changed.Data = c.Data
			if !reflect.DeepEqual(changed, c) {
				t.Errorf("more than Data was changed: %+v", got.Update)
			}
		}
		return
	}
	t.Errorf("Used is %q, which is none of the request's credentials", got.Used)
}

// accepted applies an acceptance as a store does, and reports false when the credential is used up.
func (p *person) accepted(got authenticator.Result) bool {
	if got.Delete {
		return false
	}
	p.credential = *got.Update
	p.credential.Version++
	return true
}

func (f Fixture) refuse(t testing.TB, what string, r authenticator.Request, state []byte, answer authenticator.Response, now time.Time) {
	t.Helper()
	if got, err := f.verify(t, r, state, answer, now); err == nil && got.Outcome != authenticator.Wrong && got.Outcome != authenticator.Stale {
		t.Errorf("%s: outcome %v", what, got.Outcome)
	}
}
