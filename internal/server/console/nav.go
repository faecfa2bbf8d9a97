package console

import (
	"context"
	"strings"

	"rekey/internal/admin"
	view "rekey/web/console"
)

// The addresses of the side. A family mounts GET at its own; everything else of it lies below.
const (
	OverviewURL       = "/admin/overview"
	ReportsURL        = "/admin/reports"
	PeopleURL         = "/admin/people"
	ApprovalsURL      = "/admin/approvals"
	AuditURL          = "/admin/audit"
	PoliciesURL       = "/admin/policies"
	MethodsURL        = "/admin/methods"
	DirectoriesURL    = "/admin/directories"
	MessagesURL       = "/admin/messages"
	BrandURL          = "/admin/brand"
	ThreatURL         = "/admin/threat"
	SettingsURL       = "/admin/settings"
	JobsURL           = "/admin/jobs"
	KeysURL           = "/admin/keys"
	DoctorURL         = "/admin/doctor"
	AdministratorsURL = "/admin/administrators"
	TokensURL         = "/admin/tokens"
)

// side is everything the side can lead to, in its order.
var side = []view.Group{
	{Title: "Look", Items: []view.Item{
		{Label: "Overview", URL: OverviewURL, Icon: "overview"},
		{Label: "Reports", URL: ReportsURL, Icon: "reports"},
		{Label: "Audit", URL: AuditURL, Icon: "audit"},
	}},
	{Title: "Help", Items: []view.Item{
		{Label: "People", URL: PeopleURL, Icon: "people"},
		{Label: "Approvals", URL: ApprovalsURL, Icon: "good", Note: "waiting", Tone: view.Warn},
	}},
	{Title: "Decide", Items: []view.Item{
		{Label: "Policies", URL: PoliciesURL, Icon: "policies"},
		{Label: "Methods", URL: MethodsURL, Icon: "methods"},
		{Label: "Directories", URL: DirectoriesURL, Icon: "directories"},
		{Label: "Messages", URL: MessagesURL, Icon: "messages"},
		{Label: "Branding", URL: BrandURL, Icon: "branding"},
	}},
	{Title: "Operate", Items: []view.Item{
		{Label: "Threat level", URL: ThreatURL, Icon: "threat"},
		{Label: "Settings history", URL: SettingsURL, Icon: "settings"},
		{Label: "Jobs", URL: JobsURL, Icon: "jobs", Note: "given up", Tone: view.Warn},
		{Label: "Keys", URL: KeysURL, Icon: "keys"},
		{Label: "Doctor", URL: DoctorURL, Icon: "doctor"},
		{Label: "Administrators", URL: AdministratorsURL, Icon: "administrators"},
		{Label: "API tokens", URL: TokensURL, Icon: "keys"},
	}},
}

// May reports whether there is a page at an address of the side and the administrator may open it.
func (c *Console) May(a admin.Admin, url string) bool {
	needs, mounted := c.needs[url]
	return mounted && a.Grants.May(needs)
}

// nav is the side of one administrator.
func (c *Console) nav(ctx context.Context, a admin.Admin, section string) []view.Group {
	var out []view.Group
	for _, g := range side {
		mine := view.Group{Title: g.Title}
		for _, i := range g.Items {
			if !c.May(a, i.URL) {
				continue
			}
			i.Current = section == i.URL || strings.HasPrefix(section, i.URL+"/")
			i.Count = c.count(ctx, a, i.URL)
			mine.Items = append(mine.Items, i)
		}
		if len(mine.Items) > 0 {
			out = append(out, mine)
		}
	}
	return out
}

// count is the number beside an entry. A page is drawn all the same when it is not known.
func (c *Console) count(ctx context.Context, a admin.Admin, url string) int {
	f, ok := c.counts[url]
	if !ok {
		return 0
	}
	n, err := f(ctx, a)
	if err != nil {
		c.deps.Log.WarnContext(ctx, "nothing counted for the side", "url", url, "error", err)
	}
	return n
}

// Home is the first page an administrator may open: the overview for whoever has it.
func (c *Console) Home(a admin.Admin) string {
	for _, g := range side {
		for _, i := range g.Items {
			if c.May(a, i.URL) {
				return i.URL
			}
		}
	}
	return SelfURL
}
