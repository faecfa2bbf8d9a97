package samba

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"syscall"
)

// address is a loopback address this process alone uses. The ports of LDAP cannot be chosen, so every server gets an
// address instead.
type address struct {
	ip    string
	claim net.Listener
}

// ports are the ones a server cannot do without.
var ports = [...]string{"389", "636"}

// claimAddress takes a free address. The claim is an abstract Unix socket: the kernel drops it with its process, and
// its scope is the network namespace, which is that of loopback addresses too.
func claimAddress(ctx context.Context) (*address, error) {
	const tries = 1000
	start := rand.IntN(250 * 250)
	var err error
	for i := range tries {
		n := (start + i) % (250 * 250)
		ip := fmt.Sprintf("127.77.%d.%d", 1+n/250, 1+n%250)
		var claim net.Listener
		if claim, err = listen(ctx, "unix", "@rekey-lab-"+ip); err != nil {
			continue
		}
		if err = bindable(ctx, ip); err == nil {
			return &address{ip: ip, claim: claim}, nil
		}
		claim.Close()
		if errors.Is(err, os.ErrPermission) {
			return nil, fmt.Errorf("samba needs the ports 389 and 636 of a loopback address: run as root, or once as root: "+
				"sysctl -w net.ipv4.ip_unprivileged_port_start=53: %w", err)
		}
	}
	return nil, fmt.Errorf("no loopback address has the ports 389 and 636 free; another LDAP server may hold them on all addresses: %w", err)
}

func (a *address) release() {
	if a.claim != nil {
		a.claim.Close()
	}
}

// bindable tells whether a server could listen on the address.
func bindable(ctx context.Context, ip string) error {
	for _, port := range ports {
		l, err := listen(ctx, "tcp", net.JoinHostPort(ip, port))
		if err != nil {
			if errors.Is(err, syscall.EACCES) {
				return fmt.Errorf("%w: %w", os.ErrPermission, err)
			}
			return err
		}
		l.Close()
	}
	return nil
}

func listen(ctx context.Context, network, addr string) (net.Listener, error) {
	var lc net.ListenConfig
	return lc.Listen(ctx, network, addr)
}
