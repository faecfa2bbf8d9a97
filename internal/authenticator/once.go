package authenticator

import (
	"crypto/subtle"
	"time"

	"rekey/internal/account"
)

// The reasons that methods share. They are audit codes and name the text a person sees.
const (
	ReasonWrong    = "wrong-code"
	ReasonReplayed = "replayed" // right once, and used
	ReasonExpired  = "expired"
)

// Binding is what a state is for. A method puts it into its states, or into the keyed hash in them, and refuses a state
// whose binding is not that of the request it comes with: a code for one account, flow or purpose is none for another.
type Binding struct {
	Account account.ID `json:"account"`
	Flow    string     `json:"flow"`
	Purpose string     `json:"purpose"`
}

// newCredential is the purpose of enrollment states. No request carries it.
const newCredential = "new-credential"

// Binding gives what a state of this request is bound to.
func (r Request) Binding() Binding { return Binding{r.Subject.Account, r.Flow, r.Purpose} }

// Binding gives what a state of this enrollment is bound to.
func (e Enrollment) Binding() Binding { return Binding{e.Subject.Account, e.Session, newCredential} }

// Spent lists the one-time values (tags of codes, challenges) that a credential has accepted, until they would have expired
// anyway. It is kept in Credential.Data. The use case throws a state away with its first accepted answer; this makes the
// value work once even where a state comes back, and gives compare-and-set on the credential something to set.
type Spent []Use

// Use is one spent value.
type Use struct {
	Value []byte    `json:"value"`
	Until time.Time `json:"until"`
}

// Has reports whether a value was spent.
func (s Spent) Has(value []byte) bool {
	found := 0
	for _, u := range s {
		found |= subtle.ConstantTimeCompare(u.Value, value)
	}
	return found == 1
}

// With gives a new list that holds the value too, and nothing that has expired.
func (s Spent) With(value []byte, until, now time.Time) Spent {
	next := make(Spent, 0, len(s)+1)
	for _, u := range s {
		if u.Until.After(now) {
			next = append(next, u)
		}
	}
	return append(next, Use{Value: value, Until: until})
}

// Addressed is a method whose credentials stand for an address. Credential.Channel is no substitute: it names the mailbox or
// line that two spellings may share, not what was proven to reach it.
type Addressed interface {
	// Address gives the address as proven, or "" when the credential is not readable or is a decoy.
	Address(c Credential) string
}
