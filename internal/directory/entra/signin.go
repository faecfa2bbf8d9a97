package entra

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"rekey/internal/account"
	"rekey/internal/directory"
	"rekey/internal/openid"
)

// StartSignIn implements directory.Redirector.
func (d *Directory) StartSignIn(ctx context.Context, in directory.SignIn) (where string, state []byte, err error) {
	ctx, cancel, err := limit(ctx, d.config.ReadTimeout)
	if err != nil {
		return "", nil, err
	}
	defer cancel()
	if d.signIns == nil {
		return "", nil, fmt.Errorf("%w: a managed identity cannot sign people in", directory.ErrUnavailable)
	}
	where, pending, err := d.signIns.Start(ctx, openid.Request{Callback: in.Callback, State: in.State, Hint: in.Hint, Fresh: in.Fresh})
	if err != nil {
		return "", nil, signInError(err)
	}
	state, err = json.Marshal(pending)
	return where, state, err
}

// FinishSignIn implements directory.Redirector. The account is the one of oid in our own tenant: names and addresses in the token can be
// somebody else's (Microsoft identity platform, "Secure applications and APIs by validating claims").
func (d *Directory) FinishSignIn(ctx context.Context, state []byte, answer url.Values) (directory.SignedIn, error) {
	ctx, cancel, err := limit(ctx, d.config.ReadTimeout)
	if err != nil {
		return directory.SignedIn{}, err
	}
	defer cancel()
	var pending openid.Pending
	if d.signIns == nil || json.Unmarshal(state, &pending) != nil {
		return directory.SignedIn{}, directory.ErrSignInRefused
	}
	who, err := d.signIns.Finish(ctx, pending, answer)
	if err != nil {
		return directory.SignedIn{}, signInError(err)
	}
	var claims struct {
		Tenant string `json:"tid"`
		Object string `json:"oid"`
	}
	err = who.Claims(&claims)
	id := account.ID{Directory: d.Key(), Object: strings.ToLower(claims.Object)}
	if err != nil || !strings.EqualFold(claims.Tenant, d.config.Tenant) || !d.ours(id) {
		return directory.SignedIn{}, fmt.Errorf("%w: the token is of another tenant", directory.ErrSignInRefused)
	}
	return directory.SignedIn{Account: id, At: who.At}, nil
}

func signInError(err error) error {
	if errors.Is(err, openid.ErrRefused) {
		return fmt.Errorf("%w: %w", directory.ErrSignInRefused, err)
	}
	return unavailable(err)
}
