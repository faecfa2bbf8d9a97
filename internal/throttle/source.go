package throttle

import "net/netip"

// Source names a visitor for buckets: the addresses one visitor can easily have are one, and an IPv6 subscriber owns a /64.
func Source(a netip.Addr) string {
	a = a.Unmap()
	if a.Is6() {
		p, _ := a.Prefix(64)
		return p.String()
	}
	return a.String()
}
