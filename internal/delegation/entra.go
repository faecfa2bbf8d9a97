package delegation

import (
	"fmt"
	"regexp"
	"strings"
)

// Permission is an application permission of Microsoft Graph.
type Permission struct {
	Name   string
	Use    string
	Needed bool
}

// Permissions are those that Rekey uses (Microsoft Graph permissions reference).
func Permissions() []Permission {
	return []Permission{
		{"User.Read.All", "find and read accounts", true},
		{"GroupMember.Read.All", "read the groups that policies name", true},
		{"RoleManagement.Read.Directory", "know who is an administrator", true},
		{"User-PasswordProfile.ReadWrite.All", "set passwords", true},
		{"User.RevokeSessions.All", "end sessions after a reset", true},
		{"UserAuthenticationMethod.Read.All", "suggest the phone and address that people registered", false},
		{"Domain.Read.All", "find the tenant's domains, and say which are federated", false},
		{"Application.Read.All", "warn before the client secret ends", false},
	}
}

const (
	graphApp          = "00000003-0000-0000-c000-000000000000" // Microsoft Graph in every tenant
	userAdministrator = "fe930be7-5e62-47db-91af-98c3a49a38b1" // Microsoft Entra built-in roles
)

var guid = regexp.MustCompile(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`) //nolint:gochecknoglobals // a constant

// Graph is the script for the Microsoft Graph PowerShell module: it consents to the permissions and assigns User Administrator, which
// does not reach administrators. Errors: *NameError where the ids are none.
func Graph(tenant, client string, optional bool) (string, error) {
	if err := ids(tenant, client); err != nil {
		return "", err
	}
	return fmt.Sprintf(`# Run in PowerShell as a Privileged Role Administrator, where the module Microsoft.Graph is.
$ErrorActionPreference = 'Stop'
Connect-MgGraph -TenantId '%[1]s' -Scopes 'AppRoleAssignment.ReadWrite.All', 'RoleManagement.ReadWrite.Directory', 'Application.Read.All'
$app = Get-MgServicePrincipal -Filter "appId eq '%[2]s'"
$graph = Get-MgServicePrincipal -Filter "appId eq '%[3]s'"
foreach ($name in %[4]s) {
    $right = $graph.AppRoles | Where-Object { $_.Value -eq $name -and $_.AllowedMemberTypes -contains 'Application' }
    New-MgServicePrincipalAppRoleAssignment -ServicePrincipalId $app.Id -PrincipalId $app.Id -ResourceId $graph.Id -AppRoleId $right.Id
}
# User Administrator: without it Graph refuses to set passwords. It does not reach administrators.
New-MgRoleManagementDirectoryRoleAssignment -PrincipalId $app.Id -RoleDefinitionId '%[5]s' -DirectoryScopeId '/'
`, tenant, client, graphApp, "'"+strings.Join(named(optional), "', '")+"'", userAdministrator), nil
}

// Azure is the same for the Azure command line in a POSIX shell. Errors as Graph.
func Azure(tenant, client string, optional bool) (string, error) {
	if err := ids(tenant, client); err != nil {
		return "", err
	}
	return fmt.Sprintf(`#!/bin/sh
# Run as a Privileged Role Administrator: az login --tenant %[1]s
set -eu
app=$(az ad sp show --id %[2]s --query id -o tsv)
graph=$(az ad sp show --id %[3]s --query id -o tsv)
for name in %[4]s; do
    right=$(az ad sp show --id %[3]s --query "appRoles[?value=='$name' && contains(allowedMemberTypes, 'Application')].id | [0]" -o tsv)
    az rest --method POST --url "https://graph.microsoft.com/v1.0/servicePrincipals/$app/appRoleAssignments" \
        --body "{\"principalId\":\"$app\",\"resourceId\":\"$graph\",\"appRoleId\":\"$right\"}"
done
# User Administrator: without it Graph refuses to set passwords. It does not reach administrators.
az rest --method POST --url https://graph.microsoft.com/v1.0/roleManagement/directory/roleAssignments \
    --body "{\"principalId\":\"$app\",\"roleDefinitionId\":\"%[5]s\",\"directoryScopeId\":\"/\"}"
`, tenant, client, graphApp, strings.Join(named(optional), " "), userAdministrator), nil
}

func ids(all ...string) error {
	for _, id := range all {
		if !guid.MatchString(id) {
			return &NameError{id, "is no ID such as 00000000-0000-4000-8000-000000000000"}
		}
	}
	return nil
}

func named(optional bool) []string {
	var names []string
	for _, p := range Permissions() {
		if p.Needed || optional {
			names = append(names, p.Name)
		}
	}
	return names
}
