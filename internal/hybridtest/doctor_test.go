package hybridtest

import (
	"os/exec"
	"strings"
	"testing"
)

// TestDoctorCountsWhomALinkTies, once both directories have been copied.
func TestDoctorCountsWhomALinkTies(t *testing.T) {
	t.Parallel()
	var said string
	defer func() {
		if t.Failed() {
			t.Logf("doctor says:\n%s", said)
		}
	}()
	eventually(t, "doctor counts the accounts a link ties", func() bool {
		out, err := exec.CommandContext(t.Context(), shared.Binary, "--config", shared.Portal.ConfigFile(), "doctor").CombinedOutput()
		said = string(out)
		return err == nil && strings.Contains(said, "are tied to one of it by anchor and SID")
	})
	if !strings.Contains(said, "permission User-PasswordProfile.ReadWrite.All") || strings.Contains(said, " 0 of ") {
		t.Error("not all of it is said")
	}
}
