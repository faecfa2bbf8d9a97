package systemtest

import (
	"encoding/json"
	"regexp"
	"strings"
	"testing"

	"rekey/internal/lab/people"
	"rekey/internal/lab/portal"
)

type copied struct {
	Directory, State, Current, Full string
	People, Groups                  int
}

// copyOf asks the command how the copy of the lab's domain stands.
func copyOf(t *testing.T, p *portal.Portal) copied {
	t.Helper()
	out, err := p.Command(t.Context(), "sync", "status", "--json")
	if err != nil {
		t.Fatal(err, out)
	}
	var all []copied
	if err := json.Unmarshal([]byte(out), &all); err != nil {
		t.Fatal(err)
	}
	for _, c := range all {
		if c.Directory == people.Corp.Name {
			return c
		}
	}
	return copied{}
}

// TestDirectoriesAreCopied: a portal that serves reads its directories by itself, and again when it is asked to.
func TestDirectoriesAreCopied(t *testing.T) {
	l := theLab(t)
	t.Parallel()
	var c copied
	await(t, "the copy is complete", func() bool {
		c = copyOf(t, l.Portal)
		return c.Full != "" && c.State == "idle"
	})
	ours := 0
	for _, p := range cast() { // they came after the portal's first pass
		if p.Domain == people.Corp {
			ours++
		}
	}
	if _, err := l.Portal.Command(t.Context(), "sync", "run", "--directory", people.Corp.Name); err != nil {
		t.Fatal(err)
	}
	await(t, "everybody is in the copy", func() bool { return copyOf(t, l.Portal).People >= ours })
	if text := scrape(t, l.Portal.Metrics()); !regexp.MustCompile(`(?m)^rekey_sync_lag_seconds\{directory="` + people.Corp.Name + `"\} \d`).MatchString(text) {
		t.Error("the metrics name no age of the copy")
	}
	if _, err := l.Portal.Command(t.Context(), "sync", "run", "--directory", people.Corp.Name, "--full"); err != nil {
		t.Fatal(err)
	}
	await(t, "everything is read again", func() bool { return copyOf(t, l.Portal).Full > c.Full })
	if out, err := l.Portal.Command(t.Context(), "sync", "approve", "--directory", people.Corp.Name, "--reason", "test"); err == nil {
		t.Errorf("approved what is not held: %s", out)
	}
	out, err := l.Portal.Command(t.Context(), "sync", "status")
	if err != nil || !strings.Contains(out, people.Corp.Name) {
		t.Errorf("%v\n%s", err, out)
	}
}
