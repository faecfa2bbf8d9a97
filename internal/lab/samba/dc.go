package samba

import (
	"bytes"
	"context"
	"crypto/tls"
	_ "embed"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"text/template"
	"time"

	"github.com/go-ldap/ldap/v3"

	"rekey/internal/lab/ca"
	"rekey/internal/lab/process"
)

//go:embed smb.conf.tmpl
var confTemplate string

// DC is a server of a domain.
type DC struct {
	domain  *Domain
	host    string
	addr    *address
	dir     string
	partner bool // the domain has another server to replicate with
	proc    *process.Process
}

// newDC claims an address and writes the configuration of a server whose databases come later.
func (d *Domain) newDC(ctx context.Context, host string, partner bool) (*DC, error) {
	addr, err := claimAddress(ctx)
	if err != nil {
		return nil, err
	}
	dc := &DC{domain: d, host: host, addr: addr, dir: d.dir.Join(host), partner: partner}
	if err := dc.configure(); err != nil {
		addr.release()
		return nil, fmt.Errorf("configure %s: %w", host, err)
	}
	return dc, nil
}

func (dc *DC) configure() error {
	for _, name := range append([]string{"etc", "log", "run", "lock", "cache", "tls"}, kept[:]...) {
		if err := os.MkdirAll(dc.join(name), 0o700); err != nil {
			return err
		}
	}
	conf, err := template.New("smb.conf").Parse(confTemplate)
	if err != nil {
		return err
	}
	var text bytes.Buffer
	err = conf.Execute(&text, map[string]any{
		"Host": strings.ToUpper(dc.host), "NetBIOS": dc.domain.NetBIOS(), "Realm": strings.ToUpper(dc.domain.Name()),
		"Domain": dc.domain.Name(), "Address": dc.addr.ip, "Dir": dc.dir, "Partner": dc.partner,
	})
	if err != nil {
		return err
	}
	cert, key, err := dc.domain.spec.CA.Issue(ca.Leaf{
		Names: []string{dc.fqdn(), dc.domain.Name()}, IPs: []net.IP{net.ParseIP(dc.addr.ip)}, NotAfter: time.Now().AddDate(0, 3, 0),
	})
	if err != nil {
		return err
	}
	files := map[string][]byte{
		"etc/smb.conf": text.Bytes(), "tls/cert.pem": cert, "tls/key.pem": key, "tls/ca.pem": dc.domain.spec.CA.PEM(),
	}
	for name, content := range files {
		if err := os.WriteFile(dc.join(name), content, 0o600); err != nil {
			return err
		}
	}
	return nil
}

func (dc *DC) join(elem ...string) string { return filepath.Join(append([]string{dc.dir}, elem...)...) }

func (dc *DC) conf() string { return dc.join("etc", "smb.conf") }

func (dc *DC) fqdn() string { return dc.host + "." + dc.domain.Name() }

// URL is the server's LDAPS address. Its certificate names the address, the server and the domain.
func (dc *DC) URL() string { return "ldaps://" + dc.addr.ip }

// Address is the loopback address. Port 53 answers DNS for the domain.
func (dc *DC) Address() string { return dc.addr.ip }

// PID is the process id of the server, or 0 when it does not run.
func (dc *DC) PID() int {
	if dc.proc == nil {
		return 0
	}
	return dc.proc.PID()
}

// StartAgain starts the server, unless it runs, and waits until it answers.
func (dc *DC) StartAgain(ctx context.Context) error {
	if err := dc.start(); err != nil {
		return err
	}
	return dc.awaitReady(ctx)
}

func (dc *DC) start() error {
	if dc.proc != nil {
		return nil
	}
	model := "single"
	if dc.partner {
		model = "standard"
	}
	proc, err := process.Start(dc.inside("/usr/sbin/samba", "--foreground", "--no-process-group", "--debug-stdout", "--model="+model,
		"--configfile="+dc.conf()))
	dc.proc = proc
	return err
}

func (dc *DC) awaitReady(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		err := dc.ready()
		if err == nil {
			return nil
		}
		select {
		case <-tick.C:
		case <-dc.proc.Done():
			return dc.proc.Failure()
		case <-ctx.Done():
			return fmt.Errorf("wait for %s: %w", dc.fqdn(), err)
		}
	}
}

// ready tells whether the server answers over LDAPS and considers its data whole.
func (dc *DC) ready() error {
	conn, err := dc.dial()
	if err != nil {
		return err
	}
	defer conn.Close()
	found, err := conn.Search(&ldap.SearchRequest{Scope: ldap.ScopeBaseObject, Filter: "(objectClass=*)", Attributes: []string{"isSynchronized"}})
	if err != nil {
		return err
	}
	if len(found.Entries) != 1 || found.Entries[0].GetAttributeValue("isSynchronized") != "TRUE" {
		return fmt.Errorf("%s is not synchronised yet", dc.fqdn())
	}
	return nil
}

func (dc *DC) dial() (*ldap.Conn, error) {
	const limit = 5 * time.Second
	conn, err := ldap.DialURL(dc.URL(), ldap.DialWithDialer(&net.Dialer{Timeout: limit}),
		ldap.DialWithTLSConfig(&tls.Config{RootCAs: dc.domain.CAPool(), MinVersion: tls.VersionTLS12}))
	if err != nil {
		return nil, err
	}
	conn.SetTimeout(limit)
	return conn, nil
}

// Stop asks the server to end and waits for it.
func (dc *DC) Stop() {
	if dc.proc == nil {
		return
	}
	dc.proc.Stop(syscall.SIGTERM, 10*time.Second)
	dc.proc = nil
}

// Kill ends the server at once.
func (dc *DC) Kill() {
	if dc.proc == nil {
		return
	}
	dc.proc.Kill()
	dc.proc = nil
}

// Pause freezes the server: the kernel still accepts connections for it.
func (dc *DC) Pause() error { return dc.told((*process.Process).Pause) }

// Resume ends a Pause.
func (dc *DC) Resume() error { return dc.told((*process.Process).Resume) }

func (dc *DC) told(what func(*process.Process) error) error {
	if dc.proc == nil {
		return fmt.Errorf("%s does not run", dc.fqdn())
	}
	return what(dc.proc)
}
