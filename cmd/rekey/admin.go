package main

import (
	"context"
	"fmt"
	"time"

	"rekey/internal/role"
)

type adminCmd struct {
	Invite adminInviteCmd `cmd:"" help:"Print a link by which one person makes a passkey for the administrators' pages. It works once, for a day."`
}

type adminInviteCmd struct {
	User   string `required:"" help:"User name, DOMAIN\\name or name@domain."`
	Role   string `enum:",owner,policy-admin,help-desk,auditor,reporter" default:"" help:"Give the person this role too: owner, policy-admin, help-desk, auditor, reporter. The settings get a new version. Without it: whatever the settings say."`
	Author string `help:"Who; the operating system's user without it."`
}

func (i adminInviteCmd) Run(ctx context.Context, c *cli) error {
	a, err := open(ctx, c)
	if err != nil {
		return err
	}
	defer a.Close()
	link, until, err := a.InviteAdmin(ctx, i.User, role.Role(i.Role), author(i.Author))
	if err != nil {
		return err
	}
	fmt.Printf("%s\n\nWorks once, for %s, until %s. Hand it over in a way you trust.\n", link, i.User, until.Local().Format(time.RFC1123))
	return nil
}
