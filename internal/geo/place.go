package geo

import (
	"math"

	"github.com/oschwald/maxminddb-golang/v2"
)

// Place is what is known of an address. The zero value is an address of which nothing is known.
type Place struct {
	Country      string // ISO 3166-1 alpha-2, upper case; empty: unknown
	ASN          uint32 // the autonomous system (RFC 6793) that announces the address; 0: unknown
	Organization string // who runs that system; empty: unknown
	// Latitude and Longitude are degrees (WGS 84), if Located. They name the middle of a region, not a street: tens of
	// kilometres off is usual.
	Latitude, Longitude float64
	Located             bool
}

// or fills what is not known of p from q. Values that belong together come from one of the two.
func (p Place) or(q Place) Place {
	if p.Country == "" {
		p.Country = q.Country
	}
	if p.ASN == 0 {
		p.ASN, p.Organization = q.ASN, q.Organization
	}
	if !p.Located {
		p.Latitude, p.Longitude, p.Located = q.Latitude, q.Longitude, q.Located
	}
	return p
}

// earthRadius is the mean radius of the Earth in kilometres (IUGG).
const earthRadius = 6371.0088

// Distance is the great-circle distance in kilometres (haversine; within 0.6 % of the ellipsoid). It is NaN, which is neither more
// nor less than anything, unless both places are located.
func Distance(a, b Place) float64 {
	if !a.Located || !b.Located {
		return math.NaN()
	}
	const radians = math.Pi / 180
	north := math.Sin((b.Latitude - a.Latitude) * radians / 2)
	east := math.Sin((b.Longitude - a.Longitude) * radians / 2)
	h := north*north + math.Cos(a.Latitude*radians)*math.Cos(b.Latitude*radians)*east*east
	return 2 * earthRadius * math.Asin(math.Sqrt(min(h, 1))) // rounding may pass 1 at the far side of the Earth
}

// record is the part of a database's record that a place is made of. Country, City, ASN, ISP and Enterprise databases of MaxMind
// have these fields, and those of DB-IP are made alike.
type record struct {
	Country struct {
		Code string `maxminddb:"iso_code"`
	} `maxminddb:"country"`
	Location struct {
		Latitude  *float64 `maxminddb:"latitude"`
		Longitude *float64 `maxminddb:"longitude"`
	} `maxminddb:"location"`
	ASN          uint32 `maxminddb:"autonomous_system_number"`
	Organization string `maxminddb:"autonomous_system_organization"`
	Traits       struct {
		ASN          uint32 `maxminddb:"autonomous_system_number"`
		Organization string `maxminddb:"autonomous_system_organization"`
	} `maxminddb:"traits"`
}

// decode reads one result. An address that the database does not hold is no error.
func decode(result maxminddb.Result) (Place, error) {
	var r record
	if err := result.Decode(&r); err != nil {
		return Place{}, err
	}
	p := Place{ASN: r.ASN, Organization: r.Organization}.or(Place{ASN: r.Traits.ASN, Organization: r.Traits.Organization})
	if isCountry(r.Country.Code) {
		p.Country = r.Country.Code
	}
	if lat, lon := r.Location.Latitude, r.Location.Longitude; lat != nil && lon != nil && math.Abs(*lat) <= 90 && math.Abs(*lon) <= 180 {
		p.Latitude, p.Longitude, p.Located = *lat, *lon, true
	}
	return p, nil
}

// isCountry tells a country's code from the ones for none: ZZ is user-assigned in ISO 3166-1 and stands for "unknown", and A1 or the
// like stood for proxies.
func isCountry(code string) bool {
	return len(code) == 2 && isUpper(code[0]) && isUpper(code[1]) && code != "ZZ"
}

func isUpper(c byte) bool { return 'A' <= c && c <= 'Z' }
