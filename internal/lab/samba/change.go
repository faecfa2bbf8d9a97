package samba

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-ldap/ldap/v3"
)

// Change is something to write to a domain: OU, Group, User, Policy, PSO, Guard or Set.
type Change interface {
	// render writes the change. Names without "=" are completed to distinguished names.
	render(s *sheet)
}

// Apply writes changes in the given order, past all access checks, to a domain that runs or does not. In a domain of
// two servers the first gets them; AwaitReplication waits for the other.
func (d *Domain) Apply(ctx context.Context, changes ...Change) error {
	s := render(changes, d.scene())
	if err := d.dcs[0].modify(ctx, s.lasting.Bytes()); err != nil {
		return fmt.Errorf("change %s: %w", d.Name(), err)
	}
	if err := d.dcs[0].modify(ctx, s.fleeting.Bytes(), backdate); err != nil {
		return fmt.Errorf("change %s: %w", d.Name(), err)
	}
	return nil
}

// OU is an organizational unit.
type OU struct{ Name string } // below OU=People, or a distinguished name

func (c OU) render(s *sheet) {
	s.add(s.unit(c.Name), "organizationalUnit", nil)
}

// Group is a global security group in OU=Groups. Groups come before the users and groups that are their members.
type Group struct {
	Name    string
	Members []string // names of groups, or distinguished names
}

func (c Group) render(s *sheet) {
	attrs := map[string][]string{"sAMAccountName": {c.Name}}
	for _, m := range c.Members {
		attrs["member"] = append(attrs["member"], s.group(m))
	}
	s.add(s.group(c.Name), "group", attrs)
}

// Guard protects an account as AdminSDHolder does on Windows, where SDProp sees to it within the hour: adminCount is 1
// and nothing is inherited, so that the service account may not write.
type Guard struct{ DN string }

func (c Guard) render(s *sheet) {
	modification(&s.lasting, c.DN, "replace", "adminCount", []byte("1"))
	modification(&s.lasting, c.DN, "replace", "nTSecurityDescriptor", []byte(guarded))
}

// guarded is the security descriptor AdminSDHolder has on Windows, less what old programs and certificate services get:
// protected from inheritance, administrators write, everybody signed in reads, anybody may change a password they know.
const guarded = "O:DAG:DAD:PAI(A;;RPWPCRCCLCLORCWOWDSW;;;DA)(A;;RPWPCRCCLCLORCWOWDSW;;;EA)(A;;RPWPCRCCDCLCLORCWOWDSDSW;;;BA)" +
	"(A;;RPWPCRCCDCLCLORCWOWDSDDTSW;;;SY)(A;;RPLCLORC;;;AU)" +
	"(OA;;CR;ab721a53-1e2f-11d0-9819-00aa0040529b;;WD)(OA;;CR;ab721a53-1e2f-11d0-9819-00aa0040529b;;PS)"

// Set replaces an attribute of an entry. No values remove it.
type Set struct {
	DN     string
	Name   string
	Values []string
}

func (c Set) render(s *sheet) {
	modification(&s.lasting, c.DN, "replace", c.Name, raw(c.Values)...)
}

// scene is what rendering needs to know of the domain and the moment.
type scene struct {
	realm string
	base  string
	now   time.Time
}

func (d *Domain) scene() scene {
	return scene{realm: d.Name(), base: d.BaseDN(), now: time.Now()}
}

// sheet collects LDIF. What counts from a moment is apart, because a template cannot keep it.
type sheet struct {
	scene
	lasting, fleeting bytes.Buffer
}

func render(changes []Change, at scene) *sheet {
	s := &sheet{scene: at}
	for _, c := range changes {
		c.render(s)
	}
	return s
}

func (s *sheet) add(dn, class string, attrs map[string][]string) {
	attribute(&s.lasting, "dn", []byte(dn))
	fmt.Fprintf(&s.lasting, "changetype: add\nobjectClass: %s\n", class)
	for _, name := range slices.Sorted(maps.Keys(attrs)) {
		attribute(&s.lasting, name, raw(attrs[name])...)
	}
	s.lasting.WriteString("\n")
}

func (s *sheet) unit(name string) string {
	people := "OU=People," + s.base
	if name == "" {
		return people
	}
	return complete(name, "OU=", people)
}

func (s *sheet) group(name string) string { return complete(name, "CN=", "OU=Groups,"+s.base) }

// complete makes a distinguished name of a name, unless it is one.
func complete(name, prefix, below string) string {
	if strings.Contains(name, "=") {
		return name
	}
	return prefix + ldap.EscapeDN(name) + "," + below
}

// UnitDN is the distinguished name of a unit below OU=People; an empty name is OU=People itself.
func (d *Domain) UnitDN(name string) string { return (&sheet{scene: d.scene()}).unit(name) }

// GroupDN is the distinguished name of a group in OU=Groups.
func (d *Domain) GroupDN(name string) string {
	return (&sheet{scene: d.scene()}).group(name)
}

func raw(values []string) [][]byte {
	var out [][]byte
	for _, v := range values {
		out = append(out, []byte(v))
	}
	return out
}

// fileTime is a moment in 100 ns since 1601, MS-DTYP 2.3.3.
func fileTime(t time.Time) string {
	const epoch = 116444736000000000 // of Unix
	return strconv.FormatInt(t.Unix()*1e7+int64(t.Nanosecond()/100)+epoch, 10)
}
