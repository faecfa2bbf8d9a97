// Package brandui holds the administrators' page on which a firm makes the portal its own: names, help, colours, pictures, texts, what is
// read before one begins, and links. The wizard is shown beside the form as the form would have it.
package brandui

import (
	"net/http"

	"rekey/internal/locale"
	"rekey/internal/role"
	"rekey/internal/server"
	"rekey/internal/server/console"
	"rekey/internal/server/review"
	"rekey/web"
	"rekey/web/layout"
)

// UI serves the page.
type UI struct {
	Console   *console.Console
	Review    *review.Review
	Catalogue *locale.Catalogue
	Links     func() layout.Links
	// Assets makes the files for colours that are not in force.
	Assets func(web.Look) (*web.Assets, error)
}

const (
	saveURL     = console.BrandURL + "/save"
	previewURL  = console.BrandURL + "/preview"
	sheetURL    = console.BrandURL + "/preview.css"
	contrastURL = console.BrandURL + "/contrast"
)

// mostBytes of a form: two pictures of 48 KB, twice as text, and the texts.
const mostBytes = 512 << 10

// Area is the page.
func (u *UI) Area() server.Area {
	const none, nothing = "none: reads only", "none: saves nothing"
	see, edit := role.SeeSettings, role.EditTexts
	return u.Console.Area(
		console.Route{Method: http.MethodGet, Pattern: console.BrandURL, Needs: see, Limiter: none, Handler: u.show},
		console.Route{Method: http.MethodPost, Pattern: console.BrandURL, Needs: edit, Limiter: nothing, Body: mostBytes, Handler: u.submit},
		console.Route{Method: http.MethodPost, Pattern: saveURL, Needs: edit, StepUp: true, Limiter: "none: versions are kept", Audit: "settings.applied", Body: mostBytes, Handler: u.save},
		console.Route{Method: http.MethodGet, Pattern: previewURL, Needs: see, Limiter: none, Handler: u.preview},
		console.Route{Method: http.MethodPost, Pattern: previewURL, Needs: see, Limiter: nothing, Body: mostBytes, Handler: u.preview},
		console.Route{Method: http.MethodGet, Pattern: sheetURL, Needs: see, Limiter: none, Handler: u.sheet},
		console.Route{Method: http.MethodGet, Pattern: contrastURL, Needs: see, Limiter: none, Handler: u.contrast},
	)
}
