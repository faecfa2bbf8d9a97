// Package wording holds the texts of messages that a firm wrote in place of the built-in ones.
//
// A text belongs to one event, channel and language. It holds macros, {name}, of a closed list for each event; a brace of its own is
// written {{ or }}. There are no conditions and no code. A line whose macros are all empty is left out.
//
// Invariants:
//
//   - A macro that its event does not have is refused with its place. The code stands in the text of the message that brings it, and
//     nowhere else: not in another message, and never in a subject, which locked screens show.
//   - What fills a macro is escaped for where it stands. It cannot begin another macro, an element, or a header.
//   - There is no link but the one that Rekey makes: {link}, in the mail to an account's owner. Addresses written out are refused.
//   - HTML is of a few elements without attributes, which are closed in the order they were opened. Nothing is loaded and nothing runs.
package wording
