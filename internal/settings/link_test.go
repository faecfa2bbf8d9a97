package settings_test

import (
	"strings"
	"testing"

	"rekey/internal/directory"
)

// twoBarns is the least document with two directories that can be tied to each other, and one that cannot.
func twoBarns(t *testing.T, more string) string {
	t.Helper()
	return change(t, "domain: corp.example.test", `domain: corp.example.test
      anchored: true
      judges: true
  - barn: {domain: cloud.example.test, anchored: true}
  - barn: {domain: shut.example.test, anchored: true, shut: true}
  - barn: {domain: loose.example.test}`) + more
}

func TestLinksAndLabelsReachTheSnapshot(t *testing.T) {
	for text, want := range map[string]directory.Link{
		"mode: ad":       {Home: "corp.example.test", Other: "cloud.example.test", Mode: directory.LinkHome},
		"mode: ad+entra": {Home: "corp.example.test", Other: "cloud.example.test", Mode: directory.LinkBoth},
		"mode: separate": {Home: "corp.example.test", Other: "cloud.example.test", Mode: directory.LinkSeparate},
		"mode: separate, first: cloud.example.test": {
			Home: "corp.example.test", Other: "cloud.example.test", Mode: directory.LinkSeparate, OtherFirst: true,
		},
		"mode: ad+entra, first: corp.example.test": {Home: "corp.example.test", Other: "cloud.example.test", Mode: directory.LinkBoth},
	} {
		var f farm
		c, err := compile(twoBarns(t, "links: [{ad: corp.example.test, entra: cloud.example.test, "+text+"}]\nlabels: {cloud.example.test: Microsoft 365}\n"),
			&f, deps(plain{}), nil)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if s := c.Snapshot; len(s.Links) != 1 || s.Links[0] != want || s.Label("cloud.example.test") != "Microsoft 365" || s.Label("corp.example.test") != "corp.example.test" {
			t.Errorf("%s: %+v, %v", text, s.Links, s.Labels)
		}
	}
}

func TestBadLinksNameTheirKey(t *testing.T) {
	const good = "ad: corp.example.test, entra: cloud.example.test, mode: ad"
	for want, text := range map[string]string{
		"links[0].ad: no such directory \"elsewhere\"":                      "[{ad: elsewhere, entra: cloud.example.test, mode: ad}]",
		"links[0].entra: accounts of loose.example.test cannot be tied":     "[{ad: corp.example.test, entra: loose.example.test, mode: ad}]",
		"links[0]: both ends are corp.example.test":                         "[{ad: corp.example.test, entra: corp.example.test, mode: ad}]",
		"links[0].mode: want ad, ad+entra or separate, got \"both\"":        "[{ad: corp.example.test, entra: cloud.example.test, mode: both}]",
		"links[0].mode: ad+entra writes accounts that corp.example.test":    "[{ad: corp.example.test, entra: shut.example.test, mode: ad+entra}]",
		"links[0].first: want corp.example.test or cloud.example.test":      "[{" + good + ", first: x}]",
		"links[0].first: mode ad writes corp.example.test first":            "[{" + good + ", first: cloud.example.test}]",
		"links[0].first: cloud.example.test cannot check a password":        "[{ad: cloud.example.test, entra: corp.example.test, mode: separate, first: corp.example.test}]",
		"links[1]: corp.example.test is in another link already":            "[{" + good + "}, {" + good + "}]",
		"links[0].modus: unknown field":                                     "[{" + good + ", modus: x}]",
		"labels.elsewhere: no such directory":                               "[]\nlabels: {elsewhere: x}",
		"labels.corp.example.test: want one line of at most 60 characters":  "[]\nlabels: {corp.example.test: ''}",
		"labels.cloud.example.test: want one line of at most 60 characters": "[]\nlabels: {cloud.example.test: \"a\\nb\"}",
		"links[0].mode: want ad, ad+entra or separate, got \"\"":            "[{ad: corp.example.test, entra: cloud.example.test}]",
	} {
		var f farm
		_, err := compile(twoBarns(t, "links: "+text+"\n"), &f, deps(plain{}), nil)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %q, got %v", want, err)
		}
		if f.still() != 0 {
			t.Errorf("%s: %d directories are left open", want, f.still())
		}
	}
}
