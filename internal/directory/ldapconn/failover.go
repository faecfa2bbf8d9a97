package ldapconn

import (
	"sync"
	"time"
)

// preferAgain is how long another server than the first is used before the first is tried again.
const preferAgain = 90 * time.Second

// failover remembers which of n servers answered last. Only failed connections are told to it: a refused password would be
// refused, and counted, by every server.
type failover struct {
	n   int
	now func() time.Time

	mu      sync.Mutex
	current int
	again   time.Time // when the first one is tried again
	down    []time.Time
}

func newFailover(n int, now func() time.Time) *failover {
	return &failover{n: n, now: now, down: make([]time.Time, n)}
}

// order is the order to try servers in. When it is time to try the first again one caller does so; the others go on meanwhile.
func (f *failover) order() []int {
	f.mu.Lock()
	defer f.mu.Unlock()
	var order []int
	if f.current != 0 && !f.now().Before(f.again) {
		f.again = f.now().Add(preferAgain)
		order = append(order, 0)
	}
	for i := range f.n {
		if next := (f.current + i) % f.n; len(order) == 0 || next != order[0] {
			order = append(order, next)
		}
	}
	return order
}

// good makes a server that answered the one to use.
func (f *failover) good(i int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.down[i] = time.Time{}
	f.use(i)
}

// bad goes on to the next server when the one in use failed.
func (f *failover) bad(i int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.down[i] = f.now()
	if i == f.current {
		f.use((i + 1) % f.n)
	}
}

func (f *failover) use(i int) {
	if i != f.current && i != 0 {
		f.again = f.now().Add(preferAgain)
	}
	f.current = i
}

// failed reports whether a server failed lately and has not answered since.
func (f *failover) failed(i int) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return !f.down[i].IsZero() && f.now().Before(f.down[i].Add(preferAgain))
}
