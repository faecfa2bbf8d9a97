package systemtest

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-ldap/ldap/v3"

	"rekey/internal/lab"
	"rekey/internal/lab/people"
	"rekey/internal/lab/visitor"
)

// shared is the one lab of this test binary. Tests keep to people of their own.
var shared struct {
	once sync.Once
	lab  *lab.Lab
	err  error
}

func TestMain(m *testing.M) {
	code := m.Run()
	if shared.lab != nil {
		if err := shared.lab.Close(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
	}
	os.Exit(code)
}

// roomy lets tests start and send as often as they like; what they test about limits they set themselves.
const roomy = `
throttle:
  starts_per_source: {burst: 100000, every: 1ms}
  sends_per_account: {burst: 100000, every: 1ms}
  sign_ins_per_source: {burst: 100000, every: 1ms}
`

func theLab(t *testing.T) *lab.Lab {
	t.Helper()
	shared.once.Do(func() {
		shared.lab, shared.err = lab.Up(context.Background(), lab.Options{Settings: func(s string) string { return s + roomy }})
	})
	if shared.err != nil {
		t.Fatal(shared.err)
	}
	return shared.lab
}

// actor is a person of the lab with what they can prove with.
type actor struct {
	lab.Person
	lab    *lab.Lab
	proofs visitor.Proofs
	sheet  []string // backup codes not used yet
	told   int      // notices of resets so far
}

func newActor(t *testing.T, l *lab.Lab, sam string, d people.Domain) *actor {
	t.Helper()
	p, ok := l.Person(sam, d)
	if !ok {
		t.Fatalf("nobody is named %s in %s", sam, d.Name)
	}
	a := &actor{Person: p, lab: l, sheet: p.Methods.Sheet}
	if p.Methods.TOTP != nil {
		a.proofs.Secret = p.Methods.TOTP.Secret
	}
	if p.Methods.Mail != nil {
		a.proofs.Code = a.mailCode
	}
	return a
}

// mailCode waits for the next code in the private mailbox.
func (a *actor) mailCode(ctx context.Context) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
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

// object is the account's id in its directory, as the database knows it.
func (a *actor) object(t *testing.T) string {
	t.Helper()
	out, err := a.lab.Portal.Command(t.Context(), "explain", "--user", a.UPN, "--json")
	if err != nil {
		t.Fatal(err)
	}
	var answers []struct {
		Account string `json:"account"`
	}
	if err := json.Unmarshal([]byte(out), &answers); err != nil || len(answers) != 1 {
		t.Fatalf("%v: %s", err, out)
	}
	_, object, _ := strings.Cut(answers[0].Account, "/")
	return object
}

// nextSheet takes an unused backup code.
func (a *actor) nextSheet(t *testing.T) string {
	t.Helper()
	if len(a.sheet) == 0 {
		t.Fatalf("%s has no backup code left", a.SAM)
	}
	code := a.sheet[0]
	a.sheet = a.sheet[1:]
	return code
}

// browse makes a visitor of a portal.
func browse(url string) *visitor.Visitor { return visitor.New(url, nil) }

// binds tells whether a password opens the account over LDAPS. A locked, expired or disabled account fails the test: it was not asked.
func (a *actor) binds(t *testing.T, password string) bool {
	t.Helper()
	d := a.lab.Domain(people.Domain{Name: a.Domain})
	conn, err := ldap.DialURL(d.URLs()[0], ldap.DialWithTLSConfig(&tls.Config{RootCAs: d.CAPool(), MinVersion: tls.VersionTLS12}))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	err = conn.Bind(a.UPN, password)
	if err != nil && !strings.Contains(err.Error(), "data 52e") {
		t.Fatalf("%s: %v", a.UPN, err)
	}
	return err == nil
}
