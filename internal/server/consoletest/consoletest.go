// Package consoletest runs administrators' pages inside a test: the real guard, settings and database, a directory in memory and a clock
// that the test holds.
package consoletest

import (
	"bytes"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"rekey/internal/account"
	"rekey/internal/admin"
	"rekey/internal/audit"
	"rekey/internal/authenticator"
	"rekey/internal/authenticator/authenticatortest"
	"rekey/internal/authenticator/backupcode"
	"rekey/internal/authenticator/mailcode"
	"rekey/internal/authenticator/pass"
	"rekey/internal/authenticator/passkey"
	"rekey/internal/authenticator/totp"
	"rekey/internal/configure"
	"rekey/internal/directory"
	"rekey/internal/directory/memory"
	"rekey/internal/factor"
	"rekey/internal/keyset"
	"rekey/internal/lab/pgtest"
	"rekey/internal/locale"
	"rekey/internal/postgres"
	"rekey/internal/role"
	"rekey/internal/secret"
	"rekey/internal/server"
	"rekey/internal/server/adminui"
	"rekey/internal/server/console"
	"rekey/internal/server/frame"
	"rekey/internal/server/review"
	"rekey/internal/settings"
	"rekey/internal/signin"
	"rekey/internal/site"
	"rekey/web"
)

// Origin is where the portal says it is.
const Origin = "https://portal.example.test"

// Password is everybody's.
const Password = "Correct-Horse-7"

// Domain is the key of the directory.
const Domain = "corp.example.test"

// XSS is what hostile attributes and settings hold in tests: it must show as text everywhere.
const XSS = `"><script>alert(1)</script><img src=x onerror=alert(1)>`

// Desk is a console of one test.
type Desk struct {
	Corp      *memory.Directory // anna, ben, dora (disabled), xaver (whose display name is XSS), and one administrator for each role, named like it
	Settings  *settings.Manager
	Configure *configure.Service
	Store     *postgres.Store
	Keys      *keyset.Keyset
	Pool      *pgxpool.Pool
	Admin     *admin.Service
	Console   *console.Console
	Log       *Log
	Areas     []server.Area
	Handler   http.Handler

	clock *clock
	t     testing.TB
	more  map[string]settings.DirectoryType
}

// Document is the settings that are in force at first, but for the roles.
const Document = `# the settings of a test
brand:
  name: Example Corp password help
  firm: Example Corp
  help_text: "Help desk: 4357"
directories:
  - memory:
      domain: corp.example.test # in memory
authenticators:
  passkey:
  totp:
  backup-code:
  mail:
mail:
  host: mail.example.test
  from: noreply@example.test
`

// New starts a console on a fresh database; areas makes the pages that are tested, besides those
// by which administrators get in. The test binary's TestMain must be pgtest.Main.
func New(t testing.TB, areas func(d *Desk) []server.Area) *Desk {
	t.Helper()
	return WithSettings(t, Document, areas)
}

// WithSettings is New with other settings than Document.
func WithSettings(t testing.TB, document string, areas func(d *Desk) []server.Area) *Desk {
	t.Helper()
	return WithDirectories(t, document, nil, areas)
}

// WithDirectories is WithSettings with more types of directories that settings may name.
func WithDirectories(t testing.TB, document string, more map[string]settings.DirectoryType, areas func(d *Desk) []server.Area) *Desk {
	t.Helper()
	d := &Desk{Pool: pgtest.New(t, postgres.Migrate), clock: &clock{now: time.Now().UTC().Truncate(time.Second)}, Log: &Log{}, t: t, more: more}
	var err error
	if d.Keys, err = keyset.Load(t.Context(), postgres.NewKeyStore(d.Pool), make([]byte, keyset.KEKSize)); err != nil {
		t.Fatal(err)
	}
	if d.Store, err = postgres.New(d.Pool, d.Keys, d.Now); err != nil {
		t.Fatal(err)
	}
	d.people()
	d.settle(document)
	d.serve(areas)
	return d
}

// people fills the directory.
func (d *Desk) people() {
	d.Corp = memory.New(Domain, "CORP", d.person("anna", "Anna Adler"), d.person("ben", "Ben Brand"), d.person("xaver", XSS))
	dora := d.person("dora", "Dora Dicht")
	dora.State.Disabled = true
	d.Corp.Add(dora)
	for _, r := range role.Roles() {
		d.Corp.Add(d.person(string(r), "The "+string(r)))
	}
	d.Corp.SetClock(d.Now)
}

func (d *Desk) person(sam, display string) memory.Account {
	a := memory.Account{Password: secret.New(Password)}
	a.SAM, a.DisplayName, a.Mail = sam, display, sam+"@corp.example.test"
	a.State.PasswordSet = d.Now().AddDate(0, -1, 0)
	return a
}

// ID is whose account it is.
func (d *Desk) ID(sam string) account.ID {
	d.t.Helper()
	a, err := d.Corp.Lookup(d.t.Context(), directory.Identifier{Raw: sam, Name: sam})
	if err != nil {
		d.t.Fatalf("%s: %v", sam, err)
	}
	return a.ID
}

// Roles are the bindings that settings of a test end with.
func (d *Desk) Roles() string {
	var b strings.Builder
	b.WriteString("roles:\n")
	for _, r := range role.Roles() {
		fmt.Fprintf(&b, "  - role: %s\n    people: [%s]\n", r, d.ID(string(r)))
	}
	return b.String()
}

func (d *Desk) settle(document string) {
	d.t.Helper()
	deps := settings.Deps{Keys: d.Keys, Now: d.Now, Log: slog.New(slog.NewTextHandler(d.Log, nil)), PublicURL: Origin, Groups: d.Store}
	d.Settings = settings.NewManager(d.Store, d.registry(), deps)
	if err := d.Settings.Load(d.t.Context(), "first.yaml", []byte(document+d.Roles())); err != nil {
		d.t.Fatal(err)
	}
	d.t.Cleanup(d.Settings.Close)
	forms, err := d.registry().Forms()
	if err != nil {
		d.t.Fatal(err)
	}
	d.Configure = &configure.Service{Store: d.Store, Rules: d.Settings.Pages(), Forms: forms}
}

// memoryConfig is the directory's section in the settings.
type memoryConfig struct {
	Domain string `yaml:"domain" label:"Domain" help:"The DNS domain."`
}

// registry has the real methods, and the directory in memory.
func (d *Desk) registry() settings.Registry {
	r := d.basic()
	maps.Copy(r.Directories, d.more)
	return r
}

func (d *Desk) basic() settings.Registry {
	return settings.Registry{
		Directories: map[string]settings.DirectoryType{"memory": {Config: memoryConfig{}, Open: func(decode settings.Decode, _ settings.Deps) (directory.Directory, error) {
			var c memoryConfig
			return d.Corp, decode(&c)
		}}},
		Methods: []settings.MethodType{
			{Kind: factor.Passkey, Config: passkey.Config{}, Open: func(decode settings.Decode, sd settings.Deps) (authenticator.Method, error) {
				c := passkey.Config{Origin: Origin, Name: sd.Brand.Name}
				if err := decode(&c); err != nil {
					return nil, err
				}
				return passkey.Open(c, passkey.Deps{})
			}},
			{Kind: factor.TOTP, Config: totp.Config{}, Open: func(decode settings.Decode, sd settings.Deps) (authenticator.Method, error) {
				c := totp.Config{Issuer: sd.Brand.Firm}
				if err := decode(&c); err != nil {
					return nil, err
				}
				return totp.Open(c, totp.Deps{})
			}},
			{Kind: factor.BackupCode, Config: backupcode.Config{}, Open: func(decode settings.Decode, _ settings.Deps) (authenticator.Method, error) {
				var c backupcode.Config
				if err := decode(&c); err != nil {
					return nil, err
				}
				return backupcode.Open(c, backupcode.Deps{})
			}},
			{Kind: factor.Pass, Config: pass.Config{}, Open: func(decode settings.Decode, sd settings.Deps) (authenticator.Method, error) {
				var c pass.Config
				if err := decode(&c); err != nil {
					return nil, err
				}
				return pass.Open(c, pass.Deps{MAC: sd.Keys.MAC})
			}},
			{Kind: factor.Mail, Config: mailcode.Config{}, Open: func(decode settings.Decode, sd settings.Deps) (authenticator.Method, error) {
				var c mailcode.Config
				if err := decode(&c); err != nil {
					return nil, err
				}
				return mailcode.Open(c, mailcode.Deps{MAC: sd.Keys.MAC})
			}},
		},
	}
}

// Apply puts other settings in force, as the command line would; the roles are added.
func (d *Desk) Apply(document string) {
	d.t.Helper()
	_, err := d.Settings.Apply(d.t.Context(), "test.yaml", []byte(document+d.Roles()), settings.Change{Author: "test", Reason: "a test", Origin: settings.FromOperator})
	if err != nil {
		d.t.Fatal(err)
	}
}

func (d *Desk) serve(areas func(*Desk) []server.Area) {
	d.t.Helper()
	var src site.Source = d.Settings.Snapshot
	log := slog.New(slog.NewTextHandler(d.Log, nil))
	key, err := passkey.Open(passkey.Config{Origin: Origin}, passkey.Deps{})
	if err != nil {
		d.t.Fatal(err)
	}
	d.Admin = admin.New(admin.Deps{
		Site: src, Store: d.Store, Invitations: d.Store, Sealer: d.Keys, Recorder: d.Store, Passkey: key, PublicURL: Origin, Now: d.Now, Log: log,
		Passwords: &signin.Checker{Site: src, Counters: d.Store, Limiter: d.Store, Now: d.Now},
	})
	catalogue, err := locale.Load()
	if err != nil {
		d.t.Fatal(err)
	}
	assets, err := web.NewAssets("")
	if err != nil {
		d.t.Fatal(err)
	}
	d.Console = console.New(console.Deps{
		Service: d.Admin, Site: src, Catalogue: catalogue, Links: assets.Links, Keys: d.Keys, Secure: true, Now: d.Now, Log: log,
	})
	d.Areas = append((&adminui.UI{Console: d.Console, Service: d.Admin, Site: src, Review: &review.Review{Console: d.Console, Configure: d.Configure}, Secure: true}).Areas(), areas(d)...)
	portal := &frame.Frame{Catalogue: catalogue, Site: src, Links: assets.Links}
	edge := server.New(server.Config{Origin: Origin, Secure: true}, src, catalogue, d.Console.Around(portal), log, nobody{})
	d.Handler = edge.Handler(assets, d.Areas...)
}

type nobody struct{}

// Request implements server.Metrics.
func (nobody) Request(string, string, int, time.Duration) {}

// Client is a browser that is signed in as the administrator of a role, whose passkey was proven just now. It keeps cookies, and follows
// no redirect.
type Client struct {
	desk    *Desk
	cookies map[string]string
	Session admin.Session
	Key     *authenticatortest.Key // the passkey of somebody who was Invited
}

// Client signs in as the administrator of a role.
func (d *Desk) Client(r role.Role) *Client {
	d.t.Helper()
	return d.ClientOf(string(r))
}

// ClientOf signs in as an account, whatever it may.
func (d *Desk) ClientOf(sam string) *Client {
	d.t.Helper()
	now := d.Now()
	sess := admin.Session{
		ID: fmt.Sprintf("test-%s-%d", sam, d.clock.count()), Account: d.ID(sam), Name: "CORP\\" + sam, Display: "The " + sam, SignedIn: now, Proven: now,
		Touched: now, Expires: now.Add(d.Settings.Snapshot().Console.Life), Address: "192.0.2.7", Agent: "Firefox/140.0 Windows",
	}
	token := admin.Token("token-of-" + sess.ID)
	ev := audit.Event{Name: audit.ConsoleStarted, At: now, Actor: audit.Operator, Outcome: audit.OK, Subject: sess.Account, Flow: sess.ID}
	if err := d.Store.CreateAdminSession(d.t.Context(), sess, token.Hash(), ev); err != nil {
		d.t.Fatal(err)
	}
	return &Client{desk: d, Session: sess, cookies: map[string]string{"__Host-admin": string(token)}}
}

// Nobody is a browser that is not signed in.
func (d *Desk) Nobody() *Client { return &Client{desk: d, cookies: map[string]string{}} }

// Answer is what came back.
type Answer struct {
	Status   int
	Header   http.Header
	Body     string
	Location string
}

// Get asks for a page.
func (c *Client) Get(path string) Answer { return c.Send(http.MethodGet, path, nil, nil) }

// Post sends a form.
func (c *Client) Post(path string, form url.Values) Answer {
	return c.Send(http.MethodPost, path, form, nil)
}

// Part asks for a part of a page as htmx does.
func (c *Client) Part(method, path string, form url.Values) Answer {
	return c.Send(method, path, form, http.Header{"Hx-Request": {"true"}})
}

// Follow sends a form and opens the page it leads to.
func (c *Client) Follow(path string, form url.Values) Answer {
	a := c.Post(path, form)
	if a.Status != http.StatusSeeOther {
		return a
	}
	return c.Get(a.Location)
}

// Send makes one request. It is not safe for concurrent use; several clients are.
func (c *Client) Send(method, path string, form url.Values, header http.Header) Answer {
	r := httptest.NewRequest(method, Origin+path, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	for k, v := range header {
		r.Header[k] = v
	}
	return c.Do(r)
}

// Do makes a request as it is, with the browser's cookies.
func (c *Client) Do(r *http.Request) Answer {
	r.RemoteAddr = "192.0.2.7:4711"
	r.Header.Set("Origin", Origin)
	for k, v := range c.cookies {
		r.AddCookie(&http.Cookie{Name: k, Value: v})
	}
	rec := httptest.NewRecorder()
	c.desk.Handler.ServeHTTP(rec, r)
	resp := rec.Result()
	for _, k := range resp.Cookies() {
		if k.MaxAge < 0 {
			delete(c.cookies, k.Name)
			continue
		}
		c.cookies[k.Name] = k.Value
	}
	return Answer{Status: resp.StatusCode, Header: resp.Header, Body: rec.Body.String(), Location: resp.Header.Get("Location")}
}

// SetCookie puts a cookie into the browser.
func (c *Client) SetCookie(name, value string) { c.cookies[name] = value }

// Cookie reads one; "" when there is none.
func (c *Client) Cookie(name string) string { return c.cookies[name] }

// Refused checks that the pages of an area let in nobody but the roles with the permission they need, and that nothing was done: every
// route, as every role and as nobody. fill replaces the {parameters} of patterns.
func (d *Desk) Refused(fill map[string]string) {
	d.t.Helper()
	clients := map[role.Role]*Client{}
	for _, r := range role.Roles() {
		clients[r] = d.Client(r)
	}
	var pairs []string
	for k, v := range fill {
		pairs = append(pairs, "{"+k+"}", v)
	}
	filled := strings.NewReplacer(pairs...)
	before := len(d.Audit())
	for _, a := range d.Areas {
		for _, route := range a.Routes() {
			if route.Guard != server.Admin {
				continue
			}
			path := filled.Replace(route.Pattern)
			needs, _, _ := strings.Cut(route.Needs, ",")
			for _, r := range role.Roles() {
				if may(r, role.Permission(needs)) {
					continue
				}
				if got := clients[r].Send(route.Method, path, nil, nil); got.Status != http.StatusForbidden {
					d.t.Errorf("%s %s as %s: status %d", route.Method, path, r, got.Status)
				}
			}
			if got := d.Nobody().Send(route.Method, path, nil, nil); got.Status != http.StatusSeeOther || !strings.HasPrefix(got.Location, console.SignInURL) {
				d.t.Errorf("%s %s as nobody: status %d, leads to %q", route.Method, path, got.Status, got.Location)
			}
		}
	}
	if after := d.Audit(); len(after) != before {
		d.t.Errorf("recorded %v", after[before:])
	}
}

func may(r role.Role, p role.Permission) bool {
	for _, has := range role.Permissions(r) {
		if has == p {
			return true
		}
	}
	return false
}

// Audit lists the names and reasons of what was recorded, oldest first.
func (d *Desk) Audit() []string {
	d.t.Helper()
	rows, err := d.Pool.Query(d.t.Context(), `SELECT trim(name || ' ' || reason) FROM audit_event ORDER BY seq`)
	if err != nil {
		d.t.Fatal(err)
	}
	names, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		d.t.Fatal(err)
	}
	return names
}

// Now is the console's time.
func (d *Desk) Now() time.Time { return d.clock.read() }

// Advance moves the clock.
func (d *Desk) Advance(by time.Duration) { d.clock.advance(by) }

type clock struct {
	mu   sync.Mutex
	now  time.Time
	next int
}

func (c *clock) read() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

func (c *clock) count() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.next++
	return c.next
}

// Log collects what is logged. It is safe for concurrent use.
type Log struct {
	mu   sync.Mutex
	text bytes.Buffer
}

// Write implements io.Writer.
func (l *Log) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(b)
}

// String is everything logged so far.
func (l *Log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}
