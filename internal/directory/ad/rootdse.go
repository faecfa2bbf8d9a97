package ad

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-ldap/ldap/v3"

	"rekey/internal/directory/ldapconn"
)

// What a server says of itself in its rootDSE (MS-ADTS 3.1.1.3.4).
const (
	capabilityReadOnly = "1.2.840.113556.1.4.1920" // LDAP_CAP_ACTIVE_DIRECTORY_PARTIAL_SECRETS_OID: a read-only domain controller
	policyHints        = "1.2.840.113556.1.4.2239" // LDAP_SERVER_POLICY_HINTS_OID, since Windows Server 2012
	policyHintsOld     = "1.2.840.113556.1.4.2066" // the same in Windows Server 2008 R2
)

// rootDSE is what a server says of itself.
type rootDSE struct {
	domain, configuration string // naming contexts
	service               string // DN of the server's settings: what a role's owner is named by
	hints                 string // the policy hints control it knows; empty: none
	synchronized          bool
	readOnly              bool
	level                 int           // of the domain
	ahead                 time.Duration // how far its clock is ahead of ours; it is read in whole seconds
}

// greet reads the rootDSE of a new connection and refuses a server of another domain.
func (d *Directory) greet(ctx context.Context, c *conn) (rootDSE, error) {
	e, err := c.Read(ctx, d.config.ReadTimeout, "", ldapconn.Anything, "defaultNamingContext", "configurationNamingContext", "dsServiceName", "supportedControl",
		"supportedCapabilities", "isSynchronized", "domainFunctionality", "currentTime")
	if err == nil && e == nil {
		err = errors.New("no rootDSE")
	}
	if err != nil {
		if ldapconn.IsLost(err) {
			return rootDSE{}, err
		}
		return rootDSE{}, &ldapconn.LostError{Server: c.Server.URL, Cause: err}
	}
	r := rootDSE{
		domain: text(e, "defaultNamingContext"), configuration: text(e, "configurationNamingContext"), service: text(e, "dsServiceName"),
		synchronized: strings.EqualFold(text(e, "isSynchronized"), "TRUE"),
		readOnly:     slices.Contains(e.GetEqualFoldAttributeValues("supportedCapabilities"), capabilityReadOnly),
	}
	r.level, _ = strconv.Atoi(text(e, "domainFunctionality")) // absent in a domain of 2000
	controls := e.GetEqualFoldAttributeValues("supportedControl")
	for _, oid := range []string{policyHints, policyHintsOld} {
		if r.hints == "" && slices.Contains(controls, oid) {
			r.hints = oid
		}
	}
	if there, err := time.Parse("20060102150405.0Z", text(e, "currentTime")); err == nil {
		r.ahead = there.Sub(d.now())
	}
	if !sameDN(r.domain, d.root) {
		return r, &ldapconn.LostError{Server: c.Server.URL, Cause: fmt.Errorf("serves %s, not %s", r.domain, d.root)}
	}
	return r, nil
}

// Writable implements ldapconn.Root.
func (r rootDSE) Writable() bool { return r.synchronized && !r.readOnly }

// Condition implements ldapconn.Root: why a server takes no writes.
func (r rootDSE) Condition() string {
	switch {
	case r.readOnly:
		return "it is a read-only domain controller"
	case !r.synchronized:
		return "it has not synchronized yet"
	}
	return "it takes writes"
}

// sameDN compares names as the directory does.
func sameDN(a, b string) bool {
	x, err := ldap.ParseDN(a)
	y, err2 := ldap.ParseDN(b)
	return err == nil && err2 == nil && x.EqualFold(y)
}

// text is the first value of an attribute.
func text(e *ldap.Entry, attribute string) string { return e.GetEqualFoldAttributeValue(attribute) }
