// Package policyui holds the administrators' pages about who may do what: policies in their order, rules, the names of networks, hours
// and conditions, what a change would mean before it is saved, what-if, history, trials, and the same as YAML.
//
// Everything that is changed is a sheet: a form that knows how to read itself, what its buttons do, and what it makes of the rule book.
// All sheets go the same way:
//
//	open ──► form ──► review: what differs, what is weak, for whom ──► save ──► version n+1
//	          ▲ │ every button                    │
//	          └─┘◄──── conflict, refused ◄────────┘
//
// The draft is the form itself. It lies neither in the server, where it would have to be found again by another replica and be
// forgotten some day, nor beside the fields in a hidden text that could say something else than they do. What is posted is read into
// types and nothing else; the review carries the same fields, unseen, and what is saved is read from them once more. So Back, a second
// tab, a replica that goes away and somebody else's save in between all leave what was typed where it is.
//
// A form names the version it was made from. When another one is there by then, the form comes back with what was typed, says what
// others changed, and goes on from the new version: nothing is merged that nobody has seen.
package policyui
