// Package portal builds the product and runs it as a process of its own, as an operator would.
package portal

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/goccy/go-yaml"

	"rekey/internal/config"
	"rekey/internal/lab/process"
)

// Build compiles the product into a folder and gives the binary's path. The toolchain's cache makes a second time cheap.
func Build(ctx context.Context, dir string) (string, error) {
	_, file, _, ok := runtime.Caller(0)
	if !ok {
		return "", errors.New("the source of the product is not known")
	}
	gobin, err := exec.LookPath("go")
	if err != nil {
		return "", fmt.Errorf("build the portal: %w", err)
	}
	out := filepath.Join(dir, "rekey")
	_, err = process.Run(ctx, process.Spec{
		Path: gobin, Args: []string{"build", "-o", out, "rekey/cmd/rekey"}, Dir: filepath.Dir(file),
		Env: append(os.Environ(), "CGO_ENABLED=0"),
	})
	return out, err
}

// Spec says how to run the portal.
type Spec struct {
	Binary   string
	Dir      string // for its configuration, key and log
	Database string // URL
	Settings string // path of the first settings document
	KeyFile  string // of another portal on the same database; empty: a new key
	Port     int    // of the pages; 0: a free one
	LogLevel string // empty: info
	Env      []string
}

// Portal is a running portal.
type Portal struct {
	spec    Spec
	config  config.Config
	metrics int
	proc    *process.Process
}

// Prepare writes the configuration and the key a portal of this spec runs on, so that commands can use them before it runs.
func Prepare(ctx context.Context, spec Spec) (*Portal, error) {
	p := &Portal{spec: spec}
	if err := os.MkdirAll(spec.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("make folder of the portal: %w", err)
	}
	if err := p.writeKey(); err != nil {
		return nil, err
	}
	return p, p.configure(ctx)
}

// Start runs the portal and waits until it serves pages. A port that somebody else took meanwhile is tried again on another.
func (p *Portal) Start(ctx context.Context) error {
	const tries = 5
	var err error
	for range tries {
		if p.proc, err = process.Start(process.Spec{
			Path: p.spec.Binary, Args: []string{"serve", "--config", p.ConfigFile()}, Dir: p.spec.Dir, Log: p.Log(), Env: p.spec.Env,
			DeathSignal: syscall.SIGTERM,
		}); err != nil {
			return err
		}
		if err = p.await(ctx); err == nil || ctx.Err() != nil || p.spec.Port != 0 {
			return err
		}
		p.proc.Kill()
		if err := p.configure(ctx); err != nil {
			return err
		}
	}
	return err
}

// configure chooses ports and writes the process configuration.
func (p *Portal) configure(ctx context.Context) error {
	port := p.spec.Port
	if port == 0 {
		var err error
		if port, err = freePort(ctx); err != nil {
			return err
		}
	}
	metrics, err := freePort(ctx)
	if err != nil {
		return err
	}
	p.metrics = metrics
	level := p.spec.LogLevel
	if level == "" {
		level = "info"
	}
	p.config = config.Config{
		Listen: address(port), PublicURL: "http://localhost:" + strconv.Itoa(port), MetricsListen: address(p.metrics),
		Database: p.spec.Database, DatabaseConns: 16, KeyFile: p.keyFile(), SettingsFile: p.spec.Settings, LogLevel: level,
		KeepFlows: 30 * 24 * time.Hour,
	}
	text, err := yaml.Marshal(p.config)
	if err != nil {
		return fmt.Errorf("write configuration: %w", err)
	}
	return os.WriteFile(p.ConfigFile(), text, 0o600)
}

func address(port int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)) }

func freePort(ctx context.Context) (int, error) {
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return 0, fmt.Errorf("find a free port: %w", err)
	}
	return l.Addr().(*net.TCPAddr).Port, l.Close()
}

func (p *Portal) keyFile() string {
	if p.spec.KeyFile != "" {
		return p.spec.KeyFile
	}
	return filepath.Join(p.spec.Dir, "rekey.key")
}

func (p *Portal) writeKey() error {
	if _, err := os.Stat(p.keyFile()); err == nil {
		return nil // another portal's
	}
	key := make([]byte, 32)
	rand.Read(key) // never fails
	return os.WriteFile(p.keyFile(), []byte(base64.StdEncoding.EncodeToString(key)), 0o600)
}

// await asks for the first page until it comes.
func (p *Portal) await(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 60*time.Second)
	defer cancel()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	client := &http.Client{Timeout: 5 * time.Second}
	for {
		if p.serves(ctx, client) {
			return nil
		}
		select {
		case <-tick.C:
		case <-p.proc.Done():
			return p.proc.Failure()
		case <-ctx.Done():
			return fmt.Errorf("wait for the portal: %w", ctx.Err())
		}
	}
}

func (p *Portal) serves(ctx context.Context, client *http.Client) bool {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+p.config.Listen+"/", nil)
	if err != nil {
		return false
	}
	resp, err := client.Do(req)
	if err != nil {
		return false
	}
	return resp.Body.Close() == nil && resp.StatusCode == http.StatusOK
}

// Config is the process configuration.
func (p *Portal) Config() config.Config { return p.config }

// ConfigFile is where it is written, for commands such as `rekey explain`.
func (p *Portal) ConfigFile() string { return filepath.Join(p.spec.Dir, "rekey.yaml") }

// URL is where browsers reach the portal.
func (p *Portal) URL() string { return p.config.PublicURL }

// Metrics is where machines read /metrics, /healthz and /readyz.
func (p *Portal) Metrics() string { return "http://" + p.config.MetricsListen + "/metrics" }

// Log is the file the portal logs to.
func (p *Portal) Log() string { return filepath.Join(p.spec.Dir, "portal.log") }

// PID is the portal's process id.
func (p *Portal) PID() int { return p.proc.PID() }

// Done is closed when the process has ended.
func (p *Portal) Done() <-chan struct{} { return p.proc.Done() }

// Command runs one of the product's commands on this portal's configuration and gives its standard output.
func (p *Portal) Command(ctx context.Context, args ...string) (string, error) {
	out, err := process.Run(ctx, process.Spec{
		Path: p.spec.Binary, Args: append([]string{"--config", p.ConfigFile()}, args...), Dir: p.spec.Dir,
		Env: append([]string{"USER=lab"}, p.spec.Env...),
	})
	return strings.TrimSpace(string(out)), err
}

// Kill ends the portal as a power cut would.
func (p *Portal) Kill() {
	if p.proc != nil {
		p.proc.Kill()
	}
}

// Stop asks the portal to finish what it is doing and end.
func (p *Portal) Stop() {
	if p.proc != nil {
		p.proc.Stop(syscall.SIGTERM, 20*time.Second)
	}
}
