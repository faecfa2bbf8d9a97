package ad_test

import (
	"bytes"
	"errors"
	"testing"
	"time"

	ber "github.com/go-asn1-ber/asn1-ber"
	"github.com/go-ldap/ldap/v3"

	"rekey/internal/directory"
	"rekey/internal/secret"
)

// changes lists what a modification does: operation, attribute and values.
func changes(m *ber.Packet) []string {
	var all []string
	for _, c := range m.Children[1].Children[1].Children {
		operation := map[string]string{"\x00": "add", "\x01": "delete", "\x02": "replace"}[c.Children[0].Data.String()]
		line := operation + " " + c.Children[1].Children[0].Data.String()
		for _, v := range c.Children[1].Children[1].Children {
			line += " " + v.Data.String()
		}
		all = append(all, line)
	}
	return all
}

func TestOneModificationCarriesEverything(t *testing.T) {
	for _, c := range []struct {
		name  string
		write directory.Write
		want  []string
	}{
		{"plain", directory.Write{}, []string{"replace unicodePwd " + unicodePwd("New-Passw0rd!2")}},
		{"all", directory.Write{Unlock: true, MustChange: true, EnforceHistory: true}, []string{
			"replace unicodePwd " + unicodePwd("New-Passw0rd!2"), "replace lockoutTime 0", "replace pwdLastSet 0",
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWindows(t)
			if err := w.open(t).SetPassword(t.Context(), jane(), secret.New("New-Passw0rd!2"), c.write); err != nil {
				t.Fatal(err)
			}
			if len(w.requests) != 1 {
				t.Fatalf("%d modifications", len(w.requests))
			}
			if dn := w.requests[0].Children[1].Children[0].Data.String(); dn != "<GUID="+object+">" {
				t.Errorf("addressed as %s", dn)
			}
			got := changes(w.requests[0])
			if len(got) != len(c.want) {
				t.Fatalf("%q, want %q", got, c.want)
			}
			for i := range got {
				if got[i] != c.want[i] {
					t.Errorf("%q, want %q", got[i], c.want[i])
				}
			}
		})
	}
}

func TestChangeIsOneDeleteAndOneAdd(t *testing.T) {
	w := newWindows(t)
	if err := w.open(t).Change(t.Context(), jane(), secret.New("Old-Passw0rd!1"), secret.New("New-Passw0rd!2")); err != nil {
		t.Fatal(err)
	}
	want := []string{"delete unicodePwd " + unicodePwd("Old-Passw0rd!1"), "add unicodePwd " + unicodePwd("New-Passw0rd!2")}
	if len(w.requests) != 1 {
		t.Fatalf("%d modifications", len(w.requests))
	}
	if got := changes(w.requests[0]); len(got) != 2 || got[0] != want[0] || got[1] != want[1] {
		t.Errorf("%q, want %q", got, want)
	}
}

// TestPolicyHintsControl looks at the bytes: TRUE must be 0xFF, and the value SEQUENCE { INTEGER 1 }.
func TestPolicyHintsControl(t *testing.T) {
	for _, c := range []struct {
		name    string
		known   []string
		enforce bool
		want    string
	}{
		{"new and old", []string{"1.2.840.113556.1.4.2066", "1.2.840.113556.1.4.2239"}, true, "1.2.840.113556.1.4.2239"},
		{"old only", []string{"1.2.840.113556.1.4.2066"}, true, "1.2.840.113556.1.4.2066"},
		{"unknown", []string{"1.2.840.113556.1.4.319"}, true, ""},
		{"not wanted", []string{"1.2.840.113556.1.4.2239"}, false, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWindows(t)
			w.rootDSE = map[string][]string{"supportedControl": c.known}
			d := w.open(t)
			if err := d.SetPassword(t.Context(), jane(), secret.New("New-Passw0rd!2"), directory.Write{EnforceHistory: c.enforce}); err != nil {
				t.Fatal(err)
			}
			m := w.requests[0]
			if c.want == "" {
				if len(m.Children) != 2 {
					t.Errorf("a control was sent: %x", m.Bytes())
				}
				return
			}
			want := append([]byte{0x04, byte(len(c.want))}, c.want...)
			want = append(want, 0x01, 0x01, 0xFF, 0x04, 0x05, 0x30, 0x03, 0x02, 0x01, 0x01)
			if got := m.Children[2].Children[0].Data.Bytes(); !bytes.Equal(got, want) {
				t.Errorf("control %x, want %x", got, want)
			}
			rules, err := d.Rules(t.Context(), jane())
			if err != nil || !rules.EnforcesHist {
				t.Errorf("%+v, %v", rules, err)
			}
		})
	}
}

// TestWindowsRefusals: Windows does not say which rule was broken, so the readable ones do.
func TestWindowsRefusals(t *testing.T) {
	const refused = "0000052D: SvcErr: DSID-031A12D2, problem 5003 (WILL_NOT_PERFORM), data 0\n\x00"
	for password, want := range map[string]directory.Reason{
		"aB1!": directory.TooShort, "onlysmallletters": directory.Complexity, "Xdoe-12345678": directory.HoldsName, "Fine-Passw0rd!": directory.PolicyRefused,
	} {
		w := newWindows(t)
		w.modified = func() (uint16, string) { return ldap.LDAPResultUnwillingToPerform, refused }
		err := w.open(t).SetPassword(t.Context(), jane(), secret.New(password), directory.Write{})
		var rejected *directory.RejectedError
		if !errors.As(err, &rejected) || rejected.Reason != want {
			t.Errorf("%s: %v, want %s", password, err, want)
		}
	}
}

// TestBusyServerIsNotAskedTwice: a refused write is not repeated either, and nothing was written.
func TestBusyServerIsNotAskedTwice(t *testing.T) {
	w := newWindows(t)
	w.modified = func() (uint16, string) { return ldap.LDAPResultBusy, "00002024: SvcErr: busy" }
	err := w.open(t).SetPassword(t.Context(), jane(), secret.New("New-Passw0rd!2"), directory.Write{})
	if !errors.Is(err, directory.ErrUnavailable) || len(w.requests) != 1 {
		t.Errorf("%d modifications, %v", len(w.requests), err)
	}
}

func TestReadOnlyServerGetsNoWrites(t *testing.T) {
	for name, root := range map[string]map[string][]string{
		"read-only":        {"supportedCapabilities": {"1.2.840.113556.1.4.800", "1.2.840.113556.1.4.1920"}},
		"not synchronized": {"isSynchronized": {"FALSE"}},
	} {
		w := newWindows(t)
		w.rootDSE = root
		d := w.open(t)
		err := d.SetPassword(t.Context(), jane(), secret.New("New-Passw0rd!2"), directory.Write{})
		if !errors.Is(err, directory.ErrUnavailable) || len(w.requests) != 0 {
			t.Errorf("%s: %d modifications, %v", name, len(w.requests), err)
		}
		if _, err := d.Get(t.Context(), jane()); err != nil {
			t.Errorf("%s: get: %v", name, err)
		}
		if h := d.Health(t.Context()); !h.Readable || h.Writable {
			t.Errorf("%s: %+v", name, h)
		}
	}
}

// TestAttack34GroupsThatMayNotBeRead: an account without groups would slip through every exclusion.
func TestAttack34GroupsThatMayNotBeRead(t *testing.T) {
	w := newWindows(t)
	w.hide = []string{"tokenGroups"}
	d := w.open(t)
	if a, err := d.Lookup(t.Context(), directory.Identifier{Name: "jdoe"}); !errors.Is(err, directory.ErrUnavailable) {
		t.Errorf("found %+v, %v", a, err)
	}
	if _, err := d.Get(t.Context(), jane()); !errors.Is(err, directory.ErrUnavailable) {
		t.Errorf("get: %v", err)
	}
}

// TestServiceAccountIsNotLocked: a refused service account is not tried at every call.
func TestServiceAccountIsNotLocked(t *testing.T) {
	w := newWindows(t)
	w.bound = func(string) (uint16, string) {
		return ldap.LDAPResultInvalidCredentials, "80090308: LdapErr: DSID-0C090447, comment: AcceptSecurityContext error, data 52e, v4563"
	}
	d := w.open(t)
	for range 5 {
		if _, err := d.Get(t.Context(), jane()); !errors.Is(err, directory.ErrUnavailable) {
			t.Errorf("%v", err)
		}
	}
	if h := d.Health(t.Context()); h.Readable || h.Detail == "" {
		t.Errorf("%+v", h)
	}
	if w.binds != 1 {
		t.Errorf("%d binds with a refused password", w.binds)
	}
}

// TestWindowsSignIns: the reasons Samba never gives.
func TestWindowsSignIns(t *testing.T) {
	for data, want := range map[string]directory.SignInReason{"525": directory.SignInWrong, "531": directory.SignInRestricted} {
		w := newWindows(t)
		w.bound = func(user string) (uint16, string) {
			if user == "svc@corp.example.test" {
				return 0, ""
			}
			return ldap.LDAPResultInvalidCredentials, "80090308: LdapErr: DSID-0C090447, comment: AcceptSecurityContext error, data " + data + ", v4563"
		}
		err := w.open(t).Authenticate(t.Context(), jane(), secret.New("Some-Passw0rd!"))
		var refused *directory.SignInError
		if !errors.As(err, &refused) || refused.Reason != want {
			t.Errorf("%s: %v", data, err)
		}
	}
}

// TestHealthIsRemembered and says since when it is so.
func TestHealthIsRemembered(t *testing.T) {
	w := newWindows(t)
	d := w.open(t)
	first := d.Health(t.Context())
	for range 10 {
		if again := d.Health(t.Context()); again != first {
			t.Errorf("%+v, then %+v", first, again)
		}
	}
	if w.binds != 1 || first.Since.IsZero() || time.Since(first.Since) > time.Minute {
		t.Errorf("%d binds; %+v", w.binds, first)
	}
}
