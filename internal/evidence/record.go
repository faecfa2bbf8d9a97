package evidence

import (
	"net/netip"
	"time"

	"rekey/internal/account"
	"rekey/internal/audit"
	"rekey/internal/factor"
)

// Record is one event with its place in the log.
type Record struct {
	Number int64 // from 0, without gaps
	Event  audit.Event
	Hash   []byte // of the leaf, as the tree has it
	Erased bool   // the personal part was erased: the person has left
	Masked bool   // the personal part is not for this reader
}

// Query says which records are wanted; what is empty asks for nothing. Of a list, any will do.
type Query struct {
	Person    string // an account as directory/object, or a user name in any letter case
	By        string // sign-in name of an administrator
	Role      string
	Ticket    string
	Flow      string
	Names     []audit.Name
	Outcomes  []audit.Outcome
	Actors    []audit.ActorType
	Purposes  []string
	Policies  []string
	Factors   []factor.Kind
	Settings  int64 // version; 0: any
	Addresses netip.Prefix
	From      time.Time // inclusive
	Until     time.Time // exclusive
}

// Zero reports whether the query asks for every record.
func (q Query) Zero() bool {
	return !q.Kinds() && q.From.IsZero() && q.Until.IsZero() && q.Loose()
}

// Kinds reports whether the query asks for what has few values: that is answered from counts.
func (q Query) Kinds() bool {
	return len(q.Names)+len(q.Outcomes)+len(q.Actors)+len(q.Purposes)+len(q.Policies)+len(q.Factors) > 0
}

// Loose reports whether the query asks for nothing that few records have.
func (q Query) Loose() bool {
	return q.Person == "" && q.By == "" && q.Role == "" && q.Ticket == "" && q.Flow == "" && q.Settings == 0 && !q.Addresses.IsValid()
}

// Place is where a page of records begins.
type Place struct {
	Beyond int64 // the record next to it, which is not in it; none: Nowhere
	Rising bool  // oldest first
	Most   int
}

// Nowhere is a page that begins at the end of the log, or at its beginning where records rise.
const Nowhere int64 = -1

// Tally says how many records there are, and when.
type Tally struct {
	Total   int64
	More    bool // there are more than Total, which is Countable
	Buckets []Bucket
	Monthly bool // the buckets are months
	Newest  bool // the buckets are of the newest Countable records alone
}

// Countable is how many records are counted one by one.
const Countable = 10_000

// Bucket is a day or a month (UTC).
type Bucket struct {
	Start               time.Time
	OK, Refused, Failed int // an outcome nobody knows counts as failed
}

// Choices are the values that records have.
type Choices struct {
	Names    []audit.Name
	Actors   []audit.ActorType
	Purposes []string
	Policies []string
	Factors  []factor.Kind
}

// Reader is who asks.
type Reader struct {
	Account account.ID
	Name    string // sign-in name
	Role    string
	Reveal  bool // may see personal data
	Source  audit.Source
}
