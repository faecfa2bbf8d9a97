// Package memory is a directory that lives in the process: for tests of what stands on a directory, and for measuring the portal
// without one. It behaves as Active Directory does, and fails when it is told to.
package memory

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"rekey/internal/account"
	"rekey/internal/directory"
	"rekey/internal/secret"
)

var (
	_ directory.Directory     = (*Directory)(nil)
	_ directory.Unlocker      = (*Directory)(nil)
	_ directory.Changer       = (*Directory)(nil)
	_ directory.Authenticator = (*Directory)(nil)
	_ directory.RuleReader    = (*Directory)(nil)
	_ directory.PasswordDater = (*Directory)(nil)
	_ directory.Checker       = (*Directory)(nil)
	_ directory.Anchored      = (*Directory)(nil)
)

// Account is one of the directory's accounts. The directory fills in ID, NetBIOS and, where they are empty, SID, UPN and the time
// the password was set.
type Account struct {
	account.Account
	Password secret.Text
	Rules    *directory.Rules // nil: those of the directory
}

// Failure is a way to fail.
type Failure uint8

// The failures. They last until another is chosen.
const (
	None          Failure = iota
	Unavailable           // nothing answers
	LostWritten           // a write happens, but nobody learns so
	LostUnwritten         // a write does not happen, but nobody learns so
)

// Directory is a domain in memory. It is safe for concurrent use.
type Directory struct {
	*domain
	failure Failure
}

// domain is what all views of a directory share.
type domain struct {
	key, netbios string

	mu     sync.Mutex
	now    func() time.Time
	rules  directory.Rules
	made   int
	byID   map[string]*entry
	names  map[string][]*entry // by every name, folded
	writes int
}

type entry struct {
	Account
	history []secret.Text // newest last, the present one among them
	wrong   int           // wrong passwords in a row
	last    time.Time     // when the last of them was
}

// How locks work, as in a new domain of Windows Server.
const (
	lockFor = 30 * time.Minute
	window  = 30 * time.Minute
)

// DefaultRules are those a directory starts with.
func DefaultRules() directory.Rules {
	return directory.Rules{MinLength: 8, MaxLength: 127, Classes: 3, OfClasses: 5, History: 3, Lockout: 3, Source: "domain"}
}

// New makes a directory with accounts. IDs are counted, so that two runs make the same ones.
func New(key, netbios string, accounts ...Account) *Directory {
	now := time.Now //nolint:forbidigo // until SetClock replaces it
	d := &Directory{domain: &domain{
		key: key, netbios: netbios, now: now, rules: DefaultRules(), byID: map[string]*entry{}, names: map[string][]*entry{},
	}}
	for _, a := range accounts {
		d.Add(a)
	}
	return d
}

// SetClock replaces the clock.
func (d *Directory) SetClock(now func() time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.now = now
}

// SetRules replaces the directory's password rules. NoNameParts are worked out for each account.
func (d *Directory) SetRules(r directory.Rules) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.rules = r
}

// Fail chooses how to fail from now on.
func (d *Directory) Fail(f Failure) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.failure = f
}

// Failing gives a view of the same accounts that fails by itself.
func (d *Directory) Failing(f Failure) *Directory { return &Directory{domain: d.domain, failure: f} }

// Writes is how many writes have happened.
func (d *Directory) Writes() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.writes
}

// Add adds an account. One that was removed before and is added again gets another ID.
func (d *Directory) Add(a Account) account.ID {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.made++
	a.ID = account.ID{Directory: d.key, Object: fmt.Sprintf("00000000-0000-4000-8000-%012x", d.made)}
	a.NetBIOS = d.netbios
	if a.SID == "" {
		a.SID = fmt.Sprintf("S-1-5-21-1-2-3-%d", 1000+d.made)
	}
	if a.Mail != "" && len(a.Mails) == 0 {
		a.Mails = []string{a.Mail}
	}
	if a.State.PasswordSet.IsZero() && !a.State.MustChange {
		a.State.PasswordSet = d.now()
	}
	e := &entry{Account: a, history: []secret.Text{a.Password}}
	d.byID[a.ID.Object] = e
	for _, n := range e.allNames(d.key) {
		d.names[n] = append(d.names[n], e)
	}
	return a.ID
}

// Remove removes an account.
func (d *Directory) Remove(id account.ID) {
	d.mu.Lock()
	defer d.mu.Unlock()
	e, ok := d.byID[id.Object]
	if !ok {
		return
	}
	delete(d.byID, id.Object)
	for _, n := range e.allNames(d.key) {
		d.names[n] = slices.DeleteFunc(d.names[n], func(o *entry) bool { return o == e })
	}
}

// Update changes an account in place. Its names must stay.
func (d *Directory) Update(id account.ID, change func(*Account)) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if e, ok := d.byID[id.Object]; ok {
		change(&e.Account)
	}
}

// Mistyped counts a wrong password that somebody typed elsewhere, at their computer for example.
func (d *Directory) Mistyped(id account.ID) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if e, ok := d.byID[id.Object]; ok {
		d.count(e)
	}
}

// SignedIn is what a person's sign-in elsewhere does: wrong passwords before it count no more.
func (d *Directory) SignedIn(id account.ID) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if e, ok := d.byID[id.Object]; ok {
		e.wrong = 0
	}
}

// allNames are the names an account is found by, folded, each once.
func (e *entry) allNames(key string) []string {
	all := append([]string{e.SAM, e.UPN, e.Mail}, e.Mails...)
	if e.UPN == "" {
		all = append(all, e.SAM+"@"+key) // the implicit UPN
	}
	var names []string
	for _, n := range all {
		if n = strings.ToLower(n); n != "" && !slices.Contains(names, n) {
			names = append(names, n)
		}
	}
	return names
}

// Key implements directory.Directory.
func (d *Directory) Key() string { return d.key }

// Close implements directory.Directory.
func (*Directory) Close() error { return nil }

// Lookup implements directory.Directory.
func (d *Directory) Lookup(ctx context.Context, who directory.Identifier) (account.Account, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if who.Domain != "" && !strings.EqualFold(who.Domain, d.key) && !strings.EqualFold(who.Domain, d.netbios) {
		return account.Account{}, directory.ErrNotFound
	}
	if err := d.down(ctx); err != nil {
		return account.Account{}, err
	}
	found := d.names[strings.ToLower(who.Mail)]
	if who.Mail == "" {
		found = slices.DeleteFunc(slices.Clone(d.names[strings.ToLower(who.Name)]), func(e *entry) bool { return !strings.EqualFold(e.SAM, who.Name) })
	}
	switch len(found) {
	case 0:
		return account.Account{}, directory.ErrNotFound
	case 1:
		return found[0].read(d.now()), nil
	}
	return account.Account{}, directory.ErrAmbiguous
}

// Get implements directory.Directory.
func (d *Directory) Get(ctx context.Context, id account.ID) (account.Account, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	e, err := d.entry(ctx, id)
	if err != nil {
		return account.Account{}, err
	}
	return e.read(d.now()), nil
}

// ByAnchor implements directory.Anchored.
func (d *Directory) ByAnchor(ctx context.Context, anchor string) (account.Account, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.down(ctx); err != nil {
		return account.Account{}, err
	}
	var found *entry
	for _, e := range d.byID {
		switch {
		case anchor == "" || e.Anchor != anchor:
		case found != nil:
			return account.Account{}, directory.ErrAmbiguous
		default:
			found = e
		}
	}
	if found == nil {
		return account.Account{}, directory.ErrNotFound
	}
	return found.read(d.now()), nil
}

// PasswordSet implements directory.PasswordDater.
func (d *Directory) PasswordSet(ctx context.Context, id account.ID) (time.Time, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	e, err := d.entry(ctx, id)
	if err != nil {
		return time.Time{}, err
	}
	return e.State.PasswordSet, nil
}

// PasswordMoved implements directory.PasswordDater.
func (d *Directory) PasswordMoved(ctx context.Context, id account.ID, before time.Time) (moved, sure bool, err error) {
	set, err := d.PasswordSet(ctx, id)
	return err == nil && !set.Equal(before), err == nil, err
}

// Health implements directory.Directory.
func (d *Directory) Health(ctx context.Context) directory.Health {
	d.mu.Lock()
	defer d.mu.Unlock()
	up := d.down(ctx) == nil
	return directory.Health{Readable: up, Writable: up, Server: "memory", Detail: "in memory"}
}

// Check implements directory.Checker.
func (d *Directory) Check(ctx context.Context) []directory.Finding {
	return []directory.Finding{{Name: "memory", OK: d.Health(ctx).Writable, Text: "in memory"}}
}

func (d *Directory) down(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("%w: %w", directory.ErrUnavailable, err)
	}
	if d.failure == Unavailable {
		return directory.ErrUnavailable
	}
	return nil
}

func (d *Directory) entry(ctx context.Context, id account.ID) (*entry, error) {
	if err := d.down(ctx); err != nil {
		return nil, err
	}
	e, ok := d.byID[id.Object]
	if !ok || id.Directory != d.key {
		return nil, directory.ErrNotFound
	}
	return e, nil
}

// read gives a copy that is not the directory's own, with the state as of now.
func (e *entry) read(now time.Time) account.Account {
	e.settle(now)
	a := e.Account.Account
	a.Mails, a.Groups = slices.Clone(a.Mails), slices.Clone(a.Groups)
	return a
}

// settle ends a lock whose time is over.
func (e *entry) settle(now time.Time) {
	if s := &e.State; s.Locked && !s.LockedUntil.IsZero() && !s.LockedUntil.After(now) {
		s.Locked, s.LockedUntil = false, time.Time{}
	}
}
