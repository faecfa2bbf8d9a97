package server_test

import (
	"net/http"
	"strings"
	"testing"

	"rekey/internal/server"
)

// TestAttack17ErrorsShowNoInternals: an error page says what to do and gives a number; the cause is in the log under that number.
func TestAttack17ErrorsShowNoInternals(t *testing.T) {
	for path, cause := range map[string]string{
		"/panic": `panic=string`, "/bug": "index out of range", "/error": "canary-cause", "/wrapped": "canary-cause",
		"/unknown-text": "canary.key",
	} {
		e := newEdge(t, secure())
		rec := e.do("GET", path, "")
		page, log, id := rec.Body.String(), e.log.String(), rec.Header().Get("X-Request-Id")
		for _, inside := range []string{"canary", "goroutine", ".go:", "10.1.2.3", "out of range"} {
			if strings.Contains(page, inside) {
				t.Errorf("%s shows %q", path, inside)
			}
		}
		if rec.Code < 400 || !strings.Contains(page, id) || !strings.Contains(page, "Help desk: 4357") {
			t.Errorf("%s: status %d, %s", path, rec.Code, page)
		}
		if !strings.Contains(log, "request="+id) || !strings.Contains(log, cause) {
			t.Errorf("%s is logged as %s", path, log)
		}
		if strings.Contains(log, "canary-value") {
			t.Errorf("%s: the value of the panic is logged", path)
		}
	}
}

// TestAttack19HostPoisoning: no header that names a host changes an answer.
func TestAttack19HostPoisoning(t *testing.T) {
	e := newEdge(t, secure())
	evil := "evil.example.test"
	for _, path := range []string{"/nothing", "/error", "/account/nothing"} {
		for _, change := range []func(*http.Request){
			func(r *http.Request) { r.Host = evil }, header("X-Forwarded-Host", evil), header("Forwarded", "host="+evil),
			header("X-Original-Url", "//"+evil), header("X-Rewrite-Url", "//"+evil), header("X-Host", evil), header("X-Forwarded-Proto", "http"),
		} {
			rec := e.do("GET", path, "", change)
			if strings.Contains(rec.Body.String(), evil) || strings.Contains(rec.Header().Get("Location"), evil) {
				t.Errorf("%s names %s", path, evil)
			}
		}
	}
}

// TestAttack20SpoofedAddresses: the client is the rightmost hop that is no proxy of ours, whatever else is claimed.
func TestAttack20SpoofedAddresses(t *testing.T) {
	trusted := secure()
	trusted.Proxies = networks("10.0.0.0/8", "fd00::/8")
	for _, c := range []struct {
		config    server.Config
		peer      string
		forwarded []string
		want      string
	}{
		{secure(), "192.0.2.7:1", nil, "192.0.2.7"},
		{secure(), "192.0.2.7:1", []string{"203.0.113.9"}, "192.0.2.7"}, // nobody is trusted
		{secure(), "10.0.0.1:1", []string{"203.0.113.9"}, "10.0.0.1"},
		{trusted, "192.0.2.7:1", []string{"203.0.113.9"}, "192.0.2.7"}, // not from a proxy
		{trusted, "10.0.0.1:1", nil, "10.0.0.1"},
		{trusted, "10.0.0.1:1", []string{"203.0.113.9"}, "203.0.113.9"},
		{trusted, "10.0.0.1:1", []string{"1.2.3.4, 203.0.113.9"}, "203.0.113.9"}, // the leftmost is the visitor's own claim
		{trusted, "10.0.0.1:1", []string{"1.2.3.4", "203.0.113.9"}, "203.0.113.9"},
		{trusted, "10.0.0.1:1", []string{"127.0.0.1, 203.0.113.9, 10.9.9.9"}, "203.0.113.9"}, // two proxies
		{trusted, "10.0.0.1:1", []string{"10.1.1.1, 203.0.113.9"}, "203.0.113.9"},            // claims to be a proxy
		{trusted, "10.0.0.1:1", []string{"203.0.113.9, garbage"}, "10.0.0.1"},
		{trusted, "10.0.0.1:1", []string{"203.0.113.9,"}, "10.0.0.1"},
		{trusted, "10.0.0.1:1", []string{strings.Repeat("x", 5000)}, "10.0.0.1"},
		{trusted, "10.0.0.1:1", []string{"10.2.2.2"}, "10.2.2.2"}, // inside the house
		{trusted, "[fd00::1]:1", []string{"2001:db8::7"}, "2001:db8::7"},
		{trusted, "[fd00::1]:1", []string{"2001:db8::7%eth0"}, "2001:db8::7"},
		{trusted, "[::ffff:10.0.0.1]:1", []string{"::ffff:203.0.113.9"}, "203.0.113.9"},
		{trusted, "[2001:db8::1]:1", []string{"203.0.113.9"}, "2001:db8::1"},
		{trusted, "@", []string{"203.0.113.9"}, "invalid IP"},
		{trusted, "not-an-address:1", []string{"203.0.113.9"}, "invalid IP"},
	} {
		change := []func(*http.Request){from(c.peer), header("X-Real-Ip", "1.2.3.4"), header("Forwarded", "for=1.2.3.4"), header("Cf-Connecting-Ip", "1.2.3.4")}
		for _, f := range c.forwarded {
			change = append(change, header("X-Forwarded-For", f))
		}
		got, _, _ := strings.Cut(newEdge(t, c.config).do("GET", "/source", "", change...).Body.String(), "|")
		if got != c.want {
			t.Errorf("peer %s, forwarded %v: %s, want %s", c.peer, c.forwarded, got, c.want)
		}
	}
}

// TestAttack21CrossOriginPost: a form of another site does nothing, whichever header gives it away.
func TestAttack21CrossOriginPost(t *testing.T) {
	ran := 0
	e := newEdge(t, secure(), server.Route{Method: "POST", Pattern: "/write", Handler: func(http.ResponseWriter, *http.Request) error { ran++; return nil }})
	set := func(name, value string) func(*http.Request) {
		return func(r *http.Request) {
			r.Header.Del("Sec-Fetch-Site")
			if name != "" {
				r.Header.Set(name, value)
			}
		}
	}
	for _, c := range []struct {
		change func(*http.Request)
		runs   bool
	}{
		{set("Sec-Fetch-Site", "same-origin"), true},
		{set("Sec-Fetch-Site", "none"), true}, // the visitor's own doing
		{set("Sec-Fetch-Site", "cross-site"), false},
		{set("Sec-Fetch-Site", "same-site"), false}, // another host of the firm
		{set("Origin", origin), true},
		{set("Origin", "https://evil.example.test"), false},
		{set("Origin", "https://portal.example.test.evil.test"), false},
		{set("Origin", "https://sub.portal.example.test"), false},
		{set("Origin", "null"), false},
		{func(r *http.Request) { set("Origin", origin)(r); r.Host = "upstream:8080" }, true}, // a proxy that changes Host
		{func(r *http.Request) { set("Origin", "https://evil.example.test")(r); r.Host = "upstream:8080" }, false},
	} {
		ran = 0
		rec := e.do("POST", "/write", "", c.change)
		if (ran == 1) != c.runs || c.runs != (rec.Code == http.StatusOK) {
			t.Errorf("ran %d times, status %d, want it to run: %v", ran, rec.Code, c.runs)
		}
	}
}

// TestAttack22PathTricks: a path is taken as it is written; no other spelling reaches a page.
func TestAttack22PathTricks(t *testing.T) {
	e := newEdge(t, secure())
	for _, path := range []string{
		"//account", "/./account", "/x/../account", "/account/", "/account/.", "/account//", "/account;x=y", "/account%2f", "/%61ccount",
		"/ACCOUNT", "/Account", "/account%00", "/account%20", "/account.html", "/account%3f", "/account%23", "/%2e/account", "/x/%2e%2e/account",
		"/static/../account", "/static/%2e%2e/account", "/static/..%2faccount", `/static/..\account`, "/favicon.ico/../account",
	} {
		if rec := e.do("GET", path, ""); rec.Code != http.StatusNotFound || rec.Body.String() == "account" {
			t.Errorf("%s: status %d, %.60s", path, rec.Code, rec.Body)
		}
	}
	for _, path := range []string{"/static/../server.go", "/static/%2e%2e/%2e%2e/etc/passwd", "/static//rekey.css", "/static/", "/static/.", "/favicon.ico"} {
		if rec := e.do("GET", path, ""); rec.Code != http.StatusNotFound {
			t.Errorf("%s: status %d", path, rec.Code)
		}
	}
}

// TestAttack23PathsAreNoOpenRedirect: a page that links to itself never names another host.
func TestAttack23PathsAreNoOpenRedirect(t *testing.T) {
	e := newEdge(t, secure())
	for _, path := range []string{
		"//evil.example.test", "//evil.example.test/x", "///evil.example.test", `/\evil.example.test`, "/%2fevil.example.test", "/%5cevil.example.test",
		"//evil.example.test%2f..", "/account?next=//evil.example.test", "/error?return_to=https://evil.example.test", "/nothing?lang=//evil.example.test",
	} {
		rec := e.do("GET", path, "")
		if loc := rec.Header().Get("Location"); loc != "" {
			t.Errorf("%s redirects to %s", path, loc)
		}
		for _, link := range strings.Split(rec.Body.String(), `href="`)[1:] {
			link, _, _ = strings.Cut(link, `"`)
			if strings.HasPrefix(link, "//") || strings.HasPrefix(link, `/\`) || strings.Contains(link, ":") {
				t.Errorf("%s links to %s", path, link)
			}
		}
	}
}

// TestAttack30LanguageIsNoPath: the parameter picks from what there is and goes nowhere else.
func TestAttack30LanguageIsNoPath(t *testing.T) {
	e := newEdge(t, secure())
	for _, value := range []string{
		"../../etc/passwd", "..%2f..%2fetc%2fpasswd", "de%00.json", "messages.de", "%0d%0aSet-Cookie:%20x=y", "<script>", strings.Repeat("de,", 5000), "de%3bq=nonsense",
	} {
		rec := e.do("GET", "/nothing?lang="+value, "")
		if cookies := rec.Header().Values("Set-Cookie"); len(cookies) != 1 || !strings.HasPrefix(cookies[0], "lang=en;") && !strings.HasPrefix(cookies[0], "lang=de;") {
			t.Errorf("%.30s: cookies %v", value, cookies)
		}
		if page := rec.Body.String(); strings.Contains(page, "passwd") || strings.Contains(page, "<script>") || rec.Code != http.StatusNotFound {
			t.Errorf("%.30s: status %d", value, rec.Code)
		}
	}
}
