package graph

import (
	"crypto/x509"
	"slices"
	"time"

	"github.com/google/uuid"
)

// App is a registered application, consented to in its tenant.
type App struct {
	ID           string // client id; empty: a new one
	Name         string
	Secrets      []Secret
	Certificates []*x509.Certificate // a certificate past its NotAfter counts as expired
	Permissions  []string            // application permissions granted, such as "User.Read.All"
	Roles        []string            // template ids of the directory roles of its service principal
	RedirectURIs []string            // of the authorization code flow
	// AuthTime puts the optional claim auth_time into id_tokens. Applications must be configured for it, as in the service.
	AuthTime bool
	// ManagedIdentity offers it at the managed identity endpoints. It has no credentials then.
	ManagedIdentity bool
	// FederatedSubjects are the workloads whose tokens, made by Principal.WorkloadToken, it takes instead of a secret.
	FederatedSubjects []string
}

// Secret is a client secret.
type Secret struct {
	Value   string
	Expires time.Time // zero: never
}

// Principal is an application's identity in its tenant.
type Principal struct {
	t      *Tenant
	object string
	app    App // guarded by t.mu
}

// AddApp registers an application.
func (t *Tenant) AddApp(a App) *Principal {
	if a.ID == "" {
		a.ID = uuid.NewString()
	}
	p := &Principal{t: t, object: uuid.NewString(), app: a}
	t.s.mu.Lock()
	t.s.apps = append(t.s.apps, p)
	t.s.mu.Unlock()
	for _, role := range a.Roles {
		t.AssignRole(p.object, role, "/")
	}
	return p
}

// ID is the client id.
func (p *Principal) ID() string { return p.app.ID } // never changes

// Object is the id of the service principal.
func (p *Principal) Object() string { return p.object }

// SetPermissions replaces what is granted. Tokens issued before keep what they have, as in the service.
func (p *Principal) SetPermissions(granted ...string) {
	p.change(func(a *App) { a.Permissions = slices.Clone(granted) })
}

// SetRedirectURIs replaces where the sign-in page may send browsers back to.
func (p *Principal) SetRedirectURIs(uris ...string) {
	p.change(func(a *App) { a.RedirectURIs = uris })
}

// SetSecrets replaces the client secrets.
func (p *Principal) SetSecrets(secrets ...Secret) {
	p.change(func(a *App) { a.Secrets = slices.Clone(secrets) })
}

// SetCertificates replaces the registered certificates.
func (p *Principal) SetCertificates(certs ...*x509.Certificate) {
	p.change(func(a *App) { a.Certificates = slices.Clone(certs) })
}

// SetRoles replaces the directory roles of the service principal. They count from the next request on.
func (p *Principal) SetRoles(templates ...string) {
	p.t.mu.Lock()
	p.t.store.dropAssignments(p.object)
	p.t.mu.Unlock()
	for _, role := range templates {
		p.t.AssignRole(p.object, role, "/")
	}
}

func (p *Principal) change(f func(*App)) {
	p.t.mu.Lock()
	defer p.t.mu.Unlock()
	f(&p.app)
}

// settings is a copy of what is registered.
func (p *Principal) settings() App {
	p.t.mu.RLock()
	defer p.t.mu.RUnlock()
	return p.app
}

// application finds one by client id in a tenant.
func (s *Server) application(t *Tenant, clientID string) *Principal {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range s.apps {
		if p.t == t && p.app.ID == clientID {
			return p
		}
	}
	return nil
}
