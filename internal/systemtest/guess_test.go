package systemtest

import (
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/pquerna/otp/totp"

	"rekey/internal/audit"
	"rekey/internal/flow"
	"rekey/internal/lab/people"
	"rekey/internal/lab/visitor"
	"rekey/internal/policy"
	"rekey/internal/recovery"
)

// limit is how many wrong answers hold recovery of an account by default.
const limit = 10

// code is one of the app that was not used yet.
func (a *actor) code(t testing.TB) string {
	t.Helper()
	code, err := totp.GenerateCode(a.proofs.Secret, a.unused())
	if err != nil {
		t.Fatal(err)
	}
	return code
}

// failures are the wrong answers that count against an account, from wherever.
func failures(t testing.TB, conn *pgx.Conn, a *actor) int {
	t.Helper()
	return number(t, conn, `SELECT coalesce((SELECT failures FROM counter WHERE key = $1 AND lane = ''), 0)`, "account:"+a.id(t).String())
}

// holds are those of the sources that wrong answers came from.
func holds(t testing.TB, conn *pgx.Conn, a *actor) int {
	t.Helper()
	return number(t, conn, `SELECT coalesce((SELECT sum(holds) FROM counter WHERE key = $1 AND lane <> ''), 0)`, "account:"+a.id(t).String())
}

func isHeld(p *visitor.Page) bool { return strings.Contains(p.Text, "Too many wrong") }

// guess gives one wrong answer in a new flow.
func guess(w walk, action, name, method string) *visitor.Page {
	w.t.Helper()
	page := w.start(action, name)
	if !has(page, "/flow/choose") {
		return page
	}
	w.choose(method)
	return w.answer("00000000")
}

// spellings are the ways to type one name.
func spellings(sam string) []string {
	return []string{
		sam, sam + "@" + people.Corp.Name, people.Corp.NetBIOS + `\` + sam, strings.ToUpper(sam), people.Corp.Name + `\` + sam,
		strings.ToUpper(sam + "@" + people.Corp.Name), " " + sam + " ", strings.ToLower(people.Corp.NetBIOS) + `\` + strings.ToUpper(sam),
	}
}

// TestAttack08And09WrongAnswersAddUp: over all methods, actions and spellings of the name, they hold recovery where they come from.
func TestAttack08And09WrongAnswersAddUp(t *testing.T) {
	l := theLab(t)
	t.Parallel()
	conn := connect(t, l)
	a, bystander := play(t, l, "count1"), play(t, l, "count2")
	names, address := spellings(a.SAM), nextAddress()
	here := func() walk { return walk{browseFrom(l.Portal.URL(), address), t} }
	methods, actions := []string{"totp", "mail", "backup-code"}, []string{"reset", "unlock"}
	for i := range limit {
		if n := failures(t, conn, a); n != i {
			t.Fatalf("after %d wrong answers %d are counted", i, n)
		}
		page := guess(here(), actions[i%2], names[i%len(names)], methods[i%3])
		if isHeld(page) != (i == limit-1) || len(page.Problems) == 0 && i < limit-1 {
			t.Fatalf("wrong answer %d: %s", i+1, page.Text)
		}
		if methods[i%3] == "mail" { // so that the next code that is read is the next one that is sent
			if _, err := a.proofs.Code(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
	}
	if heldUntil(t, a) == "" {
		t.Error("the operator is told of no hold")
	}
	for _, name := range names {
		if page := here().start("reset", name); !isHeld(page) {
			t.Errorf("reset of %q is not held: %s", name, page.Text)
		}
	}
	for _, action := range []string{"unlock", "change"} {
		if page := here().start(action, a.UPN); !isHeld(page) {
			t.Errorf("%s is not held: %s", action, page.Text)
		}
	}
	if page := walkIn(t, l.Portal.URL()).proven(a); isHeld(page) {
		t.Errorf("the owner, who comes from elsewhere, is held: %s", page.Text)
	}
	if page := here().start("reset", bystander.UPN); !has(page, "/flow/choose") {
		t.Errorf("somebody else is held: %s", page.Text)
	}
	out, err := l.Portal.Command(t.Context(), "release", "--user", a.UPN, "--reason", "test")
	if err != nil || !strings.Contains(out, "nothing holds this account any more") {
		t.Fatalf("%s, %v", out, err)
	}
	if page := here().start("reset", a.UPN); !has(page, "/flow/choose") {
		t.Errorf("after the release: %s", page.Text)
	}
}

// wrongCurrent tries to change a password with a wrong current one.
func wrongCurrent(w walk, name string) *visitor.Page {
	w.t.Helper()
	page := w.start("change", name)
	if !has(page, "/flow/finish") {
		return page
	}
	return w.submit("/flow/finish", visitor.Fields{
		"current": "Not-The-Passw0rd!", "password": "Some-Other-Passw0rd!", "password2": "Some-Other-Passw0rd!",
	})
}

// TestAttack09UnknownNamesAddUpToo: a stranger who tells spellings of a name apart would know that nobody has it.
func TestAttack09UnknownNamesAddUpToo(t *testing.T) {
	l := theLab(t)
	t.Parallel()
	names, address := spellings("nobody9"), nextAddress()
	here := func() walk { return walk{browseFrom(l.Portal.URL(), address), t} }
	for i := range limit {
		w := here()
		page := w.start("reset", names[i%len(names)])
		page = guess(w, "reset", names[i%len(names)], typable(page))
		if isHeld(page) != (i == limit-1) {
			t.Fatalf("wrong answer %d: %s", i+1, page.Text)
		}
	}
	for _, name := range names {
		if page := here().start("reset", name); !isHeld(page) {
			t.Errorf("%q is not held: %s", name, page.Text)
		}
	}
}

// typable is an offered way that takes a code.
func typable(p *visitor.Page) string {
	for _, method := range p.Options("method") {
		if method != "passkey" {
			return method
		}
	}
	return ""
}

// together calls f from sixteen goroutines at once.
func together(f func(i int)) {
	var wg sync.WaitGroup
	start := make(chan struct{})
	for i := range 16 {
		wg.Go(func() { <-start; f(i) })
	}
	close(start)
	wg.Wait()
}

// TestAttack10ManyAtOnce: of sixteen answers at once one counts, and of sixteen flows with one right code one has it.
func TestAttack10ManyAtOnce(t *testing.T) {
	l := theLab(t)
	t.Parallel()
	conn := connect(t, l)
	a := play(t, l, "race1")
	w := walkIn(t, l.Portal.URL())
	w.start("reset", a.UPN)
	asked := w.choose("totp")
	cookie := "flow=" + token(t, w)
	copies := func(code string) {
		together(func(int) {
			v := walk{visitor.New(l.Portal.URL(), with{"Cookie": cookie, "X-Forwarded-For": nextAddress()}), t}
			if _, err := v.Post(t.Context(), "/flow/answer", map[string][]string{"at": {at(t, asked)}, "code": {code}}); err != nil {
				t.Error(err)
			}
		})
	}
	copies("00000000")
	if n := failures(t, conn, a); n != 1 {
		t.Errorf("sixteen copies of a wrong answer count as %d", n)
	}
	asked = w.open("/flow")
	copies(a.code(t))
	if n, got := failures(t, conn, a), events(t, conn, a); n != 1 || got["proof.accepted"] != 1 || got["proof.rejected"] != 1 {
		t.Errorf("sixteen copies of a right answer: %d failures, %v", n, got)
	}
}

// TestAttack10OneCodeManyFlows: the same right code in many flows at once opens one of them.
func TestAttack10OneCodeManyFlows(t *testing.T) {
	l := theLab(t)
	t.Parallel()
	conn := connect(t, l)
	a := play(t, l, "race2")
	const flows = limit - 2 // fewer than would hold recovery
	walks := make([]walk, flows)
	for i := range walks {
		walks[i] = walkIn(t, l.Portal.URL())
		walks[i].start("reset", a.UPN)
		walks[i].choose("backup-code")
	}
	code := a.nextSheet(t)
	together(func(i int) {
		if i < flows {
			if _, err := walks[i].Submit(t.Context(), "/flow/answer", visitor.Fields{"code": code}); err != nil {
				t.Error(err)
			}
		}
	})
	if got := events(t, conn, a); got["proof.accepted"] != 1 {
		t.Errorf("the code was accepted %d times: %v", got["proof.accepted"], got)
	}
	if n := failures(t, conn, a); n != flows-1 {
		t.Errorf("%d failures of %d tries", n, flows-1)
	}
}

// TestAttack10SixteenWrongAnswers: no more are judged than the limit allows, however fast they come.
func TestAttack10SixteenWrongAnswers(t *testing.T) {
	l := theLab(t)
	t.Parallel()
	conn := connect(t, l)
	a := play(t, l, "count3")
	walks, address := make([]walk, 16), nextAddress()
	for i := range walks {
		walks[i] = walk{browseFrom(l.Portal.URL(), address), t}
		walks[i].start("reset", a.UPN)
		walks[i].choose("totp")
	}
	var mu sync.Mutex
	held := 0
	together(func(i int) {
		page, err := walks[i].Submit(t.Context(), "/flow/answer", visitor.Fields{"code": "00000000"})
		mu.Lock()
		defer mu.Unlock()
		if err != nil {
			t.Error(err)
		} else if isHeld(page) {
			held++
		}
	})
	if f, h := failures(t, conn, a), holds(t, conn, a); f != limit || h != 1 {
		t.Errorf("%d failures and %d holds of sixteen wrong answers", f, h)
	}
	if judged := events(t, conn, a)["proof.rejected"]; judged+held != 16 || judged >= limit {
		t.Errorf("%d were judged and %d refused", judged, held)
	}
}

// TestAttack12NoCodeWorksTwice: not in the flow it was for, and not in another.
func TestAttack12NoCodeWorksTwice(t *testing.T) {
	l := theLab(t)
	t.Parallel()
	a := play(t, l, "again1")
	codes := map[string]string{"totp": a.code(t), "backup-code": a.nextSheet(t)}
	for _, method := range []string{"totp", "backup-code", "mail"} {
		first, second := walkIn(t, l.Portal.URL()), walkIn(t, l.Portal.URL())
		first.start("reset", a.UPN)
		first.choose(method)
		if method == "mail" {
			code, err := a.proofs.Code(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			codes[method] = code
		}
		if page := first.answer(codes[method]); len(page.Problems) > 0 {
			t.Fatalf("%s: the first time: %v", method, page.Problems)
		}
		second.start("reset", a.UPN)
		second.choose(method)
		if page := second.answer(codes[method]); len(page.Problems) == 0 {
			t.Errorf("%s: the code was accepted twice", method)
		}
	}
}

// TestAttack13LimitsCannotBeSwitchedOff: settings that would are refused with their key, and those in force stay.
func TestAttack13LimitsCannotBeSwitchedOff(t *testing.T) {
	l := theLab(t)
	t.Parallel()
	now, err := l.Portal.Command(t.Context(), "settings", "export")
	if err != nil {
		t.Fatal(err)
	}
	history := func() string {
		out, err := l.Portal.Command(t.Context(), "settings", "history")
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	before := history()
	throttle := "sends_per_source: {burst: 1000, every: 1s}"
	for key, change := range map[string][2]string{
		"throttle.failures":                {throttle, "failures: -1"},
		"throttle.hold":                    {throttle, "hold: 1ms"},
		"throttle.starts_per_source.burst": {throttle, "starts_per_source: {burst: 0, every: 1s}"},
		"throttle.sends_per_source.every":  {throttle, "sends_per_source: {burst: 1, every: -1s}"},
		"flow.tries_per_code":              {"\nthrottle:", "\nflow: {tries_per_code: 1000}\nthrottle:"},
		"flow.life":                        {"\nthrottle:", "\nflow: {life: 9000h}\nthrottle:"},
		"session.idle":                     {"\nthrottle:", "\nsession: {idle: 9000h}\nthrottle:"},
	} {
		file := filepath.Join(t.TempDir(), "settings.yaml")
		text := strings.Replace(now, change[0], change[1], 1)
		if text == now {
			t.Fatalf("%s: nothing to change", key)
		}
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := l.Portal.Command(t.Context(), "settings", "apply", file, "--reason", "test"); err == nil || !strings.Contains(err.Error(), key) {
			t.Errorf("%s: %v", key, err)
		}
	}
	if after := history(); after != before {
		t.Errorf("a version was saved:\n%s", after)
	}
}

// TestAttack15TheDirectoryNeverLocks: guesses never come near the directory's own lock, and what they do hold opens by itself.
func TestAttack15TheDirectoryNeverLocks(t *testing.T) {
	l := theLab(t)
	t.Parallel()
	a := play(t, l, "lockout1")
	address := nextAddress()
	here := func() walk { return walk{browseFrom(l.Portal.URL(), address), t} }
	for range limit - 4 {
		guess(here(), "reset", a.UPN, "totp")
	}
	if n := a.attribute(t, "badPwdCount"); n != "" && n != "0" {
		t.Errorf("wrong codes count as %s wrong passwords", n)
	}
	var page *visitor.Page
	for range 4 { // the directory locks at three
		page = wrongCurrent(here(), a.UPN)
	}
	if !isHeld(page) && !isHeld(here().start("reset", a.UPN)) {
		t.Errorf("after %d wrong answers: %s", limit, page.Text)
	}
	if n, locked := a.attribute(t, "badPwdCount"), a.attribute(t, "lockoutTime"); n > "2" || locked != "" && locked != "0" {
		t.Errorf("%s wrong passwords, locked at %s", n, locked)
	}
	if !a.binds(t, a.Password) {
		t.Error("the owner cannot sign in")
	}
	later := func() time.Time { return time.Now().Add(31 * time.Minute) }
	from := recovery.Source{Source: audit.Source{Address: netip.MustParseAddr(address)}, Locale: "en"}
	begun, err := open(t, l).Recovery(later).Begin(t.Context(), recovery.Begin{Action: policy.Reset, Typed: a.UPN, Source: from})
	if err != nil || begun.Flow.Stage != flow.Choose {
		t.Errorf("half an hour later: %s, %v", begun.Flow.Stage, err)
	}
}

// TestAttack15StartsOfAStrangerHoldNobody: who starts again and again is held back, and the owner, who comes from elsewhere, is not.
func TestAttack15StartsOfAStrangerHoldNobody(t *testing.T) {
	l := theLab(t)
	t.Parallel()
	a := play(t, l, "lockout2")
	address := nextAddress()
	taken, refused := 0, 0
	for range 200 {
		switch page := (walk{browseFrom(l.Portal.URL(), address), t}).start("reset", a.UPN); page.Status {
		case 200:
			taken++
		case 429:
			refused++
		default:
			t.Fatalf("status %d: %s", page.Status, page.Text)
		}
	}
	if taken < 30 || refused < 100 {
		t.Errorf("%d starts were taken and %d refused", taken, refused)
	}
	password := a.fresh()
	w := walkIn(t, l.Portal.URL())
	w.proven(a)
	if page := w.finish(password); !isDone(page) || !a.binds(t, password) {
		t.Errorf("the owner: %s", page.Text)
	}
}
