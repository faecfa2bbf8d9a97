package browser_test

import (
	"fmt"
	"net/http"
	"testing"

	"rekey/internal/lab/browser"
)

// ceremony makes a passkey and says how it went.
const ceremony = `navigator.credentials.create({ publicKey: {
	rp: { name: "Test" }, user: { id: crypto.getRandomValues(new Uint8Array(8)), name: "anna", displayName: "Anna" },
	challenge: new Uint8Array(16), pubKeyCredParams: [-7, -257].map((alg) => ({ type: "public-key", alg })),
	authenticatorSelection: { residentKey: "required", userVerification: "required" },
} }).then(() => "made", (e) => e.name)`

func TestPasskeys(t *testing.T) {
	p := browser.New(t, browser.Options{})
	p.Open(browser.Serve(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, page(`<h1>Passkeys</h1>`)) })))
	keys := p.AddPasskeys()
	if got := browser.Eval[string](p, ceremony); got != "made" || keys.Count() != 1 {
		t.Errorf("the ceremony gives %q and %d passkeys, want one made", got, keys.Count())
	}
	keys.Refuse()
	if got := browser.Eval[string](p, ceremony); got != "NotAllowedError" {
		t.Errorf("a device that does not know its owner gives %q, want NotAllowedError", got)
	}
	keys.Accept()
	keys.Forge(browser.NotVerified)
	if got := browser.Eval[string](p, ceremony); got != "made" || keys.Count() != 2 {
		t.Errorf("a forged answer gives %q and %d passkeys: the browser must let it through", got, keys.Count())
	}
}
