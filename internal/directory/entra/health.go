package entra

import (
	"context"
	"net/url"
	"strings"
	"time"

	"rekey/internal/directory"
	"rekey/internal/secret"
)

// healthLife is how long health is believed.
const healthLife = 30 * time.Second

// healthCache keeps the last answer; one caller asks, the others wait for it.
type healthCache struct {
	turn  chan struct{} // whoever has it may read or set the rest
	known directory.Health
	until time.Time
}

func newHealthCache() healthCache { return healthCache{turn: make(chan struct{}, 1)} }

// Health implements directory.Directory.
func (d *Directory) Health(ctx context.Context) directory.Health {
	select {
	case d.health.turn <- struct{}{}:
		defer func() { <-d.health.turn }()
	case <-ctx.Done():
		return directory.Health{Server: d.config.Graph, Detail: ctx.Err().Error()}
	}
	if d.now().Before(d.health.until) {
		return d.health.known
	}
	h := d.examine(ctx)
	if ctx.Err() != nil && !h.Readable {
		return h // the caller gave up: that says nothing of the directory
	}
	was := d.health.known
	h.Since = d.now()
	if !was.Since.IsZero() && was.Readable == h.Readable && was.Writable == h.Writable {
		h.Since = was.Since
	}
	d.health.known, d.health.until = h, d.now().Add(healthLife)
	return h
}

func (d *Directory) examine(ctx context.Context) directory.Health {
	h := directory.Health{Server: d.config.Graph}
	ctx, cancel, err := limit(ctx, d.config.ReadTimeout)
	if err != nil {
		h.Detail = oneLine(err)
		return h
	}
	defer cancel()
	t, err := d.tokens.get(ctx, secret.Text{})
	if err == nil {
		err = d.tryRead(ctx)
	}
	if err != nil {
		h.Detail = oneLine(err)
		return h
	}
	h.Readable, h.Writable, h.Detail = true, granted(t.roles, rightPassword), "the application has a token, and Graph answers"
	if !h.Writable {
		h.Detail = "passwords cannot be set: the application lacks the permission " + rightPassword
	}
	return h
}

// tryRead asks for some account.
func (d *Directory) tryRead(ctx context.Context) error {
	var any struct{}
	return d.graph.get(ctx, call{kind: readTenant, path: "/users", query: url.Values{"$top": {"1"}, "$select": {"id"}}}, &any)
}

func oneLine(err error) string { return strings.ReplaceAll(err.Error(), "\n", "; ") }
