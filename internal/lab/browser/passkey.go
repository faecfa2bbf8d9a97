package browser

import (
	"github.com/chromedp/cdproto/webauthn"
	"github.com/chromedp/chromedp"
)

// Passkeys is a virtual authenticator in the tab, such as a phone's or a laptop's own.
type Passkeys struct {
	page *Page
	id   webauthn.AuthenticatorID
}

// AddPasskeys gives the tab a device that can make and keep passkeys and whose owner is recognised. Pages must be on
// http://localhost: a passkey belongs to a name, never to an address.
func (p *Page) AddPasskeys() *Passkeys {
	p.t.Helper()
	yes, no := true, false
	if _, err := chromedp.Call(p.ctx, webauthn.Enable, webauthn.EnableParams{EnableUI: &no}); err != nil {
		p.t.Fatalf("enable passkeys: %v", err)
	}
	added, err := chromedp.Call(p.ctx, webauthn.AddVirtualAuthenticator, webauthn.AddVirtualAuthenticatorParams{
		Options: &webauthn.VirtualAuthenticatorOptions{
			Protocol: webauthn.AuthenticatorProtocolCtap2, Ctap2version: webauthn.Ctap2versionCtap21,
			Transport:      webauthn.AuthenticatorTransportInternal,
			HasResidentKey: yes, HasUserVerification: yes, IsUserVerified: yes, AutomaticPresenceSimulation: yes,
			DefaultBackupEligibility: yes, DefaultBackupState: yes,
		},
	})
	if err != nil {
		p.t.Fatalf("add a passkey device: %v", err)
	}
	return &Passkeys{page: p, id: added.AuthenticatorID}
}

// Refuse makes the device not recognise its owner: ceremonies end as if the person had cancelled.
func (k *Passkeys) Refuse() { k.verify(false) }

// Accept makes it recognise the owner again.
func (k *Passkeys) Accept() { k.verify(true) }

func (k *Passkeys) verify(ok bool) {
	k.page.t.Helper()
	_, err := chromedp.Call(k.page.ctx, webauthn.SetUserVerified, webauthn.SetUserVerifiedParams{AuthenticatorID: k.id, IsUserVerified: ok})
	if err != nil {
		k.page.t.Fatalf("set user verification: %v", err)
	}
}

// Forgery is a lie the device tells, which only the server can notice.
type Forgery uint8

// The lies.
const (
	Honest       Forgery = iota
	BadSignature         // the signature is wrong
	NotVerified          // the answer says that nobody was recognised
	NotPresent           // the answer says that nobody was there
)

// Forge makes the device lie in its next answers.
func (k *Passkeys) Forge(f Forgery) {
	k.page.t.Helper()
	is := func(which Forgery) *bool { b := f == which; return &b }
	_, err := chromedp.Call(k.page.ctx, webauthn.SetResponseOverrideBits, webauthn.SetResponseOverrideBitsParams{
		AuthenticatorID: k.id, IsBogusSignature: is(BadSignature), IsBadUV: is(NotVerified), IsBadUP: is(NotPresent),
	})
	if err != nil {
		k.page.t.Fatalf("forge answers: %v", err)
	}
}

// Count is how many passkeys the device keeps.
func (k *Passkeys) Count() int {
	k.page.t.Helper()
	got, err := chromedp.Call(k.page.ctx, webauthn.GetCredentials, webauthn.GetCredentialsParams{AuthenticatorID: k.id})
	if err != nil {
		k.page.t.Fatalf("count passkeys: %v", err)
	}
	return len(got.Credentials)
}
