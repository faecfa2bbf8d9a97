// Package app wires the product together: configuration in, a running portal out. Nothing imports it but commands and the lab.
package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"golang.org/x/sync/errgroup"

	"rekey/internal/admin"
	"rekey/internal/config"
	"rekey/internal/configure"
	"rekey/internal/connect"
	"rekey/internal/delivery"
	"rekey/internal/enrollment"
	"rekey/internal/evidence"
	"rekey/internal/geo"
	"rekey/internal/keyset"
	"rekey/internal/locale"
	"rekey/internal/mail"
	"rekey/internal/notice"
	"rekey/internal/operate"
	"rekey/internal/postgres"
	"rekey/internal/preview"
	"rekey/internal/recovery"
	"rekey/internal/report"
	"rekey/internal/settings"
	"rekey/internal/sms"
	"rekey/internal/sync"
	"rekey/internal/threat"
	"rekey/web"
)

// App is one process's parts. Close it.
type App struct {
	Settings *settings.Manager
	Keys     *keyset.Keyset
	Store    *postgres.Store
	Threat   *threat.Manager    // Stopped until the level was read
	Pages    *configure.Service // how pages read and change the settings

	config     config.Config
	log        *slog.Logger
	pool       *pgxpool.Pool
	catalogue  *locale.Catalogue
	recovery   *recovery.Service
	enrollment *enrollment.Service
	admin      *admin.Service
	crowd      *preview.Live
	evidence   *evidence.Service
	courier    *delivery.Service
	sender     *mail.Sender
	texter     *sms.Sender
	sync       *sync.Service
	tests      *connect.Service
	doctor     *operate.Doctor
	places     func() *geo.Reader
	reports    *report.Service
	pulse      *report.Pulse
	advice     advice
	metrics    *metrics
	assets     atomic.Pointer[web.Assets] // follow the brand's colour
}

// Open connects to the database, opens the keys and puts the newest settings in force. It changes nothing but at the very first
// start, and reaches no directory.
func Open(ctx context.Context, cfg config.Config, log *slog.Logger) (*App, error) {
	a, err := OpenToRepair(ctx, cfg, log)
	if err != nil {
		return nil, err
	}
	return a.loaded(ctx)
}

// OpenToServe is Open on a database that is first brought to this version's schema.
func OpenToServe(ctx context.Context, cfg config.Config, log *slog.Logger) (*App, error) {
	a, err := open(ctx, cfg, log, func(pool *pgxpool.Pool) error { return postgres.Upgrade(ctx, pool, cfg.Database) })
	if err != nil {
		return nil, err
	}
	return a.loaded(ctx)
}

func (a *App) loaded(ctx context.Context) (*App, error) {
	if err := a.load(ctx); err != nil {
		a.Close()
		return nil, err
	}
	return a, nil
}

// OpenToRepair leaves the settings alone, so that a version that cannot be used does not keep anybody from saving a better one.
// Only Settings, Store, Keys and Threat are there.
func OpenToRepair(ctx context.Context, cfg config.Config, log *slog.Logger) (*App, error) {
	return open(ctx, cfg, log, func(*pgxpool.Pool) error { return nil })
}

// open reads the texts while the database is reached.
func open(ctx context.Context, cfg config.Config, log *slog.Logger, prepare func(*pgxpool.Pool) error) (*App, error) {
	kek, err := cfg.Key()
	if err != nil {
		return nil, err
	}
	a := &App{config: cfg, log: log, metrics: newMetrics()}
	var g errgroup.Group
	g.Go(func() (err error) {
		a.catalogue, err = locale.Load()
		return err
	})
	g.Go(func() error { return a.open(ctx, kek, prepare) })
	if err := g.Wait(); err != nil {
		a.Close()
		return nil, err
	}
	return a, nil
}

func (a *App) open(ctx context.Context, kek []byte, prepare func(*pgxpool.Pool) error) error {
	var err error
	if a.pool, err = postgres.Connect(ctx, a.config.Database, a.config.DatabaseConns); err != nil {
		return err
	}
	if err := prepare(a.pool); err != nil {
		return err
	}
	if a.Keys, err = keyset.Load(ctx, postgres.NewKeyStore(a.pool), kek); err != nil {
		return err
	}
	if a.Store, err = postgres.New(a.pool, a.Keys, time.Now); err != nil {
		return err
	}
	proxies, err := a.config.Proxies()
	if err != nil {
		return err
	}
	a.Settings = settings.NewManager(a.Store, Registry(), settings.Deps{
		Keys: a.Keys, Now: time.Now, Log: a.log, PublicURL: a.config.Origin(), Groups: a.Store, Paint: paint,
		Geo: len(a.config.GeoFiles) > 0, Proxies: proxies,
	})
	forms, err := Registry().Forms()
	if err != nil {
		return err
	}
	a.Pages = &configure.Service{Store: a.Store, Rules: a.Settings.Pages(), Forms: forms}
	a.crowd = preview.NewLive(&preview.Service{Store: a.Store, Now: time.Now})
	a.Threat = threat.NewManager(a.Store, time.Now, a.log)
	a.sender = mail.New(a.log)
	a.texter = sms.New(time.Now, a.log)
	a.Settings.Switched = a.switched
	a.Settings.Locked = a.config.SettingsLocked
	return nil
}

// load puts the newest settings and the threat level in force and makes the services that work by them.
func (a *App) load(ctx context.Context) error {
	first, err := a.firstSettings()
	if err != nil {
		return err
	}
	if err := a.Settings.Load(ctx, a.config.SettingsFile, first); err != nil {
		return err
	}
	if err := a.Threat.Load(ctx); err != nil {
		return err
	}
	return a.services()
}

// paint refuses brand colours that texts could not be read in.
func paint(color, dark string) error {
	_, err := web.Look{Color: color, Dark: dark}.Assets()
	return err
}

func (a *App) firstSettings() ([]byte, error) {
	if a.config.SettingsFile == "" {
		return nil, nil
	}
	text, err := os.ReadFile(a.config.SettingsFile)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil // needed at the very first start only: Load says so then
	}
	if err != nil {
		return nil, fmt.Errorf("settings_file: %w", err)
	}
	return text, nil
}

// switched makes a new settings version reach what is not part of the snapshot. Compile has checked all of it.
func (a *App) switched(c *settings.Compiled) {
	assets, err := look(c.Snapshot.Brand).Assets()
	if err != nil {
		a.log.Error("brand not used", "error", err)
	} else {
		a.assets.Store(assets)
	}
	if err := a.sender.Use(c.Document.Mail, settings.Resolver(a.Keys)); err != nil {
		a.log.Error("mail settings not used", "error", err)
	}
	a.useSMS(c.Document.SMS)
	a.metrics.version.Set(float64(c.Snapshot.Version))
}

func (a *App) services() error {
	var err error
	if a.admin, err = a.newAdmin(); err != nil {
		return err
	}
	a.places = openPlaces(a.config.GeoFiles, a.log)
	a.metrics.follow(newGeoMetrics(func() []geo.FileStatus { return a.places().Status() }))
	site := a.Settings.Snapshot
	owner := &notice.Owner{
		Site: site, Store: a.Store, Keys: a.Keys, Now: time.Now, Log: a.log, PublicURL: a.config.Origin(),
	}
	a.recovery = &recovery.Service{
		Site: site, Store: a.Store, Limiter: a.Store, Counters: a.Store, Freezer: a.Store, Sweeper: a.Store, Keys: a.Keys, Owner: owner,
		Recorder: a.Store, Memory: a.Store, Locate: a.locate, Threat: a.threatLevel, Now: time.Now, Log: a.log, Observe: a.metrics.flowEnded,
		RuleSeen: a.metrics.rulesSeen,
	}
	a.enrollment = &enrollment.Service{
		Site: site, Store: a.Store, Sessions: a.Store, Standing: a.Store, Counters: a.Store, Limiter: a.Store,
		Sealer: a.Keys, Owner: owner, Now: time.Now, Log: a.log, Threat: a.threatLevel,
	}
	a.doctor = operate.NewDoctor(a.Store, a.checks, time.Now, a.log)
	a.sync = a.newSync()
	a.tests = a.newTests()
	a.newReports()
	a.metrics.follow(newSyncMetrics(a.Store.SyncStates))
	a.metrics.follow(newThreatMetrics(a.Threat))
	a.metrics.follow(newSpendMetrics(a.Store.Spent))
	a.courier = delivery.New(delivery.Deps{
		Keys: a.Keys, Site: site, Catalogue: a.catalogue, Mail: a.sender, Text: a.texter, Purse: a.Store, Recorder: a.Store, Journal: a.Store, Now: time.Now,
		Log: a.log, Host: host(a.config.Origin()), Withheld: a.metrics.withheld,
	})
	return nil
}

// Close releases connections. Requests and jobs must have ended.
func (a *App) Close() {
	if a.tests != nil {
		a.tests.Close()
	}
	if a.evidence != nil {
		a.evidence.Close()
	}
	if a.doctor != nil {
		a.doctor.Close()
	}
	if a.Settings != nil && a.Settings.Current() != nil {
		a.Settings.Close()
	}
	if a.sender != nil {
		a.sender.Close()
	}
	if a.crowd != nil {
		a.crowd.Close()
	}
	if a.pool != nil {
		a.pool.Close()
	}
}
