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
func (s *Server) search(w *writer, id int, parts []element) error {
	q, err := readQuery(parts[1])
	if err != nil {
		return err
	}
	p, feed, err := readControls(parts)
	if err != nil {
		return err
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	candidates, ok := s.candidates(q)
	switch {
	case feed:
		writeResult(w, id, searchDone, missingExtension)
		return nil
	case !ok:
		writeResult(w, id, searchDone, noSuchObject)
		return nil
	case q.subtree && p != nil && len(candidates) == 0:
		cookie, err := s.list(w, id, q, *p)
		writePage(w, id, cookie)
		return err
	}
	filter, err := compile(q.filter)
	if err != nil {
		return err
	}
	for _, e := range candidates {
		if e.meets(filter) {
			writeEntry(w, id, e, q.attributes)
		}
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

func writeEntry(w *writer, id int, e *entry, attributes []string) {
	w.begin(tagSequence)
	w.number(tagInteger, id)
	w.begin(searchEntry)
	w.text(e.dn)
	w.begin(tagSequence)
	for _, name := range attributes {
		var values []string
		if strings.HasPrefix(name, "member") {
			name, values = e.membersFrom(name)
		} else {
			values = e.values(name)
		}
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
	writeCode(w, tag, code)
	w.end()
}

func writeCode(w *writer, tag byte, code int) {
	w.begin(tag)
	w.number(tagEnumerated, code)
	w.text("") // of the object that matched
	w.text("") // the reason
	w.end()
}

// writePage ends a page of a long result; an empty cookie says that it was the last.
func writePage(w *writer, id int, cookie string) {
	w.begin(tagSequence)
	w.number(tagInteger, id)
	writeCode(w, searchDone, success)
	w.begin(controls)
	w.begin(tagSequence)
	w.text(pagedResults)
	w.begin(tagOctets)
	w.begin(tagSequence)
	w.number(tagInteger, 0) // how many there are is not told
	w.text(cookie)
	w.end()
	w.end()
	w.end()
	w.end()
	w.end()
}
