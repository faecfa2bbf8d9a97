package console

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"rekey/internal/admin"
	"rekey/internal/fault"
	"rekey/internal/locale"
	"rekey/internal/role"
	"rekey/internal/server"
	"rekey/internal/site"
	"rekey/web/layout"
)

// Console guards and frames the administrators' pages. Make it with New; it is safe for concurrent use once all areas are made.
type Console struct {
	deps   Deps
	text   *locale.Printer            // for what the wizard's parts say in pages
	needs  map[string]role.Permission // of the pages that are mounted, by pattern
	counts map[string]Count
}

// Deps is what a console works with.
type Deps struct {
	Service   *admin.Service
	Site      site.Source
	Catalogue *locale.Catalogue
	Links     func() layout.Links // of the files in force
	Keys      Sealer
	Secure    bool // the public URL is https
	Now       func() time.Time
	Log       *slog.Logger
}

// Sealer keeps a form that waits unreadable.
type Sealer interface {
	Seal(purpose string, plain, context []byte) ([]byte, error)
	Open(purpose string, sealed, context []byte) ([]byte, error)
}

// Count says how many things wait behind an entry of the side, for one administrator.
type Count func(ctx context.Context, a admin.Admin) (int, error)

// The addresses that the guard itself leads to.
const (
	Root      = "/admin"
	SignInURL = "/admin/sign-in"
	ProveURL  = "/admin/prove"
	ExtendURL = "/admin/extend"
	SelfURL   = "/admin/self"
	OutURL    = "/admin/sign-out"
	// ElsewhereURL leads to the firm's own sign-in page, and from there back to the address in "return".
	ElsewhereURL = "/admin/sign-in-elsewhere"
	// ProvenURL says that the sign-in in another tab can go on.
	ProvenURL = "/admin/proven"
)

// New makes a console without pages.
func New(d Deps) *Console {
	return &Console{deps: d, text: d.Catalogue.Printer("en"), needs: map[string]role.Permission{}, counts: map[string]Count{}}
}

// Counted puts a number beside the entry of the side that leads to url. Call it before the first request.
func (c *Console) Counted(url string, count Count) { c.counts[url] = count }

// Text is the English catalogue, for parts that the wizard's pages have too.
func (c *Console) Text() *locale.Printer { return c.text }

// Service is who lets administrators in.
func (c *Console) Service() *admin.Service { return c.deps.Service }

// Now is the console's time.
func (c *Console) Now() time.Time { return c.deps.Now() }

func (c *Console) cookie() server.Cookie { return server.Cookie{Name: "admin", Secure: c.deps.Secure} }

// Token is the browser's token of the administrators' pages, which no other page takes.
func (c *Console) Token(r *http.Request) admin.Token { return admin.Token(c.cookie().Get(r)) }

// Hold gives the browser its next token; an empty one takes it away.
func (c *Console) Hold(w http.ResponseWriter, t admin.Token) {
	if t == "" {
		c.cookie().Clear(w)
		return
	}
	c.cookie().Set(w, string(t))
}

// Say gives the words of a fault: a sentence as it is, a key of the catalogue in English.
func (c *Console) Say(text string) string { return c.say(fault.New(fault.Invalid, text)) }
