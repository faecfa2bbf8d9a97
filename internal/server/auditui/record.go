package auditui

import (
	"encoding/hex"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/go-chi/chi/v5"

	"rekey/internal/admin"
	"rekey/internal/audit"
	"rekey/internal/evidence"
	"rekey/internal/fault"
	"rekey/internal/server/console"
	"rekey/web/auditpage"
	view "rekey/web/console"
)

// trail leads back to the search.
func trail() []view.Link { return []view.Link{{Label: "Audit", URL: console.AuditURL}} }

func (u *UI) showRecord(w http.ResponseWriter, r *http.Request, a admin.Admin) error {
	number, err := strconv.ParseInt(chi.URLParam(r, "number"), 10, 64)
	if err != nil || number < 0 {
		return fault.New(fault.NotFound, "The log has no such record.")
	}
	rec, err := u.Service.Record(r.Context(), reader(r, a), number)
	if err != nil {
		if fault.Of(err).Kind == fault.NotFound {
			return fault.Wrap(fault.NotFound, "The log has no such record.", err)
		}
		return err
	}
	clock := u.Console.Clock(r)
	page := auditpage.Record{
		Facts: happened(clock, rec), Proof: []view.Fact{
			{Term: "Number", Value: view.Mono(strconv.FormatInt(number, 10))}, {Term: "Hash", Value: view.Copyable("hash", hex.EncodeToString(rec.Hash))},
		},
		Pager: view.Pager{Newer: RecordURL(number + 1)},
	}
	if number > 0 {
		page.Pager.Older = RecordURL(number - 1)
	}
	page.Personal, page.Note = origin(rec)
	for _, d := range rec.Details() {
		page.Details = append(page.Details, view.Fact{Term: d.Name, Value: view.Text(d.Value)})
	}
	page.Links = related(rec)
	return u.Console.Page(w, r, a, console.Page{
		Section: console.AuditURL, Trail: trail(), Title: evidence.NameWords(rec.Event.Name), State: outcomeTag(rec.Event.Outcome),
		Lede: "Record " + view.Count(int(number)) + " of the log.", Body: page.Body(),
	})
}

// fill adds a line that has something to say.
func fill(to []view.Fact, term, value string) []view.Fact {
	if value == "" {
		return to
	}
	return append(to, view.Fact{Term: term, Value: view.Text(value)})
}

func happened(c view.Clock, rec evidence.Record) []view.Fact {
	ev := rec.Event
	facts := []view.Fact{{Term: "When", Value: view.Text(c.Absolute(ev.At))}, {Term: "Event", Value: view.Mono(string(ev.Name))}}
	facts = fill(facts, "Why", evidence.ReasonWords(ev.Reason))
	facts = fill(facts, "Who acted", actorWord(string(ev.Actor)))
	facts = fill(facts, "Administrator", ev.By)
	facts = fill(facts, "Role", roleWord(ev.Role))
	facts = fill(facts, "Ticket", ev.Ticket)
	facts = fill(facts, "Person", ev.Detail["name"])
	if ev.Subject.Object != "" {
		facts = append(facts, view.Fact{Term: "Account", Value: view.Mono(ev.Subject.String())})
	}
	facts = fill(facts, "Wanted", capital(ev.Purpose))
	facts = fill(facts, "Policy", ev.Policy)
	facts = fill(facts, "Settings version", version(ev.Settings))
	facts = fill(facts, "Methods", methods(ev.Factors))
	if ev.Flow != "" {
		facts = append(facts, view.Fact{Term: "Attempt or session", Value: view.Anchor(ev.Flow, FlowURL(ev.Flow))})
	}
	return facts
}

// origin is where a request came from, or why that is not told.
func origin(rec evidence.Record) (facts []view.Fact, note string) {
	switch {
	case rec.Erased:
		return nil, "The personal data of this record was erased. That the record itself is unchanged can still be proven."
	case rec.Masked:
		note = "Your role does not show this in full."
	}
	src := rec.Event.Source
	if a := address(rec); a != "" {
		facts = append(facts, view.Fact{Term: "Address", Value: view.Mono(a)})
	}
	facts = fill(facts, "Browser", browser(rec))
	facts = fill(facts, "As it said itself", src.Agent)
	if src.RequestID != "" {
		facts = append(facts, view.Fact{Term: "Request", Value: view.Mono(src.RequestID)})
	}
	if len(facts) == 0 && note == "" {
		note = "It did not come from a browser."
	}
	return facts, note
}

func related(rec evidence.Record) []view.Link {
	ev := rec.Event
	var all []view.Link
	if ev.Flow != "" {
		all = append(all, view.Link{Label: "This attempt, step by step", URL: FlowURL(ev.Flow)})
	}
	if ev.Subject.Object != "" {
		all = append(all, view.Link{Label: "Everything about this account", URL: PersonURL(ev.Subject.String())})
	}
	search := func(label string, q wish) { all = append(all, view.Link{Label: label, URL: q.at(console.AuditURL)}) }
	if ev.By != "" {
		search("Everything this administrator did", wish{values: map[string][]string{"by": {ev.By}}})
	}
	if ev.Ticket != "" {
		search("Everything on this ticket", wish{values: map[string][]string{"ticket": {ev.Ticket}}})
	}
	if a := ev.Source.Address; a.IsValid() && !rec.Masked {
		search("Everything from this address", wish{values: map[string][]string{"address": {a.String()}}})
	}
	search("Events of this kind", wish{values: map[string][]string{"event": {string(ev.Name)}}})
	return all
}

func (u *UI) showFlow(w http.ResponseWriter, r *http.Request, a admin.Admin) error {
	id, err := url.PathUnescape(chi.URLParam(r, "id")) // an id of any letters stays one part of the path
	if err != nil {
		return fault.Wrap(fault.NotFound, "The log has no attempt or session of this id.", err)
	}
	steps, err := u.Service.Flow(r.Context(), reader(r, a), id)
	if err != nil {
		return err
	}
	if len(steps) == 0 {
		return fault.New(fault.NotFound, "The log has no attempt or session of this id.")
	}
	first, last := steps[0], steps[len(steps)-1]
	page := auditpage.Flow{
		Clock: u.Console.Clock(r), List: view.Link{Label: "As a list", URL: wish{values: map[string][]string{"flow": {id}, sortField: {rising}}}.at(console.AuditURL)},
	}
	page.Facts = fill(page.Facts, "Person", first.Who())
	page.Facts = fill(page.Facts, "Wanted", capital(first.Event.Purpose))
	page.Facts = fill(page.Facts, "Policy", first.Event.Policy)
	page.Facts = fill(page.Facts, "Began", page.Absolute(first.Event.At))
	page.Facts = fill(page.Facts, "Took", view.Span(last.Event.At.Sub(first.Event.At)))
	page.Facts = fill(page.Facts, "Steps", view.Count(len(steps)))
	page.Facts = append(page.Facts, view.Fact{Term: "Id", Value: view.Copyable("flow-id", id)})
	for i, s := range steps {
		var before time.Time
		if i > 0 {
			before = steps[i-1].Event.At
		}
		page.Moments = append(page.Moments, moment(s, before))
	}
	title := "Attempt, step by step"
	if first.Event.Purpose == "" || first.Event.Purpose == "administer" {
		title = "Session, step by step"
	}
	return u.Console.Page(w, r, a, console.Page{
		Section: console.AuditURL, Trail: trail(), Title: title, Lede: "From the first name typed to the end.", State: outcomeTag(last.Event.Outcome), Body: page.Body(),
	})
}

// moment is one step, with how long it came after the one before.
func moment(s evidence.Record, before time.Time) view.Moment {
	ev := s.Event
	m := view.Moment{At: ev.At, Title: evidence.NameWords(ev.Name), Text: s.Summary(), URL: RecordURL(s.Number)}
	m.Tone = map[audit.Outcome]view.Tone{audit.Refused: view.Warn, audit.Failed: view.Bad, audit.Unknown: view.Bad}[ev.Outcome]
	if !before.IsZero() && ev.At.Sub(before) >= time.Second {
		if m.Text != "" {
			m.Text += " · "
		}
		m.Text += view.Span(ev.At.Sub(before)) + " later"
	}
	var facts []view.Fact
	if a := address(s); a != "" {
		facts = append(facts, view.Fact{Term: "Address", Value: view.Mono(a)})
	}
	facts = fill(facts, "Browser", browser(s))
	for _, d := range s.Details() {
		facts = fill(facts, d.Name, d.Value)
	}
	if len(facts) > 0 {
		m.More = view.Facts(facts)
	}
	return m
}
