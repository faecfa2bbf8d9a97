// Package preview says what a change of the settings would mean for people: it decides about every account of the copy by the version
// in force and by the new one, with the facts and the function of the live flow, and counts what differs.
//
// What is not known of an account here counts as unknown there: no device, no failures, and no address unless one is given. Two
// accounts that a link ties are decided about once, as the home account. People recovery helps under neither version (disabled,
// expired, mastered elsewhere) are left out.
//
// Accounts are read in pages, so memory does not grow with their number.
package preview
