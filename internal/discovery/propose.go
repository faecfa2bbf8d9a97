// Package discovery turns what a directory knows of other domains into a change of the settings for people to accept. It only adds
// to a document: every line that is there stays as it is, with its comments.
package discovery

import (
	"fmt"
	"net/url"
	"slices"
	"strings"

	"rekey/internal/directory"
	"rekey/internal/directory/ldapconn"
	"rekey/internal/settings"
)

// Proposal is a settings document that takes in what was discovered, to be looked at and applied by somebody.
type Proposal struct {
	Document string   `json:"-"`
	Added    []string `json:"added"`   // domains
	Ignored  []string `json:"ignored"` // domains that the settings refuse: discovery.ignore
	Remarks  []Remark `json:"remarks"`
}

// Remark is something for people to decide on: it changes nothing in the document.
type Remark struct {
	Domain string `json:"domain"`
	Text   string `json:"text"`
}

// Propose adds an entry and a default policy of two independent ways for every domain that the document does not have, under any
// spelling. Proposing again what is there adds nothing. Where the sign-in and the certificates of the directory that was asked do not
// serve for another domain, a comment says what to fill in, and the settings cannot be applied before that is done. Errors: a document
// that cannot be read, that has not the directory that was asked, or whose form nothing can be added to.
func Propose(document string, found directory.Discovered) (Proposal, error) {
	if _, err := settings.Parse("settings", []byte(document)); err != nil {
		return Proposal{}, err
	}
	d, err := read(document)
	if err != nil {
		return Proposal{}, err
	}
	seed, ok := d.entry(found.From)
	if !ok || !ldapconn.DNSName(found.From) {
		return Proposal{}, fmt.Errorf("the settings have no directory %s", found.From)
	}
	p := Proposal{Document: document}
	var add additions
	for _, f := range found.Domains {
		if f.Alias {
			p.alias(f, d)
			continue
		}
		if e, there := d.entry(f.Domain); there {
			p.missing(f, e)
			continue
		}
		if d.ignores(f.Domain) {
			p.Ignored = append(p.Ignored, f.Domain)
			continue
		}
		if why := refuse(f); why != "" {
			p.remark(f, why)
			continue
		}
		if slices.Contains(p.Added, f.Domain) {
			continue
		}
		p.Added = append(p.Added, f.Domain)
		if f.Problem != "" {
			p.remark(f, f.Problem)
		}
		if add.entries, err = appendEntry(add.entries, seed, found.From, f); err != nil {
			return Proposal{}, err
		}
		if _, there := d.policies[f.Domain]; !there {
			add.defaults = append(add.defaults, defaultPolicy(f.Domain)...)
		}
	}
	if len(p.Added) == 0 {
		return p, nil
	}
	if p.Document, err = d.with(add); err != nil {
		return Proposal{}, err
	}
	return p, d.verify(p.Document, seed.kind, p.Added)
}

func (p *Proposal) remark(f directory.FoundDomain, text string) {
	p.Remarks = append(p.Remarks, Remark{Domain: f.Domain, Text: text})
}

// alias remarks on a further name of a directory. There is nothing to add for it.
func (p *Proposal) alias(f directory.FoundDomain, d *draft) {
	if f.Problem != "" {
		p.remark(f, f.Problem)
	}
	if d.ignores(f.Domain) {
		p.Ignored = append(p.Ignored, f.Domain)
		return
	}
	if f.Federated {
		p.remark(f, "people with this name sign in elsewhere: their passwords are not this directory's")
	}
	if d.mails() && !d.refusesMail(f.Domain) {
		p.remark(f, "mailboxes in it open with the password that is lost: put it into authenticators.mail.refuse_domains")
	}
}

// missing remarks on domain controllers that the settings do not name. Whether they should is for people to say: there may be a
// reason that they do not.
func (p *Proposal) missing(f directory.FoundDomain, e entry) {
	var hosts []string
	for _, s := range e.servers {
		if u, err := url.Parse(s); err == nil {
			hosts = append(hosts, strings.ToLower(u.Hostname()))
		}
	}
	var missing []string
	for _, s := range f.Servers {
		if !s.ReadOnly && s.URL == "" && !slices.Contains(hosts, s.Host) {
			missing = append(missing, s.Host)
		}
	}
	if len(missing) > 0 && len(hosts) > 0 {
		p.remark(f, "not among its servers in the settings: "+strings.Join(missing, ", "))
	}
}

// refuse says why a domain cannot be taken in. Its name was chosen by others, and goes into the document.
func refuse(f directory.FoundDomain) string {
	switch {
	case f.Unusable:
		return f.Problem
	case !ldapconn.DNSName(f.Domain):
		return "its name is not that of a domain in DNS"
	}
	return ""
}
