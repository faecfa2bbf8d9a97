package evidence

import (
	"net/netip"
	"slices"
	"strings"
	"unicode/utf8"

	"rekey/internal/audit"
)

// Bits that are left of a masked address: a house's network, not a machine.
const (
	bits4 = 24
	bits6 = 48
)

// plainDetails are the details that name nobody.
func plainDetails() []string {
	return []string{audit.LeftAt, "rules", "reported", "template", "range", "gone", "of", "since", "until", "ended", "version", "format", "records"}
}

// mask hides what is personal from whoever may not see it.
func (rd Reader) mask(r Record) Record {
	if rd.Reveal || r.Erased {
		return r
	}
	r.Masked = true
	ev := r.Event
	ev.Source = audit.Source{Address: network(ev.Source.Address), RequestID: ev.Source.RequestID}
	details := make(map[string]string, len(ev.Detail))
	for k, v := range ev.Detail {
		if !slices.Contains(plainDetails(), k) {
			v = maskText(v)
		}
		details[k] = v
	}
	ev.Detail = details
	r.Event = ev
	return r
}

// network is the first address of the network an address is in.
func network(a netip.Addr) netip.Addr {
	if !a.IsValid() {
		return a
	}
	return wide(netip.PrefixFrom(a.Unmap(), a.Unmap().BitLen())).Addr()
}

// wide is a network no smaller than a masked address tells.
func wide(p netip.Prefix) netip.Prefix {
	bits := bits6
	if p.Addr().Is4() {
		bits = bits4
	}
	return netip.PrefixFrom(p.Addr(), min(p.Bits(), bits)).Masked()
}

// maskText leaves the first letter.
func maskText(s string) string {
	if s == "" {
		return ""
	}
	first, _ := utf8.DecodeRuneInString(s)
	return string(first) + strings.Repeat("•", 4)
}

// narrow widens what may not be searched for in full.
func (rd Reader) narrow(q Query) Query {
	if !rd.Reveal && q.Addresses.IsValid() {
		q.Addresses = wide(q.Addresses)
	}
	return q
}
