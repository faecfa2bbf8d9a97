package peopleui

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/a-h/templ"

	"rekey/internal/account"
	"rekey/internal/admin"
	"rekey/internal/helpdesk"
	"rekey/internal/policy"
	"rekey/internal/server/console"
	view "rekey/web/console"
	"rekey/web/peoplepage"
)

func (u *UI) showPerson(w http.ResponseWriter, r *http.Request, a admin.Admin) error {
	sh, err := u.Desk.Person(r.Context(), by(a, r), who(r))
	if err != nil {
		return err
	}
	page := u.person(sh, u.Console.Clock(r))
	title := sh.Account.DisplayName
	if title == "" {
		title = sh.Account.Name()
	}
	return u.Console.Page(w, r, a, console.Page{
		Section: console.PeopleURL, Trail: []view.Link{{Label: "People", URL: console.PeopleURL}}, Title: title, Lede: signIn(sh.Account), Body: page.Body(),
	})
}

func (u *UI) person(sh helpdesk.Sheet, clock view.Clock) peoplepage.Person {
	here := personURL(sh.Account.ID)
	page := peoplepage.Person{
		Clock: clock, Self: sh.Self, Privileged: sh.Privileged, Why: why(sh, here), Directory: u.facts(sh.Account, clock), Policy: u.policy(sh),
		Blocks: blocks(sh, clock), Methods: u.methods(sh, here), Help: u.help(sh, here),
	}
	if sh.Other != nil {
		page.Other = u.facts(*sh.Other, clock)
	}
	if len(sh.Verified) > 0 {
		c := sh.Verified[0]
		page.Verified = "By " + c.ByName + ", with a code to " + c.Label + ", " + clock.Relative(c.Ended) + ". It counts until " + clock.Short(c.Ended.Add(helpdesk.VerifiedFor)) + "."
	}
	for _, q := range sh.Requests {
		page.Requests = append(page.Requests, u.request(q, clock))
	}
	for _, v := range sh.Reset.Policies {
		page.Reasons = append(page.Reasons, reason(v.Policy, v.Won, v.Unmet, v.Detail))
	}
	for _, v := range sh.Reset.Rules {
		page.Reasons = append(page.Reasons, reason("rule "+v.Rule, v.Applied, v.Unmet, v.Detail))
	}
	page.Attempts, page.Past = u.past(sh)
	return page
}

func why(sh helpdesk.Sheet, here string) peoplepage.Why {
	out := peoplepage.Why{Can: sh.Why.Can, Text: sh.Why.Text, Next: sh.Why.Next, Until: sh.Why.At}
	if slices.Contains(sh.May, sh.Why.Do) {
		out.Do = view.Link{Label: acts[sh.Why.Do].label, URL: here + "/" + string(sh.Why.Do)}
	}
	return out
}

func reason(name string, won bool, unmet, detail string) peoplepage.Reason {
	text := strings.ReplaceAll(unmet, "-", " ")
	switch {
	case won:
		text = "decides"
	case detail != "":
		text = text + ": " + detail
	}
	return peoplepage.Reason{Name: name, Won: won, Text: strings.TrimPrefix(text, ": ")}
}

func (u *UI) facts(a account.Account, clock view.Clock) []view.Fact {
	st := states(a.State)
	if len(st) == 0 {
		st = []view.Tag{{Text: "can sign in", Tone: view.Good}}
	}
	out := []view.Fact{
		{Term: "State", Value: view.Tags(st...)},
		{Term: "Account", Value: view.Mono(signIn(a))},
		{Term: "Sign-in name", Value: view.Mono(a.Name())},
		{Term: "Directory", Value: view.Text(u.Site().Label(a.ID.Directory))},
		{Term: "Mail", Value: view.Text(a.Mail)},
		{Term: "Password set", Value: clock.Ago(a.State.PasswordSet)},
	}
	if !a.State.PasswordExpires.IsZero() {
		out = append(out, view.Fact{Term: "Password expires", Value: clock.At(a.State.PasswordExpires)})
	}
	if a.State.Locked && !a.State.LockedUntil.IsZero() {
		out = append(out, view.Fact{Term: "Locked until", Value: clock.At(a.State.LockedUntil)})
	}
	return append(out, view.Fact{Term: "Id", Value: view.Mono(a.ID.Object)})
}

func (u *UI) policy(sh helpdesk.Sheet) []view.Fact {
	d := sh.Reset.Decision
	name := d.Policy
	if name == "" {
		name = "none"
	}
	out := []view.Fact{
		{Term: "Policy", Value: view.Text(name)}, {Term: "Reset", Value: outcome(d)}, {Term: "Unlock", Value: outcome(sh.Unlock.Decision)},
	}
	if n := d.Requirement.Count; n > 0 {
		asks := view.Of(n, "way", "independent ways")
		var kinds []string
		for _, k := range d.Requirement.Allowed {
			kinds = append(kinds, u.kind(k))
		}
		if len(kinds) > 0 {
			asks += " of: " + strings.Join(kinds, ", ")
		}
		for _, k := range d.Requirement.Mandatory {
			asks += "; always " + u.kind(k)
		}
		out = append(out, view.Fact{Term: "Asks for", Value: view.Text(asks)})
	}
	return append(out, view.Fact{Term: "Settings", Value: view.Text("version " + strconv.FormatInt(u.Site().Version, 10))})
}

func outcome(d policy.Decision) templ.Component {
	switch d.Outcome {
	case policy.Allowed:
		return view.Tag{Text: "allowed", Tone: view.Good}.Show()
	case policy.NotEnrolled:
		return view.Tag{Text: "too little set up", Tone: view.Warn}.Show()
	}
	return view.Tag{Text: "denied", Tone: view.Bad}.Show()
}

func blocks(sh helpdesk.Sheet, clock view.Clock) []view.Fact {
	var out []view.Fact
	if sh.Frozen {
		out = append(out, view.Fact{Term: "Frozen", Value: view.Text("until the help desk releases it")})
	}
	for _, h := range sh.Holds {
		where := "Held, everywhere"
		if h.Lane != "" {
			where = "Held, from one place"
		}
		out = append(out, view.Fact{Term: where, Value: clock.At(h.Until)})
	}
	return out
}

func (u *UI) methods(sh helpdesk.Sheet, here string) []peoplepage.Method {
	out := make([]peoplepage.Method, 0, len(sh.Methods))
	for _, m := range sh.Methods {
		v := peoplepage.Method{Name: u.kind(m.Kind), Label: m.Label, Address: m.Masked, Made: m.Created, Used: m.Used}
		switch {
		case !m.On:
			v.Tags = []view.Tag{{Text: "switched off", Tone: view.Warn}}
		case !m.Counts:
			v.Tags = []view.Tag{{Text: "not taken by the policy", Tone: view.Warn}}
		default:
			v.Tags = []view.Tag{{Text: "counts", Tone: view.Good}}
		}
		if sh.MayRemove {
			v.RemoveURL = here + "/" + string(helpdesk.Remove) + "?" + url.Values{"method": {m.ID}}.Encode()
		}
		out = append(out, v)
	}
	return out
}

func (u *UI) help(sh helpdesk.Sheet, here string) []peoplepage.Help {
	if len(sh.May) == 0 {
		return nil
	}
	var out []peoplepage.Help
	if len(sh.CanVerify) > 0 {
		out = append(out, peoplepage.Help{
			Label: "Verify a caller", Text: "A code goes to something they set up before, and the caller reads it back.", URL: here + "/caller", Main: len(sh.Verified) == 0,
		})
	}
	for _, a := range sh.May {
		if a == helpdesk.Release && !sh.Frozen || a == helpdesk.Pass && !sh.PassAllowed {
			continue
		}
		out = append(out, peoplepage.Help{Label: acts[a].label, Text: acts[a].hint, URL: here + "/" + string(a)})
	}
	return out
}

const mostAttempts = 8

// past takes records apart: attempts and sessions of the person, step by step, and what the help desk did.
func (u *UI) past(sh helpdesk.Sheet) (attempts []peoplepage.Attempt, help []view.Moment) {
	at := map[string]int{}
	for _, rec := range sh.Past { // the newest first
		ev := rec.Event
		if ev.By != "" || ev.Purpose == "help" {
			help = append(help, u.moment(rec))
			continue
		}
		i, ok := at[ev.Flow]
		if !ok || ev.Flow == "" {
			if len(attempts) == mostAttempts {
				continue
			}
			i = len(attempts)
			at[ev.Flow] = i
			attempts = append(attempts, peoplepage.Attempt{Title: attemptTitle(ev.Purpose), State: ended(rec)})
		}
		attempts[i].Steps = append(attempts[i].Steps, u.moment(rec))
		attempts[i].Began = ev.At
	}
	for i := range attempts {
		slices.Reverse(attempts[i].Steps)
	}
	return attempts, help
}

func attemptTitle(purpose string) string {
	switch policy.Action(purpose) {
	case policy.Reset:
		return "Reset"
	case policy.Unlock:
		return "Unlock"
	case policy.Change:
		return "Change of the password"
	}
	if purpose == "enroll" {
		return "My account"
	}
	return "Account"
}

// ended is how an attempt stands, by its last record.
func ended(rec helpdesk.Record) view.Tag {
	switch tone := toneOf(rec.Event.Outcome); tone {
	case view.Plain:
		return view.Tag{Text: strings.ToLower(events[rec.Event.Name])}
	default:
		return view.Tag{Text: strings.ToLower(events[rec.Event.Name]), Tone: tone}
	}
}
