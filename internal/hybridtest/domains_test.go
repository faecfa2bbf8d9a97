package hybridtest

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"rekey/internal/lab/graph"
	"rekey/internal/lab/people"
	"rekey/internal/lab/visitor"
)

// furtherDomain is one of the tenant's that no directory is named after.
const furtherDomain = "branch.example.test"

// TestAttack16NamesInAFurtherDomainLookTheSame: whoever lives in the cloud only, under a domain that no directory is named after, and
// names there that nobody has, get the same answers in the same order, for a reset and for a change.
func TestAttack16NamesInAFurtherDomainLookTheSame(t *testing.T) {
	t.Parallel()
	a := play(t, "branched", people.Cloud)
	known := "branched@" + furtherDomain
	moved := func(u *graph.User) {
		u.UserPrincipalName, u.Mail, u.ProxyAddresses = known, known, []string{"SMTP:" + known}
	}
	if !shared.Tenant.UpdateUser(a.UPN, moved) {
		t.Fatal("branched is not in the tenant")
	}
	shared.Tenant.AddUser(graph.User{UserPrincipalName: "disabled@" + furtherDomain, Password: a.Password, Disabled: true})
	shared.Tenant.AddUser(graph.User{UserPrincipalName: "unready@" + furtherDomain, Password: a.Password})
	copyNow(t, people.Cloud)
	eventually(t, "names nobody has are taken for the tenant's", func() bool {
		return slices.Equal(ways(t, "change", "nobody@"+furtherDomain), []string{"password"})
	})

	for _, action := range []string{"change", "reset"} {
		method := map[string]string{"change": "password", "reset": "totp"}[action]
		want := look(t, action, known, method)
		others := []string{"disabled", "unready", "nobody1", "nobody2", "nobody3", "nobody4", "nobody5", "nobody6"}
		compared := 0
		for _, sam := range others {
			name := sam + "@" + furtherDomain
			if !slices.Contains(ways(t, action, name), method) {
				continue // ways of a reset are drawn
			}
			compared++
			if got := look(t, action, name, method); !slices.Equal(got, want) {
				for i := range min(len(got), len(want)) {
					if got[i] != want[i] {
						t.Errorf("%s, %s: answer %d:\n%s\nof a known person:\n%s", action, sam, i+1, got[i], want[i])
					}
				}
				t.Errorf("%s, %s: %d answers, of a known person %d", action, sam, len(got), len(want))
			}
		}
		if compared < 3 || action == "change" && compared != len(others) {
			t.Errorf("%s: %d of %d names are offered %s", action, compared, len(others), method)
		}
	}
}

// sharedDomain is one of addresses: of people in Active Directory and of people who live in the cloud only.
const sharedDomain = "shared.example.test"

// TestAttack16ADomainOfTwoDirectoriesLooksLikeEither: of names there that nobody has some look like those in the cloud, who sign in there
// to change a password, and some like those in Active Directory, each the same every time.
func TestAttack16ADomainOfTwoDirectoriesLooksLikeEither(t *testing.T) {
	t.Parallel()
	incorp, incloud := "incorp@"+sharedDomain, "incloud@"+sharedDomain
	shared.Tenant.AddUser(graph.User{UserPrincipalName: incloud, Password: fresh()})
	copyNow(t, people.Corp)
	copyNow(t, people.Cloud)
	there := func(name string) bool { return slices.Equal(ways(t, "change", name), []string{"password"}) }
	if there(incorp) || !there(incloud) {
		t.Fatal("the two who have a name there do not look like where they are")
	}
	const names = 20
	like := map[bool]int{}
	eventually(t, "names nobody has look like either", func() bool {
		clear(like)
		for i := range names {
			like[there(fmt.Sprintf("nobody%d@%s", i, sharedDomain))]++
		}
		return like[true] > 0 && like[false] > 0
	})
	first := there("Nobody1@" + sharedDomain)
	for range 3 {
		if there("nobody1@"+sharedDomain) != first {
			t.Error("a name looks like another directory's the next time")
		}
	}
}

// copyNow has everything of a directory copied again.
func copyNow(t testing.TB, d people.Domain) {
	t.Helper()
	if out, err := shared.Portal.Command(t.Context(), "sync", "run", "--directory", d.Name, "--full"); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
}

// ways lists what a visitor is offered.
func ways(t testing.TB, action, name string) []string {
	t.Helper()
	p := begin(t, browse(), action, name)
	return p.Options("method")
}

// look gives everything a visitor sees who tries one way, but what differs with every visit.
func look(t testing.TB, action, name, method string) []string {
	t.Helper()
	r := &recorder{name: name}
	v := visitor.New(shared.Portal.URL(), r)
	begin(t, v, action, name)
	steps := []struct {
		form   string
		fields visitor.Fields
	}{{"/flow/choose", visitor.Fields{"method": method}}, {"/flow/answer", visitor.Fields{"code": "000000"}}, {"/flow/back", nil}, {"/flow/cancel", nil}}
	for _, step := range steps {
		if step.form == "/flow/answer" && method == "password" {
			continue // it is typed elsewhere
		}
		if _, err := v.Submit(t.Context(), step.form, step.fields); err != nil {
			t.Fatalf("%s of %s: %v", action, name, err)
		}
	}
	return r.seen
}

// recorder keeps the answers a visitor gets.
type recorder struct {
	name string
	seen []string
}

// RoundTrip implements http.RoundTripper.
func (c *recorder) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, err
	}
	resp.Body = io.NopCloser(bytes.NewReader(body))
	var b strings.Builder
	fmt.Fprintln(&b, r.Method, r.URL.Path, resp.Status)
	for _, name := range slices.Sorted(maps.Keys(resp.Header)) {
		switch name {
		case "Date", "X-Request-Id", "Content-Length":
			fmt.Fprintln(&b, name)
		default:
			fmt.Fprintln(&b, name, resp.Header[name])
		}
	}
	c.seen = append(c.seen, c.plain(b.String()+string(body)))
	return resp, nil
}

// plain takes out what differs with every visit, and the ways that are offered.
func (c *recorder) plain(s string) string {
	for _, p := range [][2]string{
		{`flow=[\w-]{20,}`, "flow=TOKEN"},
		{`name="at" value="[\w-]+\.(\d+)"`, `name="at" value="ID.$1"`},
		{`data-timeout="\d+"`, `data-timeout="N"`},
		{`(state|nonce|code_challenge)=[\w-]+`, "$1=RANDOM"},
		{`(?s)<fieldset class="choices">.*?</fieldset>`, "WAYS"},
	} {
		s = regexp.MustCompile(p[0]).ReplaceAllString(s, p[1])
	}
	return strings.NewReplacer(c.name, "NAME", url.QueryEscape(c.name), "NAME").Replace(s)
}
