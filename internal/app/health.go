package app

import (
	"context"
	"fmt"
	gosync "sync"
	"time"

	"rekey/internal/directory"
	"rekey/internal/policy"
	"rekey/internal/report"
	"rekey/internal/sync"
)

const (
	// healthTick is how soon a look that is due is made.
	healthTick = 5 * time.Second
	// healthEvery is how often cheap looks are made: directories, mail and the like, each on one connection.
	healthEvery = 30 * time.Second
	// serversEvery is how often every server of a directory is gone through, as the doctor does.
	serversEvery = 15 * time.Minute
	// queueLate is how long work may wait for a worker before it is a fault.
	queueLate = 2 * time.Minute
)

// watchHealth looks at what resets depend on until ctx ends. A look that hangs holds up no other. The start comes first.
func (a *App) watchHealth(ctx context.Context) error {
	var beats gosync.WaitGroup
	defer beats.Wait()
	for {
		if err := wait(ctx, healthTick); err != nil {
			return err
		}
		beats.Go(func() { a.pulse.Beat(ctx) })
	}
}

// looks lists what resets depend on, as settings stand.
func (a *App) looks() []report.Look {
	looks := []report.Look{{Name: "database", Every: healthEvery, See: a.seeDatabase}}
	for _, d := range a.Settings.Snapshot().Directories {
		looks = append(looks, report.Look{Name: "directory " + d.Key(), Every: healthEvery, See: func(ctx context.Context) []report.Part { return a.seeDirectory(ctx, d) }})
		if c, ok := d.(directory.Checker); ok {
			looks = append(looks, report.Look{Name: "servers of " + d.Key(), Every: serversEvery, See: func(ctx context.Context) []report.Part { return seeServers(ctx, d.Key(), c) }})
		}
	}
	looks = append(looks,
		report.Look{Name: "copies", Every: healthEvery, See: a.seeCopies},
		report.Look{Name: "mail", Every: healthEvery, See: a.seeMail},
	)
	if a.Settings.Current().Document.SMS != nil {
		looks = append(looks, report.Look{Name: "sms", Every: healthEvery, See: a.seeSMS})
	}
	return append(looks,
		report.Look{Name: "jobs", Every: healthEvery, See: a.seeJobs},
		report.Look{Name: "keys", Every: healthEvery, See: a.seeKeys},
		report.Look{Name: "settings", Every: healthEvery, See: a.seeSettings},
		report.Look{Name: "threat", See: a.seeThreat},
		report.Look{Name: "places", Every: healthEvery, See: a.seePlaces},
	)
}

// timed is a part with how long it took since begun; err says that it does not work.
func timed(p report.Part, begun time.Time, err error, next string) report.Part {
	p.Took = time.Since(begun)
	if err != nil {
		p.State, p.Word, p.Note = report.Bad, "fails", next+" ("+err.Error()+")"
	}
	return p
}

func (a *App) seeDatabase(ctx context.Context) []report.Part {
	begun := time.Now()
	there, err := a.Store.Clock(ctx)
	p := timed(report.Part{Kind: report.PartDatabase, Name: "Database", State: report.Good, Word: "answers"}, begun, err, "The database does not answer: look whether it runs, and at database in the configuration.")
	if off := begun.Sub(there).Abs(); err == nil && off > clockSlack {
		p.State, p.Word = report.Warn, "clocks differ"
		p.Note = fmt.Sprintf("Its clock and ours are %s apart: synchronise both with NTP, or codes from apps stop working.", off.Round(time.Second))
	}
	return []report.Part{p}
}

func (a *App) seeDirectory(ctx context.Context, d directory.Directory) []report.Part {
	begun := time.Now()
	h := d.Health(ctx)
	p := report.Part{
		Kind: report.PartDirectory, Name: d.Key(), Of: d.Key(), State: report.Good, Word: "writes", Took: time.Since(begun),
	}
	switch {
	case !h.Readable:
		p.State, p.Word, p.Note = report.Bad, "out of reach", "No server takes our sign-in: "+h.Detail
	case !h.Writable:
		p.State, p.Word, p.Note = report.Bad, "reads only", "No password can be written: "+h.Detail
	}
	return []report.Part{p}
}

// seeServers goes over a directory as the doctor does, and tells of what is wrong with one of its servers or its rights: the directory
// may work all the same.
func seeServers(ctx context.Context, key string, c directory.Checker) []report.Part {
	var parts []report.Part
	for _, f := range c.Check(ctx) {
		if !f.OK {
			parts = append(parts, report.Part{
				Kind: report.PartServer, Name: key + " · " + f.Name, Of: key, State: report.Warn, Word: "needs a look", Note: f.Text,
			})
		}
	}
	return parts
}

func (a *App) seeCopies(ctx context.Context) []report.Part {
	states, err := a.Store.SyncStates(ctx)
	if err != nil {
		return []report.Part{{Kind: report.PartSync, Name: "Copies of the directories", State: report.Warn, Word: "not known", Note: err.Error()}}
	}
	byKey := map[string]sync.State{}
	for _, s := range states {
		byKey[s.Directory] = s
	}
	snap := a.Settings.Snapshot()
	var parts []report.Part
	for _, d := range snap.Directories {
		if _, ok := d.(sync.Source); ok {
			parts = append(parts, copyPart(d.Key(), byKey[d.Key()], snap.Sync.Every, time.Now()))
		}
	}
	return parts
}

// copyPart tells of a copy. An old one keeps nobody out: groups are read live then.
func copyPart(key string, s sync.State, every time.Duration, now time.Time) report.Part {
	f := syncFinding(s, every, now)
	p := report.Part{Kind: report.PartSync, Name: key + " · copy", Of: key, State: report.Good, Word: "up to date", Success: s.Current}
	switch {
	case !f.OK:
		p.State, p.Word, p.Note = report.Warn, "behind", f.Text
	case s.Current.IsZero():
		p.State, p.Word, p.Note = report.Warn, "being read", "It was not read to the end yet: figures of coverage wait for that."
	}
	return p
}

func (a *App) seeMail(ctx context.Context) []report.Part {
	begun := time.Now()
	err := a.sender.Probe(ctx)
	mail := timed(report.Part{Kind: report.PartMail, Name: "Mail", State: report.Good, Word: "sends"}, begun, err, "The mail server does not take our sign-in: look at mail in the settings.")
	dead, err := a.Store.DeadMessages(ctx)
	letters := report.Part{Kind: report.PartDead, Name: "Messages given up", State: report.Good, Word: "none"}
	switch {
	case err != nil:
		letters.State, letters.Word, letters.Note = report.Warn, "not known", err.Error()
	case dead > 0:
		letters.State, letters.Word = report.Warn, fmt.Sprint(dead)
		letters.Note = "These could not be delivered: look why, and have them tried again."
	}
	return []report.Part{mail, letters}
}

func (a *App) seeSMS(ctx context.Context) []report.Part {
	begun := time.Now()
	err := a.texter.Probe(ctx)
	return []report.Part{timed(report.Part{Kind: report.PartSMS, Name: "Text messages", State: report.Good, Word: "gateway answers"}, begun, err, "The gateway does not answer: look at sms in the settings.")}
}

func (a *App) seeJobs(ctx context.Context) []report.Part {
	waiting, late, err := a.Store.Queue(ctx)
	p := report.Part{Kind: report.PartJobs, Name: "Work in the background", State: report.Good, Word: "keeps up"}
	switch {
	case err != nil:
		p.State, p.Word, p.Note = report.Warn, "not known", err.Error()
	case late > queueLate:
		p.State, p.Word = report.Bad, "late"
		p.Note = fmt.Sprintf("%d wait, one of them for %s: does a replica run that sends messages?", waiting, late.Round(time.Second))
	}
	return []report.Part{p}
}

func (a *App) seeKeys(ctx context.Context) []report.Part {
	begun := time.Now()
	err := a.Keys.Refresh(ctx)
	return []report.Part{timed(report.Part{Kind: report.PartKeys, Name: "Keys", State: report.Good, Word: "open"}, begun, err, "The keyset cannot be opened with this replica's key.")}
}

func (a *App) seeSettings(ctx context.Context) []report.Part {
	force := a.Settings.Snapshot().Version
	p := report.Part{Kind: report.PartSettings, Name: "Settings", State: report.Good, Word: fmt.Sprintf("version %d", force)}
	last, err := a.Store.LatestSettings(ctx)
	switch {
	case err != nil:
		p.State, p.Word, p.Note = report.Warn, "not known", err.Error()
	case last.Number != force:
		p.State = report.Warn
		p.Note = fmt.Sprintf("Version %d was saved, and this replica still works by %d: if that stays, its log says why.", last.Number, force)
	}
	return []report.Part{p}
}

func (a *App) seeThreat(context.Context) []report.Part {
	now := a.Threat.Now()
	p := report.Part{Kind: report.PartThreat, Name: "Threat level", State: report.Good, Word: "none"}
	switch {
	case !a.Threat.Ready():
		p.State, p.Word, p.Note = report.Warn, "not known", "The level could not be read lately: this replica goes on by the last one."
	case now.Level == policy.Stopped:
		p.State, p.Word, p.Note = report.Bad, string(now.Level), threatNote(now.Author, now.Reason, now.Until)
	case now.Level != policy.Calm:
		p.State, p.Word, p.Note = report.Warn, string(now.Level), threatNote(now.Author, now.Reason, now.Until)
	}
	return []report.Part{p}
}

func threatNote(author, reason string, until time.Time) string {
	if author == "" {
		return reason
	}
	return fmt.Sprintf("%s set it until %s: %s", author, until.UTC().Format("2 Jan 15:04 MST"), reason)
}

func (a *App) seePlaces(context.Context) []report.Part {
	var parts []report.Part
	for _, f := range doctorGeo(a.places().Status()) {
		if !f.OK {
			parts = append(parts, report.Part{Kind: report.PartGeo, Name: f.Name, State: report.Warn, Word: "needs a look", Note: f.Text})
		}
	}
	return parts
}
