package secret_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"

	"rekey/internal/secret"
)

const canary = "correct-Horse-9"

// TestAttack17NoWayOfPrintingShowsIt tries every verb, every encoder and the log, on the text itself and inside other values.
func TestAttack17NoWayOfPrintingShowsIt(t *testing.T) {
	s := secret.New(canary)
	holder := struct {
		Password secret.Text
		Pointer  *secret.Text
		Many     []secret.Text
		Keyed    map[string]secret.Text
		hidden   secret.Text
		within   struct{ hidden secret.Text }
	}{s, &s, []secret.Text{s}, map[string]secret.Text{"a": s}, s, struct{ hidden secret.Text }{s}}

	var out []string
	for _, v := range []any{s, &s, holder, &holder} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%10.2s", "%T"} {
			out = append(out, fmt.Sprintf(verb, v))
		}
		j, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		y, err := yaml.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		var text, structured bytes.Buffer
		slog.New(slog.NewTextHandler(&text, nil)).Info("x", "v", v)
		slog.New(slog.NewJSONHandler(&structured, nil)).Info("x", "v", v)
		out = append(out, string(j), string(y), text.String(), structured.String(), fmt.Sprint(v), fmt.Sprintln(v))
	}
	out = append(out, s.String(), s.GoString(), errors.New("password "+s.String()).Error(), fmt.Errorf("bad: %w: %v", errors.New("x"), s).Error())
	hex := fmt.Sprintf("%x", canary)
	for _, o := range out {
		if strings.Contains(o, canary) || strings.Contains(strings.ToLower(o), hex) {
			t.Errorf("shows it: %s", o)
		}
	}
	if fmt.Sprint(s) != "[redacted]" {
		t.Errorf("prints as %v", s)
	}
}

func TestReveal(t *testing.T) {
	if got := secret.New(canary).Reveal(); got != canary {
		t.Errorf("got %q", got)
	}
	var read struct {
		Password secret.Text `json:"password"`
	}
	if err := json.Unmarshal([]byte(`{"password":"`+canary+`"}`), &read); err != nil || read.Password.Reveal() != canary {
		t.Errorf("read %q, %v", read.Password.Reveal(), err)
	}
}

func TestEqual(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want bool
	}{{"a", "a", true}, {"", "", true}, {"a", "b", false}, {"a", "aa", false}, {"a", "", false}, {"a", "A", false}} {
		if got := secret.New(c.a).Equal(secret.New(c.b)); got != c.want {
			t.Errorf("%q and %q: %v", c.a, c.b, got)
		}
	}
	var zero secret.Text
	if !zero.Empty() || secret.New("x").Empty() {
		t.Error("Empty is wrong")
	}
}

func TestRefIsZero(t *testing.T) {
	if !(secret.Ref{}).IsZero() || (secret.Ref{Env: "X"}).IsZero() {
		t.Error("IsZero is wrong")
	}
}
