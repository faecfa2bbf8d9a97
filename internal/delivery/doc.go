// Package delivery turns the sealed messages of the outbox into words and hands them to a channel: mail today.
//
// A message is delivered at least once. When a process dies between the mail server's answer and the mark in the database, the
// message is sent again; it then carries the same Message-ID, by which mailboxes drop the second one. What cannot be
// delivered is given up, recorded as audit.NoticeFailed, and stays in the queue as a dead letter for an operator to see.
package delivery
