package app

import (
	"net/netip"

	"rekey/internal/policy"
	"rekey/internal/site"
)

// locate tells where an address is, as far as the databases know.
func (a *App) locate(addr netip.Addr) site.Location {
	p := a.places().Place(addr)
	return site.Location{Country: p.Country, ASN: p.ASN, Located: p.Located, Latitude: p.Latitude, Longitude: p.Longitude}
}

// threatLevel is the level in force now.
func (a *App) threatLevel() policy.Threat { return a.Threat.Now().Level }
