package app

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"rekey/internal/policy"
)

// TestRulesAreCounted, those that act and those that only report, each under its name.
func TestRulesAreCounted(t *testing.T) {
	m := newMetrics()
	m.rulesSeen(policy.Decision{Rules: []string{"strangers", "night"}, Reported: []string{"abroad"}})
	m.rulesSeen(policy.Decision{Rules: []string{"night"}})
	m.rulesSeen(policy.Decision{})
	got := httptest.NewRecorder()
	m.handler().ServeHTTP(got, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	for _, want := range []string{
		`rekey_rule_applied_total{rule="strangers"} 1`, `rekey_rule_applied_total{rule="night"} 2`, `rekey_rule_reported_total{rule="abroad"} 1`,
	} {
		if !strings.Contains(got.Body.String(), want+"\n") {
			t.Errorf("the metrics lack %s", want)
		}
	}
}
