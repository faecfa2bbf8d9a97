package mail

import (
	"io"
	"net"
	"strconv"
	"testing"

	"rekey/internal/lab/inbox"
	"rekey/internal/secret"
)

// TestAKeptConnectionNobodyTakesIsClosed: its time passes while nothing else happens.
func TestAKeptConnectionNobodyTakesIsClosed(t *testing.T) {
	in, err := inbox.Start(t.Context(), inbox.Options{})
	if err != nil {
		t.Fatal(err)
	}
	host, port, _ := net.SplitHostPort(in.SMTPAddr())
	number, err := strconv.Atoi(port)
	if err != nil {
		t.Fatal(err)
	}
	c := Config{Host: host, Port: number, Security: Plaintext, From: "noreply@example.com"}.withDefaults()
	r, err := newRelay(c, secret.Resolver(nil))
	if err != nil {
		t.Fatal(err)
	}
	l, _, err := r.take(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	r.keep(l)
	l.expiry.Reset(0)
	_, _ = io.Copy(io.Discard, l.conn) // ends when the connection is closed, by a time-out of this test else
	if again := r.kept(); again != nil {
		t.Error("the connection is still kept")
	}
}
