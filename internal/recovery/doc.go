// Package recovery is the main job: a person who forgot a password or locked an account gets back in, or changes a password
// they still know. It mixes the pure decisions (policy, flow, throttle, passwordrule) with the outside: directories,
// authenticators and the store.
//
// One step of a flow:
//
//	load the flow by the browser's token → check that the form is the one the flow is at → count the try (tx 1)
//	→ ask the method or the directory (no transaction open) → commit what it said by compare-and-set (tx 2)
//
// Invariants:
//
//   - A form carries At(flow); a form made before the flow moved is ErrStale and changes nothing. Sixteen copies of one form
//     are one try.
//   - A try is counted before it is judged, per account over all flows and methods, under one key whatever name was typed.
//   - Names that do not exist, and accounts recovery does not help, walk the same stages as stable decoys; their answers are
//     counted under the typed name, and none of them is ever accepted.
//   - The directory is written only between Claimed and Written. A write whose outcome is unknown is resolved by asking the
//     directory when the password was last set, by Sweep, never by writing again.
//   - Of two linked accounts the second is written after the first was confirmed and recorded. What is left after a refusal or a crash
//     waits for the person to type the password again; nothing that was written is hidden.
//   - The new password is an argument and nothing else.
package recovery
