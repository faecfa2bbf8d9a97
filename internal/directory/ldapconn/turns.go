package ldapconn

import (
	"context"
	"sync"

	"rekey/internal/account"
)

// Turns lets one caller at a time do something with an account.
type Turns struct {
	mu    sync.Mutex
	taken map[account.ID]*turn
}

type turn struct {
	free    chan struct{}
	waiting int
}

// Enter waits for one's turn; leave must be called after it.
func (t *Turns) Enter(ctx context.Context, id account.ID) (leave func(), err error) {
	t.mu.Lock()
	mine, ok := t.taken[id]
	if !ok {
		if t.taken == nil {
			t.taken = map[account.ID]*turn{}
		}
		mine = &turn{free: make(chan struct{}, 1)}
		t.taken[id] = mine
	}
	mine.waiting++
	t.mu.Unlock()
	gone := func() {
		t.mu.Lock()
		defer t.mu.Unlock()
		if mine.waiting--; mine.waiting == 0 {
			delete(t.taken, id)
		}
	}
	select {
	case mine.free <- struct{}{}:
		return func() { <-mine.free; gone() }, nil
	case <-ctx.Done():
		gone()
		return nil, ctx.Err()
	}
}
