package app

import (
	"context"
	gosync "sync"
	"time"

	"rekey/internal/jobs"
	"rekey/internal/lint"
	"rekey/internal/report"
)

const (
	// figuresEvery is how soon what was recorded is in the figures.
	figuresEvery = 30 * time.Second
	// coverageEvery is how soon a survey that is due is made, and how long one may take.
	coverageEvery = 10 * time.Minute
	// adviceFor is how long what the linter says is kept: some of it depends on the date.
	adviceFor = time.Hour
)

func (a *App) newReports() {
	a.reports = report.New(a.Store, time.Now)
	a.pulse = report.NewPulse(a.looks, time.Now)
}

// reportJobs keep figures and coverage up to date.
func (a *App) reportJobs() []jobs.Periodic {
	return []jobs.Periodic{
		{Name: "figures", Every: figuresEvery, Run: a.reports.Update},
		{Name: "coverage", Every: coverageEvery, Run: func(ctx context.Context) error { return a.reports.Keep(ctx, a.survey()) }},
	}
}

// survey is one of the settings in force.
func (a *App) survey() report.Asked {
	c := a.Settings.Current()
	return report.Asked{Side: report.Live, Snap: c.Snapshot, Groups: c.Document.Groups()}
}

// advice keeps what the linter says of the settings in force.
type advice struct {
	mu      gosync.Mutex
	version int64
	at      time.Time
	found   []lint.Finding
}

// advise lints the settings in force, once for each version and hour.
func (a *App) advise(ctx context.Context) ([]lint.Finding, error) {
	a.advice.mu.Lock()
	defer a.advice.mu.Unlock()
	version := a.Settings.Snapshot().Version
	if a.advice.version == version && time.Since(a.advice.at) < adviceFor {
		return a.advice.found, nil
	}
	v, err := a.Store.SettingsVersion(ctx, version)
	if err != nil {
		return nil, err
	}
	verdict, err := a.Settings.Lint("settings", v.Document, "")
	if err != nil {
		return nil, err
	}
	found := make([]lint.Finding, len(verdict.Findings))
	for i, f := range verdict.Findings {
		found[i] = f.Finding
	}
	a.advice.version, a.advice.at, a.advice.found = version, time.Now(), found
	return found, nil
}
