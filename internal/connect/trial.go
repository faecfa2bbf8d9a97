package connect

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"rekey/internal/directory"
)

// trial is one run as it goes.
type trial struct {
	service   *Service
	run       Run
	directory directory.Directory
	ends      []directory.Endpoint
	since     time.Time // when the step under way began
}

func (t *trial) steps(ctx context.Context) {
	if !t.network(ctx) || ctx.Err() != nil {
		return
	}
	t.probe(ctx)
	t.servers(ctx)
	t.write(ctx)
}

// tell keeps a step that just ended.
func (t *trial) tell(ctx context.Context, s Step) {
	now := t.service.deps.Now()
	s.Took, t.since = now.Sub(t.since), now
	if s.State == "" {
		s.State = Good
	}
	t.run.Steps = append(t.run.Steps, s)
	within, done := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer done()
	if err := t.service.deps.Store.AddStep(within, t.run.ID, s); err != nil {
		t.service.deps.Log.ErrorContext(ctx, "a step of a test of a directory was not kept", "step", s.Name, "error", err)
	}
}

// network reports whether at least one server was reached whose certificate verified.
func (t *trial) network(ctx context.Context) bool {
	if len(t.ends) == 0 { // through a proxy, or one that is in this process
		return true
	}
	any := false
	for _, e := range t.ends {
		if ctx.Err() != nil {
			return false
		}
		any = t.server(ctx, e) || any
	}
	return any
}

func (t *trial) server(ctx context.Context, e directory.Endpoint) bool {
	addresses, ok := t.resolve(ctx, e)
	if !ok {
		return false
	}
	reached, ok := t.reach(ctx, e, addresses)
	return ok && t.certificate(ctx, e, reached)
}

// resolve looks up every address of a server.
func (t *trial) resolve(ctx context.Context, e directory.Endpoint) ([]netip.AddrPort, bool) {
	step := Step{Name: "resolve " + e.Name, State: Bad, Next: "Look whether the name is right, and whether this machine's DNS server knows it."}
	found, err := t.service.deps.Network.Addresses(ctx, e.Name)
	if err != nil {
		step.Text = "The name has no address: " + err.Error()
		t.tell(ctx, step)
		return nil, false
	}
	_, text, err := net.SplitHostPort(e.Address)
	port, failed := strconv.ParseUint(text, 10, 16)
	if err != nil || failed != nil {
		step.Text, step.Next = "The port is none: "+e.Address, ""
		t.tell(ctx, step)
		return nil, false
	}
	var to []netip.AddrPort
	var texts []string
	for _, a := range found {
		if !business(a) {
			step.Text, step.Next = "The name leads to "+a.String()+", where no directory can be.", "Nothing was connected to. Look who answers for this name in DNS."
			t.tell(ctx, step)
			return nil, false
		}
		to = append(to, netip.AddrPortFrom(a, uint16(port)))
		texts = append(texts, a.String())
	}
	t.tell(ctx, Step{Name: step.Name, Text: strings.Join(texts, ", ")})
	return to, true
}

// reach connects to every address, and gives the first that answers.
func (t *trial) reach(ctx context.Context, e directory.Endpoint, to []netip.AddrPort) (netip.AddrPort, bool) {
	step := Step{Name: "connect " + e.Name, State: Bad}
	var first netip.AddrPort
	var failed []string
	for _, a := range to {
		switch err := t.service.deps.Network.Connect(ctx, a); {
		case err != nil:
			failed = append(failed, a.String()+" "+err.Error())
		case !first.IsValid():
			first = a
		}
	}
	switch {
	case !first.IsValid():
		step.Text = "No address answers: " + strings.Join(failed, "; ")
		step.Next = fmt.Sprintf("Look whether the server runs, and whether a firewall lets the portal's machines through to port %d.", to[0].Port())
	case len(failed) > 0:
		step.State, step.Text = Note, first.String()+" answers, others do not: "+strings.Join(failed, "; ")
		step.Next = "Take addresses of servers that are gone out of DNS: people would wait for them."
	default:
		step.State, step.Text = Good, fmt.Sprintf("%d of %d addresses answer on port %d", len(to), len(to), first.Port())
	}
	t.tell(ctx, step)
	return first, first.IsValid()
}

// certificate shows the chain, and why it is not trusted.
func (t *trial) certificate(ctx context.Context, e directory.Endpoint, to netip.AddrPort) bool {
	chain, err := t.service.deps.Network.Handshake(ctx, to, e)
	step := Step{Name: "certificate " + e.Name, Chain: chain}
	if err == nil {
		step.Text = "Verified for " + e.Name
		t.tell(ctx, step)
		return true
	}
	step.State, step.Text = Bad, err.Error()
	var why *DistrustError
	if !errors.As(err, &why) {
		step.Next = "Look whether the server speaks TLS on this port, and what its log says."
		t.tell(ctx, step)
		return false
	}
	switch why.Why {
	case UnknownCA:
		step.Next = "Compare the fingerprint of the authority with the one that its owner gives you by another way. When it is the same, trust it below."
	case WrongName:
		step.Next = "Name the server as its certificate does, or have the certificate issued for this name, too."
	case Expired:
		step.Next = "Have the server's certificate renewed; look at the clocks of both machines as well."
	}
	t.tell(ctx, step)
	return false
}

// probe takes over what the directory finds about itself.
func (t *trial) probe(ctx context.Context) {
	p, ok := t.directory.(directory.Prober)
	if !ok {
		h := t.directory.Health(ctx)
		t.found(ctx, directory.Finding{Name: "health", OK: h.Readable && h.Writable, Text: h.Detail})
		return
	}
	p.Probe(ctx, func(f directory.Finding) { t.found(ctx, f) })
}

func (t *trial) found(ctx context.Context, f directory.Finding) {
	kind, _, _ := strings.Cut(f.Name, " ")
	if f.OK && len(t.ends) > 0 && (kind == "resolve" || kind == "tls") {
		t.since = t.service.deps.Now() // it was shown already, in more detail
		return
	}
	s := Step{Name: f.Name, Text: f.Text}
	if !f.OK {
		s.State, s.Next = Bad, next(kind)
	}
	t.tell(ctx, s)
}

// next says what to do about what a directory finds wrong, where its own text does not.
func next(kind string) string {
	switch kind {
	case "bind":
		return "Look whether the account's name and password are right, and that it is neither locked nor expired. It is not tried again for a minute, so that it is not locked."
	case "rights", "reset":
		return "Grant the rights with the script that the page Rights shows, for the units whose people are served, and test again."
	case "token":
		return "Look whether tenant, application and secret belong together."
	case "permission", "role":
		return "The page Rights shows the commands that grant it."
	}
	return ""
}

// servers lists the directory's servers as it knows them itself.
func (t *trial) servers(ctx context.Context) {
	d, ok := t.directory.(directory.Discoverer)
	if !ok || t.run.Kind != "ad" {
		return
	}
	within, done := context.WithTimeout(ctx, 20*time.Second)
	defer done()
	told, err := d.Discover(within)
	if err != nil || len(told.Domains) == 0 {
		t.tell(ctx, Step{Name: "servers", State: Note, Text: "The list of domain controllers cannot be read now."})
		return
	}
	var names, missing []string
	for _, s := range told.Domains[0].Servers {
		name := s.Host
		switch {
		case s.PDC:
			name += " (PDC emulator)"
		case s.ReadOnly:
			name += " (read-only)"
		}
		names = append(names, name)
		if s.URL == "" && !s.ReadOnly {
			missing = append(missing, s.Host)
		}
	}
	step := Step{Name: "servers", Text: "The domain has " + strings.Join(names, ", ")}
	if len(missing) > 0 {
		step.State = Note
		step.Next = "Not among the servers here: " + strings.Join(missing, ", ") + ". Name those that may take over when the first is down."
	}
	t.tell(ctx, step)
}
