package app

import (
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"rekey/internal/directory"
	"rekey/internal/geo"
)

// geoOld is the age at which updates have most likely stopped: new databases come out every month at least.
const geoOld = 90 * 24 * time.Hour

// openPlaces reads the databases when somebody first asks, so that commands that need no place do not wait for large files.
func openPlaces(files []string, log *slog.Logger) func() *geo.Reader {
	return sync.OnceValue(func() *geo.Reader {
		return geo.Open(geo.Config{Files: files}, geo.Deps{Log: log, Now: time.Now})
	})
}

func doctorGeo(files []geo.FileStatus) []directory.Finding {
	var findings []directory.Finding
	for _, s := range files {
		f := geoFinding(s)
		f.Name = "geo " + s.Path
		findings = append(findings, f)
	}
	return findings
}

func geoFinding(s geo.FileStatus) directory.Finding {
	built := s.Kind + " of " + s.BuiltAt.Format(time.DateOnly)
	switch days := s.Age / (24 * time.Hour); {
	case s.Err != nil && s.Kind != "":
		return directory.Finding{Text: fmt.Sprintf("is not used: %s; %s goes on answering", s.Err, built)}
	case s.Err != nil:
		return directory.Finding{Text: fmt.Sprintf("is not used: %s; nothing answers for it", s.Err)}
	case s.Age > geoOld:
		return directory.Finding{Text: fmt.Sprintf("%s, %d days old: do its updates still run?", built, days)}
	default:
		return directory.Finding{OK: true, Text: fmt.Sprintf("%s, %d days old", built, days)}
	}
}

// geoMetrics tells of the files when they are scraped: a file may change at any time.
type geoMetrics struct {
	status       func() []geo.FileStatus
	age, refused *prometheus.Desc
}

func newGeoMetrics(status func() []geo.FileStatus) *geoMetrics {
	desc := func(name, help string) *prometheus.Desc {
		return prometheus.NewDesc("rekey_geo_file_"+name, help, []string{"file"}, nil)
	}
	return &geoMetrics{
		status:  status,
		age:     desc("age_seconds", "Age of the geolocation database that answers, since its maker built it."),
		refused: desc("refused", "1 if the file as it stands is not used, 0 if it is."),
	}
}

// Describe implements prometheus.Collector.
func (m *geoMetrics) Describe(ch chan<- *prometheus.Desc) {
	ch <- m.age
	ch <- m.refused
}

// Collect implements prometheus.Collector.
func (m *geoMetrics) Collect(ch chan<- prometheus.Metric) {
	for _, s := range m.status() {
		refused := 0.0
		if s.Err != nil {
			refused = 1
		}
		ch <- prometheus.MustNewConstMetric(m.refused, prometheus.GaugeValue, refused, s.Path)
		if s.Kind != "" {
			ch <- prometheus.MustNewConstMetric(m.age, prometheus.GaugeValue, s.Age.Seconds(), s.Path)
		}
	}
}
