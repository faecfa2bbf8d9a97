package app

import (
	"strings"
	"testing"

	"rekey/internal/directory"
	"rekey/internal/discovery"
)

// TestNamesCannotWriteToTheTerminal: whoever may name a domain, a site or a server must not move the operator's cursor.
func TestNamesCannotWriteToTheTerminal(t *testing.T) {
	const evil = "x\x1b[2J\r\n\u202ey"
	d := Discovery{
		Found: []directory.Discovered{{From: "corp.example.test", Domains: []directory.FoundDomain{{
			Domain: evil, NetBIOS: evil, Forest: evil, Servers: []directory.FoundServer{{Host: evil, Site: evil, Sources: []directory.ServerSource{directory.FromDNS}}},
		}, {Domain: "sales.example.test", NetBIOS: "SALES", Trust: &directory.Trust{Kind: directory.TrustExternal, Outbound: true, Selective: true}}, {
			Domain: "eu.sales.example.test", Trust: &directory.Trust{Kind: directory.TrustForest, Inbound: true}, Via: evil,
		}, {Domain: "adfs.example.test", Alias: true, Federated: true}, {Domain: "shop.example.test", Alias: true}}}},
		Added: []string{"sales.example.test"}, Ignored: []string{"eu.sales.example.test"}, Remarks: []discovery.Remark{{Domain: evil, Text: evil}}, Diff: "+ x\n",
	}
	var b strings.Builder
	d.Write(&b)
	out := b.String()
	if strings.ContainsAny(out, "\x1b\r\u202e") {
		t.Errorf("%q", out)
	}
	for _, text := range []string{`inbound forest, via "x\x1b[2J`, "ignored", "own name, federated", "not needed", "outbound external, selective", "proposed", `"x\x1b[2J`, "To be accepted:\n\n+ x"} {
		if !strings.Contains(out, text) {
			t.Errorf("no %q in:\n%s", text, out)
		}
	}
}
