package wording

import (
	"fmt"
	"slices"
	"strings"
)

// elements may stand in a mail's HTML; those that are closed, and those that are not.
var ( //nolint:gochecknoglobals // constants
	elements = []string{"p", "strong", "b", "em", "i", "h1", "h2", "h3", "ul", "ol", "li", "blockquote", "table", "tr", "td", "th"}
	single   = []string{"br", "hr"}
)

// Elements lists what a mail's HTML may hold.
func Elements() []string { return slices.Concat(elements, single) }

// checkMarkup refuses all HTML but the elements above, without attributes, well nested. The error is an *Error.
func checkMarkup(text string) error {
	var open []string
	bad := func(at int, format string, args ...any) error {
		before := text[:at]
		column := len([]rune(before[strings.LastIndexByte(before, '\n')+1:])) + 1
		return &Error{Line: strings.Count(before, "\n") + 1, Column: column, Text: fmt.Sprintf(format, args...)}
	}
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '>':
			return bad(i, "> ends nothing; write &gt;")
		case '<':
		default:
			continue
		}
		end := strings.IndexByte(text[i:], '>')
		if end < 0 {
			return bad(i, "< is not closed; write &lt;")
		}
		name, closes := strings.CutPrefix(text[i+1:i+end], "/")
		switch {
		case !closes && slices.Contains(single, name):
		case !slices.Contains(elements, name):
			return bad(i, "<%.30s> is not taken: want %s, without attributes", text[i+1:i+end], strings.Join(Elements(), ", "))
		case !closes:
			open = append(open, name)
		case len(open) == 0 || open[len(open)-1] != name:
			return bad(i, "</%s> closes what is not open", name)
		default:
			open = open[:len(open)-1]
		}
		i += end
	}
	if len(open) > 0 {
		return bad(len(text), "<%s> is not closed", open[len(open)-1])
	}
	return nil
}
