package directoryui

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"rekey/internal/account"
	"rekey/internal/admin"
	"rekey/internal/directory"
	"rekey/internal/fault"
	"rekey/internal/role"
	"rekey/internal/server/console"
	"rekey/internal/sync"
	"rekey/web/component"
	view "rekey/web/console"
	"rekey/web/directorypage"
)

// checksPatience is how long a check of one directory may take.
const checksPatience = 18 * time.Second

func (u *UI) showOne(w http.ResponseWriter, r *http.Request, a admin.Admin) error {
	return u.one(w, r, a, directorypage.Checks{})
}

func (u *UI) one(w http.ResponseWriter, r *http.Request, a admin.Admin, checks directorypage.Checks) error {
	d, err := u.of(r)
	if err != nil {
		return err
	}
	_, e, err := u.entry(r.Context(), d.Key())
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(r.Context(), healthPatience)
	defer cancel()
	h := d.Health(ctx)
	clock := u.Console.Clock(r)
	page := directorypage.One{Clock: clock, Links: u.links(d.Key()), Checks: checks, Facts: facts(d, e, h, clock)}
	if page.Copy, err = u.copyOf(r, a, d); err != nil {
		return err
	}
	page.Rules, page.Unread = rules(ctx, d)
	if _, ok := d.(directory.Checker); ok && len(checks.Rows) == 0 && a.Grants.May(role.SeeOperation) {
		page.Checks.URL = oneURL + "/" + d.Key() + "/checks"
	}
	page.Actions = actions(a, e)
	p := console.Page{Trail: trail(), Title: d.Key(), Lede: kindName(e.kind), State: state(h), Body: page.Body()}
	if page.Copy.Progress.ID != "" {
		p.Refresh = 5
	}
	return u.Console.Page(w, r, a, p)
}

func facts(d directory.Directory, e entry, h directory.Health, clock view.Clock) []view.Fact {
	out := []view.Fact{
		{Term: "Server in use", Value: view.Mono(h.Server)}, {Term: "Condition", Value: view.Text(h.Detail)}, {Term: "Since", Value: clock.At(h.Since)},
	}
	if n, ok := d.(directory.Named); ok && n.NetBIOS() != "" {
		out = append(out, view.Fact{Term: "Short name", Value: view.Mono(n.NetBIOS())})
	}
	if user := e.text("user"); user != "" {
		out = append(out, view.Fact{Term: "Service account", Value: view.Mono(user)})
	}
	if s, ok := d.(directory.Spreader); ok {
		out = append(out, view.Fact{Term: "A new password is everywhere within", Value: view.Text(view.Span(s.Spread()))})
	}
	return out
}

func actions(a admin.Admin, e entry) []view.Link {
	all := []view.Link{{Label: "Rights", URL: rightsOf(e)}}
	if !a.Grants.May(role.EditConnectors) || !known(e.kind) {
		return all
	}
	return append(all, view.Link{Label: "Change or test", URL: oneURL + "/" + e.key + "/edit"}, view.Link{Label: "Remove", URL: oneURL + "/" + e.key + "/remove"})
}

func known(kind string) bool { return slices.Contains([]string{"ad", "entra", "ldap"}, kind) }

// rules writes what the directory will demand of everybody that no finer rule is for.
func rules(ctx context.Context, d directory.Directory) ([]view.Fact, string) {
	reader, ok := d.(directory.RuleReader)
	if !ok {
		return nil, "This directory does not tell its rules."
	}
	r, err := reader.Rules(ctx, account.ID{Directory: d.Key()})
	switch {
	case err != nil:
		return nil, "They cannot be read now. People are told what the directory says when it refuses."
	case r.Unreadable:
		return nil, "The service account may not read them: see Rights."
	}
	out := []view.Fact{{Term: "From", Value: view.Text(r.Source)}}
	add := func(on bool, term, text string) {
		if on {
			out = append(out, view.Fact{Term: term, Value: view.Text(text)})
		}
	}
	add(true, "Length", length(r))
	add(r.Classes > 0, "Kinds of characters", strconv.Itoa(r.Classes)+" of "+strconv.Itoa(r.OfClasses))
	add(true, "Passwords remembered", view.Count(r.History))
	add(r.MinAge > 0, "Kept for at least", view.Span(r.MinAge))
	add(true, "History on a reset", map[bool]string{true: "checked", false: "checked on a change only"}[r.EnforcesHist])
	add(r.ASCIIOnly, "Characters", "no umlauts or accents")
	lockout := "never"
	if r.Lockout > 0 {
		lockout = "after " + view.Of(r.Lockout, "wrong password", "wrong passwords")
	}
	add(true, "Locks", lockout)
	return out, ""
}

func length(r directory.Rules) string {
	text := "at least " + strconv.Itoa(r.MinLength)
	if r.MaxLength > 0 {
		text += ", at most " + strconv.Itoa(r.MaxLength)
	}
	return text
}

func (u *UI) showChecks(w http.ResponseWriter, r *http.Request, a admin.Admin) error {
	d, err := u.of(r)
	if err != nil {
		return err
	}
	c, ok := d.(directory.Checker)
	if !ok {
		return errGone
	}
	ctx, cancel := context.WithTimeout(r.Context(), checksPatience)
	defer cancel()
	checks := directorypage.Checks{At: u.Console.Now()}
	for _, f := range c.Check(ctx) {
		checks.Rows = append(checks.Rows, directorypage.Check{Name: f.Name, Text: f.Text, OK: f.OK})
	}
	if r.Header.Get("Hx-Request") != "" {
		return u.Console.Draw(w, r, http.StatusOK, checks.Show(u.Console.Clock(r)))
	}
	return u.one(w, r, a, checks)
}

// copyOf is how the copy of a directory stands, with what an operator may have done.
func (u *UI) copyOf(r *http.Request, a admin.Admin, d directory.Directory) (directorypage.Copy, error) {
	clock := u.Console.Clock(r)
	out := directorypage.Copy{Clock: clock}
	if _, ok := d.(directory.Syncer); !ok {
		out.Missing = true
		return out, nil
	}
	all, err := u.Census(r.Context())
	if err != nil {
		return out, err
	}
	var c sync.Census
	if i := slices.IndexFunc(all, func(c sync.Census) bool { return c.Directory == d.Key() }); i >= 0 {
		c = all[i]
	}
	out.State, out.Error, out.Paused = copyState(c, u.Site().Sync.Every, clock.Now), c.Error, c.Paused
	out.Tiles = []view.Tile{
		{Label: "People", Figure: view.Count(int(c.People)), Note: view.Count(int(c.Gone)) + " gone lately"},
		{Label: "Groups", Figure: view.Count(int(c.Groups)), Note: view.Count(int(c.Members)) + " members"},
		{Label: "Units", Figure: view.Count(int(c.Units))},
		{Label: "Age of the copy", Figure: clock.Relative(c.Current), Note: "everything read " + clock.Relative(c.Full)},
	}
	if c.Kind != sync.Idle && c.Held.At.IsZero() {
		out.Progress = view.Progress{ID: "pass", Label: passName(c.Kind), Now: int(min(c.Told, max(c.Total, 0))), Of: int(c.Total), Text: view.Count(int(c.Told)) + " objects so far", URL: oneURL + "/" + d.Key() + "/copy"}
	}
	if !c.Held.At.IsZero() {
		out.Held = heldText(c, clock)
		if a.Grants.May(role.Operate) {
			out.Decide = oneURL + "/" + d.Key() + "/held"
		}
	}
	if a.Grants.May(role.Operate) && c.Directory != "" {
		out.Form.Form = component.Form{Action: oneURL + "/" + d.Key() + "/copy"}
		out.Acts = []directorypage.Act{{Label: "Look for changes now", Deed: "changes"}, {Label: "Read everything anew", Deed: "full"}, {Label: "Pause", Deed: "pause"}}
		if !c.Paused.IsZero() {
			out.Acts[2] = directorypage.Act{Label: "Go on", Deed: "resume"}
		}
	}
	return out, nil
}

func passName(k sync.Kind) string {
	if k == sync.Full {
		return "Everything is being read"
	}
	return "Changes are being read"
}

func heldText(c sync.Census, clock view.Clock) string {
	return view.Count(int(c.Held.Gone)) + " of " + view.Count(int(c.Held.Of)) + " people would be marked as gone. Held since " + clock.Short(c.Held.At) + "; until somebody decides, nobody is."
}

// showCopy is the part of the page about the copy, while a pass is under way.
func (u *UI) showCopy(w http.ResponseWriter, r *http.Request, a admin.Admin) error {
	d, err := u.of(r)
	if err != nil {
		return err
	}
	c, err := u.copyOf(r, a, d)
	if err != nil {
		return err
	}
	if r.Header.Get("Hx-Request") == "" {
		console.Redirect(w, r, oneURL+"/"+d.Key())
		return nil
	}
	if c.Progress.ID == "" {
		c.Progress = view.Progress{ID: "pass", Label: "The pass has ended", Text: "Load the page again for the figures.", Tone: view.Good}
	}
	return u.Console.Draw(w, r, http.StatusOK, c.Progress.Show())
}

func (u *UI) submitCopy(w http.ResponseWriter, r *http.Request, a admin.Admin) error {
	d, err := u.of(r)
	if err != nil {
		return err
	}
	var said string
	switch r.PostFormValue("do") {
	case "changes":
		said, err = "Changes will be read within seconds.", u.Sync.Ask(r.Context(), by(r, a), d.Key(), sync.Changes)
	case "full":
		said, err = "Everything will be read anew, beginning within seconds.", u.Sync.Ask(r.Context(), by(r, a), d.Key(), sync.Full)
	case "pause":
		said, err = "The copy is paused. A pass under way ends first.", u.Sync.Pause(r.Context(), by(r, a), d.Key(), true)
	case "resume":
		said, err = "The copy goes on.", u.Sync.Pause(r.Context(), by(r, a), d.Key(), false)
	default:
		return fault.New(fault.Invalid, "That is nothing a copy can do.")
	}
	if err != nil {
		return err
	}
	return u.Console.Done(w, r, oneURL+"/"+d.Key(), said)
}

func (u *UI) showHeld(w http.ResponseWriter, r *http.Request, a admin.Admin) error {
	return u.held(w, r, a, nil)
}

func (u *UI) held(w http.ResponseWriter, r *http.Request, a admin.Admin, ps console.Problems) error {
	d, err := u.of(r)
	if err != nil {
		return err
	}
	all, err := u.Census(r.Context())
	if err != nil {
		return err
	}
	i := slices.IndexFunc(all, func(c sync.Census) bool { return c.Directory == d.Key() && !c.Held.At.IsZero() })
	if i < 0 {
		return fault.New(fault.Conflict, "Nothing is held any more: somebody decided, or the people are back.")
	}
	clock := u.Console.Clock(r)
	page := view.Confirm{
		Form:  view.Form{Form: component.Form{Action: oneURL + "/" + d.Key() + "/held"}},
		Facts: []view.Fact{{Term: "Directory", Value: view.Mono(d.Key())}, {Term: "Missing", Value: view.Text(heldText(all[i], clock))}},
		Effects: []string{
			"They are marked as gone in the copy: reports and reminders leave them out, and they are forgotten after " + view.Span(u.Site().Sync.KeepGone) + ".",
			"Their enrollments stay. Nothing is written to the directory.",
		},
		Undo:   "Whoever is found in the directory again is back with the next pass.",
		Reason: view.Asked{Show: true, Required: true, Value: r.PostFormValue("reason")}, Button: "They are gone: go on", Danger: true, Cancel: oneURL + "/" + d.Key(), Problems: ps,
	}
	body := within(page.Show(), view.Does("They are not: read everything again", "refuse"))
	return u.Console.Page(w, r, a, console.Page{Trail: trail(link(d.Key())), Title: "Are these people gone?", Problems: ps, Body: body})
}

func (u *UI) submitHeld(w http.ResponseWriter, r *http.Request, a admin.Admin) error {
	d, err := u.of(r)
	if err != nil {
		return err
	}
	reason := strings.TrimSpace(r.PostFormValue("reason"))
	if reason == "" || len(reason) > 500 {
		return u.held(w, r, a, console.Problems{{Field: "reason", Text: "Say why, in a few words."}})
	}
	if r.PostFormValue("do") == "refuse" {
		if err := u.Sync.Refuse(r.Context(), by(r, a), d.Key(), reason); err != nil {
			return err
		}
		return u.Console.Done(w, r, oneURL+"/"+d.Key(), "Nobody is marked as gone. Everything is read again.")
	}
	if err := u.Sync.Confirm(r.Context(), by(r, a), d.Key(), reason); err != nil {
		return err
	}
	return u.Console.Done(w, r, oneURL+"/"+d.Key(), "They will be marked as gone with the next turn.")
}
