package authenticatortest

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"rekey/internal/authenticator"
)

// decoyRequest asks for a name nobody has, as the use case does: no account, an ID that says so.
func (f Fixture) decoyRequest(seed byte) authenticator.Request {
	c := f.Method.Decoy([32]byte{seed, 1, 2, 3})
	c.ID = "decoy:" + string(c.Kind)
	return authenticator.Request{
		Subject:     authenticator.Subject{Name: "nobody@corp.example.test", Locale: "en"},
		Credentials: []authenticator.Credential{c}, Purpose: "reset", Flow: "flow",
	}
}

// testDecoyLooksReal compares a decoy's challenge with a real one, before and after addresses may be revealed.
func testDecoyLooksReal(t *testing.T, f Fixture) {
	one, two := f.Method.Decoy([32]byte{1}), f.Method.Decoy([32]byte{1})
	if !reflect.DeepEqual(one, two) {
		t.Error("two decoys of one seed differ")
	}
	if one.Kind != f.Method.Traits().Kind {
		t.Errorf("decoy of kind %q", one.Kind)
	}
	p := f.enroll(t, "alice")
	real, decoy := p.request("flow"), f.decoyRequest(1)
	for _, reveal := range []bool{false, true} {
		real.Reveal, decoy.Reveal = reveal, reveal
		want, got := f.challenge(t, real, f.later()), f.challenge(t, decoy, f.later())
		if w, g := shape(t, want.Prompt), shape(t, got.Prompt); w != g {
			t.Errorf("prompt of a decoy is\n%s\nand a real one is\n%s", g, w)
		}
		if (want.State == nil) != (got.State == nil) || !want.Expires.Equal(got.Expires) || len(want.Send) != len(got.Send) {
			t.Errorf("state, expiry or messages differ: %+v and %+v", want, got)
			continue
		}
		for i, m := range got.Send {
			if !m.Discard || m.Template != want.Send[i].Template || m.Channel != want.Send[i].Channel || len(m.Data) != len(want.Send[i].Data) {
				t.Errorf("message of a decoy is %+v, a real one %+v", m, want.Send[i])
			}
		}
	}
}

func testDecoyIsNeverAccepted(t *testing.T, f Fixture) {
	stranger := f.enroll(t, "mallory")
	now := f.later()
	for seed := range byte(8) {
		r := f.decoyRequest(seed)
		c := f.challenge(t, r, now)
		for _, answer := range []authenticator.Response{stranger.holder.Answer(t, c, now), stranger.holder.Wrong(t, c, now)} {
			got, err := f.verify(t, r, c.State, answer, now)
			if err != nil || got.Outcome != authenticator.Wrong {
				t.Errorf("decoy: outcome %v, %v; a real account would say %v", got.Outcome, err, authenticator.Wrong)
			}
		}
	}
}

// shape gives a prompt's type and which of its fields are set; of JSON, its keys and kinds of values.
func shape(t *testing.T, p authenticator.Prompt) string {
	t.Helper()
	v := reflect.ValueOf(p)
	var b strings.Builder
	fmt.Fprint(&b, v.Type())
	for i := range v.NumField() {
		fmt.Fprintf(&b, " %s=", v.Type().Field(i).Name)
		switch f := v.Field(i); f.Kind() {
		case reflect.Bool, reflect.Int:
			fmt.Fprint(&b, f.Interface())
		case reflect.Slice:
			if raw, ok := f.Interface().([]byte); ok {
				var parsed any
				if err := json.Unmarshal(raw, &parsed); err != nil {
					t.Fatal(err)
				}
				b.WriteString(jsonShape(parsed))
				continue
			}
			fmt.Fprint(&b, f.Len())
		default:
			fmt.Fprint(&b, !f.IsZero())
		}
	}
	return b.String()
}

func jsonShape(v any) string {
	switch v := v.(type) {
	case map[string]any:
		var fields []string
		for k, x := range v {
			fields = append(fields, k+":"+jsonShape(x))
		}
		slices.Sort(fields)
		return "{" + strings.Join(fields, " ") + "}"
	case []any:
		var kinds []string
		for _, x := range v {
			kinds = append(kinds, jsonShape(x))
		}
		slices.Sort(kinds)
		return "[" + strings.Join(slices.Compact(kinds), " ") + "]"
	}
	return fmt.Sprintf("%T", v)
}
