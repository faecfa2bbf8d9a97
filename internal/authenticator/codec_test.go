package authenticator_test

import (
	"reflect"
	"testing"

	"rekey/internal/authenticator"
)

func TestPromptCodecKeepsEveryShape(t *testing.T) {
	for _, p := range []authenticator.Prompt{
		authenticator.CodePrompt{Digits: 6, Masked: "a•••", Sent: true},
		authenticator.CeremonyPrompt{Create: true, Options: []byte(`{"a":1}`)},
		authenticator.AddressPrompt{Channel: "mail"},
		authenticator.SeedPrompt{URI: "otpauth://totp/x", Key: "AAAA BBBB", Digits: 6},
		authenticator.SheetPrompt{Codes: []string{"A", "B"}},
		authenticator.QuestionsPrompt{Questions: []string{"?"}},
		authenticator.RedirectPrompt{URL: "https://idp.example.test/"},
		authenticator.WaitPrompt{Match: "42"},
		authenticator.CertificatePrompt{Path: "/certificate"},
	} {
		b, err := authenticator.EncodePrompt(p)
		if err != nil {
			t.Fatal(err)
		}
		got, err := authenticator.DecodePrompt(b)
		if err != nil || !reflect.DeepEqual(got, p) {
			t.Errorf("%T: got %#v, %v", p, got, err)
		}
	}
	for _, bad := range []string{"", "{}", `{"shape":"nope"}`, `{"shape":"code","body":"x"}`} {
		if _, err := authenticator.DecodePrompt([]byte(bad)); err == nil {
			t.Errorf("%q was read", bad)
		}
	}
}
