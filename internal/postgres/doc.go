// Package postgres keeps everything Rekey stores, in PostgreSQL 15 or later. Each file holds one subject, its SQL literal
// beside its Go.
//
// Rules:
//
//   - A public method is one transaction. Unexported functions take one.
//   - Locks are taken in one order, so transactions wait for each other and never in a circle: the account (an advisory
//     lock), its flow or session, counters and credentials, other flows and sessions of the account, what text messages cost
//     (an advisory lock), queued messages, and last the head of the audit log, which everybody needs and holds for the shortest time.
//   - Audit records, messages and the change they belong to commit together. If a record cannot be written, the change is
//     refused.
//   - Secrets are sealed before they reach a statement. Tokens are stored as hashes.
//   - Not-found is a *fault.Error of kind NotFound and a lost race one of kind Conflict, where a contract says so. Everything
//     else is an error for the log.
package postgres
