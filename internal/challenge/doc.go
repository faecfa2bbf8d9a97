// Package challenge is the arithmetic of asking a browser to show that it is no flood: who is asked, what is asked, and what counts
// as an answer. It is pure: keys, time and networks are passed in, and what must be used once only is handed back for a store to spend.
//
// There are three answers. A browser with a script does a proof of work (a hash with enough zeros, in the manner of Hashcash) while
// the person types. One without waits for a while that a sealed token vouches for. Where the settings name a provider, its widget is
// a third; when the provider cannot be asked, the first two remain, and nobody is let through unasked.
package challenge
