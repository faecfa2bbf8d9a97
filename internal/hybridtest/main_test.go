package hybridtest

import (
	"context"
	"crypto/tls"
	"flag"
	"fmt"
	"net/http"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-ldap/ldap/v3"

	"rekey/internal/lab"
	"rekey/internal/lab/browser"
	"rekey/internal/lab/graph"
	"rekey/internal/lab/people"
	"rekey/internal/lab/visitor"
)

// patience is how long anything may take on a machine that is busy with other things. A message that a portal had taken up when it was
// killed waits two minutes for another.
const patience = 4 * time.Minute

var shared *lab.Lab

func TestMain(m *testing.M) {
	flag.Parse()
	os.Exit(run(m))
}

func run(m *testing.M) (code int) {
	ctx := context.Background()
	var err error
	shared, err = lab.Up(ctx, lab.Options{Cloud: true, Settings: adjusted})
	if err == nil {
		defer func() {
			if err := shared.Close(); err != nil {
				fmt.Fprintln(os.Stderr, err)
				code = 1
			}
		}()
		err = shared.Add(ctx, cast()...)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer browser.Stop()
	return m.Run()
}

// adjusted lets the tests come from one address as often as they like. The tenant refuses a word that the portal does not know of.
func adjusted(document string) string {
	return strings.Replace(document, "banned_words: [oktoberfest]", "write_timeout: 2s", 1) + `
throttle:
  starts_per_source: {burst: 1000, every: 1ms}
  sign_ins_per_source: {burst: 1000, every: 1ms}
  sends_per_source: {burst: 1000, every: 1s}
  sends_per_source_and_day: 1000
  sends_per_account_and_day: 1000
`
}

// cast is who the tests are about: each takes some for itself.
func cast() []people.Person {
	var all []people.Person
	for _, sam := range []string{"both", "busy", "barred", "worded", "cut", "killed", "changed", "leaver", "swapped", "alike1", "alike2", "alike3", "window", "led", "parted", "fallen"} {
		p := member(sam, people.Corp)
		p.Synced = true
		all = append(all, p)
	}
	for _, sam := range []string{"only", "onlybusy", "onlychange", "onlyword", "branched"} {
		all = append(all, member(sam, people.Cloud))
	}
	all = append(all, people.Person{
		SAM: "incorp", Given: "Ina", Surname: "Cast", Domain: people.Corp, State: people.Active, Mail: "incorp@" + sharedDomain,
	})
	return append(all, people.Person{SAM: "newcomer", Given: "Nina", Surname: "Newcomer", Domain: people.Cloud, State: people.Active})
}

func member(sam string, d people.Domain) people.Person {
	return people.Person{
		SAM: sam, Given: strings.ToUpper(sam[:1]) + sam[1:], Surname: "Cast", Domain: d, State: people.Active,
		Private: sam + "@home.example.test", App: true,
	}
}

// actor is a person with what they can prove with.
type actor struct {
	lab.Person
	proofs visitor.Proofs
	step   int64 // of the last code of the app that was used
}

func play(t testing.TB, sam string, d people.Domain) *actor {
	t.Helper()
	p, ok := shared.Person(sam, d)
	if !ok {
		t.Fatalf("nobody is named %s", sam)
	}
	a := &actor{Person: p}
	a.proofs.Now = a.unused
	if p.Methods.TOTP != nil {
		a.proofs.Secret = p.Methods.TOTP.Secret
	}
	if p.Methods.Mail != nil {
		a.proofs.Code = a.mailCode
	}
	return a
}

// unused is a time whose code the portal takes and has not seen: this step's, else the next one's.
func (a *actor) unused() time.Time {
	const period = 30
	a.step = max(a.step+1, time.Now().Unix()/period)
	return time.Unix(a.step*period, 0)
}

// mailCode waits for the next code in the private mailbox.
func (a *actor) mailCode(ctx context.Context) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for {
		m, err := shared.Inbox.Next(ctx, a.Methods.Mail.Address)
		if err != nil {
			return "", err
		}
		for line := range strings.Lines(m.Text) {
			line = strings.TrimSpace(line)
			if len(line) == 6 && strings.Trim(line, "0123456789") == "" {
				return line, nil
			}
		}
	}
}

// prove begins a reset and proves the person, up to the password page.
func (a *actor) prove(t testing.TB) *visitor.Visitor {
	t.Helper()
	v := browse()
	begin(t, v, "reset", a.UPN)
	if _, err := v.ProveAll(t.Context(), a.proofs, "totp", "mail"); err != nil {
		t.Fatalf("%s: %v", a.UPN, err)
	}
	return v
}

// begin starts an attempt; why it could not be is kept for who reads the test.
func begin(t testing.TB, v *visitor.Visitor, action, name string) *visitor.Page {
	t.Helper()
	p, err := v.Start(t.Context(), action, name)
	if err != nil {
		t.Fatal(err)
	}
	if p.Status == http.StatusServiceUnavailable {
		log, _ := os.ReadFile(shared.Portal.Log())
		t.Fatalf("%s is told to come back; the portal's log ends with %s", name, log[max(0, len(log)-2000):])
	}
	return p
}

// browse makes a visitor that trusts the tenant's sign-in page.
func browse() *visitor.Visitor {
	return visitor.New(shared.Portal.URL(), &http.Transport{
		TLSClientConfig: &tls.Config{RootCAs: shared.Tenant.Server.Pool(), MinVersion: tls.VersionTLS12}, DisableKeepAlives: true,
	})
}

var made atomic.Int64

// fresh makes a password that was never used before.
func fresh() string { return fmt.Sprintf("Brand-New-Door!%d", 1000+made.Add(1)) }

// binds tells whether a password opens the account over LDAPS.
func (a *actor) binds(t testing.TB, password string) bool {
	t.Helper()
	d := shared.Domain(people.Corp)
	c, err := ldap.DialURL(d.URLs()[0], ldap.DialWithTLSConfig(&tls.Config{RootCAs: d.CAPool(), MinVersion: tls.VersionTLS12}))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	err = c.Bind(a.UPN, password)
	if err != nil && !ldap.IsErrorWithCode(err, ldap.LDAPResultInvalidCredentials) {
		t.Fatal(err)
	}
	return err == nil
}

// signsIn tells whether a password opens the account in the tenant.
func (a *actor) signsIn(t testing.TB, password string) bool {
	t.Helper()
	_, err := shared.Tenant.SignIn(a.UPN, password)
	return err == nil
}

// opens checks which passwords open which account.
func (a *actor) opens(t testing.TB, inAD, inEntra, neither string) {
	t.Helper()
	if inAD != "" && !a.binds(t, inAD) {
		t.Errorf("%s does not open the account in Active Directory", inAD)
	}
	if inEntra != "" && !a.signsIn(t, inEntra) {
		t.Errorf("%s does not open the account in Entra", inEntra)
	}
	if neither == "" {
		return
	}
	if inAD != "" && a.binds(t, neither) {
		t.Errorf("%s still opens the account in Active Directory", neither)
	}
	if inEntra != "" && a.signsIn(t, neither) {
		t.Errorf("%s still opens the account in Entra", neither)
	}
}

// fail makes the tenant refuse this person's new passwords until the returned function is called.
func (a *actor) fail(t testing.TB, f graph.Fault) func() {
	t.Helper()
	u, ok := shared.Tenant.User(a.UPN)
	if !ok {
		t.Fatalf("%s is not in the tenant", a.UPN)
	}
	f.Method, f.Path = http.MethodPatch, "/users/"+u.ID
	stop := shared.Tenant.Server.Fail(f)
	t.Cleanup(stop)
	return stop
}

// writes counts the passwords that were written for this person in the tenant, or tried.
func (a *actor) writes(t testing.TB) int {
	t.Helper()
	u, _ := shared.Tenant.User(a.UPN)
	n := 0
	for _, r := range shared.Tenant.Server.Requests() {
		if r.Method == http.MethodPatch && strings.HasSuffix(r.Path, u.ID) {
			n++
		}
	}
	return n
}

func has(t testing.TB, p *visitor.Page, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if !strings.Contains(p.Text, text) {
			t.Errorf("the page %q does not say %q: %s", p.H1, text, p.Text)
		}
	}
}

// eventually waits for something that happens after the page was shown.
func eventually(t testing.TB, what string, ok func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-ctx.Done():
			t.Fatalf("not within %v: %s", patience, what)
		case <-tick.C:
		}
	}
}
