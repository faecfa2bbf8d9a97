// Package authenticator is the contract between Rekey and a way to prove who you are.
//
// A Method turns credentials into a challenge and a response into a result. It returns data, never HTML, and never sees
// a request or a response writer: what a person has to do is one of a sealed set of prompts, each drawn by one component,
// and what they did is one of a sealed set of responses.
//
// Who does what:
//
//   - The use case counts the try first, in its own transaction, then calls Verify, then commits the result by
//     compare-and-set on the flow's version and the credential's version. A method therefore need not lock, and a response
//     raced by sixteen requests is accepted once.
//   - A wrong answer is an outcome (Result.Outcome), not an error. An error means the method could not decide.
//   - State is the method's own memory between Challenge and Verify. It is sealed at rest, bound to one flow, and thrown
//     away with the first accepted answer. Codes in it are kept as keyed hashes.
//   - Credential.Data is the method's own format and version, sealed at rest. Result.Update carries the changed credential
//     (a counter, a spent code).
//   - Methods get credentials as a list: everything the account enrolled of that kind that this offer stands for. A passkey
//     prompt names them all; a code by mail has exactly one.
//   - Decoy makes a credential for a name that does not exist. Challenge and Verify treat it as any other: same prompt, same
//     work. Use cases never let a decoy's proof count.
//
// authenticatortest.Run is the conformance suite. Every method passes it.
package authenticator
