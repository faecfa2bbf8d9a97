package discovery_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"

	"rekey/internal/directory"
	"rekey/internal/discovery"
	"rekey/internal/settings"
)

const small = `# ours
brand: {name: Help}

directories:
  # the first
  - ad:
      domain: corp.example.test   # its name
      servers: [ldaps://dc1.corp.example.test]
      ca_file: /etc/rekey/corp-ca.pem
      user: CORP\svc-rekey
      password: {file: /etc/rekey/corp-password}

# what else
policies: []

defaults:
  corp.example.test:
    name: Staff
    reset: {count: 2}

# how mail leaves
mail:
  host: mail.example.test
`

func twoWay() *directory.Trust {
	return &directory.Trust{Kind: directory.TrustForest, Inbound: true, Outbound: true, Transitive: true}
}

func sales() directory.FoundDomain {
	return directory.FoundDomain{
		Domain: "sales.example.test", NetBIOS: "SALES", Trust: twoWay(), Reached: true,
		Servers: []directory.FoundServer{
			{Host: "dc1.sales.example.test"}, {Host: "dc2.sales.example.test", PDC: true}, {Host: "branch.sales.example.test", ReadOnly: true},
		},
	}
}

func found(domains ...directory.FoundDomain) directory.Discovered {
	own := directory.FoundDomain{
		Domain: "corp.example.test", NetBIOS: "CORP", SameForest: true, Reached: true, Servers: []directory.FoundServer{{Host: "dc1.corp.example.test"}},
	}
	return directory.Discovered{From: "corp.example.test", Domains: append([]directory.FoundDomain{own}, domains...)}
}

func propose(t testing.TB, document string, d directory.Discovered) discovery.Proposal {
	t.Helper()
	p, err := discovery.Propose(document, d)
	if err != nil {
		t.Fatalf("%v\n%s", err, document)
	}
	return p
}

func TestADomainIsAddedWithItsDefaultPolicy(t *testing.T) {
	p := propose(t, small, found(sales()))
	want := strings.Replace(small, "\n# what else", `  - ad:
      # Found from corp.example.test: two-way forest trust. Look at it before it is applied.
      domain: sales.example.test
      netbios: SALES
      servers: [ldaps://dc2.sales.example.test, ldaps://dc1.sales.example.test]
      ca_file: /etc/rekey/corp-ca.pem
      # The password goes to these servers. Its account needs the same rights here; `+"`rekey doctor`"+` checks them.
      user: CORP\svc-rekey
      password: {file: /etc/rekey/corp-password}

# what else`, 1)
	want = strings.Replace(want, "\n# how mail", `  sales.example.test:
    name: Everybody of sales.example.test
    reset: {count: 2}

# how mail`, 1)
	if p.Document != want {
		t.Errorf("got:\n%s", settings.Diff(want, p.Document))
	}
	if !slices.Equal(p.Added, []string{"sales.example.test"}) || len(p.Remarks) != 0 {
		t.Errorf("%+v", p)
	}
	again := propose(t, p.Document, found(sales()))
	if again.Document != p.Document || len(again.Added) > 0 || len(again.Remarks) > 0 {
		t.Errorf("proposed again: %+v", again)
	}
}

// TestWhatIsNotKnownIsLeftToFillIn: such settings are not applied before somebody did.
func TestWhatIsNotKnownIsLeftToFillIn(t *testing.T) {
	child := directory.FoundDomain{Domain: "child.corp.example.test", SameForest: true, Problem: "no server of it is known"}
	oneWay, selective, stranger := sales(), sales(), sales()
	oneWay.Trust = &directory.Trust{Kind: directory.TrustExternal, Outbound: true}
	selective.Trust.Selective = true
	stranger.Trust = nil
	byDN := strings.Replace(small, `CORP\svc-rekey`, "CN=svc-rekey,DC=corp,DC=example,DC=test", 1)
	for name, c := range map[string]struct {
		document string
		domain   directory.FoundDomain
		has      []string
		hasNot   []string
	}{
		"no server":          {small, child, []string{"# servers: fill in", "# ca_file: fill in", `user: CORP\svc-rekey`}, []string{" servers:\n", "netbios"}},
		"outbound trust":     {small, oneWay, []string{"outbound external trust", "# user: fill in a service account of sales.example.test"}, []string{"password:"}},
		"selective":          {small, selective, []string{"# user: fill in a service account"}, []string{"password:"}},
		"no trust":           {small, stranger, []string{"not trusted", "# user: fill in a service account"}, []string{"password:"}},
		"an account by DN":   {byDN, sales(), []string{"# user: fill in, and password; that of corp.example.test would do"}, []string{"CN=svc-rekey"}},
		"system's authority": {strings.Replace(small, "      ca_file: /etc/rekey/corp-ca.pem\n", "", 1), sales(), []string{"password: {file"}, []string{"ca_file"}},
	} {
		p := propose(t, c.document, found(c.domain))
		added := settings.Diff(c.document, p.Document)
		added = added[strings.Index(added, "+ "):]
		added, _, _ = strings.Cut(added, "…")
		for _, text := range c.has {
			if !strings.Contains(added, text) {
				t.Errorf("%s: no %q in:\n%s", name, text, added)
			}
		}
		for _, text := range c.hasNot {
			for line := range strings.Lines(added) {
				if strings.HasPrefix(line, "+") && strings.Contains(line, text) {
					t.Errorf("%s: %q in:\n%s", name, text, added)
				}
			}
		}
	}
	if p := propose(t, small, found(child)); len(p.Remarks) != 1 || p.Remarks[0].Text != child.Problem {
		t.Errorf("remarks: %+v", p.Remarks)
	}
}

func TestADomainThatIsThereStaysAsItIs(t *testing.T) {
	third := sales()
	third.Servers = append(third.Servers, directory.FoundServer{Host: "dc3.sales.example.test"}, directory.FoundServer{Host: "dc4.sales.example.test", URL: "ldaps://10.0.0.4"})
	for _, spelled := range []string{
		"  - ad: {domain: sales.example.test, servers: ['ldaps://DC1.sales.example.test', 'ldaps://dc2.sales.example.test:636']}\n",
		"  - ad:\n      domain: \"Sales.EXAMPLE.test\"\n      servers:\n        - ldaps://dc1.sales.example.test # one\n        - ldaps://dc2.sales.example.test/\n",
		"  - 'ad':\n      'domain': >-\n        sales.example.test\n      servers: [ldaps://dc1.sales.example.test, ldaps://dc2.sales.example.test]\n",
		"  - ldap:\n      domain: ' sales.example.test. '\n      servers: [ldaps://dc1.sales.example.test, ldap://dc2.sales.example.test]\n",
	} {
		document := strings.Replace(small, "\n# what else", spelled+"\n# what else", 1)
		p := propose(t, document, found(third))
		if p.Document != document || len(p.Added) > 0 {
			t.Errorf("%s: %s", spelled, settings.Diff(document, p.Document))
		}
		if len(p.Remarks) != 1 || p.Remarks[0].Domain != "sales.example.test" || p.Remarks[0].Text != "not among its servers in the settings: dc3.sales.example.test" {
			t.Errorf("%s: remarks %+v", spelled, p.Remarks)
		}
	}
}

// TestARefusedDomainIsNotOfferedAgain, under any spelling; one that is in the settings is looked after all the same.
func TestARefusedDomainIsNotOfferedAgain(t *testing.T) {
	child, realm := sales(), directory.FoundDomain{Domain: "REALM.TEST", Unusable: true, Problem: "it is not an Active Directory domain"}
	child.Domain, child.Via = "eu.sales.example.test", "sales.example.test"
	document := small + "discovery:\n  ignore: [Sales.Example.test., corp.example.test, REALM.test]\n"
	moved := found(sales(), child, realm)
	moved.Domains[0].Servers = append(moved.Domains[0].Servers, directory.FoundServer{Host: "dc2.corp.example.test"})
	p := propose(t, document, moved)
	if !slices.Equal(p.Added, []string{"eu.sales.example.test"}) || !slices.Equal(p.Ignored, []string{"sales.example.test", "REALM.TEST"}) {
		t.Errorf("%+v", p)
	}
	if !strings.Contains(p.Document, "# Found from corp.example.test: two-way forest trust with sales.example.test. Look") || !strings.HasPrefix(p.Document, small[:strings.Index(small, "\n# what else")]) {
		t.Errorf("%s", p.Document)
	}
	if len(p.Remarks) != 1 || p.Remarks[0].Text != "not among its servers in the settings: dc2.corp.example.test" {
		t.Errorf("remarks: %+v", p.Remarks)
	}
}

// TestNamesOfATenantAreNoDirectories: nothing is added for them; what is said is where codes by mail would go, and what cannot be known.
func TestNamesOfATenantAreNoDirectories(t *testing.T) {
	const tenant = "contoso.onmicrosoft.example"
	document := strings.Replace(small, "\n# what else", "  - entra: {domain: "+tenant+", tenant: x}\n\nauthenticators:\n  mail: {refuse_domains: [CONTOSO.example]}\n\ndiscovery: {ignore: [old.example]}\n\n# what else", 1)
	name := func(domain string) directory.FoundDomain {
		return directory.FoundDomain{Domain: domain, Alias: true, Reached: true}
	}
	adfs := name("adfs.example")
	adfs.Federated = true
	own := name(tenant)
	d := directory.Discovered{From: tenant, Domains: []directory.FoundDomain{own, adfs, name("contoso.example"), name("old.example"), name("corp.example.test")}}
	p := propose(t, document, d)
	if p.Document != document || len(p.Added) > 0 || !slices.Equal(p.Ignored, []string{"old.example"}) {
		t.Errorf("%+v", p)
	}
	var said []string
	for _, r := range p.Remarks {
		said = append(said, r.Domain+": "+r.Text[:strings.Index(r.Text, ":")])
	}
	const mailboxes = ": mailboxes in it open with the password that is lost"
	if want := []string{tenant + mailboxes, "adfs.example: people with this name sign in elsewhere", "adfs.example" + mailboxes, "corp.example.test" + mailboxes}; !slices.Equal(said, want) {
		t.Errorf("remarks %q, want %q", said, want)
	}
	own.Problem = "the application lacks a permission"
	p = propose(t, strings.Replace(document, "  mail: {refuse_domains: [CONTOSO.example]}", "  totp: {}", 1), directory.Discovered{From: tenant, Domains: []directory.FoundDomain{own, adfs}})
	if len(p.Remarks) != 2 || p.Remarks[0].Text != own.Problem {
		t.Errorf("without codes by mail: %+v", p.Remarks)
	}
}

// forms are documents as people write them.
func forms(t testing.TB) map[string]string {
	t.Helper()
	example, err := os.ReadFile(filepath.Join("..", "..", "configs", "settings.example.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	cut := func(from, to string) string {
		a := strings.Index(small, from)
		return small[:a] + to + small[strings.Index(small, "\n# how mail"):]
	}
	return map[string]string{
		"the example":           strings.ReplaceAll(string(example), "corp.example.com", "corp.example.test"),
		"no defaults":           cut("\ndefaults:", ""),
		"nothing in defaults":   cut("\ndefaults:", "\ndefaults:\n"),
		"no policies":           cut("\n# what else", ""),
		"defaults first":        "defaults:\n    corp.example.test:\n        name: x\n        reset: {count: 2}\n" + cut("\ndefaults:", ""),
		"dashes at the margin":  strings.NewReplacer("\n  - ad", "\n- ad", "\n      ", "\n    ").Replace(small),
		"the default is there":  strings.Replace(small, "defaults:\n", "defaults:\n  sales.example.test: {name: S, reset: {count: 3}}\n", 1),
		"line ends of Windows":  strings.ReplaceAll(small, "\n", "\r\n"),
		"no line end":           small[:strings.Index(small, "\n\n# what else")],
		"comments behind":       strings.Replace(small, "\n# what else", "      # the end\n\n  # of the list\n # neither\n\n# what else", 1),
		"a text of many lines":  strings.Replace(small, "/etc/rekey/corp-password}\n", "/x}\n      base_dn: |\n        DC=x\n        # no comment\n\n", 1),
		"a document's marks":    "---\n" + strings.Replace(small, "\n# how mail leaves\nmail:\n  host: mail.example.test\n", "...\n", 1),
		"all further in":        "  " + strings.ReplaceAll(strings.TrimSuffix(small, "\n"), "\n", "\n  ") + "\n",
		"an anchor at the list": strings.Replace(small, "directories:", "directories: &d", 1),
	}
}

// TestOnlyLinesAreAdded to documents of many forms.
func TestOnlyLinesAreAdded(t *testing.T) {
	for name, document := range forms(t) {
		p := propose(t, document, found(sales()))
		at := 0
		after := strings.SplitAfter(p.Document, "\n")
		for _, line := range strings.SplitAfter(document, "\n") {
			next := slices.IndexFunc(after[at:], func(l string) bool { return strings.TrimRight(l, "\n") == strings.TrimRight(line, "\n") })
			if next < 0 {
				t.Errorf("%s: %q is gone:\n%s", name, line, p.Document)
				break
			}
			at += next + 1
		}
		var d struct {
			Directories []map[string]struct{ Domain string }
			Defaults    map[string]struct{ Reset struct{ Count int } }
		}
		if err := yaml.Unmarshal([]byte(p.Document), &d); err != nil {
			t.Fatal(name, err)
		}
		if d.Directories[len(d.Directories)-1]["ad"].Domain != "sales.example.test" || d.Defaults["sales.example.test"].Reset.Count < 2 {
			t.Errorf("%s:\n%s", name, p.Document)
		}
		if strings.Contains(document, "\r") && strings.Count(p.Document, "\n") != strings.Count(p.Document, "\r\n") {
			t.Errorf("%s: mixed line ends", name)
		}
	}
}

// TestFormsThatCannotBeAddedTo are refused: rewriting would lose what people wrote there.
func TestFormsThatCannotBeAddedTo(t *testing.T) {
	for name, document := range map[string]string{
		"brackets":        "directories: [{ad: {domain: corp.example.test}}]\n",
		"all in braces":   "{directories: [{ad: {domain: corp.example.test}}]}\n",
		"defaults braces": strings.Replace(small, "defaults:\n  corp.example.test:\n    name: Staff\n    reset: {count: 2}\n", "defaults: {corp.example.test: {name: S, reset: {count: 2}}}\n", 1),
		"another seed":    strings.Replace(small, "domain: corp", "domain: other", 1),
		"not settings":    "colour: red\n",
		"broken":          "directories: [\n",
		"nothing":         "",
		"a control code":  strings.Replace(small, "/etc/rekey/corp-ca.pem", `"/etc/\u0007"`, 1),
	} {
		if p, err := discovery.Propose(document, found(sales())); err == nil {
			t.Errorf("%s: %s", name, p.Document)
		}
	}
}

// TestAttack30NamesCannotWriteSettings: whoever may name a domain, a server or a forest must not be able to write into the document.
func TestAttack30NamesCannotWriteSettings(t *testing.T) {
	const hostile = "evil.test\"'\n  - ad: {domain: owned.test}"
	evil := sales()
	evil.Domain = hostile
	for _, f := range []directory.FoundDomain{evil, {Domain: "evil.test: {a: b}"}, {Domain: "evil.test #"}, {Domain: "*a.b"}, {Domain: ""}, {Domain: "EVIL.test"}} {
		p := propose(t, small, found(f))
		if p.Document != small || len(p.Remarks) != 1 {
			t.Errorf("%q: %+v\n%s", f.Domain, p.Remarks, p.Document)
		}
	}
	evil = sales()
	evil.NetBIOS, evil.Forest, evil.Trust.Kind, evil.Problem = "E\"\nx: y", hostile, directory.TrustForest, hostile
	evil.Servers = append(evil.Servers, directory.FoundServer{Host: "dc.evil.test]\n  - ad: {domain: owned.test}", PDC: true}, directory.FoundServer{Host: "a,ldaps://b"})
	p := propose(t, small, found(evil))
	if strings.Contains(p.Document, "owned") || strings.Contains(p.Document, "netbios") || strings.Contains(p.Document, "a,ldaps") || !strings.Contains(p.Document, "dc2.sales") {
		t.Errorf("%s", p.Document)
	}
	for netbios, want := range map[string]string{"NO": "'NO'", "123": "'123'", "1E5": "'1E5'", "R&D": "", "NULL": "'NULL'", "A-1_b": "A-1_b"} {
		f := sales()
		f.NetBIOS = netbios
		got := propose(t, small, found(f)).Document
		if want != "" && !strings.Contains(got, "netbios: "+want+"\n") || want == "" && strings.Contains(got, "netbios") {
			t.Errorf("%s: %s", netbios, got)
		}
	}
}

// TestAttack33WhoeverWritesToDNSGetsNoPassword: a server under a name of somebody else's is proposed when the directory itself has it.
func TestAttack33WhoeverWritesToDNSGetsNoPassword(t *testing.T) {
	f := sales()
	f.Servers = []directory.FoundServer{
		{Host: "dc1.attacker.test", PDC: true, Sources: []directory.ServerSource{directory.FromDNS, directory.FromItself}},
		{Host: "dc1.notsales.example.test", Sources: []directory.ServerSource{directory.FromDNS}},
		{Host: "xsales.example.test", Sources: []directory.ServerSource{directory.FromDNS}},
		{Host: "dc2.hosting.test", Sources: []directory.ServerSource{directory.FromSites}},
	}
	got := propose(t, small, found(f)).Document
	if !strings.Contains(got, "servers: [ldaps://dc2.hosting.test]\n") {
		t.Errorf("%s", got)
	}
}

// FuzzPropose: whatever is there and whatever was found, lines are only added, and what the document said it still says.
func FuzzPropose(f *testing.F) {
	for _, document := range forms(f) {
		f.Add(document, "sales.example.test", "SALES", "dc1.sales.example.test", "two words", uint8(3))
	}
	f.Add(strings.ReplaceAll(small, "\n", "\r\n"), "1.2", "NO", "a.b", "\n", uint8(1))
	f.Add("directories:\n- ad: &a\n   domain: corp.example.test\n   user: |\n    x@y\n\n...\n", "no.on", "1", "1e3.e", "", uint8(7))
	f.Add("directories:\n - ad: {domain: corp.example.test, user: 'a''\\b@c'}\ndefaults:\n", "a.b\n- c: d", "\"", "]", "#", uint8(0))
	f.Fuzz(func(t *testing.T, document, domain, netbios, host, problem string, bits uint8) {
		d := found(directory.FoundDomain{
			Domain: domain, NetBIOS: netbios, Forest: problem, SameForest: bits&1 != 0, Reached: bits&2 != 0, Problem: problem,
			Servers: []directory.FoundServer{{Host: host, PDC: bits&4 != 0}, {Host: "dc1." + domain, Site: problem}},
		})
		p, err := discovery.Propose(document, d)
		if err != nil {
			return
		}
		if _, err := settings.Parse("x", []byte(p.Document)); err != nil {
			t.Fatalf("%v:\n%s", err, p.Document)
		}
		for line := range strings.Lines(settings.Diff(document, p.Document)) {
			if strings.HasPrefix(line, "- ") && strings.HasSuffix(document, "\n") {
				t.Fatalf("%q was taken out:\n%s", line, p.Document)
			}
		}
		for _, word := range []string{problem, netbios, host} {
			if strings.Contains(word, "\n") && strings.Contains(p.Document, word) && !strings.Contains(document, word) {
				t.Fatalf("%q was written:\n%s", word, p.Document)
			}
		}
		if again, err := discovery.Propose(p.Document, d); err != nil || again.Document != p.Document || len(again.Added) > 0 {
			t.Fatalf("again: %+v, %v", again, err)
		}
	})
}
