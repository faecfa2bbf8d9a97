package ad_test

import (
	"net"
	"testing"
	"time"

	"rekey/internal/directory"
	"rekey/internal/directory/ad"
	"rekey/internal/directory/directorytest"
	"rekey/internal/lab/ldaptap"
	"rekey/internal/lab/samba"
)

func TestConformance(t *testing.T) {
	d := domain(t)
	directorytest.Run(t, directorytest.Fixture{
		Directory: open(t, d, nil), NetBIOS: d.NetBIOS(), Peer: newPeer(d), Limit: 15 * time.Second,
		Broken: func(t testing.TB, how directorytest.Failure) directory.Directory {
			return open(t, d, func(c *ad.Config) {
				c.WriteTimeout = 3 * time.Second
				if how == directorytest.Down || how == directorytest.Silent {
					c.ConnectTimeout = 300 * time.Millisecond
				}
				switch how {
				case directorytest.Down:
					c.Servers = []string{"ldaps://" + listener(t, true)}
				case directorytest.Silent:
					c.Servers = []string{"ldaps://" + listener(t, false)}
				default:
					lossy(t, c, how == directorytest.LostWritten)
				}
			})
		},
	})
}

// listener gives an address where nobody answers: connections are refused, or accepted by the kernel alone.
func listener(t testing.TB, refuse bool) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	if refuse {
		_ = l.Close()
	}
	return l.Addr().String()
}

// newTap starts a tap in front of a server, gone with the test.
func newTap(t testing.TB, d *samba.Domain, url string) *ldaptap.Tap {
	t.Helper()
	p, err := ldaptap.Start(url, d.CAPool(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	return p
}

// through points a configuration to a tap.
func through(p *ldaptap.Tap) func(*ad.Config) {
	return func(c *ad.Config) { c.Servers, c.CAFile = []string{p.URL()}, p.CAFile() }
}

// lossy puts a tap in the way that dies at the next write, after or before the server hears of it.
func lossy(t testing.TB, c *ad.Config, written bool) {
	t.Helper()
	p := newTap(t, domain(t), c.Servers[0])
	through(p)(c)
	p.On(func(send, await func()) {
		if written {
			send()
			await()
		}
		p.Kill()
	})
}
