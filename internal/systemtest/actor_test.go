package systemtest

import (
	"context"
	"crypto/tls"
	"fmt"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-ldap/ldap/v3"

	"rekey/internal/account"
	"rekey/internal/app"
	"rekey/internal/directory"
	"rekey/internal/lab"
	"rekey/internal/lab/people"
	"rekey/internal/lab/samba"
	"rekey/internal/lab/visitor"
)

// patience is how long anything may take on a machine that is busy with other things. A message that a portal had taken up when it was
// killed waits two minutes for another.
const patience = 4 * time.Minute

// cast is who the tests are about, besides the people of the demo. Each test takes some for itself.
func cast() []people.Person {
	var all []people.Person
	for _, part := range []struct {
		name  string
		n     int
		sheet bool // backup codes; making them takes time
	}{
		{"crash", flowCommits, true},
		{"clock", 6, false},
		{"shape", 1, true},
		{"step", 2, false},
		{"tab", 1, false},
		{"pair", 2, false},
		{"purpose", 1, false},
		{"target", 1, false},
		{"token", 1, false},
		{"count", 3, true},
		{"race", 2, true},
		{"again", 1, true},
		{"lockout", 2, false},
		{"host", 1, false},
		{"proxy", 2, false},
		{"origin", 1, false},
		{"frozen", 1, true},
		{"twice", 1, true},
		{"empty", 1, false},
		{"typist", 1, false},
	} {
		for i := range part.n {
			all = append(all, castMember(part.name+strconv.Itoa(i+1), part.sheet))
		}
	}
	markup := castMember("markup1", false)
	markup.Given, markup.Surname = `<b id="own">Bo</b>`, `"><script>alert(1)</script>`
	return append(all, markup, castMember("shielded1", false), castMember("shielded2", false))
}

// castMember is a plain member of the firm with an authenticator app and a private mailbox.
func castMember(sam string, sheet bool) people.Person {
	return people.Person{
		SAM: sam, Given: strings.ToUpper(sam[:1]) + sam[1:], Surname: "Cast", Domain: people.Corp, State: people.Active,
		Private: sam + "@home.example.test", App: true, Sheet: sheet,
	}
}

// actor is a person with what they can prove with. One goroutine plays them at a time.
type actor struct {
	lab.Person
	lab      *lab.Lab
	proofs   visitor.Proofs
	sheet    []string // backup codes not used yet
	step     int64    // of the last code of the app that was used
	told     int      // notices of resets so far
	password string   // that opens the account now
	known    account.ID
}

// play takes a person of Corp.
func play(t testing.TB, l *lab.Lab, sam string) *actor {
	t.Helper()
	p, ok := l.Person(sam, people.Corp)
	if !ok {
		t.Fatalf("nobody is named %s", sam)
	}
	a := &actor{Person: p, lab: l, sheet: p.Methods.Sheet, password: p.Password}
	a.proofs.Now = a.unused
	if p.Methods.TOTP != nil {
		a.proofs.Secret = p.Methods.TOTP.Secret
	}
	if p.Methods.Mail != nil {
		a.proofs.Code = a.mailCode
	}
	return a
}

// guard protects the account as AdminSDHolder does: the portal may not write it any more. One that is protected from the start is
// privileged, and would have to prove a passkey.
func (a *actor) guard(t testing.TB) {
	t.Helper()
	d := a.lab.Domain(people.Corp)
	if err := d.Apply(t.Context(), samba.Guard{DN: d.UserDN(samba.User{SAM: a.SAM})}); err != nil {
		t.Fatal(err)
	}
}

const period = 30 // seconds that a code of the app is shown

// unused is a time whose code the portal takes and has not seen: this step's, else the next one's.
func (a *actor) unused() time.Time {
	a.step = max(a.step+1, time.Now().Unix()/period)
	return time.Unix(a.step*period, 0)
}

// mailCode waits for the next code in the private mailbox.
func (a *actor) mailCode(ctx context.Context) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for {
		m, err := a.lab.Inbox.Next(ctx, a.Methods.Mail.Address)
		if err != nil {
			return "", err
		}
		if code, ok := codeIn(m.Text); ok {
			return code, nil
		}
	}
}

// codeIn finds the line that is nothing but a code.
func codeIn(text string) (string, bool) {
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if len(line) >= 6 && len(line) <= 10 && strings.Trim(line, "0123456789") == "" {
			return line, true
		}
	}
	return "", false
}

// nextSheet takes an unused backup code.
func (a *actor) nextSheet(t testing.TB) string {
	t.Helper()
	if len(a.sheet) == 0 {
		t.Fatalf("%s has no backup code left", a.SAM)
	}
	code := a.sheet[0]
	a.sheet = a.sheet[1:]
	return code
}

// freshPrefix begins every password that fresh makes, and no other text.
const freshPrefix = "Brand-New-Door!"

// fresh makes a password that was never used before.
func (a *actor) fresh() string {
	return fmt.Sprintf("%s%d%s", freshPrefix, visitors.Add(1), strconv.FormatInt(time.Now().UnixNano(), 36))
}

// id is the account in its directory, as the database knows it.
func (a *actor) id(t testing.TB) account.ID {
	t.Helper()
	if !a.known.IsZero() {
		return a.known
	}
	d, ok := open(t, a.lab).Settings.Snapshot().Directory(a.Domain)
	if !ok {
		t.Fatalf("no directory %s", a.Domain)
	}
	found, err := d.Lookup(t.Context(), directory.Identifier{Raw: a.UPN, Mail: a.UPN})
	if err != nil {
		t.Fatal(err)
	}
	a.known = found.ID
	return a.known
}

// open gives the product's parts on the lab's portal, as its commands have them.
func open(t testing.TB, l *lab.Lab) *app.App {
	t.Helper()
	a, err := app.Open(t.Context(), l.Portal.Config(), quiet())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(a.Close)
	return a
}

// binds tells whether a password opens the account over LDAPS. A locked, expired or disabled account fails the test: it was not asked.
func (a *actor) binds(t testing.TB, password string) bool {
	t.Helper()
	conn := a.dial(t)
	defer conn.Close()
	err := conn.Bind(a.UPN, password)
	if err != nil && !strings.Contains(err.Error(), "data 52e") {
		t.Fatalf("%s: %v", a.UPN, err)
	}
	return err == nil
}

func (a *actor) dial(t testing.TB) *ldap.Conn {
	t.Helper()
	d := a.lab.Domain(people.Domain{Name: a.Domain})
	conn, err := ldap.DialURL(d.URLs()[0], ldap.DialWithTLSConfig(&tls.Config{RootCAs: d.CAPool(), MinVersion: tls.VersionTLS12}))
	if err != nil {
		t.Fatal(err)
	}
	conn.SetTimeout(patience)
	return conn
}

// attribute reads one of the account's attributes as the domain's administrator.
func (a *actor) attribute(t testing.TB, name string) string {
	t.Helper()
	conn := a.dial(t)
	defer conn.Close()
	d := a.lab.Domain(people.Domain{Name: a.Domain})
	if err := conn.Bind(d.Admin()); err != nil {
		t.Fatal(err)
	}
	found, err := conn.Search(&ldap.SearchRequest{
		BaseDN: d.BaseDN(), Scope: ldap.ScopeWholeSubtree, Filter: "(sAMAccountName=" + ldap.EscapeFilter(a.SAM) + ")", Attributes: []string{name},
	})
	if err != nil || len(found.Entries) != 1 {
		t.Fatalf("%s: %d entries, %v", a.SAM, len(found.Entries), err)
	}
	return found.Entries[0].GetEqualFoldAttributeValue(name)
}

// visitors counts who came, to give each an address of their own.
var visitors atomic.Uint32

// nextAddress is one nobody has come from yet.
func nextAddress() string {
	n := visitors.Add(1)
	return netip.AddrFrom4([4]byte{10, byte(n >> 16), byte(n >> 8), byte(n)}).String()
}

// browse makes a visitor of a portal who comes from an address of their own.
func browse(url string) *visitor.Visitor { return browseFrom(url, nextAddress()) }

// browseFrom makes a visitor who comes from an address.
func browseFrom(url, address string) *visitor.Visitor {
	return visitor.New(url, with{"X-Forwarded-For": address})
}

// with adds headers to every request.
type with map[string]string

// RoundTrip implements http.RoundTripper.
func (w with) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	for name, value := range w {
		if name == "Host" {
			r.Host = value
		}
		r.Header.Set(name, value)
	}
	return http.DefaultTransport.RoundTrip(r)
}

// walk is a visitor of a test: what fails on the way fails the test.
type walk struct {
	*visitor.Visitor
	t testing.TB
}

func (w walk) ok(p *visitor.Page, err error) *visitor.Page {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
	return p
}

func (w walk) open(path string) *visitor.Page {
	w.t.Helper()
	return w.ok(w.Open(w.t.Context(), path))
}

func (w walk) start(action, name string) *visitor.Page {
	w.t.Helper()
	return w.ok(w.Start(w.t.Context(), action, name))
}

func (w walk) submit(action string, fields visitor.Fields) *visitor.Page {
	w.t.Helper()
	return w.ok(w.Submit(w.t.Context(), action, fields))
}

func (w walk) choose(method string) *visitor.Page {
	w.t.Helper()
	return w.submit("/flow/choose", visitor.Fields{"method": method})
}

func (w walk) answer(code string) *visitor.Page {
	w.t.Helper()
	return w.submit("/flow/answer", visitor.Fields{"code": code})
}

func (w walk) finish(password string) *visitor.Page {
	w.t.Helper()
	return w.ok(w.Finish(w.t.Context(), password))
}

// proven goes as far as the password page of a reset with a code of the app and one by mail.
func (w walk) proven(a *actor) *visitor.Page {
	w.t.Helper()
	w.start("reset", a.UPN)
	page := w.ok(w.ProveAll(w.t.Context(), a.proofs, "totp", "mail"))
	if !has(page, "/flow/finish") {
		w.t.Fatalf("not proven: %s", page.Text)
	}
	return page
}

// walkIn makes a visitor of the test who comes from an address of their own.
func walkIn(t testing.TB, url string) walk { return walk{browse(url), t} }

func has(p *visitor.Page, action string) bool {
	_, ok := p.Form(action)
	return ok
}

// await waits for a condition.
func await(t testing.TB, what string, holds func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 4*patience)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !holds() {
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatalf("waited in vain: %s", what)
		}
	}
}
