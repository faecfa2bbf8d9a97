package browsertest

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"rekey/internal/lab"
	"rekey/internal/lab/browser"
	"rekey/internal/lab/people"
)

const ruledPolicies = `policies:
  - name: Executives and finance
    scope: {groups: ['CORP\Executives', 'CORP\Finance']}
    reset: {count: 1, mandatory: [passkey], allowed: [passkey]}
  - name: Service desk
    scope: {groups: ['CORP\Service Desk']}
    reset: {count: 1, allowed: [passkey, totp, backup-code]}
  - name: Standard users
    scope: {groups: ['CORP\Staff']}
    reset: {count: 2, mandatory: [totp, backup-code], allowed: [totp, backup-code], same_class: true}
`

// On whatever day and at whatever time the tests run, it is night at Corp and day at Sales.
const ruledRules = `
networks: {office: [10.0.0.0/8]}
schedules:
  hours of Sales: {hours: [{days: [mon, tue, wed, thu, fri, sat, sun], from: "%[1]s", to: "%[2]s"}]}
  hours of Corp: {hours: [{days: [mon, tue, wed, thu, fri, sat, sun], from: "%[2]s", to: "%[1]s"}]}
conditions:
  stranger: {not: {networks: [office]}}
rules:
  - name: Strangers at night at Corp
    scope: {domains: [corp.example.test]}
    when: {all: [{is: stranger}, {not: {schedules: [hours of Corp]}}]}
    then: {add_factors: 1}
  - name: Strangers at night at Sales
    scope: {domains: [sales.example.test]}
    when: {all: [{is: stranger}, {not: {schedules: [hours of Sales]}}]}
    then: {add_factors: 1}
  - name: Strangers
    when: {is: stranger}
    then: {add_factors: 2}
    report_only: true
`

// ruled is one portal beside the lab's for all tests of rules, behind a proxy that this machine plays.
var ruled struct {
	once sync.Once
	lab  *lab.Lab
	err  error
}

func ruledPeople() []people.Person {
	ready := func(sam, surname string, d people.Domain, groups ...string) people.Person {
		return people.Person{
			SAM: sam, Given: strings.ToUpper(sam[:1]) + sam[1:], Surname: surname, Domain: d, State: people.Active, Groups: groups,
			Private: sam + "@home.example.test", App: true, Sheet: true,
		}
	}
	chief := ready("edda", "Chief", people.Corp, "Board")
	chief.Password = "Old-Chair-Passw0rd!9"
	// What SDProp does within the hour on Windows, to members of protected groups, is done at once.
	operator := ready("otto", "Operator", people.Corp, "Service Desk", "CN=Account Operators,CN=Builtin,DC=corp,DC=example,DC=test")
	operator.Guarded = true
	return []people.Person{
		chief, ready("fenja", "Finance", people.Corp, "Finance"), ready("stella", "Standard", people.Corp, "Engineering"),
		ready("dina", "Desk", people.Corp, "Service Desk"), operator,
		ready("nina", "Night", people.Corp), ready("tilo", "Day", people.Sales),
	}
}

// newRuled gives somebody of the portal with rules.
func newRuled(t *testing.T, sam string, d people.Domain) *person {
	t.Helper()
	l := theLab(t)
	ruled.once.Do(func() {
		now := time.Now().UTC()
		from, to := now.Add(-6*time.Hour).Format("15:04"), now.Add(6*time.Hour).Format("15:04")
		ruled.lab, ruled.err = l.Beside(context.Background(), lab.Beside{
			Name: "ruled", Domains: l.Domains, People: ruledPeople(), Env: []string{"REKEY_TRUSTED_PROXIES=127.0.0.0/8,::1/128"},
			Settings: func(document string) string {
				return strings.Replace(adapt(document), "policies:\n", ruledPolicies, 1) + fmt.Sprintf(ruledRules, from, to)
			},
		})
	})
	if ruled.err != nil {
		t.Fatal(ruled.err)
	}
	who, ok := ruled.lab.Person(sam, d)
	if !ok {
		t.Fatalf("nobody is named %s in %s", sam, d.Name)
	}
	return &person{Person: who, t: t, lab: ruled.lab, sheet: who.Methods.Sheet}
}

// from is a browser at an address, as the proxy tells it.
func from(address string) browser.Options {
	return browser.Options{Headers: map[string]string{"X-Forwarded-For": address}}
}

const (
	desk      = "10.1.2.3"
	elsewhere = "198.51.100.7"
)

// setUpPasskey adds the passkey that a person needs and does not have: the first page after the sign-in asks for it.
func setUpPasskey(p *person, b *tab) {
	p.t.Helper()
	p.signIn(b)
	b.SeeHeading("Set up how you prove it is you")
	b.Pick(passkey)
	b.Press("Continue")
	b.SeeHeading("First prove it is you")
	p.prove(b, mail)
	b.SeeHeading("Create a passkey")
	b.Press("Create passkey")
	b.SeeHeading("My account")
	b.See("You are ready")
}

// TestPasskeyForExecutivesAppAndBackupCodeForStaff, each of whom needs nothing else, and is offered nothing else.
func TestPasskeyForExecutivesAppAndBackupCodeForStaff(t *testing.T) {
	t.Parallel()
	for sam, password := range map[string]string{"edda": "Kettle-Autumn-Chair-71", "fenja": "Kettle-Autumn-72"} {
		p := newRuled(t, sam, people.Corp)
		b := newTab(t, from(desk))
		b.AddPasskeys()
		setUpPasskey(p, b)
		p.begin(b, toReset)
		b.See("One way is enough.")
		if ways := b.ways(); !slices.Equal(ways, []string{"passkey"}) {
			t.Errorf("%s is offered %q", sam, ways)
		}
		p.prove(b, passkey)
		p.choosePassword(b, password)
		seeDone(b)
		p.binds(password, "")
		p.binds(p.Password, wrongPassword)
	}

	p := newRuled(t, "stella", people.Corp)
	b := newTab(t, from(desk))
	p.begin(b, toReset)
	b.See("You need 2 ways.")
	if ways := b.ways(); !slices.Equal(ways, []string{"totp", "backup-code"}) {
		t.Errorf("%s is offered %q", p.SAM, ways)
	}
	p.prove(b, app)
	b.SeeHeading("Now prove it in another way")
	p.prove(b, sheet)
	p.choosePassword(b, "Kettle-Autumn-73")
	seeDone(b)
	p.binds("Kettle-Autumn-73", "")
	p.binds(p.Password, wrongPassword)
}

// TestOneFactorForALowGroupTwoForPrivileged: the same policy of one way is two for a member of a group that Active Directory protects,
// a passkey among them, and no code by mail.
func TestOneFactorForALowGroupTwoForPrivileged(t *testing.T) {
	t.Parallel()
	p := newRuled(t, "dina", people.Corp)
	b := newTab(t, from(desk))
	p.begin(b, toReset)
	b.See("One way is enough.")
	p.prove(b, app)
	p.choosePassword(b, "Kettle-Autumn-74")
	seeDone(b)
	p.binds("Kettle-Autumn-74", "")

	p = newRuled(t, "otto", people.Corp)
	b = newTab(t, from(desk))
	b.AddPasskeys()
	setUpPasskey(p, b)
	p.begin(b, toReset)
	b.See("You need 2 ways.")
	if ways := b.ways(); slices.Contains(ways, "mail") || !slices.Contains(ways, "passkey") {
		t.Errorf("%s is offered %q", p.SAM, ways)
	}
	p.prove(b, app)
	b.SeeHeading("Now prove it in another way")
	if ways := b.ways(); !slices.Equal(ways, []string{"passkey"}) {
		t.Errorf("besides the app %s is offered %q", p.SAM, ways)
	}
	p.prove(b, passkey)
	b.SeeHeading("Choose a new password")
	p.binds(p.Password, "")
}

// TestTheStrangerAtNightIsAskedForOneMore than the same person at a desk, and than a stranger by day. Who types a name nobody has
// sees the same.
func TestTheStrangerAtNightIsAskedForOneMore(t *testing.T) {
	t.Parallel()
	p, seller := newRuled(t, "nina", people.Corp), newRuled(t, "tilo", people.Sales)
	for _, x := range []struct{ name, address, see string }{
		{p.UPN, desk, "You need 2 ways."},
		{p.UPN, elsewhere, "You need 3 ways."},
		{"nobody.here@" + people.Corp.Name, desk, "You need 2 ways."},
		{"nobody.here@" + people.Corp.Name, elsewhere, "You need 3 ways."},
		{seller.UPN, elsewhere, "You need 2 ways."},
		{"nobody.here@" + people.Sales.Name, elsewhere, "You need 2 ways."},
	} {
		b := newTab(t, from(x.address))
		p.beginAs(b, toReset, x.name)
		b.SeeHeading("How do you want to prove it is you?")
		b.See(x.see)
	}

	b := newTab(t, from(elsewhere))
	p.begin(b, toReset)
	for _, way := range []string{app, mail} {
		p.prove(b, way)
		b.SeeHeading("Now prove it in another way")
	}
	p.prove(b, sheet)
	p.choosePassword(b, "Kettle-Autumn-75")
	seeDone(b)
	p.binds("Kettle-Autumn-75", "")
	countsRules(t, p.lab, map[string]int{
		`rekey_rule_applied_total{rule="Strangers at night at Corp"}`: 2, `rekey_rule_reported_total{rule="Strangers"}`: 3,
	})
}

// countsRules checks what was counted of decisions about people; names nobody has are not counted.
func countsRules(t *testing.T, l *lab.Lab, want map[string]int) {
	t.Helper()
	resp, err := http.Get(l.Portal.Metrics())
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	for name, n := range want {
		if line := fmt.Sprintf("\n%s %d\n", name, n); !strings.Contains(string(text), line) {
			t.Errorf("the metrics lack %q", line)
		}
	}
}
