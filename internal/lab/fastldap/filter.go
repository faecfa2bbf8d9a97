package fastldap

import (
	"math"
	"slices"
	"strconv"
	"strings"
)

// Kinds of filters (RFC 4511 §4.5.1.7).
const (
	filterAnd, filterOr, filterNot   = 0xa0, 0xa1, 0xa2
	filterEquality, filterIsPresent  = 0xa3, 0x87
	filterNotLess, filterNotGreater  = 0xa5, 0xa6
	changeNumber                     = "usnchanged"
	objectCategory, objectIdentifier = "objectcategory", "objectsid"
)

// condition is a filter taken apart. Names are in lower case.
type condition struct {
	kind  byte
	name  string
	value string
	parts []condition
}

// compile takes a filter apart.
func compile(filter element) (condition, error) {
	c := condition{kind: filter.tag}
	if filter.tag == filterIsPresent {
		c.name = strings.ToLower(filter.text())
		return c, nil
	}
	parts, err := filter.fields(1)
	if err != nil {
		return c, err
	}
	switch filter.tag {
	case filterAnd, filterOr, filterNot:
		for _, p := range parts {
			part, err := compile(p)
			if err != nil {
				return c, err
			}
			c.parts = append(c.parts, part)
		}
		return c, nil
	case filterEquality, filterNotLess, filterNotGreater:
		if len(parts) == 2 {
			c.name, c.value = strings.ToLower(parts[0].text()), parts[1].text()
			return c, nil
		}
	}
	return c, errBER
}

// meets reports whether an entry matches. Values compare without regard to case.
func (e *entry) meets(c condition) bool {
	switch c.kind {
	case filterAnd:
		return !slices.ContainsFunc(c.parts, func(p condition) bool { return !e.meets(p) })
	case filterOr:
		return slices.ContainsFunc(c.parts, e.meets)
	case filterNot:
		return !e.meets(c.parts[0])
	case filterIsPresent:
		return len(e.attributes[c.name]) > 0
	case filterEquality:
		return e.has(c.name, c.value)
	case filterNotLess, filterNotGreater:
		n, err := strconv.ParseInt(c.value, 10, 64)
		return err == nil && c.name == changeNumber && e.usn > 0 && (c.kind == filterNotLess && e.usn >= n || c.kind == filterNotGreater && e.usn <= n)
	}
	return false
}

func (e *entry) has(name, value string) bool {
	switch name {
	case objectIdentifier:
		return strings.EqualFold(e.sid, value)
	case objectCategory: // a class stands for the DN of its schema
		prefix := "CN=" + value + ","
		return slices.ContainsFunc(e.attributes[name], func(v string) bool {
			return strings.EqualFold(v, value) || len(v) > len(prefix) && strings.EqualFold(v[:len(prefix)], prefix)
		})
	}
	return slices.ContainsFunc(e.attributes[name], func(v string) bool { return strings.EqualFold(v, value) })
}

// window is the range of change numbers that a filter asks for.
func (c condition) window() (low, high int64) {
	low, high = 0, math.MaxInt64
	if c.kind == filterAnd {
		for _, p := range c.parts {
			l, h := p.window()
			low, high = max(low, l), min(high, h)
		}
		return low, high
	}
	if n, err := strconv.ParseInt(c.value, 10, 64); err == nil && c.name == changeNumber {
		switch c.kind {
		case filterNotLess:
			low = n
		case filterNotGreater:
			high = n
		}
	}
	return low, high
}
