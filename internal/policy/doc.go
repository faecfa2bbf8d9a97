// Package policy decides, for one action of one account, whether it is allowed, how the person must prove who they are and
// what the new password must look like.
//
// Compile turns the settings document into *Policies and rejects what cannot be right; Decide is pure and total: no context,
// no clock, no error. A fact nobody gathered is Unknown, and Unknown never grants anything. The live flow, the what-if, the
// preview, `rekey explain` and the audit log call this one function.
//
// Policies are ordered; the first whose scope matches wins. Within a scope, every kind of condition that is given must hold
// (domains and groups and OUs and attributes), any one value of it is enough, and exclusions win over everything. Outside of its
// dates a policy is for nobody. A domain's default policy stands behind all others.
//
// Rules come after: in order, each may end the rules (allow), refuse (deny), put another policy in place, or ask for more. A rule's
// condition is all, any and not of what is known about the address, the moment, the device and the recent past, in three values:
// what cannot be told counts as holding where a rule asks for more, and as not holding where it grants. Whether another policy takes
// the place of the one that won may not be told either; then what both ask is asked. Rules that only report change nothing.
//
// Under all of it lies the floor for privileged accounts, which no setting lowers.
//
// Invariants, each with a property test: Decide never panics and always gives a reason; one more rule that denies or asks for more
// opens nothing that was closed; the order of rules that only ask for more does not matter; Explain gives Decide's decision; no
// document yields less than the floor.
//
// What stands against an attempt of a known account (a denial, a limit, the threat level) is Barred: the person proves what is
// asked and is told then, since before nobody may learn that the account exists. Closed finds the denials that are for everybody.
//
// A requirement counts independent factors. Two proofs are independent when they share no channel and no credential. Where
// two or more are asked for, they must not all rest on the same class unless the policy says so.
package policy
