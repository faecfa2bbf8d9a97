package graph_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"rekey/internal/lab/graph"
)

// clock is the emulator's, moved by hand.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

// bench is an emulator with one tenant, Bob in it, and an application that may do all the product needs.
type bench struct {
	*testing.T
	clock  *clock
	s      *graph.Server
	t      *graph.Tenant
	app    *graph.Principal
	bob    graph.User
	client *http.Client
	token  string
}

const (
	secret      = "a client secret with + & = and %"
	bobPassword = "xWwvJ]6NMw+bWH-d"
)

var permissions = []string{
	"User.Read.All", "GroupMember.Read.All", "RoleManagement.Read.Directory", "User-PasswordProfile.ReadWrite.All", "User.RevokeSessions.All",
	"Domain.Read.All", "UserAuthenticationMethod.Read.All", "AuditLog.Read.All", "Organization.Read.All",
}

func setup(t *testing.T) *bench {
	t.Helper()
	b := &bench{T: t, clock: &clock{at: time.Date(2026, 11, 24, 10, 0, 0, 0, time.UTC)}}
	var err error
	if b.s, err = graph.Start(t.Context(), graph.Options{Now: b.clock.Now}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := b.s.Close(); err != nil {
			t.Error(err)
		}
	})
	b.t = b.s.AddTenant(graph.TenantSpec{Name: "Contoso", Domains: []string{"contoso.test", "adfs.test"}, Federated: []string{"adfs.test"}})
	b.app = b.t.AddApp(graph.App{Name: "Rekey", Secrets: []graph.Secret{{Value: secret}}, Permissions: permissions, Roles: []string{graph.UserAdministrator}})
	b.bob = b.t.AddUser(graph.User{UserPrincipalName: "bob@contoso.test", DisplayName: "Bob Berg", GivenName: "Bob", Surname: "Bergmann", Password: bobPassword})
	b.client = b.s.Client()
	b.token = b.askToken()
	return b
}

// askToken gets an access token with the secret.
func (b *bench) askToken() string {
	b.Helper()
	status, body := b.tokenRequest(url.Values{"client_id": {b.app.ID()}, "client_secret": {secret}})
	token, _ := body["access_token"].(string)
	if status != http.StatusOK || token == "" {
		b.Fatalf("token endpoint: %d %v", status, body)
	}
	return token
}

func (b *bench) tokenRequest(form url.Values) (int, map[string]any) {
	b.Helper()
	for name, value := range map[string]string{"grant_type": "client_credentials", "scope": b.s.Graph() + "/.default"} {
		if !form.Has(name) {
			form.Set(name, value)
		}
	}
	return b.post(b.s.Authority()+"/"+b.t.ID()+"/oauth2/v2.0/token", form)
}

func (b *bench) post(where string, form url.Values) (int, map[string]any) {
	b.Helper()
	r, err := http.NewRequestWithContext(b.Context(), http.MethodPost, where, strings.NewReader(form.Encode()))
	if err != nil {
		b.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return b.send(r)
}

// ask makes a Graph request with b.token. Headers come in pairs.
func (b *bench) ask(method, path string, body any, headers ...string) (int, map[string]any) {
	b.Helper()
	return b.send(b.request(method, path, body, headers...))
}

func (b *bench) request(method, path string, body any, headers ...string) *http.Request {
	b.Helper()
	var in io.Reader
	if body != nil {
		raw, err := json.Marshal(body)
		if err != nil {
			b.Fatal(err)
		}
		in = bytes.NewReader(raw)
	}
	where := path
	if !strings.HasPrefix(where, "https://") {
		where = b.s.Graph() + "/v1.0" + path
	}
	r, err := http.NewRequestWithContext(b.Context(), method, where, in)
	if err != nil {
		b.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+b.token)
	r.Header.Set("Content-Type", "application/json")
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	return r
}

func (b *bench) send(r *http.Request) (int, map[string]any) {
	b.Helper()
	resp, err := b.client.Do(r)
	if err != nil {
		b.Fatal(err)
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		b.Fatal(err)
	}
	var out map[string]any
	if len(raw) > 0 {
		if err := json.Unmarshal(raw, &out); err != nil {
			b.Fatalf("%s: %v", raw, err)
		}
	}
	return resp.StatusCode, out
}

// code is the code of an error envelope.
func code(body map[string]any) string {
	e, _ := body["error"].(map[string]any)
	text, _ := e["code"].(string)
	return text
}

func message(body map[string]any) string {
	e, _ := body["error"].(map[string]any)
	text, _ := e["message"].(string)
	return text
}

// values are one property of all objects of a list.
func values(body map[string]any, name string) []string {
	found := []string{}
	list, _ := body["value"].([]any)
	for _, item := range list {
		switch item := item.(type) {
		case string:
			found = append(found, item)
		case map[string]any:
			text, _ := item[name].(string)
			found = append(found, text)
		}
	}
	return found
}

// write sets Bob's password over the wire.
func (b *bench) write(id, password string) (int, map[string]any) {
	b.Helper()
	return b.ask(http.MethodPatch, "/users/"+id, map[string]any{"passwordProfile": map[string]any{"password": password, "forceChangePasswordNextSignIn": false}})
}
