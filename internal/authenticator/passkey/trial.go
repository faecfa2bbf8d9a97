package passkey

import (
	"context"
	"strings"

	"rekey/internal/authenticator"
)

var _ authenticator.Tried = (*Method)(nil)

// Try implements authenticator.Tried: a browser takes a passkey for the portal's own address only, so that is what is looked at. What
// the device does is tried by proving a passkey.
func (m *Method) Try(context.Context, authenticator.Trial) []authenticator.Step {
	domain := m.relying.Config.RPID
	address := authenticator.Step{Title: "Address", Text: "Browsers offer these passkeys at " + m.origin + " alone.", Result: authenticator.Worked}
	if !strings.HasPrefix(m.origin, "https://") {
		address.Text += " That is for trying things out: people need https."
		address.Result = authenticator.Noted
	}
	belongs := authenticator.Step{
		Title: "Domain", Text: "They belong to " + domain + ". When that changes, every passkey has to be set up anew.", Result: authenticator.Worked,
	}
	return []authenticator.Step{address, belongs}
}
