// Package directory is the contract between Rekey and a place where accounts live.
//
// The core interface finds an account, sets a password and tells its health; everything else is a small capability a
// directory may have. Protocol text never leaves an adapter: it becomes one of the errors here.
//
// Invariants every implementation keeps, tested by directorytest.Run:
//
//   - Lookup finds at most one account; two matches are ErrAmbiguous, never the first of them.
//   - Accounts are addressed by ID, never by name.
//   - A write is sent at most once. When its answer is lost the adapter asks the directory whether the password changed; when
//     even that gives no answer it returns ErrOutcomeUnknown, and the caller resolves it later with PasswordSet.
//   - Nothing counts as a failed sign-in in the directory unless a person typed a wrong password.
//   - Every call ends within its time limit.
package directory
