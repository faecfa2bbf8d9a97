package preview

import (
	"context"
	"slices"
	"strings"
	"time"

	"rekey/internal/account"
	"rekey/internal/directory"
	"rekey/internal/factor"
	"rekey/internal/policy"
	"rekey/internal/site"
)

// Crowd is everybody of the copy in memory, for whoever compares again and again: an editor. It is never changed and safe for
// concurrent use. A hundred thousand people in twenty groups each take some 80 MB.
type Crowd struct {
	At time.Time // when it was read

	copies  []Copy
	leftOut int64
	groups  []string // every group of anybody, each once, as facts name it
	people  []member
	made    shape
}

// member is somebody with what decisions look at.
type member struct {
	name, account string
	directory     string
	path          string
	attributes    map[string][]string
	groups        []int32 // places in Crowd.groups
	enrolled      []policy.Enrolled
	privileged    policy.Tristate
	unlocks       bool // one of the directories that would be written can unlock
}

// shape is what of a version says who is in a crowd, and what they have set up.
type shape struct {
	directories []string
	links       []directory.Link
	order       []factor.Kind
}

func shapeOf(s *site.Snapshot) shape {
	sh := shape{links: s.Links, order: s.Order}
	for _, d := range s.Directories {
		sh.directories = append(sh.directories, d.Key())
	}
	return sh
}

func (s shape) is(o shape) bool {
	return slices.Equal(s.directories, o.directories) && slices.Equal(s.links, o.links) && slices.Equal(s.order, o.order)
}

// Fits reports whether the crowd is the one of a version: versions that differ in directories, links or methods have others.
func (c *Crowd) Fits(s *site.Snapshot) bool { return c.made.is(shapeOf(s)) }

// People is how many there are.
func (c *Crowd) People() int64 { return int64(len(c.people)) }

// Gather reads everybody. Errors are of the store, or ctx's.
func (s *Service) Gather(ctx context.Context, snap *site.Snapshot, progress func(done, all int64)) (*Crowd, error) {
	g := gathering{Crowd: &Crowd{At: s.Now(), made: shapeOf(snap)}, snap: snap, places: map[string]int32{}, attributes: map[string]map[string][]string{}}
	r := &run{Service: s, Options: Options{Progress: progress}, sides: [2]side{{snap: snap}, {snap: snap}}, now: g.At, each: g.add}
	if err := r.everybody(ctx); err != nil {
		return nil, err
	}
	g.copies, g.leftOut = r.report.Copies, r.report.LeftOut
	return g.Crowd, nil
}

// gathering keeps what many have in common once.
type gathering struct {
	*Crowd
	snap       *site.Snapshot
	places     map[string]int32
	attributes map[string]map[string][]string
}

func (g *gathering) add(o owner, known map[account.ID]Known) error {
	p := o.by[0]
	k := known[p.ID]
	a := p.Account
	a.Groups = k.Groups
	f := site.Facts(g.snap, policy.Reset, a, k.Credentials, Options{}.From, g.At)
	m := member{
		name: p.Name(), account: policy.Fold(f.Account), directory: policy.Fold(f.Directory), path: f.Path, attributes: g.shared(f.Attributes),
		groups: make([]int32, len(f.Groups)), enrolled: f.Enrolled, privileged: f.Privileged, unlocks: g.snap.Unlocks(p),
	}
	for i, name := range f.Groups {
		at, ok := g.places[name]
		if !ok {
			at = int32(len(g.groups)) //nolint:gosec // a directory does not hold two billion groups
			g.places[name], g.groups = at, append(g.groups, name)
		}
		m.groups[i] = at
	}
	g.people = append(g.people, m)
	return nil
}

// shared gives equal attributes one map: those that policies read say the same of many.
func (g *gathering) shared(m map[string][]string) map[string][]string {
	if len(m) == 0 {
		return nil
	}
	names := make([]string, 0, len(m))
	for name := range m {
		names = append(names, name)
	}
	slices.Sort(names)
	var key strings.Builder
	for _, name := range names {
		key.WriteString(name)
		for _, v := range m[name] {
			key.WriteByte(1)
			key.WriteString(v)
		}
		key.WriteByte(0)
	}
	if same, ok := g.attributes[key.String()]; ok {
		return same
	}
	g.attributes[key.String()] = m
	return m
}
