package evidence

import (
	"context"
	"log/slog"
	"slices"
	"sync"
	"time"

	"rekey/internal/audit"
)

// Store reads the log. Records come as they are; masking is the use case's.
type Store interface {
	// FindRecords gives a page of records.
	FindRecords(ctx context.Context, q Query, p Place) ([]Record, error)
	// TallyAudit counts records.
	TallyAudit(ctx context.Context, q Query) (Tally, error)
	// AuditRecord gives one record; a fault of kind NotFound where there is none.
	AuditRecord(ctx context.Context, number int64) (Record, error)
	// AuditChoices lists the values that records have.
	AuditChoices(ctx context.Context) (Choices, error)
}

// Service is the use case. It is safe for concurrent use. Close it.
type Service struct {
	deps    Deps
	checks  sync.WaitGroup
	quit    context.Context //nolint:containedctx // ends the checks when the service is closed
	close   context.CancelFunc
	checkMu sync.Mutex
}

// Deps is what the service works with.
type Deps struct {
	Store    Store
	Searches Searches
	Checks   Checks
	Extracts Extracts
	Now      func() time.Time
	Log      *slog.Logger
}

// New makes the service.
func New(d Deps) *Service {
	s := &Service{deps: d}
	s.quit, s.close = context.WithCancel(context.Background())
	return s
}

// Close ends what works in the background and waits for it.
func (s *Service) Close() {
	s.close()
	s.checks.Wait()
}

// Page is what a search found.
type Page struct {
	Records []Record
	Query   Query // as it was searched for: narrower wishes than may be asked for are widened
	Before  bool  // there are records before those of the page, in its order
	After   bool
}

// Direction is which way a page is read.
type Direction struct {
	Rising bool  // the list's order: oldest first
	From   int64 // a record of the list; Nowhere: its beginning
	Back   bool  // the page that ends before From, instead of the one that begins after it
}

// perPage is how many records a page has.
const perPage = 50

// Search finds a page of records.
func (s *Service) Search(ctx context.Context, rd Reader, q Query, d Direction) (Page, error) {
	q = rd.narrow(q)
	found, err := s.deps.Store.FindRecords(ctx, q, Place{Beyond: d.From, Rising: d.Rising != d.Back, Most: perPage + 1})
	if err != nil {
		return Page{}, err
	}
	more := len(found) > perPage
	found = found[:min(len(found), perPage)]
	p := Page{Query: q, Before: d.From != Nowhere, After: more}
	if d.Back {
		slices.Reverse(found)
		p.Before, p.After = more, true
	}
	for _, r := range found {
		p.Records = append(p.Records, rd.mask(r))
	}
	return p, nil
}

// Tally counts what a search finds.
func (s *Service) Tally(ctx context.Context, rd Reader, q Query) (Tally, error) {
	return s.deps.Store.TallyAudit(ctx, rd.narrow(q))
}

// Record gives one record. Errors: a fault of kind NotFound.
func (s *Service) Record(ctx context.Context, rd Reader, number int64) (Record, error) {
	r, err := s.deps.Store.AuditRecord(ctx, number)
	if err != nil {
		return Record{}, err
	}
	return rd.mask(r), nil
}

// Choices lists the values that records have.
func (s *Service) Choices(ctx context.Context) (Choices, error) {
	return s.deps.Store.AuditChoices(ctx)
}

// mostSteps is more than any attempt has.
const mostSteps = 500

// Flow gives the records of one attempt or session, in order; none for an id that nothing has.
func (s *Service) Flow(ctx context.Context, rd Reader, id string) ([]Record, error) {
	if id == "" {
		return nil, nil
	}
	found, err := s.deps.Store.FindRecords(ctx, Query{Flow: id}, Place{Beyond: Nowhere, Rising: true, Most: mostSteps})
	if err != nil {
		return nil, err
	}
	for i, r := range found {
		found[i] = rd.mask(r)
	}
	return found, nil
}

// event is a record of what a reader did.
func (s *Service) event(name audit.Name, rd Reader, ticket string, detail map[string]string) audit.Event {
	return audit.Event{
		Name: name, At: s.deps.Now(), Actor: audit.Operator, Outcome: audit.OK, Subject: rd.Account, By: rd.Name, Role: rd.Role,
		Ticket: ticket, Source: rd.Source, Detail: detail,
	}
}
