package authenticator

import (
	"net/url"

	"rekey/internal/secret"
)

// Prompt is what a person has to do. The set is sealed: a new shape costs one component, a new method none.
type Prompt interface{ prompt() }

// CodePrompt asks for a code in one field.
type CodePrompt struct {
	Digits  int    // expected length; 0: any
	Letters bool   // letters may occur (backup codes)
	Masked  string // where it was sent, masked; empty before the first proof
	Sent    bool   // a code was sent and can be sent again
}

// CeremonyPrompt is a WebAuthn call: Options is the JSON for navigator.credentials.
type CeremonyPrompt struct {
	Create  bool // navigator.credentials.create, else get
	Options []byte
}

// AddressPrompt asks for an address to send a code to (enrollment).
type AddressPrompt struct {
	Channel string
	Suggest string // an address the directory has for the person, filled in beforehand; may be empty
}

// SeedPrompt shows a key to store in an app and asks for its first code (enrollment).
type SeedPrompt struct {
	URI    string // otpauth://…, drawn as a QR code
	Key    string // the same key for typing, in groups
	Digits int
}

// SheetPrompt shows codes to keep and asks for one of them (enrollment).
type SheetPrompt struct{ Codes []string }

// QuestionsPrompt asks questions.
type QuestionsPrompt struct{ Questions []string }

// RedirectPrompt sends the browser to a provider and awaits it back.
type RedirectPrompt struct{ URL string }

// WaitPrompt waits for somebody or something else; Match is a number to compare, if any.
type WaitPrompt struct{ Match string }

// CertificatePrompt asks for a client certificate.
type CertificatePrompt struct{ Path string }

func (CodePrompt) prompt()        {}
func (CeremonyPrompt) prompt()    {}
func (AddressPrompt) prompt()     {}
func (SeedPrompt) prompt()        {}
func (SheetPrompt) prompt()       {}
func (QuestionsPrompt) prompt()   {}
func (RedirectPrompt) prompt()    {}
func (WaitPrompt) prompt()        {}
func (CertificatePrompt) prompt() {}

// Response is what a person did. The kinds mirror the prompts.
type Response interface{ response() }

// CodeResponse is a typed code, as typed: methods clean it with Digits or Letters.
type CodeResponse struct{ Code secret.Text }

// CeremonyResponse is the JSON of a PublicKeyCredential.
type CeremonyResponse struct{ JSON []byte }

// AddressResponse is a typed address.
type AddressResponse struct{ Address string }

// AnswersResponse are answers in the order of the questions.
type AnswersResponse struct{ Answers []secret.Text }

// RedirectResponse is the query or form the provider sent back.
type RedirectResponse struct{ Values url.Values }

// WaitResponse asks whether it has happened.
type WaitResponse struct{}

// CertificateResponse is the verified chain, leaf first, in DER.
type CertificateResponse struct{ Chain [][]byte }

func (CodeResponse) response()        {}
func (CeremonyResponse) response()    {}
func (AddressResponse) response()     {}
func (AnswersResponse) response()     {}
func (RedirectResponse) response()    {}
func (WaitResponse) response()        {}
func (CertificateResponse) response() {}
