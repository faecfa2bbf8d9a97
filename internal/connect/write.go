package connect

import (
	"context"
	"crypto/rand"
	"errors"

	"rekey/internal/account"
	"rekey/internal/directory"
	"rekey/internal/secret"
)

// write tries the write path on the account that was named for it. It has to be disabled: nobody who works is locked out.
func (t *trial) write(ctx context.Context) {
	const name = "write path"
	if t.run.TestAccount == "" {
		t.tell(ctx, Step{Name: name, State: Note, Text: "Not tried: nobody's password was touched.", Next: "Name a disabled account made for it, and its password is set to one that nobody knows."})
		return
	}
	a, err := t.lookup(ctx)
	if err == nil && !a.State.Disabled {
		t.tell(ctx, Step{Name: name, State: Bad, Text: "Not tried: the test account is not disabled.", Next: "Name an account that is disabled, below the unit whose people are served."})
		return
	}
	if err != nil {
		t.tell(ctx, Step{Name: name, State: Bad, Text: "Not tried: the test account was not read. " + told(err), Next: "Look whether its name is right and whether it is where accounts are looked for."})
		return
	}
	err = t.directory.SetPassword(ctx, a.ID, secret.New("Aa1-"+rand.Text()), directory.Write{Unlock: t.unlocks()})
	if err != nil {
		t.tell(ctx, Step{Name: name, State: Bad, Text: "The password of " + label(a) + " was not set. " + told(err), Next: next("rights")})
		return
	}
	t.tell(ctx, Step{Name: name, Text: "The password of " + label(a) + " was set, to one that nobody knows."})
}

func (t *trial) lookup(ctx context.Context) (account.Account, error) {
	who, err := directory.Parse(t.run.TestAccount)
	if err != nil {
		return account.Account{}, directory.ErrNotFound
	}
	return t.directory.Lookup(ctx, who)
}

func (t *trial) unlocks() bool {
	_, ok := t.directory.(directory.Unlocker)
	return ok
}

func label(a account.Account) string {
	if a.UPN != "" {
		return a.UPN
	}
	return a.SAM
}

// told writes a directory's error for people.
func told(err error) string {
	var rejected *directory.RejectedError
	switch {
	case errors.As(err, &rejected):
		return "The directory's own rules refuse it: " + string(rejected.Reason) + "."
	case errors.Is(err, directory.ErrNotFound):
		return "There is no such account."
	case errors.Is(err, directory.ErrAmbiguous):
		return "Several accounts have this name."
	case errors.Is(err, directory.ErrDenied):
		return "The service account lacks the right."
	case errors.Is(err, directory.ErrOutcomeUnknown):
		return "The answer was lost: whether it was set is not known."
	case errors.Is(err, directory.ErrGroupsUnread):
		return "Its groups cannot be read."
	}
	return "The directory does not answer."
}
