package entra_test

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"rekey/internal/account"
	"rekey/internal/directory"
	"rekey/internal/directory/entra"
	"rekey/internal/lab/graph"
)

const anchor = "RDMiEWZViHeZqrvM3e7/AA==" // of 11223344-5566-7788-99aa-bbccddeeff00

func TestAccount(t *testing.T) {
	b := newBench(t, nil)
	d := b.open(func(c *entra.Config) { c.Attributes = []string{"department"} })
	u := b.add(graph.User{
		UserPrincipalName: "hybrid@contoso.example", DisplayName: "Hy Brid", GivenName: "Hy", PreferredLanguage: "de-DE", Department: "Finance", Disabled: true,
		Mail: "hy@contoso.example", ProxyAddresses: []string{"smtp:hybrid@" + d.Key(), "SMTP:hy@contoso.example"},
		OnPremises: &graph.OnPremises{ImmutableID: anchor, SID: "S-1-5-21-1-2-3-1104", SAM: "hybrid", Domain: "corp.example"},
	})
	a, err := d.Get(t.Context(), b.id(u))
	if err != nil {
		t.Fatal(err)
	}
	want := account.State{Disabled: true, Synced: true, PasswordSet: a.State.PasswordSet}
	if a.State != want || a.State.PasswordSet.IsZero() {
		t.Errorf("%+v", a.State)
	}
	if a.ID.Object != strings.ToLower(u.ID) || a.UPN != "hybrid@contoso.example" || a.SAM != "hybrid" || a.SID != "S-1-5-21-1-2-3-1104" || a.Anchor != anchor ||
		a.DisplayName != "Hy Brid" || a.GivenName != "Hy" || a.Language != "de-DE" || a.Mail != "hy@contoso.example" || !slices.Equal(a.Attributes["department"], []string{"Finance"}) {
		t.Errorf("%+v", a)
	}
	for _, typed := range []string{"hybrid@" + d.Key(), `contoso\hybrid`, "HY@contoso.example"} {
		if found, err := lookup(t, d, typed); err != nil || found.ID != a.ID {
			t.Errorf("%s: %v, %v", typed, found.ID, err)
		}
	}
	// A change of it is no other account's, and the sAMAccountName alone is no name of this tenant.
	if _, err := lookup(t, d, "hybrid"); !errors.Is(err, directory.ErrNotFound) {
		t.Error(err)
	}
}

func TestShortNamesAreOurs(t *testing.T) {
	b := newBench(t, nil)
	u := b.add(graph.User{UserPrincipalName: "bob@" + domainOf(t)})
	if a, err := lookup(t, b.open(nil), `Contoso\bob`); err != nil || a.ID != b.id(u) {
		t.Errorf("%v, %v", a.ID, err)
	}
	none := b.open(func(c *entra.Config) { c.ShortName = "" })
	for _, typed := range []string{`Contoso\bob`, "bob"} {
		if _, err := lookup(t, none, typed); !errors.Is(err, directory.ErrNotFound) {
			t.Errorf("%s without a short name: %v", typed, err)
		}
	}
}

// TestGuestsAreNobody: their password is another organization's.
func TestGuestsAreNobody(t *testing.T) {
	b := newBench(t, nil)
	d := b.open(nil)
	guest := b.add(graph.User{UserPrincipalName: "gina_fabrikam.example#EXT#@" + d.Key(), Mail: "gina@fabrikam.example", Guest: true})
	member := b.add(graph.User{UserPrincipalName: "max_fabrikam.example#EXT#@" + d.Key(), Mail: "max@fabrikam.example"})
	for _, u := range []graph.User{guest, member} {
		for _, typed := range []string{u.Mail, u.UserPrincipalName} {
			if _, err := lookup(t, d, typed); !errors.Is(err, directory.ErrNotFound) {
				t.Errorf("%s: %v", typed, err)
			}
		}
		if _, err := d.Get(t.Context(), b.id(u)); !errors.Is(err, directory.ErrNotFound) {
			t.Error(err)
		}
	}
	b.add(graph.User{UserPrincipalName: "gina@contoso.example", ProxyAddresses: []string{"SMTP:gina@fabrikam.example"}})
	if a, err := lookup(t, d, "gina@fabrikam.example"); err != nil || a.UPN != "gina@contoso.example" {
		t.Errorf("a member with a guest's address: %q, %v", a.UPN, err)
	}
}

func TestQuotesInNames(t *testing.T) {
	b := newBench(t, nil)
	d := b.open(nil)
	u := b.add(graph.User{UserPrincipalName: "o'neil@contoso.example", Mail: "o'neil+x&y@contoso.example"})
	for _, typed := range []string{"o'neil@contoso.example", "O'Neil+x&y@contoso.example"} {
		if a, err := lookup(t, d, typed); err != nil || a.ID != b.id(u) {
			t.Errorf("%s: %v, %v", typed, a.ID, err)
		}
	}
	for _, typed := range []string{"x' or userPrincipalName ne '@x", "x'@contoso.example' or startswith(mail,'a", "%27@x", "anna@contoso.example'--"} {
		if a, err := lookup(t, d, typed); !errors.Is(err, directory.ErrNotFound) {
			t.Errorf("%s: %v, %v", typed, a.ID, err)
		}
	}
}

// TestAttack16NamesCostTheSame: as many questions, of the same kind, for a name somebody has and one nobody has.
func TestAttack16NamesCostTheSame(t *testing.T) {
	b := benchOn(t, own(t), nil)
	d := b.open(nil)
	b.add(graph.User{UserPrincipalName: "twin1@contoso.example", Mail: "twins@contoso.example"})
	b.add(graph.User{UserPrincipalName: "twin2@contoso.example", Mail: "twins@contoso.example"})
	if _, err := lookup(t, d, b.anna.UserPrincipalName); err != nil {
		t.Fatal(err)
	}
	questions := func(typed string) []string {
		b.server.ForgetRequests()
		_, _ = lookup(t, d, typed)
		var asked []string
		for _, r := range b.server.Requests() {
			asked = append(asked, fmt.Sprint(r.Method, " ", r.Path, " ", r.Status))
		}
		slices.Sort(asked)
		return asked
	}
	want := questions(b.anna.UserPrincipalName)
	if len(want) != 5 {
		t.Errorf("a lookup takes %d questions: %q", len(want), want)
	}
	for _, typed := range []string{"nobody@contoso.example", "twins@contoso.example", `CONTOSO\nobody`, "nobody@elsewhere.example"} {
		if got := questions(typed); !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", typed, got, want)
		}
	}
}

// TestAttack16AnchorsCostTheSame: as many for an anchor somebody has as for one nobody has.
func TestAttack16AnchorsCostTheSame(t *testing.T) {
	b := benchOn(t, own(t), nil)
	d := b.open(nil)
	const anchor = "RDMiEWZViHeZqrvM3e7/AA=="
	b.add(graph.User{UserPrincipalName: "synced@contoso.example", OnPremises: &graph.OnPremises{ImmutableID: anchor, SID: "S-1-5-21-1-2-3-4"}})
	if a, err := d.ByAnchor(t.Context(), anchor); err != nil || a.Anchor != anchor {
		t.Fatal(a.ID, err)
	}
	questions := func(anchor string) int {
		b.server.ForgetRequests()
		_, _ = d.ByAnchor(t.Context(), anchor)
		return len(b.server.Requests())
	}
	if known, unknown := questions(anchor), questions("AAAAAAAAAAAAAAAAAAAAAA=="); known != unknown || known < 5 {
		t.Errorf("%d questions for a known one, %d for an unknown one", known, unknown)
	}
}

// TestSearchesLag: what they find is read by id before it is believed.
func TestSearchesLag(t *testing.T) {
	b := newBench(t, func(s *graph.TenantSpec) { s.Lag = time.Hour })
	d := b.open(nil)
	b.tenant.Configure(func(s *graph.TenantSpec) { s.Lag = 0 })
	u := b.add(graph.User{UserPrincipalName: "old@contoso.example", OnPremises: &graph.OnPremises{ImmutableID: anchor, SAM: "old"}})
	b.tenant.Configure(func(s *graph.TenantSpec) { s.Lag = time.Hour })
	b.tenant.UpdateUser(u.ID, func(u *graph.User) {
		u.UserPrincipalName = "new@contoso.example"
		u.OnPremises = &graph.OnPremises{ImmutableID: "wKGy8zQSZ0WJqwEjRWeJqw==", SAM: "new"}
	})
	for _, typed := range []string{"old@contoso.example", `CONTOSO\old`} {
		if a, err := lookup(t, d, typed); !errors.Is(err, directory.ErrNotFound) {
			t.Errorf("%s: %v, %v", typed, a.UPN, err)
		}
	}
	if _, err := d.ByAnchor(t.Context(), anchor); !errors.Is(err, directory.ErrNotFound) {
		t.Errorf("by its old anchor: %v", err)
	}
}

func TestByAnchor(t *testing.T) {
	b := newBench(t, nil)
	d := b.open(nil)
	u := b.add(graph.User{UserPrincipalName: "hybrid@contoso.example", OnPremises: &graph.OnPremises{ImmutableID: anchor, SID: "S-1-5-21-1-2-3-1104"}})
	if a, err := d.ByAnchor(t.Context(), anchor); err != nil || a.ID != b.id(u) || a.SID != "S-1-5-21-1-2-3-1104" {
		t.Errorf("%v, %v", a.ID, err)
	}
	for _, other := range []string{
		"", strings.ToLower(anchor), strings.TrimRight(anchor, "="), "ESIzRFVmd4iZqrvM3e7/AA==", // the same GUID in the order it is written in
	} {
		if a, err := d.ByAnchor(t.Context(), other); !errors.Is(err, directory.ErrNotFound) {
			t.Errorf("%q: %v, %v", other, a.ID, err)
		}
	}
	b.add(graph.User{UserPrincipalName: "double@contoso.example", OnPremises: &graph.OnPremises{ImmutableID: anchor}})
	if _, err := d.ByAnchor(t.Context(), anchor); !errors.Is(err, directory.ErrAmbiguous) {
		t.Errorf("two: %v", err)
	}
}

func TestPrivilegedAccounts(t *testing.T) {
	b := newBench(t, nil)
	d := b.open(nil)
	person := func(name string) graph.User { return b.add(graph.User{UserPrincipalName: name + "@contoso.example"}) }
	admin, reader, scoped, nested, plain := person("admin"), person("reader"), person("scoped"), person("nested"), person("plain")
	b.tenant.AssignRole(admin.ID, graph.HelpdeskAdministrator, "/")
	b.tenant.AssignRole(reader.ID, graph.DirectoryReaders, "/")
	b.tenant.AssignRole(scoped.ID, graph.UserAdministrator, "/administrativeUnits/0a0b0c0d-0000-4000-8000-00000000000c")
	inner := b.tenant.AddGroup(graph.Group{DisplayName: "Inner", Members: []string{nested.ID}})
	b.tenant.AddGroup(graph.Group{DisplayName: "Tier 0", RoleAssignable: true, Members: []string{inner.ID}})
	for _, c := range []struct {
		u      graph.User
		want   bool
		groups []string
	}{
		{admin, true, []string{"Helpdesk Administrator"}},
		{reader, false, []string{"Directory Readers"}},
		{scoped, true, nil},
		{nested, true, []string{"Inner", "Tier 0"}},
		{plain, false, nil},
	} {
		a, err := d.Get(t.Context(), b.id(c.u))
		if err != nil || a.State.Privileged != c.want {
			t.Errorf("%s: privileged %v, %v", c.u.UserPrincipalName, a.State.Privileged, err)
		}
		for _, name := range c.groups {
			if !slices.ContainsFunc(a.Groups, func(g account.Group) bool { return g.Name == name && g.ID != "" }) {
				t.Errorf("%s is not in %s: %v", c.u.UserPrincipalName, name, a.Groups)
			}
		}
	}
	// Whoever may not be judged is not let through as somebody ordinary.
	b.app.SetPermissions("User.Read.All", "GroupMember.Read.All", "User-PasswordProfile.ReadWrite.All")
	if a, err := b.open(nil).Get(t.Context(), b.id(admin)); err == nil && !a.State.Privileged {
		t.Error("an administrator whose roles may not be read counts as ordinary")
	}
}

func TestContacts(t *testing.T) {
	b := newBench(t, nil)
	d := b.open(nil)
	u := b.add(graph.User{
		UserPrincipalName: "cora@contoso.example", MobilePhone: "+49 170 1234567", BusinessPhones: []string{"+49 30 1234-567"}, OtherMails: []string{"cora@home.example"},
		Methods: []graph.Method{
			{Kind: graph.PhoneMethod, Value: "+1 2065555555", Phone: "mobile"},
			{Kind: graph.PhoneMethod, Value: "+1 4255550000x12", Phone: "office"},
			{Kind: graph.EmailMethod, Value: "cora@private.example"},
			{Kind: graph.FIDO2Method, Value: "Red key"},
		},
	})
	registered := []directory.Contact{
		{Kind: directory.ContactMobile, Value: "+12065555555", Registered: true},
		{Kind: directory.ContactOffice, Value: "+14255550000x12", Registered: true},
		{Kind: directory.ContactMail, Value: "cora@private.example", Registered: true},
	}
	plain := []directory.Contact{
		{Kind: directory.ContactMobile, Value: "+491701234567"},
		{Kind: directory.ContactOffice, Value: "+49301234567"},
		{Kind: directory.ContactMail, Value: "cora@home.example"},
	}
	if got, err := d.Contacts(t.Context(), b.id(u)); err != nil || !slices.Equal(got, append(registered, plain...)) {
		t.Errorf("%+v, %v", got, err)
	}
	b.app.SetPermissions("User.Read.All")
	if got, err := b.open(nil).Contacts(t.Context(), b.id(u)); err != nil || !slices.Equal(got, plain) {
		t.Errorf("without the permission: %+v, %v", got, err)
	}
	if _, err := d.Contacts(t.Context(), account.ID{Directory: d.Key(), Object: "unknown"}); !errors.Is(err, directory.ErrNotFound) {
		t.Error(err)
	}
}

func TestReadsAreRepeated(t *testing.T) {
	b := newBench(t, nil)
	d := b.open(nil)
	for _, f := range []graph.Fault{
		{Status: http.StatusTooManyRequests, RetryAfter: "0.05"},
		{Status: http.StatusServiceUnavailable},
		{Status: http.StatusGatewayTimeout},
		{Cut: true},
	} {
		f.Method, f.Path, f.Times = http.MethodGet, b.anna.ID, 1
		b.fail(f)
		if a, err := d.Get(t.Context(), b.id(b.anna)); err != nil || a.ID != b.id(b.anna) {
			t.Errorf("%+v: %v", f, err)
		}
	}
	b.fail(graph.Fault{Method: http.MethodGet, Path: b.anna.ID, Status: http.StatusTooManyRequests, RetryAfter: "60"})
	began := time.Now()
	if _, err := d.Get(t.Context(), b.id(b.anna)); !errors.Is(err, directory.ErrUnavailable) || time.Since(began) > time.Second {
		t.Errorf("%v after %v", err, time.Since(began))
	}
}
