// Package flow is one attempt to get back into an account, as a pure state machine.
//
//	identify ─► choose ⇄ prove ─► password ─► applying ─► done
//	                 ╲      ╲          ⇡          │
//	                  ╲      ╲         ╰──────────┤ rejected, not written
//	                   ▼      ▼                   ▼
//	             refused, expired            refused (denied)
//
// docs/flow.mermaid is drawn from the transition table in table.go.
//
// Invariants:
//
//   - Password is reached only when the frozen Requirement is satisfied by Proven; Claimed checks it once more. Only a change may
//     ask for nothing but the current password.
//   - A proof is of the offer that was asked, its answer was counted before, and it is independent of the proofs before it.
//   - What bars an attempt is told after the proofs, and a barred flow never reaches Applying.
//   - The requirement grows only by Alarmed, by one, and never shrinks; who has one half of the directories written is not asked again.
//   - A decoy never gets a proof and never reaches Applying.
//   - Targets are written in order, at most one at a time. One is confirmed only after it was under way, and never touched again. A flow
//     that has confirmed one ends in Done, and Partial says whether something is missing; the owner is told of every part once.
//   - After Claimed nobody but the holder of the claim reports the outcome, and no time-out interferes.
//   - Done, Refused and Expired are final.
//   - A wrong answer is an outcome, not an error. An event that the stage does not know is ErrWrongStage and changes nothing.
//   - Apply never changes its argument.
//
// Apply checks the time itself: an event after the end of the flow gives the expired flow together with ErrOver, and the caller
// stores it.
package flow
