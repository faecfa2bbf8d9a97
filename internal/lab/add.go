package lab

import (
	"context"
	"os"

	"rekey/internal/lab/people"
	"rekey/internal/lab/samba"
)

// Add makes further people in the lab's domains and tenant, with what they are said to have set up. It is for one caller at a time.
func (l *Lab) Add(ctx context.Context, all ...people.Person) error {
	if err := l.write(ctx, all); err != nil {
		return err
	}
	return l.enrollAll(ctx, all)
}

// write makes accounts in the directories.
func (l *Lab) write(ctx context.Context, all []people.Person) error {
	for _, d := range l.Domains {
		var changes []samba.Change
		for _, p := range all {
			if p.Domain.Name == d.Name() {
				changes = append(changes, user(p))
			}
		}
		if err := d.Apply(ctx, changes...); err != nil {
			return err
		}
	}
	if l.Tenant != nil {
		return l.Tenant.fill(ctx, l.Domains, all)
	}
	return nil
}

// Beside is another portal on a lab's database server and inbox, with a database, settings and domains of its own.
type Beside struct {
	Name     string          // of the database and of the portal's folder
	Domains  []*samba.Domain // the caller's to stop; their keys are those of the settings
	People   []people.Person // are made in the domains
	Settings func(document string) string
	Env      []string
}

// Beside starts one. Close it before the lab it stands beside; that stops its portal only.
func (l *Lab) Beside(ctx context.Context, b Beside) (*Lab, error) {
	g := &Lab{
		Cluster: l.Cluster, Domains: b.Domains, Inbox: l.Inbox, Texts: l.Texts, Binary: l.Binary, dir: l.dir, name: b.Name, guest: true,
		options: Options{Settings: b.Settings, Env: b.Env},
	}
	if err := os.MkdirAll(g.Dir(), 0o700); err != nil {
		return nil, err
	}
	if err := g.write(ctx, b.People); err != nil {
		return nil, err
	}
	if err := g.startPortal(ctx, b.People); err != nil {
		_ = g.Close() // nothing but a portal that may run
		return nil, err
	}
	return g, nil
}
