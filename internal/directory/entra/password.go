package entra

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"rekey/internal/account"
	"rekey/internal/directory"
	"rekey/internal/secret"
)

// SetPassword implements directory.Directory. Accounts that are mastered elsewhere are refused unless the settings allow it. There is no
// lock to clear, and a reset checks no history here.
func (d *Directory) SetPassword(ctx context.Context, id account.ID, password secret.Text, w directory.Write) error {
	if err := takable(password); err != nil {
		return err
	}
	before, err := d.writable(ctx, id)
	if err != nil {
		return err
	}
	body := map[string]any{"passwordProfile": map[string]any{"password": password.Reveal(), "forceChangePasswordNextSignIn": w.MustChange}}
	write, cancel, err := limit(ctx, d.config.WriteTimeout)
	if err != nil {
		return err
	}
	defer cancel()
	_, err = d.graph.do(write, call{kind: setPassword, method: http.MethodPatch, path: "/users/" + id.Object, body: body})
	if !inDoubt(err) {
		return d.explained(ctx, before, password, err)
	}
	d.log.WarnContext(ctx, "answer to a write was lost", "directory", d.Key(), "error", err)
	return d.settle(ctx, id, before.passwordSet(), err)
}

// writable reads an account just before it is written. It also finds out, by a question that may be repeated, that a connection is dead.
func (d *Directory) writable(ctx context.Context, id account.ID) (user, error) {
	const properties = "id,userPrincipalName,userType,displayName,givenName,surname,lastPasswordChangeDateTime,onPremisesSyncEnabled"
	u, err := d.user(ctx, id, properties)
	if err == nil && u.Synced && !d.config.WriteSynced {
		return user{}, fmt.Errorf("%w: the account is mastered in Active Directory, and write_synced is not set", directory.ErrDenied)
	}
	return u, err
}

// user reads some properties of an account. Errors: ErrNotFound, ErrUnavailable.
func (d *Directory) user(ctx context.Context, id account.ID, properties string) (user, error) {
	if !d.ours(id) {
		return user{}, directory.ErrNotFound
	}
	ctx, cancel, err := limit(ctx, d.config.ReadTimeout)
	if err != nil {
		return user{}, err
	}
	defer cancel()
	var u user
	if err := d.graph.get(ctx, call{kind: readUser, path: "/users/" + id.Object, query: url.Values{"$select": {properties}}}, &u); err != nil {
		return user{}, failed(err)
	}
	if u.guest() {
		return user{}, directory.ErrNotFound
	}
	return u, nil
}

// inDoubt reports whether a write may have happened although it was not confirmed: no answer, or a failure behind the gateway.
func inDoubt(err error) bool {
	var lost *lostError
	var r *refusal
	switch {
	case errors.As(err, &lost):
		return lost.sent
	case errors.As(err, &r):
		return r.status >= http.StatusInternalServerError && r.status != http.StatusServiceUnavailable
	}
	return false
}

const (
	settleTime = 5 * time.Second // how long Graph is asked what became of a write, if a write may take as long
	settleWait = 250 * time.Millisecond
)

// settle finds out what became of a write whose answer was lost. Only that it happened can be known: what is not seen may still be
// under way, or not have reached the replica that answers.
func (d *Directory) settle(ctx context.Context, id account.ID, before time.Time, lost error) error {
	ctx, cancel := context.WithTimeout(ctx, min(settleTime, d.config.WriteTimeout))
	defer cancel()
	for {
		if moved, _, err := d.PasswordMoved(ctx, id, before); err == nil && moved {
			return nil
		}
		if !pause(ctx, settleWait) {
			return errors.Join(directory.ErrOutcomeUnknown, lost)
		}
	}
}

// PasswordSet implements directory.PasswordDater.
func (d *Directory) PasswordSet(ctx context.Context, id account.ID) (time.Time, error) {
	u, err := d.user(ctx, id, "id,userPrincipalName,userType,lastPasswordChangeDateTime")
	return u.passwordSet(), err
}

// PasswordMoved implements directory.PasswordDater. Graph is one server to us, and it answers reads by id from where it writes.
func (d *Directory) PasswordMoved(ctx context.Context, id account.ID, before time.Time) (moved, sure bool, err error) {
	set, err := d.PasswordSet(ctx, id)
	if err != nil {
		return false, false, err
	}
	return !set.Equal(before), true, nil
}

// RevokeSessions implements directory.SessionRevoker.
func (d *Directory) RevokeSessions(ctx context.Context, id account.ID) error {
	if !d.ours(id) {
		return directory.ErrNotFound
	}
	ctx, cancel, err := limit(ctx, d.config.WriteTimeout)
	if err != nil {
		return err
	}
	defer cancel()
	_, err = d.graph.do(ctx, call{kind: revoke, method: http.MethodPost, path: "/users/" + id.Object + "/revokeSignInSessions"})
	if err != nil {
		return translate(revoke, err)
	}
	return nil
}
