package directory

import (
	"context"
	"net/url"
	"time"

	"rekey/internal/account"
)

// Redirector lets people sign in at the directory's own page: the only way where a password may not pass through us.
type Redirector interface {
	// StartSignIn gives where to send the browser and what FinishSignIn needs to know; the state is kept by the caller, sealed, and
	// never shown. Errors: ErrUnavailable.
	StartSignIn(ctx context.Context, in SignIn) (where string, state []byte, err error)
	// FinishSignIn judges what the browser brought back. Errors: ErrSignInRefused, ErrUnavailable.
	FinishSignIn(ctx context.Context, state []byte, answer url.Values) (SignedIn, error)
}

// SignIn is what is asked of the other side.
type SignIn struct {
	Callback string // our URL that the browser comes back to
	State    string // comes back in the answer, to find the visitor again
	Hint     string // user name to fill in; may be empty
	Fresh    bool   // the password must be typed now, whatever session there is
}

// SignedIn is who came back.
type SignedIn struct {
	Account account.ID
	At      time.Time // when they proved it there
}
