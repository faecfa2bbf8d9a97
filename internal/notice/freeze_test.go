package notice_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"net/url"
	"strings"
	"testing"
	"time"

	"rekey/internal/account"
	"rekey/internal/notice"
)

// keys is HMAC-SHA-256 with a key per purpose, as the keyset gives it.
type keys string

func (k keys) MAC(purpose string, data []byte) []byte {
	h := hmac.New(sha256.New, []byte(string(k)+"\x00"+purpose))
	h.Write(data)
	return h.Sum(nil)
}

var (
	noon  = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	alice = account.ID{Directory: "corp.example.test", Object: "0b1e-41"}
)

func TestAFreezeLinkNamesItsAccountUntilItsTimeIsOver(t *testing.T) {
	token := notice.FreezeToken(keys("k"), alice, noon.Add(notice.FreezeLife))
	if url.PathEscape(token) != token {
		t.Errorf("%q needs escaping in a link", token)
	}
	for _, at := range []time.Time{noon, noon.Add(notice.FreezeLife)} {
		if who, err := notice.FreezeSubject(keys("k"), token, at); err != nil || who != alice {
			t.Errorf("at %s: %+v, %v", at, who, err)
		}
	}
	if _, err := notice.FreezeSubject(keys("k"), token, noon.Add(notice.FreezeLife+time.Second)); !errors.Is(err, notice.ErrBadLink) {
		t.Errorf("too old: %v", err)
	}
}

// sealed makes a token of any payload under any purpose, as somebody with the key of that purpose could.
func sealed(purpose, payload string) string {
	e := base64.RawURLEncoding.EncodeToString
	return e([]byte(payload)) + "." + e(keys("k").MAC(purpose, []byte(payload)))
}

// TestAttack02AFreezeLinkIsBoundToItsAccount: nothing that was not made for this account and this purpose is taken.
func TestAttack02AFreezeLinkIsBoundToItsAccount(t *testing.T) {
	token := notice.FreezeToken(keys("k"), alice, noon)
	other := notice.FreezeToken(keys("k"), account.ID{Directory: "corp.example.test", Object: "0b1e-42"}, noon)
	body, mac, _ := strings.Cut(token, ".")
	otherBody, otherMac, _ := strings.Cut(other, ".")
	for name, bad := range map[string]string{
		"empty":                     "",
		"no mac":                    body,
		"an empty mac":              body + ".",
		"no body":                   "." + mac,
		"another account's body":    otherBody + "." + mac,
		"another account's mac":     body + "." + otherMac,
		"a mac cut short":           body + "." + mac[:len(mac)-2],
		"a mac with more behind it": token + ".x",
		"padding":                   token + "=",
		"another purpose's key":     sealed("decoy", "t0/corp.example.test/0b1e-41"),
		"no time":                   sealed("freeze", "corp.example.test"),
		"a time that is no number":  sealed("freeze", "!/corp.example.test/0b1e-41"),
		"a time out of range":       sealed("freeze", "zzzzzzzzzzzzzzzzzz/corp.example.test/0b1e-41"),
		"no account":                sealed("freeze", "zzzzzzz/corp.example.test"),
	} {
		if who, err := notice.FreezeSubject(keys("k"), bad, noon); !errors.Is(err, notice.ErrBadLink) || !who.IsZero() {
			t.Errorf("%s: %+v, %v", name, who, err)
		}
	}
	if _, err := notice.FreezeSubject(keys("other"), token, noon); !errors.Is(err, notice.ErrBadLink) {
		t.Errorf("another installation's key: %v", err)
	}
}

func FuzzFreezeSubject(f *testing.F) {
	f.Add(notice.FreezeToken(keys("k"), alice, noon))
	f.Add("a.b")
	f.Add(sealed("freeze", "zz/x/y"))
	f.Fuzz(func(t *testing.T, token string) {
		who, err := notice.FreezeSubject(keys("k"), token, noon)
		if (err == nil) == who.IsZero() {
			t.Errorf("%q: %+v, %v", token, who, err)
		}
	})
}
