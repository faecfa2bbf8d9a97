package policyui_test

import (
	"context"
	"log/slog"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"rekey/internal/account"
	"rekey/internal/audit"
	"rekey/internal/lab/pgtest"
	"rekey/internal/pilot"
	"rekey/internal/policy"
	"rekey/internal/preview"
	"rekey/internal/recovery"
	"rekey/internal/role"
	"rekey/internal/rulebook"
	"rekey/internal/server"
	"rekey/internal/server/console"
	"rekey/internal/server/consoletest"
	"rekey/internal/server/policyui"
	"rekey/internal/server/review"
	"rekey/internal/site"
	"rekey/internal/throttle"
	"rekey/internal/whatif"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

const (
	list   = console.PoliciesURL
	change = console.PoliciesURL + "/change/"
)

// staffed is a document with two policies, a default, a rule and a name for it.
const staffed = consoletest.Document + `
policies:
  # people with money
  - name: Finance
    scope: {groups: [S-1-5-21-1-2-3-500]}
    reset: {count: 2, mandatory: [passkey]}
  - name: "` + hostile + `"
    pilot: true
    scope: {ous: [{dn: "OU=Berlin,DC=corp,DC=example,DC=test"}]}
    reset: {count: 2}
defaults:
  corp.example.test: {name: Staff, reset: {count: 2}}
networks: {office: [10.0.0.0/8]}
rules:
  - name: Away
    when: {not: {networks: [office]}}
    then: {add_factors: 1}
  - name: Abroad
    when: {countries: [FR]}
    then: {use_policy: Finance}
    report_only: true
`

// hostile is consoletest.XSS as YAML writes it within quotes.
const hostile = `\"><script>alert(1)</script><img src=x onerror=alert(1)>`

// desk is a console with the pages, and a copy of the directory: anna is in Finance, ben in Berlin, xaver nowhere.
func desk(t *testing.T) *consoletest.Desk {
	t.Helper()
	d := consoletest.WithSettings(t, staffed, areas(t))
	copied(t, d)
	return d
}

func areas(t testing.TB) func(*consoletest.Desk) []server.Area {
	return func(d *consoletest.Desk) []server.Area {
		live := preview.NewLive(&preview.Service{Store: d.Store, Now: d.Now})
		t.Cleanup(live.Close)
		return []server.Area{(&policyui.UI{
			Console: d.Console, Reviews: &review.Review{Console: d.Console, Configure: d.Configure}, Configure: d.Configure, Rules: &rulebook.Service{Configure: d.Configure}, Scopes: d.Store.Scopes(), Live: live,
			WhatIf: whatIf(d), Pilots: &pilot.Service{Store: d.Store, Now: d.Now}, Site: d.Settings.Snapshot, Log: slog.New(slog.DiscardHandler),
		}).Area()}
	}
}

func whatIf(d *consoletest.Desk) *whatif.Service {
	flows := &recovery.Service{
		Site: d.Settings.Snapshot, Store: d.Store, Memory: d.Store, Counters: d.Store, Freezer: d.Store, Keys: d.Keys, Now: d.Now, Log: slog.New(slog.DiscardHandler),
	}
	return &whatif.Service{
		Store: d.Store,
		Signals: func(ctx context.Context, a policy.Action, who account.ID, from audit.Source, dev policy.Device) (site.Signals, error) {
			return flows.Signals(ctx, a, who, recovery.Source{Source: from, Managed: dev.Managed, Platform: dev.Platform})
		},
		Standing: func(ctx context.Context, who account.ID, _ time.Time) ([]throttle.Hold, bool, error) {
			holds, err := flows.Holds(ctx, who)
			return holds, false, err
		},
	}
}

// copied fills the copy of the directory, in which names are hostile too.
func copied(t *testing.T, d *consoletest.Desk) {
	t.Helper()
	exec := func(sql string, args ...any) {
		t.Helper()
		if _, err := d.Pool.Exec(t.Context(), sql, args...); err != nil {
			t.Fatal(err)
		}
	}
	exec(`INSERT INTO sync_state (directory, pass, current, complete) VALUES ($1, 1, now(), now())`, consoletest.Domain)
	exec(`INSERT INTO grp (dir, object, seen, policy, name) SELECT dir, md5(p)::uuid, 1, p, n FROM sync_state,
		(VALUES ('S-1-5-21-1-2-3-500', 'Finance people'), ('S-1-5-21-1-2-3-501', $1)) AS g (p, n)`, consoletest.XSS)
	exec(`INSERT INTO unit (dir, object, seen, path, name) SELECT dir, md5('b')::uuid, 1, 'OU=Berlin,DC=corp,DC=example,DC=test', $1 FROM sync_state`, consoletest.XSS)
	for sam, path := range map[string]string{
		"anna": "CN=anna,OU=Staff,DC=corp,DC=example,DC=test", "ben": "CN=ben,OU=Berlin,DC=corp,DC=example,DC=test", "xaver": "CN=xaver,DC=corp,DC=example,DC=test",
	} {
		exec(`INSERT INTO person (dir, object, seen, disabled, expired, locked, password_expired, must_change, cannot_change, privileged, synced, sam, upn, netbios,
				path, sid, anchor, display_name, given_name, mail, mails, language, own_groups, attributes)
			SELECT dir, $1::uuid, 1, false, false, false, false, false, false, false, false, $2, $2 || '@corp.example.test', 'CORP', $3, '', '', $4, '', '', '{}', '', '{}', '{}'
			FROM sync_state`, d.ID(sam).Object, sam, path, consoletest.XSS+sam)
	}
	exec(`INSERT INTO member (dir, child, grp, seen) SELECT dir, $1::uuid, md5('S-1-5-21-1-2-3-500')::uuid, 1 FROM sync_state`, d.ID("anna").Object)
}

// filled is the form of a policy as it stands on its page, with changes.
func filled(t testing.TB, c *consoletest.Client, path string, change url.Values) url.Values {
	t.Helper()
	got := c.Get(path)
	if got.Status != http.StatusOK {
		t.Fatalf("%s: status %d: %s", path, got.Status, got.Body)
	}
	return refilled(t, got.Body, change)
}

func refilled(t testing.TB, body string, change url.Values) url.Values {
	t.Helper()
	form := fields(t, body, "editor")
	for name, values := range change {
		form[name] = values
	}
	return form
}

func number(d *consoletest.Desk) string {
	return strconv.FormatInt(d.Settings.Snapshot().Version, 10)
}

func TestEveryRoleIsKeptToItsPages(t *testing.T) {
	desk(t).Refused(map[string]string{"kind": "policy"})
}

func TestThePagesSayWhatThereIs(t *testing.T) {
	d := desk(t)
	for _, r := range []role.Role{role.Owner, role.PolicyAdmin, role.Auditor} {
		c := d.Client(r)
		for path, texts := range map[string][]string{
			list:                             {"Finance", "Members of Finance people may reset and unlock after proving two independent ways; always passkey", "Staff", "trial"},
			list + "?q=fin":                  {"Finance"},
			list + "/rules":                  {"Away", "not in office", "ask for one way more", "only reports"},
			list + "/names":                  {"office", "10.0.0.0/8"},
			list + "/trials":                 {"Abroad", "use the policy “Finance” instead"},
			list + "/what-if":                {"Person"},
			list + "/history?policy=Finance": {"Version 1", "imported from first.yaml"},
			list + "/history?policy=/default/corp.example.test": {"Version 1"},
		} {
			got := c.Get(path)
			if got.Status != http.StatusOK {
				t.Errorf("%s as %s: status %d", path, r, got.Status)
			}
			for _, text := range texts {
				if !strings.Contains(got.Body, text) {
					t.Errorf("%s as %s does not say %q", path, r, text)
				}
			}
			edits := strings.Contains(got.Body, "New policy") || strings.Contains(got.Body, "/change/")
			if r == role.Auditor && edits {
				t.Errorf("%s offers an auditor to change something", path)
			}
			if strings.Contains(got.Body, "<script>alert") || strings.Contains(got.Body, "<img src=x") {
				t.Errorf("%s: a name is HTML", path)
			}
		}
	}
	owner := d.Client(role.Owner)
	if got := owner.Get(list + ".csv"); got.Status != http.StatusOK || !strings.HasPrefix(got.Body, "order,policy,") || !strings.Contains(got.Body, "1,Finance,") {
		t.Errorf("CSV: %d %s", got.Status, got.Body)
	}
	if got := owner.Get(list + "/rules.csv"); got.Status != http.StatusOK || !strings.Contains(got.Body, "1,Away,everybody,") {
		t.Errorf("CSV: %d %s", got.Status, got.Body)
	}
	if got := owner.Get(list + ".yaml"); got.Status != http.StatusOK || strings.Contains(got.Body, "brand") || !strings.Contains(got.Body, "name: Finance") {
		t.Errorf("YAML: %d %s", got.Status, got.Body)
	}
}

// TestAPolicyIsChangedAndObeyed: edited, previewed, reviewed, saved with a reason; the rest of the text stays; the decision follows.
func TestAPolicyIsChangedAndObeyed(t *testing.T) {
	d := desk(t)
	c := d.Client(role.PolicyAdmin)
	form := filled(t, c, change+"policy?of=Finance", url.Values{"reset.count": {"1"}, "reset.way.mail": {"no"}, "limits.within": {"7d"}, "limits.times": {"3"}, "do": {"preview"}})
	preview := c.Post(change+"policy", form)
	if preview.Status != http.StatusOK || !strings.Contains(preview.Body, "1 person") || !strings.Contains(preview.Body, "anna") {
		t.Fatalf("status %d: %s", preview.Status, preview.Body)
	}
	if part := c.Part(http.MethodPost, change+"policy/live", form); part.Status != http.StatusOK || strings.Contains(part.Body, "<html") || !strings.Contains(part.Body, `id="means"`) {
		t.Errorf("status %d: %s", part.Status, part.Body)
	}
	form.Set("do", "review")
	review := c.Post(change+"policy", form)
	for _, text := range []string{"policies[0].reset.count", "policies[0].limits", "Reason"} {
		if !strings.Contains(review.Body, text) {
			t.Errorf("the review does not say %q: %s", text, review.Body)
		}
	}
	carried := fields(t, review.Body, "")
	if got := c.Post(change+"policy/save", carried); got.Status != http.StatusUnprocessableEntity || !strings.Contains(got.Body, "Say why") {
		t.Errorf("without a reason: status %d", got.Status)
	}
	carried.Set("reason", "One is enough here")
	saved := c.Follow(change+"policy/save", carried)
	if saved.Status != http.StatusOK || !strings.Contains(saved.Body, "Saved as version 2") {
		t.Fatalf("status %d: %s", saved.Status, saved.Body)
	}
	v, err := d.Store.LatestSettings(t.Context())
	if err != nil || !strings.Contains(string(v.Document), "  # people with money\n  - name: Finance") || v.Reason != "One is enough here" || v.Author != c.Session.Name {
		t.Errorf("%s by %s: %s, %v", v.Reason, v.Author, v.Document, err)
	}
	got := policy.Decide(d.Settings.Snapshot().Policies, policy.Facts{
		Now: d.Now(), Action: policy.Reset, Directory: consoletest.Domain, Groups: []string{"s-1-5-21-1-2-3-500"}, Privileged: policy.No,
		Source: policy.Source{}, Device: policy.Device{},
	})
	if got.Policy != "Finance" || got.Limits.Times != 3 || got.Limits.Within != 7*24*time.Hour || got.Requirement.Allows("mail") {
		t.Errorf("%+v", got)
	}
	past := c.Get(list + "/history?policy=Finance")
	if !strings.Contains(past.Body, "One is enough here") || !strings.Contains(past.Body, "version=1") {
		t.Errorf("%s", past.Body)
	}
	old := filled(t, c, change+"policy?of=Finance&version=1&was=Finance", nil)
	if old.Get("reset.count") != "2" || old.Get("limits.times") != "" {
		t.Errorf("version 1 is %v", old)
	}
}

// TestWhatWasTypedOutlivesAnothersSave.
func TestWhatWasTypedOutlivesAnothersSave(t *testing.T) {
	d := desk(t)
	c := d.Client(role.PolicyAdmin)
	form := filled(t, c, change+"policy?of=Finance", url.Values{"reset.count": {"3"}, "do": {"review"}})
	carried := fields(t, c.Post(change+"policy", form).Body, "")
	carried.Set("reason", "late")
	d.Apply(strings.Replace(staffed, "count: 2, mandatory", "count: 4, mandatory", 1))
	for path, sent := range map[string]url.Values{change + "policy/save": carried, change + "policy": form} {
		got := c.Post(path, sent)
		if got.Status != http.StatusOK || !strings.Contains(got.Body, "Somebody else saved in the meantime") || !strings.Contains(got.Body, "a test") {
			t.Fatalf("%s: status %d: %s", path, got.Status, got.Body)
		}
		again := fields(t, got.Body, "editor")
		if again.Get("reset.count") != "3" || again.Get("after") != number(d) {
			t.Errorf("%s: what was typed is gone: %v", path, again)
		}
		again.Set("do", "review")
		if review := c.Post(change+"policy", again); !strings.Contains(review.Body, "before: </span>4</del>") {
			t.Errorf("it is not compared with the version in between: %s", review.Body)
		}
	}
	if d.Settings.Snapshot().Version != 2 {
		t.Error("it was saved")
	}
}
