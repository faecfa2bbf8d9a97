package ledger

import (
	"bytes"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"rekey/internal/account"
	"rekey/internal/audit"
	"rekey/internal/factor"
)

// SaltSize is the length of the random salt of a commitment, in bytes.
const SaltSize = 16

// Versions of leaves. A leaf says who acted only in the second, so that those of the first keep their bytes, and their hashes.
const (
	leafPlain = 1
	leafBy    = 2
)

// Record is one audit event as the log keeps it. Salt and Personal are nil when the personal part was erased.
type Record struct {
	Leaf     []byte // canonical JSON, hashed by the tree
	Salt     []byte
	Personal []byte // canonical JSON
}

// leaf fixes names and order of what is hashed. A new field needs a new version.
type leaf struct {
	Version  int             `json:"v"`
	Name     audit.Name      `json:"name"`
	At       time.Time       `json:"at"` // UTC, microseconds
	Actor    audit.ActorType `json:"actor"`
	Outcome  audit.Outcome   `json:"outcome"`
	Reason   string          `json:"reason"`
	Subject  account.ID      `json:"subject"`
	Flow     string          `json:"flow"`
	Purpose  string          `json:"purpose"`
	Policy   string          `json:"policy"`
	Settings int64           `json:"settings"`
	Factors  []factor.Kind   `json:"factors"`
	By       string          `json:"by,omitempty"`     // from version 2 on
	Role     string          `json:"role,omitempty"`   // from version 2 on
	Ticket   string          `json:"ticket,omitempty"` // from version 2 on
	Personal []byte          `json:"personal"`         // commitment
}

type personal struct {
	Address   string            `json:"address,omitempty"`
	Agent     string            `json:"agent,omitempty"`
	RequestID string            `json:"request_id,omitempty"`
	Detail    map[string]string `json:"detail,omitempty"`
}

// Encode makes the record of an event. salt must be SaltSize random bytes of its own for each record.
func Encode(ev audit.Event, salt []byte) (Record, error) {
	if len(salt) != SaltSize {
		return Record{}, fmt.Errorf("audit record: want a salt of %d bytes, got %d", SaltSize, len(salt))
	}
	beside, err := json.Marshal(personalOf(ev))
	if err != nil {
		return Record{}, fmt.Errorf("encode personal part: %w", err)
	}
	hashed, err := json.Marshal(leaf{
		Version: versionOf(ev), Name: ev.Name, At: ev.At.UTC().Truncate(time.Microsecond), Actor: ev.Actor, Outcome: ev.Outcome,
		Reason: ev.Reason, Subject: ev.Subject, Flow: ev.Flow, Purpose: ev.Purpose, Policy: ev.Policy, Settings: ev.Settings,
		Factors: ev.Factors, By: plain(ev.By), Role: plain(ev.Role), Ticket: plain(ev.Ticket), Personal: commit(salt, beside),
	})
	if err != nil {
		return Record{}, fmt.Errorf("encode audit record: %w", err)
	}
	return Record{Leaf: hashed, Salt: salt, Personal: beside}, nil
}

// versionOf is the oldest version that can tell of the event.
func versionOf(ev audit.Event) int {
	if ev.By == "" && ev.Role == "" && ev.Ticket == "" {
		return leafPlain
	}
	return leafBy
}

func personalOf(ev audit.Event) personal {
	p := personal{Agent: plain(ev.Source.Agent), RequestID: plain(ev.Source.RequestID)}
	if ev.Source.Address.IsValid() {
		p.Address = ev.Source.Address.Unmap().String()
	}
	if len(ev.Detail) > 0 {
		p.Detail = make(map[string]string, len(ev.Detail))
		for k, v := range ev.Detail {
			p.Detail[plain(k)] = plain(v)
		}
	}
	return p
}

// plain keeps what every store can give back: valid UTF-8 without NUL.
func plain(s string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "")
}

// commit hides the personal part behind a hash. The salt has a fixed length, so the two cannot run into each other.
func commit(salt, beside []byte) []byte {
	h := sha256.New()
	h.Write([]byte("rekey personal part\x00"))
	h.Write(salt)
	h.Write(beside)
	return h.Sum(nil)
}

// Decode reads an event back. An erased personal part leaves Source and Detail empty.
func Decode(r Record) (audit.Event, error) {
	l, err := readLeaf(r.Leaf)
	if err != nil {
		return audit.Event{}, err
	}
	ev := audit.Event{
		Name: l.Name, At: l.At, Actor: l.Actor, Outcome: l.Outcome, Reason: l.Reason, Subject: l.Subject, Flow: l.Flow,
		Purpose: l.Purpose, Policy: l.Policy, Settings: l.Settings, Factors: l.Factors, By: l.By, Role: l.Role, Ticket: l.Ticket,
	}
	if r.Personal == nil {
		return ev, nil
	}
	var p personal
	if err := strict(r.Personal, &p); err != nil {
		return audit.Event{}, fmt.Errorf("personal part: %w", err)
	}
	ev.Source = audit.Source{Agent: p.Agent, RequestID: p.RequestID}
	if p.Address != "" {
		if ev.Source.Address, err = netip.ParseAddr(p.Address); err != nil {
			return audit.Event{}, fmt.Errorf("personal part: %w", err)
		}
	}
	ev.Detail = p.Detail
	return ev, nil
}

// Canonical brings a personal part that went through a JSON store back to the bytes that were committed to.
func Canonical(beside []byte) ([]byte, error) {
	var p personal
	if err := strict(beside, &p); err != nil {
		return nil, fmt.Errorf("personal part: %w", err)
	}
	return json.Marshal(p)
}

// readLeaf refuses anything but the exact bytes Encode writes: what is not read cannot hide in a record.
func readLeaf(b []byte) (leaf, error) {
	var l leaf
	if err := strict(b, &l); err != nil {
		return l, fmt.Errorf("leaf: %w", err)
	}
	if l.Version != leafPlain && l.Version != leafBy {
		return l, fmt.Errorf("leaf: unknown version %d", l.Version)
	}
	if (l.Version == leafBy) != (l.By != "" || l.Role != "" || l.Ticket != "") {
		return l, fmt.Errorf("leaf: version %d does not say who acted, or has no place for it", l.Version)
	}
	if again, err := json.Marshal(l); err != nil || !bytes.Equal(again, b) {
		return l, errors.New("leaf: not in canonical form")
	}
	return l, nil
}

func strict(b []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	return d.Decode(into)
}

// check compares a personal part with what the leaf committed to.
func check(l leaf, r Record) error {
	if (r.Salt == nil) != (r.Personal == nil) {
		return errors.New("half of its personal part is missing")
	}
	if r.Personal == nil {
		return nil
	}
	if len(r.Salt) != SaltSize || subtle.ConstantTimeCompare(commit(r.Salt, r.Personal), l.Personal) != 1 {
		return errors.New("its personal part was changed")
	}
	return nil
}
