// Package evidence answers from the audit log: it finds records, tells an attempt step by step, takes records away with their proof, and
// has the log checked.
//
// Invariants:
//
//   - Whoever may not see personal data gets it masked before it leaves this package: addresses, browsers, names. What cannot be seen
//     cannot be searched for to the last bit either: an address is widened to its network.
//   - Records are taken away under a name, with a reason, and not before that itself is in the log.
//   - Nothing here changes a record.
package evidence
