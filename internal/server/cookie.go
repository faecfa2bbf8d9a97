package server

import (
	"net/http"
	"time"
)

// Cookie is a token kept by the browser until it is closed.
type Cookie struct {
	Name   string // without prefix
	Secure bool   // on https: the __Host- prefix binds it to this host and path /
}

func (c Cookie) name() string {
	if c.Secure {
		return "__Host-" + c.Name
	}
	return c.Name
}

// Set gives the browser a token.
func (c Cookie) Set(w http.ResponseWriter, token string) {
	http.SetCookie(w, &http.Cookie{ //nolint:gosec // Secure follows the scheme of the public URL
		Name: c.name(), Value: token, Path: "/", Secure: c.Secure, HttpOnly: true, SameSite: http.SameSiteLaxMode,
	})
}

// Keep gives the browser a token for longer than it stays open.
func (c Cookie) Keep(w http.ResponseWriter, token string, life time.Duration) {
	http.SetCookie(w, &http.Cookie{ //nolint:gosec // Secure follows the scheme of the public URL
		Name: c.name(), Value: token, Path: "/", MaxAge: int(life.Seconds()), Secure: c.Secure, HttpOnly: true, SameSite: http.SameSiteLaxMode,
	})
}

// Clear takes it away.
func (c Cookie) Clear(w http.ResponseWriter) {
	http.SetCookie(w, &http.Cookie{ //nolint:gosec // Secure follows the scheme of the public URL
		Name: c.name(), Path: "/", MaxAge: -1, Secure: c.Secure, HttpOnly: true, SameSite: http.SameSiteLaxMode,
	})
}

// Get reads it; "" when there is none.
func (c Cookie) Get(r *http.Request) string {
	k, err := r.Cookie(c.name())
	if err != nil {
		return ""
	}
	return k.Value
}
