package entra

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"rekey/internal/directory"
	"rekey/internal/secret"
)

// expiryLeft is how long before its end a secret or certificate is a finding.
const expiryLeft = 30 * 24 * time.Hour

// Check implements directory.Checker: the token, what it permits, the roles of the application, how long its credential lasts, sign-in.
func (d *Directory) Check(ctx context.Context) []directory.Finding {
	var all []directory.Finding
	d.Probe(ctx, func(f directory.Finding) { all = append(all, f) })
	return all
}

// Probe implements directory.Prober.
func (d *Directory) Probe(ctx context.Context, tell func(directory.Finding)) {
	ctx, cancel := context.WithTimeout(ctx, 2*longestTimeout)
	defer cancel()
	t, err := d.tokens.get(ctx, secret.Text{})
	if err != nil {
		tellAll(tell, d.checkCredential(ctx, token{})...)
		tell(bad("token", "%s", explainTLS(err)))
		return
	}
	tell(good("token", "%s gives one", d.config.Authority))
	tell(d.checkGraph(ctx))
	tellAll(tell, checkRights(t)...)
	tell(d.checkRoles(ctx, t))
	tellAll(tell, d.checkCredential(ctx, t)...)
	tell(d.checkSignIn(ctx))
}

func tellAll(tell func(directory.Finding), all ...directory.Finding) {
	for _, f := range all {
		tell(f)
	}
}

func good(name, format string, args ...any) directory.Finding {
	return directory.Finding{Name: name, OK: true, Text: fmt.Sprintf(format, args...)}
}

func bad(name, format string, args ...any) directory.Finding {
	return directory.Finding{Name: name, Text: fmt.Sprintf(format, args...)}
}

func explainTLS(err error) string {
	var unknown x509.UnknownAuthorityError
	var name x509.HostnameError
	var invalid x509.CertificateInvalidError
	switch {
	case errors.As(err, &unknown):
		return "the certificate is signed by nobody in ca_file: " + oneLine(err)
	case errors.As(err, &name):
		return "the certificate is good for other names: " + oneLine(err)
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return "the certificate has expired: " + oneLine(err)
	}
	return oneLine(err)
}

func (d *Directory) checkGraph(ctx context.Context) directory.Finding {
	if err := d.tryRead(ctx); err != nil {
		return bad("graph", "%s", explainTLS(err))
	}
	return good("graph", "%s answers", d.config.Graph)
}

// checkRights names every permission. Graph says the same when one is missing as when a role is: only the token tells.
func checkRights(t token) []directory.Finding {
	if len(t.roles) == 0 {
		return []directory.Finding{bad("permissions", "the token has none: add application permissions, and have an administrator consent to them")}
	}
	var findings []directory.Finding
	for _, r := range rights() {
		name := "permission " + r.name
		switch {
		case granted(t.roles, r.name):
			findings = append(findings, good(name, "granted: %s", r.use))
		case r.needed:
			findings = append(findings, bad(name, "missing: needed to %s; grant it and have an administrator consent", r.use))
		default:
			findings = append(findings, good(name, "not granted; it would let Rekey %s", r.use))
		}
	}
	return findings
}

// Directory roles that let an application set passwords (Microsoft Entra built-in roles).
const (
	userAdministrator           = "fe930be7-5e62-47db-91af-98c3a49a38b1"
	privilegedAuthAdministrator = "7be44c8a-adaf-4e2a-84d6-ab2649e08a13"
	globalAdministrator         = "62e90394-69f5-4237-9190-012177145e10"
)

func (d *Directory) checkRoles(ctx context.Context, t token) directory.Finding {
	const name = "role"
	if t.object == "" {
		return bad(name, "the token does not say which service principal it is of")
	}
	roles, err := d.assigned(ctx, t.object)
	switch {
	case err != nil:
		return bad(name, "the roles of the application cannot be read: %s", oneLine(err))
	case slices.Contains(roles, globalAdministrator):
		return good(name, "found: Global Administrator; that is far more than is needed, and User Administrator is enough")
	case slices.Contains(roles, privilegedAuthAdministrator):
		return good(name, "found: Privileged Authentication Administrator; passwords of administrators can be set too")
	case slices.Contains(roles, userAdministrator):
		return good(name, "found: User Administrator; passwords of administrators cannot be set")
	}
	return bad(name, "missing: assign User Administrator to the application's service principal %s, or Graph refuses to set passwords", t.object)
}

// checkCredential looks how long the certificate or the secret lasts.
func (d *Directory) checkCredential(ctx context.Context, t token) []directory.Finding {
	switch {
	case d.proof.certificate != nil:
		return []directory.Finding{d.checkEnd("certificate", d.proof.certificate.NotAfter)}
	case d.config.SecretExpires != "":
		end, _ := time.Parse(time.DateOnly, d.config.SecretExpires) // Validate has
		return []directory.Finding{d.checkEnd("secret", end)}
	case !d.config.Secret.IsZero() && granted(t.roles, rightApplications):
		return []directory.Finding{d.checkSecrets(ctx)}
	case !d.config.Secret.IsZero():
		return []directory.Finding{good("secret", "when it ends is not known: set secret_expires, or better use a certificate")}
	}
	return nil
}

func (d *Directory) checkEnd(name string, end time.Time) directory.Finding {
	left := end.Sub(d.now())
	switch {
	case left <= 0:
		return bad(name, "it ended on %s", end.Format(time.DateOnly))
	case left < expiryLeft:
		return bad(name, "it ends on %s, in %d days: add another before", end.Format(time.DateOnly), int(left/(24*time.Hour)))
	}
	return good(name, "good until %s", end.Format(time.DateOnly))
}

// checkSecrets reads from the application when its secrets end. Which of several is ours is told by its first characters.
func (d *Directory) checkSecrets(ctx context.Context) directory.Finding {
	var told struct {
		Secrets []struct {
			Hint string    `json:"hint"`
			End  time.Time `json:"endDateTime"`
		} `json:"passwordCredentials"`
	}
	query := url.Values{"$select": {"passwordCredentials"}}
	path := "/applications(appId=" + quoted(d.config.ClientID) + ")"
	if err := d.graph.get(ctx, call{kind: readTenant, path: path, query: query}, &told); err != nil {
		return good("secret", "when it ends cannot be read: %s", oneLine(err))
	}
	end := time.Time{}
	for _, s := range told.Secrets {
		if d.hinted(s.Hint) && s.End.After(end) {
			end = s.End
		}
	}
	if end.IsZero() {
		return bad("secret", "the application has none that begins like the one in the settings")
	}
	return d.checkEnd("secret", end)
}

// hinted reports whether the secret begins as an application's hint says.
func (d *Directory) hinted(hint string) bool {
	proof, err := d.proof.prove(context.Background(), "")
	return err == nil && (hint == "" || strings.HasPrefix(proof.Get("client_secret"), hint))
}

func (d *Directory) checkSignIn(ctx context.Context) directory.Finding {
	if d.signIns == nil {
		return good("sign-in", "a managed identity cannot sign people in: cloud accounts cannot set up their ways or change a password here")
	}
	if err := d.signIns.Ready(ctx); err != nil {
		return bad("sign-in", "%s", explainTLS(err))
	}
	return good("sign-in", "%s offers it; the redirect URI and the claim auth_time have to be registered with the application", d.config.Authority)
}
