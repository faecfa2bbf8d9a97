package memory_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"rekey/internal/account"
	"rekey/internal/directory"
	"rekey/internal/directory/directorytest"
	"rekey/internal/directory/memory"
	"rekey/internal/secret"
)

const domain = "corp.example.test"

// peer keeps the groups, which the directory has flattened.
type peer struct {
	d       *memory.Directory
	ids     map[string]account.ID
	members map[string][]string
}

func newPeer() *peer {
	return &peer{d: memory.New(domain, "CORP"), ids: map[string]account.ID{}, members: map[string][]string{}}
}

func (p *peer) Add(_ testing.TB, who directorytest.Person) account.ID {
	a := memory.Account{Password: secret.New(who.Password)}
	a.SAM, a.UPN, a.DisplayName, a.Language = who.SAM, who.UPN, who.Display, who.Language
	if a.UPN == "" && !who.NoUPN {
		a.UPN = who.SAM + "@" + domain
	}
	a.Mails = mails(who)
	if len(a.Mails) > 0 {
		a.Mail = a.Mails[0]
	}
	a.State = account.State{
		Disabled: who.State == directorytest.Disabled, Expired: who.State == directorytest.AccountExpired,
		PasswordExpired: who.State == directorytest.PasswordExpired, MustChange: who.State == directorytest.MustChange,
	}
	if who.Rules != nil {
		r := rules(*who.Rules)
		r.Source = "own"
		a.Rules = &r
	}
	p.ids[who.SAM] = p.d.Add(a)
	return p.ids[who.SAM]
}

func mails(who directorytest.Person) []string {
	var all []string
	for _, list := range [][]string{{who.Mail}, marked(who, "SMTP:"), marked(who, "smtp:")} {
		for _, m := range list {
			if m != "" && !slices.ContainsFunc(all, func(o string) bool { return strings.EqualFold(o, m) }) {
				all = append(all, m)
			}
		}
	}
	return all
}

func marked(who directorytest.Person, prefix string) []string {
	var all []string
	for _, a := range who.Addresses {
		if m, ok := strings.CutPrefix(a, prefix); ok {
			all = append(all, m)
		}
	}
	return all
}

func rules(r directorytest.Rules) directory.Rules {
	out := memory.DefaultRules()
	out.MinLength, out.History, out.Lockout, out.MinAge = r.MinLength, r.History, r.Lockout, r.MinAge
	if !r.Complexity {
		out.Classes, out.OfClasses = 0, 0
	}
	return out
}

func (p *peer) Remove(_ testing.TB, id account.ID) { p.d.Remove(id) }

func (p *peer) Group(_ testing.TB, name string, members ...string) string {
	sid := "S-1-5-21-1-2-3-" + name
	for _, m := range members {
		people, nested := p.members[m]
		if !nested {
			people = []string{m}
		}
		p.members[name] = append(p.members[name], people...)
	}
	for _, sam := range p.members[name] {
		p.d.Update(p.ids[sam], func(a *memory.Account) { a.Groups = append(a.Groups, account.Group{ID: sid, Name: name}) })
	}
	return sid
}

// Accepts looks at the password, which a real directory would not show.
func (p *peer) Accepts(_ testing.TB, id account.ID, password string) bool {
	right := false
	p.d.Update(id, func(a *memory.Account) {
		right = a.Password.Equal(secret.New(password)) && a.State.Usable() && !a.State.Locked && !a.State.MustChange && !a.State.PasswordExpired
	})
	if right {
		p.d.SignedIn(id)
	}
	return right
}

func (p *peer) Lock(_ testing.TB, id account.ID) {
	for range directorytest.DomainRules().Lockout {
		p.d.Mistyped(id)
	}
}

func TestConformance(t *testing.T) {
	p := newPeer()
	p.d.SetRules(rules(directorytest.DomainRules()))
	directorytest.Run(t, directorytest.Fixture{
		Directory: p.d, NetBIOS: "CORP", Peer: p, Limit: time.Second,
		Broken: func(_ testing.TB, how directorytest.Failure) directory.Directory {
			return p.d.Failing(map[directorytest.Failure]memory.Failure{
				directorytest.Down: memory.Unavailable, directorytest.Silent: memory.Unavailable,
				directorytest.LostWritten: memory.LostWritten, directorytest.LostNot: memory.LostUnwritten,
			}[how])
		},
	})
}

func TestTwoRunsMakeTheSameIDs(t *testing.T) {
	make := func() account.ID {
		d := memory.New(domain, "CORP", memory.Account{Account: account.Account{SAM: "a"}})
		a, err := d.Lookup(t.Context(), directory.Identifier{Name: "a"})
		if err != nil {
			t.Fatal(err)
		}
		return a.ID
	}
	if a, b := make(), make(); a != b || a.IsZero() {
		t.Errorf("%v and %v", a, b)
	}
}

func TestLockRunsOutByTheClock(t *testing.T) {
	p := newPeer()
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	p.d.SetClock(func() time.Time { return now })
	id := p.Add(t, directorytest.Person{SAM: "a", Password: "Old-Passw0rd!1"})
	p.Lock(t, id)
	if err := p.d.Authenticate(t.Context(), id, secret.New("Old-Passw0rd!1")); err == nil {
		t.Fatal("a locked account signs in")
	}
	now = now.Add(time.Hour)
	if err := p.d.Authenticate(t.Context(), id, secret.New("Old-Passw0rd!1")); err != nil {
		t.Errorf("an hour later: %v", err)
	}
}

func TestWritesAreCounted(t *testing.T) {
	p := newPeer()
	id := p.Add(t, directorytest.Person{SAM: "a", Password: "Old-Passw0rd!1"})
	for failure, want := range map[memory.Failure]int{memory.Unavailable: 0, memory.LostUnwritten: 0} {
		if err := p.d.Failing(failure).SetPassword(t.Context(), id, secret.New("New-Passw0rd!2"), directory.Write{}); err == nil || p.d.Writes() != want {
			t.Errorf("failure %d: %d writes, %v", failure, p.d.Writes(), err)
		}
	}
	if err := p.d.SetPassword(t.Context(), id, secret.New("New-Passw0rd!2"), directory.Write{}); err != nil || p.d.Writes() != 1 {
		t.Errorf("%d writes, %v", p.d.Writes(), err)
	}
}
