// Package yamledit changes single values of a YAML text and leaves every other byte of it as people wrote it.
//
// A change is made in the text itself: the value is cut out where the parser says it stands, and written in its style. What comes
// of it is read again and has to say exactly what was meant; otherwise the change is refused with ErrForm and nothing is rewritten
// behind anybody's back. Documents whose parts refer to each other by anchors meet that where a change would reach through one.
//
// A comment on its own lines directly above a key or an item, as far in as it is, belongs to it: it moves and goes with it.
package yamledit
