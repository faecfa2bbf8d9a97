package challenge_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"net/netip"
	"strconv"
	"strings"
	"testing"
	"time"

	"rekey/internal/challenge"
	"rekey/internal/challenge/challengetest"
	"rekey/internal/secret"
)

// keys are those of one installation. Sealing is plain here: the keyset's own tests say what it promises.
type keys string

func (k keys) MAC(purpose string, data []byte) []byte {
	h := hmac.New(sha256.New, []byte(string(k)+purpose))
	h.Write(data)
	return h.Sum(nil)
}

func (k keys) Seal(purpose string, plain, _ []byte) ([]byte, error) {
	return append(k.MAC(purpose, plain), plain...), nil
}

func (k keys) Open(purpose string, sealed, _ []byte) ([]byte, error) {
	if len(sealed) < sha256.Size || !hmac.Equal(sealed[:sha256.Size], k.MAC(purpose, sealed[sha256.Size:])) {
		return nil, errors.New("not sealed here")
	}
	return sealed[sha256.Size:], nil
}

var noon = time.Date(2026, time.November, 24, 12, 0, 0, 0, time.UTC)

const ours = keys("ours")

func TestCheck(t *testing.T) {
	t.Parallel()
	puzzle := challenge.Puzzle(ours, challenge.Start, 12, noon)
	answer := challengetest.Solve(puzzle)
	easier := "1" + strings.TrimPrefix(puzzle, "12")
	longer := strings.Split(puzzle, ".")
	longer[2] = strconv.FormatInt(noon.Add(time.Hour).Unix(), 36)
	other := challengetest.Solve(challenge.Puzzle(keys("theirs"), challenge.Start, 12, noon))
	for name, c := range map[string]struct {
		purpose challenge.Purpose
		answer  string
		at      time.Time
		want    error
	}{
		"solved":                      {challenge.Start, answer, noon, nil},
		"solved in the last second":   {challenge.Start, answer, noon.Add(challenge.PuzzleLife), nil},
		"too late":                    {challenge.Start, answer, noon.Add(challenge.PuzzleLife + time.Second), challenge.ErrExpired},
		"for another purpose":         {challenge.SignIn, answer, noon, challenge.ErrForged},
		"not solved":                  {challenge.Start, challengetest.Miss(puzzle), noon, challenge.ErrTooEasy},
		"another installation's":      {challenge.Start, other, noon, challenge.ErrForged},
		"made easier":                 {challenge.Start, challengetest.Solve(easier), noon, challenge.ErrForged},
		"made to live longer":         {challenge.Start, challengetest.Solve(strings.Join(longer, ".")), noon, challenge.ErrForged},
		"no nonce":                    {challenge.Start, puzzle, noon, challenge.ErrForged},
		"an empty nonce":              {challenge.Start, puzzle + ":", noon, challenge.ErrForged},
		"a nonce that is no number":   {challenge.Start, answer + "x", noon, challenge.ErrForged},
		"a second colon":              {challenge.Start, answer + ":1", noon, challenge.ErrForged},
		"a nonce without an end":      {challenge.Start, puzzle + ":" + strings.Repeat("1", 500), noon, challenge.ErrForged},
		"nothing":                     {challenge.Start, "", noon, challenge.ErrForged},
		"a colon":                     {challenge.Start, ":", noon, challenge.ErrForged},
		"dots":                        {challenge.Start, "...:1", noon, challenge.ErrForged},
		"a MAC with bits to spare":    {challenge.Start, challengetest.Solve(puzzle[:len(puzzle)-1] + "_"), noon, challenge.ErrForged},
		"only a part of the checksum": {challenge.Start, challengetest.Solve(puzzle[:len(puzzle)-4]), noon, challenge.ErrForged},
	} {
		once, err := challenge.Check(ours, c.purpose, c.answer, c.at)
		if !errors.Is(err, c.want) || (err == nil) != (once.ID != "") {
			t.Errorf("%s: %+v, %v, want %v", name, once, err, c.want)
		}
	}
}

// TestAnAnswerIsSpentByItsPuzzle: another nonce for the same puzzle is the same answer, so it is not worth looking for one.
func TestAnAnswerIsSpentByItsPuzzle(t *testing.T) {
	t.Parallel()
	puzzle := challenge.Puzzle(ours, challenge.Start, 1, noon)
	ids := map[string]int{}
	for n := range 64 {
		if once, err := challenge.Check(ours, challenge.Start, puzzle+":"+strconv.Itoa(n), noon); err == nil {
			ids[once.ID]++
			if !once.Until.Equal(noon.Add(challenge.PuzzleLife)) {
				t.Errorf("to be kept until %s", once.Until)
			}
		}
	}
	if len(ids) != 1 {
		t.Errorf("one puzzle is spent as %v", ids)
	}
	if next := challenge.Puzzle(ours, challenge.Start, 1, noon); next == puzzle {
		t.Error("two puzzles are the same")
	}
}

func TestWait(t *testing.T) {
	t.Parallel()
	w := challenge.NewWait(challenge.Start, "/start/reset", map[string]string{"name": "anna"}, challenge.Patience, noon)
	token, err := w.Seal(ours)
	if err != nil {
		t.Fatal(err)
	}
	got, err := challenge.OpenWait(ours, token, noon.Add(challenge.WaitLife))
	if err != nil || got.ID != w.ID || got.Fields["name"] != "anna" || got.Purpose != challenge.Start || got.Action != "/start/reset" {
		t.Errorf("got %+v, %v", got, err)
	}
	for left, at := range map[time.Duration]time.Time{20 * time.Second: noon, time.Second: noon.Add(19 * time.Second), 0: noon.Add(time.Minute)} {
		if got.Left(at) != left {
			t.Errorf("at %s %s are left, want %s", at, got.Left(at), left)
		}
	}
	if _, err := challenge.OpenWait(ours, token, noon.Add(challenge.WaitLife+time.Second)); !errors.Is(err, challenge.ErrExpired) {
		t.Errorf("too late: %v", err)
	}
	for _, bad := range []string{"", "x", token + "x", token[1:], "!" + token} {
		if _, err := challenge.OpenWait(ours, bad, noon); !errors.Is(err, challenge.ErrForged) {
			t.Errorf("%.20q: %v", bad, err)
		}
	}
	if _, err := challenge.OpenWait(keys("theirs"), token, noon); !errors.Is(err, challenge.ErrForged) {
		t.Errorf("with other keys: %v", err)
	}
}

func TestWhoIsAsked(t *testing.T) {
	t.Parallel()
	office := func(name string, a netip.Addr) bool {
		return name == "office" && a == netip.MustParseAddr("203.0.113.9")
	}
	known := func(name string) bool { return name == "office" }
	for _, c := range []struct {
		config challenge.Config
		from   string
		want   bool
	}{
		{challenge.Config{}, "192.0.2.7", true},
		{challenge.Config{Show: challenge.Always}, "192.0.2.7", true},
		{challenge.Config{Show: challenge.Never}, "192.0.2.7", false},
		{challenge.Config{ExceptNetworks: []string{"192.0.2.0/24"}}, "192.0.2.7", false},
		{challenge.Config{ExceptNetworks: []string{"192.0.2.0/24"}}, "::ffff:192.0.2.7", false},
		{challenge.Config{ExceptNetworks: []string{"192.0.2.0/24"}}, "192.0.3.7", true},
		{challenge.Config{ExceptNetworks: []string{"192.0.2.9/24"}}, "192.0.2.7", false}, // as prefixes are written
		{challenge.Config{ExceptNetworks: []string{"192.0.2.7"}}, "192.0.2.7", false},
		{challenge.Config{ExceptNetworks: []string{"2001:db8::/32"}}, "2001:db8::7", false},
		{challenge.Config{ExceptNetworks: []string{"office"}}, "203.0.113.9", false},
		{challenge.Config{ExceptNetworks: []string{"office"}}, "203.0.113.8", true},
		{challenge.Config{ExceptNetworks: []string{"0.0.0.0/0"}}, "", true}, // an address nobody knows is in no network
	} {
		rules, err := c.config.Compile(nil, known)
		if err != nil {
			t.Fatal(err)
		}
		from, _ := netip.ParseAddr(c.from) // empty: the zero address
		if got := rules.Asks(from, office); got != c.want {
			t.Errorf("%+v asks %q: %v", c.config, c.from, got)
		}
	}
	if (challenge.Rules{}).Asks(netip.MustParseAddr("192.0.2.7"), office) {
		t.Error("the zero value asks")
	}
}

func TestDefaults(t *testing.T) {
	t.Parallel()
	r, err := challenge.Config{}.Compile(nil, nil)
	if err != nil || r.Show != challenge.AfterFailures || r.After != 3 || r.Bits != 16 || r.Provider != challenge.Work {
		t.Errorf("got %+v, %v", r, err)
	}
}

func TestProblemsNameTheirKey(t *testing.T) {
	t.Parallel()
	good := challenge.Config{Provider: challenge.Turnstile, SiteKey: "site", Secret: secret.Ref{Env: "GOOD"}}
	change := func(f func(*challenge.Config)) challenge.Config {
		c := good
		f(&c)
		return c
	}
	resolve := func(r secret.Ref) (secret.Text, error) {
		if r.Env != "GOOD" {
			return secret.Text{}, errors.New("it is not set")
		}
		return secret.New("s3cret"), nil
	}
	for want, c := range map[string]challenge.Config{
		"challenge.show: want after-failures, always or never": {Show: "sometimes"},
		"challenge.after: want 1 to 1000, got -1":              {After: -1},
		"challenge.bits: want 12 to 22, got 11":                {Bits: 11},
		"challenge.bits: want 12 to 22, got 23":                {Bits: 23},
		"challenge.provider: want work, turnstile":             {Provider: "friendly"},
		`challenge.except_networks[1]: "factory" is no`:        {ExceptNetworks: []string{"10.0.0.0/8", "factory"}},
		"challenge.site_key: is of no use":                     {SiteKey: "site"},
		"challenge.secret: is of no use":                       {Secret: secret.Ref{Env: "GOOD"}},
		"challenge.verify_url: is of no use":                   {VerifyURL: "https://example.test"},
		"challenge.site_key: is missing":                       change(func(c *challenge.Config) { c.SiteKey = "" }),
		"challenge.secret: is missing":                         change(func(c *challenge.Config) { c.Secret = secret.Ref{} }),
		"challenge.secret: it is not set":                      change(func(c *challenge.Config) { c.Secret.Env = "BAD" }),
		"challenge.verify_url: want an https URL":              change(func(c *challenge.Config) { c.VerifyURL = "http://example.test/" }),
	} {
		if _, err := c.Compile(resolve, func(string) bool { return false }); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %q, got %v", want, err)
		}
	}
	for _, to := range []string{"", "https://verify.example.test/x", "http://127.0.0.1:8080/siteverify", "http://[::1]/"} {
		if r, err := change(func(c *challenge.Config) { c.VerifyURL = to }).Compile(resolve, nil); err != nil || r.Secret.Reveal() != "s3cret" {
			t.Errorf("%s: %v", to, err)
		}
	}
}

// TestEveryProviderIsWhole: what a page and a check need is there, and the policy names no more than hosts of the provider.
func TestEveryProviderIsWhole(t *testing.T) {
	t.Parallel()
	for _, p := range []challenge.Provider{challenge.Turnstile, challenge.HCaptcha, challenge.ReCAPTCHA} {
		v, ok := p.Vendor()
		if !ok || v.Name == "" || v.Field == "" || v.Class == "" || !strings.HasPrefix(v.Script, "https://") || !strings.HasPrefix(v.VerifyURL, "https://") {
			t.Errorf("%s: %+v", p, v)
		}
		for source := range strings.FieldsSeq(v.Scripts + " " + v.Frames + " " + v.Styles + " " + v.Connects) {
			if !strings.HasPrefix(source, "https://") || strings.ContainsAny(source, ";'") {
				t.Errorf("%s allows %q", p, source)
			}
		}
	}
	if _, ok := challenge.Work.Vendor(); ok {
		t.Error("our own work has a vendor")
	}
}
