// Package helpdesk is what the help desk sees of a person, and what it may do for them. It never sees, chooses or sets a password:
// whoever needs a new one proves who they are and chooses it on a device of their own.
//
// The help desk is where attackers call. What this package assumes of them, and what it sets against it:
//
//   - Somebody calls under another's name. Verify sends a code to what the person set up before, for the caller to read back; it is a
//     code of its own, bound to this call, that no flow takes, and its message says that it is for the phone. Every act records
//     whether the caller was verified.
//   - A help desk user looks further than the scope. Every call reads the person live and asks role.Grants; a person out of reach
//     and one who does not exist give one answer, after the same questions to the directories.
//   - A help desk user acts for themselves, or with a colleague's leave for each other. Nobody acts on, or approves for, any account
//     of their own person; accounts that a link ties are one person.
//   - A privileged account. Acts for whom the policy's floor is laid, and for whoever has a role in the administrators' pages, need a
//     second administrator. The approval is of one act with everything in it, for its requester, for half an hour, once.
//   - Many calls at once. Acts are limited for each user and for each person, and a burst is recorded.
//
// A request for approval:
//
//	pending ──► approved ──► used
//	   │            └──► expired
//	   ├──► refused
//	   └──► expired
//
// A verification of a caller:
//
//	open ──► passed (good for 15 minutes)
//	  └──► failed (five wrong tries, or its time is over)
//
// Invariants:
//
//   - An approval is used before the act is begun. An act that fails then needs another one: an approval never works twice.
//   - A try is counted before it is judged. Sixteen copies of a right answer pass one verification once.
//   - Nothing is done that is not recorded with who did it, in which role, why and on which ticket, in the transaction of the change or,
//     for a directory, before it is written.
//   - What changes who can get in is told to the person on every known address, including one that is taken away.
package helpdesk
