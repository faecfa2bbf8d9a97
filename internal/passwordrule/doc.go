// Package passwordrule says what a new password has to be, before it is typed and after, without asking anybody. It joins what
// the directory demands with the policy's own rules; the directory stays the judge, and what only it can check (history) is
// listed as such.
package passwordrule
