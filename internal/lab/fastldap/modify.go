package fastldap

import (
	"strings"
	"time"
)

// replace is the one kind of change that is taken (RFC 4511 §4.6).
const replace = 2

// modify writes a person's password and what goes along with it: all of it or nothing.
func (s *Server) modify(w *writer, id int, op element) error {
	f, err := op.fields(2) // object, changes
	if err != nil {
		return err
	}
	changes, err := f[1].split()
	if err != nil {
		return err
	}
	next := map[string]string{}
	for _, c := range changes {
		name, value, ok := readChange(c)
		if !ok {
			writeResult(w, id, modifyResponse, unwilling)
			return nil
		}
		next[name] = value
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	e := s.index[strings.ToLower(f[0].text())]
	if e == nil {
		writeResult(w, id, modifyResponse, noSuchObject)
		return nil
	}
	if _, ok := next["unicodepwd"]; ok {
		e.attributes["pwdlastset"] = []string{fileTime(time.Now())}
		s.writes.Add(1)
	}
	for name, value := range next {
		e.attributes[name] = []string{value}
	}
	writeResult(w, id, modifyResponse, success)
	return nil
}

// readChange reads one change; false when it is none this directory makes.
func readChange(c element) (name, value string, ok bool) {
	parts, err := c.fields(2) // operation, attribute
	if err != nil || parts[0].number() != replace {
		return "", "", false
	}
	attribute, err := parts[1].fields(2)
	if err != nil {
		return "", "", false
	}
	values, err := attribute[1].split()
	if err != nil || len(values) != 1 {
		return "", "", false
	}
	name, value = strings.ToLower(attribute[0].text()), values[0].text()
	switch name {
	case "lockouttime":
		return name, value, value == "0"
	case "pwdlastset":
		return name, value, value == "0" || value == "-1"
	case "unicodepwd":
		return name, value, quoted(value)
	}
	return "", "", false
}

// quoted reports whether a value has the form of unicodePwd: in quotation marks, UTF-16 little-endian (MS-ADTS 3.1.1.3.1.5).
func quoted(value string) bool {
	const mark = "\"\x00"
	return len(value) > 2*len(mark) && len(value)%2 == 0 && strings.HasPrefix(value, mark) && strings.HasSuffix(value, mark)
}
