package throttle

import (
	"strconv"
	"time"
)

// Lane says where tries for an account are counted. Failures of one source hold that source, and failures of all of them hold the
// account; a browser that is known to be the owner's has a lane to itself, which nobody else's failures hold.
type Lane struct {
	Account string // key of the account, or of a name nobody has
	Own     string // the lane among the account's
	Alone   bool   // nothing is counted for the account as a whole
}

// From is the lane of a source, as Network names it.
func From(account, source string) Lane { return Lane{Account: account, Own: "from " + source} }

// Browser is the lane of a browser known to be the owner's since an attempt that it finished then.
func Browser(account string, since time.Time) Lane {
	return Lane{Account: account, Own: "browser " + strconv.FormatInt(since.Unix(), 36), Alone: true}
}

// Tally is what counts in a lane. A store keeps Account empty, and does not write it, where the lane is alone.
type Tally struct {
	Own, Account Counter
}

// Fail counts one try. It is called before the answer is judged; Refund takes it back when the answer was right.
func (t Tally) Fail(l Limits, now time.Time) Tally {
	return Tally{Own: fail(t.Own, l.own(), now), Account: fail(t.Account, l.account(), now)}
}

// Refund takes back the try that Fail counted last, and the hold that it started.
func (t Tally) Refund(l Limits, now time.Time) Tally {
	return Tally{Own: refund(t.Own, l.own(), now), Account: refund(t.Account, l.account(), now)}
}

// Held reports whether recovery of the account is held in the lane, and until when.
func (t Tally) Held(now time.Time) (bool, time.Time) {
	until := t.Own.HeldUntil
	if t.Account.HeldUntil.After(until) {
		until = t.Account.HeldUntil
	}
	return now.Before(until), until
}

// Hold is one that lasts.
type Hold struct {
	Lane  string    `json:"lane,omitempty"` // as Lane.Own; empty: the account as a whole
	Until time.Time `json:"until"`
}

// Cap is a bucket with the key that it is kept under.
type Cap struct {
	Key string
	Bucket
}

// Sends are the caps of codes sent to the account, narrowest first: who has used up their own takes nothing of the account's.
func (l Lane) Sends(limits Limits) []Cap {
	own := SendKey(l.Account) + " " + l.Own
	caps := []Cap{{own, limits.Sends}, {own + " day", PerDay(limits.SendsPerDay)}}
	if l.Alone {
		return caps
	}
	return append(caps, Cap{SendKey(l.Account), PerDay(limits.AccountSendsPerDay)})
}

// SendKey is, or begins before a space, the key of every cap of an account.
func SendKey(account string) string { return "send:" + account }
