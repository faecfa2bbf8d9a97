package operateui_test

import (
	"context"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"rekey/internal/directory"
	"rekey/internal/lab/pgtest"
	"rekey/internal/operate"
	"rekey/internal/role"
	"rekey/internal/server"
	"rekey/internal/server/console"
	"rekey/internal/server/consoletest"
	"rekey/internal/server/operateui"
	"rekey/internal/server/review"
	"rekey/internal/settings"
	"rekey/internal/threat"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }

// desk is a console with the pages of operation. One of its two checks waits until it is let through.
type desk struct {
	*consoletest.Desk
	gate chan struct{}
}

func newDesk(t *testing.T) desk {
	t.Helper()
	d := desk{gate: make(chan struct{}, 2)}
	d.Desk = consoletest.New(t, func(c *consoletest.Desk) []server.Area {
		d.Desk = c
		doctor := operate.NewDoctor(c.Store, d.checks, c.Now, slog.New(slog.DiscardHandler))
		t.Cleanup(doctor.Close)
		switcher := threat.NewManager(c.Store, c.Now, slog.New(slog.DiscardHandler))
		if err := switcher.Load(t.Context()); err != nil {
			t.Fatal(err)
		}
		ui := &operateui.UI{
			Console: c.Console, Review: &review.Review{Console: c.Console, Configure: c.Configure}, Configure: c.Configure,
			Jobs: &operate.Jobs{Store: c.Store, Now: c.Now}, Doctor: doctor, Threat: switcher,
			Keys: &operate.Keys{Make: c.Keys.Rotate, Recorder: c.Store, Now: c.Now, List: func() []operate.Key {
				var all []operate.Key
				for _, k := range c.Keys.List() {
					all = append(all, operate.Key(k))
				}
				return all
			}},
		}
		return []server.Area{ui.Area()}
	})
	return d
}

func (d desk) checks() []operate.Check {
	wait := func(ctx context.Context) {
		select {
		case <-d.gate:
		case <-ctx.Done():
		}
	}
	return []operate.Check{
		{Name: "mail", Run: func(ctx context.Context) []directory.Finding {
			wait(ctx)
			return []directory.Finding{{Name: "undelivered", Text: "2 messages were given up " + consoletest.XSS}}
		}},
		{Name: "the database", Run: func(ctx context.Context) []directory.Finding {
			wait(ctx)
			return []directory.Finding{{Name: "database", OK: true, Text: "answers"}}
		}},
	}
}

// dead puts a message that was given up into the queue.
func (d desk) dead(t *testing.T) int64 {
	t.Helper()
	var id int64
	err := d.Pool.QueryRow(t.Context(), `
		INSERT INTO river_job (kind, args, state, attempt, max_attempts, errors, priority, queue, scheduled_at, created_at, finalized_at)
		VALUES ('deliver', '{"id": "m1", "sealed": "Ym9keQ=="}', 'discarded', 1, 25, ARRAY[$1::jsonb], 1, 'default', $2, $2, $2) RETURNING id`,
		`{"at": "2026-03-01T11:00:00Z", "attempt": 1, "error": "550 `+`<script>alert(1)</script>", "trace": "goroutine 1"}`, d.Now()).Scan(&id)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func has(t *testing.T, what, body string, parts ...string) {
	t.Helper()
	exported(t, what, body, parts...)
	if strings.Contains(body, "<script>alert") {
		t.Errorf("%s: markup in data is not escaped", what)
	}
}

// exported is has for a file, where markup is text.
func exported(t *testing.T, what, body string, parts ...string) {
	t.Helper()
	for _, p := range parts {
		if !strings.Contains(body, p) {
			t.Errorf("%s lacks %q", what, p)
		}
	}
}

func lacks(t *testing.T, what, body string, parts ...string) {
	t.Helper()
	for _, p := range parts {
		if strings.Contains(body, p) {
			t.Errorf("%s has %q", what, p)
		}
	}
}

func TestEveryRoleIsKeptToItsPages(t *testing.T) {
	d := newDesk(t)
	d.Refused(map[string]string{"id": strconv.FormatInt(d.dead(t), 10), "number": "1", "level": "stop"})
}

func TestDeadLetters(t *testing.T) {
	d := newDesk(t)
	id := strconv.FormatInt(d.dead(t), 10)
	c := d.Client(role.Owner)
	list := c.Get(console.JobsURL + "?state=given-up&q=550")
	has(t, "the list", list.Body, "Given up", `href="/admin/jobs/`+id+`"`, "550 ", "m1")
	lacks(t, "the list", list.Body, "Ym9keQ", "goroutine")
	if got := c.Get(console.JobsURL + "?state=running"); !strings.Contains(got.Body, "None is like that.") {
		t.Error("a filter that fits nothing says nothing")
	}
	exported(t, "the export", c.Get(console.JobsURL+".csv").Body, "id,kind,state", id+",deliver,given-up,m1")
	auditor := d.Client(role.Auditor)
	lacks(t, "an auditor's page", auditor.Get(console.JobsURL+"/"+id).Body, "/retry", "/drop")
	has(t, "the job", c.Get(console.JobsURL+"/"+id).Body, "Try again now", "Drop …", "Try 1")
	if got := c.Post(console.JobsURL+"/"+id+"/drop", nil); got.Status != http.StatusUnprocessableEntity {
		t.Errorf("dropped without a reason: status %d", got.Status)
	}
	has(t, "retried", c.Follow(console.JobsURL+"/"+id+"/retry", nil).Body, "tried again within a second", "Waiting")
	has(t, "the question", c.Get(console.JobsURL+"/"+id+"/drop").Body, "This cannot be undone.", "never sent")
	has(t, "dropped", c.Follow(console.JobsURL+"/"+id+"/drop", url.Values{"reason": {"left"}}).Body, "The job is dropped.")
	if got := c.Get(console.JobsURL + "/" + id); got.Status != http.StatusNotFound {
		t.Errorf("afterwards: status %d", got.Status)
	}
	if got := d.Audit(); !slices.Equal(got[len(got)-2:], []string{"job.retried", "job.dropped"}) {
		t.Errorf("recorded %v", got)
	}
	for _, path := range []string{"/0", "/x", "/99999999999999999999"} {
		if got := c.Get(console.JobsURL + path); got.Status != http.StatusNotFound {
			t.Errorf("%s: status %d", path, got.Status)
		}
	}
}

func TestKeysAreRotated(t *testing.T) {
	d := newDesk(t)
	c := d.Client(role.Owner)
	lacks(t, "an auditor's page", d.Client(role.Auditor).Get(console.KeysURL).Body, "/rotate")
	has(t, "the keys", c.Get(console.KeysURL).Body, "seals", "rekey keys rewrap")
	if got := c.Post(console.KeysURL+"/rotate", nil); got.Status != http.StatusUnprocessableEntity || len(d.Keys.List()) != 1 {
		t.Errorf("without a reason: status %d, %d keys", got.Status, len(d.Keys.List()))
	}
	has(t, "rotated", c.Follow(console.KeysURL+"/rotate", url.Values{"reason": {"every year"}}).Body, "A new key seals", "opens what it sealed")
	if len(d.Keys.List()) != 2 {
		t.Errorf("%d keys", len(d.Keys.List()))
	}
	d.Advance(d.Settings.Snapshot().Console.StepUp + time.Second)
	c.Post(console.KeysURL+"/rotate", url.Values{"reason": {"with an old passkey"}})
	if len(d.Keys.List()) != 2 {
		t.Error("rotated without a fresh passkey")
	}
}

func TestTheThreatLevel(t *testing.T) {
	d := newDesk(t)
	c := d.Client(role.Owner)
	has(t, "before", c.Get(console.ThreatURL).Body, "No level is set", "/admin/threat/set/stop")
	lacks(t, "an auditor's page", d.Client(role.Auditor).Get(console.ThreatURL).Body, "/admin/threat/set/")
	ask := c.Get(console.ThreatURL + "/set/stop")
	has(t, "the question", ask.Body, "Nobody can reset", "4 hours")
	for name, form := range map[string]url.Values{
		"no reason": {"for": {"4h"}}, "no time": {"reason": {"attack"}}, "too long": {"for": {"10000h"}, "reason": {"attack"}},
	} {
		if got := c.Post(console.ThreatURL+"/set/stop", form); got.Status != http.StatusUnprocessableEntity {
			t.Errorf("%s: status %d", name, got.Status)
		}
	}
	if got := c.Post(console.ThreatURL+"/set/panic", url.Values{"for": {"4h"}, "reason": {"x"}}); got.Status != http.StatusNotFound {
		t.Errorf("an unknown level: status %d", got.Status)
	}
	page := c.Follow(console.ThreatURL+"/set/stop", url.Values{"for": {"4h"}, "reason": {"passwords are guessed " + consoletest.XSS}})
	has(t, "set", page.Body, "Everything is stopped", "passwords are guessed", "Change its end", "/admin/threat/end", `CORP\owner`)
	has(t, "another level", c.Get(console.ThreatURL+"/set/raise").Body, "This takes its place.")
	has(t, "ended", c.Follow(console.ThreatURL+"/end", url.Values{"reason": {"over"}}).Body, "The level has ended.", "No level is set")
	if got := c.Post(console.ThreatURL+"/end", url.Values{"reason": {"again"}}); got.Status != http.StatusConflict {
		t.Errorf("ended twice: status %d", got.Status)
	}
	lacks(t, "the list of ends", c.Get(console.ThreatURL+"?level=none").Body, "passwords are guessed")
	exported(t, "the export", c.Get(console.ThreatURL+".csv").Body, "change,made,level", ",stop,")
	var by string
	if err := d.Pool.QueryRow(t.Context(), `SELECT by FROM audit_event WHERE name = 'threat.set'`).Scan(&by); err != nil || by != `CORP\owner` {
		t.Errorf("recorded as set by %q, %v", by, err)
	}
}

func TestTheDoctor(t *testing.T) {
	d := newDesk(t)
	c := d.Client(role.Owner)
	has(t, "before", c.Get(console.DoctorURL).Body, "Nothing was checked yet", "Check everything now")
	if got := c.Post(console.DoctorURL, nil); got.Location != console.DoctorURL {
		t.Fatalf("status %d", got.Status)
	}
	page := c.Get(console.DoctorURL)
	has(t, "under way", page.Body, "Looking at: mail", "0 of 2", `hx-get="/admin/doctor/progress"`, `http-equiv="refresh"`)
	lacks(t, "under way", page.Body, "Check everything now")
	d.gate <- struct{}{}
	d.gate <- struct{}{}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		part := c.Part(http.MethodGet, console.DoctorURL+"/progress", nil)
		if part.Header.Get("Hx-Redirect") == console.DoctorURL {
			break
		}
		if ctx.Err() != nil {
			t.Fatalf("the checks never end: %s", part.Body)
		}
		<-tick.C
	}
	page = d.Client(role.Auditor).Get(console.DoctorURL)
	has(t, "the end", page.Body, "1 to put right", "1 in order", "2 messages were given up", "/admin/jobs?state=given-up", `CORP\owner`)
	lacks(t, "an auditor's page", page.Body, "Check everything now")
}

func (d desk) change(t *testing.T, firm, reason string) {
	t.Helper()
	text := strings.Replace(consoletest.Document, "firm: Example Corp", "firm: "+firm, 1) + d.Roles()
	if _, err := d.Settings.Apply(t.Context(), "t.yaml", []byte(text), settings.Change{Author: "carl", Reason: reason, Origin: settings.FromOperator}); err != nil {
		t.Fatal(err)
	}
}

func TestHistoryAndRevert(t *testing.T) {
	d := newDesk(t)
	d.change(t, "Other Corp", "a merger "+consoletest.XSS)
	d.change(t, "Third Corp", "another one")
	c := d.Client(role.Owner)
	has(t, "the list", c.Get(console.SettingsURL).Body, "a merger", "brand.firm", "carl", "/admin/settings/3")
	narrow := c.Get(console.SettingsURL + "?q=merger").Body
	has(t, "one that fits", narrow, "a merger")
	lacks(t, "one that fits", narrow, "another one")
	exported(t, "the export", c.Get(console.SettingsURL+".csv").Body, "brand.firm,changed,Other Corp,Third Corp")
	has(t, "a version", c.Get(console.SettingsURL+"/2").Body, "Example Corp", "Other Corp", "Go back to this version")
	has(t, "compared with another", c.Get(console.SettingsURL+"/3?from=1").Body, "Third Corp", "version 1")
	lacks(t, "the newest", c.Get(console.SettingsURL+"/3").Body, "Go back to this version")
	yaml := d.Client(role.Auditor).Get(console.SettingsURL + "/2/yaml")
	if !strings.Contains(yaml.Body, "firm: Other Corp") || !strings.Contains(yaml.Header.Get("Content-Disposition"), "rekey-settings-2.yaml") {
		t.Errorf("the document: %v", yaml.Header)
	}
	ask := c.Post(console.SettingsURL+"/1/revert", nil)
	has(t, "the review", ask.Body, "Third Corp", "Example Corp", "Go back to version 1", "Reason")
	form := url.Values{"draft": {field(t, ask.Body, "draft")}, "title": {"Go back to version 1"}}
	if got := c.Post(console.SettingsURL+"/save", form); got.Status != http.StatusUnprocessableEntity || d.Settings.Snapshot().Version != 3 {
		t.Errorf("without a reason: status %d, version %d", got.Status, d.Settings.Snapshot().Version)
	}
	form.Set("reason", "the merger is off")
	has(t, "saved", c.Follow(console.SettingsURL+"/save", form).Body, "Saved as version 4.", "the merger is off", `CORP\owner`)
	if got := d.Settings.Snapshot().Brand.Firm; got != "Example Corp" {
		t.Errorf("the firm is %s", got)
	}
	if got := c.Post(console.SettingsURL+"/save", form); got.Status != http.StatusConflict || !strings.Contains(got.Body, "Somebody was faster") {
		t.Errorf("the form a second time: status %d", got.Status)
	}
}

func TestImport(t *testing.T) {
	d := newDesk(t)
	c := d.Client(role.Owner)
	has(t, "the form", c.Get(console.SettingsURL+"/import").Body, "brand:", "the settings of a test")
	text := strings.Replace(consoletest.Document, "4357", "9999", 1) + d.Roles()
	bad := c.Post(console.SettingsURL+"/import", url.Values{"text": {text + "nonsense: 1\n"}})
	has(t, "what cannot be used", bad.Body, "What keeps it from being saved", "nonsense")
	lacks(t, "what cannot be used", bad.Body, `name="reason"`)
	ask := c.Post(console.SettingsURL+"/import", url.Values{"text": {strings.ReplaceAll(text, "\n", "\r\n")}})
	has(t, "the review", ask.Body, "9999", "brand.help_text")
	form := url.Values{"draft": {field(t, ask.Body, "draft")}, "title": {"Import settings"}, "reason": {"a new number"}}
	has(t, "saved", c.Follow(console.SettingsURL+"/save", form).Body, "Saved as version 2.")
	admin := d.Client(role.PolicyAdmin) // may neither change gateways nor roles
	text = strings.Replace(text, "host: mail.example.test", "host: evil.example.test", 1)
	refused := admin.Post(console.SettingsURL+"/import", url.Values{"text": {text}})
	has(t, "what the role does not include", refused.Body, "connectors.edit")
	lacks(t, "what the role does not include", refused.Body, `name="reason"`)
}

// field reads a hidden input.
func field(t *testing.T, body, name string) string {
	t.Helper()
	_, rest, ok := strings.Cut(body, `name="`+name+`" value="`)
	if !ok {
		t.Fatalf("there is no field %s in %s", name, body)
	}
	value, _, _ := strings.Cut(rest, `"`)
	return value
}
