package auditui_test

import (
	"context"
	"encoding/csv"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"rekey/internal/account"
	"rekey/internal/audit"
	"rekey/internal/evidence"
	"rekey/internal/factor"
	"rekey/internal/lab/pgtest"
	"rekey/internal/ledger"
	"rekey/internal/role"
	"rekey/internal/server"
	"rekey/internal/server/auditui"
	"rekey/internal/server/console"
	"rekey/internal/server/consoletest"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }

// desk is a console with the pages about the audit log.
type desk struct {
	*consoletest.Desk
	service *evidence.Service
}

func newDesk(t *testing.T) *desk {
	t.Helper()
	d := &desk{}
	d.Desk = consoletest.New(t, func(c *consoletest.Desk) []server.Area {
		d.service = evidence.New(evidence.Deps{
			Store: c.Store, Searches: c.Store, Checks: c.Store, Extracts: c.Store, Now: c.Now, Log: slog.New(slog.NewTextHandler(c.Log, nil)),
		})
		t.Cleanup(d.service.Close)
		return []server.Area{(&auditui.UI{Console: c.Console, Service: d.service}).Area()}
	})
	return d
}

// record writes one record of somebody.
func (d *desk) record(t *testing.T, name audit.Name, outcome audit.Outcome, change func(*audit.Event)) {
	t.Helper()
	ev := audit.Event{
		Name: name, At: d.Now(), Actor: audit.Person, Outcome: outcome, Subject: d.ID("anna"), Flow: "flow-of-anna", Purpose: "reset", Policy: "Staff",
		Settings: 1, Factors: []factor.Kind{factor.TOTP},
		Source: audit.Source{Address: netip.MustParseAddr("203.0.113.9"), Agent: "Mozilla/5.0 (Windows NT 10.0) Firefox/140.0", RequestID: "request7"},
		Detail: map[string]string{"name": "anna.adler"},
	}
	if change != nil {
		change(&ev)
	}
	if err := d.Store.Record(t.Context(), ev); err != nil {
		t.Fatal(err)
	}
}

// attempt is a reset that was finished. It gives the number of its first record.
func (d *desk) attempt(t *testing.T) int64 {
	t.Helper()
	first := int64(len(d.Audit()))
	d.record(t, audit.FlowStarted, audit.OK, func(ev *audit.Event) { ev.Factors = nil })
	d.record(t, audit.ProofRejected, audit.Refused, func(ev *audit.Event) { ev.Reason, ev.At = "wrong-code", d.Now().Add(14*time.Second) })
	d.record(t, audit.WriteDone, audit.OK, func(ev *audit.Event) { ev.At = d.Now().Add(time.Minute) })
	return first
}

func TestPagesAreOpenToTheRolesThatNeedThemAlone(t *testing.T) {
	d := newDesk(t)
	d.Refused(map[string]string{"number": "0", "id": "x"})
	if got := d.Client(role.Owner).Get("/admin/audit/export"); got.Status != http.StatusForbidden {
		t.Errorf("an owner takes records away: status %d", got.Status)
	}
	if strings.Contains(d.Client(role.Owner).Get(console.AuditURL).Body, "/admin/audit/export") {
		t.Error("an owner is shown the way")
	}
}

func TestSearchShowsWhatFits(t *testing.T) {
	d := newDesk(t)
	d.attempt(t)
	c := d.Client(role.Auditor)
	for address, want := range map[string][]string{
		"":                                   {"The directory was changed", "Gave a name and began", "203.0.113.9", "anna.adler", `data-result>`},
		"?event=write.done":                  {"The directory was changed", "1 record<"},
		"?event=write.done&event=threat.set": {"1 record<"},
		"?outcome=refused":                   {"Gave a proof that was wrong", "The code was wrong", "1 record<"},
		"?person=ANNA.adler":                 {"3 records<"},
		"?person=" + url.QueryEscape(d.ID("anna").String()): {"3 records<"},
		"?person=nobody":                 {"No record fits", "Show all records"},
		"?address=203.0.113.0%2F24":      {"3 records<"},
		"?address=rubbish":               {"neither an IP address nor a network"},
		"?from=rubbish&until=2026-99-99": {"A day is written like"},
		"?flow=flow-of-anna&sort=rising": {"3 records<", `aria-sort="ascending"`},
		"?show=browser":                  {"Firefox on Windows"},
		"?method=totp&policy=Staff":      {"2 records<"},
	} {
		got := c.Get(console.AuditURL + address)
		if got.Status != http.StatusOK {
			t.Errorf("%s: status %d", address, got.Status)
		}
		for _, w := range want {
			if !strings.Contains(got.Body, w) {
				t.Errorf("%s: the page lacks %s", address, w)
			}
		}
	}
}

func TestPagesLeadThroughAllRecordsAndBack(t *testing.T) {
	d := newDesk(t)
	for n := range 120 {
		d.record(t, audit.ProofRejected, audit.Refused, func(ev *audit.Event) {
			ev.Flow, ev.Detail = "", map[string]string{"name": fmt.Sprintf("person-%03d", n)}
		})
	}
	c := d.Client(role.Auditor)
	for _, start := range []string{"?event=proof.rejected", "?event=proof.rejected&sort=rising"} {
		seen := 0
		page := c.Get(console.AuditURL + start).Body
		for _, label := range []string{"on", "on", "", "back", "back"} {
			seen += strings.Count(page, ">person-")
			rel := map[string]string{"on": "next", "back": "prev"}[label]
			if strings.Contains(start, "rising") {
				rel = map[string]string{"on": "prev", "back": "next"}[label]
			}
			if label == "" {
				continue
			}
			at, ok := link(page, rel)
			if !ok {
				t.Fatalf("%s: no link %s", start, label)
			}
			page = c.Get(at).Body
		}
		if seen += strings.Count(page, ">person-"); seen != 120+20+50+50 {
			t.Errorf("%s: %d records on the way there and back", start, seen)
		}
	}
}

// link finds a link of the pager.
func link(page, rel string) (string, bool) {
	_, nav, ok := strings.Cut(page, `class="pager"`)
	for ok {
		var a string
		if _, nav, ok = strings.Cut(nav, "<a "); !ok {
			break
		}
		if a, _, _ = strings.Cut(nav, ">"); strings.Contains(a, `rel="`+rel+`"`) {
			_, href, _ := strings.Cut(a, `href="`)
			href, _, _ = strings.Cut(href, `"`)
			return strings.ReplaceAll(href, "&amp;", "&"), true
		}
	}
	return "", false
}

// TestAttack39PersonalDataOfTheLog: who may not see it gets none of it, on any page, and cannot find it out by searching.
func TestAttack39PersonalDataOfTheLog(t *testing.T) {
	d := newDesk(t)
	record := auditui.RecordURL(d.attempt(t))
	c := d.Client(role.PolicyAdmin)
	for _, path := range []string{console.AuditURL, console.AuditURL + "?show=browser&show=address&show=person", record, auditui.FlowURL("flow-of-anna")} {
		body := c.Get(path).Body
		for _, secret := range []string{"203.0.113.9", "anna.adler", "Windows NT"} {
			if strings.Contains(body, secret) {
				t.Errorf("%s shows %s", path, secret)
			}
		}
	}
	if body := c.Get(console.AuditURL + "?address=203.0.113.77").Body; !strings.Contains(body, "3 records<") || !strings.Contains(body, "203.0.113.0/24") {
		t.Error("a single address can be searched for")
	}
	if body := d.Client(role.Auditor).Get(record).Body; !strings.Contains(body, "203.0.113.9") {
		t.Error("an auditor does not see the address")
	}
}

func TestRecordAndAttempt(t *testing.T) {
	d := newDesk(t)
	first := d.attempt(t)
	c := d.Client(role.Auditor)
	body := c.Get(auditui.RecordURL(first + 1)).Body
	for _, want := range []string{"Gave a proof that was wrong", "The code was wrong", "Authenticator app", "request7", auditui.FlowURL("flow-of-anna"), `href="` + auditui.RecordURL(first+2) + `"`, "Everything from this address"} {
		if !strings.Contains(body, want) {
			t.Errorf("the record lacks %s", want)
		}
	}
	body = c.Get(auditui.FlowURL("flow-of-anna")).Body
	began, wrong, done := strings.Index(body, "Gave a name and began"), strings.Index(body, "Gave a proof that was wrong"), strings.Index(body, "The directory was changed")
	if began < 0 || wrong < began || done < wrong || !strings.Contains(body, "14 s later") || !strings.Contains(body, "60 s") && !strings.Contains(body, "1 min") {
		t.Errorf("steps at %d, %d, %d", began, wrong, done)
	}
	for _, path := range []string{auditui.RecordURL(99), "/admin/audit/records/x", auditui.FlowURL("none")} {
		if got := c.Get(path); got.Status != http.StatusNotFound {
			t.Errorf("%s: status %d", path, got.Status)
		}
	}
}

func TestExportIsAskedForRecordedAndProven(t *testing.T) {
	d := newDesk(t)
	d.attempt(t)
	c := d.Client(role.Auditor)
	const search = "?event=write.done"
	if body := c.Get("/admin/audit/export" + search).Body; !strings.Contains(body, "1 record<") || !strings.Contains(body, "The directory was changed") {
		t.Error("the page does not say what is taken away")
	}
	before := len(d.Audit())
	if got := c.Post("/admin/audit/export"+search, url.Values{"format": {"csv"}}); got.Status != http.StatusUnprocessableEntity || !strings.Contains(got.Body, "Say why") || len(d.Audit()) != before {
		t.Errorf("without a reason: status %d", got.Status)
	}
	form := url.Values{"format": {"jsonl"}, "reason": {"court order"}, "ticket": {"INC-9"}}
	got := c.Post("/admin/audit/export"+search, form)
	sum, err := ledger.Verify(strings.NewReader(got.Body), d.Keys.Verifier())
	if err != nil || sum.Records != 1 || !strings.Contains(got.Body, "anna.adler") || !strings.HasPrefix(got.Header.Get("Content-Disposition"), "attachment") {
		t.Errorf("verified %+v, error %v, %v", sum, err, got.Header)
	}
	form.Set("masked", "on")
	if got := c.Post("/admin/audit/export"+search, form); strings.Contains(got.Body, "anna.adler") || strings.Contains(got.Body, "203.0.113.9") {
		t.Error("a masked export names somebody")
	}
	rec, err := d.Store.AuditRecord(t.Context(), int64(before))
	if ev := rec.Event; err != nil || ev.Name != audit.AuditExported || ev.By != `CORP\auditor` || ev.Role != "auditor" || ev.Ticket != "INC-9" || ev.Detail["reason"] != "court order" {
		t.Errorf("recorded %+v, error %v", rec.Event, err)
	}
}

func TestCSVRunsNothing(t *testing.T) {
	d := newDesk(t)
	d.record(t, audit.FlowStarted, audit.OK, func(ev *audit.Event) {
		ev.Detail = map[string]string{"name": "=HYPERLINK(\"http://evil.example\")", "note": "@x"}
		ev.Source.Agent, ev.Policy = "+1+1", "-cmd"
	})
	got := d.Client(role.Auditor).Post("/admin/audit/export?event=flow.started", url.Values{"format": {"csv"}, "reason": {"test"}})
	rows, err := csv.NewReader(strings.NewReader(got.Body)).ReadAll()
	if err != nil || len(rows) != 2 || rows[0][0] != "number" {
		t.Fatalf("%v, error %v", rows, err)
	}
	for i, cell := range rows[1] {
		if cell != "" && strings.ContainsRune("=+-@", rune(cell[0])) {
			t.Errorf("column %s holds %s", rows[0][i], cell)
		}
	}
}

func TestSavedSearches(t *testing.T) {
	d := newDesk(t)
	c, other := d.Client(role.Auditor), d.Client(role.Owner)
	if body := c.Get(console.AuditURL + "?outcome=refused").Body; !strings.Contains(body, "/admin/audit/save?outcome=refused") {
		t.Error("the search cannot be kept")
	}
	if got := c.Post("/admin/audit/save?outcome=refused", url.Values{"name": {" "}}); got.Status != http.StatusUnprocessableEntity {
		t.Errorf("without a name: status %d", got.Status)
	}
	for _, form := range []url.Values{{"name": {"Refused"}}, {"name": {"Shared " + consoletest.XSS}, "shared": {"on"}}} {
		got := c.Post("/admin/audit/save?outcome=refused&after=7", form)
		if got.Location != console.AuditURL+"?outcome=refused" {
			t.Errorf("leads to %q", got.Location)
		}
	}
	if got := c.Post("/admin/audit/save?outcome=refused", url.Values{"name": {"Refused"}}); got.Status != http.StatusUnprocessableEntity {
		t.Errorf("the same name again: status %d", got.Status)
	}
	body := other.Get(console.AuditURL).Body
	if strings.Contains(body, ">Refused<") || !strings.Contains(body, "Shared &#34;") && !strings.Contains(body, "Shared &quot;") || strings.Contains(body, "<script>alert") {
		t.Error("another administrator sees other than what is shared, or not as text")
	}
	all, err := d.service.Saved(t.Context(), evidence.Reader{Account: d.ID("auditor")})
	if err != nil || len(all) != 2 {
		t.Fatalf("kept %v, error %v", all, err)
	}
	remove := "/admin/audit/searches/" + all[1].ID + "/remove"
	if got := other.Post(remove, nil); got.Status != http.StatusNotFound {
		t.Errorf("somebody else's: status %d", got.Status)
	}
	if body := c.Follow(remove, nil).Body; strings.Contains(body, "Shared &#34;") {
		t.Error("it is still there")
	}
}

func TestCheckOfTheLog(t *testing.T) {
	d := newDesk(t)
	changed := d.attempt(t) + 1
	c := d.Client(role.Auditor)
	if body := c.Get("/admin/audit/check").Body; !strings.Contains(body, "never checked") {
		t.Error("an empty list says nothing")
	}
	if got := c.Post("/admin/audit/check", url.Values{"first": {"5"}, "last": {"x"}}); got.Status != http.StatusUnprocessableEntity {
		t.Errorf("no number: status %d", got.Status)
	}
	result := func(form url.Values) string {
		t.Helper()
		if got := c.Post("/admin/audit/check", form); got.Status != http.StatusSeeOther {
			t.Fatalf("status %d", got.Status)
		}
		until(t, func() bool {
			all, err := d.service.Checks(t.Context(), 1)
			return err == nil && !all[0].Running()
		})
		return c.Get("/admin/audit/check").Body
	}
	if body := result(url.Values{"first": {"1"}, "last": {"2"}}); !strings.Contains(body, "The log is complete and unchanged") || !strings.Contains(body, "Records 1 to 2") || !strings.Contains(body, "rekey-audit") {
		t.Error("a good log is not said to be good")
	}
	for _, sql := range []string{`ALTER TABLE audit_event DISABLE TRIGGER ALL`, fmt.Sprintf(`UPDATE audit_event SET leaf = replace(leaf, 'totp', 'mail') WHERE seq = %d`, changed)} {
		if _, err := d.Pool.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	if body := result(nil); !strings.Contains(body, "The log is not what was written") || !strings.Contains(body, `href="`+auditui.RecordURL(changed)+`"`) {
		t.Error("a changed record is not named")
	}
	if got := c.Part(http.MethodGet, "/admin/audit/check/progress", nil); got.Header.Get("Hx-Redirect") != "/admin/audit/check" {
		t.Errorf("progress of a check that is over: %v", got.Header)
	}
}

// until waits for something that happens in the background.
func until(t *testing.T, done func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !done() {
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatal("waited in vain")
		}
	}
}

// TestHostileRecordsShowAsText: every field of a record, and every part of an address.
func TestHostileRecordsShowAsText(t *testing.T) {
	d := newDesk(t)
	x := consoletest.XSS
	number := int64(len(d.Audit()))
	d.record(t, audit.Name(x), audit.Refused, func(ev *audit.Event) {
		ev.Actor, ev.Reason, ev.Flow, ev.Purpose, ev.Policy, ev.By, ev.Role, ev.Ticket = audit.ActorType(x), x, x, x, x, x, x, x
		ev.Subject, ev.Factors = account.ID{Directory: x, Object: x}, []factor.Kind{factor.Kind(x)}
		ev.Source.Agent, ev.Source.RequestID, ev.Detail = x, x, map[string]string{"name": x, x: x}
	})
	c := d.Client(role.Auditor)
	show := "?"
	for _, k := range []string{"event", "outcome", "person", "by", "policy", "method", "address", "browser", "ticket", "reason", "action", "version", "flow", "number"} {
		show += "show=" + k + "&"
	}
	all := show + "sort=" + url.QueryEscape(x)
	for _, f := range []string{"person", "by", "event", "outcome", "method", "policy", "from", "until", "ticket", "address", "flow", "version", "action", "actor", "role"} {
		all += "&" + f + "=" + url.QueryEscape(x)
	}
	for _, path := range []string{
		console.AuditURL + show, console.AuditURL + all, auditui.RecordURL(number), auditui.FlowURL(x), "/admin/audit/save" + all, "/admin/audit/export" + all,
	} {
		got := c.Get(path)
		if got.Status != http.StatusOK {
			t.Errorf("%s: status %d", path, got.Status)
		}
		if strings.Contains(got.Body, "<script>alert") || strings.Contains(got.Body, "<img src=x") {
			t.Errorf("%s is not escaped", path)
		}
		if !strings.Contains(got.Body, "alert(1)") {
			t.Errorf("%s does not show it at all", path)
		}
	}
}
