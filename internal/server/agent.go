package server

import "strings"

// mark is what gives a product away in a User-Agent header.
type mark struct{ sign, name string }

// Browser finds browser and system in a User-Agent header; empty: unknown. Nothing is decided by it. Order matters: most browsers also call themselves by the names of those they descend from.
func Browser(agent string) (browser, system string) {
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
