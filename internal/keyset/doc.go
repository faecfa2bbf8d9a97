// Package keyset holds the keys of one installation: those that seal what is stored, the one behind keyed hashes, and the one
// that signs the audit log.
//
// They are made at the very first start and kept in the database, wrapped by the 32-byte key of the process configuration
// (the KEK). Three things follow:
//
//   - Sealing keys rotate. A new one becomes primary, the old ones go on opening what they sealed; other replicas follow
//     without a restart.
//   - The MAC key does not rotate. Decoys must stay the same for the same name, and links in mails that were sent months ago
//     must go on working.
//   - The signing key does not rotate either: checkpoints of years are verified with one public key.
package keyset
