package recoverypage

import (
	"strings"
	"time"

	"rekey/web/component"
	"rekey/web/layout"
)

// link is one of the other things a person may have come for.
type link struct{ icon, text, url string }

func (m Start) links() []link {
	all := []link{
		{"key", m.T("start.go-reset"), m.ResetURL},
		{"lock", m.T("start.go-unlock"), m.UnlockURL},
		{"change", m.T("start.go-change"), m.ChangeURL},
		{"account", m.T("start.go-account"), m.AccountURL},
	}
	here := map[string]int{Reset: 0, Unlock: 1, Change: 2}
	out := make([]link, 0, len(all))
	for i, l := range all {
		if at, ok := here[m.Action]; l.url == "" || ok && at == i {
			continue
		}
		out = append(out, l)
	}
	return out
}

// lede says how many ways are needed, or which one this is.
func (m Choose) lede() string {
	switch {
	case m.Proven > 0 && m.Needed-m.Proven == 1:
		return m.T("choose.last")
	case m.Proven > 0:
		return m.N("choose.more", m.Needed-m.Proven)
	}
	return m.N("choose.lede", m.Needed)
}

func (m Choose) title() string {
	if m.Proven > 0 {
		return m.T("choose.title-next")
	}
	return m.T("choose.title")
}

func (m Prove) title() string {
	if key := "prove." + m.Kind + ".title"; m.Text.Has(key) {
		return m.T(key)
	}
	switch m.Prompt.(type) {
	case component.Code:
		return m.T("prove.code.title")
	case component.Ceremony:
		return m.T("prove.passkey.title")
	case component.Questions:
		return m.T("prove.questions.title")
	case component.Wait:
		return m.T("prove.wait.title")
	}
	return m.T("prove.other.title", "What", component.KindName(m.Text, m.Kind))
}

func (m Prove) lede() string {
	if m.Text.Has("prove." + m.Kind + ".lede") {
		return m.T("prove." + m.Kind + ".lede")
	}
	if _, ok := m.Prompt.(component.Wait); ok {
		return m.T("prove.wait.lede")
	}
	return ""
}

func (m Password) lede() string {
	if m.Product == "" {
		return ""
	}
	return m.T("password.lede", "Product", m.Isolated(m.Product))
}

// heading is the title of the page that asks for a password; in the middle of the job it is another one.
func heading(sh layout.Shell, title string, places []Place) string {
	if len(places) > 0 {
		return sh.T("partial.title")
	}
	return sh.T(title)
}

// again says that the password has to be typed once more, and for what.
func again(sh layout.Shell, places []Place, lede string) string {
	if len(places) == 0 {
		return lede
	}
	return sh.T("partial.lede", "Places", sh.Isolated(missing(places)))
}

// missing lists what still has the old password.
func missing(places []Place) string {
	var names []string
	for _, p := range places {
		if p.Missing {
			names = append(names, p.Name)
		}
	}
	return strings.Join(names, ", ")
}

func cancel(sh layout.Shell, places []Place) string {
	if len(places) > 0 {
		return sh.T("partial.leave")
	}
	return sh.T("action.cancel")
}

func (m Done) partial() bool { return missing(m.Places) != "" }

func (m Done) title() string {
	if m.partial() {
		return m.T("done.partial.title")
	}
	return m.T("done." + m.Action + ".title")
}

// lead is the first sentence: what has just happened.
func (m Done) lead() string {
	if m.Action == Unlock && !m.Unlocked {
		return m.T("done.unlock.not-locked")
	}
	if m.Unlocked && m.Action != Unlock {
		return m.T("done.also-unlocked")
	}
	if m.WasLocked && !m.Unlocked {
		return m.T("done.still-locked")
	}
	return m.T("done." + m.Action + ".text")
}

func (m Done) when(minutes int) string { return when(m.Shell, Place{Minutes: minutes}) }

// when says from when on the password works at a place.
func when(sh layout.Shell, p Place) string {
	switch {
	case p.Minutes > 0:
		return sh.N("done.works-soon", p.Minutes)
	case p.Missing:
		return sh.T("partial.old")
	}
	return sh.T("done.works-now")
}

// mark is the picture of a place.
func mark(p Place) string {
	switch {
	case p.Minutes > 0:
		return "clock"
	case p.Missing:
		return "warning"
	}
	return "good"
}

// reason keeps the keys of the catalogue to the refusals it knows.
func (m Refused) reason() string {
	switch m.Reason {
	case "blocked", "frozen", "denied", "cancelled", "gone", "none", "rule", "limit", "threat", "privileged", "retries":
		return m.Reason
	}
	return "denied"
}

func (m Refused) key(part string) string {
	return strings.Join([]string{"refused", m.reason(), part}, ".")
}

// lede is what the firm says itself, where it does.
func (m Refused) lede() string {
	if m.Text != "" {
		return m.Text
	}
	return m.T(m.key("text"))
}

func (m Refused) minutes() int { return max(1, int((m.Wait+time.Minute-1)/time.Minute)) }

// waitText says how long it takes, in words that need no clock; nothing where the day says it better.
func (m Refused) waitText() string {
	switch n := m.minutes(); {
	case n < 120:
		return m.N("wait.minutes", n)
	case n > 48*60:
		return ""
	}
	return m.N("wait.hours", (m.minutes()+59)/60)
}
