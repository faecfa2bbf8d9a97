package geo_test

import (
	"bytes"
	"context"
	"log/slog"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"rekey/internal/geo"
)

const here = "198.51.100.1"

func says(t testing.TB, code string) []byte {
	return database(t, "GeoLite2-Country", 6, records{"198.51.100.0/24": country(code)})
}

func TestRefreshTakesUpARenamedFile(t *testing.T) {
	path := file(t, says(t, "DE"))
	r := open(path)
	put(t, path, says(t, "FR")) // of the same size, and maybe of the same time
	if p := place(r, here); p.Country != "DE" {
		t.Errorf("before: %+v", p)
	}
	r.Refresh(t.Context())
	if p := place(r, here); p.Country != "FR" {
		t.Errorf("after: %+v", p)
	}
}

// TestAFileWrittenInPlace: half of it is refused while the old one answers, and the whole is taken up.
func TestAFileWrittenInPlace(t *testing.T) {
	path := file(t, says(t, "DE"))
	r := open(path)
	whole := says(t, "FR")
	for _, half := range [][]byte{nil, whole[:len(whole)/2], whole[:len(whole)-1]} {
		if err := os.WriteFile(path, half, 0o600); err != nil {
			t.Fatal(err)
		}
		r.Refresh(t.Context())
		if s := r.Status()[0]; place(r, here).Country != "DE" || s.Err == nil || s.Kind != "GeoLite2-Country" || s.Age != today.Sub(built) {
			t.Errorf("with %d of %d bytes: %+v", len(half), len(whole), s)
		}
	}
	if err := os.WriteFile(path, whole, 0o600); err != nil {
		t.Fatal(err)
	}
	r.Refresh(t.Context())
	if s := r.Status()[0]; place(r, here).Country != "FR" || s.Err != nil {
		t.Errorf("whole: %+v", s)
	}
}

func TestAFileOfAnotherTimeIsReadAgain(t *testing.T) {
	path := file(t, says(t, "DE"))
	r := open(path)
	if err := os.WriteFile(path, says(t, "FR"), 0o600); err != nil { // the same inode and size
		t.Fatal(err)
	}
	if err := os.Chtimes(path, today, today); err != nil {
		t.Fatal(err)
	}
	r.Refresh(t.Context())
	if p := place(r, here); p.Country != "FR" {
		t.Errorf("got %+v", p)
	}
}

func TestAFileThatIsGoneAnswersNothing(t *testing.T) {
	path, other := file(t, says(t, "DE")), file(t, database(t, "GeoLite2-ASN", 6, records{"198.51.100.0/24": system(64500, "Example Net")}))
	r := open(path, other)
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	r.Refresh(t.Context())
	if p, s := place(r, here), r.Status()[0]; p != (geo.Place{ASN: 64500, Organization: "Example Net"}) || s.Kind != "" || s.Err == nil {
		t.Errorf("gone: %+v, %+v", p, s)
	}
	put(t, path, says(t, "FR"))
	r.Refresh(t.Context())
	if p, s := place(r, here), r.Status()[0]; p.Country != "FR" || s.Err != nil {
		t.Errorf("back: %+v, %+v", p, s)
	}
}

// TestAFileThatBecomesReadable: what could not be read is tried again, though the file itself stays as it is.
func TestAFileThatBecomesReadable(t *testing.T) {
	path := file(t, says(t, "DE"))
	link := path + ".link"
	if err := os.Symlink(link, link); err != nil { // a loop: there, and not to be read
		t.Fatal(err)
	}
	r := open(link)
	if s := r.Status()[0]; s.Err == nil || strings.Contains(s.Err.Error(), "no such file") {
		t.Errorf("got %+v", s)
	}
	if err := os.Remove(link); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(path, link); err != nil {
		t.Fatal(err)
	}
	r.Refresh(t.Context())
	if p := place(r, here); p.Country != "DE" {
		t.Errorf("got %+v", p)
	}
}

func TestChangesAreLoggedOnce(t *testing.T) {
	var log bytes.Buffer
	path := file(t, says(t, "DE"))
	r := openLogging(slog.New(slog.NewTextHandler(&log, nil)), path, path+".none")
	put(t, path, []byte("broken"))
	for range 3 {
		r.Refresh(t.Context())
	}
	for want, times := range map[string]int{
		`msg="geolocation database in use" file=` + path + ` kind=GeoLite2-Country built=2026-11-20T08:00:00.000Z`: 1,
		`level=WARN msg="geolocation database not used" file=` + path + `.none error="there is no such file"`:      1,
		`older_one_in_use=true`: 1,
		"\n":                    3,
	} {
		if n := strings.Count(log.String(), want); n != times {
			t.Errorf("%d times %q, want %d, in:\n%s", n, want, times, &log)
		}
	}
}

func TestRefreshStopsWithItsContext(t *testing.T) {
	path := file(t, says(t, "DE"))
	r := open(path)
	put(t, path, says(t, "FR"))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	r.Refresh(ctx)
	if p := place(r, here); p.Country != "DE" {
		t.Errorf("got %+v", p)
	}
}

func TestRunFollowsWithinSeconds(t *testing.T) {
	path, next := file(t, says(t, "DE")), says(t, "FR")
	r := open(path)
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		var ended sync.WaitGroup
		ended.Go(func() { r.Run(ctx) })
		put(t, path, next)
		<-time.After(5 * time.Second) // of the bubble's clock
		synctest.Wait()
		if p := place(r, here); p.Country != "FR" {
			t.Errorf("got %+v", p)
		}
		cancel()
		ended.Wait()
	})
}

// TestLookupsNeverSeeAReplacement: sixteen goroutines look up while the file is replaced by others, broken ones among them. Every
// answer is one database's or the other's.
func TestLookupsNeverSeeAReplacement(t *testing.T) {
	german := database(t, "GeoLite2-City", 6, records{"198.51.100.0/24": city("DE", 52.5, 13.4)})
	french := database(t, "GeoLite2-City", 6, records{"198.51.100.0/24": city("FR", 48.9, 2.4), "2001:db8::/32": city("NO", 59.9, 10.7)})
	want := map[string]geo.Place{
		"DE": {Country: "DE", Latitude: 52.5, Longitude: 13.4, Located: true}, "FR": {Country: "FR", Latitude: 48.9, Longitude: 2.4, Located: true},
	}
	path := file(t, german)
	r := open(path)
	var lookups atomic.Int64
	var readers sync.WaitGroup
	stop := make(chan struct{})
	for range 16 {
		readers.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				if p := place(r, here); p.Country == "" || p != want[p.Country] {
					t.Errorf("got %+v", p)
					return
				}
				lookups.Add(1)
			}
		})
	}
	for range 15 {
		for _, step := range []struct {
			content []byte
			code    string
		}{{french, "FR"}, {german[:len(german)/2], "FR"}, {german, "DE"}, {bytes.Repeat([]byte{0xab}, 4096), "DE"}} {
			before := lookups.Load()
			put(t, path, step.content)
			r.Refresh(t.Context())
			if p := place(r, here); p != want[step.code] {
				t.Errorf("got %+v, want %s", p, step.code)
			}
			for lookups.Load() == before && !t.Failed() { // so that lookups fall between all of the steps
				place(r, here)
			}
		}
	}
	close(stop)
	readers.Wait()
}
