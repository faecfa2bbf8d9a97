// Package ledger is the arithmetic of the audit log: a Merkle tree (RFC 6962) over canonical records, signed checkpoints of
// it, and an export that anybody can verify with the public key alone. It is pure; internal/postgres stores what it gives.
//
// A record is two parts. The leaf is what the tree hashes and is kept for ever. The personal part (addresses, names, labels)
// stands beside it and can be erased: the leaf holds only a salted commitment to it, so an erased part cannot be guessed back
// and its record still verifies.
//
// What an export proves: no record up to the signed size was changed, removed, reordered or put in since it was signed. What
// it cannot prove alone is that the log was not rewritten before the signature; an older checkpoint, kept elsewhere, does.
package ledger
