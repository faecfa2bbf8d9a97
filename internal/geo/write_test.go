package geo_test

import (
	"bytes"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/maxmind/mmdbwriter"
	"github.com/maxmind/mmdbwriter/mmdbtype"
	"go.uber.org/goleak"

	"rekey/internal/geo"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var (
	built = time.Date(2026, 11, 20, 8, 0, 0, 0, time.UTC)
	today = built.Add(4 * 24 * time.Hour)
)

type (
	fields  = mmdbtype.Map
	text    = mmdbtype.String
	records map[string]fields // by network
)

func country(code string) fields { return fields{"country": fields{"iso_code": text(code)}} }

func system(number uint32, name string) fields {
	return fields{"autonomous_system_number": mmdbtype.Uint32(number), "autonomous_system_organization": text(name)}
}

func city(code string, lat, lon float64) fields {
	return fields{
		"city":     fields{"names": fields{"en": text("a city")}},
		"country":  fields{"iso_code": text(code)},
		"location": fields{"latitude": mmdbtype.Float64(lat), "longitude": mmdbtype.Float64(lon), "accuracy_radius": mmdbtype.Uint16(20)},
	}
}

// database makes an mmdb file's bytes. Networks that belong to nobody are let in, so that tests can use documentation addresses.
func database(t testing.TB, kind string, version int, all records) []byte {
	t.Helper()
	tree, err := mmdbwriter.New(mmdbwriter.Options{
		DatabaseType: kind, Description: map[string]string{"en": "for tests"}, IPVersion: version, BuildEpoch: built.Unix(),
		IncludeReservedNetworks: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	for network, record := range all {
		_, n, err := net.ParseCIDR(network)
		if err != nil {
			t.Fatal(err)
		}
		if err := tree.Insert(n, record); err != nil {
			t.Fatal(err)
		}
	}
	var b bytes.Buffer
	if _, err := tree.WriteTo(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// put renames a file onto the path, as geoipupdate does.
func put(t testing.TB, path string, content []byte) {
	t.Helper()
	if err := os.WriteFile(path+".new", content, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		t.Fatal(err)
	}
}

func file(t testing.TB, content []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "some.mmdb")
	put(t, path, content)
	return path
}

// open reads files on a day when they are four days old.
func open(paths ...string) *geo.Reader { return openLogging(slog.New(slog.DiscardHandler), paths...) }

func openLogging(log *slog.Logger, paths ...string) *geo.Reader {
	return geo.Open(geo.Config{Files: paths}, geo.Deps{Log: log, Now: func() time.Time { return today }})
}

func place(r *geo.Reader, addr string) geo.Place { return r.Place(netip.MustParseAddr(addr)) }
