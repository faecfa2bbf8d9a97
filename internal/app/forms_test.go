package app_test

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"rekey/internal/app"
	"rekey/internal/form"
)

// TestEveryPlugInDescribesItself: pages can show and edit the settings of every directory, authenticator and gateway.
func TestEveryPlugInDescribesItself(t *testing.T) {
	r := app.Registry()
	forms, err := r.Forms()
	if err != nil {
		t.Fatal(err)
	}
	if want := len(r.Directories) + len(r.Methods) + 2; len(forms) != want {
		t.Errorf("%d forms, want %d", len(forms), want)
	}
	for path, fields := range forms {
		for _, f := range fields {
			if strings.HasSuffix(f.Label, ".") || !strings.HasSuffix(f.Help, ".") {
				t.Errorf("%s.%s: a label is no sentence, and help is", path, f.Key)
			}
			if f.Kind == form.Duration {
				for _, d := range []string{f.Default, f.Min, f.Max} {
					if _, err := time.ParseDuration(d); err != nil {
						t.Errorf("%s.%s: %v", path, f.Key, err)
					}
				}
			}
		}
	}
	for path, key := range map[string]string{"directories.ad": "servers", "directories.ldap": "ca_file", "directories.entra": "authority", "mail": "host", "sms.gateway": "url"} {
		if !bound(forms[path], key) {
			t.Errorf("%s.%s says where a secret goes: it is not free", path, key)
		}
	}
	for _, d := range r.Directories {
		if reflect.TypeOf(d.Config).Name() != "Config" {
			t.Errorf("%T", d.Config)
		}
	}
}

func bound(fields []form.Field, key string) bool {
	for _, f := range fields {
		if f.Key == key {
			return f.Bound
		}
	}
	return false
}
