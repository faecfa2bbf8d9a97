package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
)

const (
	// lookTime is how long a connection may take to be made or to answer.
	lookTime = 3 * time.Second
	// lookAgain is how soon a lost connection is made anew.
	lookAgain = time.Second
)

// lookout looks at first, whenever its channel is notified, and otherwise every so often: notifications make it quick, the looks
// between make it sure. It has a connection of its own, which does not wait for one of a busy pool.
type lookout struct {
	channel string
	every   time.Duration
	look    func(ctx context.Context, conn *pgx.Conn) error
	failed  func(error) // may be nil
}

// keep looks until ctx ends. A connection that is lost, or on which look fails, is made anew.
func (l lookout) keep(ctx context.Context, cfg *pgx.ConnConfig) error {
	for ctx.Err() == nil {
		if err := l.listen(ctx, cfg); err != nil && ctx.Err() == nil {
			if l.failed != nil {
				l.failed(err)
			}
			wait(ctx, lookAgain)
		}
	}
	return ctx.Err()
}

// listen looks over one connection until it breaks.
func (l lookout) listen(ctx context.Context, cfg *pgx.ConnConfig) error {
	conn, err := l.connect(ctx, cfg)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }() // it may be broken already
	for {
		soon, cancel := context.WithTimeout(ctx, lookTime)
		err := l.look(soon, conn)
		cancel()
		if err != nil {
			return err
		}
		tick, cancel := context.WithTimeout(ctx, l.every)
		_, err = conn.WaitForNotification(tick)
		cancel()
		if err != nil && (ctx.Err() != nil || conn.IsClosed()) {
			return err
		}
	}
}

func (l lookout) connect(ctx context.Context, cfg *pgx.ConnConfig) (*pgx.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, lookTime)
	defer cancel()
	conn, err := pgx.ConnectConfig(ctx, cfg)
	if err != nil {
		return nil, err
	}
	if _, err := conn.Exec(ctx, `LISTEN `+l.channel); err != nil {
		_ = conn.Close(context.WithoutCancel(ctx)) // the error above says what is wrong
		return nil, err
	}
	return conn, nil
}

func wait(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
