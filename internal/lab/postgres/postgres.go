// Package postgres runs a private PostgreSQL for the lab: own folder, loopback address, own port, gone with its owner.
package postgres

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"

	"rekey/internal/lab/process"
	"rekey/internal/lab/workdir"
)

// superuser owns the cluster.
const superuser = "postgres"

// Options says how to run the cluster. The zero value is fine.
type Options struct {
	// Dir is the folder the cluster may use for itself. It must be short, because it holds a Unix socket, and the user
	// nobody must be able to enter it when the lab runs as root. Empty: one is made and removed.
	Dir string
	// Durable keeps fsync on.
	Durable bool
	// Settings are added to the server's command line.
	Settings map[string]string
}

// Cluster is a running server.
type Cluster struct {
	dir      string
	owned    *workdir.Dir // nil when the caller gave the folder
	port     int
	password string
	proc     *process.Process
}

// Start makes a cluster and waits until it answers.
func Start(ctx context.Context, opts Options) (*Cluster, error) {
	c := &Cluster{dir: opts.Dir, password: rand.Text()}
	if c.dir == "" {
		owned, err := workdir.New("pg")
		if err != nil {
			return nil, err
		}
		c.owned, c.dir = owned, owned.Path()
	}
	if err := c.start(ctx, opts); err != nil {
		return nil, errors.Join(fmt.Errorf("start PostgreSQL: %w", err), c.Close())
	}
	return c, nil
}

func (c *Cluster) start(ctx context.Context, opts Options) error {
	bin, err := binDir()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(c.dir, 0o755); err != nil {
		return fmt.Errorf("make cluster folder: %w", err)
	}
	runAs, err := serverUser()
	if err != nil {
		return err
	}
	if runAs != nil {
		if err := os.Chown(c.dir, int(runAs.Uid), int(runAs.Gid)); err != nil {
			return fmt.Errorf("give cluster folder to its user: %w", err)
		}
	}
	if err := prepare(ctx, bin, c.data(), runAs); err != nil {
		return err
	}
	if err := c.launch(ctx, bin, runAs, opts); err != nil {
		return err
	}
	return c.exec(ctx, "ALTER ROLE "+superuser+" PASSWORD '"+c.password+"'")
}

func (c *Cluster) data() string { return filepath.Join(c.dir, "data") }

// launch starts the server on a free port. Another process may take the port between our look and the server's, so a
// server that ends at once is tried again on another.
func (c *Cluster) launch(ctx context.Context, bin string, runAs *syscall.Credential, opts Options) error {
	const tries = 5
	var err error
	for range tries {
		if c.port, err = freePort(ctx); err != nil {
			return err
		}
		c.proc, err = process.Start(process.Spec{
			Path: filepath.Join(bin, "postgres"), Args: c.args(opts), Dir: c.dir,
			Log:        filepath.Join(c.dir, "log"),
			Credential: runAs, DeathSignal: syscall.SIGQUIT,
		})
		if err != nil {
			return err
		}
		if err = c.awaitReady(ctx); err == nil || ctx.Err() != nil {
			return err
		}
	}
	return err
}

func (c *Cluster) args(opts Options) []string {
	settings := map[string]string{
		"listen_addresses":        "127.0.0.1",
		"port":                    strconv.Itoa(c.port),
		"unix_socket_directories": c.dir,
		"max_connections":         "300",
		"shared_buffers":          "128MB",
		"log_min_messages":        "fatal",
	}
	if !opts.Durable {
		settings["fsync"], settings["synchronous_commit"], settings["full_page_writes"] = "off", "off", "off"
	}
	for k, v := range opts.Settings {
		settings[k] = v
	}
	args := []string{"-D", c.data()}
	for k, v := range settings {
		args = append(args, "-c", k+"="+v)
	}
	return args
}

func freePort(ctx context.Context) (int, error) {
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return 0, fmt.Errorf("find a free port: %w", err)
	}
	port := l.Addr().(*net.TCPAddr).Port
	return port, l.Close()
}

func (c *Cluster) awaitReady(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		conn, err := pgx.Connect(ctx, c.SocketURL(superuser))
		if err == nil {
			return conn.Close(ctx)
		}
		select {
		case <-tick.C:
		case <-c.proc.Done():
			return c.proc.Failure()
		case <-ctx.Done():
			return fmt.Errorf("wait for the server: %w", err)
		}
	}
}

// URL is where a database is reached over TCP, with the superuser's name and password.
func (c *Cluster) URL(db string) string {
	u := url.URL{
		Scheme: "postgres", User: url.UserPassword(superuser, c.password),
		Host: net.JoinHostPort("127.0.0.1", strconv.Itoa(c.port)), Path: "/" + db, RawQuery: "sslmode=disable",
	}
	return u.String()
}

// SocketURL is where a database is reached over the Unix socket. No password is asked there, which saves a connection
// some 10 ms.
func (c *Cluster) SocketURL(db string) string {
	q := url.Values{"host": {c.dir}, "port": {strconv.Itoa(c.port)}, "user": {superuser}, "sslmode": {"disable"}}
	return "postgres:///" + url.PathEscape(db) + "?" + q.Encode()
}

// CreateDatabase makes a database, copied from a template if one is named. The template must have no open connection.
func (c *Cluster) CreateDatabase(ctx context.Context, name, template string) error {
	sql := "CREATE DATABASE " + pgx.Identifier{name}.Sanitize()
	if template != "" {
		sql += " TEMPLATE " + pgx.Identifier{template}.Sanitize() + " STRATEGY file_copy" // a third of the time: nothing goes through the log
	}
	if err := c.exec(ctx, sql); err != nil {
		return fmt.Errorf("create database %s: %w", name, err)
	}
	return nil
}

// DropDatabase removes a database and ends its connections.
func (c *Cluster) DropDatabase(ctx context.Context, name string) error {
	if err := c.exec(ctx, "DROP DATABASE IF EXISTS "+pgx.Identifier{name}.Sanitize()+" WITH (FORCE)"); err != nil {
		return fmt.Errorf("drop database %s: %w", name, err)
	}
	return nil
}

func (c *Cluster) exec(ctx context.Context, sql string) error {
	conn, err := pgx.Connect(ctx, c.SocketURL(superuser))
	if err != nil {
		return err
	}
	_, err = conn.Exec(ctx, sql)
	return errors.Join(err, conn.Close(ctx))
}

// PID is the server's process id.
func (c *Cluster) PID() int { return c.proc.PID() }

// Close stops the server at once, without a last checkpoint, and removes its folder.
func (c *Cluster) Close() error {
	if c.proc != nil {
		c.proc.Stop(syscall.SIGQUIT, 10*time.Second)
	}
	if c.owned != nil {
		return c.owned.Close()
	}
	if err := os.RemoveAll(c.dir); err != nil {
		return fmt.Errorf("remove cluster folder: %w", err)
	}
	return nil
}
