// Package rulebook is the part of the settings that decides about people, as administrators edit it: policies and what stands behind
// them, rules, and the names of networks, hours and conditions that rules use.
//
//	Open ──► Book ──► Edit: a copy to change ──► Draft: for package configure
//	                                        └──► Under: a snapshot to preview and to ask what-if by
//
// Invariants:
//
//   - A draft touches what differs and nothing else: an item that says the same as before goes back as it was written.
//   - A copy is never shared with the book it was made from: lists and maps may be changed, what is in them is replaced.
//   - What Under compiles is what the settings would: the directories and methods are those of the version in force.
//   - Groups that are picked in pages are named by their identifier: names change, and somebody else may take one.
package rulebook
