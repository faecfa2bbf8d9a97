package mailcode_test

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"rekey/internal/account"
	"rekey/internal/authenticator"
	"rekey/internal/authenticator/authenticatortest"
	"rekey/internal/authenticator/mailcode"
	"rekey/internal/factor"
	"rekey/internal/fault"
	"rekey/internal/message"
	"rekey/internal/secret"
)

var start = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// mailbox is a person who reads what was sent to them, and nothing that was sent to others.
type mailbox struct {
	address string
	last    string // code of the last mail, for forgeries
}

func (b *mailbox) Input() authenticator.Response {
	return authenticator.AddressResponse{Address: b.address}
}

func (b *mailbox) Prove(t testing.TB, c authenticator.Challenge, now time.Time) authenticator.Response {
	return b.Answer(t, c, now)
}

func (b *mailbox) Answer(_ testing.TB, c authenticator.Challenge, _ time.Time) authenticator.Response {
	for _, m := range c.Send {
		if m.To == b.address && !m.Discard {
			b.last = m.Data["code"]
		}
	}
	return typed(b.last)
}

func (b *mailbox) Wrong(t testing.TB, c authenticator.Challenge, now time.Time) authenticator.Response {
	code := []byte(c.Send[0].Data["code"])
	code[0] = '0' + (code[0]-'0'+1)%10
	return typed(string(code))
}

func typed(code string) authenticator.Response {
	return authenticator.CodeResponse{Code: secret.New(code)}
}

func open(t testing.TB, c mailcode.Config) *mailcode.Method {
	t.Helper()
	m, err := mailcode.Open(c, mailcode.Deps{MAC: authenticatortest.MAC})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func fixture(t testing.TB, c mailcode.Config, life time.Duration) authenticatortest.Fixture {
	boxes := 0
	return authenticatortest.Fixture{
		Method: open(t, c), Now: start, Life: life, Skew: life / 2,
		Holder: func() authenticatortest.Holder {
			boxes++
			return &mailbox{address: fmt.Sprintf("person%d@home.example.test", boxes)}
		},
	}
}

func TestConformance(t *testing.T) {
	authenticatortest.Run(t, fixture(t, mailcode.Config{}, 10*time.Minute))
}

func TestConformanceOfEveryKnob(t *testing.T) {
	authenticatortest.Run(t, fixture(t, mailcode.Config{
		Digits: 10, Life: time.Hour, RefuseDomains: []string{"other.test"}, AllowDirectoryDomains: true,
	}, time.Hour))
}

func FuzzVerify(f *testing.F) {
	authenticatortest.Fuzz(f, fixture(f, mailcode.Config{}, 10*time.Minute))
}

func alice() authenticator.Subject {
	return authenticator.Subject{
		Account: account.ID{Directory: "corp.example.test", Object: "alice"}, Name: "alice@corp.example.test", Locale: "de",
		Mails: []string{"alice@corp.example.test", "a.liddell@mail.example.test"},
	}
}

// begin types an address at an enrollment.
func begin(t testing.TB, m *mailcode.Method, address string, existing ...authenticator.Credential) (authenticator.Challenge, error) {
	t.Helper()
	return m.Begin(t.Context(), authenticator.Enrollment{Subject: alice(), Session: "s", Existing: existing},
		authenticator.AddressResponse{Address: address}, start)
}

func enroll(t testing.TB, m *mailcode.Method, address string) authenticator.Credential {
	t.Helper()
	c, err := begin(t, m, address)
	if err != nil {
		t.Fatal(err)
	}
	e := authenticator.Enrollment{Subject: alice(), Session: "s"}
	done, err := m.Finish(t.Context(), e, c.State, typed(c.Send[0].Data["code"]), start)
	if err != nil || done.Outcome != authenticator.Accepted {
		t.Fatal(done.Outcome, err)
	}
	done.Credential.ID = "id"
	return done.Credential
}

func request(cs ...authenticator.Credential) authenticator.Request {
	return authenticator.Request{Subject: alice(), Credentials: cs, Purpose: "reset", Flow: "f"}
}

func challenge(t testing.TB, m *mailcode.Method, r authenticator.Request) authenticator.Challenge {
	t.Helper()
	c, err := m.Challenge(t.Context(), r, start)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestMessage(t *testing.T) {
	m := open(t, mailcode.Config{Digits: 8, Life: 15 * time.Minute})
	r := request(enroll(t, m, "Alice@Home.Example.Test"))
	one, two := challenge(t, m, r), challenge(t, m, r)
	got := one.Send[0]
	code := got.Data["code"]
	want := message.Message{
		ID: got.ID, Template: message.Code, Channel: message.Mail, To: "Alice@home.example.test", Locale: "de",
		Data: map[string]string{"code": code, "purpose": "reset", "minutes": "15"},
	}
	if !reflect.DeepEqual(got, want) || len(code) != 8 {
		t.Errorf("got %+v", got)
	}
	if strings.Contains(got.ID, code) || strings.Contains(string(one.State), code) {
		t.Error("the code is in the message's id or in the state")
	}
	if one.Send[0].ID == two.Send[0].ID {
		t.Error("two codes share an id: the second is never delivered")
	}
}

// TestResendReplacesTheCode: with the new state, the old code is wrong.
func TestResendReplacesTheCode(t *testing.T) {
	m := open(t, mailcode.Config{Digits: 10})
	r := request(enroll(t, m, "alice@home.example.test"))
	old, fresh := challenge(t, m, r), challenge(t, m, r)
	for want, code := range map[authenticator.Outcome]string{
		authenticator.Wrong: old.Send[0].Data["code"], authenticator.Accepted: fresh.Send[0].Data["code"],
	} {
		got, err := m.Verify(t.Context(), r, fresh.State, typed(code), start)
		if err != nil || got.Outcome != want {
			t.Errorf("%v, %v; want %v", got.Outcome, err, want)
		}
	}
}

func TestAddressIsShownAfterAProofOnly(t *testing.T) {
	m := open(t, mailcode.Config{})
	r := request(enroll(t, m, "alice@home.example.test"))
	if got := challenge(t, m, r).Prompt; got != (authenticator.CodePrompt{Digits: 6, Sent: true}) {
		t.Errorf("to a stranger: %+v", got)
	}
	r.Reveal = true
	if got := challenge(t, m, r).Prompt; got != (authenticator.CodePrompt{Digits: 6, Sent: true, Masked: "a•••@h•••.test"}) {
		t.Errorf("after a proof: %+v", got)
	}
}

// TestAttack05OnlyTheStoredAddress: nothing that comes with a request decides where a code goes.
func TestAttack05OnlyTheStoredAddress(t *testing.T) {
	m := open(t, mailcode.Config{})
	r := request(enroll(t, m, "alice@home.example.test"))
	r.Subject.Name, r.Subject.Mails, r.Subject.DisplayName = "mallory@evil.test", []string{"mallory@evil.test"}, "mallory@evil.test"
	r.Credentials[0].Label, r.Credentials[0].Channel = "mallory@evil.test", "mail:mallory@evil.test"
	c := challenge(t, m, r)
	if len(c.Send) != 1 || c.Send[0].To != "alice@home.example.test" {
		t.Errorf("sent to %+v", c.Send)
	}

	e := authenticator.Enrollment{Subject: alice(), Session: "s"}
	begun, err := begin(t, m, "alice@home.example.test")
	if err != nil {
		t.Fatal(err)
	}
	var state map[string]any
	if err := json.Unmarshal(begun.State, &state); err != nil {
		t.Fatal(err)
	}
	state["address"] = "mallory@evil.test"
	changed, err := json.Marshal(state)
	if err != nil {
		t.Fatal(err)
	}
	done, err := m.Finish(t.Context(), e, changed, typed(begun.Send[0].Data["code"]), start)
	if err != nil || done.Outcome != authenticator.Wrong {
		t.Errorf("a code sent to one address enrolled another: %v, %v", done.Outcome, err)
	}
}

// TestAttack30LineBreaks: an address with more than an address in it is the person's fault, and nothing is sent.
func TestAttack30LineBreaks(t *testing.T) {
	m := open(t, mailcode.Config{})
	for _, typed := range []string{"alice@home.example.test\r\nBcc: mallory@evil.test", "a@b.test, c@d.test", "Alice <a@b.test>"} {
		c, err := begin(t, m, typed)
		if f := fault.Of(err); f.Kind != fault.Invalid || f.Text != "enroll.mail.invalid" || f.Field != "address" || len(c.Send) != 0 {
			t.Errorf("%q: %v, sent %v", typed, err, c.Send)
		}
	}
}

// TestRefusedAddresses: a mailbox that the lost password opens is no way to recover it.
func TestRefusedAddresses(t *testing.T) {
	const same, duplicate = "enroll.mail.same-mailbox", "enroll.mail.duplicate"
	strict := mailcode.Config{RefuseDomains: []string{"Firm.example.test", "bücher.test"}}
	open1, open2 := open(t, strict), open(t, mailcode.Config{AllowDirectoryDomains: true})
	known := enroll(t, open1, "alice@home.example.test")
	for _, c := range []struct {
		method  *mailcode.Method
		address string
		want    string // text of the fault
	}{
		{open1, "alice@firm.example.test", same},
		{open1, "anybody@FIRM.example.test", same},
		{open1, "alice@sub.firm.example.test", ""},
		{open1, "alice@notfirm.example.test", ""},
		{open1, "alice@xn--bcher-kva.test", same},
		{open1, "alice@corp.example.test", same},
		{open1, "friend@corp.example.test", same}, // a domain the directory has for this person
		{open1, "friend@mail.example.test", same},
		{open1, "alice@other.example.test", ""},
		{open1, "alice@home.example.test", duplicate},
		{open1, "ALICE+second@home.example.test", duplicate},
		{open1, "alice2@home.example.test", ""},
		{open2, "friend@mail.example.test", ""},
		{open2, "a.liddell@mail.example.test", same},
		{open2, "A.Liddell+x@mail.example.test", same},
		{open2, "alice@corp.example.test", same},
	} {
		got, err := begin(t, c.method, c.address, known)
		switch {
		case c.want == "" && (err != nil || len(got.Send) != 1):
			t.Errorf("%s: %v", c.address, err)
		case c.want != "" && (fault.Of(err).Text != c.want || fault.Of(err).Kind != fault.Invalid || len(got.Send) != 0):
			t.Errorf("%s: %v, want %s", c.address, err, c.want)
		}
	}
}

// TestOddDirectoryAddresses: what the directory holds is compared even where nothing would be sent to it.
func TestOddDirectoryAddresses(t *testing.T) {
	m := open(t, mailcode.Config{})
	e := authenticator.Enrollment{Subject: alice(), Session: "s"}
	e.Subject.Mails = []string{`"Alice L"@Odd.Example.Test`, "not an address", ""}
	_, err := m.Begin(t.Context(), e, authenticator.AddressResponse{Address: "friend@odd.example.test"}, start)
	if fault.Of(err).Text != "enroll.mail.same-mailbox" {
		t.Errorf("%v", err)
	}
	if _, err = m.Begin(t.Context(), e, authenticator.AddressResponse{Address: "alice@home.example.test"}, start); err != nil {
		t.Error(err)
	}
}

// TestAddressThatBecameTheDirectorys: what was allowed when the code was sent is asked again when it is typed.
func TestAddressThatBecameTheDirectorys(t *testing.T) {
	m := open(t, mailcode.Config{})
	c, err := begin(t, m, "alice@home.example.test")
	if err != nil {
		t.Fatal(err)
	}
	e := authenticator.Enrollment{Subject: alice(), Session: "s"}
	e.Subject.Mails = append(e.Subject.Mails, "alice@home.example.test")
	done, err := m.Finish(t.Context(), e, c.State, typed(c.Send[0].Data["code"]), start)
	if fault.Of(err).Text != "enroll.mail.same-mailbox" || done.Outcome == authenticator.Accepted {
		t.Errorf("%v, %v", done.Outcome, err)
	}
}

func TestCredential(t *testing.T) {
	m := open(t, mailcode.Config{})
	c := enroll(t, m, "Alice+Rekey@Home.Example.Test")
	if c.Label != "Alice+Rekey@home.example.test" || c.Channel != "mail:alice@home.example.test" || c.Kind != factor.Mail {
		t.Errorf("%+v", c)
	}
	if got := m.Address(c); got != "Alice+Rekey@home.example.test" {
		t.Errorf("address %q", got)
	}
	for name, none := range map[string]authenticator.Credential{"decoy": m.Decoy([32]byte{1}), "broken": {Data: []byte("{")}} {
		if got := m.Address(none); got != "" {
			t.Errorf("%s has the address %q", name, got)
		}
	}
}

// TestDecoyIsNotSent: a decoy's mail is made and thrown away, and its code proves nothing.
func TestDecoyIsNotSent(t *testing.T) {
	m := open(t, mailcode.Config{})
	r := request(m.Decoy([32]byte{7}))
	c := challenge(t, m, r)
	if len(c.Send) != 1 || !c.Send[0].Discard || !strings.HasSuffix(c.Send[0].To, "@example.com") {
		t.Errorf("sent %+v", c.Send)
	}
	got, err := m.Verify(t.Context(), r, c.State, typed(c.Send[0].Data["code"]), start)
	if err != nil || got.Outcome != authenticator.Wrong || got.Reason != "wrong-code" {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestOneAddressAtATime(t *testing.T) {
	m := open(t, mailcode.Config{})
	c := enroll(t, m, "alice@home.example.test")
	if made, err := m.Challenge(t.Context(), request(c, c), start); err == nil || len(made.Send) != 0 {
		t.Errorf("two addresses: sent %v, %v", made.Send, err)
	}
	want := factor.Traits{Kind: "mail", Class: factor.Knows, Mailbox: true, Each: true}
	if got := m.Traits(); got != want {
		t.Errorf("traits %+v", got)
	}
}

func TestLifeOfACode(t *testing.T) {
	m := open(t, mailcode.Config{})
	r := request(enroll(t, m, "alice@home.example.test"))
	c := challenge(t, m, r)
	for after, want := range map[time.Duration]authenticator.Outcome{
		0: authenticator.Accepted, 10 * time.Minute: authenticator.Accepted, 10*time.Minute + 1: authenticator.Stale,
	} {
		got, err := m.Verify(t.Context(), r, c.State, typed(c.Send[0].Data["code"]), start.Add(after))
		if err != nil || got.Outcome != want {
			t.Errorf("after %v: %v %q, %v", after, got.Outcome, got.Reason, err)
		}
	}
	// Whoever holds the state cannot make it last: its end is part of what the code is bound to.
	var state map[string]any
	if err := json.Unmarshal(c.State, &state); err != nil {
		t.Fatal(err)
	}
	state["expires"] = start.Add(time.Hour)
	longer, err := json.Marshal(state)
	if err != nil {
		t.Fatal(err)
	}
	got, err := m.Verify(t.Context(), r, longer, typed(c.Send[0].Data["code"]), start)
	if err != nil || got.Outcome != authenticator.Wrong {
		t.Errorf("with a later end: %v, %v", got.Outcome, err)
	}
}

func TestConfig(t *testing.T) {
	for _, c := range []struct {
		config mailcode.Config
		wrong  string
	}{
		{mailcode.Config{}, ""},
		{mailcode.Config{Digits: 10, Life: 24 * time.Hour, RefuseDomains: []string{"Corp.Example.Test", "bücher.test"}}, ""},
		{mailcode.Config{Digits: 5}, "digits"},
		{mailcode.Config{Digits: 11}, "digits"},
		{mailcode.Config{Digits: -6}, "digits"},
		{mailcode.Config{Life: time.Second}, "life"},
		{mailcode.Config{Life: 25 * time.Hour}, "life"},
		{mailcode.Config{Life: -time.Minute}, "life"},
		{mailcode.Config{RefuseDomains: []string{"corp.example.test", "corp"}}, "refuse_domains[1]"},
		{mailcode.Config{RefuseDomains: []string{"*.example.test"}}, "refuse_domains[0]"},
		{mailcode.Config{RefuseDomains: []string{"@example.test"}}, "refuse_domains[0]"},
		{mailcode.Config{RefuseDomains: []string{""}}, "refuse_domains[0]"},
	} {
		_, err := mailcode.Open(c.config, mailcode.Deps{MAC: authenticatortest.MAC})
		if c.wrong == "" && err != nil || c.wrong != "" && (err == nil || !strings.HasPrefix(err.Error(), c.wrong+":")) {
			t.Errorf("%+v: %v, want %q", c.config, err, c.wrong)
		}
	}
	if _, err := mailcode.Open(mailcode.Config{}, mailcode.Deps{}); err == nil {
		t.Error("opened without a keyed hash")
	}
}
