// Package bench measures the portal as it runs: a process of its own with a real database, mail server and directory on this
// machine. Everything printed is measured in that run; an aim stands beside it, and whether it is met.
//
// Load comes from this process, on the same processors. It is kept lean (client, hammer) and its own processor time is part of the
// report, so that what it takes from the portal can be seen. The database does not wait for the disk (fsync is off), and neither
// does Samba's: both sides of each comparison are alike in that.
//
// A whole reset is what a browser does, without the files it has kept: the first page, four forms (name, way, code, new password),
// the page after each, and the code read from the mail that arrived. The raw side is the modification the adapter sends, and nothing
// else, on connections that are open and bound.
//
// A plain read asks for what the portal copies, page by page on one connection, makes values of it, as any reader must, and forgets
// each page: entries of LDAP's answers, structs of the tenant's JSON. It stores nothing. The copy asks for the next page while it
// stores one, so on two processors it is the database's work that comes on top.
package bench
