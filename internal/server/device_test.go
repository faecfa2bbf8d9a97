package server

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"testing"

	pol "rekey/internal/policy"
)

func TestPlatform(t *testing.T) {
	for _, c := range []struct{ hint, agent, want string }{
		{"", "", ""},
		{`"Windows"`, "whatever", "windows"},
		{`"Android"`, "", "android"},
		{`"Unknown"`, "Mozilla/5.0 (X11; CrOS x86_64 14541.0.0)", "chromeos"},
		{"", "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0", "windows"},
		{"", "Mozilla/5.0 (Linux; Android 15; Pixel 9)", "android"},
		{"", "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X)", "ios"},
		{"", "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7)", "macos"},
		{"", "Mozilla/5.0 (X11; Linux x86_64)", "linux"},
		{"", "curl/8", "other"},
	} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.Header.Set("Sec-Ch-Ua-Platform", c.hint)
		r.Header.Set("User-Agent", c.agent)
		if got := Platform(r); got != c.want {
			t.Errorf("%q, %q: %q, want %q", c.hint, c.agent, got, c.want)
		}
	}
}

func FuzzPlatform(f *testing.F) {
	f.Add(`"macOS"`, "Mozilla/5.0")
	f.Fuzz(func(t *testing.T, hint, agent string) {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.Header["Sec-Ch-Ua-Platform"], r.Header["User-Agent"] = []string{hint}, []string{agent}
		if got := Platform(r); got != "" && !slices.Contains(pol.Platforms(), got) {
			t.Errorf("%q, %q: %q, which no condition can name", hint, agent, got)
		}
	})
}

// TestAttack20AProxysHeaderIsBelievedFromAProxyOnly: whoever comes without one can say what they like.
func TestAttack20AProxysHeaderIsBelievedFromAProxyOnly(t *testing.T) {
	s := &Server{config: Config{Proxies: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}}}
	for _, c := range []struct {
		peer string
		sent []string
		want string
		ok   bool
	}{
		{"10.1.1.1:5", []string{"true"}, "true", true},
		{"10.1.1.1:5", []string{"true", "false"}, "false", true}, // the visitor's own before the proxy's
		{"10.1.1.1:5", nil, "", true},
		{"192.0.2.1:5", []string{"true"}, "", false},
		{"nonsense", []string{"true"}, "", false},
	} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.RemoteAddr, r.Header["X-Device-Managed"] = c.peer, c.sent
		r = r.WithContext(context.WithValue(r.Context(), visitKey, visit{proxied: s.proxied(r)}))
		if value, ok := FromProxy(r, "X-Device-Managed"); value != c.want || ok != c.ok {
			t.Errorf("from %s %q: %q, %v", c.peer, c.sent, value, ok)
		}
	}
}

// FuzzClient: the visitor's address is the rightmost hop that is no trusted proxy, whatever else the header says.
func FuzzClient(f *testing.F) {
	f.Add("10.0.0.1:1", "203.0.113.5, 10.0.0.9")
	f.Add("192.0.2.1:1", "203.0.113.5")
	f.Add("10.0.0.1:1", ",,::ffff:10.0.0.2, fe80::1%eth0,")
	f.Fuzz(func(t *testing.T, peer, forwarded string) {
		s := &Server{config: Config{Proxies: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}}}
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.RemoteAddr, r.Header["X-Forwarded-For"] = peer, []string{forwarded}
		got := s.client(r)
		r.Header["X-Forwarded-For"] = []string{"198.51.100.1, " + forwarded}
		longer := s.client(r)
		if !s.trusted(got) && longer != got {
			t.Errorf("%q from %q: %v; a hop made up on the left makes it %v", forwarded, peer, got, longer)
		}
		from, err := netip.ParseAddrPort(peer)
		if err == nil && !s.trusted(from.Addr().Unmap()) && got != from.Addr().Unmap() {
			t.Errorf("%q is believed from %q", forwarded, peer)
		}
	})
}
