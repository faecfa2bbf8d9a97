// Package connect tries the settings of a directory before they are in force: it goes the way of a reset step by step and says of each
// what was found, how long it took, and what to do when it fails.
//
//	names ──► ports ──► certificates ──► sign-in, rights, rules, clocks ──► servers ──► write path
//	  └───────────┴────────────┴── where all of it fails, nothing behind it is tried
//
// A run is kept in the store, step by step, so that any replica shows it and a page may be loaded again.
//
// Invariants:
//
//   - Nobody is connected to whom the kind of directory has no business with: its own ports alone, or an address that is in force
//     already, and never an address of the link, of a group, or none. What was tried, and by whom, is recorded before it is.
//   - Certificates are verified, always. One that is not trusted is shown; to trust it is a change of the settings.
//   - A run holds no secret: the directory has been opened with them, and is closed at its end.
//   - Nobody's password is touched, but that of a disabled account that was named for it; it is then one that nobody knows.
//   - A run ends within its time limit, and with the process.
package connect
