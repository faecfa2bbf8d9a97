package formview_test

import (
	"net/url"
	"reflect"
	"strings"
	"testing"

	"rekey/internal/form"
	"rekey/internal/secret"
	"rekey/internal/server/formview"
	"rekey/web/component"
	view "rekey/web/console"
)

type config struct {
	Host  string                `yaml:"host" label:"Host" help:"Which."`
	Port  int                   `yaml:"port,omitempty" label:"Port" help:"Which." default:"587"`
	Mode  string                `yaml:"mode,omitempty" label:"Mode" help:"How." options:"a,b" default:"a"`
	Names []string              `yaml:"names,omitempty" label:"Names" help:"Which."`
	Quick bool                  `yaml:"quick,omitempty" label:"Quick" help:"Or not."`
	Key   secret.Ref            `yaml:"key,omitempty" label:"Key" help:"Secret."`
	Keys  map[string]secret.Ref `yaml:"keys,omitempty" label:"Keys" help:"Secrets."`
	Own   *struct {
		Where string `yaml:"where,omitempty" label:"Where" help:"Where."`
	} `yaml:"own,omitempty" label:"Own" help:"One's own."`
}

// TestAFormSendsBackWhatItShows: what the fields hold, posted as a browser does, reads as what was set.
func TestAFormSendsBackWhatItShows(t *testing.T) {
	fields, err := form.Describe(config{})
	if err != nil {
		t.Fatal(err)
	}
	kept := map[string]any{"sealed": form.Kept}
	set := map[string]any{
		"host": "a", "port": int64(25), "mode": "b", "names": []any{"x", "y"}, "quick": true, "key": kept, "keys": map[string]any{"one": kept}, "own": map[string]any{"where": "here"},
	}
	filled, err := form.Fill(fields, set)
	if err != nil {
		t.Fatal(err)
	}
	posted := url.Values{}
	for _, f := range formview.Of(fields, filled, nil, false) {
		switch f.Kind {
		case view.AsSwitch, view.AsGroup:
			if f.On {
				posted.Set(f.Name, "on")
			}
		case view.AsSecrets:
			for _, s := range f.Secrets {
				posted.Set(s.Value.Name, "")
			}
		default:
			posted.Set(f.Name, f.Value)
		}
	}
	got, err := form.Read(fields, posted)
	if err != nil || !reflect.DeepEqual(got, set) {
		t.Errorf("%v\ngot  %v\nwant %v", err, got, set)
	}
}

func TestAFormShownAgainHasNoSecret(t *testing.T) {
	fields, err := form.Describe(config{})
	if err != nil {
		t.Fatal(err)
	}
	filled := url.Values{"key" + form.Saved: {"in the settings, sealed"}, "keys" + form.Saved: {"one"}}
	posted := url.Values{"host": {"typed"}, "key": {"canary-1"}, "keys.one": {"canary-2"}, "keys" + form.Name: {"two"}, "keys" + form.Value: {"canary-3"}}
	shown := formview.Of(fields, formview.Typed(fields, posted, filled), component.Problems{{Field: "port", Text: "Write a whole number."}}, false)
	for _, f := range shown {
		all := f.Value + f.New.Value.Value
		for _, s := range f.Secrets {
			all += s.Value.Value
		}
		if strings.Contains(all, "canary") {
			t.Errorf("%s shows it", f.Name)
		}
	}
	if shown[0].Value != "typed" || shown[1].Problem == "" || shown[5].Saved == "" || len(shown[6].Secrets) != 1 || shown[6].New.Name.Value != "two" {
		t.Errorf("%+v", shown)
	}
}
