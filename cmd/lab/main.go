// Command lab starts what Rekey runs against, for developers, tests and outside tools. docs/lab.md describes it.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/alecthomas/kong"

	"rekey/internal/lab"
)

type cli struct {
	Up    upCmd    `cmd:"" help:"Start everything, describe it in lab.json, and run until SIGTERM or Ctrl-C."`
	Bench benchCmd `cmd:"" help:"Measure the portal and print what it does beside what it should."`
}

type upCmd struct {
	Out     string   `required:"" type:"path" help:"Folder for lab.json."`
	Port    int      `help:"Port of the portal; a free one without it."`
	Only    []string `help:"Parts to start: postgres, samba, inbox, entra, portal." sep:","`
	Welcome bool     `help:"Print where to begin."`
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	var c cli
	parser := kong.Must(&c, kong.Name("lab"), kong.Description("Real peers for Rekey."), kong.UsageOnError(), kong.BindTo(ctx, (*context.Context)(nil)))
	k, err := parser.Parse(os.Args[1:])
	parser.FatalIfErrorf(err)
	if err := k.Run(&c); err != nil {
		fmt.Fprintln(os.Stderr, "lab:", err)
		os.Exit(1)
	}
}

// Run starts the lab and waits for its end.
func (u upCmd) Run(ctx context.Context) error {
	began := time.Now()
	l, err := lab.Up(ctx, lab.Options{Only: u.Only, Port: u.Port, Cloud: u.cloud(), Progress: os.Stderr})
	if err != nil {
		if ctx.Err() != nil {
			return nil // told to stop while starting
		}
		return err
	}
	if err := l.Write(u.Out); err != nil {
		return endWith(l, err)
	}
	defer os.Remove(filepath.Join(u.Out, "lab.json"))
	fmt.Fprintf(os.Stderr, "Ready after %s; described in %s\n", time.Since(began).Round(100*time.Millisecond), filepath.Join(u.Out, "lab.json"))
	if u.Welcome && l.Portal != nil {
		fmt.Print(welcome(l))
	}
	if l.Portal == nil {
		<-ctx.Done()
		return l.Close()
	}
	select {
	case <-ctx.Done():
		return l.Close()
	case <-l.Portal.Done():
		return endWith(l, fmt.Errorf("the portal ended; see %s", keepLog(l)))
	}
}

// cloud reports whether the tenant is among what to start.
func (u upCmd) cloud() bool {
	return len(u.Only) == 0 || slices.Contains(u.Only, lab.Entra) || slices.Contains(u.Only, lab.Portal)
}

func endWith(l *lab.Lab, err error) error {
	if closing := l.Close(); closing != nil {
		return fmt.Errorf("%w; and %w", err, closing)
	}
	return err
}

// keepLog saves the portal's log before the lab's folder goes.
func keepLog(l *lab.Lab) string {
	text, err := os.ReadFile(l.Portal.Log())
	if err != nil {
		return l.Portal.Log()
	}
	kept := filepath.Join(os.TempDir(), "rekey-portal.log")
	if err := os.WriteFile(kept, text, 0o600); err != nil {
		return l.Portal.Log()
	}
	return kept
}

// welcome says which page, which person to try first and where messages arrive.
func welcome(l *lab.Lab) string {
	var b strings.Builder
	fmt.Fprintf(&b, `
  Portal     %s
  Inbox      %s    (mails to everybody arrive here)

  Begin as "newbie": the portal tells that nothing is set up. Follow the link, sign in with the password %q
  and set up two ways; a private mail address may be anything, such as newbie@home.example.test.
  Then start again as "newbie" and reset the password.

`, l.Portal.URL(), l.Inbox.URL(), password(l, "newbie"))
	for _, p := range l.People {
		if p.Note != "" {
			fmt.Fprintf(&b, "  %-24s %s\n", p.UPN[:strings.IndexByte(p.UPN, '@')]+at(p), p.Note)
		}
	}
	fmt.Fprintf(&b, `
  The administrators' pages: each of these links works once, with the password above and a passkey of this computer.

`)
	for _, a := range l.Administrators {
		fmt.Fprintf(&b, "  %-14s %-8s %s\n", a.Role, a.SAM, a.Invitation)
	}
	fmt.Fprintf(&b, `
  Why does somebody get what they get?
    %s --config %s explain --user erika
  Ctrl-C ends everything and leaves nothing behind.
`, l.Binary, l.Portal.ConfigFile())
	return b.String()
}

// at tells the second domain's people apart.
func at(p lab.Person) string {
	if p.Domain == "corp.example.test" {
		return ""
	}
	return "@" + p.Domain
}

func password(l *lab.Lab, sam string) string {
	for _, p := range l.People {
		if p.SAM == sam {
			return p.Password
		}
	}
	return ""
}
