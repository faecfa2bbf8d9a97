package systemtest

import (
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"rekey/internal/lab"
	"rekey/internal/lab/ca"
	"rekey/internal/lab/people"
	"rekey/internal/lab/portal"
	"rekey/internal/lab/samba"
	"rekey/internal/lab/visitor"
)

// fetch asks for a path exactly as it is written.
func fetch(t testing.TB, method, base, path string, headers map[string]string) (status int, header http.Header, body string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, base, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.URL.Opaque = "//" + req.URL.Host + path // sent as it is, behind scheme and host (RFC 9112 §3.2.2)
	for name, value := range headers {
		if name == "Host" {
			req.Host = value
		}
		req.Header.Set(name, value)
	}
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := client.Do(req)
	if err != nil {
		t.Fatalf("%s %s: %v", method, path, err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, resp.Header, string(text)
}

// TestAttack18NoFileIsServedButOurs: neither configuration nor keys nor what machines read is below the pages' address.
func TestAttack18NoFileIsServedButOurs(t *testing.T) {
	l := theLab(t)
	t.Parallel()
	for _, path := range []string{
		"/rekey.yaml", "/rekey.key", "/settings.yaml", "/portal.log", "/metrics", "/healthz", "/readyz", "/debug/pprof/", "/.git/config", "/static/",
		"/static/..", "/static/../rekey.yaml", "/static/..%2frekey.yaml", "/static/%2e%2e/%2e%2e/rekey.key", "/static/....//rekey.key", "/static//etc/passwd",
	} {
		if status, _, body := fetch(t, http.MethodGet, l.Portal.URL(), path, nil); status < 300 || strings.Contains(body, "key_file") {
			t.Errorf("%s: status %d: %.200s", path, status, body)
		}
	}
	_, header, _ := fetch(t, http.MethodGet, l.Portal.URL(), "/", nil)
	if header.Get("Cross-Origin-Resource-Policy") != "same-origin" || header.Get("Access-Control-Allow-Origin") != "" {
		t.Errorf("other sites may read: %v", header)
	}
}

// TestAttack19LinksComeFromThePublicURL: whatever host the requests claim to be for.
func TestAttack19LinksComeFromThePublicURL(t *testing.T) {
	l := theLab(t)
	t.Parallel()
	a := play(t, l, "host1")
	w := walk{visitor.New(l.Portal.URL(), with{
		"Host": "evil.example", "X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "https", "X-Original-URL": "//evil.example/",
		"Forwarded": "host=evil.example;proto=https", "X-Forwarded-For": nextAddress(), "X-Rewrite-URL": "https://evil.example/",
	}), t}
	pages := []*visitor.Page{w.proven(a), w.finish(a.fresh())}
	if !isDone(pages[1]) {
		t.Fatal(pages[1].Text)
	}
	for _, p := range pages {
		if strings.Contains(p.HTML, "evil.example") {
			t.Errorf("a page names the host: %s", p.HTML)
		}
	}
	notice := a.notice(t)
	if !strings.HasPrefix(freezeLink(t, notice.Text), l.Portal.URL()+"/") || strings.Contains(string(notice.Raw), "evil.example") {
		t.Errorf("the notice: %s", notice.Text)
	}
}

// TestAttack20AddressesAreNotMadeUp: only a trusted proxy says where somebody comes from, and it is asked for the nearest hop.
func TestAttack20AddressesAreNotMadeUp(t *testing.T) {
	l := theLab(t)
	t.Parallel()
	trusted := play(t, l, "proxy1")
	w := walk{browseFrom(l.Portal.URL(), "203.0.113.7, 198.51.100.9"), t}
	w.proven(trusted)
	if page := w.finish(trusted.fresh()); !isDone(page) {
		t.Fatal(page.Text)
	}
	if text := trusted.notice(t).Text; !strings.Contains(text, "198.51.100.9") || strings.Contains(text, "203.0.113.7") {
		t.Errorf("behind a trusted proxy: %s", text)
	}

	direct, err := portal.Prepare(t.Context(), portal.Spec{
		Binary: l.Binary, Dir: filepath.Join(l.Dir(), "direct"), Database: l.Portal.Config().Database, KeyFile: l.Portal.Config().KeyFile,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(direct.Kill)
	if err := direct.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	a := play(t, l, "proxy2")
	v := walk{visitor.New(direct.URL(), with{"X-Forwarded-For": "203.0.113.8", "X-Real-IP": "203.0.113.8", "Forwarded": "for=203.0.113.8"}), t}
	v.proven(a)
	if page := v.finish(a.fresh()); !isDone(page) {
		t.Fatal(page.Text)
	}
	if text := a.notice(t).Text; strings.Contains(text, "203.0.113.8") {
		t.Errorf("behind no proxy: %s", text)
	}
	refused := 0
	for range 60 {
		if page := walkIn(t, direct.URL()).start("reset", a.UPN); page.Status == http.StatusTooManyRequests {
			refused++
		}
	}
	if refused < 20 {
		t.Errorf("%d of sixty starts from one address were refused, since they claimed to come from others", refused)
	}
}

// TestAttack21OtherSitesPostNothing: a form that another site sends along with the person's cookie does nothing.
func TestAttack21OtherSitesPostNothing(t *testing.T) {
	l := theLab(t)
	t.Parallel()
	a := play(t, l, "origin1")
	w := walkIn(t, l.Portal.URL())
	state := at(t, w.proven(a))
	for name, headers := range map[string]with{
		"origin": {"Origin": "https://evil.example"}, "null origin": {"Origin": "null"}, "other port": {"Origin": "http://localhost:1"},
		"fetch metadata": {"Sec-Fetch-Site": "cross-site", "Origin": ""}, "same site": {"Sec-Fetch-Site": "same-site", "Origin": ""},
	} {
		headers["Cookie"], headers["X-Forwarded-For"] = "flow="+token(t, w), nextAddress()
		v := walk{visitor.New(l.Portal.URL(), headers), t}
		for _, path := range []string{
			"/start/reset", "/flow/choose", "/flow/answer", "/flow/back", "/flow/cancel", "/flow/finish", "/flow/extend", "/flow/resend",
			"/account/sign-in", "/account/sign-out", "/account/setup", "/account/add", "/account/answer", "/account/methods/x/remove", "/not-me/x",
		} {
			if page := v.post(path, state, typed(a.fresh())); page.Status != http.StatusForbidden {
				t.Errorf("%s: %s: status %d", name, path, page.Status)
			}
		}
	}
	if page := w.open("/flow"); at(t, page) != state || !a.binds(t, a.Password) {
		t.Errorf("the flow moved: %s", page.Text)
	}
	status, header, _ := fetch(t, http.MethodPost, l.Portal.URL(), "/start/reset?name=x", map[string]string{"Origin": l.Portal.URL()})
	if cookies := header.Values("Set-Cookie"); status < 300 || len(cookies) > 0 {
		t.Errorf("a name in the address starts something: %d, %v", status, cookies)
	}
}

// TestAttack22OneSpellingOfAPath: a path that is not written like a route is none.
func TestAttack22OneSpellingOfAPath(t *testing.T) {
	l := theLab(t)
	t.Parallel()
	for _, path := range []string{
		"/flow/", "/flow//finish", "//flow", "/./flow", "/x/../flow", "/flow;x", "/flow/;/finish", "/FLOW", "/Flow/finish", "/%66low", "/flow%2ffinish",
		"/flow%00", "/flow/finish/", "/flow/finish.css", "/static/..;/flow", "/static/%2e%2e/flow/finish", "/account/%2e%2e/flow", "/flow/%2e/finish",
	} {
		for _, method := range []string{http.MethodGet, http.MethodPost} {
			status, _, body := fetch(t, method, l.Portal.URL(), path, map[string]string{"Origin": l.Portal.URL(), "X-Original-URL": "/flow", "X-HTTP-Method-Override": "POST"})
			if status < 300 || status >= 500 {
				t.Errorf("%s %s: status %d: %.100s", method, path, status, body)
			}
		}
	}
	for _, method := range []string{http.MethodPut, http.MethodDelete, http.MethodPatch, http.MethodTrace, "BREW"} {
		if status, _, _ := fetch(t, method, l.Portal.URL(), "/flow/finish", map[string]string{"Origin": l.Portal.URL()}); status != http.StatusMethodNotAllowed {
			t.Errorf("%s: status %d", method, status)
		}
	}
}

// TestAttack24LookingAtTheLinkFreezesNothing: mail scanners open links. Pressing its button freezes, and the owner is told so only when
// they have proven who they are.
func TestAttack24LookingAtTheLinkFreezesNothing(t *testing.T) {
	l := theLab(t)
	t.Parallel()
	conn := connect(t, l)
	a := play(t, l, "frozen1")
	reset := func() *visitor.Page {
		w := walkIn(t, l.Portal.URL())
		w.start("reset", a.UPN)
		proofs := a.proofs
		proofs.Sheet = []string{a.nextSheet(t)}
		page := w.ok(w.ProveAll(t.Context(), proofs, "backup-code", "mail"))
		if has(page, "/flow/finish") {
			page = w.finish(a.fresh())
		}
		return page
	}
	if page := reset(); !isDone(page) {
		t.Fatal(page.Text)
	}
	path := strings.TrimPrefix(freezeLink(t, a.notice(t).Text), l.Portal.URL())
	for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodGet, http.MethodOptions} {
		fetch(t, method, l.Portal.URL(), path, nil)
	}
	frozen := func() int {
		return number(t, conn, `SELECT count(*) FROM frozen WHERE object = $1`, a.id(t).Object)
	}
	if frozen() != 0 {
		t.Fatal("looking at the link froze the account")
	}
	w := walkIn(t, l.Portal.URL())
	w.open(path)
	w.submit(path, nil)
	if frozen() != 1 {
		t.Fatal("the button froze nothing")
	}
	if page := reset(); !strings.Contains(page.Text, "closed for resets") {
		t.Errorf("a frozen account: %s", page.Text)
	}
	if _, err := l.Portal.Command(t.Context(), "release", "--user", a.UPN, "--reason", "test"); err != nil {
		t.Fatal(err)
	}
	if page := reset(); !isDone(page) {
		t.Errorf("after the release: %s", page.Text)
	}
}

// TestAttack26NamesAreNoFilters: what means something in a filter or a name of the directory is a letter like any other.
func TestAttack26NamesAreNoFilters(t *testing.T) {
	l := theLab(t)
	t.Parallel()
	conn := connect(t, l)
	names := []string{
		"*", "injected*", "inj*1", "*)(sAMAccountName=injected1", "injected1)(|(objectClass=*", `injected1\00`, `injecte\641`, "injected1)(!(a=b",
		"CN=injected1,OU=People,DC=corp,DC=example,DC=test", "*@" + people.Corp.Name, "injected1@*", `CORP\*`, `*\injected1`, strings.Repeat("(", 200), "(&(objectClass=*))",
	}
	for _, name := range names {
		page := walkIn(t, l.Portal.URL()).start("reset", name)
		if page.Status != http.StatusOK || !has(page, "/flow/choose") {
			t.Errorf("%q: status %d: %s", name, page.Status, page.Text)
		}
		if n := number(t, conn, `SELECT count(*) FROM flow WHERE document->>'name' = $1 AND object <> ''`, name); n != 0 {
			t.Errorf("%q found somebody", name)
		}
	}
	for _, name := range []string{"a\x00b", "a\nb", "\x7f", "", " ", strings.Repeat("x", 300)} {
		if page := walkIn(t, l.Portal.URL()).start("reset", name); page.Status != http.StatusUnprocessableEntity || len(page.Problems) == 0 {
			t.Errorf("%q: status %d", name, page.Status)
		}
	}
}

// TestAttack29NamesAreText: a name from the directory, or one that was typed, runs nothing.
func TestAttack29NamesAreText(t *testing.T) {
	l := theLab(t)
	t.Parallel()
	a := play(t, l, "markup1")
	w := walkIn(t, l.Portal.URL())
	w.open("/account")
	signedIn := w.submit("/account/sign-in", visitor.Fields{"name": a.UPN, "password": a.Password})
	const script = `"><script>alert(2)</script>`
	v := walkIn(t, l.Portal.URL())
	pages := []*visitor.Page{
		signedIn, v.start("reset", script), v.start("change", script), v.start("reset", script+"\x01"), walkIn(t, l.Portal.URL()).proven(a),
	}
	for _, p := range pages {
		if strings.Contains(p.HTML, "<script>alert") || strings.Contains(p.HTML, `<b id="own">`) {
			t.Errorf("%s runs a name: %s", p.Path, p.HTML)
		}
	}
	if !strings.Contains(signedIn.Text, "<script>alert(1)") {
		t.Errorf("the page shows no name, so this proves nothing: %s", signedIn.Text)
	}
}

// TestAttack31NoDirectoryIsTrustedUnverified: a portal whose certificates do not verify its directory refuses to work with it.
func TestAttack31NoDirectoryIsTrustedUnverified(t *testing.T) {
	l := theLab(t)
	t.Parallel()
	other, err := ca.New()
	if err != nil {
		t.Fatal(err)
	}
	caFile := filepath.Join(t.TempDir(), "other.pem")
	if err := os.WriteFile(caFile, other.PEM(), 0o600); err != nil {
		t.Fatal(err)
	}
	d := l.Domain(people.Corp)
	g, err := l.Beside(t.Context(), lab.Beside{
		Name: "unverified", Domains: []*samba.Domain{d}, Env: trusting(),
		Settings: func(document string) string { return oneDomain(t, document, d.URLs(), caFile) },
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := g.Close(); err != nil {
			t.Error(err)
		}
	})
	for _, name := range []string{"erika", "nobody"} {
		if page := walkIn(t, g.Portal.URL()).start("reset", name); page.Status != http.StatusServiceUnavailable {
			t.Errorf("%s: status %d: %s", name, page.Status, page.Text)
		}
	}
	if out, err := g.Portal.Command(t.Context(), "doctor"); err == nil || !strings.Contains(out+err.Error(), "certificate") {
		t.Errorf("doctor: %v\n%s", err, out)
	}
}

// TestAttack32NoEmptyPasswords: an empty password proves nothing and becomes nobody's.
func TestAttack32NoEmptyPasswords(t *testing.T) {
	l := theLab(t)
	t.Parallel()
	a := play(t, l, "empty1")
	w := walkIn(t, l.Portal.URL())
	w.open("/account")
	if page := w.submit("/account/sign-in", visitor.Fields{"name": a.UPN, "password": ""}); page.Status != http.StatusUnprocessableEntity {
		t.Errorf("signed in: %s", page.Text)
	}
	w.start("change", a.UPN)
	if page := w.submit("/flow/finish", visitor.Fields{"current": "", "password": "Some-Passw0rd!1", "password2": "Some-Passw0rd!1"}); isDone(page) {
		t.Errorf("changed: %s", page.Text)
	}
	v := walkIn(t, l.Portal.URL())
	state := at(t, v.proven(a))
	for _, fields := range []url.Values{{}, {"password": {""}, "password2": {""}}, {"password": {"", "Some-Passw0rd!1"}}, {"password2": {"Some-Passw0rd!1"}}} {
		fields.Set("at", state)
		if page := v.ok(v.Post(t.Context(), "/flow/finish", fields)); isDone(page) || len(page.Problems) == 0 {
			t.Errorf("%v: %s", fields, page.Text)
		}
	}
	if !a.binds(t, a.Password) {
		t.Error("the password is another one")
	}
}

// freezeLink finds the link that stops everything in a notice.
func freezeLink(t testing.TB, text string) string {
	t.Helper()
	lines := strings.Split(text, "\n")
	i := slices.IndexFunc(lines, func(line string) bool { return strings.Contains(line, "/not-me/") })
	if i < 0 {
		t.Fatalf("no link: %s", text)
	}
	return strings.TrimSpace(lines[i])
}
