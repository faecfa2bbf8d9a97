// Package policy decides, for one action of one account, whether it is allowed, how the person must prove who they are and
// what the new password must look like.
//
// Compile turns the settings document into *Policies and rejects what cannot be right; Decide is pure and total: no context,
// no clock, no error. A fact nobody gathered is Unknown, and Unknown never grants anything. The live flow, the what-if, the
// preview, `rekey explain` and the audit log call this one function.
//
// Policies are ordered; the first whose scope matches wins. Within a scope, every kind of condition that is given must hold
// (domains and groups and OUs and attributes), any one value of it is enough, and exclusions win over everything. A domain's
// default policy stands behind all others.
//
// A requirement counts independent factors. Two proofs are independent when they share no channel and no credential. Where
// two or more are asked for, they must not all rest on the same class unless the policy says so.
package policy
