package signin

import (
	"net/netip"
	"testing"
)

// TestAttack15SourceKey: who owns an IPv6 network is one source, and a spelling of an address is no other.
func TestAttack15SourceKey(t *testing.T) {
	same := [][2]string{{"2001:db8::1", "2001:db8::ffff:1"}, {"2001:db8::1", "2001:db8::1%eth0"}, {"192.0.2.7", "::ffff:192.0.2.7"}}
	for _, pair := range same {
		if a, b := limiterKey(netip.MustParseAddr(pair[0])), limiterKey(netip.MustParseAddr(pair[1])); a != b {
			t.Errorf("%s and %s are %s and %s", pair[0], pair[1], a, b)
		}
	}
	if limiterKey(netip.MustParseAddr("192.0.2.7")) == limiterKey(netip.MustParseAddr("192.0.2.8")) || limiterKey(netip.Addr{}) == "" {
		t.Error("two visitors are one")
	}
}
