package directoryui

import (
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/go-chi/chi/v5"

	"rekey/internal/admin"
	"rekey/internal/configure"
	"rekey/internal/connect"
	"rekey/internal/fault"
	"rekey/internal/form"
	"rekey/internal/server"
	"rekey/internal/server/console"
	"rekey/internal/server/review"
	"rekey/internal/yamledit"
	view "rekey/web/console"
	"rekey/web/directorypage"
)

// try opens the directory of a draft, begins its test and leads there; what is in the way is said in the form.
func (u *UI) try(w http.ResponseWriter, r *http.Request, a admin.Admin, e editor, d configure.Draft) error {
	id, err := u.begin(r, a, e, d)
	var refused *refusedError
	switch {
	case err == nil:
		console.Redirect(w, r, testsURL+"/"+id)
		return nil
	case errors.As(err, &refused):
		e.refused(refused.problems)
	default:
		ps, ok := u.Console.Problems(err)
		if !ok {
			return err
		}
		e.problems = append(e.problems, ps...)
	}
	if len(e.problems) == 0 {
		e.problems = console.Problems{{Text: "These settings cannot be tried. What is wrong is said below."}}
	}
	return u.edit(w, r, a, e)
}

// refusedError is a draft that cannot be tried.
type refusedError struct{ problems []configure.Problem }

// Error implements error.
func (e *refusedError) Error() string { return e.problems[0].Text }

func (u *UI) begin(r *http.Request, a admin.Admin, e editor, d configure.Draft) (string, error) {
	who := review.Author(r, a)
	item, problems, err := u.Review.Configure.Trial(r.Context(), who, d, e.item)
	if err != nil {
		return "", err
	}
	if len(problems) > 0 {
		return "", &refusedError{problems}
	}
	kept, err := u.Review.Configure.Hold(who, d)
	if err != nil {
		return "", err
	}
	dir, err := u.Open(item)
	if err != nil {
		return "", &refusedError{[]configure.Problem{{Text: err.Error()}}}
	}
	return u.Tests.Begin(r.Context(), connect.By{Account: a.Session.Account, Name: a.Name(), Session: a.Session.ID, Source: server.Source(r)}, connect.Trial{
		Directory: dir, Kind: e.kind, Path: e.item, Draft: kept, TestAccount: e.account,
	})
}

func (u *UI) run(r *http.Request, a admin.Admin) (connect.Run, configure.Draft, error) {
	run, err := u.Tests.Get(r.Context(), a.Session.Account, chi.URLParam(r, "id"))
	if err != nil {
		return run, configure.Draft{}, err
	}
	d, err := u.Review.Configure.Held(review.Author(r, a), run.Draft)
	return run, d, err
}

func (u *UI) showTest(w http.ResponseWriter, r *http.Request, a admin.Admin) error {
	run, err := u.Tests.Get(r.Context(), a.Session.Account, chi.URLParam(r, "id"))
	if err != nil {
		return err
	}
	page := u.testPage(r, run, nil)
	if r.Header.Get("Hx-Request") != "" {
		return u.Console.Draw(w, r, http.StatusOK, page.Results())
	}
	p := console.Page{Section: root, Trail: trail(), Title: "Test of " + run.Directory, Lede: kindName(run.Kind) + ". Nothing is saved yet.", Body: page.Body()}
	if !page.Over {
		p.Refresh = 2
	}
	return u.Console.Page(w, r, a, p)
}

func (u *UI) testPage(r *http.Request, run connect.Run, ps console.Problems) directorypage.Test {
	clock := u.Console.Clock(r)
	here := testsURL + "/" + run.ID
	page := directorypage.Test{Clock: clock, Over: run.Over(clock.Now), Progress: view.Progress{ID: "progress", Label: "The test is under way", URL: here}}
	for _, s := range run.Steps {
		page.Steps = append(page.Steps, step(s))
	}
	page.Progress.Text = view.Of(len(run.Steps), "step", "steps") + " so far"
	if !page.Over {
		return page
	}
	page.Failed = run.Failed()
	page.Progress.URL, page.Progress.Label, page.Progress.Tone = "", "The test is over", view.Good
	page.Progress.Text = view.Of(len(run.Steps), "step", "steps") + ", all of them good"
	if page.Failed {
		page.Progress.Tone, page.Progress.Text = view.Bad, "Failed first: "+run.FirstBad()
		if run.Ended.IsZero() {
			page.Progress.Text = "The test never came to its end: the portal was restarted, or the database was away."
		}
	}
	for _, c := range run.Untrusted() {
		page.Trust = append(page.Trust, certificate(c))
	}
	page.TrustURL, page.AgainURL, page.GoOn, page.Change = here+"/trust", here+"/again", here+"/review", here+"/change"
	page.Account = view.Field{
		Name: accountField, Label: "A disabled test account", Optional: true, Symbol: true, Value: run.TestAccount, Limit: 300, Problem: ps.On(accountField),
		Hint: "Its password is set to one that nobody knows, to try the whole way. Without it nothing is written.",
	}
	return page
}

func step(s connect.Step) directorypage.Step {
	out := directorypage.Step{Name: s.Name, Text: s.Text, Next: s.Next, Took: view.Span(s.Took), Tone: view.Good, Word: "good"}
	switch s.State {
	case connect.Note:
		out.Tone, out.Word = view.Warn, "look at it"
	case connect.Bad:
		out.Tone, out.Word = view.Bad, "failed"
	}
	for _, c := range s.Chain {
		out.Chain = append(out.Chain, certificate(c))
	}
	return out
}

func certificate(c connect.Certificate) directorypage.Certificate {
	names := strings.Join(c.Names, ", ")
	if names == "" {
		names = "none"
	}
	return directorypage.Certificate{Subject: c.Subject, Issuer: c.Issuer, Names: names, Fingerprint: c.Fingerprint, PEM: c.PEM, From: c.From, Until: c.Until}
}

// editorOf is the form that a test was begun from, without the secrets that were typed.
func (u *UI) editorOf(r *http.Request, run connect.Run, d configure.Draft) (editor, error) {
	e := editor{kind: run.Kind, item: run.Path, action: testsURL + "/" + run.ID + "/change", cancel: testsURL + "/" + run.ID, after: d.After, account: run.TestAccount}
	fields, err := u.fields(run.Kind)
	if err != nil {
		return e, err
	}
	var saved url.Values
	if _, all, err := u.entries(r.Context()); err == nil {
		for _, old := range all {
			if old.item == run.Path && old.kind == run.Kind {
				e.key = old.key
				saved, _ = form.Fill(fields, old.value) // what it cannot show, Fill of the draft says
			}
		}
	}
	var value map[string]any
	tree, err := yamledit.Read(d.Changes[0].Text)
	if err != nil {
		return e, err
	}
	if err := yamledit.Decode(tree, &value); err != nil {
		return e, err
	}
	if d.Changes[0].Do == configure.Insert {
		value, _ = value[run.Kind].(map[string]any)
	}
	e.values, err = form.Fill(fields, value)
	if err == nil {
		e.keep(saved)
	}
	return e, err
}

func (u *UI) showChange(w http.ResponseWriter, r *http.Request, a admin.Admin) error {
	run, d, err := u.run(r, a)
	if err != nil {
		return err
	}
	e, err := u.editorOf(r, run, d)
	if err != nil {
		return err
	}
	return u.edit(w, r, a, e)
}

func (u *UI) submitChange(w http.ResponseWriter, r *http.Request, a admin.Admin) error {
	run, d, err := u.run(r, a)
	if err != nil {
		return err
	}
	e, err := u.editorOf(r, run, d)
	if err != nil {
		return err
	}
	return u.submit(w, r, a, e)
}

func (u *UI) submitAgain(w http.ResponseWriter, r *http.Request, a admin.Admin) error {
	run, d, err := u.run(r, a)
	if err != nil {
		return err
	}
	e, err := u.editorOf(r, run, d)
	if err != nil {
		return err
	}
	e.account = r.PostFormValue(accountField)
	return u.try(w, r, a, e, d)
}

// submitTrust puts the certificate of an authority that the server showed into the draft, and tests again. It has to be named by its
// fingerprint, and compared.
func (u *UI) submitTrust(w http.ResponseWriter, r *http.Request, a admin.Admin) error {
	run, d, err := u.run(r, a)
	if err != nil {
		return err
	}
	if r.PostFormValue("compared") != "on" {
		return fault.New(fault.Invalid, "Compare the fingerprint first, and say that you did.")
	}
	pem := ""
	for _, c := range run.Untrusted() {
		if c.Fingerprint == r.PostFormValue("fingerprint") {
			pem = c.PEM
		}
	}
	if pem == "" {
		return fault.New(fault.Invalid, "This test showed no such certificate.")
	}
	e, err := u.editorOf(r, run, d)
	if err != nil {
		return err
	}
	e.values.Set("ca", strings.TrimSpace(e.values.Get("ca")+"\n"+pem))
	e.values.Del("ca_file")
	d.Changes = append(d.Changes,
		configure.Change{Path: run.Path + "." + run.Kind + ".ca_file", Do: configure.Delete},
		configure.Change{Path: run.Path + "." + run.Kind + ".ca", Value: e.values.Get("ca") + "\n"},
	)
	return u.try(w, r, a, e, d)
}

func (u *UI) submitReview(w http.ResponseWriter, r *http.Request, a admin.Admin) error {
	run, d, err := u.run(r, a)
	if err != nil {
		return err
	}
	if !run.Over(u.Console.Now()) {
		return fault.New(fault.Conflict, "The test is still under way. Wait for its end.")
	}
	q := ask("Save "+run.Directory+"?", testsURL+"/"+run.ID)
	if run.Failed() {
		q.More = view.Notice(view.Warn, "The test failed", "The first step that failed is "+run.FirstBad()+". People of this directory cannot reset before that is put right.")
	}
	return u.Review.Show(w, r, a, d, q)
}
