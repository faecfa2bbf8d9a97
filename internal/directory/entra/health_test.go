package entra_test

import (
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"rekey/internal/directory"
	"rekey/internal/directory/entra"
	"rekey/internal/lab/graph"
	"rekey/internal/secret"
)

func TestHealthIsAskedForOnce(t *testing.T) {
	b := benchOn(t, own(t), nil)
	now := time.Now()
	d := b.openAt(func() time.Time { return now }, nil)
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			if h := d.Health(t.Context()); !h.Readable || !h.Writable {
				t.Errorf("%+v", h)
			}
		})
	}
	wg.Wait()
	if n := len(b.server.Requests()); n != 2 { // a token and a read
		t.Errorf("%d requests for twenty questions", n)
	}
	since := d.Health(t.Context()).Since
	now = now.Add(31 * time.Second)
	b.fail(graph.Fault{Path: "/v1.0/users", Status: http.StatusForbidden})
	h := d.Health(t.Context())
	if h.Readable || h.Writable || !h.Since.After(since) || !strings.Contains(h.Detail, "403") {
		t.Errorf("%+v", h)
	}
}

func TestHealthWithoutThePermission(t *testing.T) {
	b := newBench(t, nil)
	b.app.SetPermissions("User.Read.All")
	h := b.open(nil).Health(t.Context())
	if !h.Readable || h.Writable || !strings.Contains(h.Detail, "User-PasswordProfile.ReadWrite.All") || h.Server != b.server.Graph() {
		t.Errorf("%+v", h)
	}
}

// finding gives the one of a name.
func finding(t testing.TB, d *entra.Directory, name string) directory.Finding {
	t.Helper()
	all := d.Check(t.Context())
	i := slices.IndexFunc(all, func(f directory.Finding) bool { return f.Name == name })
	if i < 0 {
		t.Fatalf("no finding %s in %+v", name, all)
	}
	return all[i]
}

func TestCheck(t *testing.T) {
	b := newBench(t, nil)
	d := b.open(nil)
	for _, f := range d.Check(t.Context()) {
		if !f.OK || f.Text == "" || strings.Contains(f.Text, clientSecret) {
			t.Errorf("%+v", f)
		}
	}
	if f := finding(t, d, "role"); !strings.Contains(f.Text, "User Administrator") {
		t.Errorf("%+v", f)
	}
	for _, missing := range []string{"GroupMember.Read.All", "RoleManagement.Read.Directory", "User-PasswordProfile.ReadWrite.All", "User.RevokeSessions.All"} {
		b.app.SetPermissions(slices.DeleteFunc(permissions(), func(p string) bool { return p == missing })...)
		for _, f := range b.open(nil).Check(t.Context()) {
			wrong := f.Name == "permission "+missing || f.Name == "role" && missing == "RoleManagement.Read.Directory"
			if f.OK == wrong {
				t.Errorf("without %s: %+v", missing, f)
			}
		}
	}
	b.app.SetPermissions("User.ReadWrite.All", "Directory.Read.All", "RoleManagement.Read.Directory", "User-PasswordProfile.ReadWrite.All")
	for _, f := range b.open(nil).Check(t.Context()) {
		if !f.OK {
			t.Errorf("with permissions that contain them: %+v", f)
		}
	}
	b.app.SetPermissions()
	if f := finding(t, b.open(nil), "permissions"); f.OK || !strings.Contains(f.Text, "consent") {
		t.Errorf("%+v", f)
	}
}

func TestCheckRoles(t *testing.T) {
	b := newBench(t, nil)
	for role, words := range map[string]string{
		graph.PrivilegedAuthAdministrator: "administrators can be set too", graph.GlobalAdministrator: "far more",
	} {
		b.app.SetRoles(role)
		if f := finding(t, b.open(nil), "role"); !f.OK || !strings.Contains(f.Text, words) {
			t.Errorf("%+v", f)
		}
	}
	b.app.SetRoles(graph.DirectoryReaders)
	if f := finding(t, b.open(nil), "role"); f.OK || !strings.Contains(f.Text, "missing") || !strings.Contains(f.Text, strings.ToLower(b.app.Object())) {
		t.Errorf("%+v", f)
	}
}

func TestCheckExpiry(t *testing.T) {
	b := newBench(t, nil)
	for _, c := range []struct {
		left time.Duration
		ok   bool
		text string
	}{
		{60 * 24 * time.Hour, true, "good until"},
		{20 * 24 * time.Hour, false, "it ends on"},
		{-48 * time.Hour, false, "it ended"},
	} {
		day := time.Now().Add(c.left).UTC().Format(time.DateOnly)
		f := finding(t, b.open(func(o *entra.Config) { o.SecretExpires = day }), "secret")
		if f.OK != c.ok || !strings.Contains(f.Text, c.text) || !strings.Contains(f.Text, day) {
			t.Errorf("secret until %s: %+v", day, f)
		}
		_, path := pair(t, time.Now().Add(c.left), false)
		d := b.open(func(o *entra.Config) { o.Secret, o.Certificate = secret.Ref{}, secret.Ref{File: path} })
		if f := finding(t, d, "certificate"); f.OK != c.ok || !strings.Contains(f.Text, c.text) { // also where there is no token
			t.Errorf("certificate: %+v", f)
		}
	}
}

func TestCheckUnreachable(t *testing.T) {
	b := newBench(t, nil)
	d := b.open(func(c *entra.Config) { c.Authority = "https://" + listener(t, true) })
	if f := finding(t, d, "token"); f.OK || f.Text == "" {
		t.Errorf("%+v", f)
	}
	foreign := b.open(func(c *entra.Config) { c.CAFile = "" })
	if f := finding(t, foreign, "token"); f.OK || !strings.Contains(f.Text, "ca_file") {
		t.Errorf("a certificate nobody here trusts: %+v", f)
	}
}
