package graph

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"

	"rekey/internal/lab/graph/banned"
)

const (
	passwordPermission = "User-PasswordProfile.ReadWrite.All"
	onPremisesMastered = "Unable to update the specified properties for on-premises mastered Directory Sync objects or objects currently undergoing migration."
	tooSimple          = "The specified password does not comply with password complexity requirements. Please provide a different password."
)

// Permissions that let an application change people. Passwords have one more.
var (
	writeUsers     = []string{"User.ReadWrite.All", "Directory.ReadWrite.All"}
	writeSessions  = append([]string{"User.RevokeSessions.All"}, writeUsers...)
	writePasswords = append([]string{passwordPermission}, writeUsers...)
)

var writeRoutes = []route{
	{pattern: "PATCH /v1.0/users/{id}", allow: writePasswords, writes: true, do: patchUser},
	{pattern: "POST /v1.0/users/{id}/revokeSignInSessions", allow: writeSessions, writes: true, do: revokeSessions},
	{pattern: "POST /v1.0/users/{id}/changePassword", allow: writePasswords, do: changePassword},
	// Delegated only: no application permission opens it.
	{pattern: "POST /v1.0/users/{id}/authentication/methods/{method}/resetPassword", do: changePassword},
}

type passwordProfile struct {
	Password      *string `json:"password"`
	Force         *bool   `json:"forceChangePasswordNextSignIn"`
	ForceAfterMFA *bool   `json:"forceChangePasswordNextSignInWithMfa"`
}

// patchUser changes a person, all of it or nothing.
func patchUser(c *call) (reply, error) {
	var body map[string]json.RawMessage
	if err := c.body(&body); err != nil {
		return reply{}, err
	}
	row, err := c.user()
	if err != nil {
		return reply{}, err
	}
	changes := make([]func(*User), 0, len(body))
	for _, name := range slices.Sorted(maps.Keys(body)) {
		change, err := c.propertyChange(row.cur, name, body[name])
		if err != nil {
			return reply{}, err
		}
		changes = append(changes, change)
	}
	c.t.store.update(row, c.t.now(), func(u *User) {
		for _, change := range changes {
			change(u)
		}
	})
	return reply{status: http.StatusNoContent}, nil
}

func (c *call) propertyChange(u *User, name string, raw json.RawMessage) (func(*User), error) {
	if name == "passwordProfile" {
		return c.passwordChange(u, raw)
	}
	if !c.may(writeUsers) {
		return nil, denied()
	}
	var text string
	var enabled bool
	into := any(&text)
	if name == "accountEnabled" {
		into = &enabled
	}
	if json.Unmarshal(raw, into) != nil {
		return nil, refuse(http.StatusBadRequest, badRequest, "Invalid value specified for property '"+name+"' of resource 'User'.")
	}
	change := map[string]func(*User){
		"accountEnabled": func(u *User) { u.Disabled = !enabled },
		"displayName":    func(u *User) { u.DisplayName = text },
		"mobilePhone":    func(u *User) { u.MobilePhone = text },
	}[name]
	sensitive := name == "accountEnabled" || name == "mobilePhone"
	switch {
	case change == nil:
		return nil, refuse(http.StatusBadRequest, badRequest, "Property '"+name+"' is read-only and cannot be set.")
	case sensitive && c.t.store.protected(u.ID) && !c.t.store.mayWrite(c.g.principal(), u.ID):
		return nil, denied()
	case u.synced():
		return nil, refuse(http.StatusBadRequest, badRequest, onPremisesMastered)
	}
	return change, nil
}

// passwordChange judges permission, role, origin of the account and the password, in this order.
func (c *call) passwordChange(u *User, raw json.RawMessage) (func(*User), error) {
	if !c.mayReset(u) {
		return nil, denied()
	}
	var p passwordProfile
	if json.Unmarshal(raw, &p) != nil {
		return nil, refuse(http.StatusBadRequest, badRequest, "Invalid value specified for property 'passwordProfile' of resource 'User'.")
	}
	if c.t.federated(u.UserPrincipalName) || u.synced() && c.t.spec.Synced == SyncedRefused {
		return nil, refuse(http.StatusBadRequest, badRequest, onPremisesMastered)
	}
	if p.Password == nil { // the flag alone was seen to be taken without effect
		return func(*User) {}, nil
	}
	if !c.t.complies(u, *p.Password) {
		return nil, refuse(http.StatusBadRequest, badRequest, tooSimple)
	}
	return func(u *User) {
		delete(c.t.failures, u.ID)
		u.Password, u.PasswordChanged = *p.Password, c.now
		u.MustChange = p.Force == nil || *p.Force // the documents give both defaults: the worse one shows who left it out
		u.MustChangeWithMFA = p.ForceAfterMFA != nil && *p.ForceAfterMFA
		u.resets++
	}, nil
}

// mayReset asks for the permission and for a role, as documented.
func (c *call) mayReset(u *User) bool {
	if c.t.store.mayWrite(c.g.principal(), u.ID) {
		return true // the route has asked for a permission
	}
	return c.t.spec.RoleOptional && slices.Contains(c.g.permissions, passwordPermission) && !c.t.store.protected(u.ID)
}

// complies is the cloud's password policy (concept-sspr-policy, concept-password-ban-bad).
func (t *Tenant) complies(u *User, password string) bool {
	var lower, upper, digit, symbol int
	for _, r := range password {
		switch {
		case r < ' ' || r > '~':
			return false // Unicode is not allowed
		case r >= 'a' && r <= 'z':
			lower = 1
		case r >= 'A' && r <= 'Z':
			upper = 1
		case r >= '0' && r <= '9':
			digit = 1
		default:
			symbol = 1
		}
	}
	strong := lower+upper+digit+symbol >= 3 || strings.Contains(u.PasswordPolicies, "DisableStrongPassword")
	if len(password) < 8 || len(password) > 256 || !strong {
		return false
	}
	terms := slices.Concat(banned.Worldwide, t.spec.Banned)
	return !banned.Refused(password, []string{u.GivenName, u.Surname, t.name}, terms)
}

func revokeSessions(c *call) (reply, error) {
	row, err := c.user()
	if err != nil {
		return reply{}, err
	}
	if c.t.store.protected(row.cur.ID) && !c.t.store.mayWrite(c.g.principal(), row.cur.ID) {
		return reply{}, denied()
	}
	c.t.store.update(row, c.t.now(), func(u *User) {
		u.SessionsFrom = c.now
		u.revoked++
	})
	return answer(map[string]any{"@odata.context": c.context("Edm.Boolean"), "value": true})
}

// changePassword needs the person: applications are always refused.
func changePassword(*call) (reply, error) {
	return reply{}, refuse(http.StatusForbidden, "Authorization_RequestDenied", "Access to change password operation is denied.")
}
