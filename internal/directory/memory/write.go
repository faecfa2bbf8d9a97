package memory

import (
	"context"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf16"

	"rekey/internal/account"
	"rekey/internal/directory"
	"rekey/internal/secret"
)

// SetPassword implements directory.Directory.
func (d *Directory) SetPassword(ctx context.Context, id account.ID, password secret.Text, w directory.Write) error {
	return d.write(ctx, id, func(e *entry) error {
		if err := d.refuse(e, password, w.EnforceHistory && d.rulesOf(e).EnforcesHist); err != nil {
			return err
		}
		return d.commit(func() {
			e.set(password, d.now())
			if w.Unlock {
				e.unlock()
			}
			if w.MustChange {
				e.State.MustChange, e.State.PasswordSet = true, time.Time{}
			}
		})
	})
}

// Change implements directory.Changer. A wrong old password counts as a failed sign-in.
func (d *Directory) Change(ctx context.Context, id account.ID, old, password secret.Text) error {
	return d.write(ctx, id, func(e *entry) error {
		if d.wouldLock(e) {
			return &directory.SignInError{Reason: directory.SignInWouldLock}
		}
		if old.Empty() || !old.Equal(e.Password) {
			if !old.Empty() {
				d.count(e)
			}
			return directory.ErrWrongPassword
		}
		if err := d.refuse(e, password, true); err != nil {
			return err
		}
		return d.commit(func() { e.set(password, d.now()) })
	})
}

// Unlock implements directory.Unlocker.
func (d *Directory) Unlock(ctx context.Context, id account.ID) (bool, error) {
	locked := false
	err := d.write(ctx, id, func(e *entry) error {
		e.settle(d.now())
		if locked = e.State.Locked; !locked {
			return nil
		}
		return d.commit(e.unlock)
	})
	return locked && err == nil, err
}

func (d *Directory) write(ctx context.Context, id account.ID, f func(*entry) error) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	e, err := d.entry(ctx, id)
	if err != nil {
		return err
	}
	return f(e)
}

// commit does a write, or fails at it.
func (d *Directory) commit(f func()) error {
	if d.failure == LostUnwritten {
		return directory.ErrOutcomeUnknown
	}
	f()
	d.writes++
	if d.failure == LostWritten {
		return directory.ErrOutcomeUnknown
	}
	return nil
}

func (e *entry) set(password secret.Text, now time.Time) {
	e.Password = password
	e.history = append(e.history, password)
	e.State.PasswordSet, e.State.MustChange, e.State.PasswordExpired = now, false, false
}

func (e *entry) unlock() {
	e.State.Locked, e.State.LockedUntil, e.wrong = false, time.Time{}, 0
}

// refuse says which rule a password breaks.
func (d *Directory) refuse(e *entry, password secret.Text, history bool) error {
	r, text := d.rulesOf(e), password.Reveal()
	length := len(utf16.Encode([]rune(text)))
	var reason directory.Reason
	switch {
	case length < max(r.MinLength, 1):
		reason = directory.TooShort
	case r.MaxLength > 0 && length > r.MaxLength:
		reason = directory.TooLong
	case classes(text) < r.Classes:
		reason = directory.Complexity
	case slices.ContainsFunc(r.NoNameParts, func(p string) bool { return strings.Contains(strings.ToLower(text), strings.ToLower(p)) }):
		reason = directory.HoldsName
	case history && !e.State.MustChange && d.now().Before(e.State.PasswordSet.Add(r.MinAge)):
		reason = directory.TooYoung
	case history && slices.ContainsFunc(e.history[max(0, len(e.history)-r.History):], password.Equal):
		reason = directory.InHistory
	default:
		return nil
	}
	return &directory.RejectedError{Reason: reason}
}

func classes(text string) int {
	kinds := []func(rune) bool{unicode.IsUpper, unicode.IsLower, unicode.IsDigit, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }}
	n := 0
	for _, is := range kinds {
		if strings.ContainsFunc(text, is) {
			n++
		}
	}
	return n
}

// Rules implements directory.RuleReader.
func (d *Directory) Rules(ctx context.Context, id account.ID) (directory.Rules, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if id.Object == "" {
		return d.rules, d.down(ctx)
	}
	e, err := d.entry(ctx, id)
	if err != nil {
		return directory.Rules{}, err
	}
	return d.rulesOf(e), nil
}

func (d *Directory) rulesOf(e *entry) directory.Rules {
	r := d.rules
	if e.Rules != nil {
		r = *e.Rules
	}
	r.PasswordSet = e.State.PasswordSet
	if r.Classes > 0 {
		r.NoNameParts = nameParts(e.SAM, e.DisplayName)
	}
	return r
}

// nameParts are the whole sAMAccountName and the parts of the display name, where they have three characters or more.
func nameParts(sam, display string) []string {
	parts := strings.FieldsFunc(display, func(r rune) bool { return strings.ContainsRune(",.-–—_#", r) || unicode.IsSpace(r) })
	return slices.DeleteFunc(append([]string{sam}, parts...), func(p string) bool { return len([]rune(p)) < 3 })
}

// Authenticate implements directory.Authenticator.
func (d *Directory) Authenticate(ctx context.Context, id account.ID, password secret.Text) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.down(ctx); err != nil {
		return err
	}
	e, ok := d.byID[id.Object]
	if !ok || id.Directory != d.key || password.Empty() {
		return &directory.SignInError{Reason: directory.SignInWrong}
	}
	if why := d.judge(e, password); why != "" {
		return &directory.SignInError{Reason: why}
	}
	e.wrong = 0
	return nil
}

// wouldLock reports whether one more wrong password could lock the account.
func (d *Directory) wouldLock(e *entry) bool {
	now, most := d.now(), d.rulesOf(e).Lockout
	e.settle(now)
	if now.After(e.last.Add(window)) {
		e.wrong = 0
	}
	return most > 0 && e.wrong >= most-1
}

func (d *Directory) judge(e *entry, password secret.Text) directory.SignInReason {
	wouldLock := d.wouldLock(e)
	switch s := e.State; {
	case s.Locked:
		return directory.SignInLocked
	case wouldLock:
		return directory.SignInWouldLock
	case !password.Equal(e.Password):
		d.count(e)
		return directory.SignInWrong
	case s.Disabled:
		return directory.SignInDisabled
	case s.Expired:
		return directory.SignInAccountExpired
	case s.MustChange:
		return directory.SignInMustChange
	case s.PasswordExpired:
		return directory.SignInExpired
	}
	return ""
}

// count counts a wrong password, and locks.
func (d *Directory) count(e *entry) {
	now := d.now()
	if now.After(e.last.Add(window)) {
		e.wrong = 0
	}
	e.wrong, e.last = e.wrong+1, now
	if most := d.rulesOf(e).Lockout; most > 0 && e.wrong >= most {
		e.State.Locked, e.State.LockedUntil = true, now.Add(lockFor)
	}
}
