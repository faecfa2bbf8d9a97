package challenge

import (
	"encoding/base64"
	"encoding/json"
	"time"
)

const (
	// Patience is how long a browser waits that does no work.
	Patience = 20 * time.Second
	// WaitLife is how long a wait is worth something, from its begin.
	WaitLife = 15 * time.Minute
)

// Sealer seals what a browser keeps for us.
type Sealer interface {
	Seal(purpose string, plain, context []byte) ([]byte, error)
	Open(purpose string, sealed, context []byte) ([]byte, error)
}

// Wait is a form that is held back: what was typed, and from when it may go on without any other answer.
type Wait struct {
	ID       string            `json:"id"`
	Purpose  Purpose           `json:"purpose"`
	From     time.Time         `json:"from"`
	Until    time.Time         `json:"until"`
	Action   string            `json:"action"`             // where the form leads
	Fields   map[string]string `json:"fields"`             // what was typed; never a password
	Password bool              `json:"password,omitempty"` // one was typed as well, and has to be typed again
	Alone    bool              `json:"alone,omitempty"`    // the provider could not be asked: our own ways remain
}

// NewWait begins one that may go on after patience.
func NewWait(p Purpose, action string, fields map[string]string, patience time.Duration, now time.Time) Wait {
	return Wait{
		ID: randomID(), Purpose: p, From: now.Add(patience), Until: now.Add(WaitLife), Action: action, Fields: fields,
	}
}

// sealWait is what waits are sealed for.
const sealWait = "challenge-wait"

// Seal makes the token that a browser keeps.
func (w Wait) Seal(s Sealer) (string, error) {
	plain, err := json.Marshal(w)
	if err != nil {
		return "", err
	}
	sealed, err := s.Seal(sealWait, plain, nil)
	return encode(sealed), err
}

// OpenWait reads a token. Errors: ErrForged, ErrExpired.
func OpenWait(s Sealer, token string, now time.Time) (Wait, error) {
	var w Wait
	sealed, err := base64.RawURLEncoding.Strict().DecodeString(token)
	if err != nil || token == "" {
		return w, ErrForged
	}
	plain, err := s.Open(sealWait, sealed, nil)
	if err != nil {
		return w, ErrForged
	}
	if err := json.Unmarshal(plain, &w); err != nil {
		return w, ErrForged
	}
	if now.After(w.Until) {
		return w, ErrExpired
	}
	return w, nil
}

// Left is how much of the wait is left; 0: none.
func (w Wait) Left(now time.Time) time.Duration { return max(w.From.Sub(now), 0) }

// Once is what is spent when the form goes on.
func (w Wait) Once() Once { return Once{ID: w.ID, Until: w.Until} }
