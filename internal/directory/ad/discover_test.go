package ad_test

import (
	"context"
	"crypto/tls"
	"io"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"rekey/internal/directory"
	"rekey/internal/directory/ad"
	"rekey/internal/lab/ca"
	"rekey/internal/lab/samba"
)

// hostile is what somebody who may name a domain could call it.
const hostile = "evil.test\"'\n  - ad: {domain: owned.test}"

// forest is two domains that know of each other, and what an administrator could have left in the first.
type forest struct {
	corp, sales *samba.Domain // corp has two servers
	names       *names
}

func newForest(t *testing.T) forest {
	t.Helper()
	authority, err := ca.New()
	if err != nil {
		t.Fatal(err)
	}
	f := forest{}
	if f.corp, err = samba.StartPair(t.Context(), samba.Spec{CA: authority}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { closeDomain(t, f.corp) })
	if f.sales, err = samba.Start(t.Context(), samba.Spec{CA: authority, Realm: "sales.example.test"}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { closeDomain(t, f.sales) })
	f.names = &names{zones: map[string]string{f.corp.Name(): f.corp.DC(0).Address(), f.sales.Name(): f.sales.DC(0).Address()}}
	return f
}

func closeDomain(t *testing.T, d *samba.Domain) {
	t.Helper()
	if err := d.Close(); err != nil {
		t.Error(err)
	}
}

// names asks the DNS server of a domain about what is in it. It remembers what it was asked.
type names struct {
	zones map[string]string // domain: address of its server
	fixed map[string]string // host: address
	srv   map[string]string // domain: its only server
	mu    sync.Mutex
	asked []string
}

func (n *names) server(name string) (*net.Resolver, error) {
	n.mu.Lock()
	n.asked = append(n.asked, name)
	n.mu.Unlock()
	name = strings.TrimSuffix(name, ".")
	for zone, server := range n.zones {
		if strings.HasSuffix(name, "."+zone) {
			return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
				return new(net.Dialer).DialContext(ctx, network, net.JoinHostPort(server, "53"))
			}}, nil
		}
	}
	return nil, &net.DNSError{Err: "no such host", Name: name, IsNotFound: true}
}

func (n *names) LookupSRV(ctx context.Context, service, proto, name string) (string, []*net.SRV, error) {
	r, err := n.server(name)
	if err == nil {
		return r.LookupSRV(ctx, service, proto, name)
	}
	if target, ok := n.srv[strings.TrimSuffix(strings.TrimPrefix(name, "dc._msdcs."), ".")]; ok {
		return "", []*net.SRV{{Target: target + ".", Port: 389}}, nil
	}
	return "", nil, err
}

func (n *names) LookupHost(ctx context.Context, host string) ([]string, error) {
	r, err := n.server(host)
	if err == nil {
		return r.LookupHost(ctx, host)
	}
	if address, ok := n.fixed[strings.TrimSuffix(host, ".")]; ok {
		return []string{address}, nil
	}
	return nil, err
}

func (f forest) discover(t *testing.T, change func(*ad.Config)) map[string]directory.FoundDomain {
	t.Helper()
	c := config(f.corp)
	if change != nil {
		change(&c)
	}
	_, password := f.corp.Service()
	with := deps(t, password)
	with.Resolver = f.names
	found, err := opened(t, c, with).Discover(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if found.From != f.corp.Name() || found.Domains[0].Domain != f.corp.Name() {
		t.Errorf("asked %s, which is %s", found.From, found.Domains[0].Domain)
	}
	all := map[string]directory.FoundDomain{}
	for _, d := range found.Domains {
		all[d.Domain] = d
	}
	if len(all) != len(found.Domains) {
		t.Errorf("a domain is told twice: %+v", found.Domains)
	}
	return all
}

func (f forest) trusted(name string, attributes map[string]string) samba.Object {
	o := samba.Object{DN: "CN=" + name + ",CN=System," + f.corp.BaseDN(), Class: "trustedDomain", Attributes: map[string][]string{}}
	for k, v := range attributes {
		o.Attributes[k] = []string{v}
	}
	return o
}

func (f forest) partition(name, root, dns, netbios string) samba.Object {
	return samba.Object{
		DN: "CN=" + name + ",CN=Partitions,CN=Configuration," + f.corp.BaseDN(), Class: "crossRef",
		Attributes: map[string][]string{"nCName": {root}, "dnsRoot": {dns}, "nETBIOSName": {netbios}, "systemFlags": {"3"}},
	}
}

// TestDiscover finds a second server of the domain, a trusted domain with its own DNS, a child domain that does not answer, and names
// that nobody should use.
func TestDiscover(t *testing.T) {
	f := newForest(t)
	site := "CN=Servers,CN=Default-First-Site-Name,CN=Sites,CN=Configuration," + f.corp.BaseDN()
	if err := f.corp.Plant(t.Context(),
		f.trusted("sales.example.test", map[string]string{
			"trustPartner": "Sales.Example.Test", "flatName": "SALES", "trustDirection": "3", "trustType": "2", "trustAttributes": "8",
			"msDS-TrustForestTrustInfo": ad.ForestInfo(ad.ForestRecord(0, 0, "sales.example.test"), ad.ForestRecord(2, 0, "\x01\x00", "eu.sales.example.test", "EU")),
		}),
		f.trusted("liar.example.test", map[string]string{"trustPartner": "liar.example.test", "flatName": "LIAR", "trustDirection": "2", "trustType": "2", "trustAttributes": "20"}),
		f.trusted("REALM.TEST", map[string]string{"trustPartner": "REALM.TEST", "trustDirection": "1", "trustType": "3", "trustAttributes": "1"}),
		f.partition("CHILD", "DC=child,"+f.corp.BaseDN(), "child.corp.example.test", "CHILD"),
		f.partition("EVIL", "DC=evil,"+f.corp.BaseDN(), hostile, "E\"'\nx: y"),
		f.partition("LEFT", "DC=left,"+f.corp.BaseDN(), "right.example.test", "LEFT"),
		samba.Object{DN: "CN=BRANCH," + site, Class: "server", Attributes: map[string][]string{"dNSHostName": {"Branch.Corp.Example.Test"}}},
		samba.Object{DN: "CN=NTDS Settings,CN=BRANCH," + site, Class: "nTDSDSARO", Attributes: map[string][]string{"msDS-hasFullReplicaNCs": {f.corp.BaseDN()}}},
	); err != nil {
		t.Fatal(err)
	}
	f.names.srv = map[string]string{"liar.example.test": "dc1.sales.example.test"}
	all := f.discover(t, func(c *ad.Config) { c.Servers = c.Servers[:1] })

	corp := all["corp.example.test"]
	if corp.NetBIOS != "CORP" || corp.BaseDN != f.corp.BaseDN() || corp.Forest != "corp.example.test" || !corp.SameForest || !corp.Reached || corp.Problem != "" {
		t.Errorf("the domain itself: %+v", corp)
	}
	want := []directory.FoundServer{
		{Host: "branch.corp.example.test", ReadOnly: true, Sources: []directory.ServerSource{directory.FromSites}},
		{Host: "dc1.corp.example.test", PDC: true, URL: f.corp.URLs()[0], Sources: []directory.ServerSource{directory.FromSites, directory.FromItself, directory.FromDNS}},
		{Host: "dc2.corp.example.test", Sources: []directory.ServerSource{directory.FromSites, directory.FromDNS}},
	}
	for i := range want {
		want[i].Site = "Default-First-Site-Name"
		if !want[i].ReadOnly { // which registered no name
			want[i].Port = 389
		}
	}
	if !slices.EqualFunc(corp.Servers, want, same) {
		t.Errorf("its servers: %+v", corp.Servers)
	}

	sales := all["sales.example.test"]
	two := directory.Trust{Kind: directory.TrustForest, Inbound: true, Outbound: true, Transitive: true}
	if sales.NetBIOS != "SALES" || sales.Forest != "sales.example.test" || sales.SameForest || !sales.Reached || sales.Trust == nil || *sales.Trust != two || !sales.Welcomes() {
		t.Errorf("the trusted domain: %+v, trust %+v", sales, sales.Trust)
	}
	if !slices.EqualFunc(sales.Servers, []directory.FoundServer{{
		Host: "dc1.sales.example.test", Port: 389, PDC: true, Sources: []directory.ServerSource{directory.FromDNS, directory.FromItself},
	}}, same) {
		t.Errorf("its servers: %+v", sales.Servers)
	}

	eu := all["eu.sales.example.test"]
	if eu.NetBIOS != "EU" || eu.Forest != "sales.example.test" || eu.Via != "sales.example.test" || eu.Reached || !eu.Welcomes() || !strings.Contains(eu.Problem, "DNS has no domain controllers") {
		t.Errorf("a domain of the trusted forest: %+v, trust %+v", eu, eu.Trust)
	}

	child := all["child.corp.example.test"]
	if child.NetBIOS != "CHILD" || !child.SameForest || child.Reached || len(child.Servers) != 0 ||
		!strings.Contains(child.Problem, "DNS has no domain controllers") || !child.Welcomes() {
		t.Errorf("the child: %+v", child)
	}
	liar := all["liar.example.test"]
	if liar.Reached || !strings.Contains(liar.Problem, "serves another domain") || liar.Trust.Kind != directory.TrustExternal || !liar.Trust.Selective || liar.Welcomes() {
		t.Errorf("a domain whose server is another's: %+v, trust %+v", liar, liar.Trust)
	}
	for name, problem := range map[string]string{
		"realm.test": "not an Active Directory domain", strings.ToLower(hostile): "not that of a domain in DNS", "right.example.test": "not that of its root",
	} {
		if d, ok := all[name]; !ok || !strings.Contains(d.Problem, problem) || len(d.Servers) > 0 {
			t.Errorf("%q: %+v", name, d)
		}
	}
	for _, name := range f.names.asked {
		if strings.ContainsAny(name, "\n\"' ") || strings.Contains(name, "right.") {
			t.Errorf("DNS was asked for %q", name)
		}
	}
	if len(all) != 8 {
		t.Errorf("%d domains", len(all))
	}

	t.Run("down", func(t *testing.T) { testSecondServerTells(t, f) })
}

func same(a, b directory.FoundServer) bool {
	sources := slices.Equal(a.Sources, b.Sources)
	a.Sources, b.Sources = nil, nil
	return sources && a.Host == b.Host && a.Port == b.Port && a.Site == b.Site && a.PDC == b.PDC && a.ReadOnly == b.ReadOnly && a.URL == b.URL
}

// TestAttack33DiscoverySendsNoSecretToOthers: whoever can make a domain trusted, or write to DNS, is not sent the service account's
// password, and has not been reached when nobody vouches for the certificate.
func TestAttack33DiscoverySendsNoSecretToOthers(t *testing.T) {
	const host = "dc1.spy.example.test"
	authority, err := ca.New()
	if err != nil {
		t.Fatal(err)
	}
	stranger, err := ca.New()
	if err != nil {
		t.Fatal(err)
	}
	f := forest{}
	if f.corp, err = samba.Start(t.Context(), samba.Spec{CA: authority}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { closeDomain(t, f.corp) })
	if err := f.corp.Plant(t.Context(),
		f.trusted("spy.example.test", map[string]string{"trustPartner": "spy.example.test", "flatName": "SPY", "trustDirection": "3", "trustType": "2", "trustAttributes": "8"})); err != nil {
		t.Fatal(err)
	}
	f.names = &names{
		zones: map[string]string{f.corp.Name(): f.corp.DC(0).Address()}, srv: map[string]string{"spy.example.test": host},
		fixed: map[string]string{host: "127.78.1.1"},
	}
	said := listen(t, authority, host, "127.78.1.1:636")
	spy := f.discover(t, func(c *ad.Config) { c.ReadTimeout = time.Second })["spy.example.test"]
	_, password := f.corp.Service()
	heard := said()
	if spy.Reached || !strings.Contains(heard, "rootDomainNamingContext") || strings.Contains(heard, password) || strings.Contains(heard, "svc-rekey") {
		t.Errorf("the other server heard %q; %+v", heard, spy)
	}
	f.names.fixed[host] = "127.78.1.2"
	said = listen(t, stranger, host, "127.78.1.2:636")
	spy = f.discover(t, nil)["spy.example.test"]
	if heard := said(); spy.Reached || heard != "" || !strings.Contains(spy.Problem, "certificate") {
		t.Errorf("the server of another authority heard %q; %+v", heard, spy)
	}
}

// listen takes one connection, never answers, and gives what was said.
func listen(t *testing.T, authority *ca.CA, host, address string) func() string {
	t.Helper()
	cert, key, err := authority.Issue(ca.Leaf{Names: []string{host}, NotAfter: time.Now().Add(time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	pair, err := tls.X509KeyPair(cert, key)
	if err != nil {
		t.Fatal(err)
	}
	l, err := tls.Listen("tcp", address, &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12})
	if err != nil {
		t.Fatal(err)
	}
	heard := make(chan string, 1)
	go func() {
		defer close(heard)
		c, err := l.Accept()
		if err != nil {
			return
		}
		defer c.Close()
		all, _ := io.ReadAll(c) // until the other side hangs up, however it does
		heard <- string(all)
	}()
	return func() string {
		l.Close()
		return <-heard
	}
}

// testSecondServerTells: what the first server would say the second knows too, but for what was planted.
func testSecondServerTells(t *testing.T, f forest) {
	f.corp.DC(0).Stop()
	c := config(f.corp)
	_, password := f.corp.Service()
	with := deps(t, password)
	f.names.zones[f.corp.Name()] = f.corp.DC(1).Address()
	with.Resolver = f.names
	found, err := opened(t, c, with).Discover(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	own := found.Domains[0]
	own.Servers = slices.DeleteFunc(own.Servers, func(s directory.FoundServer) bool { return s.ReadOnly }) // planted: the second hears of it some time
	if len(own.Servers) != 2 || !own.Servers[0].PDC || own.Servers[0].URL != "" || own.Servers[1].URL != f.corp.URLs()[1] || !strings.Contains(own.Problem, "refused") {
		t.Errorf("%+v", own)
	}
	f.corp.Stop()
	if _, err := opened(t, c, with).Discover(t.Context()); err == nil || !strings.Contains(err.Error(), directory.ErrUnavailable.Error()) {
		t.Errorf("with nobody there: %v", err)
	}
}
