package directoryui

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/a-h/templ"

	"rekey/internal/admin"
	"rekey/internal/configure"
	"rekey/internal/directory"
	"rekey/internal/fault"
	"rekey/internal/server/console"
	"rekey/internal/yamledit"
	"rekey/web/component"
	view "rekey/web/console"
	"rekey/web/directorypage"
)

const discoverPatience = 40 * time.Second

func (u *UI) showDiscover(w http.ResponseWriter, r *http.Request, a admin.Admin) error {
	return u.discovery(w, r, a, directorypage.Discovery{})
}

func (u *UI) discovery(w http.ResponseWriter, r *http.Request, a admin.Admin, page directorypage.Discovery) error {
	page.Form = view.Form{Form: component.Form{Action: discoverURL}}
	return u.Console.Page(w, r, a, console.Page{Section: root, Trail: trail(), Title: "Discover domains", Status: http.StatusOK, Body: page.Body()})
}

// submitDiscover asks every directory that can tell of others.
func (u *UI) submitDiscover(w http.ResponseWriter, r *http.Request, a admin.Admin) error {
	_, text, err := u.Review.Configure.Export(r.Context(), 0)
	if err != nil {
		return err
	}
	_, entries, err := u.entries(r.Context())
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(r.Context(), discoverPatience)
	defer cancel()
	page := directorypage.Discovery{Asked: true}
	for _, d := range u.Site().Directories {
		asker, ok := d.(directory.Discoverer)
		if !ok {
			continue
		}
		found, err := asker.Discover(ctx)
		if err != nil {
			page.Failed = append(page.Failed, d.Key()+" could not be asked now.")
			continue
		}
		p, err := u.Propose(text, found)
		if err != nil {
			page.Failed = append(page.Failed, d.Key()+": "+err.Error())
			continue
		}
		page.Tables = append(page.Tables, u.found(found, p, entries))
		for _, m := range p.Remarks {
			if !slices.Contains(page.Remarks, m) {
				page.Remarks = append(page.Remarks, m)
			}
		}
	}
	return u.discovery(w, r, a, page)
}

// found lists domains with what can be done about each. Their names were chosen by whoever runs them.
func (u *UI) found(d directory.Discovered, p Proposal, entries []entry) view.Table {
	t := view.Table{ID: "from-" + d.From, Caption: "Seen from " + d.From, Columns: []view.Column{
		{Title: "Domain"}, {Title: "How it is known"}, {Title: "Servers"}, {Title: "Answers", Kind: view.Tight}, {Title: "Here", Kind: view.Tight}, {Title: "What to do", Kind: view.Acts},
	}}
	for _, f := range d.Domains {
		here, act := view.Tag{Text: "there", Tone: view.Good}, view.Quiet("")
		switch {
		case slices.Contains(p.Added, f.Domain):
			here = view.Tag{Text: "new", Tone: view.Accent}
			act = directorypage.Decide(newURL+"/ad?"+filled(f, d.From, entries).Encode(), discoverURL+"/refuse", f.Domain)
		case slices.Contains(p.Ignored, f.Domain):
			here = view.Tag{Text: "refused"}
		case f.Alias:
			here = view.Tag{Text: "another name"}
		case f.Unusable:
			here = view.Tag{Text: "cannot be served", Tone: view.Warn}
		}
		t.Rows = append(t.Rows, view.Row{Cells: []templ.Component{
			view.Two(f.Domain, "", f.NetBIOS), view.Text(relation(f)), view.Text(strings.Join(hosts(f), ", ")), view.Text(map[bool]string{true: "yes", false: "no"}[f.Reached]), here.Show(), act,
		}})
	}
	return t
}

func relation(f directory.FoundDomain) string {
	switch {
	case f.Federated:
		return "a name of the tenant, federated"
	case f.Alias:
		return "a name of the tenant"
	case f.Trust != nil:
		text := direction(*f.Trust) + " " + string(f.Trust.Kind) + " trust"
		if f.Trust.Selective {
			text += ", selective"
		}
		if f.Via != "" {
			text += ", via " + f.Via
		}
		return text
	case f.SameForest:
		return "same forest"
	}
	return "named only"
}

func direction(t directory.Trust) string {
	switch {
	case t.Inbound && t.Outbound:
		return "two-way"
	case t.Inbound:
		return "inbound"
	case t.Outbound:
		return "outbound"
	}
	return "disabled"
}

func hosts(f directory.FoundDomain) []string {
	var all []string
	for _, s := range f.Servers {
		if !s.ReadOnly {
			all = append(all, s.Host)
		}
	}
	return all
}

// filled is what the form of a new directory begins with: what was found, and the service account where the trust lets it in. Its
// password is typed: it was meant for the servers of the domain that was asked.
func filled(f directory.FoundDomain, from string, entries []entry) url.Values {
	const most = 3
	q := url.Values{"domain": {f.Domain}, "netbios": {f.NetBIOS}}
	var servers []string
	for _, h := range hosts(f) {
		servers = append(servers, "ldaps://"+h)
	}
	q.Set("servers", strings.Join(servers[:min(most, len(servers))], "\n"))
	for _, e := range entries {
		if e.key != from {
			continue
		}
		q.Set("ca_file", e.text("ca_file"))
		q.Set("ca", e.text("ca"))
		q.Set("dns_server", e.text("dns_server"))
		if user := e.text("user"); f.Welcomes() && strings.ContainsAny(user, `@\`) {
			q.Set("user", user)
		}
	}
	return q
}

// submitRefuse shows what keeps a domain from being offered again.
func (u *UI) submitRefuse(w http.ResponseWriter, r *http.Request, a admin.Admin) error {
	domain := r.PostFormValue("domain")
	if domain == "" || len(domain) > 255 || strings.ContainsFunc(domain, func(c rune) bool { return c <= ' ' || c == 0x7f }) {
		return fault.New(fault.Invalid, "That is no domain.")
	}
	now, err := u.Review.Configure.Read(r.Context())
	if err != nil {
		return err
	}
	var ignored []string
	if _, err := now.Fragment("discovery.ignore", &ignored); err != nil {
		return err
	}
	d := configure.Draft{After: now.Number, Changes: []configure.Change{{Path: yamledit.At("discovery.ignore", len(ignored)), Do: configure.Insert, Value: domain}}}
	if len(ignored) == 0 {
		d.Changes = []configure.Change{{Path: "discovery.ignore", Value: []string{domain}}}
	}
	q := ask("Refuse "+domain+"?", discoverURL)
	q.Done = discoverURL
	return u.Review.Show(w, r, a, d, q)
}
