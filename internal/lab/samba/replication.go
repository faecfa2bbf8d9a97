package samba

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/go-ldap/ldap/v3"
)

// AwaitReplication waits until what each running server holds has reached the others.
func (d *Domain) AwaitReplication(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	running := slices.DeleteFunc(slices.Clone(d.dcs), func(dc *DC) bool { return dc.proc == nil })
	mark := rand.Text()
	for _, from := range running {
		if err := from.mark(mark); err != nil {
			return fmt.Errorf("mark %s: %w", from.fqdn(), err)
		}
	}
	for _, from := range running {
		for _, to := range running {
			if err := to.awaitMark(ctx, from, mark); err != nil {
				return fmt.Errorf("wait for %s to follow %s: %w", to.fqdn(), from.fqdn(), err)
			}
		}
	}
	return nil
}

// marked is an entry only this server changes.
func (dc *DC) marked() string {
	if dc == dc.domain.dcs[0] {
		return "OU=Service," + dc.domain.BaseDN()
	}
	return "OU=Groups," + dc.domain.BaseDN()
}

func (dc *DC) asAdmin() (*ldap.Conn, error) {
	conn, err := dc.dial()
	if err != nil {
		return nil, err
	}
	if err := conn.Bind(dc.domain.Admin()); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return conn, nil
}

func (dc *DC) mark(text string) error {
	conn, err := dc.asAdmin()
	if err != nil {
		return err
	}
	defer conn.Close()
	change := ldap.NewModifyRequest(dc.marked(), nil)
	change.Replace("description", []string{text})
	return conn.Modify(change)
}

func (dc *DC) awaitMark(ctx context.Context, from *DC, text string) error {
	conn, err := dc.asAdmin()
	if err != nil {
		return err
	}
	defer conn.Close()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		found, err := conn.Search(&ldap.SearchRequest{
			BaseDN: from.marked(), Scope: ldap.ScopeBaseObject, Filter: "(objectClass=*)", Attributes: []string{"description"},
		})
		if err != nil {
			return err
		}
		if len(found.Entries) == 1 && found.Entries[0].GetAttributeValue("description") == text {
			return nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
