package directoryui

import (
	"cmp"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/a-h/templ"
	"github.com/go-chi/chi/v5"

	"rekey/internal/admin"
	"rekey/internal/delegation"
	"rekey/internal/server/console"
	view "rekey/web/console"
	"rekey/web/directorypage"
)

// rightsOf leads to the scripts for a directory.
func rightsOf(e entry) string {
	q := url.Values{}
	switch e.kind {
	case "ad":
		q.Set("domain", e.key)
		q.Set("netbios", e.text("netbios"))
		q.Set("account", short(e.text("user")))
		q.Set("units", e.text("base_dn"))
	case "entra":
		q.Set("tenant", e.text("tenant"))
		q.Set("client", e.text("client_id"))
	}
	return rightsURL + "/" + e.kind + "?" + q.Encode()
}

// short is the name of an account without its domain: the first part of a DN, what stands behind a backslash or before an @.
func short(user string) string {
	if first, _, isDN := strings.Cut(user, ","); isDN {
		_, name, _ := strings.Cut(first, "=")
		return name
	}
	if _, name, ok := strings.Cut(user, `\`); ok {
		return name
	}
	name, _, _ := strings.Cut(user, "@")
	return name
}

func (u *UI) showRights(w http.ResponseWriter, r *http.Request, a admin.Admin) error {
	q := r.URL.Query()
	var (
		page  directorypage.Rights
		title string
	)
	switch chi.URLParam(r, "kind") {
	case "ad":
		page, title = domainRights(q), "Rights in Active Directory"
	case "entra":
		page, title = tenantRights(q), "Rights in Entra ID"
	case "ldap":
		page, title = ldapRights(), "Rights in OpenLDAP"
	default:
		return errGone
	}
	return u.Console.Page(w, r, a, console.Page{
		Section: root, Trail: trail(), Title: title, Status: http.StatusOK,
		Lede: "What the service account needs, and no more. Read a script before you run it: nothing here runs it.", Body: page.Body(),
	})
}

func domainRights(q url.Values) directorypage.Rights {
	domain := strings.ToLower(strings.TrimSpace(q.Get("domain")))
	first, _, _ := strings.Cut(domain, ".")
	base := "DC=" + strings.ReplaceAll(domain, ".", ",DC=")
	d := delegation.Domain{BaseDN: base, Account: strings.TrimSpace(q.Get("account")), NetBIOS: cmp.Or(strings.TrimSpace(q.Get("netbios")), strings.ToUpper(first))}
	for line := range strings.Lines(q.Get("units")) {
		if line = strings.TrimSpace(line); line != "" {
			d.Units = append(d.Units, line)
		}
	}
	page := directorypage.Rights{
		Fields: []view.Field{
			{Name: "domain", Label: "Domain", Value: domain, Symbol: true, Placeholder: "corp.example.com"},
			{Name: "account", Label: "Service account", Hint: "Its short name, without the domain.", Value: d.Account, Symbol: true, Placeholder: "svc-rekey"},
			{Name: "netbios", Label: "Short name of the domain", Value: d.NetBIOS, Symbol: true, Placeholder: "CORP"},
		},
		Units: view.Field{Name: "units", Label: "Units whose people are served", Hint: "One DN on each line; those below them are served, too.", Value: q.Get("units"), Symbol: true},
	}
	page.Form.Action = rightsURL + "/ad"
	if domain == "" || d.Account == "" || len(d.Units) == 0 {
		return page
	}
	for _, s := range []struct {
		id, title string
		write     func(delegation.Domain) (string, error)
	}{
		{"dsacls", "Windows, with dsacls", delegation.DSACLS}, {"powershell", "Windows, with the ActiveDirectory module", delegation.PowerShell}, {"samba", "Samba, with samba-tool", delegation.Samba},
	} {
		text, err := s.write(d)
		page.Scripts = append(page.Scripts, script(s.id, s.title, text, err))
	}
	return page
}

func script(id, title, text string, err error) directorypage.Script {
	s := directorypage.Script{ID: id, Title: title, Text: text}
	var name *delegation.NameError
	if errors.As(err, &name) {
		s.Problem = "No script: " + name.Error() + "."
	}
	return s
}

func tenantRights(q url.Values) directorypage.Rights {
	tenant, client := strings.TrimSpace(q.Get("tenant")), strings.TrimSpace(q.Get("client"))
	page := directorypage.Rights{
		Fields: []view.Field{
			{Name: "tenant", Label: "Tenant ID", Value: tenant, Symbol: true},
			{Name: "client", Label: "Application ID", Value: client, Symbol: true},
		},
		Table: view.Table{Caption: "Permissions", Columns: []view.Column{{Title: "Permission"}, {Title: "For"}, {Title: "Needed", Kind: view.Tight}}},
	}
	page.Form.Action = rightsURL + "/entra"
	for _, p := range delegation.Permissions() {
		needed := view.Tag{Text: "optional"}
		if p.Needed {
			needed = view.Tag{Text: "needed", Tone: view.Accent}
		}
		page.Table.Rows = append(page.Table.Rows, view.Row{Cells: []templ.Component{view.Mono(p.Name), view.Text(p.Use), needed.Show()}})
	}
	page.Table.Rows = append(page.Table.Rows, view.Row{Cells: []templ.Component{
		view.Text("Role User Administrator"), view.Text("set passwords of people who are no administrators"), view.Tag{Text: "needed", Tone: view.Accent}.Show(),
	}})
	if tenant == "" || client == "" {
		return page
	}
	text, err := delegation.Graph(tenant, client, true)
	page.Scripts = append(page.Scripts, script("graph", "PowerShell, with Microsoft.Graph", text, err))
	text, err = delegation.Azure(tenant, client, true)
	page.Scripts = append(page.Scripts, script("azure", "Azure command line", text, err))
	return page
}

// ldapRights has words alone: which rules a server has already, nobody here knows, and their order decides.
func ldapRights() directorypage.Rights {
	return directorypage.Rights{Scripts: []directorypage.Script{{ID: "ldap", Title: "What it needs", Problem: "Read access to people, groups and password policies, " +
		"and write access to userPassword, pwdAccountLockedTime and pwdReset of people. The guide to LDAP directories (docs/directories-ldap.md) has the rules for OpenLDAP, 389 Directory Server and FreeIPA."}}}
}
