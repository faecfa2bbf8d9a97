// Package graph imitates the Microsoft identity platform (v2.0 endpoints) and Microsoft Graph v1.0 for one or more tenants. Tests, the
// demonstration and benchmarks use it instead of a tenant; the product's code reaches it by its settings alone, over verified TLS.
//
// What it imitates, what it does not, and which of it nobody has checked on a live tenant: docs/lab-graph.md.
//
// Files: server starts and stops; tenant, app and people set things up; store keeps objects and their history; token, assertion,
// authorize and managed are the identity platform; call is the frame of every Graph request; users, write, member, delta, method,
// directory and batch are what can be asked; fault spoils it; record remembers it.
package graph
