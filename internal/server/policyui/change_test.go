package policyui_test

import (
	"net/http"
	"net/netip"
	"net/url"
	"reflect"
	"strings"
	"testing"

	"rekey/internal/policy"
	"rekey/internal/role"
	"rekey/internal/server/console"
	"rekey/internal/server/consoletest"
)

// save sends what a review holds, with a reason.
func save(t *testing.T, c *consoletest.Client, kind string, review consoletest.Answer) {
	t.Helper()
	if review.Status != http.StatusOK {
		t.Fatalf("the review: status %d: %s", review.Status, review.Body)
	}
	form := fields(t, review.Body, "")
	form.Set("reason", "because")
	got := c.Follow(change+kind+"/save", form)
	if !strings.Contains(got.Body, "Saved as version") {
		t.Fatalf("status %d: %s", got.Status, got.Body)
	}
}

func document(t *testing.T, d *consoletest.Desk) string {
	t.Helper()
	v, err := d.Store.LatestSettings(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return string(v.Document)
}

// press sends a form with a button, and gives the form that comes back.
func press(t *testing.T, c *consoletest.Client, kind string, form url.Values, do string, more url.Values) url.Values {
	t.Helper()
	form.Set("do", do)
	for name, values := range more {
		form[name] = values
	}
	got := c.Post(change+kind, form)
	if got.Status != http.StatusOK {
		t.Fatalf("%s: status %d: %s", do, got.Status, got.Body)
	}
	return fields(t, got.Body, "editor")
}

// TestARuleIsBuiltWithoutAScript: any of (abroad, not (office)) by buttons alone.
func TestARuleIsBuiltWithoutAScript(t *testing.T) {
	d := desk(t)
	c := d.Client(role.PolicyAdmin)
	form := filled(t, c, change+"rule", url.Values{"name": {"Strangers"}, "then": {"more"}, "then.add_factors": {"1"}})
	for _, kind := range []string{"any", "countries", "not", "networks"} {
		form = press(t, c, "rule", form, "when.add:", url.Values{"when.new": {kind}})
	}
	if got := form["when.depth.3"]; !reflect.DeepEqual(got, []string{"2"}) {
		t.Fatalf("the network is at depth %v", got)
	}
	form.Set("when.value.1", "de, AT")
	form["when.value.3"] = []string{"office"}
	form = press(t, c, "rule", form, "when.up:2", nil) // not goes before countries, and comes back
	form = press(t, c, "rule", form, "when.down:1", nil)
	if got := form.Get("when.depth.3"); got != "2" {
		form = press(t, c, "rule", form, "when.in:3", nil)
	}
	form.Set("do", "review")
	save(t, c, "rule", c.Post(change+"rule", form))
	if got := document(t, d); !strings.Contains(got, "name: Strangers") || !strings.Contains(got, "countries:") {
		t.Fatal(got)
	}
	p := d.Settings.Snapshot().Policies
	for country, want := range map[string]bool{"DE": true, "FR": false} {
		e := policy.Explain(p, policy.Facts{
			Now: d.Now(), Action: policy.Reset, Directory: consoletest.Domain, Privileged: policy.No,
			Source: policy.Source{Country: country, Address: netip.MustParseAddr("10.1.2.3")},
		})
		applied := false
		for _, v := range e.Rules {
			applied = applied || v.Rule == "Strangers" && v.Applied
		}
		if applied != want {
			t.Errorf("in the office in %s: %v", country, applied)
		}
	}
}

func TestPickersWorkWithoutAScript(t *testing.T) {
	d := desk(t)
	c := d.Client(role.Owner)
	form := filled(t, c, change+"policy?of=Finance", nil)
	if !strings.Contains(c.Get(change+"policy?of=Finance").Body, "Finance people") {
		t.Error("a group is not called by its name")
	}
	form.Set("scope.groups.q", "<img")
	form.Set("do", "scope.groups.find:")
	found := c.Post(change+"policy", form)
	if !strings.Contains(found.Body, "scope.groups.pick:S-1-5-21-1-2-3-501") || strings.Contains(found.Body, "<img src=x") {
		t.Fatalf("status %d: %s", found.Status, found.Body)
	}
	form = press(t, c, "policy", form, "scope.groups.pick:S-1-5-21-1-2-3-501", nil)
	form = press(t, c, "policy", form, "scope.groups.remove:S-1-5-21-1-2-3-500", nil)
	if got := form["scope.groups"]; !reflect.DeepEqual(got, []string{"S-1-5-21-1-2-3-501"}) {
		t.Errorf("chosen are %v", got)
	}
	for what, text := range map[string]string{"groups": "fin", "units": "berlin", "people": "ben"} {
		got := c.Part(http.MethodGet, list+"/search?"+url.Values{"for": {what}, "list": {"x"}, "x.q": {text}}.Encode(), nil)
		if got.Status != http.StatusOK || !strings.Contains(got.Body, "data-pick=") || strings.Contains(got.Body, "<script>") {
			t.Errorf("%s: status %d: %s", what, got.Status, got.Body)
		}
	}
}

func TestPoliciesArePutInOrder(t *testing.T) {
	d := desk(t)
	c := d.Client(role.PolicyAdmin)
	form := fields(t, c.Get(list).Body, "order-form")
	form.Set("do", "order.down:Finance")
	moved := fields(t, c.Post(change+"order", form).Body, "editor")
	if got := moved["order.row"]; len(got) != 2 || got[1] != "Finance" {
		t.Fatalf("%v", got)
	}
	moved.Set("do", "review")
	save(t, c, "order", c.Post(change+"order", moved))
	if got := document(t, d); strings.Index(got, "name: Finance") < strings.Index(got, "onerror") || !strings.Contains(got, "# people with money\n  - name: Finance") {
		t.Error(got)
	}
}

// TestAPolicyIsDeleted: the page says who falls to which policy; what a rule still names stays.
func TestAPolicyIsDeleted(t *testing.T) {
	d := desk(t)
	c := d.Client(role.PolicyAdmin)
	named := c.Get(change + "remove?what=policy&of=Finance")
	if named.Status != http.StatusOK || strings.Contains(named.Body, `name="reason"`) {
		t.Errorf("what a rule uses could be deleted: %d %s", named.Status, named.Body)
	}
	of := url.Values{"what": {"policy"}, "of": {consoletest.XSS}}
	c.Post(change+"remove", url.Values{"what": of["what"], "of": of["of"], "do": {"preview"}, "after": {"1"}}) // everybody is read
	confirm := c.Get(change + "remove?" + of.Encode())
	for _, text := range []string{"Delete “", "1 person: ", "→ Staff"} {
		if !strings.Contains(confirm.Body, text) {
			t.Errorf("it does not say %q: %s", text, confirm.Body)
		}
	}
	save(t, c, "remove", confirm)
	if strings.Contains(document(t, d), "onerror") {
		t.Error("it is still there")
	}
	if got := c.Get(change + "remove?" + of.Encode()); got.Status != http.StatusNotFound {
		t.Errorf("once more: status %d", got.Status)
	}
}

func TestNamesAreRenamedWhereTheyAreUsed(t *testing.T) {
	d := desk(t)
	c := d.Client(role.PolicyAdmin)
	form := filled(t, c, change+"network?of=office", url.Values{"name": {"headquarters"}, "networks": {"10.0.0.0/8\n 192.0.2.0/24\n"}, "do": {"review"}})
	save(t, c, "network", c.Post(change+"network", form))
	if got := document(t, d); strings.Contains(got, "office") || !strings.Contains(got, "when: {not: {networks: [headquarters]}}") || !strings.Contains(got, "192.0.2.0/24") {
		t.Error(got)
	}
	form = filled(t, c, change+"policy?of=Finance", url.Values{"name": {"Money"}, "do": {"review"}})
	save(t, c, "policy", c.Post(change+"policy", form))
	if got := document(t, d); !strings.Contains(got, "use_policy: Money") {
		t.Error(got)
	}
	for kind, fill := range map[string]url.Values{
		"schedule":  {"name": {"work"}, "time_zone": {"Europe/Berlin"}},
		"condition": {"name": {"privileged"}, "condition.row": {"0"}, "condition.kind.0": {"privileged"}, "condition.depth.0": {"0"}},
		"floor":     {"privileged.count": {"3"}},
	} {
		form := filled(t, c, change+kind, fill)
		form.Set("do", "review")
		save(t, c, kind, c.Post(change+kind, form))
	}
	if got := document(t, d); !strings.Contains(got, "work:") || !strings.Contains(got, "count: 3") {
		t.Error(got)
	}
}

func TestADefaultIsChangedAndADuplicateMade(t *testing.T) {
	d := desk(t)
	c := d.Client(role.PolicyAdmin)
	form := filled(t, c, change+"policy?of=/default/corp.example.test", url.Values{"reset.count": {"3"}, "do": {"review"}})
	save(t, c, "policy", c.Post(change+"policy", form))
	form = filled(t, c, change+"policy?copy=Finance", url.Values{"do": {"review"}})
	if form.Get("name") != "Finance (copy)" || form.Get("of") != "" {
		t.Fatalf("%v", form)
	}
	save(t, c, "policy", c.Post(change+"policy", form))
	if got := document(t, d); !strings.Contains(got, "name: Finance (copy)") || !strings.Contains(got, "{name: Staff, reset: {count: 3}}") {
		t.Error(got)
	}
}

func TestPoliciesAreImported(t *testing.T) {
	d := desk(t)
	c := d.Client(role.Owner)
	text := c.Get(list + ".yaml").Body
	form := filled(t, c, change+"import", url.Values{"text": {strings.Replace(text, "count: 2", "count: 3", 1)}, "do": {"review"}})
	save(t, c, "import", c.Post(change+"import", form))
	if got := document(t, d); !strings.Contains(got, "# people with money") || !strings.Contains(got, "count: 3, mandatory") {
		t.Error(got)
	}
	for _, bad := range []string{"", "roles: []", "policies: [{name: X, reset: {count: 1}, nosuch: 1}]"} {
		form := filled(t, c, change+"import", url.Values{"text": {bad}, "do": {"review"}})
		if got := c.Post(change+"import", form); strings.Contains(got.Body, `name="reason"`) {
			t.Errorf("%q could be saved: %s", bad, got.Body)
		}
	}
}

func TestWhatIfAnswersByTheDraft(t *testing.T) {
	d := desk(t)
	c := d.Client(role.PolicyAdmin)
	ask := url.Values{"whatif.user": {"ben"}, "whatif.address": {"198.51.100.7"}, "whatif.action": {"reset"}, "whatif.at": {"2027-01-31T23:00"}, "do": {"ask"}}
	got := c.Post(list+"/what-if", ask)
	for _, text := range []string{"Not enough is set up", "Staff asks for three independent ways", "Away", "acts"} {
		if !strings.Contains(got.Body, text) {
			t.Errorf("it does not say %q: %s", text, got.Body)
		}
	}
	form := filled(t, c, change+"policy?of=/default/corp.example.test", ask)
	form.Del("actions")
	form.Add("actions", "unlock")
	if got := c.Post(change+"policy", form); !strings.Contains(got.Body, "Staff does not allow it") {
		t.Errorf("the draft is not asked: %s", got.Body)
	}
	for bad, text := range map[string]string{"whatif.address": "is no address", "whatif.at": "Write a day"} {
		sent := url.Values{"whatif.user": {"ben"}, bad: {"x"}}
		if got := c.Post(list+"/what-if", sent); !strings.Contains(got.Body, text) {
			t.Errorf("%s: %s", bad, got.Body)
		}
	}
	if got := c.Post(list+"/what-if", url.Values{"whatif.user": {"xaver"}}); strings.Contains(got.Body, "<script>alert") {
		t.Error("a name is HTML")
	}
	if got := c.Post(list+"/what-if", url.Values{"whatif.user": {"no-such"}}); !strings.Contains(got.Body, "Nobody is found") {
		t.Errorf("%s", got.Body)
	}
}

func TestWhatIsWrongIsSaidAtItsField(t *testing.T) {
	d := desk(t)
	c := d.Client(role.PolicyAdmin)
	for _, x := range []struct {
		kind string
		fill url.Values
		want string
	}{
		{"policy?of=Finance", url.Values{"reset.count": {"9"}}, `href="#reset.count"`},
		{"policy?of=Finance", url.Values{"name": {""}}, `href="#name"`},
		{"policy?of=Finance", url.Values{"name": {"/default/x"}}, `href="#name"`},
		{"policy?of=Finance", url.Values{"limits.within": {"soon"}}, `href="#limits.within"`},
		{"policy?of=Finance", url.Values{"actions": nil}, `href="#actions"`},
		{"policy", nil, `href="#name"`},
		{"rule?of=Away", url.Values{"then.add_factors": {""}}, `href="#then.add_factors"`},
		{"rule?of=Away", url.Values{"when.value.1": nil}, `href="#when"`},
		{"network?of=office", url.Values{"networks": {"all"}}, `href="#networks"`},
	} {
		kind, _, _ := strings.Cut(x.kind, "?")
		form := filled(t, c, change+x.kind, x.fill)
		form.Set("do", "review")
		got := c.Post(change+kind, form)
		if got.Status != http.StatusUnprocessableEntity || !strings.Contains(got.Body, x.want) {
			t.Errorf("%s %v: status %d without %s", x.kind, x.fill, got.Status, x.want)
		}
	}
	if got := c.Get(change + "nothing"); got.Status != http.StatusNotFound {
		t.Errorf("status %d", got.Status)
	}
	if got := c.Get(change + "policy?of=Nobody"); got.Status != http.StatusNotFound {
		t.Errorf("status %d", got.Status)
	}
}

// TestAttack13APolicyFormIsReadIntoTypes: fields nobody drew change nothing, and saving needs a fresh passkey.
func TestAttack13APolicyFormIsReadIntoTypes(t *testing.T) {
	d := desk(t)
	c := d.Client(role.PolicyAdmin)
	form := filled(t, c, change+"policy?of=Finance", url.Values{"roles": {"owner"}, "reset.way.nosuch": {"must"}, "reset.ways.row": {"passkey", "nosuch"}, "do": {"review"}})
	if got := c.Post(change+"policy", form); strings.Contains(got.Body, `name="reason"`) {
		t.Errorf("a way that is none can be saved: %s", got.Body)
	}
	review := c.Post(change+"policy", filled(t, c, change+"policy?of=Finance", url.Values{"reset.count": {"3"}, "do": {"review"}}))
	held := fields(t, review.Body, "")
	held.Set("reason", "x")
	d.Advance(d.Settings.Snapshot().Console.StepUp + 1)
	if got := c.Post(change+"policy/save", held); strings.Contains(got.Body, "Saved") || got.Status == http.StatusSeeOther && got.Location == console.PoliciesURL {
		t.Errorf("saved without a fresh passkey: %d %s", got.Status, got.Location)
	}
	if d.Settings.Snapshot().Version != 1 {
		t.Error("it was saved")
	}
}
