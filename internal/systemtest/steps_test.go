package systemtest

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"rekey/internal/lab/visitor"
)

// at is the state a page's form was made from.
func at(t testing.TB, p *visitor.Page) string {
	t.Helper()
	for _, f := range p.Forms {
		if v := f.Hidden.Get("at"); v != "" {
			return v
		}
	}
	t.Fatalf("no form of a flow: %s", p.Text)
	return ""
}

// post sends a form as it is, with the state it claims to be made from.
func (w walk) post(path, at string, fields visitor.Fields) *visitor.Page {
	w.t.Helper()
	values := url.Values{"at": {at}}
	for name, value := range fields {
		values.Set(name, value)
	}
	return w.ok(w.Post(w.t.Context(), path, values))
}

func typed(password string) visitor.Fields {
	return visitor.Fields{"password": password, "password2": password}
}

// TestAttack01StepsAreNotSkipped posts forms of later and of earlier steps.
func TestAttack01StepsAreNotSkipped(t *testing.T) {
	l := theLab(t)
	t.Parallel()
	a := play(t, l, "step1")
	w, password := walkIn(t, l.Portal.URL()), a.fresh()
	refused := func(what string, p *visitor.Page) {
		t.Helper()
		if isDone(p) || has(p, "/flow/finish") {
			t.Fatalf("%s: %s", what, p.Text)
		}
	}
	ways := w.start("reset", a.UPN)
	refused("the last step first", w.post("/flow/finish", at(t, ways), typed(password)))
	refused("a suggestion first", w.post("/flow/finish", at(t, ways), visitor.Fields{"suggest": "1"}))
	refused("an answer to no question", w.post("/flow/answer", at(t, ways), visitor.Fields{"code": "000000"}))
	refused("a way nobody offered", w.post("/flow/choose", at(t, ways), visitor.Fields{"method": "password"}))

	asked := w.choose("totp")
	refused("the last step with a question open", w.post("/flow/finish", at(t, asked), typed(password)))
	refused("the question's state in the step before", w.post("/flow/answer", at(t, ways), visitor.Fields{"code": "000000"}))
	w.open("/flow")
	ways = w.submit("/flow/back", nil)
	right := a.code(t)
	refused("the answer after going back", w.post("/flow/answer", at(t, ways), visitor.Fields{"code": right}))
	refused("the answer with the state before going back", w.post("/flow/answer", at(t, asked), visitor.Fields{"code": right}))

	w.open("/flow")
	w.choose("totp")
	second := w.answer(right)
	if slices.Contains(second.Options("method"), "totp") || !slices.Contains(second.Options("method"), "mail") {
		t.Fatalf("after the first proof: %v", second.Options("method"))
	}
	refused("half proven", w.post("/flow/finish", at(t, second), typed(password)))
	refused("the same way twice", w.post("/flow/choose", at(t, second), visitor.Fields{"method": "totp"}))
	w.open("/flow")
	w.choose("mail")
	sent, err := a.proofs.Code(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if page := w.answer(sent); !has(page, "/flow/finish") {
		t.Fatalf("with both proofs: %s", page.Text)
	}
	if !a.binds(t, a.Password) {
		t.Error("the password is not the old one any more")
	}
	if page := w.finish(password); !isDone(page) || !a.binds(t, password) {
		t.Errorf("the last step in its turn: %s", page.Text)
	}
	if page := w.post("/flow/finish", at(t, second), typed(a.fresh())); !isDone(page) || !a.binds(t, password) {
		t.Errorf("a finished flow: %s", page.Text)
	}
}

// TestAttack01TwoTabsAreOneFlow: a form of one tab that the other tab has made old changes nothing, and nothing is counted.
func TestAttack01TwoTabsAreOneFlow(t *testing.T) {
	l := theLab(t)
	t.Parallel()
	a := play(t, l, "tab1")
	w := walkIn(t, l.Portal.URL())
	w.start("reset", a.UPN)
	one := w.choose("totp")
	w.open("/flow")
	w.submit("/flow/back", nil)
	two := w.choose("mail")
	page := w.post("/flow/answer", at(t, one), visitor.Fields{"code": a.code(t)})
	if at(t, page) != at(t, two) || len(page.Problems) > 0 {
		t.Errorf("the old tab's answer moved the flow: %s", page.Text)
	}
	if n := failures(t, connect(t, l), a); n != 0 {
		t.Errorf("%d tries were counted", n)
	}
	code, err := a.proofs.Code(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if page := w.answer(code); len(page.Problems) > 0 {
		t.Errorf("the new tab's answer: %v", page.Problems)
	}
}

// TestAttack02FlowsAreNotMixed: the state of somebody else's flow in a form moves neither flow.
func TestAttack02FlowsAreNotMixed(t *testing.T) {
	l := theLab(t)
	t.Parallel()
	owner, thief := play(t, l, "pair1"), play(t, l, "pair2")
	w, v := walkIn(t, l.Portal.URL()), walkIn(t, l.Portal.URL())
	proven := w.proven(owner)
	v.start("reset", thief.UPN)
	mine := v.choose("totp")
	for path, fields := range map[string]visitor.Fields{
		"/flow/finish": typed(owner.fresh()), "/flow/answer": {"code": thief.code(t)}, "/flow/choose": {"method": "mail"},
		"/flow/resend": nil, "/flow/back": nil, "/flow/cancel": nil,
	} {
		if page := v.post(path, at(t, proven), fields); isDone(page) || at(t, page) != at(t, mine) {
			t.Errorf("%s moved the flow: %s", path, page.Text)
		}
	}
	if page := w.open("/flow"); at(t, page) != at(t, proven) || !owner.binds(t, owner.Password) {
		t.Errorf("the other's flow moved: %s", page.Text)
	}
}

// TestAttack03ACodeIsForOnePurpose: a code that was sent for a reset opens no unlock, and the other way round.
func TestAttack03ACodeIsForOnePurpose(t *testing.T) {
	l := theLab(t)
	t.Parallel()
	a := play(t, l, "purpose1")
	codes, flows := map[string]string{}, map[string]walk{}
	for _, action := range []string{"reset", "unlock"} {
		w := walkIn(t, l.Portal.URL())
		w.start(action, a.UPN)
		w.choose("mail")
		code, err := a.proofs.Code(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		codes[action], flows[action] = code, w
	}
	for action, other := range map[string]string{"reset": "unlock", "unlock": "reset"} {
		if page := flows[action].answer(codes[other]); len(page.Problems) == 0 {
			t.Errorf("a code for %s was taken for %s", other, action)
		}
		if page := flows[action].answer(codes[action]); len(page.Problems) > 0 {
			t.Errorf("%s: its own code: %v", action, page.Problems)
		}
	}
}

// TestAttack05CodesGoToTheStoredAddress: whatever else a form carries, and however often.
func TestAttack05CodesGoToTheStoredAddress(t *testing.T) {
	l := theLab(t)
	t.Parallel()
	a := play(t, l, "target1")
	const thief = "thief@evil.example"
	w := walkIn(t, l.Portal.URL())
	w.open("/")
	page := w.ok(w.Post(t.Context(), "/start/reset", url.Values{
		"name": {a.UPN, thief}, "name[]": {thief}, "mail": {thief}, "domain[]": {"evil.example"}, "username": {thief},
	}))
	page = w.ok(w.Post(t.Context(), "/flow/choose", url.Values{
		"at": {at(t, page), "x.1"}, "method": {"mail", "mail:2", "totp"}, "mail": {thief}, "to": {thief}, "address": {thief},
		"email": {a.Methods.Mail.Address + "," + thief}, "email[]": {thief}, "channel": {"mail:" + thief},
	}))
	if !has(page, "/flow/answer") || strings.Contains(page.HTML, "thief") {
		t.Fatalf("asked: %s", page.Text)
	}
	code, err := a.proofs.Code(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if page := w.answer(code); len(page.Problems) > 0 {
		t.Errorf("the code from the stored address: %v", page.Problems)
	}
	if n := len(l.Inbox.Messages(thief)); n > 0 {
		t.Errorf("%d mails went to an address the form named", n)
	}
}

// TestAttack06ARefusedPasswordTakesTheOldOneFromNobody: whatever is wrong with the new password, the old one works until it is replaced.
func TestAttack06ARefusedPasswordTakesTheOldOneFromNobody(t *testing.T) {
	l := theLab(t)
	t.Parallel()
	a := play(t, l, "step2")
	w := walkIn(t, l.Portal.URL())
	w.start("change", a.UPN)
	for what, fields := range map[string]visitor.Fields{
		"too short":         {"current": a.Password, "password": "Sh0rt!", "password2": "Sh0rt!"},
		"in the history":    {"current": a.Password, "password": a.Password, "password2": a.Password},
		"not typed alike":   {"current": a.Password, "password": a.fresh(), "password2": a.fresh()},
		"not typed":         {"current": a.Password, "password": "", "password2": ""},
		"current not typed": {"current": "", "password": a.fresh(), "password2": a.fresh()},
	} {
		if page := w.submit("/flow/finish", fields); len(page.Problems) == 0 || isDone(page) {
			t.Errorf("%s: %s", what, page.Text)
		}
		if !a.binds(t, a.Password) {
			t.Fatalf("%s: the old password is gone", what)
		}
	}
}

// TestAttack07TheTokenChangesWithProof: who knew the browser's token before the proof, because they planted it, has nothing after it.
func TestAttack07TheTokenChangesWithProof(t *testing.T) {
	l := theLab(t)
	t.Parallel()
	a := play(t, l, "token1")
	w := walkIn(t, l.Portal.URL())
	w.start("reset", a.UPN)
	before := token(t, w)
	proven := w.ok(w.ProveAll(t.Context(), a.proofs, "totp", "mail"))
	if token(t, w) == before {
		t.Fatal("the token is the one from before the proof")
	}
	thief := walk{visitor.New(l.Portal.URL(), with{"X-Forwarded-For": nextAddress(), "Cookie": "flow=" + before}), t}
	if page := thief.open("/flow"); has(page, "/flow/finish") || strings.Contains(page.Text, a.SAM) {
		t.Errorf("the old token opens: %s", page.Text)
	}
	if page := thief.post("/flow/finish", at(t, proven), typed(a.fresh())); isDone(page) || !a.binds(t, a.Password) {
		t.Errorf("the old token finishes: %s", page.Text)
	}
	password := a.fresh()
	if page := w.finish(password); !isDone(page) || !a.binds(t, password) {
		t.Errorf("the new token: %s", page.Text)
	}
}

func token(t testing.TB, w walk) string {
	t.Helper()
	i := slices.IndexFunc(w.Cookies(), func(c *http.Cookie) bool { return c.Name == "flow" })
	if i < 0 {
		t.Fatal("no token")
	}
	return w.Cookies()[i].Value
}
