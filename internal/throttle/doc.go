// Package throttle is the arithmetic of holding off guesses: how many failures count, when recovery is held and until when.
// It is pure; the time is passed in and counters are values that a store keeps.
//
// There are two kinds of limit and they never mix:
//
//   - Counters count failed proofs of every method together, whatever name was typed for the account: one for each lane, which is
//     a source or a browser known to be the owner's, and one for the account over all sources. At the limit recovery of the account
//     is held there for a while; holds grow. They never touch the directory's own lock.
//   - Buckets limit how often one source starts flows and signs in, and how many codes are sent to one account (GCRA). A
//     full bucket answers "try later"; it never holds the account.
//
// So what a stranger does stops the stranger first. Many of them together can hold an account for a bounded time, but for browsers in
// which its owner finished an attempt before.
package throttle
