// Package threat is the one switch for the time of an attack: everything is stopped, privileged accounts are, or everybody proves one
// factor more. What a level means is decided in internal/policy; here is which one holds.
//
// Every change is a row of its own, numbered without gaps, and the newest one is in force: the history is the state. A level has an
// end from the start, which every replica applies by its own clock, so that it ends on time without anybody writing anything. The end
// is written down some seconds later, as one more row, by whichever replica comes first.
//
//	calm ──set──▶ in force ──set──▶ in force (extended, or another level)
//	 ▲               ├── end: a row of the operator's
//	 └───────────────┴── time: no row is needed; one follows for the record
//
// Invariants:
//
//   - A row, its audit record and the notification commit together or not at all. Changes come one after the other.
//   - A replica hears of a change by notification, and by looking every two seconds when that is lost.
//   - What was read stays in force while the database cannot be read, until its time is up. A replica that has not read it for longer
//     than StaleAfter is not ready, and one that never read it takes everything for stopped.
package threat
