package entra

import (
	"context"
	"net/url"
	"slices"
	"strings"

	"rekey/internal/secret"
)

// right is an application permission of Graph. Any of the others contains it.
type right struct {
	name   string
	others []string
	needed bool
	use    string
}

const (
	rightPassword     = "User-PasswordProfile.ReadWrite.All"
	rightDomains      = "Domain.Read.All"
	rightApplications = "Application.Read.All"
	rightMethods      = "UserAuthenticationMethod.Read.All"
	rightPhones       = "UserAuthMethod-Phone.Read.All"
	rightMails        = "UserAuthMethod-Email.Read.All"
)

// rights are what the application should have (Microsoft Graph permissions reference).
func rights() []right {
	return []right{
		{"User.Read.All", []string{"User.ReadWrite.All", "Directory.Read.All", "Directory.ReadWrite.All"}, true, "find and read accounts"},
		{
			"GroupMember.Read.All",
			[]string{"GroupMember.ReadWrite.All", "Group.Read.All", "Group.ReadWrite.All", "Directory.Read.All", "Directory.ReadWrite.All"},
			true, "read the groups that policies name",
		},
		{"RoleManagement.Read.Directory", []string{"RoleManagement.ReadWrite.Directory", "RoleManagement.Read.All"}, true, "know who is an administrator"},
		{rightPassword, nil, true, "set passwords"},
		{"User.RevokeSessions.All", []string{"User.ReadWrite.All", "Directory.ReadWrite.All"}, true, "end sessions after a reset"},
		{rightMethods, []string{"UserAuthenticationMethod.ReadWrite.All"}, false, "suggest the phone and address that people registered"},
		{rightDomains, []string{"Domain.ReadWrite.All", "Directory.Read.All", "Directory.ReadWrite.All"}, false, "explain that a federated domain's passwords are elsewhere, and find the tenant's domains"},
		{rightApplications, []string{"Application.ReadWrite.All", "Directory.Read.All", "Directory.ReadWrite.All"}, false, "warn before the secret ends"},
	}
}

// granted reports whether a permission, or one that contains it, is among those granted.
func granted(roles []string, name string) bool {
	for _, r := range rights() {
		if r.name == name {
			return slices.ContainsFunc(append(r.others, name), func(n string) bool { return slices.Contains(roles, n) })
		}
	}
	return slices.Contains(roles, name)
}

// may reports whether the application has a permission, as its token says.
func (d *Directory) may(ctx context.Context, names ...string) bool {
	t, err := d.tokens.get(ctx, secret.Text{})
	return err == nil && slices.ContainsFunc(names, func(n string) bool { return granted(t.roles, n) })
}

// federated reports whether the people of a user's domain sign in elsewhere, as far as that may be known.
func (d *Directory) federated(ctx context.Context, u user) (yes, known bool) {
	_, domain, _ := strings.Cut(u.UPN, "@")
	if !d.may(ctx, rightDomains) {
		return false, false
	}
	var told struct {
		Type string `json:"authenticationType"`
	}
	err := d.graph.get(ctx, call{kind: readTenant, path: "/domains/" + url.PathEscape(strings.ToLower(domain))}, &told)
	return strings.EqualFold(told.Type, "Federated"), err == nil
}
