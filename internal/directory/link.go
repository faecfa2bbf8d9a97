package directory

import (
	"context"

	"rekey/internal/account"
)

// Anchored directories can find an account by what ties it to the same person's account in another directory.
type Anchored interface {
	// ByAnchor finds the account whose Anchor is this, octet for octet. Errors: ErrNotFound, ErrAmbiguous, ErrUnavailable.
	ByAnchor(ctx context.Context, anchor string) (account.Account, error)
}

// SessionRevoker can end everything somebody is signed in to.
type SessionRevoker interface {
	// RevokeSessions may take some minutes to reach every service. Errors: ErrNotFound, ErrDenied, ErrUnavailable.
	RevokeSessions(ctx context.Context, id account.ID) error
}

// ContactReader can tell which addresses and phones a directory holds for a person, to suggest them at enrollment. They are never
// proof of anything by themselves.
type ContactReader interface {
	// Contacts errors: ErrNotFound, ErrDenied, ErrUnavailable.
	Contacts(ctx context.Context, id account.ID) ([]Contact, error)
}

// Contact is one way to reach a person.
type Contact struct {
	Kind  ContactKind
	Value string // an address, or a phone number in E.164 with an extension after "x"
	// Registered is set when the person gave it for recovery there; otherwise it is an ordinary attribute.
	Registered bool
}

// ContactKind is what a contact is.
type ContactKind string

// The kinds.
const (
	ContactMail   ContactKind = "mail"
	ContactMobile ContactKind = "mobile"
	ContactOffice ContactKind = "office"
)

// LinkMode says how one person's accounts in two directories get a new password.
type LinkMode string

// The modes.
const (
	// LinkFirst writes the first directory only; hash synchronization carries it to the second.
	LinkFirst LinkMode = "first"
	// LinkBoth writes the first and then the second, so that it works there at once; hash synchronization would carry it too.
	LinkBoth LinkMode = "both"
	// LinkSeparate writes both, in order; nothing carries it.
	LinkSeparate LinkMode = "separate"
)

// Link ties two directories whose accounts belong to the same people.
type Link struct {
	First, Second string // keys, in the order they are written
	Mode          LinkMode
}

// Same reports whether two accounts of linked directories belong to one person: the anchor is the same octet for octet, and the
// SIDs are the same. Names and addresses never count: they are given away again.
func Same(a, b account.Account) bool {
	return a.ID.Directory != b.ID.Directory && a.Anchor != "" && a.Anchor == b.Anchor && a.SID != "" && a.SID == b.SID
}
