// Package entra is a Microsoft Entra tenant, reached over Microsoft Graph v1.0 with an application's own permissions.
//
//   - A password is written by PATCH of passwordProfile alone: nothing else sets one without a person signed in.
//   - A write that may have happened is not repeated. When its answer is lost, lastPasswordChangeDateTime tells what became of it.
//   - Reads are live, each by id after a search: what searches see is older. What is cached is the token and health.
//   - A name nobody has costs as many questions as one somebody has.
//   - Accounts of guests are not the tenant's own, and are nobody here.
//
// Facts about Graph that comments name without a source are from its documentation at Microsoft Learn.
package entra

import (
	"log/slog"
	"net/http"
	"time"

	"rekey/internal/directory"
	"rekey/internal/openid"
	"rekey/internal/secret"
)

var (
	_ directory.Directory      = (*Directory)(nil)
	_ directory.RuleReader     = (*Directory)(nil)
	_ directory.PasswordDater  = (*Directory)(nil)
	_ directory.SessionRevoker = (*Directory)(nil)
	_ directory.Anchored       = (*Directory)(nil)
	_ directory.ContactReader  = (*Directory)(nil)
	_ directory.Redirector     = (*Directory)(nil)
	_ directory.Named          = (*Directory)(nil)
	_ directory.Checker        = (*Directory)(nil)
	_ directory.Prober         = (*Directory)(nil)
	_ directory.Reachable      = (*Directory)(nil)
	_ directory.Syncer         = (*Directory)(nil)
	_ directory.Discoverer     = (*Directory)(nil)
)

// Deps is what the directory needs from outside.
type Deps struct {
	Resolve secret.Resolver
	Now     func() time.Time
	Log     *slog.Logger
}

// Directory is one tenant. It is safe for concurrent use.
type Directory struct {
	config   Config
	now      func() time.Time
	log      *slog.Logger
	http     *http.Client
	proof    credential
	tokens   *tokens
	graph    *client
	signIns  *openid.Provider // nil: a managed identity cannot prove itself there
	standIns standIns
	health   healthCache
}

// Open checks the configuration and reads the secrets. It connects to nothing: a tenant that is not reached is no error.
func Open(c Config, deps Deps) (directory.Directory, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	c = c.withDefaults()
	transport, err := newTransport(c)
	if err != nil {
		return nil, err
	}
	d := &Directory{config: c, now: deps.Now, log: deps.Log, standIns: newStandIns(), health: newHealthCache()}
	d.http = &http.Client{
		Transport: transport, Timeout: 2 * longestTimeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }, // tokens go nowhere else
	}
	d.proof, err = newCredential(c, deps)
	if err != nil {
		return nil, err
	}
	d.tokens = newTokens(newGrant(c, d.proof.prove), d.http, deps.Now)
	d.graph = &client{base: c.Graph, http: d.http, tokens: d.tokens, now: deps.Now, log: deps.Log.With("directory", c.Domain)}
	if d.proof.prove != nil {
		d.signIns = openid.New(openid.Config{
			Issuer: c.Authority + "/" + c.Tenant + "/v2.0", ClientID: c.ClientID, Scopes: []string{"profile"}, Prove: d.proof.prove,
			HTTP: d.http, Now: deps.Now,
		})
	}
	return d, nil
}

// Key implements directory.Directory: the domain in the settings.
func (d *Directory) Key() string { return d.config.Domain }

// NetBIOS implements directory.Named: the short name in the settings.
func (d *Directory) NetBIOS() string { return d.config.ShortName }

// WritesSynced implements directory.SyncedWriter.
func (d *Directory) WritesSynced() bool { return d.config.WriteSynced }

// Close implements directory.Directory.
func (d *Directory) Close() error {
	d.http.CloseIdleConnections()
	return nil
}
