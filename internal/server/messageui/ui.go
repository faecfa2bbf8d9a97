// Package messageui holds the administrators' pages about messages: the texts, who is told what, and the delivery log.
package messageui

import (
	"context"
	"net/http"
	"time"

	"rekey/internal/account"
	"rekey/internal/admin"
	"rekey/internal/audit"
	"rekey/internal/authenticator"
	"rekey/internal/delivery"
	"rekey/internal/locale"
	"rekey/internal/message"
	"rekey/internal/role"
	"rekey/internal/server"
	"rekey/internal/server/console"
	"rekey/internal/server/review"
	"rekey/internal/site"
	"rekey/internal/throttle"
	"rekey/internal/wording"
	view "rekey/web/console"
)

// Courier writes and sends messages.
type Courier interface {
	BuiltIn(event message.Template, by message.Channel, language string) (wording.Own, error)
	Draft(m message.Message, texts wording.Texts) (delivery.Mail, error)
	DraftText(m message.Message, texts wording.Texts) (string, error)
	Try(ctx context.Context, m message.Message, texts wording.Texts) delivery.Report
}

// Store is what the pages ask of the database.
type Store interface {
	Credentials(ctx context.Context, who account.ID) ([]authenticator.Credential, error)
	Take(ctx context.Context, key string, b throttle.Bucket) (ok bool, wait time.Duration, err error)
	Record(ctx context.Context, ev audit.Event) error
}

// UI serves the pages.
type UI struct {
	Console   *console.Console
	Review    *review.Review
	Site      site.Source
	Courier   Courier
	Log       *delivery.Log
	Store     Store
	Languages []locale.Language
	PublicURL string
}

// The pages.
const (
	textURL       = console.MessagesURL + "/text/{event}/{channel}/{language}"
	saveURL       = console.MessagesURL + "/save"
	recipientsURL = console.MessagesURL + "/recipients"
	logURL        = console.MessagesURL + "/log"
)

// Area are the pages.
func (u *UI) Area() server.Area {
	const none, own = "none: reads only", "five test messages at once, then one in ten minutes"
	see, edit := role.SeeSettings, role.EditTexts
	return u.Console.Area(
		console.Route{Method: http.MethodGet, Pattern: console.MessagesURL, Needs: see, Limiter: none, Handler: u.showList},
		console.Route{Method: http.MethodGet, Pattern: textURL, Needs: see, Limiter: none, Handler: u.showText},
		console.Route{Method: http.MethodPost, Pattern: textURL, Needs: edit, Limiter: own, Audit: "message.tested", Body: 256 << 10, Handler: u.submitText},
		console.Route{Method: http.MethodPost, Pattern: saveURL, Needs: edit, StepUp: true, Limiter: "none: versions are kept", Audit: "settings.applied", Body: 256 << 10, Handler: u.save},
		console.Route{Method: http.MethodGet, Pattern: recipientsURL, Needs: see, Limiter: none, Handler: u.showRecipients},
		console.Route{Method: http.MethodPost, Pattern: recipientsURL, Needs: edit, Limiter: "none: saves nothing", Handler: u.submitRecipients},
		console.Route{Method: http.MethodGet, Pattern: logURL, Needs: role.SeeOperation, Limiter: none, Handler: u.showLog},
		console.Route{Method: http.MethodGet, Pattern: logURL + ".csv", Needs: role.SeeOperation, Limiter: none, Handler: u.exportLog},
		console.Route{Method: http.MethodGet, Pattern: gatewayURL, Needs: role.EditConnectors, StepUp: true, Limiter: none, Handler: u.showGateway},
		console.Route{Method: http.MethodPost, Pattern: gatewayURL, Needs: role.EditConnectors, StepUp: true, Limiter: "none: saves nothing", Handler: u.submitGateway},
		console.Route{Method: http.MethodPost, Pattern: gatewayURL + "/test", Needs: role.EditConnectors, StepUp: true, Limiter: own, Audit: "message.tested", Handler: u.submitTry},
		console.Route{Method: http.MethodPost, Pattern: gatewaySaveURL, Needs: role.EditConnectors, StepUp: true, Limiter: "none: versions are kept", Audit: "settings.applied", Handler: u.saveGateway},
		console.Route{Method: http.MethodPost, Pattern: logURL + "/{number}/retry", Needs: role.Operate, Limiter: "none: tries what was given up once more", Audit: "job.retried", Handler: u.submitRetry},
	)
}

// tabs lead through the family, as far as the administrator may go.
func tabs(a admin.Admin, current string) []view.Tab {
	var all []view.Tab
	for _, t := range []struct {
		label, url string
		needs      role.Permission
	}{
		{"Texts", console.MessagesURL, role.SeeSettings},
		{"Recipients", recipientsURL, role.SeeSettings},
		{"Delivery log", logURL, role.SeeOperation},
		{"Mail server", console.MessagesURL + "/gateway/mail", role.EditConnectors},
		{"Text message gateway", console.MessagesURL + "/gateway/sms", role.EditConnectors},
	} {
		if a.Grants.May(t.needs) {
			all = append(all, view.Tab{Label: t.label, URL: t.url, Current: t.url == current})
		}
	}
	return all
}

var trail = []view.Link{{Label: "Messages", URL: console.MessagesURL}} //nolint:gochecknoglobals // a constant
