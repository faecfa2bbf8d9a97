package server

import (
	"net/http"
	"strings"
)

// ContentPolicy is the Content-Security-Policy every page is sent with, for tests that draw pages without a Server.
const ContentPolicy = policy

// Others are hosts besides ours that one page may use, as sources of a Content-Security-Policy with spaces between them.
type Others struct{ Scripts, Frames, Styles, Connects string }

// Allow lets the page that is about to be sent use what others serve. Every other page stays as it was.
func Allow(w http.ResponseWriter, o Others) {
	p := policy
	for directive, sources := range map[string]string{"script-src 'self'": o.Scripts, "style-src 'self'": o.Styles, "connect-src 'self'": o.Connects} {
		if sources != "" {
			p = strings.Replace(p, directive, directive+" "+sources, 1)
		}
	}
	if o.Frames != "" {
		p += "; frame-src " + o.Frames
	}
	w.Header().Set("Content-Security-Policy", p)
}
