package ad

import (
	"context"
	"strings"
	"sync"
	"time"

	"rekey/internal/directory"
)

// healthLife is how long health is believed.
const healthLife = 15 * time.Second

type healthCache struct {
	mu    sync.Mutex
	known directory.Health
	until time.Time
}

// Health implements directory.Directory. It signs the service account in on a fresh connection, so it also notices a changed password.
func (d *Directory) Health(ctx context.Context) directory.Health {
	d.health.mu.Lock()
	defer d.health.mu.Unlock()
	if d.now().Before(d.health.until) {
		return d.health.known
	}
	h := d.examine(ctx)
	if ctx.Err() != nil && !h.Readable {
		return h // the caller gave up: that says nothing of the directory
	}
	was := d.health.known
	h.Since = d.now()
	if !was.Since.IsZero() && was.Readable == h.Readable && was.Writable == h.Writable && was.Server == h.Server {
		h.Since = was.Since
	}
	d.health.known, d.health.until = h, d.now().Add(healthLife)
	return h
}

func (d *Directory) examine(ctx context.Context) directory.Health {
	h := directory.Health{}
	note := func(c *conn) error {
		h.Readable, h.Writable, h.Server, h.Detail = true, c.root.writable(), c.server.url, c.root.condition()
		return nil
	}
	err := d.pool.with(ctx, want{write: true, fresh: true}, note)
	if err == nil {
		return h
	}
	h.Detail = oneLine(err)
	_ = d.pool.with(ctx, want{}, note) // a server that can be read at least; else Detail says what is wrong
	return h
}

func oneLine(err error) string { return strings.ReplaceAll(err.Error(), "\n", "; ") }
