// Package account holds what Rekey knows of one directory object.
package account

import (
	"strings"
	"time"
)

// ID names one account for ever: the directory it lives in and the object's own identifier there
// (objectGUID, Entra oid, entryUUID), never its name, so that a re-created account inherits nothing.
type ID struct {
	Directory string `json:"directory"` // key of the directory in settings, for AD its DNS domain
	Object    string `json:"object"`    // canonical lower-case text form
}

// String gives "directory/object".
func (id ID) String() string { return id.Directory + "/" + id.Object }

// IsZero reports whether nobody is named.
func (id ID) IsZero() bool { return id == ID{} }

// ParseID reads what String wrote. It reports false when there is no slash.
func ParseID(s string) (ID, bool) {
	d, o, ok := strings.Cut(s, "/")
	return ID{d, o}, ok && d != "" && o != ""
}

// Group is one group an account belongs to, directly or nested.
type Group struct {
	ID   string `json:"id"`   // SID, Entra group id or DN: what policies are matched on
	Name string `json:"name"` // for people to read; empty when it was not looked up
}

// Account is one directory object as read live from the directory.
type Account struct {
	ID      ID
	SAM     string // sAMAccountName
	UPN     string // userPrincipalName
	NetBIOS string // domain's NetBIOS name
	Path    string // DN, or empty where there is none
	SID     string
	// Anchor ties the account to the same person's in another directory: base64 of the octets of mS-DS-ConsistencyGuid or objectGUID
	// in AD, onPremisesImmutableId in Entra. Empty: none.
	Anchor      string
	Manager     string // object identifier of the manager in the same directory; empty: none, or not read
	DisplayName string
	GivenName   string
	Mail        string   // primary address as stored in the directory: never the typed one
	Mails       []string // every address of the directory, without prefixes, primary first
	Language    string   // BCP 47, empty when unknown
	Groups      []Group  // nested, primary group included
	Linked      []string // groups of the same person's account in another directory, as settings may name them: for the floor alone
	Attributes  map[string][]string
	State       State
}

// Name gives the name people sign in with, for pages and mails.
func (a Account) Name() string {
	if a.UPN != "" {
		return a.UPN
	}
	return a.SAM
}

// State is the account's condition at the time of reading. Zero times mean never or unknown as noted.
type State struct {
	Disabled        bool
	Expired         bool // the account itself has expired
	Locked          bool
	LockedUntil     time.Time // zero: not locked, or until somebody unlocks it
	PasswordExpired bool
	MustChange      bool
	PasswordSet     time.Time // pwdLastSet; zero when the password must be changed or was never set
	PasswordExpires time.Time // zero: never, or unknown
	CannotChange    bool
	Privileged      bool // adminCount=1: a hint, membership decides; in Entra: holds a role, or is in a group that can
	Synced          bool // mastered in another directory, which writes over what is written here
}

// Usable reports whether recovery can help: a disabled or expired account cannot sign in with any password.
func (s State) Usable() bool { return !s.Disabled && !s.Expired }
