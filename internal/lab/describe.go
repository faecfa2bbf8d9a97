package lab

import "rekey/internal/lab/people"

// Description is lab.json. docs/lab.md tells what is in it; names do not change their meaning.
type Description struct {
	Portal      *PortalInfo     `json:"portal,omitempty"`
	Database    *DatabaseInfo   `json:"database,omitempty"`
	Inbox       *InboxInfo      `json:"inbox,omitempty"`
	SMSGateway  *GatewayInfo    `json:"sms_gateway,omitempty"`
	Directories []DirectoryInfo `json:"directories,omitempty"`
	Tenants     []TenantInfo    `json:"tenants,omitempty"`
	People      []Person        `json:"people,omitempty"`
	// Administrators get into the administrators' pages by an invitation, which works once.
	Administrators []Administrator `json:"administrators,omitempty"`
}

// Administrator is one of the people, with a role.
type Administrator struct {
	Role       string `json:"role"`
	SAM        string `json:"sam"`
	Invitation string `json:"invitation"` // URL
}

// PortalInfo is where the portal runs.
type PortalInfo struct {
	URL     string `json:"url"`
	Log     string `json:"log"`
	PID     int    `json:"pid"`
	Metrics string `json:"metrics"`
	Config  string `json:"config"`
	Binary  string `json:"binary"`
}

// DatabaseInfo is the portal's database, or with no portal an empty one.
type DatabaseInfo struct {
	URL string `json:"url"`
}

// InboxInfo is where messages arrive.
type InboxInfo struct {
	URL string `json:"url"`
	API string `json:"api"`
}

// GatewayInfo is where text messages are handed over, imitated; they arrive in the inbox.
type GatewayInfo struct {
	URL string `json:"url"`
	Key string `json:"key"`
}

// DirectoryInfo is one domain.
type DirectoryInfo struct {
	Domain  string   `json:"domain"`
	NetBIOS string   `json:"netbios"`
	URLs    []string `json:"urls"`
	CAFile  string   `json:"ca_file"`
	BaseDN  string   `json:"base_dn"`
	Service Account  `json:"service"`
	Admin   Account  `json:"admin"`
}

// TenantInfo is one Entra tenant, imitated.
type TenantInfo struct {
	Domain       string `json:"domain"`
	ID           string `json:"id"`
	Authority    string `json:"authority"`
	Graph        string `json:"graph"`
	CAFile       string `json:"ca_file"`
	ClientID     string `json:"client_id"`
	ClientSecret string `json:"client_secret"`
}

// Account is who to bind as.
type Account struct {
	DN       string `json:"dn"`
	Password string `json:"password"`
}

// Person is somebody in a directory.
type Person struct {
	SAM      string   `json:"sam"`
	UPN      string   `json:"upn"`
	Domain   string   `json:"domain"`
	Mail     string   `json:"mail"`
	Password string   `json:"password"`
	Groups   []string `json:"groups"`
	State    string   `json:"state"`
	Note     string   `json:"note,omitempty"`
	Methods  Methods  `json:"methods"`
}

func describe(p people.Person, m Methods) Person {
	return Person{
		SAM: p.SAM, UPN: p.UPN(), Domain: p.Domain.Name, Mail: p.Address(), Password: p.Secret(), Groups: append([]string{}, p.Groups...),
		State: string(p.State), Note: p.Note, Methods: m,
	}
}

// Describe tells what runs where.
func (l *Lab) Describe() Description {
	d := Description{People: l.People, Administrators: l.Administrators}
	if l.Cluster != nil {
		d.Database = &DatabaseInfo{l.Cluster.URL("postgres")}
	}
	if l.Portal != nil {
		d.Portal = &PortalInfo{
			URL: l.Portal.URL(), Log: l.Portal.Log(), PID: l.Portal.PID(), Metrics: l.Portal.Metrics(), Config: l.Portal.ConfigFile(), Binary: l.Binary,
		}
		d.Database.URL = l.Portal.Config().Database
	}
	if l.Inbox != nil {
		d.Inbox = &InboxInfo{l.Inbox.URL(), l.Inbox.API()}
	}
	if l.Texts != nil {
		d.SMSGateway = &GatewayInfo{l.Texts.URL(), l.Texts.Key()}
	}
	for _, dom := range l.Domains {
		info := DirectoryInfo{Domain: dom.Name(), NetBIOS: dom.NetBIOS(), URLs: dom.URLs(), CAFile: dom.CAFile(), BaseDN: dom.BaseDN()}
		info.Service.DN, info.Service.Password = dom.Service()
		info.Admin.DN, info.Admin.Password = dom.Admin()
		d.Directories = append(d.Directories, info)
	}
	if t := l.Tenant; t != nil {
		d.Tenants = []TenantInfo{{
			Domain: people.Cloud.Name, ID: t.ID(), Authority: t.Server.Authority(), Graph: t.Server.Graph(), CAFile: t.Server.CAFile(),
			ClientID: t.App.ID(), ClientSecret: t.secret,
		}}
	}
	return d
}
