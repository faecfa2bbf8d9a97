// Package spend says what may be spent on messages that cost money: to which countries and kinds of numbers, and how much in a day, in
// a month, for an account and to one range of numbers. It decides nothing about time and stores nothing: internal/postgres counts,
// exactly over all replicas.
//
// What it is against is traffic pumping: somebody makes a portal write to many numbers they are paid for, and the firm finds it on
// its bill.
package spend
