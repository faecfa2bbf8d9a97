package helpdesk

import (
	"context"
	"errors"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"rekey/internal/account"
	"rekey/internal/audit"
	"rekey/internal/directory"
	"rekey/internal/factor"
	"rekey/internal/fault"
	"rekey/internal/flow"
	"rekey/internal/message"
	"rekey/internal/notice"
	"rekey/internal/secret"
)

// Plan is what an act would do, for whoever is about to.
type Plan struct {
	Account    account.Account
	Privileged string // why a second administrator has to agree
	Method     Method // with Remove
	Left       int    // with Remove: ways that are left
	Missing    int    // with Remove: ways that a reset will then lack
	Verified   []Call
	Tells      int     // addresses that are written to
	Request    Request // the approval that would be used; zero: none
}

// Done is what became of an act.
type Done struct {
	Asked   *Request    // nothing yet: a second administrator has to agree
	Nothing bool        // there was nothing to do
	Link    string      // with Begin: what the person opens
	Pass    secret.Text // with Pass: to be shown once
	Until   time.Time   // it is good until then
	Told    int         // messages on their way
}

var (
	errAction     = fault.New(fault.NotFound, "There is no such help.")
	errRights     = fault.New(fault.Denied, "The service account of the directory may not unlock accounts. Ask whoever manages the directory to delegate it.")
	errUnsure     = fault.New(fault.Unavailable, "The directory did not say whether the account was unlocked. Look at the person again in a minute.")
	errNoAddress  = fault.New(fault.Conflict, "Nothing was sent: no address of this person is known.")
	errNotInPlace = fault.New(fault.Conflict, "That cannot be done for this person.")
)

// Plan tells what an act would do. request is the approval it would use; empty: none.
func (s *Service) Plan(ctx context.Context, by By, o Order, request string) (Plan, error) {
	t, err := s.open(ctx, by, o.Who)
	if err != nil {
		return Plan{}, err
	}
	if _, err := s.act(ctx, t, o); err != nil {
		return Plan{}, err
	}
	p := Plan{Account: t.Account, Privileged: t.privileged}
	if request != "" {
		if p.Request, err = s.Requests.HelpRequest(ctx, request); err != nil {
			return Plan{}, noRequest(err)
		}
		if _, err := p.Request.use(by.Account, o.Action, t.ID, o.Method, s.Now()); err != nil {
			return Plan{}, err
		}
	}
	if o.Action == Remove {
		c, err := s.credential(ctx, t.ID, o.Method)
		if err != nil {
			return Plan{}, err
		}
		p.Method = Method{ID: c.ID, Kind: c.Kind, Label: c.Label, Created: c.Created, Used: c.LastUsed}
		if p.Left, p.Missing, err = s.remaining(ctx, t, c.ID); err != nil {
			return Plan{}, err
		}
	}
	p.Tells = len(s.tell(ctx, t, "plan", message.RecoveryReleased, nil))
	p.Verified, err = s.Calls.CallsSince(ctx, t.ID, s.Now().Add(-VerifiedFor))
	return p, err
}

// Do acts for a person. Where a second administrator has to agree it asks for that, unless request names an approval, which it uses.
// Errors: faults of kind Invalid (reason, ticket), NotFound, Denied, Throttled, Conflict and Unavailable.
func (s *Service) Do(ctx context.Context, by By, o Order, request string) (Done, error) {
	t, err := s.open(ctx, by, o.Who)
	if err != nil {
		return Done{}, err
	}
	o.Who = t.ID
	act, err := s.act(ctx, t, o)
	if err != nil {
		return Done{}, err
	}
	if request == "" {
		if o, err = o.cleaned(); err != nil {
			return Done{}, err
		}
	}
	if err := s.limit(ctx, by, t.ID); err != nil {
		return Done{}, err
	}
	switch {
	case request != "":
		if o, err = s.claim(ctx, by, t, o, request); err != nil {
			return Done{}, err
		}
	case t.privileged != "":
		r, err := s.ask(ctx, by, t, o, act.what)
		return Done{Asked: &r}, err
	}
	return act.do(ctx, by, t, o)
}

// deed is one kind of act, ready to be done.
type deed struct {
	what string // it is about, for people to read
	do   func(ctx context.Context, by By, t target, o Order) (Done, error)
}

// act finds how an order is carried out, and refuses one that cannot be.
func (s *Service) act(ctx context.Context, t target, o Order) (deed, error) {
	switch o.Action {
	case Unblock:
		return deed{do: s.unblock}, nil
	case Release:
		return deed{do: s.release}, nil
	case Unlock:
		if !t.snap.Unlocks(t.Person) {
			return deed{}, errNotInPlace
		}
		return deed{do: s.unlock}, nil
	case Invite:
		return deed{do: s.invite}, nil
	case Begin:
		return deed{do: s.begin}, nil
	case Remove:
		c, err := s.credential(ctx, t.ID, o.Method)
		return deed{what: strings.TrimSpace(string(c.Kind) + " " + c.Label), do: s.remove}, err
	case Pass:
		return s.passDeed(ctx, t)
	}
	return deed{}, errAction
}

// cleaned checks what was typed.
func (o Order) cleaned() (Order, error) {
	var err error
	if o.Reason, err = cleaned(o.Reason, "reason", "Say why, in a few words.", 500, true); err != nil {
		return o, err
	}
	o.Ticket, err = cleaned(o.Ticket, "ticket", "Give the number of the ticket.", 100, true)
	return o, err
}

func cleaned(text, field, missing string, most int, required bool) (string, error) {
	text = strings.TrimSpace(text)
	switch {
	case text == "" && required:
		return "", fault.New(fault.Invalid, missing).On(field)
	case utf8.RuneCountInString(text) > most:
		return "", fault.New(fault.Invalid, "That is too long.").On(field)
	case !utf8.ValidString(text) || strings.ContainsFunc(text, func(r rune) bool { return unicode.IsControl(r) && r != '\n' && r != '\r' && r != '\t' }):
		return "", fault.New(fault.Invalid, "There are signs in it that are not text.").On(field)
	}
	return text, nil
}

// effects are the record of an act and what the person is told of it.
func (s *Service) effects(ctx context.Context, name audit.Name, by By, t target, o Order, told []message.Message) flow.Effects {
	ev := s.event(name, by, t.ID, o)
	ev.Detail["caller"] = s.verified(ctx, t.ID)
	return flow.Effects{Audit: []audit.Event{ev}, Send: told}
}

// verified says for the record whether the caller was verified lately.
func (s *Service) verified(ctx context.Context, who account.ID) string {
	calls, err := s.Calls.CallsSince(ctx, who, s.Now().Add(-VerifiedFor))
	switch {
	case err != nil:
		return "unknown"
	case len(calls) == 0:
		return "not verified"
	}
	return "verified by " + string(calls[0].Kind)
}

// tell writes to the person.
func (s *Service) tell(ctx context.Context, t target, id string, m message.Template, extra map[string]string, also ...string) []message.Message {
	mails := t.Mails
	if t.Other != nil {
		mails = append(mails[:len(mails):len(mails)], t.Other.Mails...)
	}
	if len(mails) == 0 && t.Mail != "" {
		mails = []string{t.Mail}
	}
	return s.Owner.Tell(ctx, notice.Event{
		ID: id, Template: m, Account: t.ID, Name: t.Name(), Locale: t.Language, Mails: mails, Extra: extra, Also: also,
	})
}

func (s *Service) unblock(ctx context.Context, by By, t target, o Order) (Done, error) {
	told := s.tell(ctx, t, randomText(9), message.RecoveryUnblocked, nil)
	changed, err := s.Blocks.Clear(ctx, accountKey(t.ID), s.effects(ctx, audit.AccountUnblocked, by, t, o, told))
	return did(changed, told), err
}

func (s *Service) release(ctx context.Context, by By, t target, o Order) (Done, error) {
	told := s.tell(ctx, t, randomText(9), message.RecoveryReleased, nil)
	changed, err := s.Blocks.Release(ctx, t.ID, s.Now(), s.effects(ctx, audit.RecoveryReleased, by, t, o, told))
	return did(changed, told), err
}

func did(changed bool, told []message.Message) Done {
	if !changed {
		return Done{Nothing: true}
	}
	return Done{Told: len(told)}
}

// unlock records what it is about to do, writes, and records what came of it.
func (s *Service) unlock(ctx context.Context, by By, t target, o Order) (Done, error) {
	intent := s.effects(ctx, audit.WriteIntended, by, t, o, nil)
	intent.Audit[0].Reason = string(Unlock)
	if err := s.Accounts.Commit(ctx, t.ID, intent); err != nil {
		return Done{}, err
	}
	changed, failed := s.clearLocks(ctx, t)
	e := s.effects(ctx, audit.HelpUnlocked, by, t, o, nil)
	ev := &e.Audit[0]
	switch {
	case errors.Is(failed, directory.ErrOutcomeUnknown):
		ev.Outcome, failed = audit.Unknown, fault.Wrap(fault.Unavailable, errUnsure.Text, failed)
	case errors.Is(failed, directory.ErrDenied):
		ev.Outcome, ev.Reason, failed = audit.Failed, "denied", fault.Wrap(fault.Denied, errRights.Text, failed)
	case failed != nil:
		ev.Outcome, ev.Reason, failed = audit.Failed, "unavailable", fault.Wrap(fault.Unavailable, errDown.Text, failed)
	case changed:
		e.Send = s.tell(ctx, t, randomText(9), message.AccountUnlocked, nil)
	default:
		ev.Reason = "not-locked"
	}
	if err := s.Accounts.Commit(ctx, t.ID, e); err != nil {
		return Done{}, err
	}
	return did(changed, e.Send), failed
}

// clearLocks clears them wherever the person is locked and it can be done.
func (s *Service) clearLocks(ctx context.Context, t target) (changed bool, err error) {
	for _, id := range t.Writes() {
		d, _ := t.snap.Directory(id.Directory)
		u, ok := d.(directory.Unlocker)
		if !ok {
			continue
		}
		was, failed := u.Unlock(ctx, id)
		if failed != nil {
			return changed, failed
		}
		changed = changed || was
	}
	return changed, nil
}

// AccountPath is where people set up how they prove who they are.
const AccountPath = "/account"

func (s *Service) invite(ctx context.Context, by By, t target, o Order) (Done, error) {
	return s.write(ctx, by, t, o, audit.HelpInvited, message.Invitation, s.PublicURL+AccountPath)
}

// begin sends the person to the portal. The link names them and nothing else: whoever opens it gets as far as by typing the name.
func (s *Service) begin(ctx context.Context, by By, t target, o Order) (Done, error) {
	link := s.PublicURL + StartPath(t.Account)
	done, err := s.write(ctx, by, t, o, audit.HelpBegun, message.Begin, link)
	if errors.Is(err, errNoAddress) { // it can be read out
		err = s.Accounts.Commit(ctx, t.ID, s.effects(ctx, audit.HelpBegun, by, t, o, nil))
	}
	done.Link = link
	return done, err
}

// write sends a message with a link.
func (s *Service) write(ctx context.Context, by By, t target, o Order, name audit.Name, m message.Template, link string) (Done, error) {
	told := s.tell(ctx, t, randomText(9), m, map[string]string{"link": link})
	if len(told) == 0 {
		return Done{}, errNoAddress
	}
	return Done{Told: len(told)}, s.Accounts.Commit(ctx, t.ID, s.effects(ctx, name, by, t, o, told))
}

func (s *Service) remove(ctx context.Context, by By, t target, o Order) (Done, error) {
	c, err := s.credential(ctx, t.ID, o.Method)
	if err != nil {
		return Done{}, err
	}
	told := s.tell(ctx, t, c.ID+".help", message.MethodRemoved, map[string]string{"method": string(c.Kind), "label": c.Label}, notice.AddressOf(c)...)
	e := s.effects(ctx, audit.MethodRemoved, by, t, o, told)
	e.Audit[0].Factors = []factor.Kind{c.Kind}
	e.Audit[0].Detail["label"] = c.Label
	return Done{Told: len(told)}, s.Accounts.TakeAway(ctx, c, e)
}

// unapproved records that somebody tried to act with an approval that is none for it.
func (s *Service) unapproved(ctx context.Context, by By, who account.ID, is error) error {
	if k := fault.Of(is).Kind; k != fault.Conflict && k != fault.Denied && k != fault.NotFound {
		return is
	}
	return s.refused(ctx, by, who, "unapproved", is)
}

func noRequest(err error) error {
	if fault.Of(err).Kind == fault.NotFound {
		return fault.New(fault.NotFound, "There is no such request.")
	}
	return err
}
