package bench

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"rekey/internal/app"
	"rekey/internal/directory"
	"rekey/internal/lab"
	"rekey/internal/lab/inbox"
	"rekey/internal/lab/people"
	"rekey/internal/lab/portal"
	"rekey/internal/lab/postgres"
	"rekey/internal/lab/workdir"
	database "rekey/internal/postgres"
)

// ground is what all stages stand on.
type ground struct {
	dir     *workdir.Dir
	cluster *postgres.Cluster
	binary  string
}

func newGround(ctx context.Context) (*ground, error) {
	dir, err := workdir.New("bench")
	if err != nil {
		return nil, err
	}
	g := &ground{dir: dir}
	if g.cluster, err = postgres.Start(ctx, postgres.Options{}); err == nil {
		g.binary, err = portal.Build(ctx, dir.Path())
	}
	if err != nil {
		return nil, errors.Join(err, g.close())
	}
	return g, nil
}

func (g *ground) close() error {
	var err error
	if g.cluster != nil {
		err = g.cluster.Close()
	}
	return errors.Join(err, g.dir.Close())
}

// stage is the portal on one directory, with a database and an inbox of its own.
type stage struct {
	*ground
	place  place
	inbox  *inbox.Inbox
	codes  *mailbox
	portal *portal.Portal
	people []person
}

// stage prepares the portal for a directory's people and starts it. Closing the stage closes the directory.
func (g *ground) stage(ctx context.Context, p place, sams []string) (*stage, error) {
	s := &stage{ground: g, place: p, codes: newMailbox(sams)}
	if err := s.up(ctx, sams); err != nil {
		return nil, errors.Join(fmt.Errorf("portal on %s: %w", p.title, err), s.close())
	}
	return s, nil
}

func (s *stage) up(ctx context.Context, sams []string) error {
	var err error
	if s.inbox, err = inbox.Start(ctx, inbox.Options{Arrived: s.codes.take}); err != nil {
		return err
	}
	host, port, err := net.SplitHostPort(s.inbox.SMTPAddr())
	if err != nil {
		return err
	}
	name := s.place.domain.NetBIOS
	settings, secret := s.dir.Join(name+".yaml"), s.dir.Join(name+".password")
	for file, text := range map[string]string{secret: s.place.password, settings: s.place.settings(secret, host, port)} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			return err
		}
	}
	if err := s.cluster.CreateDatabase(ctx, name, ""); err != nil {
		return err
	}
	url := s.cluster.URL(name)
	s.portal, err = portal.Prepare(ctx, portal.Spec{Binary: s.binary, Dir: s.dir.Join(name), Database: url, Settings: settings})
	if err != nil {
		return err
	}
	if err := database.Migrate(ctx, url); err != nil {
		return err
	}
	if err := s.enroll(ctx, sams); err != nil {
		return err
	}
	return s.portal.Start(ctx)
}

// enroll gives everybody a private mailbox, through the product's own code.
func (s *stage) enroll(ctx context.Context, sams []string) error {
	a, err := app.Open(ctx, s.portal.Config(), slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	defer a.Close()
	all := make([]people.Person, len(sams))
	for i, sam := range sams {
		all[i] = people.Person{SAM: sam, Domain: s.place.domain, State: people.Active, Private: privateAddress(sam)}
	}
	if _, err := lab.Enroll(ctx, a, all); err != nil {
		return err
	}
	d, ok := a.Settings.Snapshot().Directory(s.place.domain.Name)
	if !ok {
		return fmt.Errorf("no directory %s", s.place.domain.Name)
	}
	for _, sam := range sams {
		found, err := d.Lookup(ctx, directory.Identifier{Raw: sam, Name: sam})
		if err != nil {
			return err
		}
		s.people = append(s.people, person{sam: sam, private: privateAddress(sam), object: found.ID.Object})
	}
	return nil
}

func (s *stage) close() error {
	if s.portal != nil {
		s.portal.Stop()
	}
	var err error
	if s.inbox != nil {
		err = s.inbox.Close()
	}
	return errors.Join(err, s.place.close())
}

// whose gives the person for a client's turn: no two clients share one.
func (s *stage) whose(client, clients, turn int) person {
	return s.people[(client+clients*turn)%(len(s.people)/clients*clients)]
}

// work does jobs with several clients and gives how long it took from the first to the last.
func work(clients, jobs int, do func(client, turn int) error) (time.Duration, error) {
	var next atomic.Int64
	var g errgroup.Group
	began := time.Now()
	for client := range clients {
		g.Go(func() error {
			for turn := 0; int(next.Add(1)) <= jobs; turn++ {
				if err := do(client, turn); err != nil {
					return err
				}
			}
			return nil
		})
	}
	err := g.Wait()
	return time.Since(began), err
}

// visitors are clients that reset passwords through the portal.
type visitors []*client

func (s *stage) visitors(ctx context.Context, n int) (visitors, error) {
	var vs visitors
	for i := range n {
		c, err := dial(ctx, s.portal.URL(), i)
		if err != nil {
			vs.close()
			return nil, err
		}
		vs = append(vs, c)
	}
	return vs, nil
}

func (vs visitors) close() {
	for _, c := range vs {
		c.close()
	}
}

// resets does whole resets and tells how long they took.
func (s *stage) resets(ctx context.Context, clients, jobs int) (time.Duration, error) {
	vs, err := s.visitors(ctx, clients)
	if err != nil {
		return 0, err
	}
	defer vs.close()
	return work(clients, jobs, func(client, turn int) error {
		p, password := s.whose(client, clients, turn), newPassword()
		if err := vs[client].reset(ctx, p, password, s.codes); err != nil {
			return fmt.Errorf("reset of %s: %w", p.sam, err)
		}
		if s.place.written != nil && s.place.written(p.sam) != password {
			return fmt.Errorf("the directory does not hold the password of %s", p.sam)
		}
		return nil
	})
}
