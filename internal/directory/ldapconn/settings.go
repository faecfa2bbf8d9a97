package ldapconn

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	"rekey/internal/secret"
)

// Limits bound what is asked of a server; WithDefaults fills in zero values.
type Limits struct {
	Connect     time.Duration // the way to a server and its TLS handshake; 0: 3s
	Read        time.Duration // one search or bind; 0: 5s
	Write       time.Duration // one write; 0: 10s
	Connections int           // at a time, from 1 to 100; 0: 8
}

// longest keeps a write and what is read around it within the time a use case gives it.
const longest = 15 * time.Second

// WithDefaults gives the limits that hold.
func (l Limits) WithDefaults() Limits {
	if l.Connect == 0 {
		l.Connect = 3 * time.Second
	}
	if l.Read == 0 {
		l.Read = 5 * time.Second
	}
	if l.Write == 0 {
		l.Write = 10 * time.Second
	}
	if l.Connections == 0 {
		l.Connections = 8
	}
	return l
}

// Validate names the key of the settings that is wrong. It wants defaults filled in.
func (l Limits) Validate() error {
	var errs []error
	if l.Connections < 1 || l.Connections > 100 {
		errs = append(errs, fmt.Errorf("connections: want 1 to 100, got %d", l.Connections))
	}
	for _, t := range []struct {
		key   string
		value time.Duration
	}{{"connect_timeout", l.Connect}, {"read_timeout", l.Read}, {"write_timeout", l.Write}} {
		if t.value < 100*time.Millisecond || t.value > longest {
			errs = append(errs, fmt.Errorf("%s: want 100ms to %v, got %v", t.key, longest, t.value))
		}
	}
	return errors.Join(errs...)
}

// Root is what a server says of itself, as far as the pool wants to know.
type Root interface {
	Writable() bool
	// Condition says in plain words why it takes no writes, or that it does.
	Condition() string
}

// Spec says which servers a pool connects to, and how.
type Spec[R Root] struct {
	Directory string // its key, for the log
	Servers   []string
	CA        string // PEM, in place of CAFile
	CAFile    string // PEM; both empty: the certificates of the system
	User      string // the service account
	Password  secret.Text
	Limits    Limits
	// Greet reads what a server says of itself on a new connection, and refuses one that is not ours with a *LostError.
	Greet func(context.Context, *Conn[R]) (R, error)
	// Busy recognizes, besides busy(51) and unavailable(52), an answer that says that nothing was done and a new connection is
	// needed. It may be nil.
	Busy func(error) bool
	// Dial reaches a server; nil: as the system does.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
	Now  func() time.Time
	Log  *slog.Logger
}

// CheckServers names the server in the settings that is wrong. With startTLS, ldap URLs are taken too: they are protected before
// anything else is sent.
func CheckServers(servers []string, startTLS bool) error {
	if len(servers) == 0 {
		return errors.New("servers: none given")
	}
	for i, s := range servers {
		if _, _, err := Address(s, startTLS); err != nil {
			return fmt.Errorf("servers[%d]: %w", i, err)
		}
		if slices.Contains(servers[:i], s) {
			return fmt.Errorf("servers[%d]: %s is there twice", i, s)
		}
	}
	return nil
}

// Address gives host and port of a server's URL, and whether it wants StartTLS. There is no unprotected way to a server.
func Address(text string, startTLS bool) (address string, upgrade bool, err error) {
	u, err := url.Parse(text)
	if err != nil {
		return "", false, fmt.Errorf("%q is not a URL", text)
	}
	upgrade = startTLS && u.Scheme == "ldap"
	if u.Scheme != "ldaps" && !upgrade || u.Hostname() == "" || u.User != nil || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "" {
		return "", false, fmt.Errorf("want ldaps://host or ldaps://host:port, got %q", text)
	}
	port := u.Port()
	switch {
	case port != "":
	case upgrade:
		port = "389"
	default:
		port = "636"
	}
	return net.JoinHostPort(u.Hostname(), port), upgrade, nil
}

// Roots are the certificates to verify servers with, from settings or a file; nil: those of the system. Errors name the key.
func Roots(text, file string) (*x509.CertPool, error) {
	pool := x509.NewCertPool()
	switch {
	case text != "" && file != "":
		return nil, errors.New("ca: want one of ca and ca_file")
	case text != "":
		if !pool.AppendCertsFromPEM([]byte(text)) {
			return nil, errors.New("ca: holds no certificate in PEM")
		}
		return pool, nil
	case file == "":
		return nil, nil
	}
	pem, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("ca_file: %w", err)
	}
	if !pool.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("ca_file: %s holds no certificate", file)
	}
	return pool, nil
}
