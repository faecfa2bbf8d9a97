// Package console is what all administrators' pages stand on: who is let in to which route, the frame around a page, and how a form
// that comes too late for its passkey is kept.
//
// A page family hands its routes to Area. Each names the one permission it needs (package role). Before the handler runs, the guard
// reads the session from the cookie, asks package admin who that is and what they may now, and refuses what they may not; where the
// route asks for a step-up, it asks for the passkey first if it was proven too long ago:
//
//	no session ──► sign-in, and back to the page that was asked for
//	passkey still asked ──► its page
//	no permission ──► 403, said in the frame
//	step-up, GET ──► the passkey's page, and back
//	step-up, POST ──► the passkey's page with the form sealed in it; the answer brings the form along, and it is handled as if sent then
//
// Invariants:
//
//   - No handler of an area runs without an administrator who has the route's permission at that moment.
//   - A form that waits is sealed with the session's id: what was typed, a secret too, is in no page in the clear, and another session
//     cannot use it.
//   - Only our own addresses are returned to.
//   - What leads nowhere for this administrator is not in the side: its entries are the routes that are mounted.
package console
