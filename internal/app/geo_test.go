package app

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"rekey/internal/geo"
)

const day = 24 * time.Hour

var cities = geo.FileStatus{Path: "/city.mmdb", Kind: "GeoLite2-City", BuiltAt: time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC), Age: 4 * day}

func TestGeoFindings(t *testing.T) {
	edge, old, kept := cities, cities, cities
	edge.Age, old.Age, kept.Err = geoOld, geoOld+time.Second, errors.New("it is damaged")
	missing := geo.FileStatus{Path: "/asn.mmdb", Err: errors.New("there is no such file")}
	for i, want := range []struct {
		ok         bool
		name, text string
	}{
		{true, "geo /city.mmdb", "GeoLite2-City of 2026-03-04, 4 days old"},
		{true, "geo /city.mmdb", "GeoLite2-City of 2026-03-04, 90 days old"},
		{false, "geo /city.mmdb", "GeoLite2-City of 2026-03-04, 90 days old: do its updates still run?"},
		{false, "geo /city.mmdb", "is not used: it is damaged; GeoLite2-City of 2026-03-04 goes on answering"},
		{false, "geo /asn.mmdb", "is not used: there is no such file; nothing answers for it"},
	} {
		f := doctorGeo([]geo.FileStatus{cities, edge, old, kept, missing})[i]
		if f.OK != want.ok || f.Name != want.name || f.Text != want.text {
			t.Errorf("got %+v, want %+v", f, want)
		}
	}
}

func TestGeoMetrics(t *testing.T) {
	m := newMetrics()
	kept := cities
	kept.Path, kept.Err = "/kept.mmdb", errors.New("it is damaged")
	m.follow(newGeoMetrics(func() []geo.FileStatus {
		return []geo.FileStatus{cities, kept, {Path: "/asn.mmdb", Err: errors.New("there is no such file")}}
	}))
	w := httptest.NewRecorder()
	m.handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	for _, want := range []string{
		`rekey_geo_file_refused{file="/city.mmdb"} 0`, `rekey_geo_file_age_seconds{file="/city.mmdb"} 345600`,
		`rekey_geo_file_refused{file="/kept.mmdb"} 1`, `rekey_geo_file_age_seconds{file="/kept.mmdb"} 345600`,
		`rekey_geo_file_refused{file="/asn.mmdb"} 1`,
	} {
		if !strings.Contains(w.Body.String(), want+"\n") {
			t.Errorf("no %s in:\n%s", want, w.Body)
		}
	}
	if strings.Contains(w.Body.String(), `age_seconds{file="/asn.mmdb"}`) {
		t.Error("a file that is not there has an age")
	}
}
