// Package pilot says what a policy that is tried on one group did: how attempts under it went, and how many tickets the help desk had a
// day before it began and since.
//
// Each attempt is a row that is written when it ends, in the transaction that ends it (internal/postgres); those that are open are
// looked up where they are. A row names nobody: no account, no address. Of the time before the pilot there are no attempts to compare
// with, since its people had another policy and were not told apart from the rest; there are tickets, and those people type in or import.
//
// Figures say what they rest on: days without a ticket figure are named and left out of means, and few days or attempts give no
// percentages.
package pilot
