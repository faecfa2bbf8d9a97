package graph

import (
	"net/http"
	"strings"
	"time"
)

// failures are somebody's wrong passwords in a row.
type failures struct {
	count int
	until time.Time
}

// Tokens are what a person's sign-in gives.
type Tokens struct{ Access, Refresh string }

func signInError(number int, text string) *AADSTS {
	return &AADSTS{Number: number, code: "invalid_grant", status: http.StatusBadRequest, text: text}
}

// SignIn tries a password as a first-party application does, without a second factor. Refusals are *AADSTS: 50034 nobody, 50126
// wrong password, 50053 locked, 50057 disabled, 50055 must be changed, 51004 federated.
func (t *Tenant) SignIn(upn, password string) (Tokens, error) {
	u, err := t.judge(upn, password)
	if err != nil {
		return Tokens{}, err
	}
	return t.userTokens(u, "lab-sign-in", []string{"openid", "offline_access"})
}

// judge compares a password and counts wrong ones. The user is answered with 50055 too.
func (t *Tenant) judge(upn, password string) (User, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	row := t.store.byName[strings.ToLower(upn)]
	if row == nil {
		return User{}, signInError(50034, "The user account does not exist in the "+t.name+" directory. To sign into this application, the account must be added to the directory.")
	}
	if t.federated(upn) {
		return User{}, signInError(51004, "The user account belongs to a federated domain; sign-in happens elsewhere.")
	}
	now := t.s.now()
	f := t.failures[row.cur.ID]
	if f != nil && now.Before(f.until) {
		return User{}, signInError(50053, "The account is locked, you've tried to sign in too many times with an incorrect user ID or password.")
	}
	if row.cur.Password == "" || row.cur.Password != password {
		t.fail(row.cur.ID, f, now)
		return User{}, signInError(50126, "Error validating credentials due to invalid username or password.")
	}
	delete(t.failures, row.cur.ID)
	switch {
	case row.cur.Disabled:
		return User{}, signInError(50057, "The user account is disabled.")
	case row.cur.MustChange || row.cur.MustChangeWithMFA:
		return *row.cur, signInError(50055, "The password is expired.")
	}
	return *row.cur, nil
}

func (t *Tenant) fail(id string, f *failures, now time.Time) {
	if f == nil || !f.until.IsZero() {
		f = &failures{}
		t.failures[id] = f
	}
	most, lock := t.spec.LockoutTries, t.spec.LockoutTime
	if most == 0 {
		most = 10
	}
	if lock == 0 {
		lock = time.Minute
	}
	if f.count++; f.count >= most {
		f.until = now.Add(lock)
	}
}

// HashSync carries a password from Active Directory as Entra Connect does: without the cloud's rules, and without ending sessions. It
// reports whether a synchronized account has the anchor.
func (t *Tenant) HashSync(anchor, password string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, row := range t.store.order {
		u := row.cur
		if u.gone == present && u.synced() && u.OnPremises.ImmutableID == anchor {
			delete(t.failures, u.ID)
			t.store.update(row, t.now(), func(u *User) {
				u.Password, u.PasswordChanged, u.PasswordPolicies = password, t.s.now(), "DisablePasswordExpiration"
				u.MustChange, u.MustChangeWithMFA = false, false
			})
			return true
		}
	}
	return false
}

// Alive reports whether a token of a person would still be taken: not expired, not revoked.
func (s *Server) Alive(token string) bool {
	g := s.granted(token)
	return g != nil && !s.now().After(g.expires) && g.alive()
}
