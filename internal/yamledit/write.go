package yamledit

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

const (
	indent    = 2
	flowWidth = 100 // columns of a list on one line
	mapWidth  = 60  // and of a map
)

// write gives a whole text.
func write(tree any) string {
	lines := block(tree)
	if len(lines) == 1 && lines[0] == "" {
		return ""
	}
	return strings.Join(lines, "\n") + "\n"
}

// block writes a tree on lines of its own. A scalar is one line.
func block(tree any) []string {
	switch t := tree.(type) {
	case Map:
		if len(t) == 0 {
			return []string{"{}"}
		}
		var lines []string
		for _, item := range t {
			rest := behind(item.Value)
			lines = append(lines, scalar(item.Key, false)+":"+rest[0])
			lines = append(lines, rest[1:]...)
		}
		return lines
	case []any:
		if len(t) == 0 {
			return []string{"[]"}
		}
		var lines []string
		for _, v := range t {
			lines = append(lines, dashed(v)...)
		}
		return lines
	}
	return []string{scalar(tree, false)}
}

// dashed writes an item of a list.
func dashed(tree any) []string {
	if s, ok := tree.(string); ok && literal(s) {
		lines := behind(s)
		lines[0] = "-" + lines[0]
		return lines
	}
	lines := block(tree)
	if l, ok := tree.([]any); ok && len(l) > 0 {
		lines = []string{flow(tree)} // a list right within a list
	}
	for i, line := range lines {
		switch {
		case i == 0:
			lines[i] = "- " + line
		case line != "":
			lines[i] = "  " + line
		}
	}
	return lines
}

// behind writes what stands behind "key:": the rest of its line, and the lines below.
func behind(tree any) []string {
	if s, ok := tree.(string); ok && literal(s) {
		head := " |"
		if !strings.HasSuffix(s, "\n") {
			head = " |-"
		}
		return append([]string{head}, indented(strings.Split(strings.TrimSuffix(s, "\n"), "\n"), indent)...)
	}
	if text := flow(tree); !nested(tree) || short(tree, text) {
		return []string{" " + text}
	}
	return append([]string{""}, indented(block(tree), indent)...)
}

// nested reports whether a tree is a map or a list with something in it.
func nested(tree any) bool {
	switch t := tree.(type) {
	case Map:
		return len(t) > 0
	case []any:
		return len(t) > 0
	}
	return false
}

// short reports whether a map or a list reads well on one line.
func short(tree any, text string) bool {
	width := flowWidth
	values, _ := tree.([]any)
	if m, ok := tree.(Map); ok {
		width = mapWidth
		for _, item := range m {
			if l, ok := item.Value.([]any); ok {
				values = append(values, l...)
			} else {
				values = append(values, item.Value)
			}
		}
	}
	return len(text) <= width && !slices.ContainsFunc(values, nested)
}

// flow writes a tree on one line.
func flow(tree any) string {
	switch t := tree.(type) {
	case Map:
		parts := make([]string, len(t))
		for i, item := range t {
			parts[i] = pair(item)
		}
		return "{" + strings.Join(parts, ", ") + "}"
	case []any:
		parts := make([]string, len(t))
		for i, v := range t {
			parts[i] = flow(v)
		}
		return "[" + strings.Join(parts, ", ") + "]"
	}
	return scalar(tree, true)
}

func pair(item Item) string { return scalar(item.Key, true) + ": " + flow(item.Value) }

func indented(lines []string, by int) []string {
	out := make([]string, len(lines))
	for i, line := range lines {
		if line != "" {
			line = strings.Repeat(" ", by) + line
		}
		out[i] = line
	}
	return out
}

// literal reports whether a text is written as it is on lines of its own.
func literal(s string) bool {
	lines := strings.Split(strings.TrimSuffix(s, "\n"), "\n")
	if len(lines) < 2 || strings.HasSuffix(s, "\n\n") || strings.HasPrefix(s, " ") || strings.HasPrefix(s, "\n") {
		return false
	}
	return !slices.ContainsFunc(lines, func(line string) bool {
		return strings.TrimRight(line, " ") != line || strings.ContainsFunc(line, func(r rune) bool { return !unicode.IsPrint(r) })
	})
}

var (
	// word is what YAML reads as it stands, anywhere; sentence may hold more outside of lists and maps on one line.
	word     = regexp.MustCompile(`^[\p{L}/][\p{L}\p{N} /._+@\\()-]*$`)
	url      = regexp.MustCompile(`^[a-z]+:/?/?[A-Za-z0-9@/._+:%~?=&-]*[A-Za-z0-9/=]$`)
	sentence = regexp.MustCompile(`^[\p{L}/][\p{L}\p{N} /._+@\\()=,;<>-]*$`)
	span     = regexp.MustCompile(`^([0-9]+(h|m|s|ms))+$`)
	day      = regexp.MustCompile(`^[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9]{2}:[0-9]{2}:[0-9]{2}(Z|[+-][0-9]{2}:[0-9]{2}))?$`)
	reserved = []string{"y", "n", "yes", "no", "on", "off", "true", "false", "null", "inf", "nan"}
)

// scalar writes a plain value.
func scalar(v any, inFlow bool) string {
	switch t := v.(type) {
	case nil:
		return "null"
	case string:
		return quoted(t, inFlow)
	case float64:
		text := strconv.FormatFloat(t, 'f', -1, 64)
		if !strings.ContainsAny(text, ".IN") {
			text += ".0"
		}
		return text
	}
	return fmt.Sprint(v)
}

func quoted(s string, inFlow bool) string {
	plain := word.MatchString(s) || url.MatchString(s) || span.MatchString(s) || day.MatchString(s) || !inFlow && sentence.MatchString(s)
	switch {
	case plain && !strings.HasSuffix(s, " ") && !slices.Contains(reserved, strings.ToLower(s)):
		return s
	case strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) || r == unicode.ReplacementChar }):
		var b strings.Builder
		e := json.NewEncoder(&b)
		e.SetEscapeHTML(false)
		_ = e.Encode(s) // a string always can be
		return strings.TrimSuffix(b.String(), "\n")
	}
	return "'" + strings.ReplaceAll(s, "'", "''") + "'"
}
