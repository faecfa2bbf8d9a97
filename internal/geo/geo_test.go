package geo_test

import (
	"math"
	"net/netip"
	"strings"
	"testing"

	"github.com/maxmind/mmdbwriter/mmdbtype"

	"rekey/internal/geo"
)

func TestPlaceMergesWhatEveryFileKnows(t *testing.T) {
	countries := file(t, database(t, "GeoLite2-Country", 6, records{"198.51.100.0/24": country("DE"), "2001:db8::/32": country("NO")}))
	cities := file(t, database(t, "GeoLite2-City", 6, records{"198.51.100.0/25": city("DE", 52.5, 13.4), "203.0.113.0/24": city("FR", 48.9, 2.4)}))
	systems := file(t, database(t, "GeoLite2-ASN", 6, records{"198.51.100.0/24": system(64500, "Example Net"), "2001:db8::/33": system(64501, "Example Six")}))
	for _, order := range [][]string{{countries, cities, systems}, {systems, cities, countries}, {cities, countries, systems}} {
		r := open(order...)
		for addr, want := range map[string]geo.Place{
			"198.51.100.7":        {Country: "DE", ASN: 64500, Organization: "Example Net", Latitude: 52.5, Longitude: 13.4, Located: true},
			"198.51.100.200":      {Country: "DE", ASN: 64500, Organization: "Example Net"},
			"203.0.113.1":         {Country: "FR", Latitude: 48.9, Longitude: 2.4, Located: true},
			"2001:db8::1":         {Country: "NO", ASN: 64501, Organization: "Example Six"},
			"2001:db8:ffff::1":    {Country: "NO"},
			"2001:db9::1":         {},
			"192.0.2.1":           {},
			"::ffff:198.51.100.7": {Country: "DE", ASN: 64500, Organization: "Example Net", Latitude: 52.5, Longitude: 13.4, Located: true},
		} {
			if got := place(r, addr); got != want {
				t.Errorf("%s: got %+v, want %+v", addr, got, want)
			}
		}
	}
}

func TestTheFirstFileThatKnowsIsBelieved(t *testing.T) {
	first := file(t, database(t, "DBIP-Country-Lite", 6, records{"198.51.100.0/24": country("DE")}))
	second := file(t, database(t, "GeoLite2-City", 6, records{"198.51.100.0/24": city("AT", 48.2, 16.4)}))
	if p := place(open(first, second), "198.51.100.1"); p.Country != "DE" || !p.Located {
		t.Errorf("got %+v", p)
	}
	if p := place(open(second, first), "198.51.100.1"); p.Country != "AT" || !p.Located {
		t.Errorf("got %+v", p)
	}
}

// TestAddressesOfNoPlace: the database claims to know every address, and yet these are unknown.
func TestAddressesOfNoPlace(t *testing.T) {
	r := open(file(t, database(t, "GeoLite2-Country", 6, records{"::/0": country("DE")})))
	for _, addr := range []string{
		"10.1.2.3", "172.16.0.1", "192.168.1.1", "::ffff:10.1.2.3", "127.0.0.1", "0.0.0.0", "169.254.1.1", "224.0.0.1", "255.255.255.255",
		"::", "::1", "fe80::1", "fe80::1%eth0", "fd00::1", "ff02::1",
	} {
		if p := place(r, addr); p != (geo.Place{}) {
			t.Errorf("%s: got %+v", addr, p)
		}
	}
	if p := r.Place(netip.Addr{}); p != (geo.Place{}) {
		t.Errorf("no address: got %+v", p)
	}
	for _, addr := range []string{"9.255.255.255", "::ffff:9.255.255.255", "172.32.0.1", "2001:db8::1"} {
		if p := place(r, addr); p.Country != "DE" {
			t.Errorf("%s: got %+v", addr, p)
		}
	}
}

func TestADatabaseOfIPv4KnowsNoIPv6(t *testing.T) {
	four := file(t, database(t, "GeoLite2-Country", 4, records{"198.51.100.0/24": country("DE")}))
	six := file(t, database(t, "GeoLite2-Country", 6, records{"2001:db8::/32": country("NO")}))
	for _, r := range []*geo.Reader{open(four, six), open(six, four)} {
		if p := place(r, "198.51.100.1"); p.Country != "DE" {
			t.Errorf("got %+v", p)
		}
		if p := place(r, "2001:db8::1"); p.Country != "NO" {
			t.Errorf("got %+v", p)
		}
	}
}

func TestRecordsOfEveryMaker(t *testing.T) {
	at := func(lat, lon mmdbtype.DataType) fields {
		return fields{"location": fields{"latitude": lat, "longitude": lon}}
	}
	double := func(f float64) mmdbtype.Float64 { return mmdbtype.Float64(f) }
	r := open(file(t, database(t, "Mixed", 6, records{
		"192.0.2.0/32":  {"country": fields{"iso_code": text("ZZ")}},
		"192.0.2.1/32":  {"country": fields{"iso_code": text("A1")}},
		"192.0.2.2/32":  {"country": fields{"iso_code": text("DEU")}},
		"192.0.2.3/32":  {"registered_country": fields{"iso_code": text("US")}},
		"192.0.2.4/32":  at(mmdbtype.Float32(52.5), mmdbtype.Float32(13.5)),
		"192.0.2.5/32":  {"location": fields{"latitude": double(52.5)}},
		"192.0.2.6/32":  at(double(90.5), double(0)),
		"192.0.2.7/32":  at(double(0), double(-180.5)),
		"192.0.2.8/32":  at(double(math.NaN()), double(0)),
		"192.0.2.9/32":  at(double(0), double(math.Inf(1))),
		"192.0.2.10/32": at(double(0), double(0)),
		"192.0.2.11/32": {"traits": system(64500, "Example Net")},
		"192.0.2.12/32": {"isp": text("Example"), "autonomous_system_number": mmdbtype.Uint32(4294967295)},
		"192.0.2.13/32": {"country": text("DE")},
	})))
	for addr, want := range map[string]geo.Place{
		"192.0.2.0":  {}, // "unknown"
		"192.0.2.1":  {}, // a proxy
		"192.0.2.2":  {},
		"192.0.2.3":  {}, // where a network is registered is not where somebody sits
		"192.0.2.4":  {Latitude: 52.5, Longitude: 13.5, Located: true},
		"192.0.2.5":  {},
		"192.0.2.6":  {},
		"192.0.2.7":  {},
		"192.0.2.8":  {},
		"192.0.2.9":  {},
		"192.0.2.10": {Located: true},
		"192.0.2.11": {ASN: 64500, Organization: "Example Net"},
		"192.0.2.12": {ASN: 4294967295},
		"192.0.2.13": {}, // another format
	} {
		if got := place(r, addr); got != want {
			t.Errorf("%s: got %+v, want %+v", addr, got, want)
		}
	}
}

func TestDistance(t *testing.T) {
	at := func(lat, lon float64) geo.Place { return geo.Place{Latitude: lat, Longitude: lon, Located: true} }
	for _, c := range []struct {
		name string
		a, b geo.Place
		km   float64
	}{
		{"nowhere else", at(52.52, 13.405), at(52.52, 13.405), 0},
		{"London to Paris", at(51.5074, -0.1278), at(48.8566, 2.3522), 343.6},
		{"from a pole to the equator", at(90, 0), at(0, 77), 10007.6},
		{"over the date line", at(0, 179), at(0, -179), 222.4},
		{"the far side", at(48.2, 16.4), at(-48.2, -163.6), 20015.1},
		{"from pole to pole", at(90, 10), at(-90, -20), 20015.1},
	} {
		there, back := geo.Distance(c.a, c.b), geo.Distance(c.b, c.a)
		if math.Abs(there-c.km) > 0.1 || math.Abs(there-back) > 1e-9 {
			t.Errorf("%s: %f km there, %f km back, want %f", c.name, there, back, c.km)
		}
	}
	if d := geo.Distance(at(0, 0), geo.Place{Country: "DE"}); !math.IsNaN(d) {
		t.Errorf("to a place that is not located: %f km", d)
	}
	if d := geo.Distance(geo.Place{}, at(0, 0)); !math.IsNaN(d) {
		t.Errorf("from a place that is not located: %f km", d)
	}
}

func TestNoFilesKnowNothing(t *testing.T) {
	r := open()
	if p := place(r, "198.51.100.1"); p != (geo.Place{}) || len(r.Status()) != 0 {
		t.Errorf("got %+v, %+v", p, r.Status())
	}
}

func TestStatus(t *testing.T) {
	good := file(t, database(t, "DBIP-City-Lite", 6, records{"198.51.100.0/24": city("DE", 52.5, 13.4)}))
	useless := file(t, database(t, "GeoIP2-Connection-Type", 6, records{"198.51.100.0/24": {"connection_type": text("Cellular")}}))
	other := file(t, database(t, "Other", 6, records{"198.51.100.0/24": {"country": fields{"iso_code": mmdbtype.Uint32(49)}}}))
	empty := file(t, nil)
	archive := file(t, []byte("\x1f\x8b\x08 a packed one"))
	folder := t.TempDir()
	missing := folder + "/none.mmdb"
	all := open(good, useless, other, empty, archive, folder, missing).Status()
	if s := all[0]; s.Path != good || s.Kind != "DBIP-City-Lite" || !s.BuiltAt.Equal(built) || s.Age != today.Sub(built) || s.Err != nil {
		t.Errorf("got %+v", s)
	}
	for i, want := range []string{
		1: "a database of type GeoIP2-Connection-Type has no country, no autonomous system and no position",
		2: "198.51.100.0/24: ", 3: "not an mmdb database", 4: "not an mmdb database", 5: "not a regular file", 6: "no such file",
	} {
		s := all[i]
		if want != "" && (s.Err == nil || !strings.Contains(s.Err.Error(), want) || s.Kind != "" || !s.BuiltAt.IsZero() || s.Age != 0) {
			t.Errorf("want %q, got %+v", want, s)
		}
	}
}

func BenchmarkPlace(b *testing.B) {
	r := open(
		file(b, database(b, "GeoLite2-City", 6, records{"198.51.100.0/24": city("DE", 52.5, 13.4)})),
		file(b, database(b, "GeoLite2-ASN", 6, records{"198.51.100.0/24": system(64500, "Example Net")})))
	addr := netip.MustParseAddr("198.51.100.1")
	for b.Loop() {
		if !r.Place(addr).Located {
			b.Fatal("not found")
		}
	}
}
