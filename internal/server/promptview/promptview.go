// Package promptview translates between the contract of authenticators and forms: a prompt into what a page draws, a posted form
// into a response. It knows shapes, no methods.
package promptview

import (
	"net/http"

	"rekey/internal/authenticator"
	"rekey/internal/fault"
	"rekey/internal/secret"
	"rekey/web/component"
)

// Of gives a prompt as pages draw it.
func Of(p authenticator.Prompt) component.Prompt {
	switch p := p.(type) {
	case authenticator.CodePrompt:
		return component.Code{Digits: p.Digits, Letters: p.Letters, Masked: p.Masked, Sent: p.Sent}
	case authenticator.CeremonyPrompt:
		return component.Ceremony{Create: p.Create, Options: string(p.Options)}
	case authenticator.AddressPrompt:
		return component.Address{Channel: p.Channel, Value: p.Suggest}
	case authenticator.SeedPrompt:
		return component.Seed{URI: p.URI, Key: p.Key, Digits: p.Digits}
	case authenticator.SheetPrompt:
		return component.Sheet{Codes: p.Codes}
	case authenticator.QuestionsPrompt:
		return component.Questions{Questions: p.Questions}
	case authenticator.RedirectPrompt:
		return component.Redirect{URL: p.URL}
	case authenticator.WaitPrompt:
		return component.Wait{Match: p.Match}
	case authenticator.CertificatePrompt:
		return component.Certificate{Path: p.Path}
	}
	return nil
}

// Field names the input a prompt is answered in, for errors to point to.
func Field(p authenticator.Prompt) string {
	switch p.(type) {
	case authenticator.CodePrompt, authenticator.SeedPrompt, authenticator.SheetPrompt:
		return "code"
	case authenticator.AddressPrompt:
		return "address"
	}
	return ""
}

// Answer reads what was posted. The first field that is there decides the shape; a method refuses a shape that is not its own.
func Answer(r *http.Request) (authenticator.Response, error) {
	if err := r.ParseForm(); err != nil {
		return nil, fault.Wrap(fault.Invalid, "problem.stale", err)
	}
	f := r.PostForm
	switch {
	case f.Get("credential") != "":
		return authenticator.CeremonyResponse{JSON: []byte(f.Get("credential"))}, nil
	case f.Has("code"):
		return authenticator.CodeResponse{Code: secret.New(f.Get("code"))}, nil
	case f.Has("address"):
		return authenticator.AddressResponse{Address: f.Get("address")}, nil
	case f.Has("answer"):
		var a authenticator.AnswersResponse
		for _, s := range f["answer"] {
			a.Answers = append(a.Answers, secret.New(s))
		}
		return a, nil
	case f.Has("credential"):
		return authenticator.CeremonyResponse{}, nil
	}
	return authenticator.WaitResponse{}, nil
}

// Refill puts back what was typed after a problem, where it is no secret.
func Refill(p component.Prompt, r *http.Request) component.Prompt {
	typed := r.PostFormValue("address") // parses the form
	if address, ok := p.(component.Address); ok && r.PostForm.Has("address") {
		address.Value = typed
		return address
	}
	return p
}

// IsDevice reports whether a prompt sets up something people have several of and tell apart by names.
func IsDevice(p authenticator.Prompt) bool {
	switch p.(type) {
	case authenticator.CeremonyPrompt, authenticator.SeedPrompt:
		return true
	}
	return false
}
