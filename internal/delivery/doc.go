// Package delivery turns the sealed messages of the outbox into words and hands them to a channel: mail, or text messages.
//
// A mail is delivered at least once. When a process dies between the mail server's answer and the mark in the database, the
// message is sent again; it then carries the same Message-ID, by which mailboxes drop the second one. What cannot be
// delivered is given up, recorded as audit.NoticeFailed, and stays in the queue as a dead letter for an operator to see.
//
// A text message costs money. Its number is judged and its cost charged, over all replicas, before it is handed over
// (internal/spend); what is not allowed is withheld and recorded as audit.MessageWithheld. A message is charged once, however
// often it is tried, and tried spend.Tries times at most when each time it stays open whether the gateway took it.
package delivery
