package entra

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"rekey/internal/account"
	"rekey/internal/directory"
)

// ordinaryRoles are the directory roles whose holders may be helped by anybody who may help somebody (Microsoft Entra ID, "Who can reset
// passwords"): Directory Readers, Guest Inviter, Message Center Reader, Reports Reader, Usage Summary Reports Reader.
func ordinaryRoles() []string {
	return []string{
		"88d8e3e3-8f55-4a1e-953a-9b9898b8876b", "95e79109-95c0-4d8e-aee3-d01accf2d47b", "790c1fb9-7f7d-4f88-86a1-ef1f95c05c1b",
		"4a5d8f65-41da-4de4-8968-e035b65339cf", "75934031-6c7e-415a-99d7-48dbd49e875e",
	}
}

// group is one as Graph writes it. A role's template names it in every tenant; its id does not.
type group struct {
	ID             string `json:"id"`
	Name           string `json:"displayName"`
	RoleAssignable bool   `json:"isAssignableToRole"`
	Template       string `json:"roleTemplateId"`
}

// memberships are what somebody is in.
type memberships struct {
	groups, roles []group
	assigned      []string // role definitions assigned to the account itself, those for an administrative unit only among them
}

// person is a user with what they are in.
type person struct {
	user user
	memberships
	unread bool // what they are in could not be read
}

// person reads all of it at the same time. Errors: ErrNotFound, ErrUnavailable; ErrGroupsUnread along with the user.
func (d *Directory) person(ctx context.Context, id string) (person, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var p person
	in, inner := errgroup.WithContext(ctx)
	cast := func(kind, properties string, into *[]group) func() error {
		return func() error {
			query := url.Values{"$select": {properties}, "$count": {"true"}, "$top": {"999"}}
			return list(inner, d.graph, call{kind: readMembers, path: "/users/" + id + "/transitiveMemberOf/microsoft.graph." + kind, query: query, advanced: true},
				func(g group) bool { *into = append(*into, g); return true })
		}
	}
	in.Go(cast("group", "id,displayName,isAssignableToRole", &p.groups))
	in.Go(cast("directoryRole", "id,displayName,roleTemplateId", &p.roles))
	in.Go(func() error {
		var err error
		p.assigned, err = d.assigned(inner, id)
		return err
	})
	u, err := d.whoever(ctx, id)
	if err != nil {
		cancel()
		_ = in.Wait() // ended by the line above; what the user is in is of no use now
		return person{}, failed(err)
	}
	if err := in.Wait(); err != nil {
		return person{user: u, unread: true}, fmt.Errorf("%w: %w", directory.ErrGroupsUnread, failed(err))
	}
	p.user = u
	return p, nil
}

func (d *Directory) whoever(ctx context.Context, id string) (user, error) {
	body, err := d.graph.body(ctx, call{kind: readUser, path: "/users/" + id, query: url.Values{"$select": {d.accountProperties()}}})
	if err != nil {
		return user{}, err
	}
	u, err := d.read(body)
	if err != nil {
		return user{}, notJSON(readUser)
	}
	return u, nil
}

// assigned lists the roles assigned to a user or an application itself.
func (d *Directory) assigned(ctx context.Context, principal string) ([]string, error) {
	var roles []string
	query := url.Values{"$filter": {"principalId eq " + quoted(principal)}}
	err := list(ctx, d.graph, call{kind: readMembers, path: "/roleManagement/directory/roleAssignments", query: query}, func(a struct {
		Role string `json:"roleDefinitionId"`
	},
	) bool {
		roles = append(roles, strings.ToLower(a.Role))
		return true
	})
	return roles, err
}

// of gives the groups to match policies on, and whether the account is privileged. A role that may not be read is one to be careful with.
func (m memberships) of(ordinary []string) (groups []account.Group, privileged bool) {
	for _, g := range m.groups {
		groups = append(groups, account.Group{ID: strings.ToLower(g.ID), Name: g.Name})
		privileged = privileged || g.RoleAssignable
	}
	for _, r := range m.roles {
		template := strings.ToLower(r.Template)
		if template != "" {
			groups = append(groups, account.Group{ID: template, Name: r.Name})
		}
		privileged = privileged || !slices.Contains(ordinary, template)
	}
	for _, role := range m.assigned {
		known := slices.ContainsFunc(groups, func(g account.Group) bool { return g.ID == role })
		if !known {
			groups = append(groups, account.Group{ID: role})
		}
		privileged = privileged || !slices.Contains(ordinary, role)
	}
	return groups, privileged
}
