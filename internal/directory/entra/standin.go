package entra

import (
	"hash/maphash"
	"slices"
	"strings"
	"sync"
)

// standIns remembers accounts that were found lately. One of them is read when a name is nobody's, so that both take as many questions,
// and as long.
type standIns struct {
	mu   sync.Mutex
	seed maphash.Seed
	ids  []string
	next int
}

const (
	manyStandIns = 32
	nobody       = "00000000-0000-4000-8000-000000000000" // stands in until somebody was found
)

func newStandIns() standIns { return standIns{seed: maphash.MakeSeed()} }

func (s *standIns) add(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case slices.Contains(s.ids, id):
	case len(s.ids) < manyStandIns:
		s.ids = append(s.ids, id)
	default:
		s.ids[s.next] = id
		s.next = (s.next + 1) % manyStandIns
	}
}

func (s *standIns) remove(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ids, s.next = slices.DeleteFunc(s.ids, func(known string) bool { return known == id }), 0
}

// of gives who stands in for a name, mostly the same for the same name.
func (s *standIns) of(name string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.ids) == 0 {
		return nobody
	}
	return s.ids[maphash.String(s.seed, strings.ToLower(name))%uint64(len(s.ids))]
}
