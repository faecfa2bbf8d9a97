package app

import (
	"github.com/prometheus/client_golang/prometheus"

	"rekey/internal/policy"
	"rekey/internal/threat"
)

// newThreatMetrics tells the level that holds when it is scraped.
func newThreatMetrics(m *threat.Manager) prometheus.Collector {
	return prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "rekey_threat_level",
		Help: "Threat level on this replica: 0 none, 1 one factor more, 2 privileged accounts stopped, 3 everything stopped.",
	}, func() float64 { return severity(m.Level()) })
}

func severity(t policy.Threat) float64 {
	switch t {
	case policy.Calm:
		return 0
	case policy.RaisedByOne:
		return 1
	case policy.PrivilegedStopped:
		return 2
	case policy.Stopped:
		return 3
	}
	return 3 // a level of a newer version: nothing is known to be allowed
}
