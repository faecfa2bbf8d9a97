package samba

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"strings"
	"time"

	"rekey/internal/lab/process"
	"rekey/internal/lab/template"
)

// The passwords are fixed because they are in the templates. Nothing but loopback sees them.
const (
	adminPassword   = "Adm1n-Passw0rd!"
	servicePassword = "Svc-Passw0rd!1"
)

//go:embed provision.py
var provisionScript string

// maxAge keeps the age of seeded passwords below the 42 days after which a new domain expires them.
const maxAge = 14 * 24 * time.Hour

// kept are the folders of a server that hold its data.
var kept = [...]string{"private", "state", "bind-dns"}

// installed names the packages that are missing.
func installed() error {
	var missing []string
	for _, need := range [...][2]string{
		{"/usr/sbin/samba", "samba"},
		{"/usr/bin/samba-tool", "samba-common-bin"},
		{"/usr/bin/ldbmodify", "ldb-tools"},
		{"/usr/lib/python3/dist-packages/samba", "python3-samba"},
		{"/usr/share/samba/setup/provision.ldif", "samba-ad-provision"},
		{"/usr/lib/*/samba/ldb/samba_dsdb.so", "samba-dsdb-modules"},
	} {
		if found, err := filepath.Glob(need[0]); err != nil || len(found) == 0 {
			missing = append(missing, need[1])
		}
	}
	if len(missing) > 0 {
		return fmt.Errorf("samba is not complete; install the packages %s", strings.Join(missing, ", "))
	}
	return nil
}

// key is everything that goes into the template of an empty domain.
func (s Spec) key() string {
	return strings.Join([]string{s.Realm, s.NetBIOS, s.Host, provisionScript, confTemplate, adminPassword, servicePassword}, "\x00")
}

// provisioned gives the template of the domain without a seed.
func (s Spec) provisioned(ctx context.Context) (string, error) {
	return template.Default().Get(ctx, template.Recipe{
		Name: "domain-" + s.Realm, Key: s.key(), MaxAge: maxAge,
		Build: func(ctx context.Context, dir string) error {
			return s.build(ctx, dir, 1, func(d *Domain) error { return d.dcs[0].provision(ctx) })
		},
	})
}

// seeded gives the template of the domain with its seed.
func (s Spec) seeded(ctx context.Context) (string, error) {
	if len(s.Seed) == 0 {
		return s.provisioned(ctx)
	}
	holds := render(s.Seed, scene{realm: s.Realm, base: s.base()})
	return template.Default().Get(ctx, template.Recipe{
		Name: "seeded-" + s.Realm, Key: s.key() + holds.lasting.String() + holds.fleeting.String(), MaxAge: maxAge,
		Build: func(ctx context.Context, dir string) error {
			src, err := s.provisioned(ctx)
			if err != nil {
				return err
			}
			return s.build(ctx, dir, 1, func(d *Domain) error {
				if err := d.restore(ctx, src, d.dcs); err != nil {
					return err
				}
				return d.Apply(ctx, s.Seed...)
			})
		},
	})
}

// build makes a domain in a folder of its own, because a template's may be too deep for a socket, and keeps its data.
func (s Spec) build(ctx context.Context, dir string, servers int, fill func(*Domain) error) (err error) {
	d, err := prepare(ctx, s, servers)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.Close()) }()
	if err := fill(d); err != nil {
		return err
	}
	d.Stop()
	for _, dc := range d.dcs {
		if err := dc.keep(ctx, filepath.Join(dir, dc.host)); err != nil {
			return err
		}
	}
	return d.keepAddresses(dir)
}

// provision fills the databases of the first server of a domain.
func (dc *DC) provision(ctx context.Context) error {
	me, err := user.Current()
	if err != nil {
		return fmt.Errorf("find the user's name: %w", err)
	}
	script := dc.join("provision.py")
	if err := os.WriteFile(script, []byte(provisionScript), 0o600); err != nil {
		return fmt.Errorf("write script: %w", err)
	}
	d := dc.domain
	_, err = process.Run(ctx, process.Spec{
		Path:  "/usr/bin/python3",
		Args:  []string{script, dc.dir, strings.ToUpper(d.Name()), d.NetBIOS(), dc.host, dc.addr.ip, me.Username},
		Stdin: []byte(adminPassword + "\n" + servicePassword + "\n"),
		Dir:   dc.dir,
	})
	if err != nil {
		return fmt.Errorf("provision: %w", err)
	}
	return d.Apply(ctx, DefaultPolicy())
}

// keep copies the server's data and what its DNS zones say to a template.
func (dc *DC) keep(ctx context.Context, dir string) error {
	for _, name := range kept {
		if err := template.Copy(dc.join(name), filepath.Join(dir, name), nil); err != nil {
			return err
		}
	}
	zones, err := dc.zones(ctx)
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, "dns.ldif"), zones, 0o600); err != nil {
		return fmt.Errorf("keep DNS records: %w", err)
	}
	return nil
}

// keepAddresses remembers where the servers lived, for restore to change their DNS records.
func (d *Domain) keepAddresses(dir string) error {
	for _, dc := range d.dcs {
		if err := os.WriteFile(filepath.Join(dir, dc.host, "address"), []byte(dc.addr.ip), 0o600); err != nil {
			return fmt.Errorf("keep address: %w", err)
		}
	}
	return nil
}
