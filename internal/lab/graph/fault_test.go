package graph_test

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"testing"
	"time"

	"rekey/internal/lab/graph"
)

// try makes a request whose connection may be cut.
func (b *bench) try(method, path string, body any) (*http.Response, error) {
	b.Helper()
	resp, err := b.client.Do(b.request(method, path, body))
	if err == nil {
		resp.Body.Close()
	}
	return resp, err
}

var newProfile = map[string]any{"passwordProfile": map[string]any{"password": newPassword, "forceChangePasswordNextSignIn": false}}

func TestFaultsOfWrites(t *testing.T) {
	for name, c := range map[string]struct {
		fault   graph.Fault
		status  int // 0: no answer
		retry   string
		written bool
	}{
		"throttled":             {graph.Fault{Status: 429, RetryAfter: "2.128"}, 429, "2.128", false},
		"throttled, no hint":    {graph.Fault{Status: 429}, 429, "", false},
		"unavailable":           {graph.Fault{Status: 503, RetryAfter: "10"}, 503, "10", false},
		"timeout, not done":     {graph.Fault{Status: 504}, 504, "", false},
		"timeout, done":         {graph.Fault{Status: 504, Apply: true}, 504, "", true},
		"unavailable, done":     {graph.Fault{Status: 503, Apply: true}, 503, "", true},
		"conflict":              {graph.Fault{Status: 409}, 409, "", false},
		"forbidden":             {graph.Fault{Status: 403}, 403, "", false},
		"cut before":            {graph.Fault{Cut: true}, 0, "", false},
		"cut after it was done": {graph.Fault{Cut: true, Apply: true}, 0, "", true},
	} {
		b := setup(t)
		c.fault.Method, c.fault.Path, c.fault.Times = http.MethodPatch, "/users/", 1
		b.s.Fail(c.fault)
		if status, _ := b.ask(http.MethodGet, "/users/"+b.bob.ID, nil); status != http.StatusOK {
			t.Errorf("%s: reading: %d", name, status)
		}
		resp, err := b.try(http.MethodPatch, "/users/"+b.bob.ID, newProfile)
		if (err != nil) != (c.status == 0) || err == nil && (resp.StatusCode != c.status || resp.Header.Get("Retry-After") != c.retry) {
			t.Errorf("%s: %v %v", name, resp, err)
		}
		if u, _ := b.t.User(b.bob.ID); (u.Password == newPassword) != c.written {
			t.Errorf("%s: written is %t", name, !c.written)
		}
		if status, _ := b.write(b.bob.ID, newPassword); status != http.StatusNoContent {
			t.Errorf("%s: the second try: %d", name, status)
		}
	}
}

func TestFaultsEnd(t *testing.T) {
	b := setup(t)
	ok := func() bool {
		status, _ := b.ask(http.MethodGet, "/users/"+b.bob.ID, nil)
		return status == http.StatusOK
	}
	b.s.Fail(graph.Fault{Status: 429, For: time.Minute})
	for range 2 {
		if ok() {
			t.Error("it strikes for a minute")
		}
	}
	b.clock.pass(time.Minute)
	if !ok() {
		t.Error("it outlives its minute")
	}
	stop := b.s.Fail(graph.Fault{Status: 503})
	if ok() {
		t.Error("it strikes until stopped")
	}
	if stop(); !ok() {
		t.Error("it was stopped")
	}
	b.s.Fail(graph.Fault{Path: "/oauth2/v2.0/token", Status: 503, Times: 1})
	if status, body := b.tokenRequest(url.Values{"client_id": {b.app.ID()}, "client_secret": {secret}}); status != 503 || body["error"] != "temporarily_unavailable" {
		t.Errorf("the token endpoint: %d %v", status, body)
	}
}

func TestSlowRequestsAreCarriedOut(t *testing.T) {
	b := setup(t)
	b.s.Fail(graph.Fault{Method: http.MethodPatch, Delay: 50 * time.Millisecond, Times: 1})
	start := time.Now()
	status, _ := b.write(b.bob.ID, newPassword)
	if took := time.Since(start); status != http.StatusNoContent || took < 50*time.Millisecond {
		t.Errorf("%d after %s", status, took)
	}
}

func TestClientsThatGiveUpChangeNothing(t *testing.T) {
	b := setup(t)
	b.s.Fail(graph.Fault{Method: http.MethodPatch, Delay: time.Hour, Times: 1})
	ctx, stop := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer stop()
	resp, err := b.client.Do(b.request(http.MethodPatch, "/users/"+b.bob.ID, newProfile).WithContext(ctx))
	if err == nil {
		resp.Body.Close()
		t.Error("there was an answer")
	}
	if u, _ := b.t.User(b.bob.ID); u.Password != bobPassword {
		t.Error("it was written")
	}
}

func TestLimit(t *testing.T) {
	b := setup(t)
	b.s.Limit(http.MethodPatch, 2, 10*time.Second)
	var got []int
	for range 3 {
		status, _ := b.write(b.bob.ID, newPassword)
		got = append(got, status)
	}
	if !slices.Equal(got, []int{204, 204, 429}) {
		t.Errorf("%v", got)
	}
	b.clock.pass(4 * time.Second)
	if resp, err := b.try(http.MethodPatch, "/users/"+b.bob.ID, newProfile); err != nil || resp.Header.Get("Retry-After") != "6.000" {
		t.Errorf("%v %v", resp, err)
	}
	b.clock.pass(6 * time.Second)
	if status, _ := b.write(b.bob.ID, newPassword); status != http.StatusNoContent {
		t.Errorf("in the next period: %d", status)
	}
}

func TestBatch(t *testing.T) {
	b := setup(t)
	item := func(id, method, path string, body any, after ...string) map[string]any {
		return map[string]any{"id": id, "method": method, "url": path, "body": body, "headers": map[string]string{"Content-Type": "application/json"}, "dependsOn": after}
	}
	b.s.Fail(graph.Fault{Path: "/manager", Status: 429, RetryAfter: "7", Times: 1})
	status, body := b.ask(http.MethodPost, "/$batch", map[string]any{"requests": []any{
		item("1", http.MethodPatch, "/users/"+b.bob.ID, newProfile), item("2", http.MethodGet, "/users/nobody", nil), item("3", http.MethodGet, "/users/"+b.bob.ID, nil, "2"),
		item("4", http.MethodGet, "/users/"+b.bob.ID+"?$select=id", nil, "1"), item("5", http.MethodGet, "/users/"+b.bob.ID+"/manager", nil),
	}})
	if status != http.StatusOK {
		t.Fatalf("%d %v", status, body)
	}
	got := map[string]map[string]any{}
	for _, one := range body["responses"].([]any) {
		r := one.(map[string]any)
		got[r["id"].(string)] = r
	}
	for id, want := range map[string]float64{"1": 204, "2": 404, "3": 424, "4": 200, "5": 429} {
		if got[id]["status"] != want {
			t.Errorf("%s: %v", id, got[id])
		}
	}
	if headers, _ := got["5"]["headers"].(map[string]any); headers["Retry-After"] != "7" {
		t.Errorf("%v", got["5"])
	}
	if answer, _ := got["4"]["body"].(map[string]any); answer["id"] != b.bob.ID {
		t.Errorf("%v", got["4"])
	}
	if u, _ := b.t.User(b.bob.ID); u.Password != newPassword {
		t.Error("the write was lost")
	}
	var many []any
	for i := range 21 {
		many = append(many, item(fmt.Sprint(i), http.MethodGet, "/users/nobody", nil))
	}
	if status, body := b.ask(http.MethodPost, "/$batch", map[string]any{"requests": many}); status != http.StatusBadRequest {
		t.Errorf("21 items: %d %v", status, body)
	}
}
