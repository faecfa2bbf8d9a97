package postgres

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype/zeronull"

	"rekey/internal/account"
	"rekey/internal/authenticator"
	"rekey/internal/flow"
	"rekey/internal/helpdesk"
	"rekey/internal/ledger"
)

var (
	_ helpdesk.Copy     = (*Store)(nil)
	_ helpdesk.Accounts = (*Store)(nil)
	_ helpdesk.Blocks   = (*Store)(nil)
	_ helpdesk.Requests = (*Store)(nil)
	_ helpdesk.Calls    = (*Store)(nil)
	_ helpdesk.Limiter  = (*Store)(nil)
)

const sealCall = "help-call"

// helpKept is how long requests and verifications are kept; what was done stands in the audit log.
const helpKept = 30 * 24 * time.Hour

// FindPeople implements helpdesk.Copy. It looks at everybody: a name may begin anywhere.
func (s *Store) FindPeople(ctx context.Context, words []string, after helpdesk.Place, most int) ([]helpdesk.Hit, error) {
	escape := strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`)
	anywhere := make([]string, len(words))
	for i, w := range words {
		anywhere[i] = "%" + escape.Replace(clean(w)) + "%"
	}
	behind, _ := keyOf(after.Object)
	rows, err := s.pool.Query(ctx, `
		WITH hit AS (
			SELECT s.directory, p.*, lower(p.display_name) AS folded,
				CASE WHEN p.display_name ILIKE $2 OR p.sam ILIKE $2 OR p.upn ILIKE $2 THEN 0 ELSE 1 END AS rank
			FROM person p JOIN sync_state s USING (dir)
			WHERE p.gone IS NULL AND concat_ws(' ', p.display_name, p.sam, p.upn, p.mail, array_to_string(p.mails, ' ')) ILIKE ALL ($1)
		)
		SELECT directory, object, disabled, expired, locked, password_expired, must_change, privileged, synced, sam, upn, netbios, path, sid, anchor,
			display_name, mail, attributes, rank, folded
		FROM hit WHERE $6 = '' OR (rank, folded, sam, object) > ($3, $4, $5, $7)
		ORDER BY rank, folded, sam, object LIMIT $8`,
		anywhere, anywhere[0][1:], after.Rank, after.Name, after.SAM, after.Object, behind, most)
	if err != nil {
		return nil, fmt.Errorf("search people: %w", err)
	}
	all, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (a helpdesk.Hit, err error) {
		var object uuid.UUID
		st := &a.State
		err = row.Scan(&a.ID.Directory, &object, &st.Disabled, &st.Expired, &st.Locked, &st.PasswordExpired, &st.MustChange, &st.Privileged, &st.Synced,
			&a.SAM, &a.UPN, &a.NetBIOS, &a.Path, &a.SID, &a.Anchor, &a.DisplayName, &a.Mail, &a.Attributes, &a.Place.Rank, &a.Place.Name)
		a.ID.Object = object.String()
		a.Place.SAM, a.Place.Object = a.SAM, a.ID.Object
		return a, err
	})
	if err != nil {
		return nil, fmt.Errorf("search people: %w", err)
	}
	return all, s.withGroups(ctx, all)
}

// withGroups reads the groups of accounts of several directories.
func (s *Store) withGroups(ctx context.Context, all []helpdesk.Hit) error {
	objects := map[string][]string{}
	for _, a := range all {
		objects[a.ID.Directory] = append(objects[a.ID.Directory], a.ID.Object)
	}
	for directory, of := range objects {
		known, err := s.Known(ctx, directory, of)
		if err != nil {
			return err
		}
		for i, a := range all {
			if a.ID.Directory == directory {
				all[i].Groups = known[a.ID.Object].Groups
			}
		}
	}
	return nil
}

// TakeAway implements helpdesk.Accounts.
func (s *Store) TakeAway(ctx context.Context, c authenticator.Credential, e flow.Effects) error {
	err := s.transact(ctx, func(ctx context.Context, t *tx) error {
		t.batch.Queue(lockAccount, c.Account.String())
		if err := t.DeleteCredential(ctx, c); err != nil {
			return err
		}
		return t.commit(ctx, owner{account: c.Account}, e)
	})
	if err != nil {
		return fmt.Errorf("take a method away: %w", err)
	}
	return nil
}

// HandOut implements helpdesk.Accounts.
func (s *Store) HandOut(ctx context.Context, c authenticator.Credential, e flow.Effects) error {
	err := s.transact(ctx, func(ctx context.Context, t *tx) error {
		t.batch.Queue(lockAccount, c.Account.String())
		t.batch.Queue(`DELETE FROM credential WHERE directory = $1 AND object = $2 AND kind = $3`, c.Account.Directory, c.Account.Object, string(c.Kind))
		if err := t.AddCredential(ctx, c); err != nil {
			return err
		}
		return t.commit(ctx, owner{account: c.Account}, e)
	})
	if err != nil {
		return fmt.Errorf("hand out a method: %w", err)
	}
	return nil
}

// Commit implements helpdesk.Accounts.
func (s *Store) Commit(ctx context.Context, who account.ID, e flow.Effects) error {
	err := s.transact(ctx, func(ctx context.Context, t *tx) error { return t.commit(ctx, owner{account: who}, e) })
	if err != nil {
		return fmt.Errorf("record help: %w", err)
	}
	return nil
}

// Acts implements helpdesk.Accounts.
func (s *Store) Acts(ctx context.Context, who account.ID, before int64, most int) ([]helpdesk.Record, error) {
	rows, err := s.pool.Query(ctx, `
		SELECT seq, leaf, personal FROM audit_event
		WHERE directory = $1 AND object = $2 AND object <> '' AND ($3 = 0 OR seq < $3) ORDER BY seq DESC LIMIT $4`,
		who.Directory, who.Object, before, most)
	if err != nil {
		return nil, fmt.Errorf("read what was done: %w", err)
	}
	all, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (helpdesk.Record, error) {
		var out helpdesk.Record
		var r ledger.Record
		if err := row.Scan(&out.Seq, &r.Leaf, &r.Personal); err != nil {
			return out, err
		}
		var err error
		out.Event, err = ledger.Decode(r)
		return out, err
	})
	if err != nil {
		return nil, fmt.Errorf("read what was done: %w", err)
	}
	return all, nil
}

const requestColumns = `id, action, directory, object, method, reason, ticket, name, what, by_directory, by_object, by_name, made, expires, decided, approved,
	decider_directory, decider_object, decider_name, note, used`

func requestRow(row pgx.CollectableRow) (r helpdesk.Request, err error) {
	o := &r.Order
	err = row.Scan(&r.ID, &o.Action, &o.Who.Directory, &o.Who.Object, &o.Method, &o.Reason, &o.Ticket, &r.Name, &r.What, &r.By.Directory, &r.By.Object,
		&r.ByName, &r.Made, &r.Expires, orZero{&r.Decided}, &r.Approved, &r.Decider.Directory, &r.Decider.Object, &r.DecidedBy, &r.Note, orZero{&r.Used})
	r.Made, r.Expires = r.Made.UTC(), r.Expires.UTC()
	return r, err
}

// CreateRequest implements helpdesk.Requests.
func (s *Store) CreateRequest(ctx context.Context, r helpdesk.Request, e flow.Effects) error {
	err := s.transact(ctx, func(ctx context.Context, t *tx) error {
		o := r.Order
		t.batch.Queue(`DELETE FROM help_request WHERE made < $1`, r.Made.Add(-helpKept))
		t.batch.Queue(`
			INSERT INTO help_request (id, action, directory, object, method, reason, ticket, name, what, by_directory, by_object, by_name, made, expires)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)`,
			r.ID, string(o.Action), o.Who.Directory, o.Who.Object, o.Method, clean(o.Reason), clean(o.Ticket), clean(r.Name), clean(r.What),
			r.By.Directory, r.By.Object, r.ByName, r.Made, r.Expires)
		return t.commit(ctx, owner{account: o.Who}, e)
	})
	if err != nil {
		return fmt.Errorf("ask for approval: %w", err)
	}
	return nil
}

// HelpRequest implements helpdesk.Requests.
func (s *Store) HelpRequest(ctx context.Context, id string) (helpdesk.Request, error) {
	rows, err := s.pool.Query(ctx, `SELECT `+requestColumns+` FROM help_request WHERE id = $1`, clean(id))
	return one(rows, err, requestRow)
}

// one reads the only row there is.
func one[T any](rows pgx.Rows, err error, read pgx.RowToFunc[T]) (T, error) {
	var none T
	if err != nil {
		return none, err
	}
	got, err := pgx.CollectExactlyOneRow(rows, read)
	if errors.Is(err, pgx.ErrNoRows) {
		return none, notFound(err)
	}
	return got, err
}

// UpdateRequest implements helpdesk.Requests.
func (s *Store) UpdateRequest(ctx context.Context, id string, change func(helpdesk.Request) (helpdesk.Request, flow.Effects, error)) (helpdesk.Request, error) {
	var stored helpdesk.Request
	err := s.transact(ctx, func(ctx context.Context, t *tx) error {
		if err := t.send(ctx); err != nil {
			return err
		}
		rows, err := t.conn.Query(ctx, `SELECT `+requestColumns+` FROM help_request WHERE id = $1 FOR UPDATE`, clean(id))
		cur, err := one(rows, err, requestRow)
		if err != nil {
			return err
		}
		next, e, err := change(cur)
		if err != nil {
			return err
		}
		t.batch.Queue(`
			UPDATE help_request SET decided = $2, approved = $3, decider_directory = $4, decider_object = $5, decider_name = $6, note = $7, used = $8 WHERE id = $1`,
			cur.ID, zeronull.Timestamptz(next.Decided), next.Approved, next.Decider.Directory, next.Decider.Object, next.DecidedBy, clean(next.Note),
			zeronull.Timestamptz(next.Used))
		stored = next
		return t.commit(ctx, owner{account: cur.Order.Who}, e)
	})
	if err != nil {
		return helpdesk.Request{}, fmt.Errorf("decide on help: %w", err)
	}
	return stored, nil
}

// RequestsSince implements helpdesk.Requests.
func (s *Store) RequestsSince(ctx context.Context, who account.ID, since time.Time, most int) ([]helpdesk.Request, error) {
	rows, err := s.pool.Query(ctx, `
		SELECT `+requestColumns+` FROM help_request WHERE made > $1 AND ($2 = '' OR (directory, object) = ($2, $3)) ORDER BY made DESC, id LIMIT $4`,
		since, who.Directory, who.Object, most)
	if err != nil {
		return nil, fmt.Errorf("list requests for approval: %w", err)
	}
	return pgx.CollectRows(rows, requestRow)
}

const callColumns = `id, directory, object, name, by_directory, by_object, by_name, reason, ticket, credential, kind, label, state, made, expires, tries, ended, passed`

func (s *Store) callRow(row pgx.CollectableRow) (helpdesk.Call, error) {
	var c helpdesk.Call
	err := row.Scan(&c.ID, &c.Who.Directory, &c.Who.Object, &c.Name, &c.By.Directory, &c.By.Object, &c.ByName, &c.Reason, &c.Ticket, &c.Credential, &c.Kind,
		&c.Label, &c.State, &c.Made, &c.Expires, &c.Tries, orZero{&c.Ended}, &c.Passed)
	if err != nil {
		return c, err
	}
	c.Made, c.Expires = c.Made.UTC(), c.Expires.UTC()
	if c.State != nil {
		c.State, err = s.open(sealCall, c.State, c.ID)
	}
	return c, err
}

// CreateCall implements helpdesk.Calls. A new one ends those that are open for the person and the user.
func (s *Store) CreateCall(ctx context.Context, c helpdesk.Call, e flow.Effects) error {
	state, err := s.seal(sealCall, c.State, c.ID)
	if err != nil {
		return err
	}
	err = s.transact(ctx, func(ctx context.Context, t *tx) error {
		t.batch.Queue(`DELETE FROM help_call WHERE made < $1`, c.Made.Add(-helpKept))
		t.batch.Queue(`
			UPDATE help_call SET ended = $1, state = NULL
			WHERE ended IS NULL AND (directory, object, by_directory, by_object) = ($2, $3, $4, $5)`,
			c.Made, c.Who.Directory, c.Who.Object, c.By.Directory, c.By.Object)
		t.batch.Queue(`
			INSERT INTO help_call (id, directory, object, name, by_directory, by_object, by_name, reason, ticket, credential, kind, label, state, made, expires)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)`,
			c.ID, c.Who.Directory, c.Who.Object, clean(c.Name), c.By.Directory, c.By.Object, c.ByName, clean(c.Reason), clean(c.Ticket), c.Credential,
			string(c.Kind), clean(c.Label), state, c.Made, c.Expires)
		return t.commit(ctx, owner{account: c.Who}, e)
	})
	if err != nil {
		return fmt.Errorf("ask a caller for a code: %w", err)
	}
	return nil
}

// Call implements helpdesk.Calls.
func (s *Store) Call(ctx context.Context, id string) (helpdesk.Call, error) {
	rows, err := s.pool.Query(ctx, `SELECT `+callColumns+` FROM help_call WHERE id = $1`, clean(id))
	return one(rows, err, s.callRow)
}

// UpdateCall implements helpdesk.Calls.
func (s *Store) UpdateCall(
	ctx context.Context, id string, change func(helpdesk.Call) (helpdesk.Call, *authenticator.Credential, flow.Effects, error),
) (helpdesk.Call, error) {
	var stored helpdesk.Call
	err := s.transact(ctx, func(ctx context.Context, t *tx) error {
		t.batch.Queue(`SELECT pg_advisory_xact_lock(hashtextextended(directory || '/' || object, 0)) FROM help_call WHERE id = $1`, clean(id))
		if err := t.send(ctx); err != nil {
			return err
		}
		rows, err := t.conn.Query(ctx, `SELECT `+callColumns+` FROM help_call WHERE id = $1 FOR UPDATE`, clean(id))
		cur, err := one(rows, err, s.callRow)
		if err != nil {
			return err
		}
		next, save, e, err := change(cur)
		if err != nil {
			return err
		}
		if save != nil {
			if err := t.SaveCredential(ctx, *save); err != nil {
				return err
			}
		}
		t.batch.Queue(`UPDATE help_call SET tries = $2, ended = $3, passed = $4, state = CASE WHEN $3::timestamptz IS NULL THEN state END WHERE id = $1`,
			cur.ID, next.Tries, zeronull.Timestamptz(next.Ended), next.Passed)
		stored = next
		return t.commit(ctx, owner{account: cur.Who}, e)
	})
	if err != nil {
		return helpdesk.Call{}, fmt.Errorf("judge a caller: %w", err)
	}
	return stored, nil
}

// CallsSince implements helpdesk.Calls.
func (s *Store) CallsSince(ctx context.Context, who account.ID, since time.Time) ([]helpdesk.Call, error) {
	rows, err := s.pool.Query(ctx, `
		SELECT `+callColumns+` FROM help_call WHERE (directory, object) = ($1, $2) AND passed AND ended > $3 ORDER BY ended DESC`,
		who.Directory, who.Object, since)
	if err != nil {
		return nil, fmt.Errorf("list verified callers: %w", err)
	}
	return pgx.CollectRows(rows, s.callRow)
}
