package entra

import (
	"net"
	"net/http"
	"net/url"
	"slices"

	"rekey/internal/directory"
)

// Endpoints implements directory.Reachable. A host that is reached through a proxy is left out: nobody connects to it from here.
func (d *Directory) Endpoints() []directory.Endpoint {
	roots, err := d.config.roots()
	if err != nil {
		return nil // Open has read them: the file went away since
	}
	var all []directory.Endpoint
	for _, base := range []string{d.config.Authority, d.config.Graph} {
		u, err := url.Parse(base)
		if err != nil {
			continue // Validate has
		}
		if proxy, err := http.ProxyFromEnvironment(&http.Request{URL: u}); err != nil || proxy != nil {
			continue
		}
		port := u.Port()
		if port == "" {
			port = "443"
		}
		e := directory.Endpoint{URL: base, Address: net.JoinHostPort(u.Hostname(), port), Name: u.Hostname(), Roots: roots}
		if !slices.ContainsFunc(all, func(o directory.Endpoint) bool { return o.Address == e.Address }) {
			all = append(all, e)
		}
	}
	return all
}
