// Package admin lets administrators in: who signs in to the administrators' pages, how surely, and for how long.
//
// An administrator is an account of a directory that the settings bind to a role (package role). To sign in takes the directory
// password and a passkey that was made for these pages alone: the passkeys of "My account" do not open them, since the first of those
// asks for no more than the password. The first passkey is made with an invitation: a link that works once, for one account, for a
// day, made by `rekey admin invite` or by an owner.
//
//	password ──► passkey asked ──► open ──► asked again (step-up) ──► open
//	invitation + password ──► passkey made ──► open
//
// Invariants:
//
//   - A session opens nothing before a passkey was proven in it. Until then it knows a name and a question.
//   - The password is checked as everywhere (package signin): counted, and telling nothing about names.
//   - What somebody may is worked out from the settings in force and from the account as the directory tells it now, no older than
//     half a minute; while the directory is silent, no older than an idle session may be. A disabled account, and one without a role,
//     is let out.
//   - The token changes whenever a passkey was proven. An invitation works once, and dies with the next one for the same account.
//   - A session ends when it was idle, at its absolute end, when its owner or another administrator ends it, and when a passkey of the
//     account is taken away.
//   - Every one of these is recorded in the transaction that makes it so.
package admin
