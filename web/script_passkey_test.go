package web_test

import (
	"encoding/json"
	"strings"
	"testing"

	"rekey/internal/lab/browser"
	"rekey/web/component"
	"rekey/web/layout"
)

// credential is the part of a browser's answer that tests look at.
type credential struct {
	ID, Type string
	Response struct{ AttestationObject, ClientDataJSON, AuthenticatorData, Signature, UserHandle string }
}

func credentialOf(t *testing.T, form map[string]string) credential {
	t.Helper()
	var c credential
	if err := json.Unmarshal([]byte(form["credential"]), &c); err != nil {
		t.Fatalf("the field credential holds %q: %v", form["credential"], err)
	}
	if c.ID == "" || c.Type != "public-key" || c.Response.ClientDataJSON == "" {
		t.Errorf("the answer is %+v", c)
	}
	return c
}

func TestPasskeyCeremonies(t *testing.T) {
	b, s := newBook(t), &sent{}
	b.answer = s.answer
	exclude := ""
	b.pages["add-again"] = func(sh layout.Shell) drawn {
		options := strings.TrimSuffix(createOptions, "}}") + `,"excludeCredentials":[{"type":"public-key","id":"` + exclude + `"}]}}`
		return add(sh, "passkey", component.Ceremony{Create: true, Options: options}, false)
	}
	b.pages["prove-bare"] = func(sh layout.Shell) drawn {
		bare := strings.TrimSuffix(strings.TrimPrefix(getOptions, `{"publicKey":`), "}")
		return prove(sh, "passkey", component.Ceremony{Options: bare})
	}
	p := browser.New(t, browser.Options{Phone: true})
	p.Open(browser.Serve(t, b) + "/en/add-passkey")
	keys := p.AddPasskeys()
	p.Fill("Name", "My phone")
	p.Press("Create passkey")
	p.SeeHeading("POST /sent")
	form := s.last(t)
	made := credentialOf(t, form)
	if made.Response.AttestationObject == "" || form["label"] != "My phone" || form["at"] != "7" || keys.Count() != 1 {
		t.Errorf("creating sends %v and leaves %d passkeys", form, keys.Count())
	}
	for _, story := range []string{"prove-passkey", "prove-bare"} {
		p.Open("/en/" + story)
		p.Press("Use passkey")
		p.SeeHeading("POST /sent")
		if used := credentialOf(t, s.last(t)); used.ID != made.ID || used.Response.Signature == "" || used.Response.UserHandle == "" {
			t.Errorf("%s sends %+v", story, used)
		}
	}
	exclude = made.ID
	p.Open("/en/add-again")
	p.Click("Create passkey")
	p.See("This device already has a passkey for your account.")
}

func TestACancelledCeremonyCanBeTriedAgain(t *testing.T) {
	p, s := open(t, browser.Options{}, "add-passkey")
	keys := p.AddPasskeys()
	keys.Refuse()
	p.Fill("Name", "My laptop")
	p.Key("\r") // as the button does
	p.See("Your device stopped before it was done. Try again, or use another way.")
	if len(s.forms) != 0 {
		t.Errorf("a cancelled ceremony sent %v", s.forms)
	}
	p.Axe()
	keys.Accept()
	p.Press("Create passkey")
	credentialOf(t, s.last(t))
}

func TestABrowserWithoutPasskeysIsToldSo(t *testing.T) {
	p, _ := open(t, browser.Options{}, "start-reset")
	p.Inject(`delete self.PublicKeyCredential`)
	p.Open("/en/prove-passkey")
	p.See("This browser cannot use passkeys.")
	if visible(p, "[data-ceremony]") {
		t.Error("the button is shown though it cannot do anything")
	}
	p.Axe()
	p.Press("Use another way")
}

func TestOptionsNobodyUnderstandsAreAFailure(t *testing.T) {
	b := newBook(t)
	b.pages["broken"] = func(sh layout.Shell) drawn { return prove(sh, "passkey", component.Ceremony{Options: "{"}) }
	p := browser.New(t, browser.Options{})
	p.Open(browser.Serve(t, b) + "/en/broken")
	p.Click("Use passkey")
	p.See("That did not work. Try again, or use another way.")
}
