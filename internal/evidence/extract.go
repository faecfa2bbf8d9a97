package evidence

import (
	"context"
	"io"
	"strings"

	"rekey/internal/audit"
	"rekey/internal/fault"
)

// Format is how records are taken away.
type Format string

// The formats.
const (
	CSV   Format = "csv"   // a table for people; it proves nothing
	JSONL Format = "jsonl" // one record a line, with the proof: `rekey audit verify` reads it
)

// Extracts reads many records, as they are at one moment.
type Extracts interface {
	// EachRecord calls do for every record, oldest first, and stops at its first error.
	EachRecord(ctx context.Context, q Query, do func(Record) error) error
	// ExtractAudit writes records with a signed checkpoint and the proof that they are in the log, in the format ledger.Verify reads.
	// Without masked the personal parts are in it.
	ExtractAudit(ctx context.Context, q Query, masked bool, w io.Writer) error
	// Record writes an audit event.
	Record(ctx context.Context, ev audit.Event) error
}

// Taking is how records are taken away, and why.
type Taking struct {
	Format Format
	Masked bool   // without personal data
	Text   string // the search as its page's address has it, for the record
	Reason string
	Ticket string // may be empty
}

// reasonLimit is the longest reason, in bytes.
const reasonLimit = 500

// Allow checks and records that records are taken away; nothing may leave before it. Errors: faults of kind Invalid.
func (s *Service) Allow(ctx context.Context, rd Reader, t Taking) error {
	switch {
	case t.Format != CSV && t.Format != JSONL:
		return fault.New(fault.Invalid, "Choose a format.").On("format")
	case strings.TrimSpace(t.Reason) == "":
		return fault.New(fault.Invalid, "Say why, in a few words.").On("reason")
	case len(t.Reason) > reasonLimit:
		return fault.New(fault.Invalid, "The reason is too long.").On("reason")
	case len(t.Ticket) > 100:
		return fault.New(fault.Invalid, "The ticket is too long.").On("ticket")
	}
	detail := map[string]string{"reason": strings.TrimSpace(t.Reason), "format": string(t.Format), "search": t.Text}
	if t.Masked || !rd.Reveal {
		detail["masked"] = "yes"
	}
	return s.deps.Extracts.Record(ctx, s.event(audit.AuditExported, rd, strings.TrimSpace(t.Ticket), detail))
}

// Take writes what a search finds, oldest first. Call Allow first.
func (s *Service) Take(ctx context.Context, rd Reader, q Query, t Taking, w io.Writer) error {
	rd.Reveal = rd.Reveal && !t.Masked
	q = rd.narrow(q)
	if t.Format == JSONL {
		return s.deps.Extracts.ExtractAudit(ctx, q, !rd.Reveal, w)
	}
	out := newTable(w)
	if err := s.deps.Extracts.EachRecord(ctx, q, func(r Record) error { return out.write(rd.mask(r)) }); err != nil {
		return err
	}
	return out.flush()
}
