package ldapconn

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

// Health is for directory.Directory.Health. It signs the service account in on a fresh connection, so it also notices a changed password.
func (p *Pool[R]) Health(ctx context.Context) directory.Health {
	p.health.mu.Lock()
	defer p.health.mu.Unlock()
	if p.spec.Now().Before(p.health.until) {
		return p.health.known
	}
	h := p.examine(ctx)
	if ctx.Err() != nil && !h.Readable {
		return h // the caller gave up: that says nothing of the directory
	}
	was := p.health.known
	h.Since = p.spec.Now()
	if !was.Since.IsZero() && was.Readable == h.Readable && was.Writable == h.Writable && was.Server == h.Server {
		h.Since = was.Since
	}
	p.health.known, p.health.until = h, p.spec.Now().Add(healthLife)
	return h
}

func (p *Pool[R]) examine(ctx context.Context) directory.Health {
	h := directory.Health{}
	note := func(c *Conn[R]) error {
		h.Readable, h.Writable, h.Server, h.Detail = true, c.Root.Writable(), c.Server.URL, c.Root.Condition()
		return nil
	}
	err := p.With(ctx, Want[R]{Write: true, Fresh: true}, note)
	if err == nil {
		return h
	}
	h.Detail = OneLine(err)
	_ = p.With(ctx, Want[R]{}, note) // a server that can be read at least; else Detail says what is wrong
	return h
}

// OneLine is an error for a finding.
func OneLine(err error) string { return strings.ReplaceAll(err.Error(), "\n", "; ") }
