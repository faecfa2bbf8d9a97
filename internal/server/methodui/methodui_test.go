package methodui_test

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"html"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"rekey/internal/account"
	"rekey/internal/authenticator"
	"rekey/internal/configure"
	"rekey/internal/factor"
	"rekey/internal/flow"
	"rekey/internal/lab/pgtest"
	"rekey/internal/message"
	"rekey/internal/methods"
	"rekey/internal/role"
	"rekey/internal/server"
	"rekey/internal/server/consoletest"
	"rekey/internal/server/methodui"
	"rekey/internal/server/review"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }

// document has policies that use methods in different ways.
const document = consoletest.Document + `policies:
  - name: Finance
    scope: {groups: [S-1-5-21-1-2-3-1104]}
    reset: {count: 2, mandatory: [passkey], allowed: [passkey, totp]}
  - name: Staff
    reset: {count: 2}
    unlock: {count: 1, allowed: [passkey]}
`

// desk is a console with these pages, and what was sent.
type desk struct {
	*consoletest.Desk
	t    testing.TB
	sent []message.Message
	fail error
}

func newDesk(t testing.TB, document string) *desk {
	t.Helper()
	d := &desk{t: t}
	d.Desk = consoletest.WithSettings(t, document, func(c *consoletest.Desk) []server.Area {
		known, err := c.Settings.Known()
		if err != nil {
			t.Fatal(err)
		}
		ui := &methodui.UI{
			Console: c.Console, Limiter: c.Store, Review: &review.Review{Console: c.Console, Configure: c.Configure},
			Methods: &methods.Service{
				Store: c.Store, Site: c.Settings.Snapshot, Configure: c.Configure, Known: known, Now: c.Now, Clock: c.Store.Clock,
				Send: func(_ context.Context, _ configure.Author, m message.Message) error {
					d.sent = append(d.sent, m)
					return d.fail
				},
			},
		}
		return []server.Area{ui.Area()}
	})
	return d
}

// enroll gives people credentials of a kind.
func (d *desk) enroll(kind factor.Kind, used time.Time, people ...string) {
	d.t.Helper()
	var all []authenticator.Credential
	for _, p := range people {
		all = append(all, authenticator.Credential{
			ID: string(kind) + "-" + p, Account: account.ID{Directory: consoletest.Domain, Object: p}, Kind: kind, Label: "x",
			Channel: factor.Channel("device:" + p), Data: []byte("{}"), Created: d.Now().AddDate(0, -6, 0), LastUsed: used,
		})
	}
	if err := d.Store.Import(d.t.Context(), all, flow.Effects{}); err != nil {
		d.t.Fatal(err)
	}
}

// version is what a form says of the settings it was made from.
var version = regexp.MustCompile(`name="version" value="(\d+)"`)

func versionOf(t *testing.T, a consoletest.Answer) string {
	t.Helper()
	m := version.FindStringSubmatch(a.Body)
	if m == nil {
		t.Fatalf("no version in %s", text(a))
	}
	return m[1]
}

var tags = regexp.MustCompile(`<[^>]*>`)

// text is what a page says.
func text(a consoletest.Answer) string {
	return strings.Join(strings.Fields(html.UnescapeString(tags.ReplaceAllString(a.Body, " "))), " ")
}

func (d *desk) says(name string, a consoletest.Answer, status int, words ...string) {
	d.t.Helper()
	if a.Status != status {
		d.t.Errorf("%s: status %d, want %d: %s", name, a.Status, status, text(a))
	}
	for _, w := range words {
		if !strings.Contains(text(a), w) {
			d.t.Errorf("%s does not say %q: %s", name, w, text(a))
		}
	}
}

func TestMethodsAreListed(t *testing.T) {
	d := newDesk(t, strings.Replace(document, "  backup-code:\n", "", 1))
	d.enroll(factor.TOTP, time.Time{}, "anna", "ben")
	d.enroll(factor.TOTP, d.Now(), "dora")
	d.enroll(factor.BackupCode, time.Time{}, "ben")
	c := d.Client(role.Auditor)
	d.says("the list", c.Get("/admin/methods"), http.StatusOK, "Passkey", "Authenticator app", "Backup codes", "Code by mail", "Cannot be phished", "As strong as the mailbox", "2 policies")
	if got := text(c.Get("/admin/methods?state=off")); !strings.Contains(got, "Backup codes something") || strings.Contains(got, "Authenticator app something") {
		t.Errorf("those that are off: %s", got)
	}
	a := c.Get("/admin/methods.csv")
	rows, err := csv.NewReader(strings.NewReader(a.Body)).ReadAll()
	if err != nil || len(rows) != 6 || a.Header.Get("Content-Disposition") != `attachment; filename="methods.csv"` {
		t.Fatalf("%v, %v", rows, err)
	}
	if got := fmt.Sprint(rows[2][:9]); got != "[Authenticator app totp on has false Finance, Staff 3 3 1]" {
		t.Errorf("got %s", got)
	}
	one := c.Get("/admin/methods/passkey")
	d.says("one", one, http.StatusOK, "Finance : reset (always)", "Staff : reset, unlock", "Domain of the passkeys", "Cannot be phished")
	if strings.Contains(one.Body, "Review the change") || strings.Contains(one.Body, "Switch off</button>") || !strings.Contains(one.Body, "disabled") {
		t.Error("an auditor may change it")
	}
	if a := c.Get("/admin/methods/none"); a.Status != http.StatusNotFound {
		t.Errorf("a kind that is not there: %d", a.Status)
	}
}

func TestSettingsAreChangedReviewedAndSaved(t *testing.T) {
	d := newDesk(t, strings.Replace(document, "  totp:\n", "  totp: {digits: 6} # apps\n", 1))
	c := d.Client(role.PolicyAdmin)
	form := url.Values{"version": {versionOf(t, c.Get("/admin/methods/totp"))}, "digits": {"8"}, "period": {"30s"}}
	shown := c.Post("/admin/methods/totp", form)
	d.says("the review", shown, http.StatusOK, "authenticators.totp.digits", "authenticators.totp.period", "Reason")
	draft := hidden(t, shown, "draft")
	d.says("without a reason", c.Post("/admin/methods/totp/save", url.Values{"draft": {draft}}), http.StatusUnprocessableEntity, "Say why")
	done := c.Follow("/admin/methods/totp/save", url.Values{"draft": {draft}, "reason": {"Longer codes"}})
	d.says("saved", done, http.StatusOK, "Saved as version 2", "Authenticator app")
	_, export, err := d.Configure.Export(t.Context(), 0)
	if err != nil || !strings.Contains(export, "  totp: {digits: 8, period: 30s} # apps\n") || d.Settings.Snapshot().Version != 2 {
		t.Errorf("%v\n%s", err, export)
	}
	history, err := d.Configure.History(t.Context(), 0, 1)
	if err != nil || history[0].Author != `CORP\policy-admin` || history[0].Reason != "Longer codes" {
		t.Errorf("%+v, %v", history, err)
	}
	if all := d.Audit(); all[len(all)-1] != "settings.applied" {
		t.Errorf("recorded %v", all)
	}
}

func TestWhatIsWrongIsSaidAtItsField(t *testing.T) {
	d := newDesk(t, document)
	c := d.Client(role.Owner)
	v := versionOf(t, c.Get("/admin/methods/totp"))
	for want, form := range map[string]url.Values{
		"Digits of a code: Write a whole number.": {"digits": {"many"}},
		"want 6 or 8, got 7":                      {"digits": {"7"}, "issuer": {consoletest.XSS}},
		"Nothing would change.":                   {},
	} {
		form.Set("version", v)
		a := c.Post("/admin/methods/totp", form)
		d.says(want, a, http.StatusUnprocessableEntity, want)
		if strings.Contains(a.Body, "<script>alert") || form.Get("issuer") != "" && !strings.Contains(a.Body, html.EscapeString(consoletest.XSS)) {
			t.Errorf("%s: what was typed is not there as text", want)
		}
	}
	if d.Settings.Snapshot().Version != 1 {
		t.Error("something was saved")
	}
}

func TestSomebodyElseWasFaster(t *testing.T) {
	d := newDesk(t, document)
	c := d.Client(role.Owner)
	v := versionOf(t, c.Get("/admin/methods/totp"))
	other := configure.Draft{After: 1, Changes: []configure.Change{{Path: "authenticators.totp", Value: map[string]any{"issuer": consoletest.XSS}}}}
	by := configure.Author{Name: "ben", Grants: d.grants(c)}
	if _, err := d.Configure.Save(t.Context(), by, other, "Another name"); err != nil {
		t.Fatal(err)
	}
	a := c.Post("/admin/methods/totp", url.Values{"version": {v}, "digits": {"8"}, "issuer": {"Typed"}})
	d.says("the form", a, http.StatusConflict, "Somebody was faster", "ben", "Another name", "Version 2", "authenticators.totp")
	if !strings.Contains(a.Body, `value="Typed"`) || strings.Contains(a.Body, "<script>alert") || versionOf(t, a) != "2" {
		t.Errorf("what was typed is gone: %s", a.Body)
	}
	d.says("once more", c.Post("/admin/methods/totp", url.Values{"version": {"2"}, "digits": {"8"}, "issuer": {"Typed"}}), http.StatusOK, "authenticators.totp.digits")
}

// TestSomebodyElseSavesDuringTheReview: the change is kept, and shown on top of what differs.
func TestSomebodyElseSavesDuringTheReview(t *testing.T) {
	d := newDesk(t, document)
	c := d.Client(role.Owner)
	shown := c.Post("/admin/methods/totp", url.Values{"version": {versionOf(t, c.Get("/admin/methods/totp"))}, "digits": {"8"}})
	other := configure.Draft{After: 1, Changes: []configure.Change{{Path: "brand.firm", Value: "Another firm"}}}
	if _, err := d.Configure.Save(t.Context(), configure.Author{Name: "ben", Grants: d.grants(c)}, other, "Renamed"); err != nil {
		t.Fatal(err)
	}
	late := c.Post("/admin/methods/totp/save", url.Values{"draft": {hidden(t, shown, "draft")}, "reason": {"Longer codes"}})
	d.says("the conflict", late, http.StatusConflict, "Version 2 by ben", "Another firm", "Look at my change again")
	again := c.Post("/admin/methods/totp/save", url.Values{"draft": {hidden(t, late, "draft")}, "again": {"on"}, "reason": {hidden(t, late, "reason")}})
	d.says("the review", again, http.StatusOK, "authenticators.totp", "Longer codes")
	d.says("saved", c.Follow("/admin/methods/totp/save", url.Values{"draft": {hidden(t, again, "draft")}, "reason": {"Longer codes"}}), http.StatusOK, "Saved as version 3")
}

// hidden is the value of a hidden field.
func hidden(t *testing.T, a consoletest.Answer, name string) string {
	t.Helper()
	m := regexp.MustCompile(`name="` + name + `" value="([^"]*)"`).FindStringSubmatch(a.Body)
	if m == nil {
		t.Fatalf("no %s in %s", name, text(a))
	}
	return html.UnescapeString(m[1])
}

// grants are those of the client's administrator.
func (d *desk) grants(c *consoletest.Client) role.Grants {
	d.t.Helper()
	a, err := d.Admin.Admit(d.t.Context(), d.Console.Token(requestOf(c)))
	if err != nil {
		d.t.Fatal(err)
	}
	return a.Grants
}

func requestOf(c *consoletest.Client) *http.Request {
	r, _ := http.NewRequest(http.MethodGet, consoletest.Origin, nil)
	r.AddCookie(&http.Cookie{Name: "__Host-admin", Value: c.Cookie("__Host-admin")})
	return r
}

func TestMethodsAreSwitched(t *testing.T) {
	d := newDesk(t, document)
	d.enroll(factor.BackupCode, time.Time{}, "anna", "ben")
	c := d.Client(role.PolicyAdmin)
	turn := func(kind, do, said string) {
		t.Helper()
		v := versionOf(t, c.Get("/admin/methods/"+kind))
		shown := c.Post("/admin/methods/"+kind, url.Values{"version": {v}, "do": {do}})
		d.says(do, shown, http.StatusOK, said)
		if a := c.Post("/admin/methods/"+kind+"/save", url.Values{"draft": {hidden(t, shown, "draft")}, "reason": {"because"}}); a.Status != http.StatusSeeOther {
			t.Fatalf("%s %s: %d %s", do, kind, a.Status, text(a))
		}
	}
	turn("backup-code", "off", "2 people have it set up and cannot use it while it is off")
	if _, on := d.Settings.Snapshot().Methods[factor.BackupCode]; on {
		t.Error("still on")
	}
	d.says("off", c.Get("/admin/methods/backup-code"), http.StatusOK, "Switched off", "Nobody can set it up")
	turn("backup-code", "on", "authenticators.backup-code")
	if _, on := d.Settings.Snapshot().Methods[factor.BackupCode]; !on {
		t.Error("still off")
	}
	v := versionOf(t, c.Get("/admin/methods/passkey")) // one that a policy insists on
	d.says("mandatory", c.Post("/admin/methods/passkey", url.Values{"version": {v}, "do": {"off"}}), http.StatusOK, "policies[0].reset")
}

func TestTrialsGoToOneself(t *testing.T) {
	d := newDesk(t, document)
	c := d.Client(role.PolicyAdmin)
	for kind, want := range map[string]string{
		"totp":        "This machine and the database differ by",
		"passkey":     "Browsers offer these passkeys at https://portal.example.test alone.",
		"backup-code": "One of its codes was accepted, and no second time.",
		"mail":        "It is on its way.",
	} {
		d.says(kind, c.Post("/admin/methods/"+kind+"/try", nil), http.StatusOK, want)
	}
	if len(d.sent) != 1 || d.sent[0].To != "policy-admin@corp.example.test" || d.sent[0].Template != message.Code {
		t.Errorf("sent %+v", d.sent)
	}
	d.fail = errors.New("554 <script>alert(1)</script>")
	a := c.Post("/admin/methods/mail/try", nil)
	d.says("refused", a, http.StatusOK, "failed", "It could not be sent: 554")
	if strings.Contains(a.Body, "<script>alert") {
		t.Error("what the server said is not text")
	}
	d.says("often", c.Post("/admin/methods/mail/try", nil), http.StatusTooManyRequests, "Wait")
	if len(d.sent) != 2 {
		t.Errorf("%d sent", len(d.sent))
	}
	d.Apply(strings.Replace(document, "  backup-code:\n", "", 1))
	d.says("off", d.Client(role.Owner).Post("/admin/methods/backup-code/try", nil), http.StatusConflict, "Switch it on")
}

func TestWhoHasAMethod(t *testing.T) {
	d := newDesk(t, document)
	var many []string
	for i := range 60 {
		many = append(many, fmt.Sprintf("person-%02d", i))
	}
	d.enroll(factor.TOTP, time.Time{}, many...)
	d.enroll(factor.TOTP, d.Now(), consoletest.XSS, "=cmd()")
	c := d.Client(role.Reporter)
	a := c.Get("/admin/methods/totp/people")
	d.says("the first page", a, http.StatusOK, "=cmd()", "person-00", "person-47", "Next page")
	if strings.Contains(a.Body, "<script>alert") || strings.Contains(a.Body, "person-48") {
		t.Errorf("got %s", text(a))
	}
	next := regexp.MustCompile(`href="([^"]+)" rel="next"`).FindStringSubmatch(a.Body)
	if next == nil {
		t.Fatal("no next page")
	}
	d.says("the next page", c.Get(html.UnescapeString(next[1])), http.StatusOK, "person-48", "person-59", "First page")
	for query, want := range map[string]string{"name=ERSON-07": "person-07", "standing=used": "=cmd()", "order=used": "=cmd()", "standing=gone": "Nobody is in this list"} {
		d.says(query, c.Get("/admin/methods/totp/people?"+query), http.StatusOK, want)
	}
	if got := text(c.Get("/admin/methods/totp/people?standing=used")); strings.Contains(got, "person-") {
		t.Errorf("those who used it: %s", got)
	}
	rows, err := csv.NewReader(strings.NewReader(c.Get("/admin/methods/totp/people.csv?standing=unused").Body)).ReadAll()
	if err != nil || len(rows) != 61 || rows[1][0] != "person-00" || rows[1][7] != "" {
		t.Errorf("%d rows, %v", len(rows), err)
	}
	rows, err = csv.NewReader(strings.NewReader(c.Get("/admin/methods/totp/people.csv?standing=used").Body)).ReadAll()
	if err != nil || len(rows) != 3 || rows[2][0] != "'=cmd()" && rows[1][0] != "'=cmd()" {
		t.Errorf("%v, %v", rows, err)
	}
}

func TestOnlyWhoMayGetsIn(t *testing.T) {
	newDesk(t, document).Refused(map[string]string{"kind": "totp"})
}

// TestVersionControlOwnsTheSettings: pages look, and offer no change.
func TestVersionControlOwnsTheSettings(t *testing.T) {
	d := newDesk(t, document)
	d.Settings.Locked = true
	a := d.Client(role.Owner).Get("/admin/methods/totp")
	d.says("the page", a, http.StatusOK, "Kept in version control", "Try it now")
	if strings.Contains(a.Body, "Review the change") {
		t.Error("it offers a change")
	}
}
