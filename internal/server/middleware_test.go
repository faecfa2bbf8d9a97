package server_test

import (
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"rekey/internal/server"
)

// everyKindOfAnswer is one request for each way the edge can answer.
func everyKindOfAnswer(e *edge) map[string]*httptest.ResponseRecorder {
	return map[string]*httptest.ResponseRecorder{
		"200":    e.do("GET", "/account", ""),
		"404":    e.do("GET", "/nothing", ""),
		"405":    e.do("POST", "/account", ""),
		"413":    e.do("POST", "/form", "text="+strings.Repeat("x", 70<<10)),
		"429":    e.do("GET", "/throttled", ""),
		"500":    e.do("GET", "/error", ""),
		"panic":  e.do("GET", "/panic", ""),
		"403":    e.do("POST", "/form", "", func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "cross-site") }),
		"static": e.do("GET", "/static/rekey.css", ""),
		"icon":   e.do("GET", "/static/nothing.svg", ""),
		"method": e.do("DELETE", "/static/rekey.css", ""),
	}
}

func TestSecurityHeadersOnEveryAnswer(t *testing.T) {
	for name, rec := range everyKindOfAnswer(newEdge(t, secure())) {
		for header, want := range map[string]string{
			"Content-Security-Policy":      server.ContentPolicy,
			"X-Content-Type-Options":       "nosniff",
			"Referrer-Policy":              "no-referrer",
			"Cross-Origin-Opener-Policy":   "same-origin",
			"Cross-Origin-Resource-Policy": "same-origin",
			"Strict-Transport-Security":    "max-age=63072000; includeSubDomains",
		} {
			if got := rec.Header().Get(header); got != want {
				t.Errorf("%s (status %d): %s is %q", name, rec.Code, header, got)
			}
		}
		if rec.Header().Get("X-Request-Id") == "" || rec.Header().Get("Permissions-Policy") == "" {
			t.Errorf("%s: %v", name, rec.Header())
		}
		if name != "static" && rec.Header().Get("Cache-Control") != "no-store" {
			t.Errorf("%s: Cache-Control is %q", name, rec.Header().Get("Cache-Control"))
		}
	}
	if hsts := newEdge(t, server.Config{Origin: "http://localhost:8080"}).do("GET", "/", "").Header().Get("Strict-Transport-Security"); hsts != "" {
		t.Errorf("plain HTTP promises %q", hsts)
	}
}

// TestContentPolicyIsStrict: nothing is loaded from elsewhere, nothing inline runs, nobody frames a page.
func TestContentPolicyIsStrict(t *testing.T) {
	for _, want := range []string{"default-src 'none'", "script-src 'self';", "style-src 'self';", "form-action 'self'", "base-uri 'none'", "frame-ancestors 'none'"} {
		if !strings.Contains(server.ContentPolicy, want) {
			t.Errorf("%q is missing", want)
		}
	}
	for _, bad := range []string{"unsafe", "*", "http:", "https:", "blob:", "nonce"} {
		if strings.Contains(server.ContentPolicy, bad) {
			t.Errorf("%q is in it", bad)
		}
	}
}

func TestStatusOfEveryAnswer(t *testing.T) {
	for name, want := range map[string]int{
		"200": 200, "404": 404, "405": 405, "413": 413, "429": 429, "500": 500, "panic": 500, "403": 403, "static": 200, "icon": 404, "method": 405,
	} {
		if rec := everyKindOfAnswer(newEdge(t, secure()))[name]; rec.Code != want {
			t.Errorf("%s: status %d, want %d", name, rec.Code, want)
		}
	}
	e := newEdge(t, secure())
	if allow := e.do("POST", "/account", "").Header().Values("Allow"); len(allow) != 1 || allow[0] != "GET" {
		t.Errorf("Allow is %v", allow)
	}
	if wait := e.do("GET", "/throttled", "").Header().Get("Retry-After"); wait != "30" {
		t.Errorf("Retry-After is %q", wait)
	}
	if rec := e.do("HEAD", "/account", ""); rec.Code != 200 {
		t.Errorf("HEAD: status %d", rec.Code)
	}
	if got := e.do("POST", "/form", "text=%zz").Code; got != 400 {
		t.Errorf("a form that cannot be read: status %d", got)
	}
	if got := e.do("POST", "/form", "text="+strings.Repeat("x", 60<<10)); got.Body.String() != "61440" {
		t.Errorf("a long form: status %d, %s", got.Code, got.Body)
	}
}

func TestMetricsHoldNoMadeUpWords(t *testing.T) {
	e := newEdge(t, secure())
	e.do("GET", "/account?name=anna", "")
	e.do("EVIL1", "/account", "")
	e.do("GET", "/nothing/anna", "")
	got := strings.Join(e.metrics, "\n")
	if got != "GET /account 200\nother /account 405\nGET  404" && got != "GET /account 200\nother  405\nGET  404" {
		t.Errorf("counted:\n%s", got)
	}
	if strings.Contains(e.log.String(), "anna") {
		t.Errorf("the log holds a path: %s", e.log.String())
	}
}

func TestRequestID(t *testing.T) {
	e := newEdge(t, secure())
	seen := map[string]bool{}
	for range 100 {
		rec := e.do("GET", "/source", "", header("X-Request-Id", "chosen-by-visitor"))
		id := rec.Header().Get("X-Request-Id")
		if !regexp.MustCompile(`^[a-z2-7]{16}$`).MatchString(id) || seen[id] {
			t.Fatalf("request id %q", id)
		}
		if parts := strings.Split(rec.Body.String(), "|"); parts[2] != id {
			t.Fatalf("the source says %q", parts[2])
		}
		seen[id] = true
	}
}

func TestUserAgentIsCut(t *testing.T) {
	e := newEdge(t, secure())
	agent := strings.Split(e.do("GET", "/source", "", header("User-Agent", strings.Repeat("ä", 300))).Body.String(), "|")[1]
	if agent != strings.Repeat("ä", 100) {
		t.Errorf("%d bytes are kept: %q", len(agent), agent)
	}
	if agent = strings.Split(e.do("GET", "/source", "", header("User-Agent", "x"+strings.Repeat("ä", 300))).Body.String(), "|")[1]; agent != "x"+strings.Repeat("ä", 99) {
		t.Errorf("cut within a letter: %q", agent)
	}
}

func TestLanguage(t *testing.T) {
	e := newEdge(t, secure())
	language := func(target string, change ...func(*http.Request)) string {
		rec := e.do("GET", target, "", change...)
		return strings.Split(rec.Body.String(), "|")[3] + " " + rec.Header().Get("Set-Cookie")
	}
	const cookie = "; Path=/; Max-Age=31536000; HttpOnly; Secure; SameSite=Lax"
	for want, got := range map[string]string{
		"en ":                       language("/source"),
		"de ":                       language("/source", header("Accept-Language", "fr, de-AT;q=0.8")),
		"ar ":                       language("/source", header("Accept-Language", "de"), header("Cookie", "lang=ar")),
		"de lang=de" + cookie:       language("/source?lang=de", header("Cookie", "lang=ar")),
		"ar lang=ar" + cookie:       language("/source?a=b&lang=ar-EG"),
		"de  ":                      language("/source?slang=ar", header("Accept-Language", "de")) + " ", // another parameter
		"en lang=en" + cookie + " ": language("/source?lang=") + " ",
	} {
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestCookie(t *testing.T) {
	for _, c := range []struct {
		cookie     server.Cookie
		set, clear string
	}{
		{
			server.Cookie{Name: "session", Secure: true},
			"__Host-session=t0ken; Path=/; HttpOnly; Secure; SameSite=Lax",
			"__Host-session=; Path=/; Max-Age=0; HttpOnly; Secure; SameSite=Lax",
		},
		{
			server.Cookie{Name: "session"},
			"session=t0ken; Path=/; HttpOnly; SameSite=Lax",
			"session=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax",
		},
	} {
		set, clear := httptest.NewRecorder(), httptest.NewRecorder()
		c.cookie.Set(set, "t0ken")
		c.cookie.Clear(clear)
		if got := set.Header().Get("Set-Cookie"); got != c.set {
			t.Errorf("set: %q", got)
		}
		if got := clear.Header().Get("Set-Cookie"); got != c.clear {
			t.Errorf("clear: %q", got)
		}
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		if c.cookie.Get(r) != "" {
			t.Error("a token out of nothing")
		}
		r.Header.Set("Cookie", strings.SplitN(c.set, ";", 2)[0])
		if c.cookie.Get(r) != "t0ken" {
			t.Error("the token is not read back")
		}
	}
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.Header.Set("Cookie", "session=planted")
	if got := (server.Cookie{Name: "session", Secure: true}).Get(r); got != "" {
		t.Errorf("a cookie that a subdomain could plant is read: %q", got)
	}
}
