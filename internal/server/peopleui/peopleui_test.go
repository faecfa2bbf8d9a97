package peopleui_test

import (
	"encoding/json"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"rekey/internal/account"
	"rekey/internal/authenticator"
	"rekey/internal/delivery"
	"rekey/internal/directory/memory"
	"rekey/internal/factor"
	"rekey/internal/flow"
	"rekey/internal/helpdesk"
	"rekey/internal/lab/pgtest"
	"rekey/internal/message"
	"rekey/internal/notice"
	"rekey/internal/role"
	"rekey/internal/server"
	"rekey/internal/server/console"
	"rekey/internal/server/consoletest"
	"rekey/internal/server/peopleui"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }

func desk(t *testing.T) *consoletest.Desk {
	t.Helper()
	document := strings.Replace(consoletest.Document, "  mail:\nmail:", "  mail:\n  pass:\nmail:", 1)
	return consoletest.WithSettings(t, document, func(d *consoletest.Desk) []server.Area {
		log := slog.New(slog.NewTextHandler(d.Log, nil))
		s := &helpdesk.Service{
			Site: d.Settings.Snapshot, Copy: d.Store, Accounts: d.Store, Blocks: d.Store, Requests: d.Store, Calls: d.Store, Limiter: d.Store,
			Owner:     &notice.Owner{Site: d.Settings.Snapshot, Store: d.Store, Keys: d.Keys, Now: d.Now, Log: log, PublicURL: consoletest.Origin},
			PublicURL: consoletest.Origin, Now: d.Now, Log: log,
		}
		return []server.Area{(&peopleui.UI{Console: d.Console, Desk: s, Site: d.Settings.Snapshot}).Area()}
	})
}

func page(id account.ID) string {
	return console.PeopleURL + "/" + id.Directory + "/" + id.Object
}

func want(t *testing.T, what string, a consoletest.Answer, status int, texts ...string) {
	t.Helper()
	if a.Status != status {
		t.Fatalf("%s: status %d, want %d: %s", what, a.Status, status, a.Body)
	}
	for _, text := range texts {
		if !strings.Contains(a.Body, text) {
			t.Errorf("%s: the page lacks %q: %s", what, text, a.Body)
		}
	}
}

func why() url.Values { return url.Values{"reason": {"Lost the phone"}, "ticket": {"INC-1"}} }

func TestEveryRoleIsKeptToItsPages(t *testing.T) {
	d := desk(t)
	d.Refused(map[string]string{"directory": consoletest.Domain, "object": d.ID("anna").Object, "id": "x", "call": "x"})
}

// TestHelpingAPerson is the help desk's main task, without a script: find, see why, act, with reason and ticket.
func TestHelpingAPerson(t *testing.T) {
	d := desk(t)
	anna := d.ID("anna")
	for range 20 {
		d.Corp.Mistyped(anna)
	}
	c := d.Client(role.HelpDesk)
	want(t, "search", c.Get(console.PeopleURL+"?q=anna"), http.StatusOK, "Anna Adler", `href="`+page(anna)+`"`, "locked")
	want(t, "nobody", c.Get(console.PeopleURL+"?q=nobody"), http.StatusOK, "Nobody found")
	want(t, "person", c.Get(page(anna)), http.StatusOK, "Why they cannot reset", "Too little is set up", "locked", "Unlock in the directory", "Nothing is set up yet")
	want(t, "form", c.Get(page(anna)+"/unlock"), http.StatusOK, "What happens", "not verified", "The password stays as it is.")
	want(t, "without a reason", c.Post(page(anna)+"/unlock", url.Values{"ticket": {"1"}}), http.StatusUnprocessableEntity, "Say why, in a few words.")
	want(t, "done", c.Follow(page(anna)+"/unlock", why()), http.StatusOK, "The account is unlocked.", "can sign in", "Unlocked in the directory", "ticket INC-1")
	want(t, "link", c.Post(page(anna)+"/begin", why()), http.StatusOK, "https://portal.example.test/?name=corp.example.test%5Canna", "their own")
}

// TestAPassIsShownOnce: in the answer, which is not kept, and in no page after it.
func TestAPassIsShownOnce(t *testing.T) {
	d := desk(t)
	anna, c := d.ID("anna"), d.Invited("help-desk")
	got := c.Post(page(anna)+"/pass", why())
	want(t, "pass", got, http.StatusOK, "It is shown once")
	pass := regexp.MustCompile(`[0-9A-Z]{5}(-[0-9A-Z]{5}){3}`).FindString(got.Body)
	if pass == "" || !strings.Contains(got.Header.Get("Cache-Control"), "no-store") {
		t.Errorf("pass %q, %q", pass, got.Header.Get("Cache-Control"))
	}
	if again := c.Get(page(anna)); strings.Contains(again.Body, pass) || strings.Contains(d.Log.String(), pass) || !strings.Contains(again.Body, "Temporary access pass") {
		t.Error("shown again, or logged")
	}
	d.Advance(d.Settings.Snapshot().Console.StepUp + time.Second)
	if got := c.Get(page(anna) + "/pass"); got.Location != console.ProveURL {
		t.Errorf("with a passkey that is not fresh: leads to %q", got.Location)
	}
}

func TestVerifyingACaller(t *testing.T) {
	d := desk(t)
	anna, c := d.ID("anna"), d.Client(role.HelpDesk)
	credential := authenticator.Credential{ID: "mail", Account: anna, Kind: factor.Mail, Channel: "mail:anna@home.example.test", Data: []byte(`{"v":1,"address":"anna@home.example.test"}`), Created: d.Now()}
	if err := d.Store.Import(t.Context(), []authenticator.Credential{credential}, flow.Effects{}); err != nil {
		t.Fatal(err)
	}
	want(t, "where to", c.Get(page(anna)+"/caller"), http.StatusOK, "a•••@home.example.test")
	form := why()
	form.Set("method", "mail")
	got := c.Post(page(anna)+"/caller", form)
	want(t, "sent", c.Get(got.Location), http.StatusOK, "5 tries are left.", "a•••@home.example.test")
	want(t, "wrong", c.Post(got.Location, url.Values{"code": {"x"}}), http.StatusUnprocessableEntity, "That is not the code.", "4 tries are left.")
	want(t, "right", c.Follow(got.Location, url.Values{"code": {code(t, d)}}), http.StatusOK, "The caller was verified.", "By CORP\\help-desk")
	if got := d.Client(role.Owner).Get(got.Location); got.Status != http.StatusNotFound {
		t.Errorf("somebody else's: status %d", got.Status)
	}
}

// code is the one that was sent last.
func code(t *testing.T, d *consoletest.Desk) string {
	t.Helper()
	var job delivery.Job
	if err := d.Pool.QueryRow(t.Context(), `SELECT args FROM river_job WHERE kind = $1 ORDER BY id DESC LIMIT 1`, job.Kind()).Scan(&job); err != nil {
		t.Fatal(err)
	}
	text, err := d.Keys.Open(delivery.SealPurpose, job.Sealed, []byte(job.ID))
	if err != nil {
		t.Fatal(err)
	}
	var m message.Message
	if err := json.Unmarshal(text, &m); err != nil {
		t.Fatal(err)
	}
	return m.Data["code"]
}

// TestAgreeingToHelp: a privileged person, a request, a second administrator, the act, once.
func TestAgreeingToHelp(t *testing.T) {
	d := desk(t)
	anna := d.ID("anna")
	d.Corp.Update(anna, func(a *memory.Account) { a.State.Privileged = true })
	c, second := d.Client(role.HelpDesk), d.Client(role.Owner)
	want(t, "form", c.Get(page(anna)+"/pass"), http.StatusOK, "Ask for approval", "the directory protects the account")
	want(t, "asked", c.Follow(page(anna)+"/pass", why()), http.StatusOK, "Somebody else has to agree.", "waiting")
	list := second.Get(console.ApprovalsURL)
	want(t, "waiting", list, http.StatusOK, "Issue a temporary access pass", "INC-1", ">1<")
	at := regexp.MustCompile(console.ApprovalsURL + `/[\w-]+`).FindString(list.Body)
	want(t, "one's own", c.Get(at), http.StatusOK, "You asked for this yourself")
	want(t, "neither", second.Post(at, nil), http.StatusUnprocessableEntity, "Choose: approve or refuse.")
	if got := c.Post(at, url.Values{"decide": {"approve"}}); got.Status != http.StatusForbidden {
		t.Errorf("approved by whoever asked: status %d", got.Status)
	}
	want(t, "approve", second.Follow(at, url.Values{"decide": {"approve"}}), http.StatusOK, "Approved.", "approved")
	use := regexp.MustCompile(`href="([^"]*/pass\?[^"]*)"`).FindStringSubmatch(c.Get(at).Body)
	if use == nil {
		t.Fatal("the approval leads nowhere")
	}
	act := strings.ReplaceAll(use[1], "&amp;", "&")
	want(t, "approved", c.Get(act), http.StatusOK, "Approved by", "Issue the pass")
	want(t, "pass", c.Post(act, nil), http.StatusOK, "It is shown once")
	if got := c.Post(act, nil); got.Status != http.StatusConflict {
		t.Errorf("used twice: status %d", got.Status)
	}
}

// TestAttack29AttributesShowAsText: whatever a directory holds, on every page.
func TestAttack29AttributesShowAsText(t *testing.T) {
	d := desk(t)
	xaver, c := d.ID("xaver"), d.Client(role.HelpDesk)
	d.Corp.Update(xaver, func(a *memory.Account) {
		x := consoletest.XSS
		a.DisplayName, a.UPN, a.Mail, a.Mails, a.NetBIOS, a.Path, a.Language = x, x, x, []string{x}, x, "CN="+x, x
		a.State.Privileged = true
	})
	form := url.Values{"reason": {consoletest.XSS}, "ticket": {consoletest.XSS}}
	c.Post(page(xaver)+"/invite", form)
	for _, path := range []string{console.PeopleURL + "?q=xaver", console.PeopleURL + "?q=" + url.QueryEscape(consoletest.XSS), page(xaver), page(xaver) + "/unblock", console.ApprovalsURL} {
		got := c.Get(path)
		if got.Status != http.StatusOK || strings.Contains(got.Body, "<script>alert") || strings.Contains(got.Body, "<img src=x") {
			t.Errorf("%s: status %d, not as text: %s", path, got.Status, got.Body)
		}
	}
	at := regexp.MustCompile(console.ApprovalsURL + `/[\w-]+`).FindString(c.Get(console.ApprovalsURL).Body)
	if got := c.Get(at); got.Status != http.StatusOK || strings.Contains(got.Body, "<script>alert") || !strings.Contains(got.Body, "&lt;script&gt;") {
		t.Errorf("%s: status %d", at, got.Status)
	}
}
