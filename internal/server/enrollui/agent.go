package enrollui

import (
	"strings"

	"rekey/web/layout"
)

// agentText says in words what browser a session is in, for people to recognise it by. Empty: unknown. Nothing is decided by it.
func agentText(sh layout.Shell, agent string) string {
	browser, system := product(agent)
	switch {
	case browser == "":
		return ""
	case system == "":
		return browser
	}
	return sh.T("account.browser", "Browser", browser, "System", system)
}

// mark is what gives a product away in a User-Agent header.
type mark struct{ sign, name string }

// product finds browser and system. Order matters: most browsers also call themselves by the names of those they descend from.
func product(agent string) (browser, system string) {
	browsers := []mark{
		{"Edg", "Edge"},
		{"OPR/", "Opera"},
		{"SamsungBrowser/", "Samsung Internet"},
		{"Firefox/", "Firefox"},
		{"FxiOS/", "Firefox"},
		{"CriOS/", "Chrome"},
		{"Chrome/", "Chrome"},
		{"Chromium/", "Chromium"},
		{"Version/", "Safari"},
	}
	systems := []mark{
		{"iPhone", "iPhone"},
		{"iPad", "iPad"},
		{"Android", "Android"},
		{"CrOS", "ChromeOS"},
		{"Windows", "Windows"},
		{"Macintosh", "macOS"},
		{"Linux", "Linux"},
	}
	return first(browsers, agent), first(systems, agent)
}

func first(marks []mark, agent string) string {
	for _, m := range marks {
		if strings.Contains(agent, m.sign) {
			return m.name
		}
	}
	return ""
}
