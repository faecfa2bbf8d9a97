package server_test

import (
	"net/http"
	"strings"
	"testing"

	"rekey/internal/server"
	"rekey/internal/server/servertest"
)

// TestAttack07GuardsHold: without what the guard asks for, and with one that opens nothing, a route shows and does nothing.
func TestAttack07GuardsHold(t *testing.T) {
	p := servertest.New(t)
	fill := strings.NewReplacer("{id}", "x", "{token}", "x.y", "{action}", "reset")
	forged := []*http.Cookie{{Name: "__Host-session", Value: "forged"}, {Name: "__Host-flow", Value: "forged"}, {Name: "session", Value: "forged"}}
	home := map[server.Guard]string{server.Session: "/account", server.Flow: "/flow"}
	for _, a := range p.Areas {
		for _, r := range a.Routes() {
			if r.Guard == server.Public {
				continue
			}
			for _, cookies := range [][]*http.Cookie{nil, forged} {
				resp := p.Send(r.Method, fill.Replace(r.Pattern), nil, cookies...)
				_ = resp.Body.Close()
				at := resp.Header.Get("Location")
				switch {
				case resp.StatusCode == http.StatusNotFound: // no session, no flow, no such link
				case resp.StatusCode == http.StatusSeeOther && (at == home[r.Guard] || at == "/account/signed-out"):
				case r.Guard == server.Return && (at == "/flow" || resp.StatusCode == http.StatusUnprocessableEntity): // nothing was asked
				case resp.StatusCode == http.StatusOK && r.Pattern == home[r.Guard]: // the sign-in, the page that says it is over
				default:
					t.Errorf("%s %s: status %d, leads to %q", r.Method, r.Pattern, resp.StatusCode, at)
				}
			}
		}
	}
	if recorded := p.Audit(t); len(recorded) != 0 {
		t.Errorf("recorded %v", recorded)
	}
}
