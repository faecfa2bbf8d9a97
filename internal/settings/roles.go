package settings

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"rekey/internal/role"
)

// roles compiles who may do what. Policies come first: they say which directories there are.
func (c *Compiled) roles(d Document) error {
	bindings, errs := role.Compile(d.Roles, c.policyRegistry())
	c.Snapshot.Roles = bindings
	for i := range errs {
		errs[i] = fmt.Errorf("roles%w", errs[i])
	}
	return errors.Join(errs...)
}

// roleGroups lists the groups that roles give by name instead of by SID.
func (d Document) roleGroups() []string {
	var names []string
	for _, b := range d.Roles {
		for _, g := range slices.Concat(b.Groups, b.Scope.Groups, b.Scope.Exclude.Groups) {
			if !strings.HasPrefix(strings.ToUpper(g), "S-1-") {
				names = append(names, g)
			}
		}
	}
	return names
}
