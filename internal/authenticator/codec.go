package authenticator

import (
	"encoding/json"
	"fmt"
)

// envelope is how a prompt is kept between the request that made it and the one that shows it again.
type envelope struct {
	Shape string          `json:"shape"`
	Body  json.RawMessage `json:"body"`
}

// EncodePrompt writes a prompt down. The result may hold secrets (a key being enrolled): seal it at rest.
func EncodePrompt(p Prompt) ([]byte, error) {
	shape, err := shapeOf(p)
	if err != nil {
		return nil, err
	}
	body, err := json.Marshal(p)
	if err != nil {
		return nil, fmt.Errorf("encode %s prompt: %w", shape, err)
	}
	return json.Marshal(envelope{shape, body})
}

// DecodePrompt reads what EncodePrompt wrote.
func DecodePrompt(b []byte) (Prompt, error) {
	var e envelope
	if err := json.Unmarshal(b, &e); err != nil {
		return nil, fmt.Errorf("decode prompt: %w", err)
	}
	switch e.Shape {
	case "code":
		return decode[CodePrompt](e)
	case "ceremony":
		return decode[CeremonyPrompt](e)
	case "address":
		return decode[AddressPrompt](e)
	case "seed":
		return decode[SeedPrompt](e)
	case "sheet":
		return decode[SheetPrompt](e)
	case "questions":
		return decode[QuestionsPrompt](e)
	case "redirect":
		return decode[RedirectPrompt](e)
	case "wait":
		return decode[WaitPrompt](e)
	case "certificate":
		return decode[CertificatePrompt](e)
	}
	return nil, fmt.Errorf("decode prompt: unknown shape %q", e.Shape)
}

func decode[P Prompt](e envelope) (Prompt, error) {
	var p P
	if err := json.Unmarshal(e.Body, &p); err != nil {
		return nil, fmt.Errorf("decode %s prompt: %w", e.Shape, err)
	}
	return p, nil
}

func shapeOf(p Prompt) (string, error) {
	switch p.(type) {
	case CodePrompt:
		return "code", nil
	case CeremonyPrompt:
		return "ceremony", nil
	case AddressPrompt:
		return "address", nil
	case SeedPrompt:
		return "seed", nil
	case SheetPrompt:
		return "sheet", nil
	case QuestionsPrompt:
		return "questions", nil
	case RedirectPrompt:
		return "redirect", nil
	case WaitPrompt:
		return "wait", nil
	case CertificatePrompt:
		return "certificate", nil
	}
	return "", fmt.Errorf("unknown prompt %T", p)
}
