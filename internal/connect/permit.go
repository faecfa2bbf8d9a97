package connect

import (
	"net"
	"net/netip"
	"slices"
	"strings"

	"rekey/internal/directory"
)

// ports are where directories of a kind listen.
func ports(kind string) []string {
	switch kind {
	case "ad":
		return []string{"636", "3269"}
	case "ldap":
		return []string{"389", "636", "1389", "1636"}
	case "entra":
		return []string{"443"}
	}
	return nil
}

func usualPorts(kind string) string { return strings.Join(ports(kind), ", ") }

func usual(kind string, e directory.Endpoint) bool {
	_, port, err := net.SplitHostPort(e.Address)
	return err == nil && slices.Contains(ports(kind), port)
}

// business reports whether a directory may be at an address: the machine's own metadata service, a group or nobody is none.
func business(a netip.Addr) bool {
	a = a.Unmap()
	return a.IsValid() && !a.IsLinkLocalUnicast() && !a.IsMulticast() && !a.IsUnspecified() && a != netip.AddrFrom4([4]byte{255, 255, 255, 255})
}
