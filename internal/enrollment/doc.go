// Package enrollment is "My account": a person signs in with the directory password, sets up ways to prove who they are, and
// looks after them.
//
// A session has two levels. After the password it may look, and, while nothing is enrolled, add. Once something is enrolled,
// every addition and removal asks for an enrolled method first (step-up), which opens changes for a while. Adding a method
// proves it, and so steps the session up too. What the person was about to do waits in the session meanwhile (Pending.Then) and is
// done after the step-up; no form names it.
//
//	sign in ──► look ──► step up (choose → prove) ──► add (begin → prove) / remove / rename
//
// Invariants:
//
//   - A method counts only after it was proven once. Until then it lives in Session.Pending, sealed, bound to the session.
//   - A session is in the middle of at most one thing. Starting another drops the first.
//   - Every change is recorded in the transaction that makes it and told to every known address, the removed one included.
//   - Tries are counted under the same key as recovery's; the directory's own lock is never run into (directory.SignInWouldLock).
//   - The session's token changes whenever its level rises.
//   - A name nobody has, a wrong password and a held account take the same steps, write the same records and read the same.
//   - While recovery is frozen nothing is added or removed, whoever asks.
package enrollment
