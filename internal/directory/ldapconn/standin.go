package ldapconn

import (
	"hash/maphash"
	"slices"
	"strings"
	"sync"
)

// StandIns remembers accounts that were found lately. One of them is read when a name is nobody's: what a server computes of a person,
// such as all their groups and the policy that holds for them, takes longer than what it says of an object that is not there.
type StandIns struct {
	mu      sync.Mutex
	seed    maphash.Seed
	objects []string
	next    int
}

// manyStandIns differ as people do, so that names nobody has do not all take equally long.
const manyStandIns = 32

// NewStandIns makes an empty one.
func NewStandIns() StandIns { return StandIns{seed: maphash.MakeSeed()} }

// Add notes an account that was found.
func (s *StandIns) Add(object string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case slices.Contains(s.objects, object):
	case len(s.objects) < manyStandIns:
		s.objects = append(s.objects, object)
	default:
		s.objects[s.next] = object
		s.next = (s.next + 1) % manyStandIns
	}
}

// Remove forgets an account that is gone.
func (s *StandIns) Remove(object string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.objects, s.next = slices.DeleteFunc(s.objects, func(g string) bool { return g == object }), 0
}

// Of gives who stands in for a name, mostly the same for the same name; "" when nobody was found yet.
func (s *StandIns) Of(name string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.objects) == 0 {
		return ""
	}
	return s.objects[maphash.String(s.seed, strings.ToLower(name))%uint64(len(s.objects))]
}
