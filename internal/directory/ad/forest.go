package ad

import (
	"encoding/binary"
	"errors"
	"strings"

	"github.com/go-ldap/ldap/v3"

	"rekey/internal/directory"
)

// mostTold bounds what is believed of one trusted forest: its administrators fill the list.
const mostTold = 500

// Of msDS-TrustForestTrustInfo (MS-ADTS 6.1.6.9.3), in which numbers are little-endian.
const (
	forestInfoVersion = 1

	recordDomain = 2 // ForestTrustDomainInfo

	sidDisabledAdmin, sidDisabledConflict = 0x1, 0x2 // LSA_SID_DISABLED_ADMIN, LSA_SID_DISABLED_CONFLICT
)

var errForestInfo = errors.New("what the trust says of the forest's domains is not understood")

// told is a domain of a trusted forest, as the root domain of ours was told.
type told struct {
	domain, netbios string
	disabled        bool // nobody signs in over the trust from there or to there
}

// forestDomains reads the domains of a trusted forest. Records that say other things are left out.
func forestDomains(info []byte) ([]told, error) {
	all := octets{rest: info}
	if version := all.number(); all.short || version != forestInfoVersion {
		return nil, errForestInfo
	}
	var domains []told
	for n := all.number(); n > 0 && !all.short; n-- {
		record := octets{rest: all.counted()}
		flags := record.number()
		record.take(8) // when it was made
		kind := record.take(1)
		if record.short {
			return nil, errForestInfo
		}
		if kind[0] != recordDomain {
			continue
		}
		record.counted() // its SID
		d := told{
			domain: strings.ToLower(string(record.counted())), netbios: string(record.counted()),
			disabled: flags&(sidDisabledAdmin|sidDisabledConflict) != 0,
		}
		if record.short {
			return nil, errForestInfo
		}
		domains = append(domains, d)
	}
	if all.short {
		return nil, errForestInfo
	}
	return domains, nil
}

// octets are read from the front; short is set when there were not as many as asked for.
type octets struct {
	rest  []byte
	short bool
}

func (o *octets) take(n int) []byte {
	if o.short = o.short || n < 0 || n > len(o.rest); o.short {
		return nil
	}
	out := o.rest[:n]
	o.rest = o.rest[n:]
	return out
}

func (o *octets) number() int {
	b := o.take(4)
	if o.short {
		return 0
	}
	return int(binary.LittleEndian.Uint32(b))
}

func (o *octets) counted() []byte { return o.take(o.number()) }

// beyond adds the domains that a trust with another forest leads to besides its root. What is known of a domain otherwise stays.
func beyond(e *ldap.Entry, root directory.FoundDomain, of func(name string) *directory.FoundDomain) {
	info := e.GetEqualFoldRawAttributeValue("msDS-TrustForestTrustInfo")
	if root.Trust == nil || root.Trust.Kind != directory.TrustForest || len(info) == 0 {
		return
	}
	domains, err := forestDomains(info)
	if err != nil {
		note(of(root.Domain), err.Error())
	}
	if len(domains) > mostTold {
		domains = domains[:mostTold]
		note(of(root.Domain), "its forest tells of more domains than are looked at")
	}
	for _, d := range domains {
		f := of(d.domain)
		if f.SameForest || f.Trust != nil {
			continue
		}
		trust := *root.Trust
		if d.disabled {
			trust.Inbound, trust.Outbound = false, false
			note(f, "the trust with "+root.Domain+" leaves it out")
		}
		f.NetBIOS, f.Forest, f.Via, f.Trust = d.netbios, root.Domain, root.Domain, &trust
	}
}
