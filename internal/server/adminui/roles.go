package adminui

import (
	"slices"
	"strconv"
	"strings"

	"rekey/internal/admin"
	"rekey/internal/policy"
	"rekey/internal/role"
	"rekey/internal/server/console"
	"rekey/web/adminpage"
)

// mine are the roles of whoever is signed in, with what they allow together.
func (u *UI) mine(a admin.Admin) []adminpage.Role {
	var out []adminpage.Role
	for _, r := range a.Grants.Roles() {
		out = append(out, adminpage.Role{Name: console.RoleName(r), Allows: allowed(r, a.Grants.May)})
	}
	return out
}

// bound are the bindings of the settings in force.
func (u *UI) bound() []adminpage.Role {
	var out []adminpage.Role
	snap := u.Site()
	for i, b := range snap.Roles.List() {
		out = append(out, adminpage.Role{
			RemoveURL: rolesURL + "/" + strconv.Itoa(i) + "/remove", Version: strconv.FormatInt(snap.Version, 10),
			Name: console.RoleName(b.Role), Whom: slices.Concat(b.People, b.Groups), Reach: reach(b.Scope),
			Allows: allowed(b.Role, func(role.Permission) bool { return true }),
		})
	}
	return out
}

// reach says whom a help desk may find and help.
func reach(s policy.Scope) string {
	if s.Empty() {
		return ""
	}
	var parts []string
	parts = append(parts, s.Domains...)
	for _, ou := range s.OUs {
		parts = append(parts, ou.DN)
	}
	return "For " + strings.Join(append(parts, s.Groups...), "; ")
}

// allowed lists in words what a role allows, as far as may says so.
func allowed(r role.Role, may func(role.Permission) bool) []string {
	var out []string
	for _, p := range role.Permissions(r) {
		if text := words[p]; text != "" && may(p) {
			out = append(out, text)
		}
	}
	return out
}

// words say what a permission allows.
var words = map[role.Permission]string{
	role.SeeOverview:    "See health and figures",
	role.SeeReports:     "See reports, and the lists behind them",
	role.SeePeople:      "Find a person and see why they cannot reset",
	role.HelpPeople:     "Unblock, unlock and invite people, verify callers, take away lost methods",
	role.ApproveHelp:    "Agree to help for privileged accounts",
	role.SeeAudit:       "Search the audit log",
	role.RevealAudit:    "See addresses in it in full",
	role.ExportAudit:    "Export it",
	role.EraseAudit:     "Erase personal data of people who have left",
	role.SeeSettings:    "Look at all settings and their history",
	role.EditPolicies:   "Change policies and methods",
	role.EditTexts:      "Change messages and branding",
	role.EditConnectors: "Change directories and gateways",
	role.EditRoles:      "Decide who is an administrator",
	role.SetThreat:      "Set the threat level",
	role.Operate:        "Run jobs, keys, copies of directories and checks",
	role.SeeOperation:   "Look at jobs, keys and checks",
}
