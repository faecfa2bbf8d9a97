package geo_test

import (
	"bytes"
	"net/netip"
	"path/filepath"
	"testing"

	"rekey/internal/geo"
)

// wellFormed is what holds of every place, whatever the file says.
func wellFormed(p geo.Place) bool {
	upper := func(c byte) bool { return 'A' <= c && c <= 'Z' }
	if p.Country != "" && (len(p.Country) != 2 || !upper(p.Country[0]) || !upper(p.Country[1])) {
		return false
	}
	if !p.Located {
		return p.Latitude == 0 && p.Longitude == 0
	}
	return p.Latitude >= -90 && p.Latitude <= 90 && p.Longitude >= -180 && p.Longitude <= 180
}

var anywhere = []netip.Addr{
	netip.MustParseAddr(here), netip.MustParseAddr("203.0.113.255"), netip.MustParseAddr("1.1.1.1"), netip.MustParseAddr("2001:db8::1"),
	netip.MustParseAddr("2606:4700::1111"),
}

// checkDamaged holds of any bytes: they are used or refused, and a lookup gives a place or nothing.
func checkDamaged(t *testing.T, path string) {
	t.Helper()
	r := open(path)
	s := r.Status()[0]
	if (s.Err == nil) != (s.Kind != "") {
		t.Errorf("used and refused at once: %+v", s)
	}
	for _, addr := range anywhere {
		if p := r.Place(addr); !wellFormed(p) || s.Err != nil && p != (geo.Place{}) {
			t.Errorf("%s: %+v", addr, p)
		}
	}
}

func whole(t testing.TB, version int) []byte {
	all := records{"198.51.100.0/24": city("DE", 52.5, 13.4), "203.0.113.0/24": system(64500, "Example Net")}
	if version == 6 {
		all["2001:db8::/32"] = fields{"traits": system(64501, "Example Six"), "country": fields{"iso_code": text("NO")}}
	}
	return database(t, "GeoLite2-City", version, all)
}

// TestEveryDamagedByte changes each byte of a database in turn. Nothing may panic, and a file that lost its end is always refused.
func TestEveryDamagedByte(t *testing.T) {
	path := filepath.Join(t.TempDir(), "damaged.mmdb")
	good := whole(t, 4)
	for i := range good {
		for _, mask := range []byte{0x01, 0x20, 0x80, 0xff} {
			bad := bytes.Clone(good)
			bad[i] ^= mask
			put(t, path, bad)
			checkDamaged(t, path)
		}
	}
	for n := range good {
		put(t, path, good[:n])
		if s := open(path).Status()[0]; s.Err == nil {
			t.Errorf("the first %d of %d bytes are taken: %+v", n, len(good), s)
		}
	}
}

func FuzzDamagedDatabase(f *testing.F) {
	for _, version := range []int{4, 6} {
		good := whole(f, version)
		f.Add(good)
		f.Add(good[:len(good)/2])
		f.Add(good[len(good)/2:])
		f.Add(append(bytes.Clone(good), good...))
	}
	f.Add([]byte{})
	f.Add([]byte("\xab\xcd\xefMaxMind.com"))
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, content []byte) {
		path := filepath.Join(dir, "damaged.mmdb")
		put(t, path, content)
		checkDamaged(t, path)
	})
}
