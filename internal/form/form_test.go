package form_test

import (
	"errors"
	"fmt"
	"maps"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"rekey/internal/form"
	"rekey/internal/secret"
)

type gateway struct {
	Inner   `yaml:",inline"`
	URL     string                `yaml:"url" label:"Address" help:"Where."`
	Method  string                `yaml:"method,omitempty" label:"Method" help:"How." options:"POST,GET" default:"POST" free:"true"`
	Body    string                `yaml:"body,omitempty" label:"Body" help:"What." lines:"true" free:"true"`
	Wait    time.Duration         `yaml:"wait,omitempty" label:"Wait" help:"How long." min:"1s" max:"30s" free:"true"`
	Headers map[string]string     `yaml:"headers,omitempty" label:"Headers" help:"Besides."`
	Token   secret.Ref            `yaml:"token,omitempty" label:"Token" help:"Secret."`
	Keys    map[string]secret.Ref `yaml:"keys,omitempty" label:"Keys" help:"Secrets."`
	Success success               `yaml:"success,omitempty" label:"Success" help:"When."`
	Proxy   *proxy                `yaml:"proxy,omitempty" label:"Proxy" help:"Through." credential:"true"`
	Origin  string                `yaml:"-"`
}

type Inner struct {
	Tries int  `yaml:"tries,omitempty" label:"Tries" help:"How often." free:"true"`
	Quick bool `yaml:"quick,omitempty" label:"Quick" help:"Or not." free:"true"`
}

type success struct {
	Status []int    `yaml:"status,omitempty" label:"Status" help:"Which."`
	Words  []string `yaml:"words,omitempty" label:"Words" help:"Which."`
}

type proxy struct {
	Host string `yaml:"host,omitempty" label:"Host" help:"Which."`
}

func describe(t *testing.T) []form.Field {
	t.Helper()
	fields, err := form.Describe(gateway{})
	if err != nil {
		t.Fatal(err)
	}
	return fields
}

func TestAConfigDescribesItself(t *testing.T) {
	var got []string
	for _, f := range describe(t) {
		s := f.Key + " " + string(f.Kind)
		for word, on := range map[string]bool{"required": f.Required, "optional": f.Optional, "bound": f.Bound, "whole": f.Whole, "credential": f.Credential, "lines": f.Lines} {
			if on {
				s += " " + word
			}
		}
		words := strings.Fields(s)
		slices.Sort(words[2:])
		got = append(got, strings.Join(words, " "))
	}
	want := []string{
		"tries number", "quick switch", "url text bound required", "method choice", "body text lines", "wait duration", "headers pairs bound", "token secret bound",
		"keys secrets bound", "success group bound", "success.status list bound whole", "success.words list bound", "proxy group bound credential optional", "proxy.host text bound",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	if f := describe(t)[3]; !slices.Equal(f.Options, []string{"POST", "GET"}) || f.Default != "POST" || f.Label != "Method" || f.Help != "How." {
		t.Errorf("%+v", f)
	}
}

func TestNothingIsLeftOutSilently(t *testing.T) {
	for want, config := range map[string]any{
		"a: say what it is": struct {
			A string `yaml:"a"`
		}{},
		"b: say what it is": struct {
			B string `yaml:"b" label:"B"`
		}{},
		"no page can show a map[string]int": struct {
			C map[string]int `yaml:"c" label:"C" help:"C."`
		}{},
		"no page can show a time.Time": struct {
			T time.Time `yaml:"t" label:"T" help:"T."`
		}{},
		"has no yaml key": struct{ D string }{},
		"is no struct":    "x",
	} {
		if _, err := form.Describe(config); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %s, got %v", want, err)
		}
	}
}

func set() map[string]any {
	return map[string]any{
		"url": "https://a.example.test", "tries": int64(3), "quick": true, "method": "GET", "body": "one\n  two\n", "wait": "10s",
		"headers": map[string]any{"A": "b: c", "X-Long": "d"}, "token": kept(), "keys": map[string]any{"one": kept(), "two": kept()},
		"success": map[string]any{"status": []any{int64(200), int64(202)}, "words": []any{"ok", "fine, thanks"}}, "proxy": map[string]any{},
	}
}

func kept() any { return map[string]any{"sealed": form.Kept} }

// posted is what a browser sends back of a form that shows values: the secrets empty, lines ended by CR LF.
func posted(fields []form.Field, filled url.Values) url.Values {
	out := url.Values{}
	for key, values := range filled {
		if !strings.HasSuffix(key, form.Saved) {
			out.Set(key, strings.ReplaceAll(values[0], "\n", "\r\n"))
		}
	}
	for _, f := range fields {
		for _, name := range filled[f.Key+form.Saved] {
			if f.Kind == form.Secrets {
				out.Set(f.Key+"."+name, "")
			}
		}
	}
	return out
}

func TestWhatFillGivesReadTurnsBack(t *testing.T) {
	fields := describe(t)
	filled, err := form.Fill(fields, set())
	if err != nil {
		t.Fatal(err)
	}
	if got := filled.Get("token" + form.Saved); got != "in the settings, sealed" {
		t.Errorf("got %q", got)
	}
	got, err := form.Read(fields, posted(fields, filled))
	if err != nil || !reflect.DeepEqual(got, set()) {
		t.Errorf("%v\ngot  %v\nwant %v", err, got, set())
	}
	empty, err := form.Fill(fields, nil)
	if err != nil || len(empty) != 0 {
		t.Errorf("%v, %v", empty, err)
	}
	got, err = form.Read(fields, url.Values{})
	if want := map[string]any{"token": kept()}; err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%v, %v", got, err)
	}
}

// TestFillIsHonest: whatever a document says, the form shows it so that it comes back, or says that it cannot.
func TestFillIsHonest(t *testing.T) {
	fields := describe(t)
	text := rapid.OneOf(rapid.SampledFrom([]string{"", " ", "a", "a: b", "a\nb", "\na", "a\r\nb", "a ", ":", "on"}), rapid.String())
	rapid.Check(t, func(t *rapid.T) {
		m := set()
		m["url"] = text.Draw(t, "url")
		m["headers"] = map[string]any{text.Draw(t, "name"): text.Draw(t, "value")}
		m["success"] = map[string]any{"words": []any{text.Draw(t, "word")}}
		if rapid.Bool().Draw(t, "more") {
			m[text.Draw(t, "key")] = "x"
		}
		filled, err := form.Fill(fields, m)
		if err != nil {
			return
		}
		got, err := form.Read(fields, posted(fields, filled))
		if err != nil || !reflect.DeepEqual(got, said(m)) {
			t.Fatalf("%v\ngot  %v\nwant %v", err, got, said(m))
		}
	})
}

// said leaves out keys that say nothing.
func said(m map[string]any) map[string]any {
	out := maps.Clone(m)
	maps.DeleteFunc(out, func(key string, v any) bool { return v == "" })
	return out
}

func TestSecretsAreTypedKeptAndTakenAway(t *testing.T) {
	fields := describe(t)
	got, err := form.Read(fields, url.Values{
		"token": {"new"}, "keys.one": {""}, "keys.two": {"second"}, "keys.three": {""}, "keys.three" + form.Remove: {"on"},
		"keys" + form.Name: {"four"}, "keys" + form.Value: {"fourth"},
	})
	if err != nil {
		t.Fatal(err)
	}
	keys, _ := got["keys"].(map[string]any)
	names := slices.Sorted(maps.Keys(keys))
	if !slices.Equal(names, []string{"four", "one", "two"}) || !reflect.DeepEqual(keys["one"], kept()) {
		t.Fatalf("%v", keys)
	}
	for value, want := range map[any]string{got["token"]: "new", keys["two"]: "second", keys["four"]: "fourth"} {
		if s, ok := value.(secret.Text); !ok || s.Reveal() != want {
			t.Errorf("want %s", want)
		}
	}
	if s := fmt.Sprint(got); strings.Contains(s, "second") || strings.Contains(s, "new") {
		t.Errorf("shows them: %s", s)
	}
	got, err = form.Read(fields, url.Values{"token" + form.Remove: {"on"}})
	if _, there := got["token"]; there || err != nil {
		t.Errorf("%v, %v", got, err)
	}
}

func TestWhatCannotBeReadIsNamed(t *testing.T) {
	_, err := form.Read(describe(t), url.Values{
		"tries": {"many"}, "wait": {"soon"}, "headers": {"nothing"}, "success.status": {"200\nok"}, "keys" + form.Name: {"alone"}, "method": {"GET"},
	})
	var all form.Problems
	if !errors.As(err, &all) {
		t.Fatalf("%v", err)
	}
	var keys []string
	for _, p := range all {
		if p.Label == "" || p.Text == "" {
			t.Errorf("%+v", p)
		}
		keys = append(keys, p.Key)
	}
	if !slices.Equal(keys, []string{"tries", "wait", "headers", "keys", "success.status"}) {
		t.Errorf("got %v", keys)
	}
}
