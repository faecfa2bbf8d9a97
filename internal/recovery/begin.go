package recovery

import (
	"context"
	"errors"
	"net/netip"
	"slices"
	"strings"

	"rekey/internal/account"
	"rekey/internal/audit"
	"rekey/internal/authenticator"
	"rekey/internal/directory"
	"rekey/internal/fault"
	"rekey/internal/flow"
	"rekey/internal/message"
	"rekey/internal/policy"
	"rekey/internal/site"
	"rekey/internal/throttle"
)

// Begin is what a person typed on the first page.
type Begin struct {
	Action policy.Action
	Typed  string
	Domain string // picked after Ambiguous; empty at first
	Source Source
}

// Begun is what comes of it: exactly one of Token, Domains, NotEnrolled and Closed is set.
type Begun struct {
	Flow        flow.Flow
	Token       Token
	Domains     []string  // the name exists in these: ask which
	NotEnrolled bool      // known here, but not enough is set up, and the visitor may be told
	Closed      *flow.Bar // nobody gets further from where the visitor is, or now
}

// Begin identifies a person and opens a flow.
func (s *Service) Begin(ctx context.Context, in Begin) (Begun, error) {
	who, err := directory.Parse(in.Typed)
	if err != nil {
		return Begun{}, fault.Wrap(fault.Invalid, "start.name-invalid", err).On("name")
	}
	if in.Domain != "" {
		who.Domain = in.Domain
	}
	snap := s.Site()
	if err := s.take(ctx, "start:"+throttle.Source(in.Source.Address), snap.Throttle.Starts); err != nil {
		return Begun{}, err
	}
	if bar := s.closed(snap, in.Action, in.Source); bar != nil {
		return s.turnAway(ctx, in, bar)
	}
	found, err := s.lookup(ctx, snap, who)
	if err != nil {
		return Begun{}, err
	}
	if len(found) > 1 {
		return Begun{Domains: domains(found)}, nil
	}
	none, err := s.stranger(ctx, snap, who)
	if err != nil {
		return Begun{}, err
	}
	if err := preflight(ctx, snap, written(snap, none, found)); err != nil {
		return Begun{}, err
	}
	if len(found) == 0 || !found[0].Usable() {
		return s.beginDecoy(ctx, snap, in, none)
	}
	return s.beginReal(ctx, snap, in, none, found[0])
}

// written lists the directories that a flow may write, of an unknown name too.
func written(snap *site.Snapshot, none stranger, found []directory.Person) []string {
	home := none.home
	if len(found) > 0 {
		home = found[0].ID.Directory
	}
	keys := []string{home}
	for _, l := range snap.Links { // also for who has no account over there: nobody is to be told apart by it
		if l.Home == home && l.Mode != directory.LinkHome {
			keys = append(keys, l.Other)
		}
	}
	return keys
}

func (s *Service) take(ctx context.Context, key string, b throttle.Bucket) error {
	ok, _, err := s.Limiter.Take(ctx, key, b)
	if err != nil {
		return err
	}
	if !ok {
		return errTooMany
	}
	return nil
}

// lookup finds everybody a typed name could mean.
func (s *Service) lookup(ctx context.Context, snap *site.Snapshot, who directory.Identifier) ([]directory.Person, error) {
	found, err := snap.Finder(s.Now()).People(ctx, who)
	if errors.Is(err, directory.ErrAmbiguous) {
		return nil, fault.Wrap(fault.Invalid, "start.name-ambiguous", err).On("name")
	}
	if err != nil {
		return nil, fault.Wrap(fault.Unavailable, errUnavailable.Text, err)
	}
	return found, nil
}

func domains(people []directory.Person) []string {
	keys := make([]string, len(people))
	for i, p := range people {
		keys[i] = p.FoundIn
	}
	return keys
}

// preflight refuses to ask anybody for anything while one of the directories could not be written.
func preflight(ctx context.Context, snap *site.Snapshot, keys []string) error {
	for _, key := range keys {
		d, ok := snap.Directory(key)
		if !ok {
			return errUnavailable
		}
		if h := d.Health(ctx); !h.Writable {
			return fault.Wrap(fault.Unavailable, errUnavailable.Text, errors.New(key+": "+h.Detail))
		}
	}
	return nil
}

// targets lists what a flow writes. An unlock asks only directories that can.
func targets(snap *site.Snapshot, action policy.Action, p directory.Person) []flow.Target {
	var ts []flow.Target
	for _, id := range p.Writes() {
		d, _ := snap.Directory(id.Directory)
		_, unlocks := d.(directory.Unlocker)
		_, changes := d.(directory.Changer)
		if action == policy.Unlock && !unlocks {
			continue
		}
		ts = append(ts, flow.Target{Account: id, Current: action == policy.Change && changes})
	}
	return ts
}

func (s *Service) beginReal(ctx context.Context, snap *site.Snapshot, in Begin, none stranger, p directory.Person) (Begun, error) {
	a, write := p.Account, targets(snap, in.Action, p)
	if len(write) == 0 {
		return s.beginDecoy(ctx, snap, in, none)
	}
	credentials, err := s.Store.Credentials(ctx, a.ID)
	if err != nil {
		return Begun{}, err
	}
	signals, err := s.signals(ctx, snap, in.Action, a.ID, accountKey(a.ID), in.Source)
	if err != nil {
		return Begun{}, err
	}
	decision := policy.Decide(snap.Policies, signals.On(site.Facts(snap, in.Action, a, credentials, in.Source.Source, s.Now())))
	if s.RuleSeen != nil {
		s.RuleSeen(decision)
	}
	switch decision.Outcome {
	case policy.Denied:
		return s.beginDecoy(ctx, snap, in, none)
	case policy.NotEnrolled:
		if !guided(snap, in.Source.Address) {
			return s.beginDecoy(ctx, snap, in, none)
		}
		return s.stop(ctx, snap, in, a, decision)
	}
	offers := site.Offers(snap, decision.Requirement, counted(decision, credentials))
	if asksSignIn(snap, in.Action, a.ID.Directory, write) {
		decision, offers = bySignIn(decision, offers)
	}
	start := flow.Start{
		Account:  a.ID,
		SignIn:   a.Name(),
		Decision: decision,
		Offers:   offers,
		Targets:  write,
		Place:    place(signals.Location),
		Threat:   signals.Threat,
	}
	if in.Action != policy.Unlock {
		start.Follows = p.Follows()
	}
	if signals.Device.Known == policy.Yes {
		start.Browser = in.Source.finishedLast(a.ID)
	}
	return s.create(ctx, snap, in, start)
}

// create stores the flow, or the refusal when recovery of the account is held.
func (s *Service) create(ctx context.Context, snap *site.Snapshot, in Begin, start flow.Start) (Begun, error) {
	start.ID = flow.ID(randomText(12))
	start.Action = in.Action
	start.Name = strings.TrimSpace(in.Typed)
	start.Locale = in.Source.Locale
	start.Settings = snap.Version
	start.Source = in.Source.Source
	start.From = throttle.Network(in.Source.Address)
	now := s.Now()
	f, effects := flow.New(start, snap.Flow, now)
	standing, err := s.Store.Standing(ctx, lane(f), f.Account)
	if err != nil {
		return Begun{}, err
	}
	if held, until := standing.Tally.Held(now); held {
		blocked, more, err := flow.Apply(f, flow.Blocked{Until: until, Source: in.Source.Source}, snap.Flow, now)
		if err != nil {
			return Begun{}, err
		}
		f, effects = blocked, merge(effects, more)
	}
	token := newToken()
	if err := s.Store.CreateFlow(ctx, f, token.Hash(), effects); err != nil {
		return Begun{}, err
	}
	f.Version = 1
	return Begun{Flow: f, Token: token}, nil
}

// stop tells a known person that too little is set up. The refusal is recorded; no token is given.
func (s *Service) stop(ctx context.Context, snap *site.Snapshot, in Begin, a account.Account, d policy.Decision) (Begun, error) {
	now := s.Now()
	f, effects := flow.New(flow.Start{
		ID: flow.ID(randomText(12)), Action: in.Action, Account: a.ID, Name: strings.TrimSpace(in.Typed), SignIn: a.Name(),
		Locale: in.Source.Locale, Settings: snap.Version, Decision: d, Source: in.Source.Source,
	}, snap.Flow, now)
	g, more, err := flow.Apply(f, flow.Stopped{Refusal: flow.RefusedNotEnrolled, Source: in.Source.Source}, snap.Flow, now)
	if err != nil {
		return Begun{}, err
	}
	if err := s.Store.CreateFlow(ctx, g, newToken().Hash(), merge(effects, more)); err != nil {
		return Begun{}, err
	}
	s.observe(g, nil)
	return Begun{NotEnrolled: true}, nil
}

// turnAway records an attempt that the settings stop for everybody.
func (s *Service) turnAway(ctx context.Context, in Begin, bar *flow.Bar) (Begun, error) {
	ev := audit.Event{
		Name: audit.FlowRefused, At: s.Now(), Actor: audit.Visitor, Outcome: audit.Refused, Reason: string(bar.Refusal),
		Purpose: string(in.Action), Settings: s.Site().Version, Source: in.Source.Source,
		Detail: map[string]string{"name": strings.TrimSpace(in.Typed)},
	}
	return Begun{Closed: bar}, s.Recorder.Record(ctx, ev)
}

// counted leaves out what was set up too short a time ago.
func counted(d policy.Decision, cs []authenticator.Credential) []authenticator.Credential {
	if d.AddedBefore.IsZero() {
		return cs
	}
	return slices.DeleteFunc(slices.Clone(cs), func(c authenticator.Credential) bool { return !d.Counts(c.Created) })
}

func merge(a, b flow.Effects) flow.Effects {
	return flow.Effects{
		Audit:       append(append([]audit.Event(nil), a.Audit...), b.Audit...),
		Send:        append(append([]message.Message(nil), a.Send...), b.Send...),
		CloseOthers: a.CloseOthers || b.CloseOthers,
	}
}

func guided(snap *site.Snapshot, a netip.Addr) bool {
	a = a.Unmap()
	for _, p := range snap.Guide {
		if p.Contains(a) {
			return true
		}
	}
	return false
}
