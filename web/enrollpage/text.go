package enrollpage

import (
	"strings"
	"time"

	"rekey/web/component"
)

func (m Setup) title() string {
	if m.Missing == 0 {
		return m.T("setup.ready-title")
	}
	return m.T("setup.title")
}

func (m Setup) lede() string {
	switch {
	case m.Missing == 0:
		return m.T("setup.ready-lede")
	case m.Missing < m.Needed:
		return m.N("setup.more", m.Missing)
	}
	return m.N("setup.lede", m.Needed)
}

// step counts the ways, for the bar on top.
func (m Setup) step() component.Step {
	if m.Missing == 0 {
		return component.Step{}
	}
	return component.Step{Now: m.Needed - m.Missing + 1, Of: m.Needed}
}

func (m Setup) offers() []component.Way { return ways(m.Offers) }

// ways draws what can be added as choice cards.
func ways(offers []Addable) []component.Way {
	out := make([]component.Way, len(offers))
	for i, o := range offers {
		out[i] = component.Way{Ref: o.Kind, Kind: o.Kind, NeedsScript: o.NeedsScript}
	}
	return out
}

func (m Add) key(part string) string { return "add." + m.stage() + "." + part }

// stage tells the two halves of an enrollment by mail apart.
func (m Add) stage() string {
	switch m.Prompt.(type) {
	case component.Address:
		return "address"
	case component.Ceremony:
		return "passkey"
	case component.Seed:
		return "seed"
	case component.Sheet:
		return "sheet"
	case component.Code:
		return "code"
	}
	return "other"
}

func (m Add) lede() string {
	if key := m.key("lede"); m.Text.Has(key) {
		return m.T(key)
	}
	return ""
}

func (m Prove) title() string {
	if key := "prove." + m.Kind + ".title"; m.Text.Has(key) {
		return m.T(key)
	}
	return m.T("prove.other.title", "What", component.KindName(m.Text, m.Kind))
}

func (m Prove) lede() string {
	if key := "prove." + m.Kind + ".lede"; m.Text.Has(key) {
		return m.T(key)
	}
	return ""
}

func (m StepUp) lede() string {
	if key := "step-up." + m.Then; m.Text.Has(key) {
		return m.T(key)
	}
	return m.T("step-up.lede")
}

// name is what a method is called on its line: its own name, or that of its kind.
func (m Account) name(x Method) string {
	if x.Label != "" {
		return x.Label
	}
	return component.KindName(m.Text, x.Kind)
}

func (m Account) used(x Method) string {
	if x.LastUsed.IsZero() {
		return m.T("account.never-used")
	}
	return m.T("account.last-used", "Date", m.date(x.LastUsed))
}

func (m Account) added(x Method) string { return m.T("account.added", "Date", m.date(x.Added)) }

func (m Account) date(at time.Time) string { return m.Text.Date(at.UTC()) }

// what says in words what a line of the history is about.
func (m Account) what(p Past) string {
	names := make([]string, len(p.Kinds))
	for i, k := range p.Kinds {
		names[i] = component.KindName(m.Text, k)
	}
	key := "history." + p.Event
	if sharper := key + "." + p.Purpose; p.Purpose != "" && m.Text.Has(sharper) {
		key = sharper
	}
	if !m.Text.Has(key) {
		key = "history.other"
	}
	said := m.T(key)
	if len(names) > 0 {
		said = m.T("history.with", "What", said, "Names", strings.Join(names, m.T("history.comma")))
	}
	return said
}

func (m Account) agent(s Session) string {
	if s.Agent == "" {
		return m.T("account.unknown-browser")
	}
	return s.Agent
}
