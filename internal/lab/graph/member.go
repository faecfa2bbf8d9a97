package graph

import (
	"net/http"
	"slices"
	"strings"

	"github.com/google/uuid"
)

var (
	readGroups  = []string{"GroupMember.Read.All", "Group.Read.All", "Group.ReadWrite.All", "Directory.Read.All", "Directory.ReadWrite.All"}
	readRoles   = []string{"RoleManagement.Read.Directory", "RoleManagement.ReadWrite.Directory", "RoleManagement.Read.All", "Directory.Read.All", "Directory.ReadWrite.All"}
	readMembers = append([]string{"User.Read.All", "User.ReadWrite.All"}, readGroups...)
)

// mostMemberships is how many groups getMemberGroups answers with.
const mostMemberships = 11_000

var memberRoutes = []route{
	{pattern: "GET /v1.0/users/{id}/transitiveMemberOf", allow: readMembers, do: transitive},
	{pattern: "GET /v1.0/users/{id}/transitiveMemberOf/{cast}", allow: readMembers, do: transitive},
	{pattern: "GET /v1.0/users/{id}/memberOf", allow: readMembers, do: direct},
	{pattern: "GET /v1.0/users/{id}/memberOf/{cast}", allow: readMembers, do: direct},
	{pattern: "POST /v1.0/users/{id}/checkMemberGroups", allow: readMembers, do: checkGroups},
	{pattern: "POST /v1.0/users/{id}/getMemberGroups", allow: readMembers, do: memberGroups},
	{pattern: "POST /v1.0/users/{id}/checkMemberObjects", allow: readMembers, do: checkObjects},
	{pattern: "POST /v1.0/users/{id}/getMemberObjects", allow: readMembers, do: memberObjects},
	{pattern: "GET /v1.0/groups/{id}", allow: readGroups, do: getGroup},
}

const (
	groupType = "#microsoft.graph.group"
	roleType  = "#microsoft.graph.directoryRole"
)

// roleObject is the id of a role's object in the tenant, which is not the template's.
func (t *Tenant) roleObject(template string) string {
	return uuid.NewSHA1(uuid.NameSpaceURL, []byte(t.id+"/"+template)).String()
}

func groupObject(g *groupRow) map[string]any {
	return map[string]any{
		"id": g.group.ID, "displayName": g.group.DisplayName, "description": null(g.group.Description), "mail": null(g.group.Mail),
		"mailEnabled": g.group.Mail != "", "securityEnabled": !g.group.NotSecurity, "groupTypes": []string{},
		"isAssignableToRole": g.group.RoleAssignable, "onPremisesSecurityIdentifier": null(g.group.SID), "onPremisesSyncEnabled": trueOrNull(g.group.SID != ""),
	}
}

func (t *Tenant) roleInstance(template string) map[string]any {
	return map[string]any{"id": t.roleObject(template), "displayName": null(roleNames[template]), "description": nil, "roleTemplateId": template}
}

func null(text string) any {
	if text == "" {
		return nil
	}
	return text
}

func trueOrNull(b bool) any {
	if !b {
		return nil
	}
	return true
}

func transitive(c *call) (reply, error) {
	row, err := c.user()
	if err != nil {
		return reply{}, err
	}
	id := row.cur.ID
	return c.memberships(c.t.store.groupsOf(id), c.t.store.rolesOf(id))
}

func direct(c *call) (reply, error) {
	row, err := c.user()
	if err != nil {
		return reply{}, err
	}
	id := row.cur.ID
	own := slices.DeleteFunc(c.t.store.rolesOf(id), func(a assignment) bool { return a.principal != id })
	return c.memberships(c.t.store.memberOf[id], own)
}

// memberships lists groups and roles. What the application may not read is there, with its type and id alone.
func (c *call) memberships(groups []*groupRow, roles []assignment) (reply, error) {
	cast := c.r.PathValue("cast")
	q := c.r.URL.Query()
	if cast != "" && !c.advanced() || q.Get("$filter") != "" || q.Get("$search") != "" {
		return reply{}, refuse(http.StatusBadRequest, "Request_UnsupportedQuery", "Unsupported Query.")
	}
	var list []map[string]any
	if cast == "" || cast == "microsoft.graph.group" {
		for _, g := range groups {
			list = append(list, c.shown(groupType, groupObject(g), cast == "", c.may(readGroups)))
		}
	}
	if cast == "" || cast == "microsoft.graph.directoryRole" {
		seen := map[string]bool{}
		for _, a := range roles {
			if a.scope != "/" || seen[a.template] { // roles over a part of the tenant are not memberships
				continue
			}
			seen[a.template] = true
			list = append(list, c.shown(roleType, c.t.roleInstance(a.template), cast == "", c.may(readRoles)))
		}
	}
	return c.paged(list, strings.TrimPrefix(cast, "microsoft.graph."))
}

// shown is an object with the properties of $select.
func (c *call) shown(kind string, object map[string]any, typed, readable bool) map[string]any {
	out := map[string]any{"id": object["id"]}
	names := strings.Split(c.r.URL.Query().Get("$select"), ",")
	for name, value := range object {
		if names[0] != "" && !slices.Contains(names, name) || name == "id" {
			continue
		}
		if !readable {
			value = nil
		}
		out[name] = value
	}
	if typed || !readable {
		out["@odata.type"] = kind
	}
	return out
}

// paged answers with one page of a list.
func (c *call) paged(list []map[string]any, kind string) (reply, error) {
	top, err := c.top()
	if err != nil {
		return reply{}, err
	}
	from, err := c.skip()
	if err != nil {
		return reply{}, err
	}
	if kind == "" {
		kind = "directoryObject"
	}
	from = min(from, len(list))
	end := min(from+top, len(list))
	out := map[string]any{"@odata.context": c.context(kind + "s"), "value": append([]map[string]any{}, list[from:end]...)}
	if end < len(list) {
		out["@odata.nextLink"] = c.nextLink(end)
	}
	if c.advanced() && from == 0 {
		out["@odata.count"] = len(list)
	}
	return answer(out)
}

type memberQuestion struct {
	GroupIDs     []string `json:"groupIds"`
	IDs          []string `json:"ids"`
	SecurityOnly bool     `json:"securityEnabledOnly"`
}

func checkGroups(c *call) (reply, error) { return c.checked(false) }

func checkObjects(c *call) (reply, error) { return c.checked(true) }

// checked answers which of up to 20 objects somebody is a member of.
func (c *call) checked(roles bool) (reply, error) {
	var q memberQuestion
	ids, err := c.memberIDs(&q, roles)
	if err != nil {
		return reply{}, err
	}
	asked := q.GroupIDs
	if roles {
		asked = q.IDs
	}
	if len(asked) == 0 || len(asked) > 20 {
		return reply{}, refuse(http.StatusBadRequest, badRequest, "Invalid value specified: between 1 and 20 ids are allowed.")
	}
	return c.strings(slices.DeleteFunc(ids, func(id string) bool { return !slices.Contains(asked, id) }))
}

func memberGroups(c *call) (reply, error) { return c.allMemberships(false) }

func memberObjects(c *call) (reply, error) { return c.allMemberships(true) }

func (c *call) allMemberships(roles bool) (reply, error) {
	ids, err := c.memberIDs(&memberQuestion{}, roles)
	if err != nil {
		return reply{}, err
	}
	if len(ids) > mostMemberships {
		return reply{}, refuse(http.StatusBadRequest, "Directory_ResultSizeLimitExceeded", "The size of the result set exceeds the maximum supported.")
	}
	return c.strings(ids)
}

// memberIDs reads the question and finds everything somebody is a member of.
func (c *call) memberIDs(q *memberQuestion, roles bool) ([]string, error) {
	row, err := c.user()
	if err != nil {
		return nil, err
	}
	if err := c.body(q); err != nil {
		return nil, err
	}
	var ids []string
	for _, g := range c.t.store.groupsOf(row.cur.ID) {
		if !q.SecurityOnly || !g.group.NotSecurity {
			ids = append(ids, g.group.ID)
		}
	}
	if roles && !q.SecurityOnly {
		for _, a := range c.t.store.rolesOf(row.cur.ID) {
			ids = append(ids, c.t.roleObject(a.template))
		}
	}
	return ids, nil
}

func (c *call) strings(ids []string) (reply, error) {
	return answer(map[string]any{"@odata.context": c.context("Collection(Edm.String)"), "value": append([]string{}, ids...)})
}

func getGroup(c *call) (reply, error) {
	g := c.t.store.groups[c.r.PathValue("id")]
	if g == nil || g.gone != present {
		return reply{}, notFound(c.r.PathValue("id"))
	}
	out := c.shown(groupType, groupObject(g), false, true)
	out["@odata.context"] = c.context("groups/$entity")
	return answer(out)
}
