package authenticatortest

import (
	"net/url"
	"testing"

	"rekey/internal/authenticator"
	"rekey/internal/fault"
	"rekey/internal/secret"
)

// garbage is what storage and strangers may hand over.
func garbage() [][]byte {
	return [][]byte{
		nil,
		{},
		[]byte("{"), []byte("null"), []byte("[]"), []byte("0"), []byte(`""`), []byte("{}"), []byte(`{"v":1}`),
		[]byte(`{"v":99}`), []byte(`{"v":1,"hashes":[null,""],"secret":"","key":"AA==","salt":null}`),
		[]byte(`{"v":1,"digits":-1,"period":0,"memory":4294967295,"time":4294967295}`),
		[]byte(`{"v":1,"digits":1000000000,"secret":"AAAA","period":-1,"algorithm":"MD5"}`),
		{0xff, 0xfe, 0x00},
		[]byte("\xa1\x00"),
	}
}

// responses are answers of every type, empty and absurd.
func responses() []authenticator.Response {
	return []authenticator.Response{
		nil,
		authenticator.CodeResponse{},
		authenticator.CodeResponse{Code: secret.New("\x00\xff'; drop table")},
		authenticator.CeremonyResponse{},
		authenticator.CeremonyResponse{JSON: []byte("{")},
		authenticator.CeremonyResponse{JSON: []byte("null")},
		authenticator.CeremonyResponse{JSON: []byte(`{"id":"AA","rawId":"AA","type":"public-key","response":null}`)},
		authenticator.CeremonyResponse{JSON: []byte(`{"id":"AA","rawId":"AA","type":"public-key","response":{"clientDataJSON":"e30","authenticatorData":"","signature":"","attestationObject":""}}`)},
		authenticator.AddressResponse{},
		authenticator.AddressResponse{Address: "a@b@c"},
		authenticator.AnswersResponse{},
		authenticator.AnswersResponse{Answers: []secret.Text{{}}},
		authenticator.RedirectResponse{},
		authenticator.RedirectResponse{Values: url.Values{"code": {"1"}}},
		authenticator.WaitResponse{},
		authenticator.CertificateResponse{},
		authenticator.CertificateResponse{Chain: [][]byte{nil}},
	}
}

func testGarbageData(t *testing.T, f Fixture) {
	p := f.enroll(t, "alice")
	r := p.request("flow")
	c := f.challenge(t, r, f.later())
	answer := p.holder.Answer(t, c, f.later())
	for _, data := range garbage() {
		bad := copied(r)
		bad.Credentials[0].Data = data
		f.refuse(t, string(data), bad, c.State, answer, f.later())
		if made, err := f.Method.Challenge(t.Context(), bad, f.later()); err == nil {
			f.refuse(t, string(data), bad, made.State, answer, f.later())
		}
	}
	empty := r
	empty.Credentials = nil
	f.refuse(t, "no credential", empty, c.State, answer, f.later())
	if made, err := f.Method.Challenge(t.Context(), empty, f.later()); err == nil {
		f.refuse(t, "no credential", empty, made.State, answer, f.later())
	}
}

func testGarbageState(t *testing.T, f Fixture) {
	p := f.enroll(t, "alice")
	r := p.request("flow")
	c := f.challenge(t, r, f.later())
	if c.State == nil {
		return // none is read
	}
	answer := p.holder.Answer(t, c, f.later())
	for _, state := range garbage() {
		f.refuse(t, string(state), r, state, answer, f.later())
	}
	for i := range c.State {
		f.refuse(t, "cut state", r, c.State[:i], answer, f.later())
	}
}

func testGarbageResponse(t *testing.T, f Fixture) {
	p := f.enroll(t, "alice")
	r := p.request("flow")
	c := f.challenge(t, r, f.later())
	for _, answer := range responses() {
		got, err := f.verify(t, r, c.State, answer, f.later())
		if err != nil || got.Outcome != authenticator.Wrong {
			t.Errorf("%#v: outcome %v, %v; want wrong, since strangers choose what they send", answer, got.Outcome, err)
		}
	}
}

func testEnrollmentGarbage(t *testing.T, f Fixture) {
	h := f.Holder()
	e := authenticator.Enrollment{Subject: subject("alice"), Session: "session"}
	for _, input := range responses() {
		if _, err := f.enroller(t).Begin(t.Context(), e, input, f.Now); err != nil && fault.Of(err).Kind != fault.Invalid {
			t.Errorf("begin with %#v: %v, want it to be the person's fault", input, err)
		}
	}
	c := f.begin(t, e, h)
	proof := h.Prove(t, c, f.Now)
	for _, answer := range responses() {
		done, err := f.enroller(t).Finish(t.Context(), e, c.State, answer, f.Now)
		checkNotEnrolled(t, done, err)
		if err != nil {
			t.Errorf("finish with %#v: %v, want wrong", answer, err)
		}
	}
	for _, state := range garbage() {
		done, err := f.enroller(t).Finish(t.Context(), e, state, proof, f.Now)
		checkNotEnrolled(t, done, err)
	}
	e.Existing = []authenticator.Credential{{ID: "broken", Kind: f.Method.Traits().Kind, Data: []byte("{")}}
	_, _ = f.enroller(t).Begin(t.Context(), e, h.Input(), f.Now) // may fail, may not panic
}

// Fuzz feeds a method arbitrary credential data, state and answers. Nothing may panic, and an error goes with Wrong.
func Fuzz(f *testing.F, fx Fixture) {
	p := fx.enroll(f, "alice")
	r := p.request("flow")
	c := fx.challenge(f, r, fx.later())
	for _, g := range garbage() {
		f.Add(g, c.State, "123456", []byte("{}"))
		f.Add(p.credential.Data, g, "123456", []byte("{}"))
		f.Add(p.credential.Data, c.State, string(g), g)
	}
	if ceremony, ok := p.holder.Answer(f, c, fx.later()).(authenticator.CeremonyResponse); ok {
		f.Add(p.credential.Data, c.State, "", ceremony.JSON)
	}
	f.Fuzz(func(t *testing.T, data, state []byte, code string, ceremony []byte) {
		r := copied(r)
		r.Credentials[0].Data = data
		_, _ = fx.Method.Challenge(t.Context(), r, fx.later())
		e := authenticator.Enrollment{Subject: p.subject, Session: "session", Existing: r.Credentials}
		for _, answer := range []authenticator.Response{
			authenticator.CodeResponse{Code: secret.New(code)},
			authenticator.CeremonyResponse{JSON: ceremony},
			authenticator.AddressResponse{Address: code},
		} {
			_, _ = fx.verify(t, r, state, answer, fx.later())
			_, _ = fx.enroller(t).Finish(t.Context(), e, state, answer, fx.Now)
		}
	})
}
