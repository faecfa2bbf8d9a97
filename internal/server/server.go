package server

import (
	"context"
	"log/slog"
	"net/http"
	"net/netip"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/go-chi/chi/v5/middleware"

	"rekey/internal/locale"
	"rekey/internal/site"
)

// Config is what the edge needs to know.
type Config struct {
	Origin  string // public URL without a slash at the end
	Secure  bool   // https: cookies are __Host- and Secure, HSTS is sent
	Proxies []netip.Prefix
}

// Server serves pages. Make it with New.
type Server struct {
	config    Config
	site      site.Source
	catalogue *locale.Catalogue
	shell     Shell
	log       *slog.Logger
	metrics   Metrics
}

// Metrics counts requests. Route is the pattern, never the path.
type Metrics interface {
	Request(route, method string, status int, took time.Duration)
}

// Problem is an error page's content.
type Problem struct {
	Status    int
	Text      string // catalogue key
	RequestID string
	Retry     time.Duration
}

// Shell draws the pages the edge itself needs.
type Shell interface {
	Problem(w http.ResponseWriter, r *http.Request, p Problem)
}

// New makes a server.
func New(c Config, src site.Source, cat *locale.Catalogue, shell Shell, log *slog.Logger, m Metrics) *Server {
	return &Server{config: c, site: src, catalogue: cat, shell: shell, log: log, metrics: m}
}

// maxBody bounds a form: a passkey answer is the longest, at some kilobytes.
const maxBody int64 = 64 << 10

// Handler builds the router: static files and areas behind the same middleware.
func (s *Server) Handler(static http.Handler, areas ...Area) http.Handler {
	r := chi.NewRouter()
	protect := http.NewCrossOriginProtection()
	_ = protect.AddTrustedOrigin(s.config.Origin) // ours, also when a proxy changes Host; fails for what is no origin, which then is not trusted
	protect.SetDenyHandler(http.HandlerFunc(s.crossOrigin))
	r.Use(s.identify, s.observe, s.recover, s.headers, protect.Handler, middleware.GetHead)
	r.Handle("/static/*", static)
	r.Handle("/favicon.ico", static)
	s.mount(r, areas)
	r.NotFound(s.notFound)
	r.MethodNotAllowed(s.notAllowed(r))
	return r
}

// Serve runs an HTTP server until ctx ends, then lets open requests finish.
func Serve(ctx context.Context, srv *http.Server, listen func() error, grace time.Duration) error {
	failed := make(chan error, 1)
	go func() { failed <- listen() }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), grace)
	defer cancel()
	return srv.Shutdown(stop)
}
