// Package geo says where an address is, as far as databases of MaxMind and DB-IP (mmdb files) know it.
//
//   - A file is read whole and verified before it answers. What does not verify never takes the place of what does.
//   - A file that is replaced is taken up within seconds. Lookups under way end on the database they began with.
//   - A file that is gone answers nothing from then on: to remove it is to withdraw it.
//   - Unknown is a value and no error. Who decides by places has to say what unknown means.
//
// Nothing leaves the machine, and Rekey ships no database (docs/operations/geolocation.md).
package geo

import (
	"context"
	"log/slog"
	"net/netip"
	"sync"
	"time"

	"github.com/oschwald/maxminddb-golang/v2"
)

// every is how often files are looked at.
const every = 5 * time.Second

// Config names the databases. Where two know the same thing of an address, the one named first is believed.
type Config struct {
	Files []string
}

// Deps is what the reader needs from outside.
type Deps struct {
	Log *slog.Logger
	Now func() time.Time
}

// Reader looks addresses up. It is safe for concurrent use, and lookups never wait.
type Reader struct {
	files []*file
	log   *slog.Logger
	now   func() time.Time
	mu    sync.Mutex // one Refresh at a time
}

// Open reads the databases. A file that is missing or broken is no error: it is logged, Status tells, and Refresh tries again.
func Open(c Config, deps Deps) *Reader {
	r := &Reader{log: deps.Log, now: deps.Now}
	for _, path := range c.Files {
		f := &file{path: path}
		f.state.Store(&state{})
		r.files = append(r.files, f)
	}
	r.Refresh(context.Background())
	return r
}

// Run refreshes every five seconds until ctx ends.
func (r *Reader) Run(ctx context.Context) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			r.Refresh(ctx)
		}
	}
}

// Refresh takes up every file that was replaced since it was last looked at.
func (r *Reader) Refresh(ctx context.Context) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, f := range r.files {
		if ctx.Err() != nil {
			return
		}
		before := f.state.Load()
		after := before.next(f.path)
		f.state.Store(after)
		r.tell(ctx, f, before, after)
	}
}

// tell logs what changed, once.
func (r *Reader) tell(ctx context.Context, f *file, before, after *state) {
	if after.db != nil && after.db != before.db {
		s := f.status(r.now())
		r.log.InfoContext(ctx, "geolocation database in use", "file", f.path, "kind", s.Kind, "built", s.BuiltAt)
	}
	if after.err != nil && (before.err == nil || before.err.Error() != after.err.Error()) {
		r.log.WarnContext(ctx, "geolocation database not used", "file", f.path, "error", after.err, "older_one_in_use", after.db != nil)
	}
}

// Status tells how each file stands, in the order of the configuration.
func (r *Reader) Status() []FileStatus {
	now := r.now()
	var all []FileStatus
	for _, f := range r.files {
		all = append(all, f.status(now))
	}
	return all
}

// Place merges what the databases know of an address. Nothing is known of addresses that belong to no place: private, loopback,
// link-local, multicast and unspecified ones.
func (r *Reader) Place(addr netip.Addr) Place {
	addr = addr.Unmap()
	if !addr.IsGlobalUnicast() || addr.IsPrivate() {
		return Place{}
	}
	var p Place
	for _, f := range r.files {
		if db := f.state.Load().db; db != nil {
			p = p.or(lookup(db, addr))
		}
	}
	return p
}

// lookup asks one database. One of IPv4 alone refuses IPv6 addresses, which it does not know either.
func lookup(db *maxminddb.Reader, addr netip.Addr) Place {
	p, err := decode(db.Lookup(addr))
	if err != nil {
		return Place{}
	}
	return p
}
