package entra

import (
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"rekey/internal/account"
	"rekey/internal/directory"
	"rekey/internal/secret"
)

// scripted is a tenant that answers as told, for what the lab's does not imitate. Answers are by method and path; what is not told is 404.
func scripted(t *testing.T, roles string, answers map[string]string) (d *Directory, asked func() []*http.Request) {
	t.Helper()
	var mu sync.Mutex
	var seen []*http.Request
	s := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		seen = append(seen, r)
		mu.Unlock()
		body, known := answers[r.Method+" "+r.URL.Path]
		switch {
		case strings.HasSuffix(r.URL.Path, "/token"):
			claims := base64.RawURLEncoding.EncodeToString([]byte(`{"oid":"0A","roles":[` + roles + `]}`))
			_, _ = fmt.Fprintf(w, `{"access_token":"x.%s.x","expires_in":"3599"}`, claims)
		case !known:
			w.WriteHeader(http.StatusNotFound)
		case strings.HasPrefix(body, `{"error"`):
			w.WriteHeader(http.StatusBadRequest)
			fallthrough
		default:
			_, _ = w.Write([]byte(body))
		}
	}))
	t.Cleanup(s.Close)
	ca := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	c := working()
	c.Authority, c.Graph, c.CAFile = s.URL, s.URL, ca
	opened, err := Open(c, Deps{
		Resolve: func(secret.Ref) (secret.Text, error) { return secret.New("abc~secret"), nil }, Now: time.Now, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = opened.Close() })
	return opened.(*Directory), func() []*http.Request { return seen }
}

const somebody = "0a0b0c0d-0000-4000-8000-0000000000aa"

func TestSecretsEndIsRead(t *testing.T) {
	soon, later := time.Now().Add(5*24*time.Hour).UTC(), time.Now().Add(300*24*time.Hour).UTC()
	entry := func(hint string, end time.Time) string {
		return fmt.Sprintf(`{"hint":%q,"endDateTime":%q}`, hint, end.Format(time.RFC3339Nano))
	}
	for _, c := range []struct {
		why, secrets string
		ok           bool
		text         string
	}{
		{"ours among others", entry("abc", later) + "," + entry("xyz", soon), true, later.Format(time.DateOnly)},
		{"ours ends soon", entry("abc", soon) + "," + entry("xyz", later), false, soon.Format(time.DateOnly)},
		{"only others", entry("xyz", later), false, "none that begins"},
	} {
		d, _ := scripted(t, `"Application.Read.All"`, map[string]string{
			"GET /v1.0/applications(appId='" + clientID + "')": `{"passwordCredentials":[` + c.secrets + `]}`,
		})
		all := d.Check(t.Context())
		i := slices.IndexFunc(all, func(f directory.Finding) bool { return f.Name == "secret" })
		if i < 0 || all[i].OK != c.ok || !strings.Contains(all[i].Text, c.text) || strings.Contains(all[i].Text, "abc") {
			t.Errorf("%s: %+v", c.why, all)
		}
	}
}

// TestFederatedPeopleAreNotToldToTryAnotherPassword: how Graph words this refusal is not documented.
func TestFederatedPeopleAreNotToldToTryAnotherPassword(t *testing.T) {
	for kind, want := range map[string]error{"Federated": directory.ErrDenied, "Managed": &directory.RejectedError{}} {
		d, _ := scripted(t, `"Domain.Read.All"`, map[string]string{
			"GET /v1.0/users/" + somebody:       `{"id":"` + somebody + `","userPrincipalName":"anna@Contoso.example","userType":"Member"}`,
			"PATCH /v1.0/users/" + somebody:     `{"error":{"code":"Request_BadRequest","message":"Something nobody has seen."}}`,
			"GET /v1.0/domains/contoso.example": `{"id":"contoso.example","authenticationType":"` + kind + `"}`,
		})
		err := d.SetPassword(t.Context(), account.ID{Directory: d.Key(), Object: somebody}, secret.New("vK9#rT2m-Ng"), directory.Write{})
		var rejected *directory.RejectedError
		if errors.Is(want, directory.ErrDenied) != errors.Is(err, directory.ErrDenied) || errors.As(want, &rejected) != errors.As(err, &rejected) {
			t.Errorf("%s: %v", kind, err)
		}
	}
}

func TestRequestsCarryWhatGraphAsksFor(t *testing.T) {
	d, asked := scripted(t, `"User.Read.All"`, map[string]string{
		"GET /v1.0/users/" + somebody: `{"id":"` + somebody + `"}`,
		"GET /v1.0/users/delta":       `{"value":[],"@odata.deltaLink":"https://elsewhere.example/v1.0/users/delta"}`,
	})
	id := account.ID{Directory: d.Key(), Object: somebody}
	for range 2 {
		if _, err := d.PasswordSet(t.Context(), id); err != nil {
			t.Fatal(err)
		}
	}
	cursor := directory.Cursor(`{"people":"` + d.config.Graph + `/v1.0/users/delta","groups":"` + d.config.Graph + `/v1.0/groups/delta"}`)
	_ = d.Changes(t.Context(), cursor, func(directory.Page) error { return nil }) // there are no groups here
	ids := map[string]bool{}
	for _, r := range asked()[1:] { // after the token
		person := !strings.HasSuffix(r.URL.Path, "/delta")
		if got := r.Header.Get("x-ms-throttle-priority"); (got == "high") != person {
			t.Errorf("%s: priority %q", r.URL.Path, got)
		}
		if r.Header.Get("Authorization") == "" || ids[r.Header.Get("client-request-id")] {
			t.Errorf("%s: %v", r.URL.Path, r.Header)
		}
		ids[r.Header.Get("client-request-id")] = true
	}
	if len(ids) != 4 || ids[""] {
		t.Errorf("ids %v", ids)
	}
}

// TestNothingIsMadeOfNonsense: an answer that is not Graph's is no account, and no list of nobody.
func TestNothingIsMadeOfNonsense(t *testing.T) {
	for _, nonsense := range []string{"", "<html>Sign in to the network</html>", "[]", `{"value":7}`, `{"id":7}`} {
		d, _ := scripted(t, `"User.Read.All"`, map[string]string{"GET /v1.0/users": nonsense, "GET /v1.0/users/" + somebody: nonsense, "GET /v1.0/users/delta": nonsense})
		if _, err := d.Get(t.Context(), account.ID{Directory: d.Key(), Object: somebody}); !errors.Is(err, directory.ErrUnavailable) {
			t.Errorf("%q: Get: %v", nonsense, err)
		}
		if err := d.Changes(t.Context(), nil, func(directory.Page) error { t.Error("a page"); return nil }); !errors.Is(err, directory.ErrUnavailable) {
			t.Errorf("%q: Changes: %v", nonsense, err)
		}
		if strings.HasPrefix(nonsense, `{"id"`) {
			continue // a list without a value is an empty one
		}
		if _, err := d.Lookup(t.Context(), directory.Identifier{Raw: "a@b", Mail: "a@b"}); !errors.Is(err, directory.ErrUnavailable) {
			t.Errorf("%q: Lookup: %v", nonsense, err)
		}
	}
}

// TestAnchorsAreComparedOctetForOctet: filters of Graph take no notice of case, and base64 does.
func TestAnchorsAreComparedOctetForOctet(t *testing.T) {
	const right, other = "RDMiEWZViHeZqrvM3e7/AA==", "rdMiEWZViHeZqrvM3e7/AA=="
	answers := map[string]string{
		"GET /v1.0/users":             `{"value":[{"id":"` + nobody + `","onPremisesImmutableId":"` + other + `"},{"id":"` + somebody + `","onPremisesImmutableId":"` + right + `"}]}`,
		"GET /v1.0/users/" + somebody: `{"id":"` + somebody + `","onPremisesImmutableId":"` + right + `"}`,
		"GET /v1.0/users/" + somebody + "/transitiveMemberOf/microsoft.graph.group":         `{"value":[]}`,
		"GET /v1.0/users/" + somebody + "/transitiveMemberOf/microsoft.graph.directoryRole": `{"value":[]}`,
		"GET /v1.0/roleManagement/directory/roleAssignments":                                `{"value":[]}`,
	}
	d, _ := scripted(t, `"User.Read.All"`, answers)
	if a, err := d.ByAnchor(t.Context(), right); err != nil || a.ID.Object != somebody {
		t.Errorf("%v, %v", a.ID, err)
	}
	if a, err := d.ByAnchor(t.Context(), "RDMIEWZViHeZqrvM3e7/AA=="); !errors.Is(err, directory.ErrNotFound) {
		t.Errorf("%v, %v", a.ID, err)
	}
}
