package enrollui

import (
	"testing"

	"rekey/internal/locale"
	"rekey/web/layout"
)

func TestAgentText(t *testing.T) {
	catalogue, err := locale.Load()
	if err != nil {
		t.Fatal(err)
	}
	english := layout.Shell{Text: catalogue.Printer("en")}
	const mozilla = "Mozilla/5.0 "
	for agent, want := range map[string]string{
		mozilla + "(Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0":                                                               "Firefox on Windows",
		mozilla + "(X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0":                                                                         "Firefox on Linux",
		mozilla + "(Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/138.0.0.0 Safari/537.36":                                "Chrome on Windows",
		mozilla + "(Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/138.0.0.0 Safari/537.36 Edg/138.0.0.0":                  "Edge on Windows",
		mozilla + "(Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/138.0.0.0 Mobile Safari/537.36 EdgA/138.0.0.0":                 "Edge on Android",
		mozilla + "(Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/28.0 Chrome/130.0.0.0 Mobile Safari/537.36":            "Samsung Internet on Android",
		mozilla + "(Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Safari/605.1.15":                          "Safari on macOS",
		mozilla + "(iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1":        "Safari on iPhone",
		mozilla + "(iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/138.0.7204.53 Mobile/15E148 Safari/604.1": "Chrome on iPhone",
		mozilla + "(X11; CrOS x86_64 14541.0.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/138.0.0.0 Safari/537.36":                                 "Chrome on ChromeOS",
		mozilla + "(Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/137.0.0.0 Safari/537.36 OPR/122.0.0.0":                  "Opera on Windows",
		"Firefox/1":                 "Firefox",
		"curl/8.14.1":               "",
		"":                          "",
		"<script>alert(1)</script>": "",
	} {
		if got := agentText(english, agent); got != want {
			t.Errorf("%s: %q, want %q", agent, got, want)
		}
	}
	if got := agentText(layout.Shell{Text: catalogue.Printer("de")}, "Windows Firefox/1"); got != "Firefox unter Windows" {
		t.Errorf("in German: %q", got)
	}
}
