package authenticatortest

import (
	"reflect"
	"testing"
	"time"

	"rekey/internal/authenticator"
)

func testEnrollment(t *testing.T, f Fixture) {
	h := f.Holder()
	e := authenticator.Enrollment{Subject: subject("alice"), Session: "session"}
	c := f.begin(t, e, h)
	if _, err := authenticator.EncodePrompt(c.Prompt); err != nil {
		t.Error(err)
	}
	right, wrong := h.Prove(t, c, f.Now), h.Wrong(t, c, f.Now)

	done, err := f.enroller(t).Finish(t.Context(), e, c.State, wrong, f.Now)
	checkNotEnrolled(t, done, err)
	if err != nil || done.Reason == "" {
		t.Errorf("wrong proof: reason %q, %v", done.Reason, err)
	}
	done, err = f.enroller(t).Finish(t.Context(), e, c.State, right, f.Now)
	if err != nil || done.Outcome != authenticator.Accepted {
		t.Fatalf("outcome %v %q, %v", done.Outcome, done.Reason, err)
	}
	got := done.Credential
	if got.Kind != f.Method.Traits().Kind || got.Channel == "" || len(got.Data) == 0 {
		t.Errorf("credential is incomplete: %+v", got)
	}
	if got.ID != "" || !got.Account.IsZero() || !got.Created.IsZero() || got.Version != 0 || !got.LastUsed.IsZero() {
		t.Errorf("credential says what the use case says: %+v", got)
	}
	if !c.Expires.IsZero() {
		done, err = f.enroller(t).Finish(t.Context(), e, c.State, right, c.Expires.Add(time.Second))
		checkNotEnrolled(t, done, err)
	}
	testSecondEnrollment(t, f, got)
}

// testSecondEnrollment checks that a second credential is another one, on a channel of its own or in place of the first.
func testSecondEnrollment(t *testing.T, f Fixture, first authenticator.Credential) {
	t.Helper()
	first.ID = "first"
	existing := []authenticator.Credential{first}
	e := authenticator.Enrollment{Subject: subject("alice"), Session: "session", Existing: existing}
	h := f.Holder()
	c := f.begin(t, e, h)
	done, err := f.enroller(t).Finish(t.Context(), e, c.State, h.Prove(t, c, f.Now), f.Now)
	if err != nil || done.Outcome != authenticator.Accepted {
		t.Fatalf("second enrollment: %v %q, %v", done.Outcome, done.Reason, err)
	}
	if done.Credential.Channel == first.Channel && len(done.Replaces) == 0 {
		t.Errorf("two credentials share the channel %q", first.Channel)
	}
	for _, id := range done.Replaces {
		if id != "first" {
			t.Errorf("replaces %q, which is not there", id)
		}
	}
	if !reflect.DeepEqual(existing, []authenticator.Credential{first}) {
		t.Error("the existing credentials were changed")
	}
}

func testEnrollmentOfAnotherSession(t *testing.T, f Fixture) {
	h := f.Holder()
	mine := authenticator.Enrollment{Subject: subject("alice"), Session: "mine"}
	c := f.begin(t, mine, h)
	proof := h.Prove(t, c, f.Now)
	for name, e := range map[string]authenticator.Enrollment{
		"another session": {Subject: mine.Subject, Session: "other"},
		"another account": {Subject: subject("mallory"), Session: "mine"},
	} {
		done, err := f.enroller(t).Finish(t.Context(), e, c.State, proof, f.Now)
		if err == nil && done.Outcome == authenticator.Accepted {
			t.Errorf("%s: enrolled", name)
		}
		checkNotEnrolled(t, done, err)
	}
}

func checkNotEnrolled(t *testing.T, done authenticator.Enrolled, err error) {
	t.Helper()
	if done.Outcome == authenticator.Accepted || !reflect.DeepEqual(done.Credential, authenticator.Credential{}) || done.Replaces != nil {
		t.Errorf("enrolled without proof: %+v, %v", done, err)
	}
}
