// Package policypage draws the administrators' pages about policies. Models take values; nothing here decides.
package policypage

import (
	"strconv"

	"github.com/a-h/templ"

	"rekey/web/console"
)

// Replacing makes a button replace the form it stands in instead of the page.
func Replacing(l console.Live) templ.Attributes {
	if l.URL == "" {
		return nil
	}
	part := "#" + l.Part
	return templ.Attributes{"hx-post": l.URL, "hx-target": part, "hx-select": part, "hx-swap": "outerHTML"}
}

func count(n int) string { return strconv.Itoa(n) }

func cellsOf(cells ...templ.Component) []templ.Component { return cells }
