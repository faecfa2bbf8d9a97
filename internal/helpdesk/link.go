package helpdesk

import (
	"net/url"

	"rekey/internal/account"
)

// StartPath is the portal's first page with somebody's name filled in. It says which directory is meant, so that nobody is asked.
func StartPath(a account.Account) string {
	name := a.UPN
	if a.SAM != "" {
		name = a.ID.Directory + `\` + a.SAM
	}
	return "/?" + url.Values{"name": {name}}.Encode()
}
