// Package report has the figures administrators judge by: what became of attempts, whether what they depend on works, and whom
// recovery covers.
//
// Figures are worked out from the audit log alone. Store.Fold reads the events behind the last one it read and keeps a narrow row per
// attempt: a periodic job calls it, so a look at four weeks reads as many rows as there were attempts and no event, however long the
// log is. There is no table of sums by day: a day is another one in each time zone and medians cannot be summed, and an index on
// the log would have to cover most of it. Store.Refold reads the whole log again and comes to the same rows. An attempt counts on the day
// it began. What names nobody has come to is counted apart: such attempts cannot succeed.
//
// Health is a list of Parts, which BackIn sums up in a sentence. Pulse remembers the last results of each part on one replica.
//
// Coverage decides about everybody in the copy of the directories, as the live flow would without knowing address and device, with
// internal/preview. It takes seconds for 100,000 people, so surveys run in the background and their result is kept until the next; a
// forecast is a survey by settings that are not in force.
package report
