package postgres

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"golang.org/x/mod/sumdb/tlog"

	"rekey/internal/account"
	"rekey/internal/evidence"
	"rekey/internal/ledger"
)

var (
	_ evidence.Store    = (*Store)(nil)
	_ evidence.Searches = (*Store)(nil)
	_ evidence.Checks   = (*Store)(nil)
	_ evidence.Extracts = (*Store)(nil)
)

// reader is a pool or a transaction.
type reader interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
}

// found is a record as it is stored.
type found struct {
	number int64
	ledger.Stored
}

// record reads what was stored.
func (f found) record() (evidence.Record, error) {
	ev, err := ledger.Decode(f.Record)
	if err != nil {
		return evidence.Record{}, fmt.Errorf("audit record %d: %w", f.number, err)
	}
	if len(f.Hashes) < tlog.HashSize {
		return evidence.Record{}, fmt.Errorf("audit record %d: no hash", f.number)
	}
	return evidence.Record{Number: f.number, Event: ev, Hash: f.Hashes[:tlog.HashSize], Erased: f.Personal == nil}, nil
}

// FindRecords implements evidence.Store.
func (s *Store) FindRecords(ctx context.Context, q evidence.Query, p evidence.Place) ([]evidence.Record, error) {
	h, err := hunt(ctx, s.pool, q)
	if err != nil {
		return nil, fmt.Errorf("search the audit log: %w", err)
	}
	all, err := h.page(ctx, s.pool, p)
	if err != nil {
		return nil, fmt.Errorf("search the audit log: %w", err)
	}
	out := make([]evidence.Record, len(all))
	for i, f := range all {
		if out[i], err = f.record(); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// AuditRecord implements evidence.Store.
func (s *Store) AuditRecord(ctx context.Context, number int64) (evidence.Record, error) {
	f := found{number: number}
	err := s.pool.QueryRow(ctx, `SELECT leaf, hashes, salt, personal FROM audit_event WHERE seq = $1`, number).Scan(&f.Leaf, &f.Hashes, &f.Salt, &f.Personal)
	if errors.Is(err, pgx.ErrNoRows) {
		return evidence.Record{}, notFound(err)
	}
	if err != nil {
		return evidence.Record{}, fmt.Errorf("read audit record %d: %w", number, err)
	}
	return f.record()
}

// AuditChoices implements evidence.Store.
func (s *Store) AuditChoices(ctx context.Context) (c evidence.Choices, err error) {
	err = s.pool.QueryRow(ctx, `
		SELECT array(SELECT DISTINCT name FROM audit_shape ORDER BY 1), array(SELECT DISTINCT actor FROM audit_shape ORDER BY 1),
			array(SELECT DISTINCT purpose FROM audit_shape WHERE purpose <> '' ORDER BY 1),
			array(SELECT DISTINCT policy FROM audit_shape WHERE policy <> '' ORDER BY 1),
			array(SELECT DISTINCT unnest(factors) FROM audit_shape ORDER BY 1)`).Scan(&c.Names, &c.Actors, &c.Purposes, &c.Policies, &c.Factors)
	if err != nil {
		return evidence.Choices{}, fmt.Errorf("read what can be searched for: %w", err)
	}
	return c, nil
}

// hunted is a query as SQL. What is asked of records of few kinds is answered kind by kind, each from its newest or oldest end; what few
// records have is answered by the index of that. Nothing makes the database read the log.
type hunted struct {
	args  []any
	rest  []string // what is asked of every record besides
	ways  []string // by which few records are found: any of them; none: there is no such way
	kinds []int32  // of audit_shape; nil: any
	none  bool     // no record can match
}

func (h *hunted) arg(v any) string {
	h.args = append(h.args, v)
	return fmt.Sprintf("$%d", len(h.args))
}

func (h *hunted) ask(column string, v any) { h.rest = append(h.rest, column+" = "+h.arg(v)) }

// hunt turns a query into SQL. It looks up what the query names.
func hunt(ctx context.Context, db reader, q evidence.Query) (*hunted, error) {
	h := &hunted{}
	if q.Kinds() {
		if err := h.ofKinds(ctx, db, q); err != nil {
			return nil, err
		}
	}
	if err := h.within(ctx, db, q); err != nil {
		return nil, err
	}
	if q.Person != "" {
		if err := h.person(ctx, db, q.Person); err != nil {
			return nil, err
		}
	} else if q.By != "" || q.Role != "" || q.Ticket != "" || q.Flow != "" || q.Addresses.IsValid() {
		h.ways = []string{"true"} // the planner knows which index is the best
	}
	for _, c := range []struct{ column, value string }{{"by", q.By}, {"role", q.Role}, {"ticket", q.Ticket}, {"flow", q.Flow}} {
		if c.value != "" {
			h.ask("e."+c.column, c.value)
		}
	}
	if a := q.Addresses; a.IsValid() {
		h.rest = append(h.rest, addressIn(h, a))
	}
	return h, nil
}

const addressColumn = `(e.personal ->> 'address')::inet`

// addressIn is a range of the index of addresses.
func addressIn(h *hunted, p netip.Prefix) string {
	known := `e.personal ->> 'address' IS NOT NULL AND `
	if p.IsSingleIP() {
		return known + addressColumn + " = " + h.arg(p.Addr().String()) + "::inet"
	}
	return known + addressColumn + " >= " + h.arg(p.Masked().Addr().String()) + "::inet AND " + addressColumn + " <= " + h.arg(lastOf(p).String()) + "::inet"
}

// lastOf is the last address of a network.
func lastOf(p netip.Prefix) netip.Addr {
	b := p.Addr().AsSlice()
	for i := p.Bits(); i < 8*len(b); i++ {
		b[i/8] |= 1 << (7 - i%8)
	}
	last, _ := netip.AddrFromSlice(b) // as long as it was
	return last
}

// ofKinds finds the kinds of records that match.
func (h *hunted) ofKinds(ctx context.Context, db reader, q evidence.Query) error {
	h.kinds = []int32{}
	where, args := []string{"true"}, []any{}
	in := func(column string, values []string) {
		if len(values) > 0 {
			args = append(args, values)
			where = append(where, fmt.Sprintf("%s = ANY($%d)", column, len(args)))
		}
	}
	in("name", plainTexts(q.Names))
	in("outcome", plainTexts(q.Outcomes))
	in("actor", plainTexts(q.Actors))
	in("purpose", q.Purposes)
	in("policy", q.Policies)
	if len(q.Factors) > 0 {
		args = append(args, plainTexts(q.Factors))
		where = append(where, fmt.Sprintf("factors && $%d::text[]", len(args)))
	}
	rows, err := db.Query(ctx, `SELECT id FROM audit_shape WHERE `+strings.Join(where, " AND "), args...)
	if err != nil {
		return err
	}
	ids, err := pgx.CollectRows(rows, pgx.RowTo[int32])
	h.kinds = append(h.kinds, ids...)
	h.none = len(ids) == 0
	return err
}

func plainTexts[T ~string](in []T) []string {
	out := make([]string, len(in))
	for i, v := range in {
		out[i] = string(v)
	}
	return out
}

// disorder is how many records may be out of the order of their times: more than are made while a request runs and clocks differ.
const disorder = 10_000

// within narrows the numbers, by time and by version of the settings.
func (h *hunted) within(ctx context.Context, db reader, q evidence.Query) error {
	for _, edge := range []struct {
		at                 time.Time
		sign, sooner, side string
	}{{q.From, ">=", "-", ">="}, {q.Until, "<", "+", "<"}} {
		if edge.at.IsZero() {
			continue
		}
		var seq int64
		if err := db.QueryRow(ctx, `SELECT audit_seq_at($1)`, edge.at).Scan(&seq); err != nil {
			return err
		}
		if edge.sooner == "-" {
			seq -= disorder
		} else {
			seq += disorder
		}
		h.rest = append(h.rest, "e.seq "+edge.side+" "+h.arg(seq), "e.at "+edge.sign+" "+h.arg(edge.at))
	}
	if q.Settings == 0 {
		return nil
	}
	var first, last *int64
	err := db.QueryRow(ctx, `
		SELECT (SELECT seq FROM audit_event WHERE settings = $1 AND settings > 0 ORDER BY settings, seq LIMIT 1),
			(SELECT seq FROM audit_event WHERE settings = $1 AND settings > 0 ORDER BY settings DESC, seq DESC LIMIT 1)`, q.Settings).Scan(&first, &last)
	if err != nil {
		return err
	}
	if first == nil || last == nil {
		h.none = true
		return nil
	}
	h.rest = append(h.rest, "e.settings > 0", "e.seq >= "+h.arg(*first), "e.seq <= "+h.arg(*last))
	h.ask("e.settings", q.Settings)
	return nil
}

// mostAccounts is how many accounts a name can be of.
const mostAccounts = 20

// person finds the accounts of a name: those the copy of the directories has now, and those the log says were called so. Records about a
// name that nobody has are found by what was typed.
func (h *hunted) person(ctx context.Context, db reader, person string) error {
	if id, ok := accountOf(person); ok {
		h.ways = []string{h.isAccount(id)}
		return nil
	}
	name := strings.ToLower(clean(person))
	short := name
	if _, after, ok := strings.Cut(name, `\`); ok {
		short = after
	}
	rows, err := db.Query(ctx, `
		(SELECT s.directory, p.object::text FROM person p JOIN sync_state s USING (dir) WHERE lower(p.sam) = $1 OR lower(p.upn) = $1 LIMIT $3)
		UNION
		(SELECT directory, object FROM (
			SELECT directory, object FROM audit_event WHERE lower(personal -> 'detail' ->> 'name') = $2 AND personal -> 'detail' ->> 'name' IS NOT NULL
			ORDER BY lower(personal -> 'detail' ->> 'name') DESC, seq DESC LIMIT 200) typed
		WHERE object <> '' LIMIT $3)`, short, name, mostAccounts)
	if err != nil {
		return err
	}
	ids, err := pgx.CollectRows(rows, pgx.RowToStructByPos[account.ID])
	if err != nil {
		return err
	}
	for _, id := range ids {
		h.ways = append(h.ways, h.isAccount(id))
	}
	h.ways = append(h.ways, `e.personal -> 'detail' ->> 'name' IS NOT NULL AND lower(e.personal -> 'detail' ->> 'name') = `+h.arg(name))
	return nil
}

func accountOf(person string) (account.ID, bool) {
	dir, object, ok := strings.Cut(person, "/")
	return account.ID{Directory: dir, Object: object}, ok && dir != "" && object != "" && !strings.ContainsAny(person, ` \@`)
}

func (h *hunted) isAccount(id account.ID) string {
	return "e.directory = " + h.arg(id.Directory) + " AND e.object <> '' AND e.object = " + h.arg(id.Object)
}

// where is the condition of one way.
func (h *hunted) where(also ...string) string {
	return strings.Join(append(append([]string{"true"}, also...), h.rest...), " AND ")
}

// numbers is SQL for the numbers of the matching records next to an end: at most most of them from every way.
func (h *hunted) numbers(order, most string) string {
	if h.ways == nil && h.kinds != nil {
		kinds := h.arg(h.kinds)
		// The records next to the end are of the kinds whose own records are the nearest to it: of the others none is looked at.
		return fmt.Sprintf(`
			SELECT e.seq FROM (
				SELECT k.id FROM unnest(%[1]s::int[]) AS k (id) CROSS JOIN LATERAL (
					SELECT e.seq FROM audit_event e WHERE e.shape = k.id AND %[2]s ORDER BY e.seq %[3]s LIMIT 1) AS nearest
				ORDER BY nearest.seq %[3]s LIMIT %[4]s) AS near
			CROSS JOIN LATERAL (SELECT e.seq FROM audit_event e WHERE e.shape = near.id AND %[2]s ORDER BY e.seq %[3]s LIMIT %[4]s) AS e`,
			kinds, h.where(), order, most)
	}
	ways := h.ways
	if ways == nil {
		ways = []string{"true"}
	}
	var kind []string
	if h.kinds != nil {
		kind = []string{"e.shape = ANY(" + h.arg(h.kinds) + "::int[])"}
	}
	var all []string
	for _, way := range ways {
		all = append(all, fmt.Sprintf(`(SELECT e.seq FROM audit_event e WHERE %s ORDER BY e.seq %s LIMIT %s)`, h.where(append(kind, way)...), order, most))
	}
	return strings.Join(all, " UNION ")
}

// page reads a page of records. Plans are made for the values at hand: records are spread too unevenly for one that fits all.
func (h *hunted) page(ctx context.Context, db reader, p evidence.Place) ([]found, error) {
	if h.none {
		return nil, nil
	}
	page := *h
	page.args, page.rest = append([]any{}, h.args...), append([]string{}, h.rest...)
	order := "DESC"
	if p.Rising {
		order = "ASC"
	}
	if p.Beyond != evidence.Nowhere {
		sign := "<"
		if p.Rising {
			sign = ">"
		}
		page.rest = append(page.rest, "e.seq "+sign+" "+page.arg(p.Beyond))
	}
	most := page.arg(p.Most)
	sql := fmt.Sprintf(`
		SELECT e.seq, e.leaf, e.hashes, e.salt, e.personal FROM (SELECT DISTINCT seq FROM (%s) AS few ORDER BY seq %s LIMIT %s) AS hits
		JOIN audit_event e USING (seq) ORDER BY seq %s`, page.numbers(order, most), order, most, order)
	rows, err := db.Query(ctx, sql, append([]any{pgx.QueryExecModeDescribeExec}, page.args...)...)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (f found, err error) {
		return f, row.Scan(&f.number, &f.Leaf, &f.Hashes, &f.Salt, &f.Personal)
	})
}
