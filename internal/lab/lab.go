// Package lab puts the real parts together: databases, domains, an inbox and the portal, filled with people, described in one file.
// Commands for developers and tests use it; the product never does.
package lab

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"

	"golang.org/x/sync/errgroup"

	"rekey/internal/app"
	"rekey/internal/lab/ca"
	"rekey/internal/lab/inbox"
	"rekey/internal/lab/people"
	"rekey/internal/lab/portal"
	"rekey/internal/lab/postgres"
	"rekey/internal/lab/samba"
	"rekey/internal/lab/smsgateway"
	"rekey/internal/lab/workdir"
	database "rekey/internal/postgres"
)

// The parts a lab may have.
const (
	Postgres = "postgres"
	Samba    = "samba"
	Inbox    = "inbox"
	Portal   = "portal"
	Entra    = "entra" // imitated
)

// Options say what to start. The zero value is everything on free ports.
type Options struct {
	Only []string // parts; empty: all
	Port int      // of the portal; 0: a free one
	// Cloud adds an Entra tenant to what Only says, linked with Corp.
	Cloud bool
	// Settings changes the first settings document; nil keeps the demo's.
	Settings func(document string) string
	Env      []string  // of the portal
	Progress io.Writer // told what is happening; nil: nobody
}

// Lab is a running lab.
type Lab struct {
	Cluster *postgres.Cluster
	Domains []*samba.Domain
	Inbox   *inbox.Inbox
	Texts   *smsgateway.Gateway // hands texts to the inbox; comes and goes with it
	Tenant  *Tenant             // nil: none
	Portal  *portal.Portal
	Binary  string // the product's
	People  []Person
	// Administrators were invited, each once.
	Administrators []Administrator
	dir            *workdir.Dir
	name           string // of the database and of the portal's folder
	guest          bool   // the parts but the portal are another lab's
	options        Options
}

// Up starts a lab and waits until all of it answers.
func Up(ctx context.Context, o Options) (*Lab, error) {
	if err := o.validate(); err != nil {
		return nil, err
	}
	dir, err := workdir.New("lab")
	if err != nil {
		return nil, err
	}
	l := &Lab{dir: dir, name: "rekey", options: o}
	if err := l.up(ctx); err != nil {
		return nil, errors.Join(err, l.Close())
	}
	return l, nil
}

func (o Options) validate() error {
	for _, part := range o.Only {
		if !slices.Contains([]string{Postgres, Samba, Inbox, Portal, Entra}, part) {
			return fmt.Errorf("no part %q: want postgres, samba, inbox, entra or portal", part)
		}
	}
	return nil
}

func (o Options) wants(part string) bool {
	return len(o.Only) == 0 || slices.Contains(o.Only, part) || slices.Contains(o.Only, Portal)
}

func (l *Lab) say(format string, args ...any) {
	if l.options.Progress != nil {
		fmt.Fprintf(l.options.Progress, format+"\n", args...)
	}
}

// up starts the parts that need nobody at once, and the portal on them.
func (l *Lab) up(ctx context.Context) error {
	authority, err := ca.New()
	if err != nil {
		return err
	}
	g, inner := errgroup.WithContext(ctx)
	if l.options.wants(Postgres) {
		g.Go(func() (err error) { l.Cluster, err = postgres.Start(inner, postgres.Options{}); return err })
	}
	if l.options.wants(Inbox) {
		g.Go(func() error { return l.startInbox(ctx) })
	}
	if l.options.Cloud {
		if l.Tenant, err = startTenant(ctx); err != nil {
			return err
		}
	}
	if l.options.wants(Samba) {
		l.Domains = make([]*samba.Domain, len(demo()))
		for i, d := range demo() {
			g.Go(func() (err error) {
				l.Domains[i], err = samba.Start(inner, samba.Spec{Realm: d.Name, NetBIOS: d.NetBIOS, CA: authority, Seed: seed(d)})
				return err
			})
		}
	}
	wantsPortal := l.options.wants(Portal) && (len(l.options.Only) == 0 || slices.Contains(l.options.Only, Portal))
	if wantsPortal {
		g.Go(func() (err error) { l.Binary, err = portal.Build(inner, l.dir.Path()); return err })
	}
	l.say("Starting the database, two domains and the inbox. The first time takes a minute …")
	if err := g.Wait(); err != nil {
		return err
	}
	if !wantsPortal {
		return nil
	}
	l.say("Filling them …")
	everybody := people.All()
	if l.Tenant != nil {
		everybody = append(everybody, people.Clouded()...)
		if err := l.Tenant.fill(ctx, l.Domains, everybody); err != nil {
			return err
		}
	}
	return l.startPortal(ctx, everybody)
}

// startInbox starts where mails and text messages arrive.
func (l *Lab) startInbox(ctx context.Context) (err error) {
	if l.Inbox, err = inbox.Start(ctx, inbox.Options{}); err != nil {
		return err
	}
	l.Texts, err = smsgateway.Start(ctx, smsgateway.Options{Taken: func(m smsgateway.Message) { l.Inbox.TakeText(m.To, m.Text) }})
	return err
}

func demo() []people.Domain { return []people.Domain{people.Corp, people.Sales} }

// startPortal writes the settings, enrolls the people and starts the portal.
func (l *Lab) startPortal(ctx context.Context, all []people.Person) error {
	if err := l.Cluster.CreateDatabase(ctx, l.name, ""); err != nil {
		return err
	}
	settings, err := l.writeSettings()
	if err != nil {
		return err
	}
	l.Portal, err = portal.Prepare(ctx, portal.Spec{
		Binary: l.Binary, Dir: l.join("portal"), Database: l.Cluster.URL(l.name), Settings: settings, Port: l.options.Port, Env: l.options.Env,
	})
	if err != nil {
		return err
	}
	if err := database.Migrate(ctx, l.Cluster.URL(l.name)); err != nil {
		return err
	}
	if err := l.enrollAll(ctx, all); err != nil {
		return err
	}
	if err := l.Portal.Start(ctx); err != nil {
		return err
	}
	if l.Tenant != nil {
		l.Tenant.meet(l.Portal.URL())
	}
	return nil
}

func (l *Lab) writeSettings() (string, error) {
	var dirs []Directory
	for _, d := range l.Domains {
		user, password := d.Service()
		file := l.join(d.Name() + ".password")
		if err := os.WriteFile(file, []byte(password), 0o600); err != nil {
			return "", err
		}
		dirs = append(dirs, Directory{Domain: d.Name(), NetBIOS: d.NetBIOS(), URLs: d.URLs(), CAFile: d.CAFile(), User: user, PasswordFile: file})
	}
	text := Settings(dirs, l.Inbox.SMTPAddr()) + texts(l.Texts.URL())
	if l.Tenant != nil {
		file := l.join("tenant.secret")
		if err := os.WriteFile(file, []byte(l.Tenant.secret), 0o600); err != nil {
			return "", err
		}
		text = l.Tenant.settings(text, file)
	}
	if l.options.Settings != nil {
		text = l.options.Settings(text)
	}
	file := l.join("settings.yaml")
	return file, os.WriteFile(file, []byte(text), 0o600)
}

// enrollAll sets up what people are said to have.
func (l *Lab) enrollAll(ctx context.Context, all []people.Person) error {
	a, err := app.Open(ctx, l.Portal.Config(), slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	defer a.Close()
	enrolled, err := Enroll(ctx, a, all)
	if err != nil {
		return err
	}
	l.People = append(l.People, enrolled...)
	l.invite(ctx, a)
	return nil
}

// invite lets the administrators make their passkeys. A lab whose settings keep it from them, for a test, has none.
func (l *Lab) invite(ctx context.Context, a *app.App) {
	for _, who := range people.Administrators() {
		link, _, err := a.InviteAdmin(ctx, people.Corp.NetBIOS+`\`+who.SAM, "", "demo")
		if err != nil {
			l.say("No administrator %s: %v", who.SAM, err)
			continue
		}
		l.Administrators = append(l.Administrators, Administrator{Role: who.Role, SAM: who.SAM, Invitation: link})
	}
}

// join gives the path of something of this lab's portal.
func (l *Lab) join(name string) string {
	if l.guest {
		return l.dir.Join(l.name, name)
	}
	return l.dir.Join(name)
}

// Dir is the lab's private folder.
func (l *Lab) Dir() string { return l.join("") }

// Person finds somebody by name and domain.
func (l *Lab) Person(sam string, d people.Domain) (Person, bool) {
	for _, p := range l.People {
		if p.SAM == sam && p.Domain == d.Name {
			return p, true
		}
	}
	return Person{}, false
}

// Domain finds a domain's controller.
func (l *Lab) Domain(d people.Domain) *samba.Domain {
	for _, have := range l.Domains {
		if have.Name() == d.Name {
			return have
		}
	}
	return nil
}

// Write describes the lab in a folder's lab.json, whole or not at all.
func (l *Lab) Write(dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	text, err := json.MarshalIndent(l.Describe(), "", "  ")
	if err != nil {
		return err
	}
	tmp := filepath.Join(dir, ".lab.json")
	if err := os.WriteFile(tmp, append(text, '\n'), 0o600); err != nil {
		return err
	}
	return os.Rename(tmp, filepath.Join(dir, "lab.json"))
}

// Close stops everything, the portal first.
func (l *Lab) Close() error {
	if l.Portal != nil {
		l.Portal.Stop()
	}
	if l.guest {
		return nil
	}
	var errs []error
	for _, d := range l.Domains {
		if d != nil {
			errs = append(errs, d.Close())
		}
	}
	if l.Tenant != nil {
		errs = append(errs, l.Tenant.Server.Close())
	}
	if l.Texts != nil {
		errs = append(errs, l.Texts.Close())
	}
	if l.Inbox != nil {
		errs = append(errs, l.Inbox.Close())
	}
	if l.Cluster != nil {
		errs = append(errs, l.Cluster.Close())
	}
	return errors.Join(append(errs, l.dir.Close())...)
}
