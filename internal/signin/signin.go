// Package signin checks the password that somebody gives for their account in a directory.
//
// Invariants:
//
//   - A try is counted before the directory judges it, with the tries of recovery, and given back when it was right or not judged.
//   - A name nobody has, a wrong password and a held account take the same steps, write the same records and read the same.
//   - The directory's own lock is never run into (directory.SignInWouldLock).
package signin

import (
	"context"
	"errors"
	"net/netip"
	"strings"
	"time"

	"rekey/internal/account"
	"rekey/internal/audit"
	"rekey/internal/directory"
	"rekey/internal/fault"
	"rekey/internal/flow"
	"rekey/internal/secret"
	"rekey/internal/site"
	"rekey/internal/throttle"
)

// Limiter takes from rate buckets shared by all replicas.
type Limiter interface {
	Take(ctx context.Context, key string, b throttle.Bucket) (ok bool, wait time.Duration, err error)
}

// Counters changes failure counters.
type Counters interface {
	// Adjust locks the failures of a lane, replaces them by what change gives, and commits them with the effects.
	// change may be called more than once.
	Adjust(ctx context.Context, lane throttle.Lane, e flow.Effects, change func(throttle.Tally) throttle.Tally) error
}

// Checker checks passwords. It is safe for concurrent use.
type Checker struct {
	Site     site.Source
	Counters Counters
	Limiter  Limiter
	Now      func() time.Time
}

// Try is what a person typed, and where.
type Try struct {
	Typed    string
	Domain   string // picked after Result.Domains; empty at first
	Password secret.Text
	From     netip.Addr
	Record   audit.Event // what a refusal is recorded as: subject, actor, outcome and reason are filled in
}

// Result is whose password it was, or the domains to pick from.
type Result struct {
	Person  directory.Person
	Domains []string
}

// Refusals. An unknown name, a wrong password, a locked account and one that is held read the same.
var (
	errWrong       = fault.New(fault.Invalid, "signin.wrong").On("password")
	errMustChange  = fault.New(fault.Invalid, "signin.must-change").On("password")
	errMissing     = fault.New(fault.Invalid, "signin.password-missing").On("password")
	errTooMany     = fault.New(fault.Throttled, "problem.too-many")
	errUnavailable = fault.New(fault.Unavailable, "problem.directory-down")
)

// attempt is one try: of an account, or of a name that nobody has. Both take the same steps.
type attempt struct {
	person    directory.Person // zero: nobody
	known     bool
	lane      throttle.Lane
	directory directory.Directory
	checker   directory.Authenticator
	asked     account.ID
	held      bool
	record    audit.Event
}

// Check asks the directory about the password. Errors are faults: of kind Invalid for what was typed, Throttled, Unavailable.
func (c *Checker) Check(ctx context.Context, t Try) (Result, error) {
	who, err := directory.Parse(t.Typed)
	if err != nil {
		return Result{}, fault.Wrap(fault.Invalid, "start.name-invalid", err).On("name")
	}
	if t.Password.Empty() {
		return Result{}, errMissing
	}
	if t.Domain != "" {
		who.Domain = t.Domain
	}
	if err := c.Take(ctx, t.From); err != nil {
		return Result{}, err
	}
	found, err := c.find(ctx, who)
	if err != nil {
		return Result{}, err
	}
	if len(found) > 1 {
		return Result{Domains: keys(found)}, nil
	}
	a, err := c.attempt(who, found, t.From)
	if err != nil {
		return Result{}, err
	}
	a.record = t.Record
	return c.try(ctx, a, t.Password)
}

// CheckPerson is Check where it is known whose password is asked for.
func (c *Checker) CheckPerson(ctx context.Context, p directory.Person, t Try) error {
	if t.Password.Empty() {
		return errMissing
	}
	if err := c.Take(ctx, t.From); err != nil {
		return err
	}
	a, err := c.attempt(directory.Identifier{}, []directory.Person{p}, t.From)
	if err != nil {
		return err
	}
	a.record = t.Record
	_, err = c.try(ctx, a, t.Password)
	return err
}

// Take counts a sign-in of a visitor, wherever the password is checked.
func (c *Checker) Take(ctx context.Context, from netip.Addr) error {
	ok, _, err := c.Limiter.Take(ctx, limiterKey(from), c.Site().Throttle.SignIns)
	if err == nil && !ok {
		err = errTooMany
	}
	return err
}

// limiterKey is what sign-ins of one visitor are counted under.
func limiterKey(from netip.Addr) string { return "sign-in:" + throttle.Source(from) }

func (c *Checker) find(ctx context.Context, who directory.Identifier) ([]directory.Person, error) {
	found, err := c.Site().Finder(c.Now()).People(ctx, who)
	switch {
	case errors.Is(err, directory.ErrAmbiguous):
		return nil, fault.Wrap(fault.Invalid, "start.name-ambiguous", err).On("name")
	case err != nil:
		return nil, fault.Wrap(fault.Unavailable, errUnavailable.Text, err)
	}
	return found, nil
}

func keys(people []directory.Person) []string {
	out := make([]string, len(people))
	for i, p := range people {
		out[i] = p.FoundIn
	}
	return out
}

// attempt prepares the try. A name nobody has is asked of the first directory, and counted under what was typed.
func (c *Checker) attempt(who directory.Identifier, found []directory.Person, from netip.Addr) (attempt, error) {
	if len(found) > 0 {
		d, _ := c.Site().Directory(found[0].ID.Directory)
		if checker, ok := d.(directory.Authenticator); ok { // whose password is not typed here is nobody here
			return attempt{
				person: found[0], known: true, lane: Lane(found[0].ID, from), directory: d, checker: checker, asked: found[0].ID,
			}, nil
		}
	}
	for _, d := range c.Site().Directories {
		if checker, ok := d.(directory.Authenticator); ok {
			return attempt{lane: throttle.From(typedKey(who), throttle.Network(from)), directory: d, checker: checker, asked: nobody(d)}, nil
		}
	}
	return attempt{}, errUnavailable
}

// Lane is where failures of an account are counted, with those of recovery from the same source.
func Lane(id account.ID, from netip.Addr) throttle.Lane {
	return throttle.From("account:"+id.String(), throttle.Network(from))
}

func typedKey(who directory.Identifier) string {
	return "typed:" + strings.ToLower(who.Domain+`\`+who.Name+who.Mail)
}

// nobody names an account that does not exist: asking about it costs what a wrong password costs.
func nobody(d directory.Directory) account.ID {
	return account.ID{Directory: d.Key(), Object: "nobody"}
}

// try asks the directory. A held account is not asked about: its try goes the way of a name nobody has.
func (c *Checker) try(ctx context.Context, a attempt, password secret.Text) (Result, error) {
	now := c.Now()
	err := c.Counters.Adjust(ctx, a.lane, flow.Effects{}, func(t throttle.Tally) throttle.Tally {
		if a.held, _ = t.Held(now); a.held {
			return t
		}
		return t.Fail(c.Site().Throttle, now) // counted before the directory judges it
	})
	if err != nil {
		return Result{}, err
	}
	if a.held {
		a.asked = nobody(a.directory)
	}
	err = a.checker.Authenticate(ctx, a.asked, password)
	if err != nil || a.held || !a.known {
		return Result{}, c.refused(ctx, a, err)
	}
	err = c.Counters.Adjust(ctx, a.lane, flow.Effects{}, func(t throttle.Tally) throttle.Tally { return t.Refund(c.Site().Throttle, now) })
	return Result{Person: a.person}, err
}

// refused records a failed sign-in and chooses what to say. A try that was not judged, or was right, does not count.
func (c *Checker) refused(ctx context.Context, a attempt, err error) error {
	var why *directory.SignInError
	judged := err == nil || errors.As(err, &why)
	ev := a.record
	ev.Subject, ev.Actor, ev.Outcome = a.person.ID, audit.Visitor, audit.Refused
	right := false
	switch {
	case !judged:
		ev.Outcome, ev.Reason = audit.Failed, "unavailable"
	case !a.known:
		ev.Reason = "unknown"
	case a.held:
		ev.Reason = "held"
	default:
		ev.Reason = string(why.Reason)
		right = why.Reason == directory.SignInExpired || why.Reason == directory.SignInMustChange
	}
	refund := !a.held && (!judged || right || ev.Reason == string(directory.SignInWouldLock))
	if failed := c.Counters.Adjust(ctx, a.lane, flow.Effects{Audit: []audit.Event{ev}}, func(t throttle.Tally) throttle.Tally {
		if refund {
			return t.Refund(c.Site().Throttle, c.Now())
		}
		return t
	}); failed != nil {
		return failed
	}
	switch {
	case !judged:
		return fault.Wrap(fault.Unavailable, errUnavailable.Text, err)
	case right:
		return errMustChange
	}
	return errWrong
}
