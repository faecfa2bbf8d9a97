package site

import (
	"math"
	"net/netip"
	"time"

	"rekey/internal/policy"
)

// Location is what an address tells about where it is.
type Location struct {
	Country             string // ISO 3166-1 alpha-2; empty: unknown
	ASN                 uint32 // 0: unknown
	Located             bool
	Latitude, Longitude float64 // degrees
}

// Locator tells where an address is. It is safe for concurrent use.
type Locator func(netip.Addr) Location

// Signals are what is known of a request beyond the account: facts that the live flow gathers, and the what-if makes up.
type Signals struct {
	Location   Location
	NewCountry policy.Tristate
	Travel     policy.Tristate
	Device     policy.Device
	Failures   policy.Failures
	Done       []time.Time
	Threat     policy.Threat
}

// On adds the signals to the facts of an account.
func (s Signals) On(f policy.Facts) policy.Facts {
	f.Source.Country, f.Source.ASN = s.Location.Country, s.Location.ASN
	f.Source.NewCountry, f.Source.Travel = s.NewCountry, s.Travel
	f.Device, f.Failures, f.Done, f.Threat = s.Device, s.Failures, s.Done, s.Threat
	return f
}

// A journey faster than an airliner, over more than the error of a city's place, is one nobody makes.
const (
	fastest = 900.0 // km/h
	nearby  = 500.0 // km
)

// Impossible reports whether nobody could have got from one place to another in a time.
func Impossible(from, to Location, within time.Duration) policy.Tristate {
	if !from.Located || !to.Located {
		return policy.Unknown
	}
	km := distance(from, to)
	if km > nearby && km > fastest*max(within.Hours(), 0) {
		return policy.Yes
	}
	return policy.No
}

// distance is along the great circle, in km, by the haversine formula.
func distance(a, b Location) float64 {
	const radius = 6371.0
	rad := func(deg float64) float64 { return deg * math.Pi / 180 }
	h := sq(math.Sin(rad(b.Latitude-a.Latitude)/2)) +
		math.Cos(rad(a.Latitude))*math.Cos(rad(b.Latitude))*sq(math.Sin(rad(b.Longitude-a.Longitude)/2))
	return 2 * radius * math.Asin(math.Sqrt(min(h, 1)))
}

func sq(x float64) float64 { return x * x }
