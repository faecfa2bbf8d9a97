package throttle

import "net/netip"

// Source names a visitor for buckets: the addresses one visitor can easily have are one, and an IPv6 subscriber owns a /64.
func Source(a netip.Addr) string { return source(a, 64) }

// Network names a visitor for the counters of one account: whoever has a /48 has 65,536 subscribers' worth of addresses, and people
// who share one seldom guess at the same account.
func Network(a netip.Addr) string { return source(a, 48) }

func source(a netip.Addr, bits int) string {
	a = a.Unmap()
	if a.Is6() {
		p, _ := a.Prefix(bits)
		return p.String()
	}
	return a.String()
}
