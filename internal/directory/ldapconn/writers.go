package ldapconn

import (
	"sync"
	"time"

	"rekey/internal/account"
)

const (
	writerLife = time.Hour // by then every server knows
	maxWriters = 10000
)

// Writers remembers which server an account was last written to: the others learn of it later.
type Writers[R Root] struct {
	mu   sync.Mutex
	last map[account.ID]writer[R]
}

type writer[R Root] struct {
	server *Server[R]
	until  time.Time
}

// Remember notes that an account is about to be written to at a server.
func (w *Writers[R]) Remember(id account.ID, s *Server[R], now time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.last) >= maxWriters {
		for id, old := range w.last {
			if now.After(old.until) {
				delete(w.last, id)
			}
		}
	}
	if w.last == nil || len(w.last) >= maxWriters {
		w.last = map[account.ID]writer[R]{}
	}
	w.last[id] = writer[R]{s, now.Add(writerLife)}
}

// Of gives the server, nil when none is remembered.
func (w *Writers[R]) Of(id account.ID, now time.Time) *Server[R] {
	w.mu.Lock()
	defer w.mu.Unlock()
	if last, ok := w.last[id]; ok && now.Before(last.until) {
		return last.server
	}
	return nil
}
