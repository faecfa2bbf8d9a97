package messageui

import (
	"net/http"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"rekey/internal/wording"
	"rekey/web/component"
)

func hidden(name, value string) []component.Hidden {
	return []component.Hidden{{Name: name, Value: value}}
}

func number(n int64) string { return strconv.FormatInt(n, 10) }

// parse reads a number; 0 when it is none, which no version has.
func parse(s string) int64 {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		return -1
	}
	return n
}

func field(r *http.Request, name string) string { return strings.TrimSpace(r.PostFormValue(name)) }

// lines has the line ends of the settings, and none at the end.
func lines(s string) string { return strings.TrimRight(strings.ReplaceAll(s, "\r\n", "\n"), " \n") }

// cutMacro reads what a macro's button sends.
func cutMacro(do string) (name string, ok bool) { return strings.CutPrefix(do, "macro:") }

// sentence is what is wrong as the form says it.
func sentence(field string, cause error) string {
	text := cause.Error()
	if text == "is missing" {
		text = "The " + field + " is missing"
	}
	first, size := utf8.DecodeRuneInString(text)
	return string(unicode.ToUpper(first)) + text[size:] + "."
}

func elements() string {
	all := wording.Elements()
	for i, e := range all {
		all[i] = "<" + e + ">"
	}
	return strings.Join(all, " ")
}
