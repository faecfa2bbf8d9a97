package preview

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"rekey/internal/site"
)

// How long a crowd is taken for what is there now, and how long it stays in memory when nobody asks for it.
const (
	fresh = 5 * time.Minute
	idle  = 15 * time.Minute
)

// Live keeps everybody in memory while somebody edits. It is safe for concurrent use. Make it with NewLive, and Close it.
type Live struct {
	service *Service
	ctx     context.Context //nolint:containedctx // of what reads in the background, until Close
	cancel  context.CancelFunc
	readers sync.WaitGroup

	mu      sync.Mutex
	crowd   *Crowd
	asked   time.Time
	reading *reading
}

// reading is a crowd on its way.
type reading struct {
	made      shape
	done, all atomic.Int64
	over      chan struct{}
	crowd     *Crowd
	err       error
}

// NewLive makes a Live that has nobody in memory yet.
func NewLive(s *Service) *Live {
	l := &Live{service: s}
	l.ctx, l.cancel = context.WithCancel(context.Background())
	return l
}

// Close ends what is being read.
func (l *Live) Close() {
	l.cancel()
	l.readers.Wait()
}

// Progress is how many accounts have been read, of so many.
type Progress struct{ Done, All int64 }

// Crowd gives everybody by a version, as read lately, or how far reading them is: it begins to read where nobody does. An old crowd
// is given while a new one is read.
func (l *Live) Crowd(snap *site.Snapshot) (*Crowd, Progress) {
	c, r := l.look(snap)
	if c != nil {
		return c, Progress{}
	}
	return nil, Progress{Done: r.done.Load(), All: r.all.Load()}
}

// Wait is Crowd, and waits until everybody was read. Errors are of the store, or ctx's.
func (l *Live) Wait(ctx context.Context, snap *site.Snapshot) (*Crowd, error) {
	c, r := l.look(snap)
	if c != nil {
		return c, nil
	}
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-r.over:
		return r.crowd, r.err
	}
}

func (l *Live) look(snap *site.Snapshot) (*Crowd, *reading) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.asked = l.service.Now()
	fits := l.crowd != nil && l.crowd.Fits(snap)
	if fits && l.asked.Sub(l.crowd.At) <= fresh {
		return l.crowd, nil
	}
	if l.reading == nil || !l.reading.made.is(shapeOf(snap)) {
		l.begin(snap)
	}
	if fits {
		return l.crowd, nil
	}
	return nil, l.reading
}

// begin reads in the background, since it takes longer than a page may.
func (l *Live) begin(snap *site.Snapshot) {
	r := &reading{made: shapeOf(snap), over: make(chan struct{})}
	l.reading = r
	l.readers.Go(func() {
		r.crowd, r.err = l.service.Gather(l.ctx, snap, func(done, all int64) {
			r.done.Store(done)
			r.all.Store(all)
		})
		l.mu.Lock()
		if r.err == nil {
			l.crowd = r.crowd
		}
		if l.reading == r {
			l.reading = nil
		}
		l.mu.Unlock()
		close(r.over)
	})
}

// Tidy forgets everybody when nobody asked for a while. Call it now and then.
func (l *Live) Tidy(context.Context) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.crowd != nil && l.service.Now().Sub(l.asked) > idle {
		l.crowd = nil
	}
	return nil
}
