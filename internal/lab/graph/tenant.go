package graph

import (
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"
)

// SyncedMode is what the service does when somebody writes the password of a synchronized account: reports of it differ.
type SyncedMode int

// The modes.
const (
	SyncedSplit   SyncedMode = iota // taken; the cloud's password differs from then on until the next synchronization
	SyncedRefused                   // refused as mastered on premises
)

// DeltaLoss says how the service forgets delta tokens.
type DeltaLoss int

// The ways.
const (
	DeltaGone     DeltaLoss = iota // 410 with a Location to start from
	DeltaNotFound                  // 400 SyncStateNotFound, as for tokens older than seven days
)

// TenantSpec says what a tenant is like. The zero value of each field is what is documented as usual.
type TenantSpec struct {
	ID        string   // empty: a new one
	Name      string   // empty: Contoso
	Domains   []string // the first is the initial one
	Federated []string // those of Domains whose people sign in elsewhere
	// Unverified are those of Domains that the tenant has not proven to own. Nothing but their list knows the difference.
	Unverified []string
	Free       bool     // no P1 licence: no reports
	Banned     []string // the tenant's own banned words, besides those of package banned
	Synced     SyncedMode
	// RoleOptional lets User-PasswordProfile.ReadWrite.All alone write the passwords of people without a role. The documentation asks
	// for the User Administrator role; observations differ.
	RoleOptional bool
	AuthContexts []string      // authentication contexts ("c1") whose policy asks for multifactor authentication
	Lag          time.Duration // after how long lists, filters and delta see a write; reading by id sees it at once
	Page         int           // most objects on a page of a delta; 0: 200
	TokenLife    time.Duration // of access tokens; 0: an hour
	LockoutTries int           // wrong passwords until the account is locked for LockoutTime; 0: 10
	LockoutTime  time.Duration // 0: one minute; it does not grow as the service's does
}

// Tenant is one directory. Its methods are safe for concurrent use.
type Tenant struct {
	s        *Server
	id, name string
	domains  []string

	mu       sync.RWMutex
	spec     TenantSpec
	store    store
	created  time.Time
	failures map[string]*failures // by id of the user
	epoch    int                  // of delta tokens; those of another are forgotten
	loss     DeltaLoss
}

// AddTenant adds a directory without anybody in it.
func (s *Server) AddTenant(spec TenantSpec) *Tenant {
	if spec.ID == "" {
		spec.ID = uuid.NewString()
	}
	if spec.Name == "" {
		spec.Name = "Contoso"
	}
	t := &Tenant{
		s: s, id: spec.ID, name: spec.Name, domains: slices.Clone(spec.Domains), spec: spec, store: newStore(), created: s.now(), failures: map[string]*failures{},
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tenants[strings.ToLower(spec.ID)] = t
	for _, d := range spec.Domains {
		s.tenants[strings.ToLower(d)] = t
	}
	return t
}

// ID is the tenant's.
func (t *Tenant) ID() string { return t.id }

// Configure changes what the tenant is like. ID, Name and Domains stay what they were. With a shorter Lag, what is written already is
// seen sooner too.
func (t *Tenant) Configure(change func(*TenantSpec)) {
	t.mu.Lock()
	defer t.mu.Unlock()
	change(&t.spec)
	t.store.hasten(t.now().seen)
}

// ForgetDelta makes the tenant forget all delta tokens given so far, and those of passes under way.
func (t *Tenant) ForgetDelta(how DeltaLoss) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.epoch++
	t.loss = how
}

func (s *Server) tenant(name string) *Tenant {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.tenants[strings.ToLower(name)]
}

// issuer of the tenant's v2.0 tokens.
func (t *Tenant) issuer() string { return t.s.Authority() + "/" + t.id + "/v2.0" }

// federated reports whether the people of a name's domain sign in elsewhere.
func (t *Tenant) federated(upn string) bool {
	_, domain, _ := strings.Cut(upn, "@")
	return slices.ContainsFunc(t.spec.Federated, func(d string) bool { return strings.EqualFold(d, domain) })
}

func (t *Tenant) tokenLife() time.Duration {
	t.mu.RLock()
	defer t.mu.RUnlock()
	if t.spec.TokenLife == 0 {
		return time.Hour
	}
	return t.spec.TokenLife
}
