package graph

import (
	"net/http"
	"slices"
	"strings"

	"rekey/internal/lab/graph/odata"
)

var (
	readDomains      = []string{"Domain.Read.All", "Domain.ReadWrite.All", "Directory.Read.All", "Directory.ReadWrite.All"}
	readOrganization = []string{"Organization.Read.All", "Organization.ReadWrite.All", "Directory.Read.All", "Directory.ReadWrite.All"}
)

var directoryRoutes = []route{
	{pattern: "GET /v1.0/roleManagement/directory/roleAssignments", allow: readRoles, do: roleAssignments},
	{pattern: "GET /v1.0/organization", allow: readOrganization, do: organization},
	{pattern: "GET /v1.0/domains", allow: readDomains, do: listDomains},
	{pattern: "GET /v1.0/domains/{id}", allow: readDomains, do: getDomain},
}

// roleAssignments lists assignments themselves: those to a group are the group's, not its members'.
func roleAssignments(c *call) (reply, error) {
	filter, err := plainFilter(c, "principalId", "roleDefinitionId", "directoryScopeId")
	if err != nil {
		return reply{}, err
	}
	list := []map[string]any{}
	for _, a := range c.t.store.roles {
		row := map[string]any{"id": a.id, "principalId": a.principal, "roleDefinitionId": a.template, "directoryScopeId": a.scope}
		if matchesObject(filter, row) {
			list = append(list, row)
		}
	}
	return answer(map[string]any{"@odata.context": c.context("roleManagement/directory/roleAssignments"), "value": list})
}

// plainFilter reads a $filter that compares nothing but these properties.
func plainFilter(c *call, names ...string) (odata.Expr, error) {
	text := c.r.URL.Query().Get("$filter")
	if text == "" {
		return nil, nil
	}
	e, err := odata.Parse(text)
	if err != nil {
		return nil, refuse(http.StatusBadRequest, badRequest, "Invalid filter clause: "+err.Error()+".")
	}
	return e, odata.Walk(e, func(e odata.Expr) error {
		path := ""
		switch e := e.(type) {
		case odata.Logic:
			return nil
		case odata.Any:
			path, names = e.Path, append(names, e.Var)
		case odata.Compare:
			path = e.Path
		case odata.In:
			path = e.Path
		}
		if !slices.Contains(names, path) {
			return refuse(http.StatusBadRequest, badRequest, "Unsupported or invalid query filter clause specified for property '"+path+"'.")
		}
		return nil
	})
}

// matchesObject judges an object made of texts, booleans and lists of texts.
func matchesObject(filter odata.Expr, object map[string]any) bool {
	return filter == nil || odata.Match(filter, func(path string) odata.Field {
		switch v := object[path].(type) {
		case string:
			return odata.Field{Text: v}
		case bool:
			if v {
				return odata.Field{Text: "true"}
			}
			return odata.Field{Text: "false"}
		case []string:
			return odata.Field{IsList: true, List: v}
		}
		return odata.Field{Null: true}
	})
}

func organization(c *call) (reply, error) {
	verified := []map[string]any{}
	for i, d := range c.t.domains {
		verified = append(verified, map[string]any{"name": d, "type": c.t.authenticationType(d), "isDefault": i == 0, "isInitial": i == 0, "capabilities": "Email, OfficeCommunicationsOnline"})
	}
	synced := slices.ContainsFunc(c.t.store.order, func(row *userRow) bool { return row.cur.gone == present && row.cur.synced() })
	return answer(map[string]any{"@odata.context": c.context("organization"), "value": []map[string]any{{
		"id": c.t.id, "displayName": c.t.name, "tenantType": "AAD", "createdDateTime": wireTime(c.t.created), "verifiedDomains": verified,
		"onPremisesSyncEnabled": trueOrNull(synced), "assignedPlans": []any{},
	}}})
}

func (t *Tenant) authenticationType(domain string) string {
	if t.federated("@" + domain) {
		return "Federated"
	}
	return "Managed"
}

func (c *call) domain(i int) map[string]any {
	d := c.t.domains[i]
	verified, services := !slices.Contains(c.t.spec.Unverified, d), []string{}
	if verified {
		services = []string{"Email"}
	}
	return map[string]any{
		"id": d, "authenticationType": c.t.authenticationType(d), "availabilityStatus": nil, "isAdminManaged": true, "isDefault": i == 0,
		"isInitial": i == 0, "isRoot": true, "isVerified": verified, "passwordNotificationWindowInDays": 14,
		"passwordValidityPeriodInDays": 2147483647, "state": nil, "supportedServices": services,
	}
}

func listDomains(c *call) (reply, error) {
	list := []map[string]any{}
	for i := range c.t.domains {
		list = append(list, c.domain(i))
	}
	return answer(map[string]any{"@odata.context": c.context("domains"), "value": list})
}

func getDomain(c *call) (reply, error) {
	name := c.r.PathValue("id")
	i := slices.IndexFunc(c.t.domains, func(d string) bool { return strings.EqualFold(d, name) })
	if i < 0 {
		return reply{}, notFound(name)
	}
	out := c.domain(i)
	out["@odata.context"] = c.context("domains/$entity")
	return answer(out)
}
