package app

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"time"

	"golang.org/x/sync/errgroup"

	"rekey/internal/challenge/siteverify"
	"rekey/internal/jobs"
	"rekey/internal/server"
	"rekey/internal/server/console"
	"rekey/internal/server/enrollui"
	"rekey/internal/server/frame"
	"rekey/internal/server/gate"
	"rekey/internal/server/recoveryui"
	"rekey/web/layout"
)

const (
	// grace is how long open requests may go on when the process is told to stop; a directory write is the longest.
	grace = 50 * time.Second
	// sweepEvery resolves lost writes and ends forgotten flows.
	sweepEvery = 15 * time.Second
	// refreshEvery is how soon a replica hears of rotated keys it has not met yet.
	refreshEvery = 30 * time.Second
)

// Serve runs the portal until ctx ends: pages, metrics, jobs and the watch for new settings and threat levels. Open requests finish first, then jobs.
func (a *App) Serve(ctx context.Context) error {
	listener, err := a.listen(ctx, a.config.Listen)
	if err != nil {
		return err
	}
	pages := a.httpServer(a.Handler())
	workers, stopWorkers := context.WithCancel(context.WithoutCancel(ctx))
	defer stopWorkers()
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error {
		defer stopWorkers() // a request may still have queued a message
		return ended(server.Serve(ctx, pages, func() error { return pages.Serve(listener) }, grace))
	})
	if a.config.MetricsListen != "" {
		machines, err := a.listen(ctx, a.config.MetricsListen)
		if err != nil {
			return errors.Join(err, listener.Close())
		}
		srv := a.httpServer(a.machineHandler())
		g.Go(func() error {
			return ended(server.Serve(ctx, srv, func() error { return srv.Serve(machines) }, time.Second))
		})
	}
	g.Go(func() error { return ended(a.Settings.Watch(ctx)) })
	g.Go(func() error { return ended(a.Threat.Run(ctx)) })
	g.Go(func() error { return ended(a.work(workers)) })
	g.Go(func() error { return ended(a.copyDirectories(ctx)) })
	g.Go(func() error { return ended(a.watchHealth(ctx)) })
	g.Go(func() error { return ended(a.reports.Run(ctx)) })
	g.Go(func() error { a.places().Run(ctx); return nil })
	a.log.InfoContext(ctx, "serving", "listen", listener.Addr().String(), "public_url", a.config.Origin(), "settings", a.Settings.Snapshot().Version)
	return g.Wait()
}

func (a *App) listen(ctx context.Context, address string) (net.Listener, error) {
	var lc net.ListenConfig
	return lc.Listen(ctx, "tcp", address)
}

// ended takes a deliberate end for success.
func ended(err error) error {
	if errors.Is(err, http.ErrServerClosed) || errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}

func (a *App) httpServer(h http.Handler) *http.Server {
	return &http.Server{
		Handler: h, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 30 * time.Second, WriteTimeout: 90 * time.Second,
		IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 32 << 10,
	}
}

func (a *App) work(ctx context.Context) error {
	return jobs.Run(ctx, a.pool, jobs.Config{
		Deliver: a.courier.Deliver,
		SignOut: a.recovery.SignOut,
		Done:    a.metrics.delivered,
		Log:     a.log,
		Periodic: append([]jobs.Periodic{
			{Name: "sweep", Every: sweepEvery, Run: func(ctx context.Context) error { return a.recovery.Sweep(ctx, a.config.KeepFlows) }},
			{Name: "removed-directories", Every: time.Hour, Run: a.sync.DropRemoved},
		}, append(a.reportJobs(), a.messageJobs()...)...),
		Local: []jobs.Periodic{
			{Name: "keys", Every: refreshEvery, Run: a.Keys.Refresh},
			{Name: "crowd", Every: time.Minute, Run: a.crowd.Tidy},
		},
	})
}

// Handler is the whole portal for browsers.
func (a *App) Handler() http.Handler {
	site := a.Settings.Snapshot
	frames := &frame.Frame{Catalogue: a.catalogue, Site: site, Links: func() layout.Links { return a.assets.Load().Links() }}
	proxies, _ := a.config.Proxies() // Load has checked them
	admins, areas := a.areas(frames)
	edge := server.New(
		server.Config{Origin: a.config.Origin(), Secure: a.config.Secure(), Proxies: proxies}, site, a.catalogue, admins.Around(frames), a.log, a.metrics,
	)
	static := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { a.assets.Load().ServeHTTP(w, r) })
	return edge.Handler(static, areas...)
}

// areas are all families of pages.
func (a *App) areas(frames *frame.Frame) (*console.Console, []server.Area) {
	site, secure := a.Settings.Snapshot, a.config.Secure()
	guard := &gate.Gate{
		Site: site, Store: a.Store, Keys: a.Keys, Verifier: siteverify.New(a.config.Origin()), Frame: frames,
		Cookie: server.Cookie{Name: "check", Secure: secure}, Now: time.Now, Log: a.log,
	}
	admins, behind := a.newConsole()
	return admins, append([]server.Area{
		guard,
		&recoveryui.UI{
			Service: a.recovery, Gate: guard, Frame: frames, Cookie: server.Cookie{Name: "flow", Secure: secure},
			Browser: server.Cookie{Name: "browser", Secure: secure}, Keys: a.Keys, Site: site, Now: time.Now,
		},
		&enrollui.UI{Service: a.enrollment, Gate: guard, Frame: frames, Cookie: server.Cookie{Name: "session", Secure: secure}, Site: site, Now: time.Now},
	}, behind...)
}

// machineHandler serves what monitoring asks, on an address of its own.
func (a *App) machineHandler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", a.metrics.handler())
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusOK) })
	mux.HandleFunc("GET /readyz", a.ready)
	return mux
}

// readiness is what /readyz answers. A directory that is down does not make the portal unready: it has a page for that.
type readiness struct {
	Database    bool            `json:"database"`
	Settings    int64           `json:"settings_version"`
	Threat      bool            `json:"threat_level_read"` // within the last seconds
	Directories map[string]bool `json:"directories_writable"`
}

func (a *App) ready(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), 5*time.Second)
	defer cancel()
	snap := a.Settings.Snapshot()
	state := readiness{Database: a.pool.Ping(ctx) == nil, Settings: snap.Version, Threat: a.Threat.Ready(), Directories: map[string]bool{}}
	for _, d := range snap.Directories {
		state.Directories[d.Key()] = d.Health(ctx).Writable
	}
	w.Header().Set("Content-Type", "application/json")
	if !state.Database || !state.Threat {
		w.WriteHeader(http.StatusServiceUnavailable)
	}
	_ = json.NewEncoder(w).Encode(state) // the asker may have gone
}
