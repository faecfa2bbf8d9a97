// Package fastldap is a directory that costs next to nothing. It stands in for Active Directory where a benchmark asks what the
// portal itself can do; the product's adapter reaches it over LDAPS with its settings alone.
//
// It holds one domain of people in memory and answers what the adapter asks in a reset: the service account's bind, the rootDSE,
// searches by name, address, GUID and SID, and the modification that writes a password.
//
// What it does not imitate: the hashing of passwords, on which a real domain controller spends its time; rules for passwords (any
// in quotation marks is taken), history, age and locks; sign-ins of people; access rights; referrals, the schema, controls, paging
// and limits of size or time; replication; writes of anything but unicodePwd, lockoutTime and pwdLastSet. A search whose filter
// holds no name, address or SID finds nothing.
package fastldap
