package main

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"strings"

	"rekey/internal/account"
	"rekey/internal/app"
	"rekey/internal/policy"
	"rekey/internal/whatif"
)

type releaseCmd struct {
	User   string `required:"" help:"Name as people type it: jdoe, CORP\\jdoe or an address; or the account's id."`
	Reason string `required:"" help:"Why; kept in the audit log."`
	Author string `help:"Who; the operating system's user without it."`
}

// Run lifts whatever keeps an account from recovery in Rekey. The directory's own lock is not touched.
func (r releaseCmd) Run(ctx context.Context, c *cli) error {
	a, err := open(ctx, c)
	if err != nil {
		return err
	}
	defer a.Close()
	who, err := resolve(ctx, a, r.User)
	if err != nil {
		return err
	}
	frozen, held, err := a.Release(ctx, who, author(r.Author), r.Reason)
	if err != nil {
		return err
	}
	switch {
	case frozen && held:
		fmt.Println("The freeze is lifted, and wrong answers and sent codes are forgotten: nothing holds this account any more.")
	case frozen:
		fmt.Println("The freeze is lifted.")
	case held:
		fmt.Println("Wrong answers and sent codes are forgotten: nothing holds this account any more.")
	default:
		fmt.Println("Nothing held this account.")
	}
	return nil
}

// resolve finds the one account a name stands for; it never picks.
func resolve(ctx context.Context, a *app.App, name string) (account.ID, error) {
	if id, ok := account.ParseID(name); ok {
		return id, nil
	}
	answers, err := a.Explain(ctx, whatif.Question{User: name, Action: policy.Reset})
	if err != nil {
		return account.ID{}, err
	}
	if len(answers) == 0 {
		return account.ID{}, errors.New("nobody is found under this name")
	}
	if len(answers) > 1 {
		ids := make([]string, len(answers))
		for i, an := range answers {
			ids[i] = an.Account
		}
		return account.ID{}, fmt.Errorf("several accounts have this name; give one of these instead: %s", strings.Join(ids, ", "))
	}
	id, _ := account.ParseID(answers[0].Account)
	return id, nil
}

type keysCmd struct {
	Rotate keysRotateCmd `cmd:"" help:"Seal with a new key from now on; replicas follow within seconds, old data stays readable."`
	Rewrap keysRewrapCmd `cmd:"" help:"Wrap the keys with another key file. Give replicas the new file and restart them one by one."`
}

type keysRotateCmd struct {
	Reason string `default:"made by the command" help:"Why; kept in the audit log."`
	Author string `help:"Who; the operating system's user without it."`
}

func (k keysRotateCmd) Run(ctx context.Context, c *cli) error {
	a, err := openToRepair(ctx, c)
	if err != nil {
		return err
	}
	defer a.Close()
	if err := a.RotateKeys(ctx, author(k.Author), k.Reason); err != nil {
		return err
	}
	fmt.Println("A new key is in use.")
	return nil
}

type keysRewrapCmd struct {
	File string `arg:"" type:"existingfile" help:"File that holds the new key: 32 bytes in base64."`
}

func (k keysRewrapCmd) Run(ctx context.Context, c *cli) error {
	text, err := os.ReadFile(k.File)
	if err != nil {
		return err
	}
	key, err := base64.StdEncoding.DecodeString(strings.TrimSpace(string(text)))
	if err != nil || len(key) != 32 {
		return fmt.Errorf("%s does not hold 32 bytes in base64", k.File)
	}
	a, err := openToRepair(ctx, c)
	if err != nil {
		return err
	}
	defer a.Close()
	if err := a.Keys.Rewrap(ctx, key); err != nil {
		return err
	}
	fmt.Println("The keys are wrapped with the new file. The old one opens nothing any more.")
	return nil
}
