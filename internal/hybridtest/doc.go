// Package hybridtest plays people whose accounts are in an Entra tenant, or in a tenant and in Active Directory, against one lab: a
// real domain, a real database and portal, and the imitated tenant. It holds tests only.
package hybridtest
