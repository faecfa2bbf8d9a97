package mailcode

import (
	"strings"
	"testing"
)

func TestParse(t *testing.T) {
	long := strings.Repeat("a", 64)
	for typed, want := range map[string]string{
		"alice@home.example.test":                    "alice@home.example.test",
		" alice@home.example.test\t":                 "alice@home.example.test",
		"Alice.Liddell@Home.Example.TEST":            "Alice.Liddell@home.example.test", // the local part may be case-sensitive
		"a+b=c_d-e'f@x.test":                         "a+b=c_d-e'f@x.test",
		long + "@x.test":                             long + "@x.test",
		"alice@bücher.test":                          "alice@xn--bcher-kva.test",
		"alice@BüCHER.test":                          "alice@xn--bcher-kva.test",
		"alice@xn--bcher-kva.test":                   "alice@xn--bcher-kva.test",
		"alice@мвд.рф":                               "alice@xn--b1aew.xn--p1ai",
		"alice@例え.テスト":                               "alice@xn--r8jz45g.xn--zckzah",
		"a@" + strings.Repeat("b.", 125) + "test":    "",
		long + "a@x.test":                            "",
		"":                                           "",
		"alice":                                      "",
		"@home.example.test":                         "",
		"alice@":                                     "",
		"alice@localhost":                            "",
		"alice@home.example.test.":                   "",
		"alice@.test":                                "",
		"alice@home..test":                           "",
		"alice@-home.test":                           "",
		"alice@home_1.test":                          "",
		"alice@192.0.2.1":                            "",
		"alice@[192.0.2.1]":                          "",
		"alice@1.2":                                  "",
		"alice@home.example.test, mallory@x.test":    "",
		"alice@home.example.test;mallory@x.test":     "",
		"alice@home.example.test mallory@x.test":     "",
		"mallory@x.test@home.example.test":           "",
		"<alice@home.example.test>":                  "",
		"Alice <alice@home.example.test>":            "",
		"alice(comment)@home.example.test":           "",
		`"alice"@home.example.test`:                  "",
		`"a@b"@home.example.test`:                    "",
		"alice..liddell@home.example.test":           "",
		".alice@home.example.test":                   "",
		"alice.@home.example.test":                   "",
		"al ice@home.example.test":                   "",
		"alice%corp.example.test@relay.test":         "",
		"corp.example.test!alice@relay.test":         "",
		"alice\x00@home.example.test":                "",
		"alice@home.example.test\x00":                "",
		"alice\u200b@home.example.test":              "",
		"alice\xff@home.example.test":                "",
		"älice@home.example.test":                    "",
		"alice@home.example.test?cc=mallory":         "",
		"alice@home.example.test/":                   "",
		"alice＠home.example.test":                    "", // full-width at sign
		"alice@home。example。test":                    "", // ideographic full stops
		"alice@xn--a.test":                           "", // no punycode
		"alice@" + strings.Repeat("b", 64) + ".test": "",
	} {
		got, err := parse(typed)
		if want == "" {
			if err == nil {
				t.Errorf("%q was read as %q", typed, got)
			}
			continue
		}
		if err != nil || got.String() != want {
			t.Errorf("%q: got %q, %v; want %q", typed, got, err, want)
		}
	}
}

// TestAttack05LookAlikes: no other spelling becomes an address of ours, before or after a mapping by case or width.
func TestAttack05LookAlikes(t *testing.T) {
	const ours = "mike@kit.example.test"
	for _, typed := range []string{
		"mıke@kit.example.test",      // dotless i: upper case of it is I
		"m\u0130ke@kit.example.test", // dotted I
		"mi\u212ae@kit.example.test", // Kelvin sign: lower case of it is k
		"ｍike@kit.example.test",      // full width
		"mike@\u212ait.example.test",
		"mike@kıt.example.test",
		"mike@ｋit.example.test",
		"mike@kit.example.te\u017ft", // long s: upper case of it is S
		"mike@kit.еxample.test",      // Cyrillic ie
		"mike@kit.exa\u00admple.test",
		"mike@kit\u200d.example.test",
		"m\u0456ke@kit.example.test",
	} {
		got, err := parse(typed)
		if err == nil && (got.String() == ours || got.mailbox() == ours) {
			t.Errorf("%q became %s", typed, ours)
		}
		if err == nil && !strings.Contains(got.domain, "xn--") {
			t.Errorf("%q was read as %q: want it refused or visibly another domain", typed, got)
		}
	}
}

// TestAttack30LineBreaks: nothing gets into the header of a mail along with an address.
func TestAttack30LineBreaks(t *testing.T) {
	for _, typed := range []string{
		"alice@home.example.test\r\nBcc: mallory@x.test", "alice@home.example.test\n", "alice@home.example.test\r", "\nalice@home.example.test",
		"alice\r\n @home.example.test", "alice@home.\nexample.test", "alice@home.example.test\u2028", "alice\u0085@home.example.test",
		"alice@home.example.test%0d%0aBcc:mallory@x.test",
	} {
		if got, err := parse(typed); err == nil {
			t.Errorf("%q was read as %q", typed, got)
		}
	}
}

func TestMailbox(t *testing.T) {
	for _, c := range []struct {
		one, two string
		same     bool
	}{
		{"alice@home.test", "ALICE@HOME.test", true},
		{"alice@home.test", "alice+rekey@home.test", true},
		{"alice+a@home.test", "alice+b+c@home.test", true},
		{"+a@home.test", "+b@home.test", false}, // the tag is all there is
		{"a.l.ice@gmail.com", "alice@googlemail.com", true},
		{"a.lice+x@gmail.com", "Alice@Gmail.com", true},
		{"a.lice@home.test", "alice@home.test", false},
		{"a.lice@gmail.test", "alice@gmail.test", false},
		{"alice@home.test", "alice@sub.home.test", false},
		{"alice@bücher.test", "alice@xn--bcher-kva.test", true},
	} {
		one, err := parse(c.one)
		if err != nil {
			t.Fatal(err)
		}
		two, err := parse(c.two)
		if err != nil {
			t.Fatal(err)
		}
		if same := one.mailbox() == two.mailbox(); same != c.same {
			t.Errorf("%s and %s are one mailbox: %v", c.one, c.two, same)
		}
	}
}

func TestMask(t *testing.T) {
	for typed, want := range map[string]string{
		"alice@home.example.test": "a•••@h•••.test",
		"x@y.test":                "x•••@y•••.test",
		"bob@bücher.test":         "b•••@b•••.test",
		"bob@ücher.test":          "b•••@ü•••.test",
		"alice@мвд.рф":            "a•••@м•••.рф",
	} {
		a, err := parse(typed)
		if err != nil {
			t.Fatal(err)
		}
		if got := a.mask(); got != want {
			t.Errorf("%s: %s, want %s", typed, got, want)
		}
	}
}

// FuzzParse holds whatever is accepted to what the rest relies on.
func FuzzParse(f *testing.F) {
	for _, s := range []string{"alice@home.example.test", "a+b@gmail.com", "x@bücher.test", "a@b\r\nc", "\"a\"@b.test", "a@xn--a.test"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, typed string) {
		a, err := parse(typed)
		if err != nil {
			return
		}
		s := a.String()
		if strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r > '~' }) || strings.Count(s, "@") != 1 || len(s) > maxAddress {
			t.Errorf("%q was read as %q", typed, s)
		}
		if again, err := parse(s); err != nil || again != a {
			t.Errorf("%q is not read as itself: %q, %v", s, again, err)
		}
		if a.mailbox() == "" || a.mask() == s {
			t.Errorf("%q: mailbox %q, mask %q", s, a.mailbox(), a.mask())
		}
	})
}
