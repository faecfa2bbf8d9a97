// Package notice composes what the owner of an account is told: one message per address Rekey knows, each with the
// "this wasn't me" link that freezes recovery.
package notice
