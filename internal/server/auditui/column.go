package auditui

import (
	"slices"
	"strconv"
	"strings"

	"github.com/a-h/templ"

	"rekey/internal/audit"
	"rekey/internal/evidence"
	"rekey/internal/factor"
	"rekey/internal/role"
	"rekey/internal/server"
	"rekey/internal/server/console"
	view "rekey/web/console"
)

// column is one that can be shown.
type column struct {
	key, title string
	kind       view.Kind
	cell       func(c view.Clock, r evidence.Record) templ.Component
}

const timeColumn = "time"

func columns() []column {
	text := func(of func(evidence.Record) string) func(view.Clock, evidence.Record) templ.Component {
		return func(_ view.Clock, r evidence.Record) templ.Component { return view.Text(of(r)) }
	}
	return []column{
		{timeColumn, "Time", view.Tight, func(c view.Clock, r evidence.Record) templ.Component { return c.At(r.Event.At) }},
		{"event", "Event", view.Words, func(_ view.Clock, r evidence.Record) templ.Component {
			return view.Two(evidence.NameWords(r.Event.Name), RecordURL(r.Number), r.Summary())
		}},
		{"outcome", "Outcome", view.Tight, func(_ view.Clock, r evidence.Record) templ.Component { return outcomeTag(r.Event.Outcome).Show() }},
		{"person", "Person", view.Words, func(_ view.Clock, r evidence.Record) templ.Component { return person(r) }},
		{"by", "Administrator", view.Words, text(func(r evidence.Record) string { return r.Event.By })},
		{"policy", "Policy", view.Words, text(func(r evidence.Record) string { return r.Event.Policy })},
		{"method", "Methods", view.Words, text(func(r evidence.Record) string { return methods(r.Event.Factors) })},
		{"address", "Address", view.Tight, func(_ view.Clock, r evidence.Record) templ.Component { return view.Mono(address(r)) }},
		{"browser", "Browser", view.Words, text(browser)},
		{"ticket", "Ticket", view.Words, text(func(r evidence.Record) string { return r.Event.Ticket })},
		{"reason", "Reason", view.Words, text(func(r evidence.Record) string { return evidence.ReasonWords(r.Event.Reason) })},
		{"action", "Wanted", view.Words, text(func(r evidence.Record) string { return capital(r.Event.Purpose) })},
		{"version", "Settings", view.Figures, text(func(r evidence.Record) string { return version(r.Event.Settings) })},
		{"flow", "Attempt", view.Words, func(_ view.Clock, r evidence.Record) templ.Component { return flow(r) }},
		{"number", "Record", view.Figures, text(func(r evidence.Record) string { return view.Count(int(r.Number)) })},
	}
}

// usual are the columns that are shown unless others are chosen.
func usual() []string {
	return []string{timeColumn, "event", "outcome", "person", "policy", "address", "flow"}
}

func columnOptions() []view.Option {
	var out []view.Option
	for _, c := range columns() {
		out = append(out, view.Option{Value: c.key, Label: c.title, Off: c.key == timeColumn || c.key == "event"})
	}
	return out
}

// chosen are the columns to show, in their own order. Time and event are always there: they lead on.
func chosen(keys []string) []column {
	if len(keys) == 0 {
		keys = usual()
	}
	var out []column
	for _, c := range columns() {
		if c.key == timeColumn || c.key == "event" || slices.Contains(keys, c.key) {
			out = append(out, c)
		}
	}
	return out
}

func person(r evidence.Record) templ.Component {
	ev := r.Event
	name := ev.Detail["name"]
	switch {
	case ev.Subject.Object != "" && name != "":
		return view.Two(name, PersonURL(ev.Subject.String()), ev.Subject.Directory)
	case ev.Subject.Object != "":
		return view.Anchor(ev.Subject.String(), PersonURL(ev.Subject.String()))
	case name != "" && !r.Masked:
		return view.Anchor(name, PersonURL(name))
	}
	return view.Text(r.Who())
}

func flow(r evidence.Record) templ.Component {
	if r.Event.Flow == "" {
		return view.Quiet("–")
	}
	return view.Anchor("Steps", FlowURL(r.Event.Flow))
}

// address writes where a request came from; a masked one as its network.
func address(r evidence.Record) string {
	a := r.Event.Source.Address
	switch {
	case !a.IsValid():
		return ""
	case r.Masked && a.Is4():
		return a.String() + "/24"
	case r.Masked:
		return a.String() + "/48"
	}
	return a.String()
}

func browser(r evidence.Record) string {
	name, system := server.Browser(r.Event.Source.Agent)
	if name == "" {
		return ""
	}
	if system != "" {
		name += " on " + system
	}
	return name
}

func methods(kinds []factor.Kind) string {
	words := make([]string, len(kinds))
	for i, k := range kinds {
		words[i] = evidence.MethodWords(k)
	}
	return strings.Join(words, ", ")
}

func version(n int64) string {
	if n == 0 {
		return ""
	}
	return strconv.FormatInt(n, 10)
}

func outcomeTag(o audit.Outcome) view.Tag {
	tone := map[audit.Outcome]view.Tone{audit.OK: view.Good, audit.Refused: view.Warn, audit.Failed: view.Bad, audit.Unknown: view.Bad}[o]
	return view.Tag{Text: outcomeWord(string(o)), Tone: tone}
}

func outcomeWord(o string) string {
	if o == string(audit.OK) {
		return "done"
	}
	return o
}

func actorWord(a string) string {
	switch audit.ActorType(a) {
	case audit.Visitor:
		return "Somebody not proven yet"
	case audit.Person:
		return "The person"
	case audit.Operator:
		return "An administrator"
	case audit.System:
		return "The product itself"
	}
	return a
}

func methodWord(k string) string { return evidence.MethodWords(factor.Kind(k)) }

func roleWord(r string) string { return console.RoleName(role.Role(r)) }

func plain(s string) string { return s }

func capital(s string) string {
	if s == "" {
		return ""
	}
	return strings.ToUpper(s[:1]) + s[1:]
}
