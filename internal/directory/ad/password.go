package ad

import (
	"context"
	"encoding/binary"
	"errors"
	"strings"
	"time"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/go-ldap/ldap/v3"

	"rekey/internal/account"
	"rekey/internal/directory"
	"rekey/internal/secret"
)

// SetPassword implements directory.Directory: one modification that replaces the password, clears the lock and asks for a change.
// pwdLastSet is left to the directory otherwise, and userAccountControl is never written.
func (d *Directory) SetPassword(ctx context.Context, id account.ID, password secret.Text, w directory.Write) error {
	if err := typable(password); err != nil {
		return err
	}
	history := false
	err := d.write(ctx, modification{id: id, judge: passwordWritten(w.MustChange), compose: func(r *ldap.ModifyRequest, root rootDSE, _ condition) {
		r.Replace("unicodePwd", []string{quoted(password)})
		if w.Unlock {
			r.Replace("lockoutTime", []string{"0"})
		}
		if w.MustChange {
			r.Replace("pwdLastSet", []string{"0"})
		}
		if w.EnforceHistory && root.hints != "" {
			history = true
			r.Controls = append(r.Controls, historyControl{root.hints})
		}
	}})
	return d.explained(ctx, id, password, history, err)
}

// Change implements directory.Changer: one modification that takes the old password away and adds the new one, over the service
// account's connection. The old password proves the person, who may not be able to sign in any more.
func (d *Directory) Change(ctx context.Context, id account.ID, old, password secret.Text) error {
	if old.Empty() {
		return directory.ErrWrongPassword
	}
	if err := typable(password); err != nil {
		return err
	}
	p, leave, err := d.approach(ctx, id)
	if err != nil {
		return err
	}
	defer leave()
	if p.exists && !p.locked && p.wouldLock() { // a locked account is refused by the directory, with its own reason
		return &directory.SignInError{Reason: directory.SignInWouldLock}
	}
	err = d.write(ctx, modification{id: id, judge: passwordWritten(false), compose: func(r *ldap.ModifyRequest, _ rootDSE, _ condition) {
		r.Delete("unicodePwd", []string{quoted(old)})
		r.Add("unicodePwd", []string{quoted(password)})
	}})
	return d.explained(ctx, id, password, true, err)
}

// Unlock implements directory.Unlocker. A lock that has run out is cleared too, and with it the count of wrong passwords, but is not
// reported.
func (d *Directory) Unlock(ctx context.Context, id account.ID) (bool, error) {
	locked := false
	err := d.write(ctx, modification{id: id, judge: unlocked, compose: func(r *ldap.ModifyRequest, _ rootDSE, before condition) {
		locked = before.locked
		if before.lockout != 0 {
			r.Replace("lockoutTime", []string{"0"})
		}
	}})
	return locked && err == nil, err
}

// typable refuses what unicodePwd cannot hold, or nobody could type.
func typable(password secret.Text) error {
	text := password.Reveal()
	switch {
	case text == "":
		return &directory.RejectedError{Reason: directory.TooShort}
	case !utf8.ValidString(text) || strings.ContainsFunc(text, unicode.IsControl):
		return &directory.RejectedError{Reason: directory.Characters}
	case len(utf16.Encode([]rune(text))) > longestPassword:
		return &directory.RejectedError{Reason: directory.TooLong}
	}
	return nil
}

// quoted is the form of unicodePwd: in quotation marks, UTF-16 little-endian (MS-ADTS 3.1.1.3.1.5).
func quoted(password secret.Text) string {
	var b []byte
	for _, u := range utf16.Encode([]rune(`"` + password.Reveal() + `"`)) {
		b = binary.LittleEndian.AppendUint16(b, u)
	}
	return string(b)
}

// explained adds which rule a password broke when the directory did not say, as Windows never does: the first of the rules that can
// be read and that it does break.
func (d *Directory) explained(ctx context.Context, id account.ID, password secret.Text, history bool, err error) error {
	var rejected *directory.RejectedError
	if !errors.As(err, &rejected) || rejected.Reason != directory.PolicyRefused {
		return err
	}
	rules, failed := d.Rules(ctx, id)
	if failed != nil {
		return err
	}
	return &directory.RejectedError{Reason: broken(rules, password.Reveal(), history, d.now())}
}

func broken(r directory.Rules, password string, history bool, now time.Time) directory.Reason {
	folded := strings.ToLower(password)
	switch {
	case len(utf16.Encode([]rune(password))) < r.MinLength:
		return directory.TooShort
	case classes(password) < r.Classes:
		return directory.Complexity
	case history && r.MinAge > 0 && now.Before(r.PasswordSet.Add(r.MinAge)):
		return directory.TooYoung
	}
	for _, part := range r.NoNameParts {
		if strings.Contains(folded, strings.ToLower(part)) {
			return directory.HoldsName
		}
	}
	return directory.PolicyRefused
}

// classes counts the kinds of characters that complexity asks for: capitals, small letters, digits, symbols, and letters that are
// neither capital nor small.
func classes(password string) int {
	var upper, lower, digit, letter, symbol int
	for _, r := range password {
		switch {
		case unicode.IsUpper(r):
			upper = 1
		case unicode.IsLower(r):
			lower = 1
		case '0' <= r && r <= '9':
			digit = 1
		case unicode.IsLetter(r):
			letter = 1
		default:
			symbol = 1
		}
	}
	return upper + lower + digit + letter + symbol
}
