// Package graphtest asks a tenant whether it behaves as documented. It is asked of the emulator in every test run; it can be asked of
// a real tenant too (docs/lab-graph.md says how), and is how the emulator is kept honest.
package graphtest

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

// Target is the tenant that is asked, and who in it may be used. The application has the permissions and the role that
// docs/lab-graph.md lists.
type Target struct {
	Authority, Graph           string // base URLs without a slash at the end
	Tenant, ClientID, Secret   string
	Domain                     string // a managed domain of the tenant
	Client                     *http.Client
	Person                     string // id of a cloud-only person, who is only read and has no manager
	Throwaway                  string // id of a cloud-only person without a role, whose password will be overwritten; empty: not asked
	Administrator              string // id of somebody beyond the application's role; nothing is written; empty: not asked
	Synced                     string // id of a synchronized person, whose cloud password will be overwritten; empty: not asked
	ThrowawayGiven, WeakBanned string // Throwaway's given name of four letters or more; a password that a banned word makes too weak
}

// need is who a fact needs besides Person.
type need int

const (
	nobody need = iota
	throwaway
	administrator
	synced
)

// fact is one thing that is documented or was observed.
type fact struct {
	name string
	need need
	hold func(*asker)
}

// Run asks for every fact that the target has somebody for, and logs the others.
func Run(t *testing.T, target Target) {
	a := &asker{T: t, Target: target}
	a.token = a.accessToken()
	has := map[need]bool{nobody: true, throwaway: target.Throwaway != "", administrator: target.Administrator != "", synced: target.Synced != ""}
	for _, list := range [][]fact{tokenFacts, readFacts, memberFacts, deltaFacts, refusalFacts, writeFacts} {
		for _, f := range list {
			if !has[f.need] {
				t.Logf("not asked, nobody is named for it: %s", f.name)
				continue
			}
			t.Run(f.name, func(t *testing.T) { f.hold(&asker{T: t, Target: target, token: a.token}) })
		}
	}
}

// asker makes requests and remembers who asks.
type asker struct {
	*testing.T
	Target
	token string
}

// got is an answer.
type got struct {
	status int
	header http.Header
	body   map[string]any
}

func (g got) text(path ...string) string {
	at := g.body
	for _, name := range path[:len(path)-1] {
		at, _ = at[name].(map[string]any)
	}
	text, _ := at[path[len(path)-1]].(string)
	return text
}

func (g got) list() []any {
	list, _ := g.body["value"].([]any)
	return list
}

// is fails the fact unless the answer has this status and, if code is not empty, this code.
func (a *asker) is(g got, status int, code string) {
	a.Helper()
	if g.status != status || code != "" && g.text("error", "code") != code {
		a.Errorf("%d %v, want %d %s", g.status, g.body, status, code)
	}
}

func (a *asker) get(path string, headers ...string) got {
	a.Helper()
	return a.graph(http.MethodGet, path, nil, headers...)
}

// graph makes a request with the token. Headers come in pairs; a relative path begins after the version.
func (a *asker) graph(method, path string, body any, headers ...string) got {
	a.Helper()
	if !strings.HasPrefix(path, "https://") {
		path = a.Graph + "/v1.0" + path
	}
	var in io.Reader
	if body != nil {
		raw, err := json.Marshal(body)
		if err != nil {
			a.Fatal(err)
		}
		in = bytes.NewReader(raw)
	}
	return a.do(method, path, in, append([]string{"Authorization", "Bearer " + a.token, "Content-Type", "application/json"}, headers...))
}

func (a *asker) do(method, where string, in io.Reader, headers []string) got {
	a.Helper()
	r, err := http.NewRequestWithContext(a.Context(), method, where, in)
	if err != nil {
		a.Fatal(err)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	resp, err := a.Client.Do(r)
	if err != nil {
		a.Fatal(err)
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		a.Fatal(err)
	}
	g := got{status: resp.StatusCode, header: resp.Header}
	if len(raw) > 0 {
		if err := json.Unmarshal(raw, &g.body); err != nil {
			a.Fatalf("%d %s: %v", g.status, raw, err)
		}
	}
	return g
}

// tokens makes a request to the token endpoint: the right one, with changes in pairs. The pair "tenant" changes the address.
func (a *asker) tokens(change ...string) got {
	a.Helper()
	form := url.Values{"client_id": {a.ClientID}, "client_secret": {a.Secret}, "grant_type": {"client_credentials"}, "scope": {a.Graph + "/.default"}}
	tenant := a.Tenant
	for i := 0; i+1 < len(change); i += 2 {
		if change[i] == "tenant" {
			tenant = change[i+1]
			continue
		}
		form.Set(change[i], change[i+1])
	}
	return a.do(http.MethodPost, a.Authority+"/"+tenant+"/oauth2/v2.0/token", strings.NewReader(form.Encode()), []string{"Content-Type", "application/x-www-form-urlencoded"})
}

func (a *asker) accessToken() string {
	a.Helper()
	g := a.tokens()
	if g.text("access_token") == "" {
		a.Fatalf("no token: %d %v", g.status, g.body)
	}
	return g.text("access_token")
}

// eventually asks until the condition holds, for as long as the service may take to agree with itself.
func (a *asker) eventually(what string, holds func() bool) {
	a.Helper()
	ctx, stop := context.WithTimeout(a.Context(), 2*time.Minute)
	defer stop()
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for !holds() {
		select {
		case <-ctx.Done():
			a.Fatalf("it never came true that %s", what)
		case <-tick.C:
		}
	}
}

// user is the path of somebody.
func user(id, rest string) string { return "/users/" + url.PathEscape(id) + rest }

func filter(text string) string { return "$filter=" + url.QueryEscape(text) }
