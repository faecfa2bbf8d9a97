package browsertest

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"rekey/internal/lab"
	"rekey/internal/lab/browser"
)

var screenshots = flag.String("screenshots", "", "folder to keep the pictures in; empty: they are taken and thrown away")

// shared is the one lab of this test binary. Tests keep to people of their own.
var shared struct {
	once sync.Once
	lab  *lab.Lab
	err  error
	seen sync.Map // shapes of pages that axe has looked at
}

func TestMain(m *testing.M) {
	flag.Parse()
	code := m.Run()
	browser.Stop()
	for _, l := range []*lab.Lab{ruled.lab, shared.lab} { // the guest before its host
		if l == nil {
			continue
		}
		if err := healthy(l); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
		if err := l.Close(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
	}
	os.Exit(code)
}

// healthy reports what the portal itself called an error while people walked through it.
func healthy(l *lab.Lab) error {
	log, err := os.ReadFile(l.Portal.Log())
	if err != nil {
		return err
	}
	if _, crash, crashed := bytes.Cut(log, []byte("\npanic: ")); crashed {
		return fmt.Errorf("the portal panicked: %s", crash)
	}
	var bad []string
	for line := range bytes.Lines(log) {
		if bytes.Contains(line, []byte(`"level":"ERROR"`)) {
			bad = append(bad, string(line))
		}
	}
	if len(bad) > 0 {
		return fmt.Errorf("the portal's log tells of errors:\n%s", strings.Join(bad, ""))
	}
	return nil
}

// adapt lets tests start and send as often as they like, and asks people in Sales for one proof before a change.
func adapt(settings string) string {
	sales := "name: Everybody at Sales\n"
	return strings.Replace(settings, sales, sales+"    change: {count: 1}\n", 1) + `
throttle:
  starts_per_source: {burst: 100000, every: 1ms}
  sends_per_source: {burst: 1000, every: 1s}
  sends_per_source_and_day: 1000
  sends_per_account_and_day: 1000
  sign_ins_per_source: {burst: 100000, every: 1ms}
`
}

func theLab(t *testing.T) *lab.Lab {
	t.Helper()
	shared.once.Do(func() {
		shared.lab, shared.err = lab.Up(context.Background(), lab.Options{Settings: adapt})
	})
	if shared.err != nil {
		t.Fatal(shared.err)
	}
	return shared.lab
}

// await asks again until what is awaited has come.
func await(t *testing.T, what string, come func() bool) {
	t.Helper()
	late := time.NewTimer(time.Minute)
	defer late.Stop()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !come() {
		select {
		case <-tick.C:
		case <-late.C:
			t.Fatalf("waited in vain for %s", what)
		}
	}
}
