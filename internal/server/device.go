package server

import (
	"net/http"
	"strings"
)

// FromProxy reads a header that only a trusted proxy may set: the last value, which is the proxy's own where it added one to a
// visitor's. ok is false for a visitor who came without a proxy, whatever they sent.
func FromProxy(r *http.Request, header string) (value string, ok bool) {
	if !visitOf(r).proxied {
		return "", false
	}
	values := r.Header.Values(header)
	if len(values) == 0 {
		return "", true
	}
	return values[len(values)-1], true
}

// platforms are words of a User-Agent, the more particular first: Android says Linux too, and an iPhone Mac OS.
var platforms = []struct{ word, name string }{
	{"Windows", "windows"},
	{"Android", "android"},
	{"iPhone", "ios"},
	{"iPad", "ios"},
	{"CrOS", "chromeos"},
	{"Chrome OS", "chromeos"},
	{"Chromium OS", "chromeos"},
	{"Mac OS X", "macos"},
	{"Macintosh", "macos"},
	{"macOS", "macos"},
	{"iOS", "ios"},
	{"Linux", "linux"},
}

// Platform tells what a browser says it runs on, as policy.Platforms names it: by the client hint, which browsers of one kind send,
// else by the User-Agent. Anybody can make it up. Empty: it says nothing.
func Platform(r *http.Request) string {
	said := strings.Trim(r.Header.Get("Sec-Ch-Ua-Platform"), `"`)
	if said == "" || said == "Unknown" {
		said = r.UserAgent()
	}
	if said == "" {
		return ""
	}
	for _, p := range platforms {
		if strings.Contains(said, p.word) {
			return p.name
		}
	}
	return "other"
}
