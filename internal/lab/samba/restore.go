package samba

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"

	"rekey/internal/lab/template"
)

// restore fills the servers' databases from a template and moves what it says of their addresses.
func (d *Domain) restore(ctx context.Context, src string, servers []*DC) error {
	for _, dc := range servers {
		for _, name := range kept {
			if err := template.Copy(filepath.Join(src, dc.host, name), dc.join(name), nil); err != nil {
				return err
			}
		}
	}
	moves, err := moves(src, servers)
	if err != nil {
		return err
	}
	for _, dc := range servers {
		zones, err := os.ReadFile(filepath.Join(src, dc.host, "dns.ldif"))
		if err != nil {
			return fmt.Errorf("read DNS records: %w", err)
		}
		if err := dc.modify(ctx, moveRecords(zones, moves)); err != nil {
			return fmt.Errorf("move DNS records: %w", err)
		}
	}
	return nil
}

// refresh sets what counts from the start: locks and ages of passwords.
func (d *Domain) refresh(ctx context.Context, seed []Change) error {
	return d.dcs[0].modify(ctx, render(seed, d.scene()).fleeting.Bytes(), backdate)
}

// moves maps the addresses the servers had in a template to those they have.
func moves(src string, servers []*DC) (map[netip.Addr]netip.Addr, error) {
	moves := map[netip.Addr]netip.Addr{}
	for _, dc := range servers {
		old, err := os.ReadFile(filepath.Join(src, dc.host, "address"))
		if err != nil {
			return nil, fmt.Errorf("read old address: %w", err)
		}
		from, err := netip.ParseAddr(string(old))
		if err != nil {
			return nil, fmt.Errorf("read old address: %w", err)
		}
		to, err := netip.ParseAddr(dc.addr.ip)
		if err != nil {
			return nil, fmt.Errorf("read address: %w", err)
		}
		moves[from] = to
	}
	return moves, nil
}

// zones lists the DNS records the directory holds, as LDIF.
func (dc *DC) zones(ctx context.Context) ([]byte, error) {
	var all []byte
	for _, part := range []string{"DomainDnsZones", "ForestDnsZones"} {
		found, err := dc.ldb(ctx, "ldbsearch", nil, "-b", "DC="+part+","+dc.domain.BaseDN(), "(objectClass=dnsNode)", "dnsRecord")
		if err != nil {
			return nil, fmt.Errorf("list DNS records: %w", err)
		}
		all = append(all, found...)
	}
	return all, nil
}

// moveRecords writes the modifications that give moved addresses to the A records of a listing.
func moveRecords(listing []byte, moves map[netip.Addr]netip.Addr) []byte {
	var out bytes.Buffer
	text := strings.ReplaceAll(string(listing), "\n ", "") // folded lines
	for entry := range strings.SplitSeq(text, "\n\n") {
		var dn string
		var values [][]byte
		moved := false
		for line := range strings.SplitSeq(entry, "\n") {
			if rest, ok := strings.CutPrefix(line, "dn: "); ok {
				dn = rest
			}
			rest, ok := strings.CutPrefix(line, "dnsRecord:: ")
			if !ok {
				continue
			}
			record, err := base64.StdEncoding.DecodeString(rest)
			if err != nil {
				continue
			}
			moved = moveRecord(record, moves) || moved
			values = append(values, record)
		}
		if moved {
			modification(&out, dn, "replace", "dnsRecord", values...)
		}
	}
	return out.Bytes()
}

// moveRecord changes the address of an A record in place. The layout is that of dnsRecord, MS-DNSP 2.3.2.2.
func moveRecord(record []byte, moves map[netip.Addr]netip.Addr) bool {
	const typeA, header = 1, 24
	if len(record) != header+4 || record[2] != typeA || record[3] != 0 {
		return false
	}
	to, ok := moves[netip.AddrFrom4([4]byte(record[header:]))]
	if !ok {
		return false
	}
	raw := to.As4()
	copy(record[header:], raw[:])
	return true
}
