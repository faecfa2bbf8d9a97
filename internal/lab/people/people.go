// Package people is who lives in the demo's directories: every case a portal meets, one person each, and plain ones around them.
package people

import (
	"slices"
	"strings"
)

// State is the condition an account is seeded in.
type State string

// The states.
const (
	Active          State = "active"
	Disabled        State = "disabled"
	AccountExpired  State = "account-expired"
	PasswordExpired State = "password-expired"
	MustChange      State = "must-change"
	Locked          State = "locked"
)

// Person is one account.
type Person struct {
	SAM      string
	Given    string
	Surname  string
	Domain   Domain
	OU       string // below OU=People; empty: OU=People itself
	Groups   []string
	State    State
	Password string
	Mail     string   // in the directory; empty: sam@domain
	Aliases  []string // further addresses of the directory
	Language string
	Private  string // private mailbox that is enrolled; empty: none
	App      bool   // has an authenticator app enrolled
	Sheet    bool   // has backup codes
	Guarded  bool   // protected by AdminSDHolder
	Synced   bool   // has an account in the Entra tenant too
	Note     string // what this person shows, for the welcome text
}

// Domain is one of the two demo domains.
type Domain struct{ Name, NetBIOS string }

// Corp and Sales are the demo's domains, Cloud is the Entra tenant's.
var (
	Corp  = Domain{"corp.example.test", "CORP"}
	Sales = Domain{"sales.example.test", "SALES"}
	Cloud = Domain{"example.onmicrosoft.test", ""}
)

// Display is the full name.
func (p Person) Display() string { return p.Given + " " + p.Surname }

// UPN is the name with the domain.
func (p Person) UPN() string { return p.SAM + "@" + p.Domain.Name }

// Address is the address in the directory.
func (p Person) Address() string {
	if p.Mail != "" {
		return p.Mail
	}
	return p.UPN()
}

// OUs are the units below OU=People of each domain.
func OUs(d Domain) []string {
	if d == Sales {
		return []string{"Field", "Office"}
	}
	return []string{"Berlin", "London", "Contractors", "Board"}
}

// Group is a group with the groups that are its members.
type Group struct {
	Name   string
	Nested []string
}

// Groups are the groups of each domain, members before the groups that hold them.
func Groups(d Domain) []Group {
	if d == Sales {
		return []Group{{Name: "Field Sales"}, {Name: "Sales Staff", Nested: []string{"Field Sales"}}}
	}
	return []Group{
		{Name: "Finance"},
		{Name: "Engineering"},
		{Name: "Staff", Nested: []string{"Finance", "Engineering"}},
		{Name: "Board"},
		{Name: "Executives", Nested: []string{"Board"}},
		{Name: "External"},
		{Name: "Service Desk"},
		{Name: "Rekey Owners"},
		{Name: "Rekey Policy"},
		{Name: "Rekey Audit"},
		{Name: "Rekey Reports"},
	}
}

// Administrator is somebody who gets into the administrators' pages, by a group.
type Administrator struct{ Role, SAM, Group string }

// Administrators are all of them, the mightiest first. They are among All.
func Administrators() []Administrator {
	return []Administrator{
		{"owner", "olivia", "Rekey Owners"},
		{"policy-admin", "piet", "Rekey Policy"},
		{"help-desk", "hanna", "Service Desk"},
		{"auditor", "audrey", "Rekey Audit"},
		{"reporter", "rita", "Rekey Reports"},
	}
}

// All lists everybody, the interesting ones first.
func All() []Person { return slices.Concat(named(), administrators(), plain()) }

func administrators() []Person {
	var all []Person
	for _, a := range Administrators() {
		all = append(all, Person{
			SAM: a.SAM, Given: strings.ToUpper(a.SAM[:1]) + a.SAM[1:], Surname: "Admin", Domain: Corp, State: Active, OU: "Berlin", Groups: []string{a.Group},
			Private: a.SAM + home, App: true, Sheet: true,
		})
	}
	return all
}

// Clouded lists who is in the Entra tenant: people of Corp who are there as well, and people who are only there.
func Clouded() []Person {
	ready := func(sam, given, surname string, d Domain, note string) Person {
		return Person{SAM: sam, Given: given, Surname: surname, Domain: d, State: Active, Private: sam + home, App: true, Sheet: true, Note: note}
	}
	heidi := ready("heidi", "Heidi", "Hybrid", Corp, "has an account in Microsoft 365 too: both are reset at once")
	heidi.OU, heidi.Groups, heidi.Synced = "Berlin", []string{"Engineering"}, true
	henry := Person{SAM: "henry", Given: "Henry", Surname: "Hybrid", Domain: Corp, State: Active, OU: "London", Synced: true}
	return []Person{
		heidi,
		henry,
		ready("clara", "Clara", "Cloud", Cloud, "lives in Microsoft 365 only"),
		{SAM: "carl", Given: "Carl", Surname: "Cloud", Domain: Cloud, State: Active, Note: "lives in Microsoft 365 only, nothing set up yet: sign in there"},
		{SAM: "corinna", Given: "Corinna", Surname: "Cloud", Domain: Cloud, State: Disabled},
	}
}

const home = "@home.example.test"

// named are the people with a story.
func named() []Person {
	ready := func(sam, given, surname string, d Domain, note string) Person {
		return Person{SAM: sam, Given: given, Surname: surname, Domain: d, State: Active, Private: sam + home, App: true, Sheet: true, Note: note}
	}
	with := func(p Person, change func(*Person)) Person { change(&p); return p }
	return []Person{
		with(ready("erika", "Erika", "Musterfrau", Corp, "ready: authenticator app, private mail, backup codes"), func(p *Person) {
			p.Groups, p.OU = []string{"Engineering"}, "Berlin"
		}),
		with(ready("max", "Max", "Mustermann", Corp, "locked by wrong passwords"), func(p *Person) {
			p.State, p.Groups, p.OU = Locked, []string{"Engineering"}, "Berlin"
		}),
		with(ready("john", "John", "Doe", Corp, "password has expired"), func(p *Person) {
			p.State, p.OU, p.Language = PasswordExpired, "London", "en"
		}),
		with(ready("jane", "Jane", "Doe", Corp, "must change the password at the next sign-in"), func(p *Person) {
			p.State, p.OU, p.Groups = MustChange, "London", []string{"Finance"}
		}),
		{SAM: "newbie", Given: "Nora", Surname: "Newcomer", Domain: Corp, State: Active, OU: "Berlin", Note: "nothing set up yet: sign in to My account"},
		{SAM: "halfway", Given: "Hal", Surname: "Halfway", Domain: Corp, State: Active, OU: "London", App: true, Note: "one way set up, two are needed"},
		with(ready("gone", "Greta", "Gone", Corp, "disabled: looks like a name nobody has"), func(p *Person) { p.State = Disabled }),
		with(ready("temp", "Tom", "Temporary", Corp, "the account itself has expired"), func(p *Person) { p.State, p.OU, p.Groups = AccountExpired, "Contractors", []string{"External"} }),
		with(ready("twin1", "Tina", "Twin", Corp, "shares a mail address with twin2"), func(p *Person) { p.Mail = "twins@corp.example.test" }),
		with(ready("twin2", "Theo", "Twin", Corp, "shares a mail address with twin1"), func(p *Person) { p.Mail = "twins@corp.example.test" }),
		with(ready("boss", "Beatrix", "Boss", Corp, "a password policy of her own: 14 characters, once a day"), func(p *Person) {
			p.OU, p.Groups, p.Password = "Board", []string{"Board"}, "Old-Chair-Passw0rd!9"
		}),
		with(ready("guarded", "Gus", "Guarded", Corp, "protected by AdminSDHolder: the service account may not write"), func(p *Person) { p.Guarded = true }),
		with(ready("freelance", "Fred", "Freelance", Corp, "a contractor: may unlock, not reset"), func(p *Person) { p.OU, p.Groups = "Contractors", []string{"External"} }),
		with(ready("layla", "ليلى", "منصور", Corp, "reads from right to left"), func(p *Person) { p.Language, p.OU = "ar", "London" }),
		with(ready("juergen", "Jürgen", "Groß", Corp, "letters beyond ASCII"), func(p *Person) { p.Language, p.OU, p.Aliases = "de", "Berlin", []string{"j.gross@corp.example.test"} }),
		with(ready("sam", "Sam", "Both", Corp, "the same name lives in both domains"), func(p *Person) { p.OU = "London" }),
		with(ready("sam", "Sam", "Other", Sales, "the same name lives in both domains"), func(p *Person) { p.OU, p.Private = "Field", "sam.other"+home }),
		with(ready("sally", "Sally", "Seller", Sales, "ready, in the second domain"), func(p *Person) { p.OU, p.Groups = "Field", []string{"Field Sales"} }),
	}
}

// plain are the people who only make the directories look like ones. Every third has set up nothing.
func plain() []Person {
	names := strings.Fields("ada ben cleo dora emil finn gina hugo ida jack kira leo mona nils olga paul quinn rosa sven tara uwe vera will xena yara zoe")
	surnames := strings.Fields("Adler Brook Carter Dorn Engel Fisher")
	var all []Person
	for i, sam := range names {
		p := Person{
			SAM: sam, Given: strings.ToUpper(sam[:1]) + sam[1:], Surname: surnames[i%len(surnames)], Domain: Corp, State: Active,
			OU: []string{"Berlin", "London", ""}[i%3], Groups: []string{[]string{"Finance", "Engineering"}[i%2]},
		}
		if i >= 18 {
			p.Domain, p.OU, p.Groups = Sales, []string{"Field", "Office"}[i%2], []string{"Field Sales"}
		}
		if i%3 != 0 {
			p.Private, p.App, p.Sheet = sam+home, true, i%2 == 0
		}
		all = append(all, p)
	}
	return all
}

// defaultPassword meets every rule of the demo's domains.
const defaultPassword = "Old-Passw0rd!1"

// Secret is the password the person starts with.
func (p Person) Secret() string {
	if p.Password != "" {
		return p.Password
	}
	return defaultPassword
}

// Find gives a person by name and domain.
func Find(sam string, d Domain) (Person, bool) {
	for _, p := range All() {
		if p.SAM == sam && p.Domain == d {
			return p, true
		}
	}
	return Person{}, false
}
