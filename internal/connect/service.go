package connect

import (
	"context"
	"crypto/rand"
	"log/slog"
	"strings"
	"sync"
	"time"

	"rekey/internal/account"
	"rekey/internal/audit"
	"rekey/internal/directory"
	"rekey/internal/fault"
	"rekey/internal/site"
)

// Service runs guided tests. Make it with New and Close it; it is safe for concurrent use.
type Service struct {
	deps Deps
	stop context.CancelFunc
	base context.Context //nolint:containedctx // of what runs behind requests, ended by Close
	runs sync.WaitGroup
}

// Deps is what a service works with.
type Deps struct {
	Site    site.Source
	Store   Store
	Network Network
	Now     func() time.Time
	Log     *slog.Logger
}

// New makes a service.
func New(d Deps) *Service {
	base, stop := context.WithCancel(context.Background())
	return &Service{deps: d, base: base, stop: stop}
}

// Close ends what runs and waits for it.
func (s *Service) Close() {
	s.stop()
	s.runs.Wait()
}

// Wait waits for the tests that run to come to their end.
func (s *Service) Wait() { s.runs.Wait() }

// By is who tests.
type By struct {
	Account account.ID
	Name    string
	Session string
	Source  audit.Source
}

// Trial is what is tested. The service closes the directory.
type Trial struct {
	Directory   directory.Directory
	Kind        string
	Path, Draft string
	TestAccount string
}

// Begin starts a test and gives its id. Errors: ErrOften; a fault of kind Invalid where it may not connect.
func (s *Service) Begin(ctx context.Context, by By, t Trial) (string, error) {
	ends := endpoints(t.Directory)
	if err := s.permit(t.Kind, ends); err != nil {
		_ = t.Directory.Close() // it was never used
		return "", err
	}
	r := Run{
		ID: rand.Text(), Owner: by.Account, Kind: t.Kind, Directory: t.Directory.Key(), Path: t.Path, Draft: t.Draft,
		TestAccount: strings.TrimSpace(t.TestAccount), Begun: s.deps.Now(),
	}
	if err := s.deps.Store.BeginTest(ctx, r, s.event(by, r, ends)); err != nil {
		_ = t.Directory.Close() // it was never used
		return "", err
	}
	s.runs.Go(func() { s.run(by, r, t.Directory, ends) })
	return r.ID, nil
}

// Get gives a run of an administrator's own. Errors: a fault of kind NotFound.
func (s *Service) Get(ctx context.Context, by account.ID, id string) (Run, error) {
	return s.deps.Store.Test(ctx, id, by)
}

// run goes through the steps. What it cannot store is logged: the page then shows a run that never ended.
func (s *Service) run(by By, r Run, d directory.Directory, ends []directory.Endpoint) {
	defer func() {
		if err := d.Close(); err != nil {
			s.deps.Log.Warn("a directory that was tried does not close", "directory", d.Key(), "error", err)
		}
	}()
	ctx, cancel := context.WithTimeout(s.base, Limit)
	defer cancel()
	t := &trial{service: s, run: r, directory: d, ends: ends, since: s.deps.Now()}
	t.steps(ctx)
	if ctx.Err() != nil {
		t.tell(ctx, Step{Name: "time", State: Bad, Text: "The test was ended: it took too long.", Next: "Look which step took the time, and why."})
	}
	r.Steps, r.Ended = t.run.Steps, s.deps.Now()
	ev := s.event(by, r, ends)
	if bad := r.FirstBad(); bad != "" {
		ev.Outcome = audit.Failed
		ev.Detail["step"] = bad
	}
	within, done := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer done()
	if err := s.deps.Store.EndTest(within, r.ID, r.Ended, ev); err != nil {
		s.deps.Log.ErrorContext(ctx, "the end of a test of a directory was not kept", "directory", r.Directory, "error", err)
	}
}

func (s *Service) event(by By, r Run, ends []directory.Endpoint) audit.Event {
	var to []string
	for _, e := range ends {
		to = append(to, e.Address)
	}
	name := audit.DirectoryTestBegun
	if !r.Ended.IsZero() {
		name = audit.DirectoryTested
	}
	return audit.Event{
		Name: name, At: s.deps.Now(), Actor: audit.Operator, Outcome: audit.OK, Subject: by.Account, By: by.Name, Flow: by.Session,
		Purpose: "administer", Settings: s.deps.Site().Version, Source: by.Source,
		Detail: map[string]string{"directory": r.Directory, "kind": r.Kind, "servers": strings.Join(to, " "), "test_account": r.TestAccount},
	}
}

func endpoints(d directory.Directory) []directory.Endpoint {
	if r, ok := d.(directory.Reachable); ok {
		return r.Endpoints()
	}
	return nil
}

var errPort = fault.New(fault.Invalid, "")

// permit refuses servers on ports that the kind has no business with, unless they are in force already.
func (s *Service) permit(kind string, ends []directory.Endpoint) error {
	inForce := map[string]bool{}
	for _, d := range s.deps.Site().Directories {
		for _, e := range endpoints(d) {
			inForce[e.Address] = true
		}
	}
	for _, e := range ends {
		if !inForce[e.Address] && !usual(kind, e) {
			f := *errPort
			f.Text = "Pages connect to the usual ports alone (" + usualPorts(kind) + "), and " + e.URL + " names another: put it into the settings with “rekey settings apply”."
			return &f
		}
	}
	return nil
}
