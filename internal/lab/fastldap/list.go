package fastldap

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
)

// Controls (MS-ADTS 3.1.1.3.4.1).
const (
	pagedResults = "1.2.840.113556.1.4.319"
	dirSync      = "1.2.840.113556.1.4.841"

	controls = 0xa0 // what comes after an operation in a message
)

const (
	mostValues       = 1500 // of an attribute in one answer
	missingExtension = 12   // unavailableCriticalExtension
)

// Group is a group of people and groups, by sAMAccountName; they come before it.
type Group struct {
	Name    string
	Members []string
}

// paging is what a client wants of a long result.
type paging struct {
	size  int
	after int64 // number of the last change it has seen
}

// readControls finds those of a message that change an answer.
func readControls(parts []element) (p *paging, feed bool, err error) {
	if len(parts) < 3 || parts[2].tag != controls {
		return nil, false, nil
	}
	all, err := parts[2].split()
	for _, c := range all {
		f, err := c.fields(1)
		if err != nil {
			return nil, false, err
		}
		switch f[0].text() {
		case dirSync:
			feed = true
		case pagedResults:
			if p, err = readPaging(f[len(f)-1]); err != nil {
				return nil, false, err
			}
		}
	}
	return p, feed, err
}

func readPaging(value element) (*paging, error) {
	sequence, _, err := cut(value.body)
	if err != nil {
		return nil, err
	}
	f, err := sequence.fields(2) // size, cookie
	if err != nil {
		return nil, err
	}
	after, _ := strconv.ParseInt(f[1].text(), 10, 64) // empty at first
	return &paging{size: f[0].number(), after: after}, nil
}

// changed gives an entry the number of the newest change.
func (s *Server) changed(e *entry) {
	s.last++
	e.usn = s.last
	s.order = append(s.order, e)
}

// Touch makes people look as if they had been changed.
func (s *Server) Touch(sams ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, sam := range sams {
		if e := s.index["samaccountname="+strings.ToLower(sam)]; e != nil {
			s.order = slices.DeleteFunc(s.order, func(o *entry) bool { return o == e })
			s.changed(e)
		}
	}
}

// list writes a page of all entries that match, in the order of their last changes, and gives the cookie for the next one.
func (s *Server) list(w *writer, id int, q query, p paging) (cookie string, err error) {
	f, err := compile(q.filter)
	if err != nil {
		return "", err
	}
	low, high := f.window()
	from, _ := slices.BinarySearchFunc(s.order, max(low, p.after+1), func(e *entry, n int64) int { return cmp.Compare(e.usn, n) })
	written := 0
	for _, e := range s.order[from:] {
		if e.usn > high {
			break
		}
		if !e.meets(f) {
			continue
		}
		if written == p.size {
			return strconv.FormatInt(p.after, 10), nil
		}
		writeEntry(w, id, e, q.attributes)
		written++
		p.after = e.usn
	}
	return "", nil
}

// group adds one that is there from the start.
func (s *Server) group(number uint32, g Group) {
	text, raw := sid(number)
	name, id := guid()
	e := s.add("CN="+g.Name+",OU=Groups,"+s.base, text, map[string][]string{
		"objectclass": {"top", "group"}, "objectcategory": {s.category("Group")}, "objectguid": {id}, "objectsid": {raw},
		"samaccountname": {g.Name}, "grouptype": {"-2147483646"}, // global, for security
	})
	e.guid = name
	s.index["<guid="+name+">"] = e
	for _, sam := range g.Members {
		if m := s.index["samaccountname="+strings.ToLower(sam)]; m != nil {
			e.members = append(e.members, "<GUID="+m.guid+">;"+m.dn)
		}
	}
	s.changed(e)
}

func (s *Server) category(class string) string {
	return "CN=" + class + ",CN=Schema,CN=Configuration," + s.base
}

// membersFrom answers a request for a range of members (range retrieval, MS-ADTS 3.1.1.3.1.3.3): the name to answer under, and values.
func (e *entry) membersFrom(name string) (string, []string) {
	_, option, ranged := strings.Cut(name, ";range=")
	first, _, _ := strings.Cut(option, "-")
	from, _ := strconv.Atoi(first)
	if from >= len(e.members) {
		return name, nil
	}
	values := e.members[from:]
	if len(values) > mostValues {
		return "member;range=" + strconv.Itoa(from) + "-" + strconv.Itoa(from+mostValues-1), values[:mostValues]
	}
	if !ranged {
		return name, values
	}
	return "member;range=" + strconv.Itoa(from) + "-*", values
}
