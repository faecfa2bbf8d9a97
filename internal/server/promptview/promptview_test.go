package promptview_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"reflect"
	"strings"
	"testing"

	"rekey/internal/authenticator"
	"rekey/internal/secret"
	"rekey/internal/server/promptview"
	"rekey/web/component"
)

func TestEveryPromptIsDrawn(t *testing.T) {
	for _, c := range []struct {
		prompt authenticator.Prompt
		drawn  component.Prompt
		field  string
		device bool
	}{
		{
			authenticator.CodePrompt{Digits: 6, Letters: true, Masked: "a•••", Sent: true},
			component.Code{Digits: 6, Letters: true, Masked: "a•••", Sent: true},
			"code", false,
		},
		{authenticator.CeremonyPrompt{Create: true, Options: []byte(`{"a":1}`)}, component.Ceremony{Create: true, Options: `{"a":1}`}, "", true},
		{authenticator.AddressPrompt{Channel: "mail"}, component.Address{Channel: "mail"}, "address", false},
		{
			authenticator.SeedPrompt{URI: "otpauth://totp/x", Key: "AAAA BBBB", Digits: 8},
			component.Seed{URI: "otpauth://totp/x", Key: "AAAA BBBB", Digits: 8},
			"code", true,
		},
		{authenticator.SheetPrompt{Codes: []string{"A", "B"}}, component.Sheet{Codes: []string{"A", "B"}}, "code", false},
		{authenticator.QuestionsPrompt{Questions: []string{"?"}}, component.Questions{Questions: []string{"?"}}, "", false},
		{authenticator.RedirectPrompt{URL: "https://idp.example.test/"}, component.Redirect{URL: "https://idp.example.test/"}, "", false},
		{authenticator.WaitPrompt{Match: "42"}, component.Wait{Match: "42"}, "", false},
		{authenticator.CertificatePrompt{Path: "/certificate"}, component.Certificate{Path: "/certificate"}, "", false},
	} {
		if got := promptview.Of(c.prompt); !reflect.DeepEqual(got, c.drawn) {
			t.Errorf("%T: got %#v", c.prompt, got)
		}
		if got := promptview.Field(c.prompt); got != c.field {
			t.Errorf("%T is answered in %q, want %q", c.prompt, got, c.field)
		}
		if got := promptview.IsDevice(c.prompt); got != c.device {
			t.Errorf("%T sets up a device: %v", c.prompt, got)
		}
	}
	if promptview.Of(nil) != nil {
		t.Error("nothing is drawn as something")
	}
}

func posted(v url.Values) *http.Request {
	r := httptest.NewRequest(http.MethodPost, "/flow/answer", strings.NewReader(v.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return r
}

func TestEveryFormIsAResponse(t *testing.T) {
	for name, c := range map[string]struct {
		form url.Values
		want authenticator.Response
	}{
		"code":             {url.Values{"code": {" 012 345"}}, authenticator.CodeResponse{Code: secret.New(" 012 345")}},
		"empty code":       {url.Values{"code": {""}}, authenticator.CodeResponse{Code: secret.New("")}},
		"address":          {url.Values{"address": {"a@b.test"}}, authenticator.AddressResponse{Address: "a@b.test"}},
		"answers":          {url.Values{"answer": {"one", "two"}}, authenticator.AnswersResponse{Answers: []secret.Text{secret.New("one"), secret.New("two")}}},
		"passkey":          {url.Values{"credential": {`{"id":"x"}`}}, authenticator.CeremonyResponse{JSON: []byte(`{"id":"x"}`)}},
		"passkey, no code": {url.Values{"credential": {`{}`}, "code": {""}}, authenticator.CeremonyResponse{JSON: []byte(`{}`)}},
		"passkey unused":   {url.Values{"credential": {""}}, authenticator.CeremonyResponse{}},
		"wait":             {url.Values{"at": {"x"}}, authenticator.WaitResponse{}},
		"two codes":        {url.Values{"code": {"1", "2"}}, authenticator.CodeResponse{Code: secret.New("1")}},
	} {
		got, err := promptview.Answer(posted(c.form))
		if err != nil || !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: got %#v, %v", name, got, err)
		}
	}
	query := httptest.NewRequest(http.MethodPost, "/flow/answer?code=123456", nil)
	if got, err := promptview.Answer(query); err != nil || got != (authenticator.WaitResponse{}) {
		t.Errorf("a code in the address counts: %#v, %v", got, err)
	}
}

func TestWhatWasTypedComesBackWhereItIsNoSecret(t *testing.T) {
	r := posted(url.Values{"address": {"anna@"}, "code": {"123456"}})
	if got := promptview.Refill(component.Address{Channel: "mail"}, r); got != (component.Address{Channel: "mail", Value: "anna@"}) {
		t.Errorf("address: %#v", got)
	}
	if got := promptview.Refill(component.Code{Digits: 6}, r); got != (component.Code{Digits: 6}) {
		t.Errorf("code: %#v", got)
	}
}
