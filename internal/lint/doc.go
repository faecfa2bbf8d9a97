// Package lint says what is weak or pointless in a document that is sound otherwise, and which clause of a standard it breaks.
//
// A finding has a code that never changes once released. How serious a code is depends on the profile: what one standard forbids,
// another does not know. docs/lint.md lists all codes.
package lint
