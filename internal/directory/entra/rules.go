package entra

import (
	"context"
	"errors"
	"fmt"
	"unicode/utf16"

	"rekey/internal/account"
	"rekey/internal/directory"
	"rekey/internal/passwordrule"
	"rekey/internal/secret"
)

// The tenant's rules (Microsoft Entra ID, "Password policies and account restrictions"). Lockout is that of a new tenant.
const (
	shortest = 8
	longest  = 256
	lockout  = 10
)

// takable refuses what the tenant cannot store, before anything is asked.
func takable(password secret.Text) error {
	text := password.Reveal()
	switch {
	case text == "":
		return &directory.RejectedError{Reason: directory.TooShort}
	case len(utf16.Encode([]rune(text))) > longest:
		return &directory.RejectedError{Reason: directory.TooLong}
	}
	for _, r := range text {
		if r < ' ' || r > '~' {
			return &directory.RejectedError{Reason: directory.Characters}
		}
	}
	return nil
}

// Rules implements directory.RuleReader. An ID without an object gets what holds for everybody.
func (d *Directory) Rules(ctx context.Context, id account.ID) (directory.Rules, error) {
	if id.Object == "" && id.Directory == d.Key() {
		return d.rules(user{}), nil
	}
	u, err := d.user(ctx, id, "id,userPrincipalName,userType,givenName,surname,lastPasswordChangeDateTime")
	if err != nil {
		return directory.Rules{}, err
	}
	return d.rules(u), nil
}

func (d *Directory) rules(u user) directory.Rules {
	names := append([]string{}, d.config.Names...)
	for _, n := range []string{u.GivenName, u.Surname} {
		if n != "" {
			names = append(names, n)
		}
	}
	return directory.Rules{
		MinLength: shortest, MaxLength: longest, Classes: 3, OfClasses: 4, ASCIIOnly: true, Lockout: lockout, Source: "tenant",
		PasswordSet: u.passwordSet(), Banned: &directory.BannedWords{Words: d.config.BannedWords, Names: names},
	}
}

// explained translates what became of a write, and adds which rule a refused password breaks, as far as that is known: Graph does not say.
func (d *Directory) explained(ctx context.Context, u user, password secret.Text, err error) error {
	if err == nil {
		return nil
	}
	err = translate(setPassword, err)
	var rejected *directory.RejectedError
	if !errors.As(err, &rejected) {
		return err
	}
	if federated, known := d.federated(ctx, u); federated && known {
		return fmt.Errorf("%w: people of this domain sign in elsewhere (it is federated)", directory.ErrDenied)
	}
	return &directory.RejectedError{Reason: broken(d.rules(u), password)}
}

// broken is the first rule that a password does not meet.
func broken(r directory.Rules, password secret.Text) directory.Reason {
	rules := passwordrule.Rules{
		MinUnits: r.MinLength, MaxLength: r.MaxLength, Classes: r.Classes, OfClasses: r.OfClasses, ASCIIOnly: r.ASCIIOnly,
		Banned: &passwordrule.Banned{Words: r.Banned.Words, Names: r.Banned.Names},
	}
	reasons := map[passwordrule.Code]directory.Reason{
		passwordrule.MinLength: directory.TooShort, passwordrule.Classes: directory.Complexity, passwordrule.Words: directory.Banned,
	}
	for _, result := range passwordrule.Check(rules, password) {
		if reason, ok := reasons[result.Rule.Code]; ok && result.State == passwordrule.Unmet {
			return reason
		}
	}
	return directory.PolicyRefused
}
