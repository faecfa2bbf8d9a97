package fastldap

import (
	"slices"
	"strings"
)

// Results (RFC 4511 §4.1.9).
const (
	success            = 0
	protocolError      = 2
	noSuchObject       = 32
	invalidCredentials = 49
	insufficientRights = 50
	unwilling          = 53
)

// query is a search as it was asked.
type query struct {
	base       string
	subtree    bool
	filter     element
	attributes []string
}

func readQuery(op element) (query, error) {
	f, err := op.fields(8) // base, scope, dereferencing, two limits, types only, filter, attributes
	if err != nil {
		return query{}, err
	}
	q := query{base: strings.ToLower(f[0].text()), subtree: f[1].number() == 2, filter: f[6]}
	names, err := f[7].split()
	for _, n := range names {
		q.attributes = append(q.attributes, n.text())
	}
	return q, err
}

// search writes the entries that match and the result.
func (s *Server) search(w *writer, id int, op element) error {
	q, err := readQuery(op)
	if err != nil {
		return err
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	candidates, ok := s.candidates(q)
	for _, e := range candidates {
		fits, err := e.fits(q.filter)
		if err != nil {
			return err
		}
		if fits {
			writeEntry(w, id, e, q.attributes)
		}
	}
	if !ok {
		writeResult(w, id, searchDone, noSuchObject)
		return nil
	}
	writeResult(w, id, searchDone, success)
	return nil
}

// candidates are the entries that may match; false when the base is nobody's.
func (s *Server) candidates(q query) ([]*entry, bool) {
	if q.subtree {
		return s.named(q.filter, nil), true
	}
	if q.base == "" {
		return []*entry{s.rootDSE()}, true
	}
	e := s.index[q.base]
	if e == nil {
		e = s.index["dn="+q.base]
	}
	if e == nil {
		return nil, false
	}
	return []*entry{e}, true
}

// Kinds of filters (RFC 4511 §4.5.1.7).
const (
	filterAnd, filterOr, filterNot  = 0xa0, 0xa1, 0xa2
	filterEquality, filterIsPresent = 0xa3, 0x87
)

// named adds those that a filter names by a value.
func (s *Server) named(filter element, found []*entry) []*entry {
	parts, err := filter.split()
	if err != nil {
		return found
	}
	switch filter.tag {
	case filterAnd, filterOr:
		for _, part := range parts {
			found = s.named(part, found)
		}
	case filterEquality:
		if len(parts) != 2 {
			return found
		}
		e := s.index[strings.ToLower(parts[0].text())+"="+strings.ToLower(parts[1].text())]
		if e != nil && !slices.Contains(found, e) {
			found = append(found, e)
		}
	}
	return found
}

// fits reports whether an entry matches a filter. Values compare without regard to case.
func (e *entry) fits(filter element) (bool, error) {
	if filter.tag == filterIsPresent {
		return len(e.values(filter.text())) > 0, nil
	}
	parts, err := filter.fields(1)
	if err != nil {
		return false, err
	}
	switch filter.tag {
	case filterAnd, filterOr:
		return e.fitsMany(parts, filter.tag == filterAnd)
	case filterNot:
		fits, err := e.fits(parts[0])
		return !fits, err
	case filterEquality:
		if len(parts) == 2 {
			return e.has(parts[0].text(), parts[1].text()), nil
		}
	}
	return false, errBER
}

func (e *entry) fitsMany(parts []element, all bool) (bool, error) {
	for _, p := range parts {
		if fits, err := e.fits(p); err != nil || fits != all {
			return fits, err
		}
	}
	return all, nil
}

func (e *entry) has(name, value string) bool {
	if strings.EqualFold(name, "objectSid") {
		return strings.EqualFold(e.sid, value)
	}
	return slices.ContainsFunc(e.values(name), func(v string) bool { return strings.EqualFold(v, value) })
}

func writeEntry(w *writer, id int, e *entry, attributes []string) {
	w.begin(tagSequence)
	w.number(tagInteger, id)
	w.begin(searchEntry)
	w.text(e.dn)
	w.begin(tagSequence)
	for _, name := range attributes {
		values := e.values(name)
		if len(values) == 0 {
			continue
		}
		w.begin(tagSequence)
		w.text(name)
		w.begin(tagSet)
		for _, v := range values {
			w.text(v)
		}
		w.end()
		w.end()
	}
	w.end()
	w.end()
	w.end()
}

func writeResult(w *writer, id int, tag byte, code int) {
	w.begin(tagSequence)
	w.number(tagInteger, id)
	w.begin(tag)
	w.number(tagEnumerated, code)
	w.text("") // of the object that matched
	w.text("") // the reason
	w.end()
	w.end()
}
