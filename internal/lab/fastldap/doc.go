// Package fastldap is a directory that costs next to nothing. It stands in for Active Directory where a benchmark asks what the
// portal itself can do; the product's adapter reaches it over LDAPS with its settings alone.
//
// It holds one domain of people in memory and answers what the adapter asks in a reset: the service account's bind, the rootDSE,
// searches by name, address, GUID and SID, and the modification that writes a password; and what it asks to copy everything: the
// number of the newest change, pages of what changed in a range of numbers, and members of groups by ranges.
//
// What it does not imitate: the hashing of passwords, on which a real domain controller spends its time; rules for passwords (any
// in quotation marks is taken), history, age and locks; sign-ins of people; access rights; referrals, the schema, controls but that
// for pages, and limits of size or time; the feed of changes and deleted objects; replication; writes of anything but unicodePwd,
// lockoutTime and pwdLastSet, which count as no change. A search whose filter holds no name, address or SID finds nothing, unless it
// asks for pages.
package fastldap
