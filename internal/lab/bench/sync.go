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
	syncPart = "the copy of a directory"
	teamSize = 200 // members of a group
	readSize = 1000
	enough   = 100_000 // people for the start of a pass not to matter
)

// sync copies directories of different sizes and compares with a plain read of the same data.
func (o Options) sync(ctx context.Context, r *Report, g *ground, n amounts) error {
	var least float64
	for _, people := range n.copies {
		o.say("Copying a directory of %d people …", people)
		most, err := o.copied(ctx, r, g, people, n.copyRuns)
		if err != nil {
			return err
		}
		if least == 0 {
			least = most
			continue
		}
		r.add(Line{
			Part: syncPart, Name: "memory beside that of the smallest", Unit: "×", Aim: atMost(1.5),
			Remarks: fmt.Sprintf("most at a time, %d people beside %d", people, n.copies[0]),
		}, most/least)
	}
	return nil
}

// copied measures one size and gives the most memory the portal had.
func (o Options) copied(ctx context.Context, r *Report, g *ground, people, runs int) (most float64, err error) {
	sams := names(people)
	p, err := inMemory(ctx, g.dir.Path(), sams, teams(sams)...)
	if err != nil {
		return 0, err
	}
	p.domain.NetBIOS = fmt.Sprintf("COPY%d", people) // names the database too
	p.extra = "sync: {every: 24h, pages_per_second: 1000}\n"
	plain, err := p.readAll(runs)
	if err != nil {
		return 0, errors.Join(err, p.close())
	}
	s, err := g.stage(ctx, p, sams[:16])
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	a, err := app.Open(ctx, s.portal.Config(), slog.New(slog.DiscardHandler))
	if err != nil {
		return 0, err
	}
	defer a.Close()
	c := copier{stage: s, app: a, people: int64(people)}
	if people >= enough {
		c.aim = atLeast(0.7)
	}
	first, err := c.pass(ctx, 0)
	if err != nil {
		return 0, err
	}
	again, changes, err := c.repeat(ctx, sams, first.Pass, runs)
	if err != nil {
		return 0, err
	}
	if most, err = peak(s.portal.PID()); err != nil {
		return 0, err
	}
	c.report(r, plain, took(first), again, changes, most)
	return most, nil
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

// readAll reads the same objects and attributes page by page, and forgets them. It gives the seconds of each run.
func (p place) readAll(runs int) ([]float64, error) {
	d, err := p.direct(1)
	if err != nil {
		return nil, err
	}
	defer d.close()
	var all []float64
	for range runs {
		began, found := time.Now(), 0
		paging := ldap.NewControlPaging(readSize)
		for more := true; more; {
			res, err := d[0].Search(ldap.NewSearchRequest("DC=fast,DC=example,DC=test", ldap.ScopeWholeSubtree, ldap.NeverDerefAliases, 0, 0, false,
				"(|(&(objectCategory=person)(objectClass=user))(objectCategory=group)(objectCategory=organizationalUnit))", copiedAttributes(), []ldap.Control{paging}))
			if err != nil {
				return nil, err
			}
			found += len(res.Entries)
			answer, ok := ldap.FindControl(res.Controls, ldap.ControlTypePaging).(*ldap.ControlPaging)
			if more = ok && len(answer.Cookie) > 0; more {
				paging.SetCookie(answer.Cookie)
			}
		}
		if found == 0 {
			return nil, errors.New("the plain read found nothing")
		}
		all = append(all, time.Since(began).Seconds())
	}
	return all, nil
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
	app    *app.App
	people int64
	aim    *Aim // of the first copy, beside the plain read
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
	if len(all) != 1 || all[0].People < c.people || all[0].Members < c.people {
		return sync.Census{}, fmt.Errorf("not everybody is copied: %+v", all)
	}
	return all[0], nil
}

// repeat reads everything again, and then a few changes, several times.
func (c copier) repeat(ctx context.Context, sams []string, last int64, runs int) (again, changes []float64, err error) {
	for _, full := range []bool{true, false} {
		for run := range runs {
			if !full {
				c.place.touch(sams[run*100 : run*100+100]...)
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
	name := func(what string) string { return fmt.Sprintf("%d people: %s", c.people, what) }
	line := func(what, unit string, aim *Aim, remarks string) Line {
		return Line{Part: syncPart, Name: name(what), Unit: unit, Aim: aim, Remarks: remarks}
	}
	rates := func(seconds []float64) []float64 {
		var all []float64
		for _, s := range seconds {
			all = append(all, float64(c.people)/s)
		}
		return all
	}
	r.add(line("plain paged read", "people/s", nil, ""), rates(plain)...)
	base := r.Lines[len(r.Lines)-1].Value
	r.add(line("first copy", "people/s", nil, ""), float64(c.people)/first)
	r.add(line("first copy beside the plain read", "×", c.aim, ""), float64(c.people)/first/base)
	r.add(line("everything again", "people/s", nil, ""), rates(again)...)
	r.add(line("changes", "s", below(2), "100 people have changed"), changes...)
	r.add(line("memory", "MB", nil, "most at a time"), most/1e6)
}
