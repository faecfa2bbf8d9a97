package app

import (
	"context"
	"fmt"
	gosync "sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"rekey/internal/directory"
	"rekey/internal/sync"
)

const (
	// syncTick is how soon a directory that is due, or asked for, is looked at.
	syncTick = 5 * time.Second
	// syncAtOnce is how many directories are read at the same time: each holds a connection to the database.
	syncAtOnce = 2
	// syncLate is how old the copy may be before it is a fault.
	syncLate = 15 * time.Minute
)

// wait waits for d or for the end of ctx.
func wait(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (a *App) newSync() *sync.Service {
	return &sync.Service{Store: a.Store, Site: a.Settings.Snapshot, Now: time.Now, Wait: wait, Log: a.log}
}

// copyDirectories keeps the copies until ctx ends. Every replica tries; the database lets one at a time work on a directory.
func (a *App) copyDirectories(ctx context.Context) error {
	var work gosync.WaitGroup
	defer work.Wait()
	var busy gosync.Map // keys
	slots := make(chan struct{}, syncAtOnce)
	for {
		for _, d := range a.Settings.Snapshot().Directories {
			source, ok := d.(sync.Source)
			if !ok {
				continue
			}
			if _, already := busy.LoadOrStore(d.Key(), true); already {
				continue
			}
			work.Go(func() {
				defer busy.Delete(source.Key())
				a.copyDirectory(ctx, source, slots)
			})
		}
		if err := wait(ctx, syncTick); err != nil {
			return err
		}
	}
}

func (a *App) copyDirectory(ctx context.Context, source sync.Source, slots chan struct{}) {
	select {
	case slots <- struct{}{}:
		defer func() { <-slots }()
	case <-ctx.Done():
		return
	}
	if err := a.sync.Turn(ctx, source); err != nil && ctx.Err() == nil {
		a.log.ErrorContext(ctx, "the copy of a directory could not be kept", "directory", source.Key(), "error", err)
	}
}

// SyncStatus tells how the copy of every directory stands.
func (a *App) SyncStatus(ctx context.Context) ([]sync.Census, error) { return a.Store.Census(ctx) }

// SyncNow asks for a pass over a directory, which a replica that serves begins within seconds. It is false when none ever began one.
func (a *App) SyncNow(ctx context.Context, key string, full bool) (bool, error) {
	kind := sync.Changes
	if full {
		kind = sync.Full
	}
	return a.Store.Request(ctx, key, kind, false)
}

// SyncApprove confirms that the people are gone whom the pass that is held found missing. It is false when none is held.
func (a *App) SyncApprove(ctx context.Context, key, operator, reason string) (bool, error) {
	return a.sync.Approve(ctx, key, operator, reason)
}

func (a *App) doctorSync(ctx context.Context) []directory.Finding {
	states, err := a.Store.SyncStates(ctx)
	if err != nil {
		return []directory.Finding{{Name: "sync", Text: err.Error()}}
	}
	byKey := map[string]sync.State{}
	for _, s := range states {
		byKey[s.Directory] = s
	}
	var findings []directory.Finding
	for _, d := range a.Settings.Snapshot().Directories {
		if _, ok := d.(sync.Source); ok {
			f := syncFinding(byKey[d.Key()], a.Settings.Snapshot().Sync.Every, time.Now())
			f.Name = d.Key() + " sync"
			findings = append(findings, f)
		}
	}
	return findings
}

func syncFinding(s sync.State, every time.Duration, now time.Time) directory.Finding {
	switch age := now.Sub(s.Current).Round(time.Second); {
	case !s.Held.At.IsZero():
		return directory.Finding{Text: fmt.Sprintf("%d of %d people would be marked as gone: if that is right, rekey sync approve", s.Held.Gone, s.Held.Of)}
	case s.Error != "":
		return directory.Finding{Text: "the directory could not be read: " + s.Error}
	case s.Current.IsZero():
		return directory.Finding{OK: true, Text: "not read to the end yet"}
	case age > max(syncLate, 5*every):
		return directory.Finding{Text: fmt.Sprintf("the copy is %s old: is a replica serving?", age)}
	default:
		return directory.Finding{OK: true, Text: fmt.Sprintf("the copy is %s old", age)}
	}
}

// syncMetrics reads how the copies stand when they are scraped, so that every replica tells the same.
type syncMetrics struct {
	states                    func(context.Context) ([]sync.State, error)
	lag, full, held, failures *prometheus.Desc
}

func newSyncMetrics(states func(context.Context) ([]sync.State, error)) *syncMetrics {
	desc := func(name, help string) *prometheus.Desc {
		return prometheus.NewDesc("rekey_sync_"+name, help, []string{"directory"}, nil)
	}
	return &syncMetrics{
		states:   states,
		lag:      desc("lag_seconds", "Age of the copy of a directory."),
		full:     desc("full_age_seconds", "Time since everything was last read."),
		held:     desc("held_people", "People that wait to be confirmed as gone; 0: none."),
		failures: desc("failures", "Tries in a row that a directory could not be read."),
	}
}

// Describe implements prometheus.Collector.
func (m *syncMetrics) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{m.lag, m.full, m.held, m.failures} {
		ch <- d
	}
}

// Collect implements prometheus.Collector. A database that does not answer leaves them out.
func (m *syncMetrics) Collect(ch chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	states, err := m.states(ctx)
	if err != nil {
		return
	}
	for _, s := range states {
		gauge := func(d *prometheus.Desc, v float64) {
			ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, s.Directory)
		}
		gauge(m.held, float64(s.Held.Gone))
		gauge(m.failures, float64(s.Failures))
		if !s.Current.IsZero() {
			gauge(m.lag, time.Since(s.Current).Seconds())
		}
		if !s.Full.IsZero() {
			gauge(m.full, time.Since(s.Full).Seconds())
		}
	}
}
