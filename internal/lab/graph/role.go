package graph

import "slices"

// Template ids of the directory roles that the rules for writing passwords name (privileged-roles-permissions). The two reader roles at
// the end are from memory.
const (
	GlobalAdministrator         = "62e90394-69f5-4237-9190-012177145e10"
	PrivilegedAuthAdministrator = "7be44c8a-adaf-4e2a-84d6-ab2649e08a13"
	PrivilegedRoleAdministrator = "e8611ab8-c189-46e8-94e1-60213ab1f814"
	UserAdministrator           = "fe930be7-5e62-47db-91af-98c3a49a38b1"
	AuthenticationAdministrator = "c4e39bd9-1100-46d3-8c65-fb160da0071f"
	PasswordAdministrator       = "966707d0-3269-4727-9be2-8c3a10f19b9d"
	HelpdeskAdministrator       = "729827e3-9c14-49f7-bb1b-9608f156bbb8"
	GroupsAdministrator         = "fdd7a751-b60b-444a-984c-02652fe8fa1c"
	DirectoryReaders            = "88d8e3e3-8f55-4a1e-953a-9b9898b8876b"
	GuestInviter                = "95e79109-95c0-4d8e-aee3-d01accf2d47b"
	MessageCenterReader         = "790c1fb9-7f7d-4f88-86a1-ef1f95c05c1b"
	ReportsReader               = "4a5d8f65-41da-4de4-8968-e035b65339cf"
	UsageSummaryReportsReader   = "75934031-6c7e-415a-99d7-48dbd49e875e"
	UserExperienceSuccess       = "27460883-1df1-4691-b032-3b79643e5e63"
)

// roleNames are shown where the directory shows a role.
var roleNames = map[string]string{
	GlobalAdministrator: "Global Administrator", PrivilegedAuthAdministrator: "Privileged Authentication Administrator",
	PrivilegedRoleAdministrator: "Privileged Role Administrator", UserAdministrator: "User Administrator",
	AuthenticationAdministrator: "Authentication Administrator", PasswordAdministrator: "Password Administrator",
	HelpdeskAdministrator: "Helpdesk Administrator", GroupsAdministrator: "Groups Administrator", DirectoryReaders: "Directory Readers",
	GuestInviter: "Guest Inviter", MessageCenterReader: "Message Center Reader", ReportsReader: "Reports Reader",
	UsageSummaryReportsReader: "Usage Summary Reports Reader", UserExperienceSuccess: "User Experience Success Manager",
}

// Who may write sensitive properties, the password among them, of people without a role, and of those with one. What is in neither
// table is for the privileged alone.
var (
	privileged  = []string{PrivilegedAuthAdministrator, GlobalAdministrator}
	overNobody  = append([]string{PasswordAdministrator, HelpdeskAdministrator, AuthenticationAdministrator, UserAdministrator}, privileged...)
	overReaders = append([]string{HelpdeskAdministrator, AuthenticationAdministrator, UserAdministrator}, privileged...)
	over        = map[string][]string{
		DirectoryReaders: overNobody, GuestInviter: overNobody, PasswordAdministrator: overNobody,
		MessageCenterReader: overReaders, ReportsReader: overReaders, UsageSummaryReportsReader: overReaders, UserExperienceSuccess: overReaders,
		HelpdeskAdministrator:       append([]string{HelpdeskAdministrator, UserAdministrator}, privileged...),
		AuthenticationAdministrator: append([]string{AuthenticationAdministrator}, privileged...),
		UserAdministrator:           append([]string{UserAdministrator}, privileged...),
		GroupsAdministrator:         append([]string{UserAdministrator}, privileged...),
	}
)

// protected reports whether somebody is more than an ordinary person to the rules.
func (s *store) protected(id string) bool { return len(s.rolesOf(id)) > 0 || s.roleAssignable(id) }

// roleAssignable reports whether somebody is a member or owner of a group that roles can be given to.
func (s *store) roleAssignable(id string) bool {
	for _, g := range s.groupsOf(id) {
		if g.group.RoleAssignable {
			return true
		}
	}
	for _, g := range s.groupOrder {
		if g.gone == present && g.group.RoleAssignable && slices.Contains(g.group.Owners, id) {
			return true
		}
	}
	return false
}

// mayWrite reports whether the roles of a caller reach a person.
func (s *store) mayWrite(caller, target string) bool {
	needed := [][]string{overNobody}
	held := s.rolesOf(target)
	for _, a := range held {
		callers, known := over[a.template]
		if !known {
			callers = privileged
		}
		needed = append(needed, callers)
	}
	if len(held) == 0 && s.roleAssignable(target) {
		needed = append(needed, privileged)
	}
	for _, a := range s.rolesOf(caller) {
		enough := !slices.ContainsFunc(needed, func(callers []string) bool { return !slices.Contains(callers, a.template) })
		if a.scope == "/" && enough {
			return true
		}
	}
	return false
}
