package app

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"rekey/internal/audit"
	"rekey/internal/fault"
	"rekey/internal/policy"
	"rekey/internal/preview"
	"rekey/internal/settings"
	"rekey/internal/site"
)

// Plan is what a settings document would change.
type Plan struct {
	After int64  `json:"after"` // the version in force
	Diff  string `json:"diff"`  // of the text; empty: none
	// Unchecked says why nobody was looked at; empty: people were. Nothing has to be looked at when nothing that decides about people
	// differs.
	Unchecked string         `json:"unchecked,omitempty"`
	Alike     bool           `json:"alike"` // nothing that decides about people differs
	Report    preview.Report `json:"report"`
}

// Unable tells who would become unable to reset, of how many who can.
func (p Plan) Unable() (people preview.Group, able int64) {
	for _, e := range p.Report.Effects {
		if e.Action == policy.Reset {
			return e.Unable, e.Able
		}
	}
	return preview.Group{}, 0
}

// Proposal is a settings document to look at or to put in force.
type Proposal struct {
	Name           string // for errors: the file
	Text           []byte
	Author, Reason string
	Notes          map[string]string // for the audit log
}

// Plan checks a document, compares it with the version in force, and decides about everybody known by both.
func (a *App) Plan(ctx context.Context, p Proposal, o preview.Options) (Plan, error) {
	will, err := a.Settings.Try(p.Name, p.Text)
	if err != nil {
		return Plan{}, err
	}
	now, err := a.SettingsVersion(ctx, 0)
	if err != nil && fault.Of(err).Kind == fault.NotFound {
		return Plan{Diff: settings.Diff("", string(p.Text)), Unchecked: "no settings are in force yet"}, nil
	}
	if err != nil {
		return Plan{}, err
	}
	plan := Plan{After: now.Number, Diff: settings.Diff(string(now.Document), string(p.Text))}
	name := versionName(now.Number)
	before, err := settings.ReadPlain(name, now.Document)
	if err != nil {
		plan.Unchecked = "the version in force cannot be read: " + err.Error()
		return plan, nil
	}
	after, err := settings.ReadPlain(p.Name, p.Text)
	if err != nil {
		return Plan{}, err
	}
	if plan.Alike = before.DecidesAs(after); plan.Alike {
		return plan, nil
	}
	was, err := a.Settings.Try(name, now.Document)
	if err != nil {
		plan.Unchecked = "the version in force cannot be used: " + err.Error()
		return plan, nil
	}
	if err := a.look(ctx, &plan, was, will, before.ReadsAs(after), o); err != nil {
		return plan, err
	}
	d, err := settings.Parse(p.Name, p.Text)
	plan.Report.Notes = append(plan.Report.Notes, notYet(d, cmp.Or(o.At, time.Now()))...)
	return plan, err
}

// notYet names what holds only from later on than the moment that was looked at.
func notYet(d settings.Document, at time.Time) (notes []string) {
	note := func(name string, from time.Time) {
		if from.After(at) {
			notes = append(notes, fmt.Sprintf("%s begins later and was not looked at; this does: --at %s", name, from.Format(time.RFC3339)))
		}
	}
	for _, p := range d.Policies {
		note(p.Name, p.From)
	}
	for _, r := range d.Rules {
		note(r.Name, r.From)
	}
	return notes
}

// look compares two versions over everybody in the copy, and says where the copy cannot tell.
func (a *App) look(ctx context.Context, plan *Plan, was, will *site.Snapshot, reads bool, o preview.Options) error {
	p := preview.Service{Store: a.Store, Now: time.Now}
	var err error
	if plan.Report, err = p.Compare(ctx, was, will, o); err != nil {
		return err
	}
	r := &plan.Report
	if !slices.ContainsFunc(r.Copies, func(c preview.Copy) bool { return c.People > 0 }) {
		plan.Unchecked = "no directory has been copied yet (docs/sync.md)"
	}
	for _, c := range r.Copies {
		if c.At.IsZero() {
			r.Notes = append(r.Notes, c.Directory+" has never been copied to the end: not everybody in it was looked at")
		}
	}
	if !reads {
		r.Notes = append(r.Notes, "directories differ: what they would read by the new version, the copy cannot tell")
	}
	return nil
}

// TooManyUnableError refuses a change that would keep more people from a reset than allowed.
type TooManyUnableError struct {
	Unable        preview.Group
	Able, Allowed int64
}

// Error implements error.
func (e *TooManyUnableError) Error() string {
	return fmt.Sprintf("%d of the %d people who can reset could not any more; %d are allowed", e.Unable.Count, e.Able, e.Allowed)
}

// ApplySettings puts a document in force unless more people than limit allows would become unable to reset. Without a limit nobody is
// looked at. Errors: *TooManyUnableError, which is recorded; those of settings.Manager.Apply, also when another version was saved
// since the look.
func (a *App) ApplySettings(ctx context.Context, p Proposal, limit preview.Limit, o preview.Options) (int64, Plan, error) {
	ch := settings.Change{Author: p.Author, Reason: p.Reason, Origin: settings.FromOperator, Notes: p.Notes}
	if limit == nil {
		ch.Notes = noted(ch.Notes, "unable", "not looked at")
		n, err := a.Settings.Apply(ctx, p.Name, p.Text, ch)
		return n, Plan{}, err
	}
	plan, err := a.Plan(ctx, p, o)
	if err != nil {
		return 0, plan, err
	}
	unable, able := plan.Unable()
	switch allowed := limit(able); {
	case unable.Count > allowed:
		return 0, plan, a.refuse(ctx, p, plan.After, &TooManyUnableError{unable, able, allowed})
	case plan.Unchecked != "":
		ch.Notes = noted(ch.Notes, "unable", "not known: "+plan.Unchecked)
	case !plan.Alike:
		ch.Notes = noted(ch.Notes, "unable", strconv.FormatInt(unable.Count, 10))
	}
	ch.After = plan.After
	n, err := a.Settings.Apply(ctx, p.Name, p.Text, ch)
	return n, plan, err
}

// refuse records that a change was refused, and why.
func (a *App) refuse(ctx context.Context, p Proposal, inForce int64, why *TooManyUnableError) error {
	detail := map[string]string{
		"author": p.Author, "reason": p.Reason,
		"unable": strconv.FormatInt(why.Unable.Count, 10), "allowed": strconv.FormatInt(why.Allowed, 10),
	}
	maps.Copy(detail, p.Notes)
	if err := a.Store.Record(ctx, audit.Event{
		Name: audit.SettingsApplied, At: time.Now(), Actor: audit.Operator, Outcome: audit.Refused, Reason: "too-many-unable", Settings: inForce,
		Detail: detail,
	}); err != nil {
		return err
	}
	return why
}

func noted(notes map[string]string, key, value string) map[string]string {
	all := map[string]string{key: value}
	maps.Copy(all, notes)
	return all
}

// Reversion is the proposal to put an earlier version in force again.
func (a *App) Reversion(ctx context.Context, number int64) (Proposal, error) {
	v, err := a.Store.SettingsVersion(ctx, number)
	if err != nil {
		return Proposal{}, err
	}
	return Proposal{Name: versionName(number), Text: v.Document, Notes: map[string]string{"reverts": strconv.FormatInt(number, 10)}}, nil
}

func versionName(number int64) string { return fmt.Sprintf("settings version %d", number) }

// Drift tells what differs between the version in force (-) and a document (+), comments and the order of keys left aside; empty:
// nothing.
func (a *App) Drift(ctx context.Context, name string, text []byte) (string, error) {
	now, err := a.SettingsVersion(ctx, 0)
	if err != nil {
		return "", err
	}
	before, err := settings.ReadPlain(versionName(now.Number), now.Document)
	if err != nil {
		return "", err
	}
	after, err := settings.ReadPlain(name, text)
	if err != nil || before.Alike(after) {
		return "", err
	}
	return settings.Diff(before.String(), after.String()), nil
}

// SettingsDiff tells what turned one saved version into another; 0 means the newest.
func (a *App) SettingsDiff(ctx context.Context, from, to int64) (string, error) {
	one, err := a.SettingsVersion(ctx, from)
	if err != nil {
		return "", err
	}
	other, err := a.SettingsVersion(ctx, to)
	if err != nil {
		return "", err
	}
	return settings.Diff(string(one.Document), string(other.Document)), nil
}
