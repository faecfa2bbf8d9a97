package samba_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"rekey/internal/lab/ca"
	"rekey/internal/lab/samba"
	"rekey/internal/lab/workdir"
)

func TestSeedIsRestoredQuicklyWithItsStates(t *testing.T) {
	var seed []samba.Change
	for _, state := range []samba.State{samba.Active, samba.Disabled, samba.AccountExpired, samba.PasswordExpired, samba.MustChange, samba.Locked} {
		seed = append(seed, samba.User{SAM: "is-" + string(state), Password: password, State: state})
	}
	// The first makes the template if this is the machine's first time.
	d, err := samba.Start(t.Context(), samba.Spec{Seed: seed})
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	before := processorTime(t)
	if d, err = samba.Start(t.Context(), samba.Spec{Seed: seed}); err != nil {
		t.Fatal(err)
	}
	checkStates(t, d)
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	// Time on the clock would depend on what else the machine does. Provisioning alone takes 3 s.
	if took := processorTime(t) - before; took > 2*time.Second {
		t.Errorf("restoring took %v of a core, want less than 2 s", took)
	}
}

// processorTime is what this process and its children that have ended have used.
func processorTime(t *testing.T) time.Duration {
	t.Helper()
	var sum int64
	for _, who := range []int{syscall.RUSAGE_SELF, syscall.RUSAGE_CHILDREN} {
		var used syscall.Rusage
		if err := syscall.Getrusage(who, &used); err != nil {
			t.Fatal(err)
		}
		sum += used.Utime.Nano() + used.Stime.Nano()
	}
	return time.Duration(sum)
}

func TestTwoDomainsSideBySide(t *testing.T) {
	authority, err := ca.New()
	if err != nil {
		t.Fatal(err)
	}
	corp := start(t, samba.Spec{CA: authority})
	sales := start(t, samba.Spec{Realm: "sales.example.test", CA: authority})
	if sales.NetBIOS() != "SALES" || sales.BaseDN() != "DC=sales,DC=example,DC=test" {
		t.Errorf("second domain is %s, %s", sales.NetBIOS(), sales.BaseDN())
	}
	for _, d := range []*samba.Domain{corp, sales} {
		name, secret := d.Service()
		if err := bind(t, d, 0, name, secret); err != nil {
			t.Errorf("%s: %v", d.Name(), err)
		}
		conn, err := dial(d.URLs()[0], authority.Pool())
		if err != nil {
			t.Fatalf("%s under the common authority: %v", d.Name(), err)
		}
		conn.Close()
	}
}

func TestDNSNamesTheServerAtItsOwnAddress(t *testing.T) {
	d := domain(t)
	resolver := net.Resolver{PreferGo: true, Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
		var dialer net.Dialer
		return dialer.DialContext(ctx, network, net.JoinHostPort(d.DC(0).Address(), "53"))
	}}
	_, found, err := resolver.LookupSRV(t.Context(), "ldap", "tcp", "dc._msdcs."+d.Name())
	if err != nil || len(found) != 1 {
		t.Fatalf("servers in DNS: %v, %v", found, err)
	}
	addrs, err := resolver.LookupHost(t.Context(), found[0].Target)
	if err != nil || len(addrs) != 1 || addrs[0] != d.DC(0).Address() {
		t.Errorf("address of %s = %v, %v, want %s", found[0].Target, addrs, err, d.DC(0).Address())
	}
}

func TestServerFailures(t *testing.T) {
	d := start(t, samba.Spec{})
	name, secret := d.Service()
	again := func(how string) {
		t.Helper()
		if conn, err := dial(d.URLs()[0], d.CAPool()); err == nil {
			conn.Close()
			t.Errorf("%s: still answers", how)
		}
		if err := d.StartAgain(t.Context()); err != nil {
			t.Fatalf("%s: %v", how, err)
		}
		if err := bind(t, d, 0, name, secret); err != nil {
			t.Errorf("%s: %v", how, err)
		}
	}
	d.Stop()
	again("stopped")
	d.Kill()
	again("killed")
	if err := d.Pause(); err != nil {
		t.Fatal(err)
	}
	conn, err := net.Dial("tcp", net.JoinHostPort(d.DC(0).Address(), "389"))
	if err != nil {
		t.Fatalf("a paused server accepts connections: %v", err)
	}
	defer conn.Close()
	if _, err := conn.Write([]byte{0x30, 0x0c, 0x02, 0x01, 0x01, 0x60, 0x07, 0x02, 0x01, 0x03, 0x04, 0x00, 0x80, 0x00}); err != nil {
		t.Fatal(err)
	}
	_ = conn.SetReadDeadline(time.Now().Add(200 * time.Millisecond))
	answer := make([]byte, 1)
	if _, err := conn.Read(answer); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("a paused server answered: %v", err)
	}
	if err := d.Resume(); err != nil {
		t.Fatal(err)
	}
	_ = conn.SetReadDeadline(time.Now().Add(20 * time.Second))
	if _, err := conn.Read(answer); err != nil {
		t.Errorf("a resumed server does not answer: %v", err)
	}
}

func TestPairReplicatesAndSurvivesALoss(t *testing.T) {
	d, err := samba.StartPair(t.Context(), samba.Spec{})
	if err != nil {
		t.Fatal(err)
	}
	closeAtEnd(t, d)
	if len(d.URLs()) != 2 {
		t.Fatalf("URLs = %v, want two", d.URLs())
	}
	u := samba.User{SAM: "traveller", Password: password}
	apply(t, d, u)
	await(t, d)
	step := func(what string, write, read int, secret string) {
		t.Helper()
		if err := reset(asService(t, d, write), d.UserDN(u), secret); err != nil {
			t.Fatalf("%s: reset: %v", what, err)
		}
		await(t, d)
		if err := bind(t, d, read, d.UserDN(u), secret); err != nil {
			t.Errorf("%s: bind: %v", what, err)
		}
	}
	step("first to second", 0, 1, "First-Passw0rd!1")
	step("second to first", 1, 0, "Second-Passw0rd!2")
	d.DC(0).Stop()
	step("first is gone", 1, 1, "Third-Passw0rd!3")
	if err := d.DC(0).StartAgain(t.Context()); err != nil {
		t.Fatal(err)
	}
	await(t, d)
	if err := bind(t, d, 0, d.UserDN(u), "Third-Passw0rd!3"); err != nil {
		t.Errorf("the first server missed what happened while it was gone: %v", err)
	}
}

func await(t *testing.T, d *samba.Domain) {
	t.Helper()
	if err := d.AwaitReplication(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// childTurn tells the process that is to be killed what to start.
const childTurn = "REKEY_SAMBA_CHILD"

// TestChild starts servers and waits to be killed; it does nothing unless TestKilledTestsLeaveNothing started it.
func TestChild(t *testing.T) {
	begin := map[string]func(context.Context, samba.Spec) (*samba.Domain, error){
		"one": samba.Start, "pair": samba.StartPair,
	}[os.Getenv(childTurn)]
	if begin == nil {
		return
	}
	d, err := begin(t.Context(), samba.Spec{})
	if err != nil {
		t.Fatal(err)
	}
	if len(d.URLs()) == 2 { // a frozen server must go too
		if err := d.DC(1).Pause(); err != nil {
			t.Fatal(err)
		}
	}
	fmt.Println(filepath.Dir(d.CAFile()))
	select {}
}

func TestKilledTestsLeaveNothing(t *testing.T) {
	for _, what := range []string{"one", "pair"} {
		t.Run(what, func(t *testing.T) {
			child := exec.Command(os.Args[0], "-test.run=^TestChild$")
			child.Env = append(os.Environ(), childTurn+"="+what)
			out, err := child.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := child.Start(); err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = child.Process.Kill() }) // it has ended, unless the test failed before
			lines := bufio.NewScanner(out)
			if !lines.Scan() || !filepath.IsAbs(lines.Text()) {
				t.Fatalf("the child says %q, want its folder", lines.Text())
			}
			dir := lines.Text()
			if running(t, dir) == 0 {
				t.Fatal("the child has no server")
			}
			if err := child.Process.Kill(); err != nil {
				t.Fatal(err)
			}
			_ = child.Wait() // "killed" is no news
			awaitNone(t, dir)
			sweep(t)
			if _, err := os.Stat(dir); !errors.Is(err, os.ErrNotExist) {
				t.Errorf("folder %s is left: %v", dir, err)
			}
		})
	}
}

// running counts the processes that work in a folder.
func running(t *testing.T, dir string) int {
	t.Helper()
	all, err := filepath.Glob("/proc/[0-9]*/cwd")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, name := range all {
		if cwd, err := os.Readlink(name); err == nil && strings.HasPrefix(cwd, dir+"/") {
			n++
		}
	}
	return n
}

func awaitNone(t *testing.T, dir string) {
	t.Helper()
	late := time.After(10 * time.Second)
	for tick := time.Tick(20 * time.Millisecond); running(t, dir) > 0; {
		select {
		case <-tick:
		case <-late:
			t.Fatalf("%d processes still run", running(t, dir))
		}
	}
}

// sweep does what the next lab does first.
func sweep(t *testing.T) {
	t.Helper()
	next, err := workdir.New("next")
	if err != nil {
		t.Fatal(err)
	}
	if err := next.Close(); err != nil {
		t.Fatal(err)
	}
}
