package backupcode

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"runtime"
	"strings"

	"golang.org/x/crypto/argon2"

	"rekey/internal/authenticator"
)

// version is that of the credential format.
const version = 1

// alphabet has 32 characters, so that each is 5 bits, and no 0, 1, I or O, which look alike.
const alphabet = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"

const (
	group    = 4  // characters between hyphens
	saltSize = 16 // bytes; ASVS 5.0 §6.5.2 asks for 4
	hashSize = 32
	maxCodes = 20
)

// cost is what one hash takes.
type cost struct {
	Memory uint32 `json:"memory"` // KiB
	Time   uint32 `json:"time"`   // passes
}

// recommended is OWASP's least for Argon2id with one lane (Password Storage Cheat Sheet): 19 MiB, two passes, some 25 ms.
func recommended() cost { return cost{Memory: 19 << 10, Time: 2} }

// check keeps storage from asking for all the memory there is, or for minutes.
func (c cost) check() error {
	if c.Memory < 8 || c.Memory > 64<<10 || c.Time < 1 || c.Time > 8 {
		return fmt.Errorf("a cost of %d KiB and %d passes", c.Memory, c.Time)
	}
	return nil
}

// sheet is what a credential holds.
type sheet struct {
	Version int      `json:"v"`
	Cost    cost     `json:"cost"`
	Salt    []byte   `json:"salt"`
	Hashes  [][]byte `json:"hashes"` // of the codes that are left
	Decoy   bool     `json:"decoy,omitempty"`
}

func (s sheet) check() error {
	if s.Version != version || len(s.Salt) != saltSize || len(s.Hashes) == 0 || len(s.Hashes) > maxCodes {
		return errors.New("not a sheet of this version")
	}
	for _, h := range s.Hashes {
		if len(h) != hashSize {
			return fmt.Errorf("a hash of %d bytes", len(h))
		}
	}
	return s.Cost.check()
}

func decode(c authenticator.Credential) (sheet, error) {
	var s sheet
	if err := json.Unmarshal(c.Data, &s); err != nil {
		return sheet{}, fmt.Errorf("backup codes %s: %w", c.ID, err)
	}
	if err := s.check(); err != nil {
		return sheet{}, fmt.Errorf("backup codes %s: %w", c.ID, err)
	}
	return s, nil
}

// hasher bounds how many hashes are computed, and how much memory they take, at a time.
type hasher struct{ slots chan struct{} }

// newHasher allows one hash per processor: more would take memory and gain nothing.
func newHasher() hasher { return hasher{make(chan struct{}, runtime.GOMAXPROCS(0))} }

// hash computes a code's hash at a sheet's cost. It gives the context's error when it ends before there is room.
func (h hasher) hash(ctx context.Context, code string, s sheet) ([]byte, error) {
	select {
	case h.slots <- struct{}{}:
	case <-ctx.Done():
		return nil, fmt.Errorf("hash a backup code: %w", ctx.Err())
	}
	defer func() { <-h.slots }()
	return argon2.IDKey([]byte(code), s.Salt, s.Cost.Time, s.Cost.Memory, 1, hashSize), nil
}

// newCode draws a code of n characters, each equally likely: 256 is a multiple of their number.
func newCode(n int) string {
	drawn := make([]byte, n)
	rand.Read(drawn) // never fails
	for i, b := range drawn {
		drawn[i] = alphabet[int(b)%len(alphabet)]
	}
	return string(drawn)
}

// grouped is a code as it is shown: ABCD-EFGH-JKLM-NPQR.
func grouped(code string) string {
	var groups []string
	for len(code) > group {
		groups, code = append(groups, code[:group]), code[group:]
	}
	return strings.Join(append(groups, code), "-")
}
