// Package settings holds everything an administrator decides, as one versioned document.
//
// A document is YAML text. Parse reads it strictly, Compile turns it into a site.Snapshot and refuses what cannot work, and a
// Manager keeps the snapshot in force: it loads the newest version, follows new ones and switches between two requests.
// Versions are immutable; every save is a new one with author and reason. Secrets in a document are references or sealed
// values, so an export may be kept in version control.
package settings
