package openldap_test

import (
	"net"
	"testing"
	"time"

	"rekey/internal/directory"
	"rekey/internal/directory/directorytest"
	"rekey/internal/directory/openldap"
	"rekey/internal/lab/ldaptap"
	"rekey/internal/lab/slapd"
)

func TestConformance(t *testing.T) {
	t.Parallel()
	conform(t, server(t), func(*openldap.Config) {})
}

// TestConformanceOfModify: userPassword is replaced, and the connection begins in the clear.
func TestConformanceOfModify(t *testing.T) {
	t.Parallel()
	s, err := slapd.Start(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	conform(t, s, func(c *openldap.Config) { c.Servers, c.PasswordWrite = []string{s.PlainURL()}, "modify" })
}

func conform(t *testing.T, s *slapd.Server, as func(*openldap.Config)) {
	directorytest.Run(t, directorytest.Fixture{
		Directory: open(t, s, as), Peer: newPeer(s), Limit: 15 * time.Second,
		Differs: directorytest.Differences{NoWindowsNames: true, NoComplexity: true, ResetUnlocks: true, Unjudged: true},
		Broken: func(t testing.TB, how directorytest.Failure) directory.Directory {
			return open(t, s, func(c *openldap.Config) {
				as(c)
				c.WriteTimeout = 3 * time.Second
				switch how {
				case directorytest.Down:
					c.Servers, c.ConnectTimeout = []string{"ldaps://" + listener(t, true)}, 300*time.Millisecond
				case directorytest.Silent:
					c.Servers, c.ConnectTimeout = []string{"ldaps://" + listener(t, false)}, 300*time.Millisecond
				default:
					lossy(t, s, c, how == directorytest.LostWritten)
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
func newTap(t testing.TB, s *slapd.Server) *ldaptap.Tap {
	t.Helper()
	p, err := ldaptap.Start(s.URL(), s.CAPool(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	return p
}

// through points a configuration to a tap.
func through(p *ldaptap.Tap) func(*openldap.Config) {
	return func(c *openldap.Config) { c.Servers, c.CAFile = []string{p.URL()}, p.CAFile() }
}

// lossy puts a tap in the way that dies at the next write, after or before the server hears of it.
func lossy(t testing.TB, s *slapd.Server, c *openldap.Config, written bool) {
	t.Helper()
	p := newTap(t, s)
	through(p)(c)
	p.On(func(send, await func()) {
		if written {
			send()
			await()
		}
		p.Kill()
	})
}
