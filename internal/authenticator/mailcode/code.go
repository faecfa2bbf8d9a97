package mailcode

import (
	"crypto/hmac"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"strconv"
	"time"

	"rekey/internal/authenticator"
	"rekey/internal/message"
)

// The purposes of keyed hashes.
const (
	codePurpose    = "mail-code"
	messagePurpose = "mail-code-message"
)

// newCode draws a code of n digits, each equally likely, leading zeros kept (attack class 11).
func newCode(n int) string {
	limit := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(n)), nil)
	drawn, err := rand.Int(rand.Reader, limit) // draws again instead of taking the remainder
	if err != nil {
		panic("mailcode: no random numbers: " + err.Error()) // crypto/rand.Reader never fails
	}
	return fmt.Sprintf("%0*d", n, drawn)
}

// issued is the state: what is known of a code that is on its way. The code itself is not in it.
type issued struct {
	Tag     []byte    `json:"tag"` // keyed hash of the code and all it is bound to
	Expires time.Time `json:"expires"`
	Address string    `json:"address,omitempty"` // being enrolled
}

// bound is what a tag is made of. A code is none for another account, flow, purpose, credential, address or time.
type bound struct {
	Binding    authenticator.Binding `json:"binding"`
	Credential string                `json:"credential"`
	Address    string                `json:"address"`
	Expires    time.Time             `json:"expires"`
	Code       string                `json:"code"`
}

func (m *Method) tag(b bound) ([]byte, error) {
	data, err := json.Marshal(b)
	if err != nil {
		return nil, err
	}
	return m.deps.MAC(codePurpose, data), nil
}

// issue draws a code for b and gives its state and the message that carries it.
func (m *Method) issue(b bound, enrolling bool, msg message.Message, now time.Time) (authenticator.Challenge, error) {
	b.Code, b.Expires = newCode(m.config.Digits), now.Add(m.config.Life).UTC()
	tag, err := m.tag(b)
	if err != nil {
		return authenticator.Challenge{}, err
	}
	s := issued{Tag: tag, Expires: b.Expires}
	if enrolling {
		s.Address = b.Address
	}
	state, err := json.Marshal(s)
	if err != nil {
		return authenticator.Challenge{}, err
	}
	msg.ID = "code." + hex.EncodeToString(m.deps.MAC(messagePurpose, tag)[:16])
	msg.Template, msg.Channel, msg.To = message.Code, message.Mail, b.Address
	msg.Data = map[string]string{
		"code": b.Code, "purpose": b.Binding.Purpose, "minutes": strconv.Itoa(int(m.config.Life / time.Minute)),
	}
	return authenticator.Challenge{State: state, Send: []message.Message{msg}, Expires: b.Expires}, nil
}

func readState(state []byte) (issued, error) {
	var s issued
	if err := json.Unmarshal(state, &s); err != nil {
		return issued{}, fmt.Errorf("state of a mail code: %w", err)
	}
	if len(s.Tag) == 0 || s.Expires.IsZero() {
		return issued{}, errors.New("state of a mail code: incomplete")
	}
	return s, nil
}

// matches compares a typed code with a state, in constant time.
func (m *Method) matches(s issued, b bound, answer authenticator.Response) (bool, error) {
	typed, ok := answer.(authenticator.CodeResponse)
	if !ok {
		return false, nil
	}
	b.Code, b.Expires = authenticator.Digits(typed.Code), s.Expires
	tag, err := m.tag(b)
	if err != nil {
		return false, err
	}
	return hmac.Equal(tag, s.Tag), nil
}
