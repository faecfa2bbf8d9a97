// Package jobs works off what was committed to be done later: the outbox's messages, on every replica, and periodic work, on one
// replica at a time, which the database elects.
//
// A message is worked on within milliseconds of its commit. One that fails is tried again after 2, 4, 8 … seconds, up to two hours
// apart, about a day long in all; the number of tries is set where it is inserted (River's default of 25 fits).
// What was given up stays for 90 days: as "cancelled" when another try was of no use, as "discarded" after the last try. Dead lists both.
package jobs
