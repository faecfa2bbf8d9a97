package backupcode_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"strings"
	"testing"
	"time"

	"rekey/internal/authenticator"
	"rekey/internal/authenticator/authenticatortest"
	"rekey/internal/authenticator/backupcode"
	"rekey/internal/factor"
	"rekey/internal/secret"
)

var start = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// paper is a sheet of paper: each answer is the next code on it.
type paper struct {
	codes []string
	next  int
}

func (*paper) Input() authenticator.Response { return nil }

func (p *paper) Prove(t testing.TB, c authenticator.Challenge, now time.Time) authenticator.Response {
	p.codes = c.Prompt.(authenticator.SheetPrompt).Codes
	return p.Answer(t, c, now)
}

func (p *paper) Answer(testing.TB, authenticator.Challenge, time.Time) authenticator.Response {
	code := p.codes[p.next%len(p.codes)]
	p.next++
	return typed(code)
}

func (p *paper) Wrong(testing.TB, authenticator.Challenge, time.Time) authenticator.Response {
	return typed(strings.Repeat("A", 16))
}

func typed(code string) authenticator.Response {
	return authenticator.CodeResponse{Code: secret.New(code)}
}

func cheap(t testing.TB, c backupcode.Config) *backupcode.Method {
	t.Helper()
	m, err := backupcode.OpenCheap(c)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func fixture(m *backupcode.Method) authenticatortest.Fixture {
	return authenticatortest.Fixture{Method: m, Now: start, Holder: func() authenticatortest.Holder { return &paper{} }}
}

func TestConformance(t *testing.T) {
	authenticatortest.Run(t, fixture(cheap(t, backupcode.Config{})))
}

func TestConformanceOfEveryKnob(t *testing.T) {
	authenticatortest.Run(t, fixture(cheap(t, backupcode.Config{Codes: 20, Length: 32})))
}

func FuzzVerify(f *testing.F) {
	authenticatortest.Fuzz(f, fixture(cheap(f, backupcode.Config{Codes: 8})))
}

// enroll gives a new sheet: its credential and its paper.
func enroll(t testing.TB, m *backupcode.Method, id string) (authenticator.Credential, *paper) {
	t.Helper()
	p := &paper{}
	e := authenticator.Enrollment{Session: "s"}
	c, err := m.Begin(t.Context(), e, nil, start)
	if err != nil {
		t.Fatal(err)
	}
	done, err := m.Finish(t.Context(), e, c.State, p.Prove(t, c, start), start)
	if err != nil || done.Outcome != authenticator.Accepted {
		t.Fatal(done.Outcome, err)
	}
	done.Credential.ID = id
	return done.Credential, p
}

func verify(t testing.TB, m *backupcode.Method, code string, cs ...authenticator.Credential) authenticator.Result {
	t.Helper()
	got, err := m.Verify(t.Context(), authenticator.Request{Credentials: cs, Purpose: "reset", Flow: "f"}, nil, typed(code), start)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// fields reads stored data, and edits it when asked.
func fields(t testing.TB, c authenticator.Credential, edit map[string]any) (map[string]any, authenticator.Credential) {
	t.Helper()
	var all map[string]any
	if err := json.Unmarshal(c.Data, &all); err != nil {
		t.Fatal(err)
	}
	maps.Copy(all, edit)
	data, err := json.Marshal(all)
	if err != nil {
		t.Fatal(err)
	}
	c.Data = data
	return all, c
}

func TestSheet(t *testing.T) {
	for _, c := range []struct {
		config backupcode.Config
		codes  int
		shape  string
	}{
		{backupcode.Config{}, 10, `^([A-HJ-NP-Z2-9]{4}-){3}[A-HJ-NP-Z2-9]{4}$`},
		{backupcode.Config{Codes: 8, Length: 24}, 8, `^([A-HJ-NP-Z2-9]{4}-){5}[A-HJ-NP-Z2-9]{4}$`},
		{backupcode.Config{Codes: 20, Length: 32}, 20, `^([A-HJ-NP-Z2-9]{4}-){7}[A-HJ-NP-Z2-9]{4}$`},
	} {
		_, p := enroll(t, cheap(t, c.config), "a")
		shape, different := regexp.MustCompile(c.shape), map[string]bool{}
		for _, code := range p.codes {
			different[code] = true
			if !shape.MatchString(code) {
				t.Errorf("%+v: code %q", c.config, code)
			}
		}
		if len(different) != c.codes {
			t.Errorf("%+v: %d different codes", c.config, len(different))
		}
	}
}

// TestAttack11PredictableCodes: every character is drawn as often as any other, at every place (chi-square with 31 degrees of
// freedom, which exceeds 100 by chance once in a hundred million times).
func TestAttack11PredictableCodes(t *testing.T) {
	const draws, length = 20_000, 16
	var seen [length]map[rune]int
	for i := range seen {
		seen[i] = map[rune]int{}
	}
	for range draws {
		for i, r := range backupcode.NewCode(length) {
			seen[i][r]++
		}
	}
	expected := float64(draws) / 32
	for place, counts := range seen {
		chi := 0.0
		for _, n := range counts {
			chi += (float64(n) - expected) * (float64(n) - expected) / expected
		}
		if len(counts) != 32 || chi > 100 {
			t.Errorf("place %d: %d characters, chi-square %.1f", place, len(counts), chi)
		}
	}
}

// TestEveryCodeWorksOnce uses a sheet up, from the middle outwards; the last code takes the sheet with it.
func TestEveryCodeWorksOnce(t *testing.T) {
	m := cheap(t, backupcode.Config{Codes: 8})
	c, p := enroll(t, m, "a")
	var used []string
	for i, at := range []int{4, 3, 5, 2, 6, 1, 7, 0} {
		got := verify(t, m, p.codes[at], c)
		if got.Outcome != authenticator.Accepted || got.Used != "a" {
			t.Fatalf("code %d: %+v", at, got)
		}
		if last := i == 7; got.Delete != last || (got.Update == nil) != last {
			t.Fatalf("code %d: delete %v, update %v", at, got.Delete, got.Update)
		}
		if got.Delete {
			return
		}
		c = *got.Update
		used = append(used, p.codes[at])
		for _, code := range used {
			if again := verify(t, m, code, c); again.Outcome != authenticator.Wrong || again.Reason != "wrong-code" {
				t.Errorf("used code %q: %+v", code, again)
			}
		}
	}
}

func TestCodeOfTheEnrollmentStaysGood(t *testing.T) {
	m := cheap(t, backupcode.Config{})
	c, p := enroll(t, m, "a")
	if got := verify(t, m, p.codes[0], c); got.Outcome != authenticator.Accepted {
		t.Errorf("%+v", got)
	}
}

func TestHowCodesAreTyped(t *testing.T) {
	m := cheap(t, backupcode.Config{})
	c, p := enroll(t, m, "a")
	code := p.codes[3]
	plain := strings.ReplaceAll(code, "-", "")
	wide := strings.Map(func(r rune) rune { return r + 0xFEE0 }, plain)
	for _, s := range []string{
		plain, strings.ToLower(code), strings.ReplaceAll(code, "-", " "), strings.ReplaceAll(code, "-", " – "), " " + code + "\n",
		"\u200f" + code, wide, plain[:7] + " " + plain[7:],
	} {
		if got := verify(t, m, s, c); got.Outcome != authenticator.Accepted {
			t.Errorf("%q: %v", s, got.Outcome)
		}
	}
	for _, s := range []string{
		"", "-", plain[:15], plain + "A", plain[1:] + plain[:1], code + "." + code, plain[:12] + "0000", strings.Repeat(plain, 17),
		strings.Join(p.codes, " "), strings.Join(p.codes[:2], " "),
	} {
		if got := verify(t, m, s, c); got.Outcome != authenticator.Wrong {
			t.Errorf("%q: %v", s, got.Outcome)
		}
	}
}

func TestNewSheetReplacesTheOld(t *testing.T) {
	m := cheap(t, backupcode.Config{})
	old, _ := enroll(t, m, "old")
	broken := authenticator.Credential{ID: "broken", Data: []byte("{")}
	e := authenticator.Enrollment{Session: "s", Existing: []authenticator.Credential{old, broken}}
	c, err := m.Begin(t.Context(), e, nil, start)
	if err != nil {
		t.Fatal(err)
	}
	done, err := m.Finish(t.Context(), e, c.State, (&paper{}).Prove(t, c, start), start)
	if err != nil || done.Outcome != authenticator.Accepted || fmt.Sprint(done.Replaces) != "[old broken]" {
		t.Errorf("%v, replaces %v, %v", done.Outcome, done.Replaces, err)
	}
	if !strings.HasPrefix(string(done.Credential.Channel), "paper:") || done.Credential.Channel == old.Channel {
		t.Errorf("channel %q after %q", done.Credential.Channel, old.Channel)
	}
}

// TestOneStateIsOneSheet: codes that were used do not come back with the state they were made in.
func TestOneStateIsOneSheet(t *testing.T) {
	m, p := cheap(t, backupcode.Config{}), &paper{}
	e := authenticator.Enrollment{Session: "s"}
	c, err := m.Begin(t.Context(), e, nil, start)
	if err != nil {
		t.Fatal(err)
	}
	proof := p.Prove(t, c, start)
	done, err := m.Finish(t.Context(), e, c.State, proof, start)
	if err != nil || done.Outcome != authenticator.Accepted {
		t.Fatal(done.Outcome, err)
	}
	e.Existing = []authenticator.Credential{done.Credential}
	if done, err = m.Finish(t.Context(), e, c.State, proof, start); err != nil || done.Outcome != authenticator.Wrong || done.Replaces != nil {
		t.Errorf("enrolled twice: %+v, %v", done, err)
	}
}

// TestTwoSheets can happen when two browsers enroll at once: either works, and each loses its own code.
func TestTwoSheets(t *testing.T) {
	m := cheap(t, backupcode.Config{})
	a, one := enroll(t, m, "a")
	b, two := enroll(t, m, "b")
	for want, p := range map[string]*paper{"a": one, "b": two} {
		if got := verify(t, m, p.codes[9], a, b); got.Outcome != authenticator.Accepted || got.Used != want || got.Update.ID != want {
			t.Errorf("%s: %+v", want, got)
		}
	}
}

// TestRecommendedCost makes one sheet as it is made in earnest.
func TestRecommendedCost(t *testing.T) {
	m, err := backupcode.Open(backupcode.Config{Codes: 8}, backupcode.Deps{})
	if err != nil {
		t.Fatal(err)
	}
	c, p := enroll(t, m, "a")
	d := m.Decoy([32]byte{1})
	for name, cred := range map[string]authenticator.Credential{"sheet": c, "decoy": d} {
		stored, _ := fields(t, cred, nil)
		want := map[string]any{"memory": 19456.0, "time": 2.0}
		if cost := stored["cost"].(map[string]any); !maps.Equal(cost, want) || len(stored["hashes"].([]any)) != 8 {
			t.Errorf("%s: cost %v, %d hashes", name, cost, len(stored["hashes"].([]any)))
		}
	}
	for _, code := range p.codes {
		if strings.Contains(string(c.Data), code) || strings.Contains(string(c.Data), strings.ReplaceAll(code, "-", "")) {
			t.Error("a code is stored")
		}
	}
	if got := verify(t, m, p.codes[7], c); got.Outcome != authenticator.Accepted {
		t.Errorf("%+v", got)
	}
	if got := verify(t, m, p.codes[7], d); got.Outcome != authenticator.Wrong {
		t.Errorf("%+v", got)
	}
}

// TestOldSheetsStayGood: a sheet keeps the cost and length it was made with.
func TestOldSheetsStayGood(t *testing.T) {
	c, p := enroll(t, cheap(t, backupcode.Config{Codes: 20, Length: 24}), "a")
	m, err := backupcode.Open(backupcode.Config{}, backupcode.Deps{})
	if err != nil {
		t.Fatal(err)
	}
	if got := verify(t, m, p.codes[19], c); got.Outcome != authenticator.Accepted {
		t.Errorf("%+v", got)
	}
}

// TestStoredCostIsBounded: damaged data must not take all memory or all time.
func TestStoredCostIsBounded(t *testing.T) {
	m := cheap(t, backupcode.Config{})
	c, p := enroll(t, m, "a")
	stored, _ := fields(t, c, nil)
	hashes := stored["hashes"].([]any)
	for name, edit := range map[string]map[string]any{
		"memory":         {"cost": map[string]any{"memory": 1<<32 - 1, "time": 1}},
		"no memory":      {"cost": map[string]any{"memory": 0, "time": 1}},
		"passes":         {"cost": map[string]any{"memory": 8, "time": 1<<32 - 1}},
		"no pass":        {"cost": map[string]any{"memory": 8, "time": 0}},
		"no hash":        {"hashes": []any{}},
		"an empty hash":  {"hashes": []any{""}},
		"too many codes": {"hashes": append(append(append([]any{}, hashes...), hashes...), hashes...)},
		"no salt":        {"salt": ""},
		"version":        {"v": 2},
	} {
		_, bad := fields(t, c, edit)
		r := authenticator.Request{Credentials: []authenticator.Credential{bad}}
		if got, err := m.Verify(t.Context(), r, nil, typed(p.codes[0]), start); err == nil {
			t.Errorf("%s: judged as %v", name, got.Outcome)
		}
	}
}

// TestHashesWaitTheirTurn: when the processors are busy an answer waits, and gives up with its request.
func TestHashesWaitTheirTurn(t *testing.T) {
	m := cheap(t, backupcode.Config{})
	c, p := enroll(t, m, "a")
	m.Occupy()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	r := authenticator.Request{Credentials: []authenticator.Credential{c}}
	if got, err := m.Verify(ctx, r, nil, typed(p.codes[0]), start); !errors.Is(err, context.Canceled) || got.Outcome != authenticator.Wrong {
		t.Errorf("%v, %v", got.Outcome, err)
	}
}

// TestDecoyRefusesItsOwnCodes: even what hashes to a decoy's hash is worth nothing.
func TestDecoyRefusesItsOwnCodes(t *testing.T) {
	m := cheap(t, backupcode.Config{})
	c, p := enroll(t, m, "a")
	_, decoy := fields(t, c, map[string]any{"decoy": true})
	if got := verify(t, m, p.codes[0], decoy); got.Outcome != authenticator.Wrong || got.Reason != "wrong-code" {
		t.Errorf("%+v", got)
	}
}

func TestTraits(t *testing.T) {
	want := factor.Traits{Kind: "backup-code", Class: factor.Has}
	if got := cheap(t, backupcode.Config{}).Traits(); got != want {
		t.Errorf("%+v", got)
	}
}

func TestConfig(t *testing.T) {
	for _, c := range []struct {
		config backupcode.Config
		wrong  string
	}{
		{backupcode.Config{}, ""},
		{backupcode.Config{Codes: 8, Length: 16}, ""},
		{backupcode.Config{Codes: 20, Length: 32}, ""},
		{backupcode.Config{Codes: 7}, "codes"},
		{backupcode.Config{Codes: 21}, "codes"},
		{backupcode.Config{Codes: -1}, "codes"},
		{backupcode.Config{Length: 12}, "length"},
		{backupcode.Config{Length: 18}, "length"},
		{backupcode.Config{Length: 36}, "length"},
		{backupcode.Config{Length: -16}, "length"},
	} {
		_, err := backupcode.Open(c.config, backupcode.Deps{})
		if c.wrong == "" && err != nil || c.wrong != "" && (err == nil || !strings.HasPrefix(err.Error(), c.wrong+":")) {
			t.Errorf("%+v: %v, want %q", c.config, err, c.wrong)
		}
	}
}

func BenchmarkVerify(b *testing.B) {
	m, err := backupcode.Open(backupcode.Config{Codes: 8}, backupcode.Deps{})
	if err != nil {
		b.Fatal(err)
	}
	c, p := enroll(b, m, "a")
	for b.Loop() {
		verify(b, m, p.codes[0], c)
	}
}
