package hybridtest

import (
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"rekey/internal/lab/graph"
	"rekey/internal/lab/people"
	"rekey/internal/lab/portal"
)

// TestKilledBetweenTheTwo kills a portal after Active Directory was written and before the tenant answered. Another replica finds out
// what became of it; the person types the password once more for the missing half, and both have it.
func TestKilledBetweenTheTwo(t *testing.T) {
	t.Parallel()
	second, err := portal.Prepare(t.Context(), portal.Spec{
		Binary: shared.Binary, Dir: filepath.Join(shared.Dir(), "killed"), Database: shared.Portal.Config().Database,
		KeyFile: shared.Portal.Config().KeyFile,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(second.Kill)
	if err := second.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	a, password := play(t, "killed", people.Corp), fresh()
	v := a.prove(t)
	stop := a.fail(t, graph.Fault{Status: http.StatusTooManyRequests, RetryAfter: "1"}) // asked again and again, which takes a while
	v.Move(second.URL())
	finished := make(chan error, 1)
	go func() {
		_, err := v.Finish(t.Context(), password)
		finished <- err
	}()
	eventually(t, "the tenant is asked to write", func() bool { return a.writes(t) > 0 })
	second.Kill()
	if err := <-finished; err == nil {
		t.Fatal("the portal was not killed before it answered")
	}
	stop()
	a.opens(t, password, a.Password, "")

	v.Move(shared.Portal.URL())
	eventually(t, "another replica finds out", func() bool {
		p, err := v.Open(t.Context(), "/flow")
		return err == nil && strings.Contains(p.Text, "One more step")
	})
	has(t, v.Page(), "Windows Works now", "Microsoft 365 Still the old password")
	p, err := v.Finish(t.Context(), password)
	if err != nil {
		t.Fatal(err)
	}
	has(t, p, "Your password is changed")
	a.opens(t, password, password, a.Password)

	eventually(t, "both notices", func() bool { return len(shared.Inbox.Messages(a.Mail)) >= 2 })
	parts := shared.Inbox.Messages(a.Mail)
	if len(parts) != 2 || !strings.Contains(parts[1].Text, "Where: Windows") || !strings.Contains(parts[0].Text, "Where: Microsoft 365") {
		t.Errorf("%d notices of two parts: %+v", len(parts), parts)
	}
}
