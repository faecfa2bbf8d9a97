// Package samba runs Samba as an Active Directory domain controller for the lab: own folder, own loopback address, own
// certificate, gone with its owner. A domain is provisioned once per machine and copied from then on.
//
// Where Samba differs from Windows: it does not know the policy hints control (history is not enforced on a reset), the
// diagnostic of a refused reset is code 19 instead of 53, nobody runs SDProp, and size limits are ignored.
package samba

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"strings"

	"rekey/internal/lab/ca"
	"rekey/internal/lab/workdir"
)

// Spec says which domain to make. The zero value is corp.example.test (CORP) with the server dc1.
type Spec struct {
	Realm   string // DNS name of the domain
	NetBIOS string // empty: the first label of the realm
	Host    string // empty: dc1
	CA      *ca.CA // signs the server's certificate; nil: one of the domain's own
	// Seed is what the domain holds from the start. It is kept in a template, so that it costs its passwords' hashing
	// once per machine. Locks and ages of passwords count from each start.
	Seed []Change
}

func (s Spec) complete() (Spec, error) {
	if s.Realm == "" {
		s.Realm = "corp.example.test"
	}
	s.Realm = strings.ToLower(s.Realm)
	if s.NetBIOS == "" {
		first, _, _ := strings.Cut(s.Realm, ".")
		s.NetBIOS = strings.ToUpper(first)
	}
	if s.Host == "" {
		s.Host = "dc1"
	}
	if s.CA != nil {
		return s, nil
	}
	var err error
	s.CA, err = ca.New()
	return s, err
}

// base is the distinguished name of the domain.
func (s Spec) base() string { return "DC=" + strings.ReplaceAll(s.Realm, ".", ",DC=") }

// Domain is a running domain of one or two servers. Its methods, and those of its servers, are not for concurrent use.
type Domain struct {
	spec Spec
	dir  *workdir.Dir
	dcs  []*DC
}

// Start makes a domain of one server and waits until it answers.
func Start(ctx context.Context, spec Spec) (*Domain, error) {
	d, err := prepare(ctx, spec, 1)
	if err != nil {
		return nil, fmt.Errorf("start domain: %w", err)
	}
	if err := d.launch(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("start domain %s: %w", d.Name(), err), d.Close())
	}
	return d, nil
}

func (d *Domain) launch(ctx context.Context) error {
	src, err := d.spec.seeded(ctx)
	if err != nil {
		return err
	}
	if err := d.restore(ctx, src, d.dcs); err != nil {
		return err
	}
	if err := d.refresh(ctx, d.spec.Seed); err != nil {
		return err
	}
	return d.StartAgain(ctx)
}

// prepare makes the folder and claims the addresses of a domain that is yet to be filled.
func prepare(ctx context.Context, spec Spec, servers int) (*Domain, error) {
	if err := installed(); err != nil {
		return nil, err
	}
	spec, err := spec.complete()
	if err != nil {
		return nil, err
	}
	dir, err := workdir.New("ad")
	if err != nil {
		return nil, err
	}
	d := &Domain{spec: spec, dir: dir}
	if err := os.WriteFile(d.CAFile(), spec.CA.PEM(), 0o600); err != nil {
		return nil, errors.Join(fmt.Errorf("write CA file: %w", err), d.Close())
	}
	for i := range servers {
		host := spec.Host
		if i > 0 {
			host = fmt.Sprintf("dc%d", i+1)
		}
		dc, err := d.newDC(ctx, host, servers > 1)
		if err != nil {
			return nil, errors.Join(err, d.Close())
		}
		d.dcs = append(d.dcs, dc)
	}
	return d, nil
}

// Name is the domain's DNS name, for example corp.example.test.
func (d *Domain) Name() string { return d.spec.Realm }

// NetBIOS is the domain's short name, for example CORP.
func (d *Domain) NetBIOS() string { return d.spec.NetBIOS }

// BaseDN is the distinguished name of the domain.
func (d *Domain) BaseDN() string { return d.spec.base() }

// URLs are the servers' LDAPS addresses.
func (d *Domain) URLs() []string {
	var urls []string
	for _, dc := range d.dcs {
		urls = append(urls, dc.URL())
	}
	return urls
}

// CAFile is the PEM file of the authority that signed the servers' certificates.
func (d *Domain) CAFile() string { return d.dir.Join("ca.pem") }

// CAPool holds what CAFile holds.
func (d *Domain) CAPool() *x509.CertPool { return d.spec.CA.Pool() }

// Service is the account of the portal. It may reset passwords, clear locks and set pwdLastSet of users below
// OU=People, and read password settings objects.
func (d *Domain) Service() (dn, password string) {
	return "CN=svc-rekey,OU=Service," + d.BaseDN(), servicePassword
}

// Admin is the account that may do everything.
func (d *Domain) Admin() (dn, password string) {
	return "CN=Administrator,CN=Users," + d.BaseDN(), adminPassword
}

// DC is a server of the domain, counted from 0.
func (d *Domain) DC(i int) *DC { return d.dcs[i] }

// Stop ends all servers in order. The domain keeps its addresses and data.
func (d *Domain) Stop() {
	for _, dc := range d.dcs {
		dc.Stop()
	}
}

// Kill ends all servers at once, as a power cut does.
func (d *Domain) Kill() {
	for _, dc := range d.dcs {
		dc.Kill()
	}
}

// StartAgain starts the servers that do not run and waits until they answer.
func (d *Domain) StartAgain(ctx context.Context) error {
	for _, dc := range d.dcs {
		if err := dc.start(); err != nil {
			return err
		}
	}
	for _, dc := range d.dcs {
		if err := dc.awaitReady(ctx); err != nil {
			return err
		}
	}
	return nil
}

// Pause freezes all servers: they accept connections and do not answer.
func (d *Domain) Pause() error {
	var errs []error
	for _, dc := range d.dcs {
		errs = append(errs, dc.Pause())
	}
	return errors.Join(errs...)
}

// Resume ends a Pause.
func (d *Domain) Resume() error {
	var errs []error
	for _, dc := range d.dcs {
		errs = append(errs, dc.Resume())
	}
	return errors.Join(errs...)
}

// Close ends the servers and removes all they had.
func (d *Domain) Close() error {
	for _, dc := range d.dcs {
		dc.Kill()
		dc.addr.release()
	}
	return d.dir.Close()
}
