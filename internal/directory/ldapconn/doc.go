// Package ldapconn is how directories reach their LDAP servers: verified TLS, a small pool of connections signed in as the service
// account, failover, and time limits that hold.
//
//   - Servers are tried in order; only a failed connection goes on to the next, never a refusal.
//   - What is sent, and may have arrived, is never sent again by itself: LostError says whether it may have.
//   - A person's password is tried on a connection of its own.
package ldapconn
