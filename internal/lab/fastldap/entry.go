package fastldap

import (
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Person is one account.
type Person struct{ SAM, Given, Surname, Mail string }

// entry is one object. Names of attributes are in lower case.
type entry struct {
	dn         string
	sid        string
	attributes map[string][]string
	guid       string   // as text
	usn        int64    // of its last change; 0: it is in no list
	members    []string // of a group
}

// names keeps the attributes' usual spelling out of the way: answers repeat what was asked for.
func (e *entry) values(name string) []string { return e.attributes[strings.ToLower(name)] }

// domainParts are those of the SID between S-1-5-21 and an account's number.
var domainParts = [3]uint32{1004336348, 1177238915, 682003330}

const (
	domainUsers = 513
	guest       = 501
	firstPerson = 1103
)

// sid gives a SID as text and as the directory stores it (MS-DTYP 2.4.2.2). Number 0 means the domain's own.
func sid(number uint32) (text string, raw string) {
	parts := append([]uint32{21}, domainParts[:]...)
	if number != 0 {
		parts = append(parts, number)
	}
	b := []byte{1, byte(len(parts)), 0, 0, 0, 0, 0, 5}
	text = "S-1-5"
	for _, p := range parts {
		b = binary.LittleEndian.AppendUint32(b, p)
		text += "-" + strconv.FormatUint(uint64(p), 10)
	}
	return text, string(b)
}

// guid draws one. The first three groups are written in reverse (MS-DTYP 2.3.4).
func guid() (text string, raw string) {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	le := binary.LittleEndian
	text = fmt.Sprintf("%08x-%04x-%04x-%x-%x", le.Uint32(b[:]), le.Uint16(b[4:]), le.Uint16(b[6:]), b[8:10], b[10:])
	return text, string(b[:])
}

// fileTime counts 100 ns since 1601 (MS-DTYP 2.3.3).
func fileTime(t time.Time) string {
	const epoch = 116444736000000000 // of Unix
	return strconv.FormatInt(t.UnixNano()/100+epoch, 10)
}

const never = "9223372036854775807"

func (s *Server) fill(people []Person, groups []Group) {
	_, own := sid(0)
	root := s.add(s.base, "", map[string][]string{
		"objectclass": {"top", "domain", "domainDNS"}, "objectsid": {own}, "minpwdlength": {"7"}, "pwdproperties": {"1"},
		"pwdhistorylength": {"0"}, "minpwdage": {"0"}, "lockoutthreshold": {"0"}, "lockoutduration": {"-18000000000"},
		"lockoutobservationwindow": {"-18000000000"},
	})
	s.index["dn="+strings.ToLower(s.base)] = root
	_, invocation := guid()
	s.index["dn="+strings.ToLower(s.settings())] = &entry{dn: s.settings(), attributes: map[string][]string{
		"objectclass": {"top", "nTDSDSA"}, "invocationid": {invocation},
	}}
	s.group(domainUsers, Group{Name: "Domain Users"})
	s.person(guest, Person{SAM: "Guest"})
	for i, p := range people {
		s.person(firstPerson+uint32(i), p)
	}
	for i, g := range groups {
		s.group(firstPerson+uint32(len(people)+i), g)
	}
}

// settings is the DN of what the server keeps of itself.
func (s *Server) settings() string {
	return "CN=NTDS Settings,CN=FAST,CN=Servers,CN=Default-First-Site-Name,CN=Sites,CN=Configuration," + s.base
}

func (s *Server) person(number uint32, p Person) {
	_, users := sid(domainUsers)
	text, raw := sid(number)
	name, id := guid()
	e := s.add("CN="+p.SAM+",OU=People,"+s.base, text, map[string][]string{
		"objectclass": {"top", "person", "organizationalPerson", "user"}, "objectcategory": {s.category("Person")}, "objectguid": {id}, "objectsid": {raw},
		"samaccountname": {p.SAM}, "userprincipalname": {p.SAM + "@" + s.domain}, "displayname": {p.Given + " " + p.Surname},
		"givenname": {p.Given}, "tokengroups": {users}, "useraccountcontrol": {"512"}, "msds-user-account-control-computed": {"0"},
		"primarygroupid": {strconv.Itoa(domainUsers)}, "pwdlastset": {fileTime(time.Now().Add(-24 * time.Hour))}, "msds-userpasswordexpirytimecomputed": {never}, "accountexpires": {never},
	})
	e.guid = name
	s.changed(e)
	if p.Mail != "" {
		e.attributes["mail"] = []string{p.Mail}
		s.index["mail="+strings.ToLower(p.Mail)] = e
	}
	s.index["<guid="+name+">"] = e
	s.index["userprincipalname="+strings.ToLower(p.SAM+"@"+s.domain)] = e
}

func (s *Server) add(dn, sid string, attributes map[string][]string) *entry {
	e := &entry{dn: dn, sid: sid, attributes: attributes}
	if sid != "" {
		s.index["<sid="+strings.ToLower(sid)+">"] = e
		s.index["objectsid="+strings.ToLower(sid)] = e
		s.index["samaccountname="+strings.ToLower(attributes["samaccountname"][0])] = e
	}
	return e
}

// rootDSE is what the server says of itself (MS-ADTS 3.1.1.3.4).
func (s *Server) rootDSE() *entry {
	return &entry{attributes: map[string][]string{
		"objectclass": {"top"}, "defaultnamingcontext": {s.base}, "configurationnamingcontext": {"CN=Configuration," + s.base},
		"dsservicename": {s.settings()}, "highestcommittedusn": {strconv.FormatInt(s.last, 10)},
		"supportedcapabilities": {"1.2.840.113556.1.4.800"}, "issynchronized": {"TRUE"}, "domainfunctionality": {"7"},
		"currenttime": {time.Now().UTC().Format("20060102150405.0Z")},
	}}
}
