// Package brandpage draws the page on which a firm makes the portal its own, with the wizard beside it as it would look.
package brandpage

import (
	"strconv"

	"rekey/web/component"
	"rekey/web/console"
)

// Page is the form and the preview.
type Page struct {
	Form     console.Form
	May      bool
	Locked   bool
	Lines    []console.Field // name, firm, help and the like
	Locales  []console.Option
	Locale   string
	Color    console.Field
	Dark     console.Field
	Contrast Contrast
	Ask      string // URL that measures colours
	Logo     Upload
	Icon     Upload
	Texts    []Language
	Notice   []console.Field // the disclaimer, by language
	Accept   bool
	Links    []Link
	Preview  string // URL of the preview
	Pages    []console.Option
	Problems component.Problems
}

// Contrast says how well the colours can be read.
type Contrast struct {
	Problem              string
	Light, Dark          string // "5.20:1"
	LightGood, DarkGood  bool
	LightNext, DarkNext  string // the nearest colours that can be read
	LightColor, DarkName string
}

// Upload is a picture that can be replaced.
type Upload struct {
	Name, Label, Hint, Problem string
	URL                        string // of the one in force; empty: none
	Kept                       string // one that was chosen and is not saved yet, as a data: URL
	Dropped                    string // what was taken out of it
}

// Language are the firm's own texts in one language.
type Language struct {
	Tag, Name string
	Open      bool
	Fields    []console.Field
}

// Link is one at the foot of every page.
type Link struct {
	URL    console.Field
	Labels []console.Field
}

func nth(i int) string { return "Link " + strconv.Itoa(i+1) }

// needs says what would do in place of a colour that cannot be read.
func needs(next string) string {
	if next == "" {
		return ""
	}
	return ", and 4.5:1 is needed. The nearest that does is " + next
}
