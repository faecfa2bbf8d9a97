package browser

import (
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
)

// Serve serves pages until the test ends and gives their origin, http://localhost:PORT, where passkeys work.
func Serve(t testing.TB, pages http.Handler) string {
	t.Helper()
	server := httptest.NewServer(pages)
	t.Cleanup(server.Close)
	_, port, err := net.SplitHostPort(server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	return "http://localhost:" + port
}
