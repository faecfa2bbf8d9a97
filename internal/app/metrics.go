package app

import (
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"rekey/internal/policy"
	"rekey/internal/recovery"
	"rekey/internal/spend"
)

// metrics are what Prometheus scrapes. No label holds a name or an address.
type metrics struct {
	registry *prometheus.Registry
	requests *prometheus.HistogramVec
	flows    *prometheus.CounterVec
	took     *prometheus.HistogramVec
	messages *prometheus.CounterVec
	held     *prometheus.CounterVec
	applied  *prometheus.CounterVec
	reported *prometheus.CounterVec
	version  prometheus.Gauge
}

// follow adds what is worked out when it is asked for.
func (m *metrics) follow(c prometheus.Collector) { m.registry.MustRegister(c) }

func newMetrics() *metrics {
	m := &metrics{
		registry: prometheus.NewRegistry(),
		requests: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "rekey_http_request_seconds", Help: "Time to answer a request, by route pattern.",
			Buckets: []float64{.001, .005, .01, .05, .1, .5, 1, 5},
		}, []string{"route", "method", "status"}),
		flows: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "rekey_flows_ended_total", Help: "Ended flows, by action and how they ended.",
		}, []string{"action", "stage", "refusal"}),
		took: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "rekey_flow_seconds", Help: "Time from the first form to the end of a finished flow.",
			Buckets: []float64{10, 20, 30, 45, 60, 90, 120, 300, 600},
		}, []string{"action"}),
		messages: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "rekey_messages_total", Help: "Messages, by channel and outcome.",
		}, []string{"channel", "outcome"}),
		held: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "rekey_sms_withheld_total", Help: "Text messages that were not sent, by what kept them.",
		}, []string{"reason"}),
		applied: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "rekey_rule_applied_total", Help: "Attempts begun that a rule changed, by rule.",
		}, []string{"rule"}),
		reported: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "rekey_rule_reported_total", Help: "Attempts begun that a rule would have changed if it did not only report, by rule.",
		}, []string{"rule"}),
		version: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "rekey_settings_version", Help: "Settings version in force on this replica.",
		}),
	}
	m.registry.MustRegister(m.requests, m.flows, m.took, m.messages, m.held, m.applied, m.reported, m.version,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// Request implements server.Metrics.
func (m *metrics) Request(route, method string, status int, took time.Duration) {
	if route == "" {
		route = "none"
	}
	m.requests.WithLabelValues(route, method, strconv.Itoa(status)).Observe(took.Seconds())
}

func (m *metrics) flowEnded(e recovery.Metrics) {
	m.flows.WithLabelValues(e.Action, e.Stage, e.Refusal).Inc()
	if e.Stage == "done" {
		m.took.WithLabelValues(e.Action).Observe(e.Took.Seconds())
	}
}

// rulesSeen counts what rules made of a decision. There are as many labels as rules in the settings.
func (m *metrics) rulesSeen(d policy.Decision) {
	for _, name := range d.Rules {
		m.applied.WithLabelValues(name).Inc()
	}
	for _, name := range d.Reported {
		m.reported.WithLabelValues(name).Inc()
	}
}

// delivered counts one try of a message.
func (m *metrics) delivered(channel, outcome string) {
	m.messages.WithLabelValues(channel, outcome).Inc()
}

// withheld counts a text message that its number or a cap kept from being sent.
func (m *metrics) withheld(why spend.Reason) { m.held.WithLabelValues(string(why)).Inc() }

func (m *metrics) handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{})
}
