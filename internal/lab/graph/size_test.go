package graph_test

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"runtime"
	"strings"
	"testing"
	"time"

	"rekey/internal/lab/graph"
)

// large fills a tenant with people and two groups, one of which everybody is in.
func large(b *bench, n int) {
	ids := make([]string, n)
	b.t.AddUsers(n, func(i int) graph.User {
		ids[i] = fmt.Sprintf("00000000-0000-4000-8000-%012d", i)
		name := fmt.Sprintf("person%06d", i)
		return graph.User{
			ID: ids[i], UserPrincipalName: name + "@contoso.test", DisplayName: "Person " + name, GivenName: "Person", Surname: name, Mail: name + "@contoso.test",
			OnPremises: &graph.OnPremises{ImmutableID: fmt.Sprintf("%022d==", i), SID: fmt.Sprintf("S-1-5-21-1-2-3-%d", i), SAM: name, Domain: "contoso.local"},
		}
	})
	b.t.AddGroup(graph.Group{DisplayName: "Everybody", Members: ids})
}

// read follows a delta to its end without looking at more than the links.
func (b *bench) read(where string) (pages, bytes int, link string) {
	for where != "" {
		resp, err := b.client.Do(b.request(http.MethodGet, where, nil))
		if err != nil {
			b.Fatal(err)
		}
		raw, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if err != nil || resp.StatusCode != http.StatusOK {
			b.Fatalf("%d %v", resp.StatusCode, err)
		}
		text := string(raw)
		pages, bytes = pages+1, bytes+len(raw)
		where, link = between(text, `"@odata.nextLink":"`), between(text, `"@odata.deltaLink":"`)
	}
	return pages, bytes, link
}

func between(text, before string) string {
	_, rest, found := strings.Cut(text, before)
	if !found {
		return ""
	}
	value, _, _ := strings.Cut(rest, `"`)
	return value
}

// A benchmark's directory must not be what the benchmark measures.
func TestLargeTenantIsCheap(t *testing.T) {
	const people = 100_000
	b := setup(t)
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	start := time.Now()
	large(b, people)
	filled := time.Since(start)
	runtime.GC()
	runtime.ReadMemStats(&after)
	b.client.Transport.(*http.Transport).DisableKeepAlives = false
	defer b.client.CloseIdleConnections()
	start = time.Now()
	pages, bytes, link := b.read("/users/delta?$select=userPrincipalName,displayName,mail,accountEnabled,onPremisesImmutableId,onPremisesSecurityIdentifier")
	whole := time.Since(start)
	groups, _, _ := b.read("/groups/delta?$select=displayName,members")
	start = time.Now()
	b.t.UpdateUser("person000007@contoso.test", func(u *graph.User) { u.Disabled = true })
	again, _, _ := b.read(link)
	changed := time.Since(start)
	start = time.Now()
	_, body := b.ask(http.MethodGet, "/users?$select=id&$filter="+url.QueryEscape("onPremisesImmutableId eq '"+fmt.Sprintf("%022d==", people-1)+"'"), nil)
	searched := time.Since(start)
	if len(values(body, "id")) != 1 {
		t.Errorf("found %v", body)
	}
	t.Logf("%d people: filled in %s, %d MB, read whole in %s (%d pages, %d MB), one change in %s, a search in %s", people, filled.Round(time.Millisecond),
		(after.HeapAlloc-before.HeapAlloc)>>20, whole.Round(time.Millisecond), pages, bytes>>20, changed.Round(time.Microsecond), searched.Round(time.Microsecond))
	if pages < people/200 || groups < people/200 || again != 1 {
		t.Errorf("pages: %d of people, %d of groups, %d of changes", pages, groups, again)
	}
	if whole > 30*time.Second || changed > time.Second || searched > time.Second || (after.HeapAlloc-before.HeapAlloc)>>20 > 250 {
		t.Error("too dear")
	}
}
