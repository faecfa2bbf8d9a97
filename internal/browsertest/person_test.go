package browsertest

import (
	"crypto/tls"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-ldap/ldap/v3"
	"github.com/pquerna/otp/totp"

	"rekey/internal/lab"
	"rekey/internal/lab/browser"
	"rekey/internal/lab/inbox"
	"rekey/internal/lab/people"
)

// person is somebody of the lab who sits before a browser.
type person struct {
	lab.Person
	t     *testing.T
	lab   *lab.Lab
	sheet []string // backup codes not used yet
	read  int      // codes in the private mailbox that were read
}

func newPerson(t *testing.T, sam string, d people.Domain) *person {
	t.Helper()
	l := theLab(t)
	p, ok := l.Person(sam, d)
	if !ok {
		t.Fatalf("nobody is named %s in %s", sam, d.Name)
	}
	return &person{Person: p, t: t, lab: l, sheet: p.Methods.Sheet}
}

// code computes what an authenticator app shows. Each works once, so a test uses a person's app once.
func code(t *testing.T, key string) string {
	t.Helper()
	c, err := totp.GenerateCode(strings.ReplaceAll(key, " ", ""), time.Now())
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// private is the person's own mailbox: the one that is enrolled, or will be.
func (p *person) private() string {
	if p.Methods.Mail != nil {
		return p.Methods.Mail.Address
	}
	return p.SAM + "@home.example.test"
}

var aloneOnALine = regexp.MustCompile(`(?m)^\d{6,10}$`)

// mailCode waits for a code that was not read yet and takes the newest.
func (p *person) mailCode() string {
	p.t.Helper()
	var codes []string
	await(p.t, "a code for "+p.SAM, func() bool {
		codes = nil
		for _, m := range p.lab.Inbox.Messages(p.private()) {
			codes = append(codes, aloneOnALine.FindAllString(m.Text, -1)...)
		}
		return len(codes) > p.read
	})
	p.read = len(codes)
	return codes[0] // newest first
}

// told waits for a message to each address whose subject holds the words.
func (p *person) told(words string, addresses ...string) inbox.Message {
	p.t.Helper()
	var found inbox.Message
	for _, to := range addresses {
		await(p.t, fmt.Sprintf("%q in the mailbox of %s", words, to), func() bool {
			all := p.lab.Inbox.Messages(to)
			i := slices.IndexFunc(all, func(m inbox.Message) bool { return strings.Contains(m.Subject, words) })
			if i >= 0 {
				found = all[i]
			}
			return i >= 0
		})
	}
	return found
}

// What the directory says to a sign-in, besides nothing when it is right (MS-ERREF, data of code 49).
const (
	wrongPassword = "52e"
	expired       = "532"
	mustChange    = "773"
	locked        = "775"
)

var refusal = regexp.MustCompile(`data ([0-9a-f]+)`)

// bind signs in over LDAPS and gives what the directory says.
func (p *person) bind(password string) string {
	p.t.Helper()
	d := p.lab.Domain(people.Domain{Name: p.Domain})
	conn, err := ldap.DialURL(d.URLs()[0], ldap.DialWithTLSConfig(&tls.Config{RootCAs: d.CAPool(), MinVersion: tls.VersionTLS12}))
	if err != nil {
		p.t.Fatal(err)
	}
	defer conn.Close()
	err = conn.Bind(p.UPN, password)
	if err == nil {
		return ""
	}
	said := refusal.FindStringSubmatch(err.Error())
	if said == nil {
		p.t.Fatalf("%s signs in: %v", p.UPN, err)
	}
	return said[1]
}

// binds checks what the directory says to a password.
func (p *person) binds(password, want string) {
	p.t.Helper()
	if got := p.bind(password); got != want {
		p.t.Errorf("to the password %q of %s the directory says %q, want %q", password, p.UPN, got, want)
	}
}

// lock types wrong passwords until the directory locks the account.
func (p *person) lock() {
	p.t.Helper()
	const threshold = 3
	for range threshold {
		p.bind("not the password")
	}
	p.binds(p.Password, locked)
}

// begin types the person's name on the first page of an action.
func (p *person) begin(b *tab, path string) { p.beginAs(b, path, p.UPN) }

func (p *person) beginAs(b *tab, path, name string) {
	p.t.Helper()
	b.Open(p.lab.Portal.URL() + path)
	b.Fill("User name", name)
	b.Press("Continue")
}

// The first pages.
const (
	toReset  = "/"
	toUnlock = "/unlock"
	toChange = "/change"
)

// The ways as the pages name them.
const (
	passkey = "Passkey"
	app     = "Authenticator app"
	mail    = "Private e-mail"
	sheet   = "Backup code"
)

// prove picks ways and proves them, one after the other.
func (p *person) prove(b *tab, ways ...string) {
	p.t.Helper()
	for _, way := range ways {
		b.Pick(way)
		b.Press("Continue")
		p.answer(b, way)
		if said := b.problem(); said != "" {
			p.t.Fatalf("%s proves with %s: %s", p.SAM, way, said)
		}
	}
}

// answer answers the open question.
func (p *person) answer(b *tab, way string) {
	p.t.Helper()
	switch way {
	case passkey:
		b.Press("Use passkey")
		return
	case app:
		b.Fill("6-digit code", code(p.t, p.Methods.TOTP.Secret))
	case mail:
		b.Fill("code", p.mailCode())
	case sheet:
		b.Fill("code", p.sheet[0])
		p.sheet = p.sheet[1:]
	}
	b.Press("Continue")
}

// choosePassword types a new password, twice where JavaScript cannot show it.
func (p *person) choosePassword(b *tab, password string) {
	p.t.Helper()
	b.Fill("password", password)
	if !b.script {
		b.Fill("password2", password)
	}
	b.Press("Save new password")
}

// signIn opens "My account".
func (p *person) signIn(b *tab) {
	p.t.Helper()
	b.Open(p.lab.Portal.URL() + "/account")
	b.Fill("User name", p.UPN)
	b.Fill("Password", p.Password)
	b.Press("Sign in")
}

// seeDone checks the last page of a reset.
func seeDone(b *tab) {
	b.t.Helper()
	b.SeeHeading("You can sign in now")
	b.See("Your password is changed")
	b.See("Change it where it is saved")
}

// rules gives the state of each listed rule by its name: "" is not judged yet.
func rules(b *tab) map[string]string {
	b.t.Helper()
	return browser.Eval[map[string]string](b.Page,
		`Object.fromEntries([...document.querySelectorAll("[data-rule]")].map((e) => [e.dataset.rule, e.dataset.state]))`)
}
