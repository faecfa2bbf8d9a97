package directory

import "context"

// Discoverer can tell which domains there are beside its own.
type Discoverer interface {
	// Discover asks the directory, then DNS and a server of each domain it names. Names in the answer were chosen by whoever runs
	// those domains: look at them before you write them anywhere. What could not be learnt of a domain is its Problem. Nothing is
	// written, and no secret goes to a server that the settings do not name. Errors: ErrUnavailable.
	Discover(ctx context.Context) (Discovered, error)
}

// Discovered is what one directory knows of domains.
type Discovered struct {
	From    string        `json:"from"`    // key of the directory that was asked
	Domains []FoundDomain `json:"domains"` // its own first, then by name
}

// FoundDomain is one domain. A text that is empty is not known.
type FoundDomain struct {
	Domain     string `json:"domain"` // DNS name, lower case
	NetBIOS    string `json:"netbios,omitempty"`
	BaseDN     string `json:"base_dn,omitempty"`
	Forest     string `json:"forest,omitempty"` // DNS name of the forest's root domain
	SameForest bool   `json:"same_forest"`      // as the domain that was asked; that one itself too
	Trust      *Trust `json:"trust,omitempty"`  // with the domain that was asked; nil: none
	// Via is the root of its forest, when the trust is with that and reaches this domain too; empty: the trust is its own.
	Via string `json:"via,omitempty"`
	// Alias says that it is no directory, but a further name of the one that was asked; Federated that who has it signs in elsewhere.
	Alias     bool          `json:"alias,omitempty"`
	Federated bool          `json:"federated,omitempty"`
	Servers   []FoundServer `json:"servers,omitempty"`
	// Reached says that a server answered as this domain's, with a certificate that verified.
	Reached bool `json:"reached"`
	// Unusable says that it is no domain that Rekey can serve, whoever asks; Problem says why.
	Unusable bool   `json:"unusable,omitempty"`
	Problem  string `json:"problem,omitempty"`
}

// Welcomes reports whether accounts of the domain that was asked may sign in to this one, as far as can be seen from there. With
// selective authentication only those may that are allowed to one by one.
func (d FoundDomain) Welcomes() bool {
	return d.SameForest || d.Trust != nil && d.Trust.Inbound && !d.Trust.Selective
}

// FoundServer is a domain controller.
type FoundServer struct {
	Host     string         `json:"host"`           // DNS name, lower case
	Port     int            `json:"port,omitempty"` // of LDAP, as DNS says; Rekey comes over LDAPS, on port 636
	Site     string         `json:"site,omitempty"`
	PDC      bool           `json:"pdc,omitempty"` // the PDC emulator of its domain
	ReadOnly bool           `json:"read_only,omitempty"`
	Sources  []ServerSource `json:"sources"`
	URL      string         `json:"url,omitempty"` // as the settings name it; known for the domain that was asked
}

// ServerSource says where a server was learnt from.
type ServerSource string

// The sources.
const (
	FromDNS    ServerSource = "SRV"           // a record _ldap._tcp.dc._msdcs.DOMAIN
	FromItself ServerSource = "rootDSE"       // it answered
	FromSites  ServerSource = "NTDS settings" // its object below CN=Sites
)

// Trust is how two domains stand to each other, seen from the one that was asked.
type Trust struct {
	Kind       TrustKind `json:"kind"`
	Inbound    bool      `json:"inbound"`  // the other one trusts: our accounts may sign in there
	Outbound   bool      `json:"outbound"` // ours trusts: accounts of the other one may sign in here
	Transitive bool      `json:"transitive"`
	Selective  bool      `json:"selective"` // only those sign in who are allowed to one by one
}

// TrustKind says what is trusted.
type TrustKind string

// The kinds.
const (
	TrustParent   TrustKind = "parent"
	TrustChild    TrustKind = "child"
	TrustTree     TrustKind = "tree root" // another tree of the same forest
	TrustShortcut TrustKind = "shortcut"  // within the forest, beside its tree
	TrustForest   TrustKind = "forest"    // all of another forest
	TrustExternal TrustKind = "external"  // a single domain of another forest
	TrustOld      TrustKind = "Windows NT"
	TrustRealm    TrustKind = "Kerberos realm"
	TrustUnknown  TrustKind = "unknown"
)
