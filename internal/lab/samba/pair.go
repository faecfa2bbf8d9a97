package samba

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"

	"rekey/internal/lab/process"
	"rekey/internal/lab/template"
)

// StartPair makes a domain of two servers, dc1 and dc2, that replicate with each other. It needs root, because each
// sees the other through files of its own in the place of /etc/hosts and /etc/resolv.conf.
func StartPair(ctx context.Context, spec Spec) (*Domain, error) {
	spec.Host = "dc1"
	if os.Geteuid() != 0 {
		return nil, errors.New("start pair: two servers of one domain need root, for mounts of their own")
	}
	d, err := prepare(ctx, spec, 2)
	if err != nil {
		return nil, fmt.Errorf("start pair: %w", err)
	}
	if err := d.launchPair(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("start pair %s: %w", d.Name(), err), d.Close())
	}
	return d, nil
}

func (d *Domain) launchPair(ctx context.Context) error {
	src, err := d.spec.paired(ctx)
	if err != nil {
		return err
	}
	if err := d.introduce(); err != nil {
		return err
	}
	if err := d.restore(ctx, src, d.dcs); err != nil {
		return err
	}
	if err := d.StartAgain(ctx); err != nil || len(d.spec.Seed) == 0 {
		return err
	}
	if err := d.Apply(ctx, d.spec.Seed...); err != nil {
		return err
	}
	return d.AwaitReplication(ctx)
}

// paired gives the template of a pair. It holds both servers' databases, which are one domain only together.
func (s Spec) paired(ctx context.Context) (string, error) {
	return template.Default().Get(ctx, template.Recipe{
		Name: "pair-" + s.Realm, Key: s.key() + "pair 1", MaxAge: maxAge,
		Build: func(ctx context.Context, dir string) error {
			return s.build(ctx, dir, 2, func(d *Domain) error { return d.join(ctx) })
		},
	})
}

// introduce tells the servers of each other.
func (d *Domain) introduce() error {
	var hosts, krb bytes.Buffer
	hosts.WriteString("127.0.0.1 localhost\n")
	realm := strings.ToUpper(d.Name())
	fmt.Fprintf(&krb, "[libdefaults]\n default_realm = %s\n dns_lookup_realm = false\n dns_lookup_kdc = false\n rdns = false\n"+
		" udp_preference_limit = 0\n[realms]\n %s = {\n", realm, realm)
	for _, dc := range d.dcs {
		fmt.Fprintf(&hosts, "%s %s %s\n", dc.addr.ip, dc.fqdn(), dc.host)
		fmt.Fprintf(&krb, "  kdc = %s\n", dc.addr.ip)
	}
	fmt.Fprintf(&krb, " }\n[domain_realm]\n .%s = %s\n %s = %s\n", d.Name(), realm, d.Name(), realm)
	resolv := fmt.Sprintf("nameserver %s\nnameserver %s\nsearch %s\noptions timeout:1 attempts:1\n", d.dcs[0].addr.ip, d.dcs[1].addr.ip, d.Name())
	for name, content := range map[string][]byte{"hosts": hosts.Bytes(), "resolv.conf": []byte(resolv), "krb5.conf": krb.Bytes()} {
		if err := os.WriteFile(d.dir.Join(name), content, 0o644); err != nil {
			return fmt.Errorf("introduce the servers: %w", err)
		}
	}
	return nil
}

// inside says how to run something as this server. A server with a partner gets mounts of its own, which go with it;
// the shell and unshare become the program, so that signals reach it.
func (dc *DC) inside(path string, args ...string) process.Spec {
	spec := process.Spec{Path: path, Args: args, Dir: dc.dir, Log: dc.join("log", "out.log")}
	if !dc.partner {
		return spec
	}
	const mounts = `mount --bind "$0/hosts" /etc/hosts && mount --bind "$0/resolv.conf" /etc/resolv.conf && exec "$@"`
	spec.Path = "/usr/bin/unshare"
	spec.Args = append([]string{"--mount", "--propagation", "private", "/bin/sh", "-c", mounts, dc.domain.dir.Path(), path}, args...)
	spec.Env = []string{"KRB5_CONFIG=" + dc.domain.dir.Join("krb5.conf"), "SMB_CONF_PATH=" + dc.conf()}
	return spec
}

// run runs a tool as this server. Its standard input is empty, so that a question fails it.
func (dc *DC) run(ctx context.Context, path string, args ...string) error {
	_, err := process.Run(ctx, dc.inside(path, args...))
	return err
}

// join makes the second server a member of the domain of the first.
func (d *Domain) join(ctx context.Context) error {
	src, err := d.spec.provisioned(ctx)
	if err != nil {
		return err
	}
	if err := d.introduce(); err != nil {
		return err
	}
	first, second := d.dcs[0], d.dcs[1]
	if err := d.restore(ctx, src, d.dcs[:1]); err != nil {
		return err
	}
	// Without its replication names the first server refuses the second one's (WERR_INVALID_PARAMETER).
	if err := first.run(ctx, "/usr/sbin/samba_spnupdate", "-s", first.conf()); err != nil {
		return err
	}
	if err := first.StartAgain(ctx); err != nil {
		return err
	}
	join := []string{"domain", "join", d.Name(), "DC", "--targetdir=" + second.dir, "--server=" + first.fqdn(), "--dns-backend=SAMBA_INTERNAL"}
	if err := second.tool(ctx, join); err != nil {
		return fmt.Errorf("join: %w", err)
	}
	if err := second.register(ctx); err != nil {
		return err
	}
	if err := second.StartAgain(ctx); err != nil {
		return err
	}
	// The first server learns to pull from the second.
	if err := second.tool(ctx, []string{"drs", "kcc", first.fqdn()}); err != nil {
		return err
	}
	return d.AwaitReplication(ctx)
}

// register gives the joined server its names in DNS, because the join skips loopback addresses, and in Kerberos.
func (dc *DC) register(ctx context.Context) error {
	d := dc.domain
	guid, err := dc.guid(ctx)
	if err != nil {
		return err
	}
	service := dc.fqdn() + " 389 0 100"
	add := func(zone string, record ...string) []string {
		return append([]string{"dns", "add", d.dcs[0].fqdn(), zone}, record...)
	}
	err = dc.tool(ctx,
		add(d.Name(), dc.host, "A", dc.addr.ip),
		add("_msdcs."+d.Name(), guid, "CNAME", dc.fqdn()),
		add("_msdcs."+d.Name(), "_ldap._tcp.dc", "SRV", service),
		add(d.Name(), "_ldap._tcp", "SRV", service),
	)
	if err != nil {
		return fmt.Errorf("add DNS records: %w", err)
	}
	return dc.run(ctx, "/usr/sbin/samba_spnupdate", "-s", dc.conf())
}

// guid is the server's identity in replication.
func (dc *DC) guid(ctx context.Context) (string, error) {
	settings := "CN=NTDS Settings,CN=" + strings.ToUpper(dc.host) +
		",CN=Servers,CN=Default-First-Site-Name,CN=Sites,CN=Configuration," + dc.domain.BaseDN()
	found, err := dc.ldb(ctx, "ldbsearch", nil, "-s", "base", "-b", settings, "objectGUID")
	if err != nil {
		return "", fmt.Errorf("find replication identity: %w", err)
	}
	for line := range strings.Lines(string(found)) {
		if guid, ok := strings.CutPrefix(line, "objectGUID: "); ok {
			return strings.TrimSpace(guid), nil
		}
	}
	return "", fmt.Errorf("%s has no replication identity", dc.fqdn())
}

// tool runs commands of samba-tool as this server with the administrator's rights. One interpreter runs them all,
// because starting it costs a second of a core.
func (dc *DC) tool(ctx context.Context, commands ...[]string) error {
	const script = `import json, sys
from samba.netcmd.main import cmd_sambatool
for args in json.loads(sys.argv[1]):
    if cmd_sambatool()._run("samba-tool", *args):
        sys.exit(1)`
	for i, c := range commands {
		commands[i] = append(c, "-s", dc.conf(), "-U", "administrator%"+adminPassword)
	}
	args, err := json.Marshal(commands)
	if err != nil {
		return fmt.Errorf("encode commands: %w", err)
	}
	return dc.run(ctx, "/usr/bin/python3", "-c", script, string(args))
}
