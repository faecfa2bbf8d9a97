package configure

import (
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"rekey/internal/yamledit"
)

func TestDifferences(t *testing.T) {
	for _, c := range []struct{ name, was, is, want string }{
		{"nothing", "a: 1", "a: 1", ""},
		{"another order of keys", "a: 1\nb: 2", "b: 2\na: 1", ""},
		{"a value", "a: {b: 1}", "a: {b: 2}", "changed a.b 1>2"},
		{"a new map", "a: 1", "a: 1\nb: {c: x}", "added b >{c: x}"},
		{"what was empty", "a: {totp:, mail:}", "a: {totp: {digits: 8}, mail:}", "added a.totp.digits >8"},
		{"gone", "a: 1\nb: [x]", "a: 1", "removed b [x]>"},
		{"another kind", "a: [x]", "a: x", "changed a [x]>x"},
		{"a list", "a: [x, v, z]", "a: [x, z, w]", "added a[2] >w;removed a[1] v>"},
		{"an order", "a: [x, v, z]", "a: [z, x, v]", "moved a[0] a[2]>a[0]"},
		{"renamed", "p: [{name: A, n: 1}, {name: B}]", "p: [{name: C, n: 1}, {name: B}]", "changed p[0].name A>C"},
		{"moved and changed", "p: [{name: A, n: 1}, {name: B}]", "p: [{name: B}, {name: A, n: 2}]", "moved p[1] p[0]>p[1];changed p[1].n 1>2"},
		{"by domain", "d: [{ad: {domain: a, k: 1}}, {ad: {domain: b}}]", "d: [{ad: {domain: b}}, {ad: {domain: c}}]", "added d[1] >{ad: {domain: c}};removed d[0] {ad: {domain: a, k: 1}}>"},
		{"a secret", "p: {sealed: x}", "p: {sealed: y}", "changed p [redacted]>[redacted]"},
		{"a secret from a file", "p: {file: /a}", "p: {sealed: y}", "changed p {file: /a}>[redacted]"},
		{"a secret in what is new", "", "d: {p: {sealed: y}, q: 1}", "added d >{p: {sealed: '[redacted]'}, q: 1}"},
	} {
		was, is := tree(t, c.was), tree(t, c.is)
		var got []string
		for _, l := range differences(was, is) {
			got = append(got, fmt.Sprintf("%s %s %s>%s", l.Kind, l.Path, l.Was, l.Is))
		}
		if strings.Join(got, ";") != c.want {
			t.Errorf("%s: got %s, want %s", c.name, strings.Join(got, ";"), c.want)
		}
	}
}

func tree(t *testing.T, text string) any {
	t.Helper()
	out, err := yamledit.Read(text)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// TestDifferencesAreThereWhenSomethingDiffers: no change of a list of policies goes unsaid, and none is made up.
func TestDifferencesAreThereWhenSomethingDiffers(t *testing.T) {
	list := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) any {
		return yamledit.Map{
			{Key: "name", Value: rapid.SampledFrom([]string{"A", "B", "C", "D"}).Draw(t, "name")},
			{Key: "n", Value: rapid.Uint64Range(0, 2).Draw(t, "n")},
		}
	}), 0, 5)
	rapid.Check(t, func(t *rapid.T) {
		was, is := any(list.Draw(t, "was")), any(list.Draw(t, "is"))
		if got := differences(was, is); (len(got) == 0) != yamledit.Same(was, is) {
			t.Fatalf("%v", got)
		}
	})
}
