package bench

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/go-ldap/ldap/v3"

	"rekey/internal/app"
	"rekey/internal/lab/fastldap"
	"rekey/internal/sync"
)

const (
	teamSize = 200 // members of a group
	readSize = 1000
	enough   = 100_000 // people for the start of a pass not to matter
)

// sources are the directories that are copied.
var sources = [...]struct {
	part string
	fill func(ctx context.Context, dir string, sams []string) (place, error)
}{
	{"the copy of a directory", inTeams},
	{"the copy of an Entra tenant", inTenant},
}

// sync copies directories of different sizes and compares with a plain read of the same data.
func (o Options) sync(ctx context.Context, r *Report, g *ground, n amounts) error {
	for _, source := range sources {
		var least float64
		for _, people := range n.copies {
			sams := names(people)
			p, err := source.fill(ctx, g.dir.Path(), sams)
			if err != nil {
				return err
			}
			o.say("Copying %d people from %s …", people, p.title)
			most, err := copied(ctx, r, g, p, copier{part: source.part, sams: sams}, n.copyRuns)
			if err != nil {
				return err
			}
			if least == 0 {
				least = most
				continue
			}
			r.add(Line{
				Part: source.part, Name: "memory beside that of the smallest", Unit: "×", Aim: atMost(1.5),
				Remarks: fmt.Sprintf("most at a time, %d people beside %d", people, n.copies[0]),
			}, most/least)
		}
	}
	return nil
}

// copied measures one size and gives the most memory the portal had. It closes the place.
func copied(ctx context.Context, r *Report, g *ground, p place, c copier, runs int) (most float64, err error) {
	p.extra = "sync: {every: 24h, pages_per_second: 1000}\n"
	plain, err := p.read(ctx, runs)
	if err != nil {
		return 0, errors.Join(err, p.close())
	}
	before, err := processorTime(g.cluster.PID())
	if err != nil {
		return 0, errors.Join(err, p.close())
	}
	began := clocks{database: before, load: ownTime()}
	if c.stage, err = g.stage(ctx, p, nil); err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, c.close()) }()
	if c.app, err = app.Open(ctx, c.portal.Config(), slog.New(slog.DiscardHandler)); err != nil {
		return 0, err
	}
	defer c.app.Close()
	first, err := c.pass(ctx, 0)
	if err != nil {
		return 0, err
	}
	ended, err := c.clocks()
	if err != nil {
		return 0, err
	}
	again, changes, err := c.repeat(ctx, first.Pass, runs)
	if err != nil {
		return 0, err
	}
	if most, err = peak(c.portal.PID()); err != nil {
		return 0, err
	}
	c.report(r, plain, took(first), again, changes, most)
	c.cost(r, began, ended)
	return most, nil
}

// inTeams makes a stand-in directory whose people are in groups.
func inTeams(ctx context.Context, dir string, sams []string) (place, error) {
	p, err := inMemory(ctx, dir, sams, teams(sams)...)
	p.domain.NetBIOS = fmt.Sprintf("COPY%d", len(sams)) // names the database too
	p.read = p.readAll
	return p, err
}

// teams makes groups that everybody is in one of, and one in which the others are.
func teams(sams []string) []fastldap.Group {
	var all []fastldap.Group
	top := fastldap.Group{Name: "everyone"}
	for i := 0; i < len(sams); i += teamSize {
		g := fastldap.Group{Name: fmt.Sprintf("team%d", i/teamSize), Members: sams[i:min(i+teamSize, len(sams))]}
		all, top.Members = append(all, g), append(top.Members, g.Name)
	}
	return append(all, top)
}

// timed reads everything several times and gives the seconds of each. Less than least objects are not everything.
func timed(runs, least int, read func() (found int, err error)) ([]float64, error) {
	var all []float64
	for range runs {
		began := time.Now()
		found, err := read()
		if err != nil {
			return nil, fmt.Errorf("plain read: %w", err)
		}
		if found < least {
			return nil, fmt.Errorf("the plain read found %d of %d objects", found, least)
		}
		all = append(all, time.Since(began).Seconds())
	}
	return all, nil
}

// readAll reads the same objects and attributes page by page, and forgets them. It gives the seconds of each run.
func (p place) readAll(_ context.Context, runs int) ([]float64, error) {
	d, err := p.direct(1)
	if err != nil {
		return nil, err
	}
	defer d.close()
	return timed(runs, 1, func() (found int, err error) {
		paging := ldap.NewControlPaging(readSize)
		for more := true; more; {
			res, err := d[0].Search(ldap.NewSearchRequest("DC=fast,DC=example,DC=test", ldap.ScopeWholeSubtree, ldap.NeverDerefAliases, 0, 0, false,
				"(|(&(objectCategory=person)(objectClass=user))(objectCategory=group)(objectCategory=organizationalUnit))", copiedAttributes(), []ldap.Control{paging}))
			if err != nil {
				return 0, err
			}
			found += len(res.Entries)
			answer, ok := ldap.FindControl(res.Controls, ldap.ControlTypePaging).(*ldap.ControlPaging)
			if more = ok && len(answer.Cookie) > 0; more {
				paging.SetCookie(answer.Cookie)
			}
		}
		return found, nil
	})
}

// copiedAttributes are those the portal reads.
func copiedAttributes() []string {
	return []string{
		"objectGUID", "objectCategory", "objectSid", "sAMAccountName", "groupType", "ou", "mS-DS-ConsistencyGuid", "userPrincipalName", "displayName",
		"givenName", "mail", "proxyAddresses", "preferredLanguage", "userAccountControl", "msDS-User-Account-Control-Computed", "lockoutTime",
		"accountExpires", "pwdLastSet", "msDS-UserPasswordExpiryTimeComputed", "adminCount", "primaryGroupID", "manager", "member",
	}
}

// copier watches a portal that copies.
type copier struct {
	*stage
	part string
	sams []string
	app  *app.App
}

// pass waits for the end of a pass after one.
func (c copier) pass(ctx context.Context, after int64) (sync.Census, error) {
	key := c.place.domain.Name
	for {
		all, err := c.app.Store.SyncStates(ctx)
		if err != nil {
			return sync.Census{}, err
		}
		for _, s := range all {
			if s.Error != "" || !s.Held.At.IsZero() {
				return sync.Census{}, fmt.Errorf("the copy failed: %+v", s)
			}
			if s.Directory == key && s.Pass > after && s.Kind == sync.Idle {
				return c.count(ctx)
			}
		}
		if err := pause(ctx, 50*time.Millisecond); err != nil {
			return sync.Census{}, err
		}
	}
}

// count makes sure that nobody is missing.
func (c copier) count(ctx context.Context) (sync.Census, error) {
	all, err := c.app.SyncStatus(ctx)
	if err != nil {
		return sync.Census{}, err
	}
	if people := int64(len(c.sams)); len(all) != 1 || all[0].People < people || all[0].Members < people {
		return sync.Census{}, fmt.Errorf("not everybody is copied: %+v", all)
	}
	return all[0], nil
}

// repeat reads everything again, and then a few changes, several times.
func (c copier) repeat(ctx context.Context, last int64, runs int) (again, changes []float64, err error) {
	for _, full := range []bool{true, false} {
		for run := range runs {
			if !full {
				c.place.touch(c.sams[run*100 : run*100+100]...)
			}
			if _, err := c.app.SyncNow(ctx, c.place.domain.Name, full); err != nil {
				return nil, nil, err
			}
			s, err := c.pass(ctx, last)
			if err != nil {
				return nil, nil, err
			}
			last = s.Pass
			if full {
				again = append(again, took(s))
			} else {
				changes = append(changes, took(s))
			}
		}
	}
	return again, changes, nil
}

// took is how long a pass took, in seconds, by the portal's own clock.
func took(c sync.Census) float64 { return c.Tried.Sub(c.Begun).Seconds() }

func (c copier) report(r *Report, plain []float64, first float64, again, changes []float64, most float64) {
	people := float64(len(c.sams))
	rates := func(seconds []float64) []float64 {
		var all []float64
		for _, s := range seconds {
			all = append(all, people/s)
		}
		return all
	}
	var aim *Aim
	if people >= enough {
		aim = atLeast(0.7)
	}
	r.add(c.line("plain paged read", "people/s", nil, ""), rates(plain)...)
	base := r.Lines[len(r.Lines)-1].Value
	r.add(c.line("first copy", "people/s", nil, ""), people/first)
	r.add(c.line("first copy beside the plain read", "×", aim, ""), people/first/base)
	r.add(c.line("everything again", "people/s", nil, ""), rates(again)...)
	r.add(c.line("changes", "s", below(2), "100 people have changed"), changes...)
	r.add(c.line("memory", "MB", nil, "most at a time"), most/1e6)
}

// cost tells where the processors' time went until the first copy was there.
func (c copier) cost(r *Report, from, to clocks) {
	const remarks = "from before the portal started to the end of its first copy"
	r.add(c.line("processor time, portal", "s", nil, remarks), to.portal.since(from.portal).total().Seconds())
	r.add(c.line("processor time, PostgreSQL", "s", nil, ""), to.database.since(from.database).total().Seconds())
	r.add(c.line("processor time, this program with the directory", "s", nil, ""), to.load.since(from.load).total().Seconds())
}

func (c copier) line(what, unit string, aim *Aim, remarks string) Line {
	return Line{Part: c.part, Name: fmt.Sprintf("%d people: %s", len(c.sams), what), Unit: unit, Aim: aim, Remarks: remarks}
}
