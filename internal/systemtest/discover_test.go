package systemtest

import (
	"encoding/json"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/net/dns/dnsmessage"

	"rekey/internal/app"
	"rekey/internal/lab"
	"rekey/internal/lab/people"
	"rekey/internal/lab/samba"
	"rekey/internal/whatif"
)

// TestADomainThatIsDiscoveredGetsItsDefaultPolicy: settings know one domain; another one that trusts it is found, proposed, looked through
// and applied. From then on people of the second domain are asked for two ways.
func TestADomainThatIsDiscoveredGetsItsDefaultPolicy(t *testing.T) {
	l := theLab(t)
	corp, sales := l.Domain(people.Corp), l.Domain(people.Sales)
	trust := samba.Object{DN: "CN=" + sales.Name() + ",CN=System," + corp.BaseDN(), Class: "trustedDomain", Attributes: map[string][]string{
		"trustPartner": {sales.Name()}, "flatName": {sales.NetBIOS()}, "trustDirection": {"3"}, "trustType": {"2"}, "trustAttributes": {"8"},
	}}
	if err := corp.Plant(t.Context(), trust); err != nil {
		t.Fatal(err)
	}
	dns := forwarder(t, corp, sales)
	t.Parallel()
	g, err := l.Beside(t.Context(), lab.Beside{Name: "discover", Domains: []*samba.Domain{corp}, Settings: func(document string) string {
		return strings.NewReplacer(
			"      netbios: CORP\n", "      netbios: CORP\n      dns_server: "+dns+"\n",
			"  sales.example.test:\n    name: Everybody at Sales\n    reset: {count: 2}\n", "",
		).Replace(document)
	}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := g.Close(); err != nil {
			t.Error(err)
		}
	})
	if out, err := g.Portal.Command(t.Context(), "explain", "--user", `SALES\sally`); err == nil {
		t.Fatalf("known before: %s", out)
	}
	_, err = g.Portal.Command(t.Context(), "discover") // the error holds what was written, for the exit status is 2
	for _, text := range []string{"exit status 2", "two-way forest", "dc1.sales.example.test", "PDC emulator", "proposed", "+   sales.example.test:\n"} {
		if err == nil || !strings.Contains(err.Error(), text) {
			t.Errorf("no %q: %v", text, err)
		}
	}
	file := filepath.Join(t.TempDir(), "proposed.yaml")
	if out, err := g.Portal.Command(t.Context(), "discover", "--out", file); err != nil {
		t.Fatal(err, out)
	}
	if out, err := g.Portal.Command(t.Context(), "settings", "apply", file, "--reason", "as it is"); err == nil || !strings.Contains(err.Error(), "directories[1].ad: user:") {
		t.Errorf("applied with nothing filled in: %v, %s", err, out)
	}
	fillIn(t, file, sales)
	if out, err := g.Portal.Command(t.Context(), "settings", "apply", file, "--reason", "discovered"); err != nil || out != "Version 2 is in force." {
		t.Fatal(err, out)
	}
	out, err := g.Portal.Command(t.Context(), "explain", "--user", `SALES\sally`, "--json")
	if err != nil {
		t.Fatal(err, out)
	}
	var answers []whatif.Answer
	if err := json.Unmarshal([]byte(out), &answers); err != nil {
		t.Fatal(err)
	}
	if a := answers[0]; len(answers) != 1 || a.Directory != sales.Name() || a.Policy != "Everybody of sales.example.test" || a.Requirement.Count != 2 {
		t.Errorf("%+v", answers)
	}
	out, err = g.Portal.Command(t.Context(), "discover", "--from", corp.Name(), "--json")
	var again app.Discovery
	if jsonErr := json.Unmarshal([]byte(out), &again); err != nil || jsonErr != nil || len(again.Added) > 0 || len(again.Found) != 1 || again.Diff != "" {
		t.Errorf("proposed again: %v, %v, %+v", err, jsonErr, again)
	}
}

// fillIn does what the proposal's comments ask for. The system's DNS does not know the lab, so that the server is named by its address.
func fillIn(t *testing.T, file string, d *samba.Domain) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	user, password := d.Service()
	secret := filepath.Join(t.TempDir(), "password")
	if err := os.WriteFile(secret, []byte(password), 0o600); err != nil {
		t.Fatal(err)
	}
	head, rest, ok := strings.Cut(string(text), "      # user: fill in, and password;")
	_, tail, _ := strings.Cut(rest, "\n")
	if !ok {
		t.Fatalf("nothing says what to fill in:\n%s", text)
	}
	head = strings.Replace(head, "ldaps://dc1."+d.Name(), d.URLs()[0], 1)
	filled := head + "      user: " + user + "\n      password: {file: " + secret + "}\n" + tail
	if err := os.WriteFile(file, []byte(filled), 0o600); err != nil {
		t.Fatal(err)
	}
}

// forwarder is a DNS server that asks that of the domain which a name is in, and gives its address.
func forwarder(t *testing.T, domains ...*samba.Domain) string {
	t.Helper()
	server, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var work sync.WaitGroup
	t.Cleanup(func() {
		server.Close()
		work.Wait()
	})
	work.Go(func() {
		buf := make([]byte, 1<<16)
		for {
			n, from, err := server.ReadFrom(buf)
			if err != nil {
				return // closed
			}
			if answer := forward(buf[:n], domains); answer != nil {
				server.WriteTo(answer, from)
			}
		}
	})
	return server.LocalAddr().String()
}

func forward(question []byte, domains []*samba.Domain) []byte {
	var p dnsmessage.Parser
	if _, err := p.Start(question); err != nil {
		return nil
	}
	q, err := p.Question()
	if err != nil {
		return nil
	}
	to := domains[0]
	for _, d := range domains {
		if strings.HasSuffix(q.Name.String(), "."+d.Name()+".") {
			to = d
		}
	}
	c, err := net.Dial("udp", net.JoinHostPort(to.DC(0).Address(), "53"))
	if err != nil {
		return nil
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(5 * time.Second))
	if _, err := c.Write(question); err != nil {
		return nil
	}
	answer := make([]byte, 1<<16)
	n, err := c.Read(answer)
	if err != nil {
		return nil
	}
	return answer[:n]
}
