package systemtest

import (
	"context"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"

	"rekey/internal/lab"
)

// shared is the one lab of this test binary. Tests keep to people of their own.
var shared struct {
	once sync.Once
	lab  *lab.Lab
	err  error
}

func TestMain(m *testing.M) {
	code := m.Run()
	if shared.lab != nil {
		if err := shared.lab.Close(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
	}
	os.Exit(code)
}

// trusting makes a portal believe the addresses that visitors claim, so that each can have one of their own.
func trusting() []string { return []string{"REKEY_TRUSTED_PROXIES=127.0.0.0/8"} }

// guided is where people without enough methods are told so.
const guided = "192.0.2.0/24"

// adjusted are the settings of the lab: people may be sent many codes, long enough to be looked for in what is left behind, and hardly
// anybody is told that too little is set up.
func adjusted(document string) string {
	return strings.NewReplacer(
		`guide_networks: [127.0.0.0/8, "::1/128"]`, `guide_networks: [`+guided+`]`,
		"  mail:\n    refuse_domains", "  mail:\n    digits: 10\n    refuse_domains",
	).Replace(document) + `
throttle:
  sends_per_source: {burst: 1000, every: 1s}
  sends_per_source_and_day: 1000
  sends_per_account_and_day: 1000
`
}

func theLab(t testing.TB) *lab.Lab {
	t.Helper()
	shared.once.Do(func() {
		ctx := context.Background() // it outlives the test that needs it first
		if shared.lab, shared.err = lab.Up(ctx, lab.Options{Settings: adjusted, Env: trusting()}); shared.err == nil {
			shared.err = shared.lab.Add(ctx, cast()...)
		}
	})
	if shared.err != nil {
		t.Fatal(shared.err)
	}
	return shared.lab
}
