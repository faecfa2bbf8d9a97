package rulebook_test

import (
	"log/slog"
	"os"
	"strings"
	"testing"
	"time"

	"rekey/internal/account"
	"rekey/internal/app"
	"rekey/internal/configure"
	"rekey/internal/factor"
	"rekey/internal/keyset"
	"rekey/internal/lab/pgtest"
	"rekey/internal/policy"
	"rekey/internal/postgres"
	"rekey/internal/role"
	"rekey/internal/rulebook"
	"rekey/internal/settings"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }

const first = `brand: {name: Help, firm: Example, help_text: "Help desk: 4357"}
directories:
  - ad:
      domain: corp.example.test
      servers: [ldaps://dc1.corp.example.test]
      user: svc@corp.example.test
      password: {env: REKEY_TEST_CORP}
authenticators: {passkey: , totp: , backup-code: }
policies:
  # people with money
  - name: Finance
    pilot: false   # not any more
    scope: {groups: [S-1-5-21-1-2-3-500]}
    reset: {count: 2, mandatory: [passkey]}
    limits: {times: 3, within: 168h0m0s}

  # everybody in Berlin
  - name: Berlin
    from: 2026-01-31
    scope:
      ous: [{dn: "OU=Berlin,DC=corp,DC=example,DC=test"}]   # and below
    reset: {count: 2}
defaults:
  corp.example.test: {name: Staff, reset: {count: 2}}
networks: {office: [10.0.0.0/8]}   # since 2019
rules:
  # at night
  - name: Away
    when: {not: {networks: [office]}}
    then: {add_factors: 1}
mail: {host: localhost, security: starttls, from: Example <noreply@example.test>}
roles:
  - {role: owner, people: [corp.example.test/anna]}
`

type house struct {
	rulebook.Service
	manager *settings.Manager
	owner   configure.Author
}

func newHouse(t *testing.T) house {
	t.Helper()
	t.Setenv("REKEY_TEST_CORP", "corp-Secret-1")
	pool := pgtest.New(t, postgres.Migrate)
	keys, err := keyset.Load(t.Context(), postgres.NewKeyStore(pool), make([]byte, keyset.KEKSize))
	if err != nil {
		t.Fatal(err)
	}
	store, err := postgres.New(pool, keys, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	m := settings.NewManager(store, app.Registry(), settings.Deps{
		Keys: keys, Now: time.Now, Log: slog.New(slog.DiscardHandler), PublicURL: "https://reset.example.test",
	})
	t.Cleanup(m.Close)
	if err := m.Load(t.Context(), "first", []byte(first)); err != nil {
		t.Fatal(err)
	}
	id := account.ID{Directory: "corp.example.test", Object: "anna"}
	return house{
		rulebook.Service{Configure: &configure.Service{Store: store, Rules: m.Pages()}},
		m,
		configure.Author{Name: "anna", Account: id, Session: "s", Grants: m.Snapshot().Roles.Of(&policy.Facts{Account: id.String()})},
	}
}

func (h house) open(t *testing.T) rulebook.Book {
	t.Helper()
	b, err := h.Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func (h house) save(t *testing.T, change func(*policy.Document)) configure.Proposal {
	t.Helper()
	b := h.open(t)
	d := b.Edit()
	change(&d)
	p, err := h.Configure.Propose(t.Context(), h.owner, b.Draft(d))
	if err != nil {
		t.Fatal(err)
	}
	if !h.owner.Grants.May(role.EditPolicies) || len(p.Problems) > 0 {
		t.Fatalf("%+v", p.Problems)
	}
	if _, err := h.Configure.Save(t.Context(), h.owner, b.Draft(d), "because"); err != nil {
		t.Fatal(err)
	}
	return p
}

func TestADraftTouchesWhatDiffers(t *testing.T) {
	h := newHouse(t)
	b := h.open(t)
	if d := b.Draft(b.Edit()); len(d.Changes) > 0 {
		t.Fatalf("nothing was changed, and %+v would be", d.Changes)
	}
	p := h.save(t, func(d *policy.Document) {
		d.Policies[0], d.Policies[1] = d.Policies[1], d.Policies[0]
		d.Policies = append(d.Policies, policy.Policy{Name: "New", Reset: policy.Requirement{Count: 1, Allowed: []factor.Kind{factor.TOTP}}})
		d.Rules[0].Then.Factors = 2
	})
	if len(p.Lines) != 3 {
		t.Errorf("%+v", p.Lines)
	}
	for _, kept := range []string{
		"  # people with money\n  - name: Finance\n    pilot: false   # not any more", "within: 168h0m0s}", "  # everybody in Berlin\n  - name: Berlin\n    from: 2026-01-31\n",
		"   # and below\n", "   # since 2019\n", "  # at night\n  - name: Away\n",
	} {
		if !strings.Contains(p.Text, kept) {
			t.Errorf("%q is gone from\n%s", kept, p.Text)
		}
	}
	if strings.Index(p.Text, "Berlin") > strings.Index(p.Text, "Finance") {
		t.Error("the order is as before")
	}
}

func TestUnderSaysWhereAProblemIs(t *testing.T) {
	h := newHouse(t)
	d := h.open(t).Edit()
	if _, ps := rulebook.Under(h.manager.Snapshot(), d); len(ps) > 0 {
		t.Fatal(ps)
	}
	d.Policies = append(d.Policies, policy.Policy{Name: "Finance"})
	_, ps := rulebook.Under(h.manager.Snapshot(), d)
	if len(ps) != 2 || ps[0].Path != "policies[2].name" || ps[1].Path != "policies[2].reset.count" || strings.HasPrefix(ps[0].Text, "policies") {
		t.Errorf("%+v", ps)
	}
}

func TestPastFollowsAPolicyThroughItsNames(t *testing.T) {
	h := newHouse(t)
	h.save(t, func(d *policy.Document) { d.Policies[0].Reset.Count = 3 })                               // 2
	h.save(t, func(d *policy.Document) { d.Policies[1].Reset.Count = 3 })                               // 3: another one
	h.save(t, func(d *policy.Document) { d.Policies[0].Name = "Money" })                                // 4
	h.save(t, func(d *policy.Document) { d.Policies[0], d.Policies[1] = d.Policies[1], d.Policies[0] }) // 5: order
	h.save(t, func(d *policy.Document) { d.Policies[1].Limits = policy.Limits{} })                      // 6
	h.save(t, func(d *policy.Document) {
		d.Defaults["corp.example.test"] = policy.Policy{Name: "All", Reset: policy.Requirement{Count: 2}}
	}) // 7
	past, err := h.Past(t.Context(), "Money", 0)
	if err != nil {
		t.Fatal(err)
	}
	var numbers []int64
	for _, e := range past.Editions {
		numbers = append(numbers, e.Number)
	}
	if len(numbers) < 4 || numbers[0] != 6 || numbers[len(numbers)-1] != 1 || past.Before != 0 {
		t.Fatalf("%v, %d", numbers, past.Before)
	}
	if e := past.Editions[0]; len(e.Lines) != 1 || e.Lines[0].Path != "policies[1].limits" || e.Lines[0].Kind != configure.Removed {
		t.Errorf("%+v", e)
	}
	if e := past.Editions[len(past.Editions)-1]; e.Policy.Name != "Finance" || len(e.Lines) > 0 {
		t.Errorf("%+v", e)
	}
	was, there, err := h.At(t.Context(), "Finance", 1)
	if err != nil || !there || was.Limits.Within != 168*time.Hour {
		t.Errorf("%+v, %v, %v", was, there, err)
	}
	standard, err := h.Past(t.Context(), rulebook.DefaultOf+"corp.example.test", 0)
	if err != nil || len(standard.Editions) != 2 || standard.Editions[0].Number != 7 || standard.Editions[0].Lines[0].Is != "All" {
		t.Errorf("%+v, %v", standard, err)
	}
}

func TestWhatIsExportedCanBeImported(t *testing.T) {
	h := newHouse(t)
	_, text, err := h.Export(t.Context())
	if err != nil || strings.Contains(text, "brand") || strings.Contains(text, "password") || !strings.Contains(text, "office") {
		t.Fatal(text, err)
	}
	b := h.open(t)
	d, draft, err := b.Import(text)
	if err != nil {
		t.Fatal(err)
	}
	if len(b.Draft(d).Changes) > 0 {
		t.Errorf("%+v", b.Draft(d))
	}
	p, err := h.Configure.Propose(t.Context(), h.owner, draft)
	if err != nil || len(p.Problems) > 0 || len(p.Lines) > 0 {
		t.Errorf("%+v, %v", p, err)
	}
	for _, bad := range []string{"", "mail: {host: x}", "policies: 7", "a: [", "- x"} {
		if _, _, err := b.Import(bad); err == nil {
			t.Errorf("%q was taken", bad)
		}
	}
	_, draft, err = b.Import("rules: [{name: x, when: {nowhere: 1}, then: {allow: true}}]")
	if err != nil {
		t.Fatal(err)
	}
	if p, err = h.Configure.Propose(t.Context(), h.owner, draft); err != nil || len(p.Problems) == 0 {
		t.Errorf("a key that is none was taken: %+v, %v", p, err)
	}
}
