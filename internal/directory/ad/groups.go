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

// groupNames remembers what groups are called. Those that policies name are known with the domain's facts; the others are for people
// to read, and nothing fails without them.
type groupNames struct {
	ctx    context.Context
	cancel context.CancelFunc
	wg     sync.WaitGroup

	mu       sync.Mutex
	wanted   []string             // by policies, without the domain
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

// NameGroups implements directory.GroupNamer. The next question to the directory asks for them.
func (d *Directory) NameGroups(names []string) {
	d.groups.mu.Lock()
	d.groups.wanted = names
	d.groups.mu.Unlock()
	d.domain.mu.Lock()
	defer d.domain.mu.Unlock()
	d.domain.until = time.Time{}
}

// named finds the SIDs of the groups that policies name. It fails as a whole: a policy whose members were not known would not hold
// for them.
func (d *Directory) named(ctx context.Context, c *conn, netbios string) (map[string]string, error) {
	d.groups.mu.Lock()
	wanted := d.groups.wanted
	d.groups.mu.Unlock()
	named := map[string]string{}
	for len(wanted) > 0 {
		batch := wanted[:min(groupBatch, len(wanted))]
		wanted = wanted[len(batch):]
		var filter strings.Builder
		for _, w := range batch {
			if domain, name, ok := strings.Cut(w, `\`); ok && strings.EqualFold(domain, netbios) {
				filter.WriteString("(sAMAccountName=" + ldap.EscapeFilter(name) + ")")
			}
		}
		if filter.Len() == 0 {
			continue
		}
		found, err := c.Search(ctx, d.config.ReadTimeout, ldap.NewSearchRequest(d.root, ldap.ScopeWholeSubtree, ldap.NeverDerefAliases, 0, 0, false,
			"(&(objectCategory=group)(|"+filter.String()+"))", []string{"objectSid", "sAMAccountName"}, nil))
		if err != nil {
			return nil, err
		}
		for _, e := range found {
			named[sidText(e.GetEqualFoldRawAttributeValue("objectSid"))] = text(e, "sAMAccountName")
		}
	}
	return named, nil
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
		_ = d.pool.With(g.ctx, want{}, func(c *conn) error { // the next lookup tries again
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
		if groups[i].Name == "" {
			groups[i].Name = g.name(groups[i].ID, d.now())
		}
	}
}

func (g *groupNames) fetch(ctx context.Context, d *Directory, c *conn, sids []string) {
	for len(sids) > 0 && !c.Broken() {
		batch := sids[:min(groupBatch, len(sids))]
		sids = sids[len(batch):]
		var filter strings.Builder
		for _, sid := range batch {
			filter.WriteString("(objectSid=" + ldap.EscapeFilter(sid) + ")")
		}
		found, err := c.Search(ctx, d.config.ReadTimeout, ldap.NewSearchRequest(d.root, ldap.ScopeWholeSubtree, ldap.NeverDerefAliases, 0, 0, false,
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
