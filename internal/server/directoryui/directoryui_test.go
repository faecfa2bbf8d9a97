package directoryui_test

import (
	"context"
	"crypto/tls"
	"fmt"
	"html"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"rekey/internal/account"
	"rekey/internal/app"
	"rekey/internal/connect"
	"rekey/internal/directory"
	"rekey/internal/directory/reach"
	"rekey/internal/lab/ca"
	"rekey/internal/lab/pgtest"
	"rekey/internal/lab/samba"
	"rekey/internal/role"
	"rekey/internal/server"
	"rekey/internal/server/console"
	"rekey/internal/server/consoletest"
	"rekey/internal/server/directoryui"
	"rekey/internal/server/review"
	copies "rekey/internal/sync"
)

// shared is one domain for all tests of this package.
var shared struct {
	sync.Once
	domain *samba.Domain
	err    error
}

func TestMain(m *testing.M) {
	code := pgtest.Main(m)
	if shared.domain != nil {
		if err := shared.domain.Close(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
	}
	os.Exit(code)
}

func domain(t testing.TB) *samba.Domain {
	t.Helper()
	shared.Do(func() {
		shared.domain, shared.err = samba.Start(context.Background(), samba.Spec{Realm: "firm.example.test", Seed: []samba.Change{
			samba.User{SAM: "works", Password: "Old-Passw0rd!1"}, samba.User{SAM: "spare", Password: "Old-Passw0rd!1", State: samba.Disabled},
		}})
	})
	if shared.err != nil {
		t.Fatal(shared.err)
	}
	return shared.domain
}

// desk is a console with the pages about directories.
type desk struct {
	*consoletest.Desk
	t     testing.TB
	tests *connect.Service
	found directoryui.Proposal
}

func newDesk(t testing.TB) *desk {
	t.Helper()
	d := &desk{t: t}
	d.Desk = consoletest.WithDirectories(t, consoletest.Document, app.Registry().Directories, func(c *consoletest.Desk) []server.Area {
		d.tests = connect.New(connect.Deps{Site: c.Settings.Snapshot, Store: c.Store, Network: reach.Network{}, Now: c.Now, Log: slog.New(slog.NewTextHandler(t.Output(), nil))})
		ui := &directoryui.UI{
			Console: c.Console, Review: &review.Review{Console: c.Console, Configure: c.Configure}, Tests: d.tests, Site: c.Settings.Snapshot,
			Sync:   &copies.Service{Store: c.Store, Site: c.Settings.Snapshot, Now: c.Now},
			Census: c.Store.Census, Open: c.Settings.OpenDirectory,
			Propose: func(string, directory.Discovered) (directoryui.Proposal, error) { return d.found, nil },
		}
		return []server.Area{c.Console.Area(ui.Routes()...)}
	})
	t.Cleanup(func() { d.tests.Close() })
	return d
}

// typed is the form of the real domain.
func (d *desk) typed() url.Values {
	dc := domain(d.t)
	user, password := dc.Service()
	pem, err := os.ReadFile(dc.CAFile())
	if err != nil {
		d.t.Fatal(err)
	}
	return url.Values{
		"~after": {d.version()}, "domain": {dc.Name()}, "servers": {strings.Join(dc.URLs(), "\r\n")}, "ca": {string(pem)}, "user": {user}, "password": {password},
		"dns_server": {dc.DC(0).Address()},
	}
}

func (d *desk) version() string { return fmt.Sprint(d.Settings.Snapshot().Version) }

// tried follows a form to the end of its test.
func (d *desk) tried(c *consoletest.Client, got consoletest.Answer) (address, body string) {
	d.t.Helper()
	if got.Status != http.StatusSeeOther {
		d.t.Fatalf("status %d: %s", got.Status, said(got.Body))
	}
	d.tests.Wait()
	return got.Location, c.Get(got.Location).Body
}

var tags = regexp.MustCompile(`<[^>]*>|\s+`)

// said is a page without its tags, for messages.
func said(body string) string {
	_, body, _ = strings.Cut(body, "<main")
	return html.UnescapeString(tags.ReplaceAllString(body, " "))
}

var draftField = regexp.MustCompile(`name="draft" value="([^"]*)"`)

// saved saves what a page shows.
func (d *desk) saved(c *consoletest.Client, page consoletest.Answer) consoletest.Answer {
	d.t.Helper()
	m := draftField.FindStringSubmatch(page.Body)
	if m == nil {
		d.t.Fatalf("status %d, nothing to save: %s", page.Status, said(page.Body))
	}
	return c.Post(console.DirectoriesURL+"/save", url.Values{"draft": {html.UnescapeString(m[1])}, "reason": {"a test"}})
}

func count(all []string, name string) (n int) {
	for _, a := range all {
		if strings.HasPrefix(a, name) {
			n++
		}
	}
	return n
}

// TestADirectoryIsAddedChangedAndRemoved on a real domain: form, guided test, differences, version; a changed server asks for the secret.
func TestADirectoryIsAddedChangedAndRemoved(t *testing.T) {
	d := newDesk(t)
	c := d.Client(role.Owner)
	key := domain(t).Name()
	form := d.typed()
	form.Set("~account", "spare")
	address, body := d.tried(c, c.Post(console.DirectoriesURL+"/new/ad", form))
	if !strings.Contains(body, "all of them good") || !strings.Contains(body, "nobody knows") || !strings.Contains(body, "certificate ") {
		t.Fatal(said(body))
	}
	_, password := domain(t).Service()
	if strings.Contains(body, password) || strings.Contains(d.Log.String(), password) {
		t.Error("the secret is in the page or the log")
	}
	if got := c.Part(http.MethodGet, address, nil); !strings.HasPrefix(strings.TrimSpace(got.Body), "<div") {
		t.Errorf("the part: %s", got.Body)
	}
	if got := d.Client(role.Owner).Get(console.DirectoriesURL + "/tests/none"); got.Status != http.StatusNotFound {
		t.Errorf("no test: status %d", got.Status)
	}
	review := c.Post(address+"/review", nil)
	if strings.Contains(review.Body, password) || !strings.Contains(review.Body, key) {
		t.Errorf("status %d, %s", review.Status, said(review.Body))
	}
	if got := d.saved(c, review); got.Location != console.DirectoriesURL {
		t.Fatalf("status %d: %s", got.Status, said(got.Body))
	}
	if _, ok := d.Settings.Snapshot().Directory(key); !ok {
		t.Fatal("it is not in force")
	}
	one := c.Get(console.DirectoriesURL + "/d/" + key)
	if one.Status != http.StatusOK || !strings.Contains(one.Body, "at least") || !strings.Contains(one.Body, "writes") {
		t.Errorf("status %d: %s", one.Status, said(one.Body))
	}
	if got := c.Get(console.DirectoriesURL + "/d/" + key + "/checks"); !strings.Contains(got.Body, "reset right") {
		t.Errorf("status %d: %s", got.Status, said(got.Body))
	}
	if got := c.Get(console.DirectoriesURL); !strings.Contains(got.Body, key) || !strings.Contains(got.Body, "Active Directory") {
		t.Error(said(got.Body))
	}
	if got := c.Get(console.DirectoriesURL + ".csv?q=firm"); !strings.Contains(got.Body, key+",ad,writes") || strings.Contains(got.Body, consoletest.Domain) {
		t.Error(got.Body)
	}

	form = d.typed()
	form.Set("password", "") // what is kept serves, as long as it goes where it went
	form.Set("read_timeout", "4s")
	address, body = d.tried(c, c.Post(console.DirectoriesURL+"/d/"+key+"/edit", form))
	if !strings.Contains(body, "are good") && !strings.Contains(body, "all of them good") {
		t.Fatal(said(body))
	}
	if got := d.saved(c, c.Post(address+"/review", nil)); got.Status != http.StatusSeeOther {
		t.Fatal(said(got.Body))
	}

	page := c.Get(console.DirectoriesURL + "/d/" + key + "/remove")
	if !strings.Contains(page.Body, "What they set up stays") {
		t.Error(said(page.Body))
	}
	if got := d.saved(c, page); got.Status != http.StatusSeeOther {
		t.Fatal(said(got.Body))
	}
	if _, ok := d.Settings.Snapshot().Directory(key); ok {
		t.Error("it is still there")
	}
	if n := count(d.Audit(), "directory.tested"); n != 2 {
		t.Errorf("%d tests recorded", n)
	}
}

// TestAttack33CVE20245967ASecretGoesNowhereElse: whoever names another server, or another authority, has to type the secret; nothing is
// connected to before that.
func TestAttack33CVE20245967ASecretGoesNowhereElse(t *testing.T) {
	d := newDesk(t)
	c := d.Client(role.Owner)
	key := domain(t).Name()
	address, _ := d.tried(c, c.Post(console.DirectoriesURL+"/new/ad", d.typed()))
	if got := d.saved(c, c.Post(address+"/review", nil)); got.Status != http.StatusSeeOther {
		t.Fatal(said(got.Body))
	}
	trap, touched := listen(t, "127.213.8.1:636", nil)
	before := count(d.Audit(), "directory.test")
	other, err := ca.New()
	if err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(url.Values){
		"another server":    func(f url.Values) { f.Set("servers", "ldaps://"+trap) },
		"one more":          func(f url.Values) { f.Set("servers", f.Get("servers")+"\nldaps://"+trap) },
		"another authority": func(f url.Values) { f.Set("ca", string(other.PEM())) },
		"another account":   func(f url.Values) { f.Set("user", "other@"+key) },
	} {
		form := d.typed()
		form.Set("password", "")
		change(form)
		got := c.Post(console.DirectoriesURL+"/d/"+key+"/edit", form)
		if got.Status != http.StatusUnprocessableEntity || !strings.Contains(got.Body, "Type this secret again") {
			t.Errorf("%s: status %d: %s", name, got.Status, said(got.Body))
		}
	}
	if after := count(d.Audit(), "directory.test"); after != before {
		t.Errorf("%d tests were begun", after-before)
	}
	if touched.Load() != 0 {
		t.Error("the other server was connected to")
	}
}

// listen counts connections; with a certificate it speaks TLS.
func listen(t testing.TB, at string, cert *tls.Certificate) (address string, touched *atomic.Int32) {
	t.Helper()
	l, err := net.Listen("tcp", at)
	if err != nil {
		t.Fatal(err)
	}
	touched = &atomic.Int32{}
	var served sync.WaitGroup
	served.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			touched.Add(1)
			served.Go(func() {
				defer conn.Close()
				if cert != nil {
					_ = tls.Server(conn, &tls.Config{Certificates: []tls.Certificate{*cert}, MinVersion: tls.VersionTLS12}).Handshake()
				}
			})
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		served.Wait()
	})
	return l.Addr().(*net.TCPAddr).IP.String(), touched
}

// TestAttack29CertificatesShowAsText: what somebody else wrote into a certificate is text, and trusting its authority takes the fingerprint
// and a word.
func TestAttack29CertificatesShowAsText(t *testing.T) {
	d := newDesk(t)
	c := d.Client(role.Owner)
	authority, err := ca.New()
	if err != nil {
		t.Fatal(err)
	}
	const at = "127.213.8.2"
	pem, key, err := authority.Issue(ca.Leaf{Names: []string{consoletest.XSS}, IPs: []net.IP{net.ParseIP(at)}, NotAfter: time.Now().AddDate(0, 1, 0)})
	if err != nil {
		t.Fatal(err)
	}
	cert, err := tls.X509KeyPair(append(pem, authority.PEM()...), key)
	if err != nil {
		t.Fatal(err)
	}
	listen(t, at+":636", &cert)
	form := d.typed()
	form.Del("ca")
	form.Set("servers", "ldaps://"+at)
	address, body := d.tried(c, c.Post(console.DirectoriesURL+"/new/ad", form))
	if strings.Contains(body, "<script>alert") || !strings.Contains(body, "Trust it and test again") {
		t.Fatal(said(body))
	}
	m := regexp.MustCompile(`name="fingerprint" value="([^"]+)"`).FindStringSubmatch(body)
	if m == nil {
		t.Fatal("nothing to compare")
	}
	if got := c.Post(address+"/trust", url.Values{"fingerprint": {m[1]}}); got.Status != http.StatusUnprocessableEntity {
		t.Errorf("trusted blindly: status %d", got.Status)
	}
	if got := c.Post(address+"/trust", url.Values{"fingerprint": {"AA:BB"}, "compared": {"on"}}); got.Status != http.StatusUnprocessableEntity {
		t.Errorf("another certificate: status %d", got.Status)
	}
	_, body = d.tried(c, c.Post(address+"/trust", url.Values{"fingerprint": {m[1]}, "compared": {"on"}}))
	if !strings.Contains(body, "Verified for "+at) {
		t.Error(said(body))
	}
}

func TestAttack40SSRFPagesConnectToUsualPortsAlone(t *testing.T) {
	d := newDesk(t)
	c := d.Client(role.Owner)
	for _, server := range []string{"ldaps://127.0.0.1:5432", "ldaps://127.0.0.1:22"} {
		form := d.typed()
		form.Set("servers", server)
		if got := c.Post(console.DirectoriesURL+"/new/ad", form); got.Status != http.StatusUnprocessableEntity || !strings.Contains(got.Body, "usual ports") {
			t.Errorf("%s: status %d: %s", server, got.Status, said(got.Body))
		}
	}
	form := d.typed()
	form.Set("servers", "ldaps://169.254.169.254")
	if _, body := d.tried(c, c.Post(console.DirectoriesURL+"/new/ad", form)); !strings.Contains(body, "where no directory can be") {
		t.Error(said(body))
	}
}

func TestFormsSayWhatIsWrong(t *testing.T) {
	d := newDesk(t)
	c := d.Client(role.Owner)
	for _, kind := range []string{"ad", "entra", "ldap"} {
		if got := c.Get(console.DirectoriesURL + "/new/" + kind + "?domain=" + url.QueryEscape(consoletest.XSS)); got.Status != http.StatusOK || strings.Contains(got.Body, "<script>alert") {
			t.Errorf("%s: status %d", kind, got.Status)
		}
	}
	form := d.typed()
	form.Set("user", "nobody")
	form.Set("read_timeout", "soon")
	got := c.Post(console.DirectoriesURL+"/new/ad", form)
	if got.Status != http.StatusUnprocessableEntity || strings.Contains(got.Body, form.Get("password")) {
		t.Errorf("status %d", got.Status)
	}
	form.Del("read_timeout")
	if got := c.Post(console.DirectoriesURL+"/new/ad", form); got.Status != http.StatusUnprocessableEntity || !strings.Contains(got.Body, "want a UPN") {
		t.Errorf("status %d: %s", got.Status, said(got.Body))
	}
	if got := c.Get(console.DirectoriesURL + "/new/nothing"); got.Status != http.StatusNotFound {
		t.Errorf("status %d", got.Status)
	}
}

func TestRightsAreWrittenAsScripts(t *testing.T) {
	d := newDesk(t)
	c := d.Client(role.Auditor)
	got := c.Get(console.DirectoriesURL + "/rights/ad?" + url.Values{"domain": {"corp.example.com"}, "account": {"svc-rekey"}, "units": {"OU=People,DC=corp,DC=example,DC=com"}}.Encode())
	for _, want := range []string{"dsacls $ou", "samba-tool dsacl set", "nTSecurityDescriptor"} {
		if !strings.Contains(got.Body, want) {
			t.Errorf("no %s: %s", want, said(got.Body))
		}
	}
	got = c.Get(console.DirectoriesURL + "/rights/ad?" + url.Values{"domain": {"corp.example.com"}, "account": {"x"}, "units": {"OU=" + consoletest.XSS + ",DC=other"}}.Encode())
	if strings.Contains(got.Body, "<script>alert") || !strings.Contains(got.Body, "No script") {
		t.Error(said(got.Body))
	}
	const id = "00000000-0000-4000-8000-000000000000"
	if got := c.Get(console.DirectoriesURL + "/rights/entra?tenant=" + id + "&client=" + id); !strings.Contains(got.Body, "appRoleAssignments") {
		t.Error(said(got.Body))
	}
}

// held puts a copy of the directory in memory into the state of one that waits.
func (d *desk) held() {
	d.t.Helper()
	_, err := d.Pool.Exec(d.t.Context(), `
		INSERT INTO sync_state (directory, pass, kind, held, held_gone, held_of, current) VALUES ($1, 3, 'full', $2, 412, 3000, $2)`, consoletest.Domain, d.Now())
	if err != nil {
		d.t.Fatal(err)
	}
}

func TestACopyThatIsHeldWaitsForAWord(t *testing.T) {
	d := newDesk(t)
	d.held()
	c := d.Client(role.Owner)
	at := console.DirectoriesURL + "/d/" + consoletest.Domain
	if got := c.Get(at + "/held"); got.Status != http.StatusOK || !strings.Contains(got.Body, "412 of 3,000") {
		t.Fatalf("status %d: %s", got.Status, said(got.Body))
	}
	if got := c.Post(at+"/held", url.Values{"reason": {""}}); got.Status != http.StatusUnprocessableEntity {
		t.Errorf("without a reason: status %d", got.Status)
	}
	if got := c.Post(at+"/held", url.Values{"reason": {"they are on another server"}, "do": {"refuse"}}); got.Status != http.StatusSeeOther {
		t.Errorf("status %d: %s", got.Status, said(got.Body))
	}
	if got := c.Post(at+"/held", url.Values{"reason": {"a department was sold"}}); got.Status != http.StatusSeeOther {
		t.Errorf("status %d: %s", got.Status, said(got.Body))
	}
	for _, do := range []string{"changes", "full", "pause", "resume"} {
		if got := c.Post(at+"/copy", url.Values{"do": {do}}); got.Status != http.StatusSeeOther {
			t.Errorf("%s: status %d", do, got.Status)
		}
	}
	if got := c.Post(at+"/copy", url.Values{"do": {"drop"}}); got.Status != http.StatusUnprocessableEntity {
		t.Errorf("status %d", got.Status)
	}
	var recorded []string
	for _, name := range d.Audit() {
		if strings.HasPrefix(name, "sync.") {
			recorded = append(recorded, name)
		}
	}
	got := strings.Join(recorded, ",")
	if want := "sync.refused,sync.approved,sync.asked changes,sync.asked full,sync.paused paused,sync.paused resumed"; got != want {
		t.Errorf("recorded %s", got)
	}
	states, err := d.Store.SyncStates(t.Context())
	if err != nil || len(states) != 1 || states[0].Wanted != copies.Full || states[0].Approved != 3 || !states[0].Paused.IsZero() {
		t.Errorf("%+v, %v", states, err)
	}
}

func TestDomainsThatWereFoundAreRefused(t *testing.T) {
	d := newDesk(t)
	c := d.Client(role.Owner)
	if got := c.Post(console.DirectoriesURL+"/discover", nil); got.Status != http.StatusOK || !strings.Contains(got.Body, "No directory could be asked") {
		t.Errorf("status %d: %s", got.Status, said(got.Body))
	}
	for _, name := range []string{"sales.example.test", "eu.example.test"} {
		if got := d.saved(c, c.Post(console.DirectoriesURL+"/discover/refuse", url.Values{"domain": {name}})); got.Status != http.StatusSeeOther {
			t.Fatal(said(got.Body))
		}
	}
	if got := d.Settings.Current().Document.Discovery.Ignore; strings.Join(got, ",") != "sales.example.test,eu.example.test" {
		t.Errorf("%v", got)
	}
	if got := c.Post(console.DirectoriesURL+"/discover/refuse", url.Values{"domain": {"a b"}}); got.Status != http.StatusUnprocessableEntity {
		t.Errorf("status %d", got.Status)
	}
	if got := c.Get(console.DirectoriesURL + "/links"); got.Status != http.StatusOK || !strings.Contains(got.Body, "Two directories are needed") {
		t.Error(said(got.Body))
	}
}

func TestNobodyElseGetsIn(t *testing.T) {
	d := newDesk(t)
	d.Refused(map[string]string{"key": consoletest.Domain, "kind": "ad", "id": "x"})
	// A test is its owner's: another owner does not see it.
	c := d.Client(role.Owner)
	form := d.typed()
	form.Set("servers", "ldaps://169.254.1.1")
	address, _ := d.tried(c, c.Post(console.DirectoriesURL+"/new/ad", form))
	if _, err := d.tests.Get(t.Context(), account.ID{Directory: consoletest.Domain, Object: "other"}, address[strings.LastIndex(address, "/")+1:]); err == nil {
		t.Error("somebody else's test is shown")
	}
}
