package servertest

import (
	"testing"
	"time"

	"rekey/internal/account"
	"rekey/internal/authenticator"
	"rekey/internal/authenticator/backupcode"
	"rekey/internal/authenticator/mailcode"
	"rekey/internal/authenticator/totp"
	"rekey/internal/directory"
	"rekey/internal/directory/memory"
	"rekey/internal/factor"
	"rekey/internal/flow"
	"rekey/internal/policy"
	"rekey/internal/secret"
	"rekey/internal/site"
	"rekey/internal/throttle"
)

// Password is everybody's.
const Password = "Correct-Horse-7"

// settle fills the directories and compiles the settings. Anna and Ben are plain members of corp.example.test; "twin" is in both
// domains; Emil's password has expired, Mona must change hers, Dora is disabled; Carl may change his password and nothing else.
func (p *Portal) settle(t testing.TB) {
	t.Helper()
	p.Corp = memory.New("corp.example.test", "CORP",
		p.person("anna", "Anna Adler", account.State{}), p.person("ben", "Ben Brand", account.State{}),
		p.person("twin", "Tina Twin", account.State{}), p.person("emil", "Emil Ende", account.State{PasswordExpired: true}),
		p.person("mona", "Mona Muss", account.State{MustChange: true}), p.person("dora", "Dora Dicht", account.State{Disabled: true}),
		p.contractor("carl", "Carl Contract"))
	p.Sales = memory.New("sales.example.test", "SALES", p.person("twin", "Toni Twin", account.State{}))
	p.Corp.SetClock(p.Now)
	p.Sales.SetClock(p.Now)
	p.Snapshot = &site.Snapshot{
		Version: 1, Directories: []directory.Directory{p.Corp, p.Sales}, Methods: p.methods(t),
		Order:    []factor.Kind{factor.TOTP, factor.BackupCode, factor.Mail},
		Throttle: throttle.Limits{Starts: plenty(), Sends: plenty(), SendsPerDay: 1000, SignIns: plenty()}.WithDefaults(),
		Flow: flow.Limits{
			Idle: 10 * time.Minute, Life: 30 * time.Minute, TriesPerCode: 3, SendsPerMethod: 3, ApplyingFor: time.Minute,
		},
		Session: site.SessionLimits{Idle: 10 * time.Minute, Life: time.Hour, StepUp: 10 * time.Minute},
		Brand:   site.Brand{Name: "Example Corp password help", Firm: "Example Corp", HelpText: "Help desk: 4357", Locale: "en"},
	}
	p.Snapshot.Policies = p.compile(t, document())
}

func document() policy.Document {
	return policy.Document{Policies: []policy.Policy{{
		Name: "Contractors", Scope: policy.Scope{OUs: []policy.OU{{DN: "OU=Contractors,DC=corp,DC=example,DC=test"}}},
		Actions: []policy.Action{policy.Change}, Reset: policy.Requirement{Count: 2},
	}}}
}

func (p *Portal) compile(t testing.TB, d policy.Document) *policy.Policies {
	t.Helper()
	r := policy.Registry{Directories: []string{p.Corp.Key(), p.Sales.Key()}}
	for _, k := range p.Snapshot.Order {
		r.Kinds = append(r.Kinds, p.Snapshot.Methods[k].Traits())
	}
	policies, err := policy.Compile(d, r)
	if err != nil {
		t.Fatal(err)
	}
	return policies
}

func plenty() throttle.Bucket { return throttle.Bucket{Burst: 1000, Every: time.Millisecond} }

func (p *Portal) person(sam, display string, s account.State) memory.Account {
	a := memory.Account{Password: secret.New(Password)}
	a.SAM, a.DisplayName, a.State = sam, display, s
	if !s.MustChange {
		a.State.PasswordSet = p.Now().AddDate(0, -1, 0)
	}
	a.Mail = sam + "@corp.example.test"
	return a
}

// Recreate deletes an account of corp.example.test and makes another of the same name.
func (p *Portal) Recreate(t testing.TB, sam string) {
	t.Helper()
	old := p.account(t, sam)
	p.Corp.Remove(old.ID)
	p.Corp.Add(p.person(sam, old.DisplayName, account.State{}))
}

// ID is whose account it is in corp.example.test.
func (p *Portal) ID(t testing.TB, sam string) account.ID {
	t.Helper()
	return p.account(t, sam).ID
}

func (p *Portal) account(t testing.TB, sam string) account.Account {
	t.Helper()
	a, err := p.Corp.Lookup(t.Context(), directory.Identifier{Raw: sam, Name: sam})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func (p *Portal) contractor(sam, display string) memory.Account {
	a := p.person(sam, display, account.State{})
	a.Path = "CN=" + display + ",OU=Contractors,DC=corp,DC=example,DC=test"
	return a
}

func (p *Portal) methods(t testing.TB) map[factor.Kind]authenticator.Method {
	t.Helper()
	app, err := totp.Open(totp.Config{}, totp.Deps{})
	if err != nil {
		t.Fatal(err)
	}
	sheet, err := backupcode.Open(backupcode.Config{}, backupcode.Deps{})
	if err != nil {
		t.Fatal(err)
	}
	mail, err := mailcode.Open(mailcode.Config{}, mailcode.Deps{MAC: p.Keys.MAC})
	if err != nil {
		t.Fatal(err)
	}
	return map[factor.Kind]authenticator.Method{factor.TOTP: app, factor.BackupCode: sheet, factor.Mail: mail}
}

// Ruled puts policies and rules in force that change makes of those there are.
func (p *Portal) Ruled(t testing.TB, change func(*policy.Document)) {
	t.Helper()
	d := document()
	change(&d)
	next := *p.Snapshot
	next.Version++
	next.Policies = p.compile(t, d)
	p.Snapshot = &next
}
