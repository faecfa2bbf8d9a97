package notice

import (
	"crypto/hmac"
	"encoding/base64"
	"errors"
	"strconv"
	"strings"
	"time"

	"rekey/internal/account"
)

// FreezeLife is how long the "this wasn't me" link of a notice works.
const FreezeLife = 30 * 24 * time.Hour

// FreezePath is where the link points, below the public URL; the token follows.
const FreezePath = "/not-me/"

// ErrBadLink is a link that was changed, or is too old.
var ErrBadLink = errors.New("the link is not valid")

// Keys gives keyed hashes that outlive restarts.
type Keys interface {
	// MAC is HMAC-SHA-256 with a key of its own per purpose.
	MAC(purpose string, data []byte) []byte
}

// FreezeToken makes the token of a link that works until the given time. All it can do is freeze recovery of that account,
// so it may live long and be used twice.
func FreezeToken(k Keys, who account.ID, until time.Time) string {
	payload := strconv.FormatInt(until.Unix(), 36) + "/" + who.String()
	return encode([]byte(payload)) + "." + encode(k.MAC("freeze", []byte(payload)))
}

// FreezeSubject checks a token and tells whose recovery it freezes. The only error is ErrBadLink.
func FreezeSubject(k Keys, token string, now time.Time) (account.ID, error) {
	body, mac, _ := strings.Cut(token, ".")
	payload, err := base64.RawURLEncoding.Strict().DecodeString(body)
	if err != nil {
		return account.ID{}, ErrBadLink
	}
	sum, err := base64.RawURLEncoding.Strict().DecodeString(mac)
	if err != nil || !hmac.Equal(sum, k.MAC("freeze", payload)) {
		return account.ID{}, ErrBadLink
	}
	stamp, rest, _ := strings.Cut(string(payload), "/")
	until, err := strconv.ParseInt(stamp, 36, 64)
	if err != nil || now.After(time.Unix(until, 0)) {
		return account.ID{}, ErrBadLink
	}
	who, ok := account.ParseID(rest)
	if !ok {
		return account.ID{}, ErrBadLink
	}
	return who, nil
}

func encode(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }
