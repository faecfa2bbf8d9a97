package challenge

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"math/bits"
	"strconv"
	"strings"
	"time"
)

// Purpose is what an answer is good for. One for another purpose is none.
type Purpose string

// The purposes.
const (
	Start  Purpose = "start"   // of a reset, an unlock or a change
	SignIn Purpose = "sign-in" // to "My account"
	Away   Purpose = "away"    // to "My account", at a directory's own page
	Domain Purpose = "domain"  // the same form once more, with the domain that was asked for
)

// Known reports whether there is such a purpose.
func (p Purpose) Known() bool { return p == Start || p == SignIn || p == Away || p == Domain }

// PuzzleLife is how long a puzzle can be answered.
const PuzzleLife = 5 * time.Minute

// What is wrong with an answer; match with errors.Is.
var (
	ErrForged  = errors.New("not made here, or for another purpose")
	ErrExpired = errors.New("too old")
	ErrTooEasy = errors.New("not enough work")
)

// Keys gives keyed hashes that all replicas agree on.
type Keys interface {
	// MAC is HMAC-SHA-256 with a key of its own per purpose.
	MAC(purpose string, data []byte) []byte
}

// Once is what may be used a single time: whoever spends ID first. It can be forgotten after Until.
type Once struct {
	ID    string
	Until time.Time
}

// Puzzle makes a proof of work to be done: "16.id.end.mac". The answer to it is the same text, a colon and a decimal number, chosen
// so that the SHA-256 of the whole begins with that many zero bits; 2^zeros tries find one on average.
func Puzzle(k Keys, p Purpose, zeros int, now time.Time) string {
	body := strconv.Itoa(zeros) + "." + randomID() + "." + strconv.FormatInt(now.Add(PuzzleLife).Unix(), 36)
	return body + "." + encode(puzzleMAC(k, p, body))
}

func puzzleMAC(k Keys, p Purpose, body string) []byte {
	return k.MAC("challenge", []byte(string(p)+"\n"+body))
}

// longest an answer can be, with room.
const longest = 200

// Check judges an answer. What it gives is to be spent before anything is done for it. Errors: ErrForged, ErrExpired, ErrTooEasy.
func Check(k Keys, p Purpose, answer string, now time.Time) (Once, error) {
	puzzle, nonce, _ := strings.Cut(answer, ":")
	end := strings.LastIndexByte(puzzle, '.')
	if len(answer) > longest || end < 0 || !digits(nonce) {
		return Once{}, ErrForged
	}
	body := puzzle[:end]
	mac, err := base64.RawURLEncoding.Strict().DecodeString(puzzle[end+1:])
	if err != nil || !hmac.Equal(mac, puzzleMAC(k, p, body)) {
		return Once{}, ErrForged
	}
	parts := strings.Split(body, ".") // made here: three parts
	zeros, _ := strconv.Atoi(parts[0])
	stamp, _ := strconv.ParseInt(parts[2], 36, 64)
	until := time.Unix(stamp, 0)
	if now.After(until) {
		return Once{}, ErrExpired
	}
	if Zeros(answer) < zeros {
		return Once{}, ErrTooEasy
	}
	return Once{ID: parts[1], Until: until}, nil
}

// Zeros is how many zero bits the SHA-256 of an answer begins with, 32 at most.
func Zeros(answer string) int {
	sum := sha256.Sum256([]byte(answer))
	return bits.LeadingZeros32(binary.BigEndian.Uint32(sum[:]))
}

func digits(s string) bool {
	return s != "" && strings.Trim(s, "0123456789") == ""
}

// randomID is 128 random bits.
func randomID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails (crypto/rand since Go 1.24)
	return encode(b[:])
}

func encode(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }
