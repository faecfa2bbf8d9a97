package ad

import (
	"hash/maphash"
	"slices"
	"strings"
	"sync"
)

// standIns remembers accounts that were found lately. One of them is read when a name is nobody's: what a server computes of a person,
// such as all their groups and the policy that holds for them, takes longer than what it computes of the guest, who stands in only
// until somebody was found.
type standIns struct {
	mu    sync.Mutex
	seed  maphash.Seed
	guids []string
	next  int
}

// manyStandIns differ as people do, so that names nobody has do not all take equally long.
const manyStandIns = 32

func newStandIns() standIns { return standIns{seed: maphash.MakeSeed()} }

func (s *standIns) add(guid string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case slices.Contains(s.guids, guid):
	case len(s.guids) < manyStandIns:
		s.guids = append(s.guids, guid)
	default:
		s.guids[s.next] = guid
		s.next = (s.next + 1) % manyStandIns
	}
}

func (s *standIns) remove(guid string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.guids, s.next = slices.DeleteFunc(s.guids, func(g string) bool { return g == guid }), 0
}

// of gives who stands in for a name, mostly the same for the same name; "" when nobody was found yet.
func (s *standIns) of(name string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.guids) == 0 {
		return ""
	}
	return s.guids[maphash.String(s.seed, strings.ToLower(name))%uint64(len(s.guids))]
}

// absent is the DN of what is read in the place of an account that is not there.
func (d *Directory) absent(f domainFacts, name string) (dn, standIn string) {
	if guid := d.standIns.of(name); guid != "" {
		return guidDN(guid), guid
	}
	return f.guest(), ""
}
