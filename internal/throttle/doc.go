// Package throttle is the arithmetic of holding off guesses: how many failures count, when an account is held and until when.
// It is pure; the time is passed in and counters are values that a store keeps.
//
// There are two kinds of limit and they never mix:
//
//   - A counter per account counts failed proofs of every method together, whatever name was typed for the account. At the
//     limit recovery of the account is held for a while; holds grow. It never touches the directory's own lock.
//   - Buckets limit how often one source starts flows and signs in, and how many codes are sent to one account (GCRA). A
//     full bucket answers "try later" to that source, or sends nothing and does not tell; it never holds the account, so a
//     stranger cannot lock its owner out: holds by failed proofs need an open flow and are bounded in time.
package throttle
