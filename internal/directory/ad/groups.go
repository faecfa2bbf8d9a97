package ad

import (
	"context"
	"strings"
	"sync"
	"time"

	"github.com/go-ldap/ldap/v3"

	"rekey/internal/account"
)

const (
	groupLife  = time.Hour
	maxGroups  = 10000
	groupBatch = 50 // SIDs in one search
)

// groupNames remembers what groups are called. Names are for people to read: policies match SIDs, so nothing fails without them.
type groupNames struct {
	ctx    context.Context
	cancel context.CancelFunc
	wg     sync.WaitGroup

	mu       sync.Mutex
	names    map[string]groupName // by SID
	learning bool
}

type groupName struct {
	name  string
	until time.Time
}

func (g *groupNames) start() { g.ctx, g.cancel = context.WithCancel(context.Background()) }

func (g *groupNames) stop() {
	g.cancel()
	g.wg.Wait()
}

func (g *groupNames) name(sid string, now time.Time) string {
	g.mu.Lock()
	defer g.mu.Unlock()
	if n := g.names[sid]; now.Before(n.until) {
		return n.name
	}
	return ""
}

func (g *groupNames) missing(groups []account.Group, now time.Time) []string {
	g.mu.Lock()
	defer g.mu.Unlock()
	var sids []string
	for _, group := range groups {
		if !now.Before(g.names[group.ID].until) {
			sids = append(sids, group.ID)
		}
	}
	return sids
}

// learn reads missing names beside the lookup that met them, one at a time: a lookup that waited would tell by its time that the
// account exists.
func (g *groupNames) learn(d *Directory, groups []account.Group) {
	if len(g.missing(groups, d.now())) == 0 {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.learning || g.ctx.Err() != nil {
		return
	}
	g.learning = true
	g.wg.Go(func() {
		_ = d.pool.with(g.ctx, want{}, func(c *conn) error { // the next lookup tries again
			g.fetch(g.ctx, d, c, g.missing(groups, d.now()))
			return nil
		})
		g.mu.Lock()
		defer g.mu.Unlock()
		g.learning = false
	})
}

// read fills in the names of groups.
func (g *groupNames) read(ctx context.Context, d *Directory, c *conn, groups []account.Group) {
	g.fetch(ctx, d, c, g.missing(groups, d.now()))
	for i := range groups {
		groups[i].Name = g.name(groups[i].ID, d.now())
	}
}

func (g *groupNames) fetch(ctx context.Context, d *Directory, c *conn, sids []string) {
	for len(sids) > 0 && !c.broken {
		batch := sids[:min(groupBatch, len(sids))]
		sids = sids[len(batch):]
		var filter strings.Builder
		for _, sid := range batch {
			filter.WriteString("(objectSid=" + ldap.EscapeFilter(sid) + ")")
		}
		found, err := c.search(ctx, d.config.ReadTimeout, ldap.NewSearchRequest(d.root, ldap.ScopeWholeSubtree, ldap.NeverDerefAliases, 0, 0, false,
			"(|"+filter.String()+")", []string{"objectSid", "sAMAccountName"}, nil))
		if err != nil {
			d.log.WarnContext(ctx, "names of groups not read", "directory", d.Key(), "error", err)
			return
		}
		g.keep(batch, found, d.now())
	}
}

// keep remembers also that a SID has no name here: it may be another domain's.
func (g *groupNames) keep(asked []string, found []*ldap.Entry, now time.Time) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.names == nil || len(g.names) > maxGroups {
		g.names = map[string]groupName{}
	}
	for _, sid := range asked {
		g.names[sid] = groupName{until: now.Add(groupLife)}
	}
	for _, e := range found {
		sid := sidText(e.GetEqualFoldRawAttributeValue("objectSid"))
		g.names[sid] = groupName{name: text(e, "sAMAccountName"), until: now.Add(groupLife)}
	}
}
