package recovery

import (
	"context"
	"slices"
	"strconv"
	"time"

	"rekey/internal/account"
	"rekey/internal/audit"
	"rekey/internal/flow"
	"rekey/internal/policy"
	"rekey/internal/site"
	"rekey/internal/throttle"
)

// Source is where a request came from, and what the browser tells.
type Source struct {
	audit.Source
	Locale   string
	Known    []Finished // attempts that this browser finished; sealed, so that nobody makes them up
	Managed  policy.Tristate
	Platform string // as policy.Platforms names it; empty: unknown
}

// Finished is an attempt that a browser finished.
type Finished struct {
	Account string // as account.ID writes itself
	At      time.Time
}

// Past is what is remembered of an account and of a source.
type Past struct {
	Done            []flow.Completed // of any action, newest first
	AccountFailures int              // wrong answers in the last hour
	SourceFailures  int
	CountryInUse    bool // somebody finished an attempt from the country asked about
}

// Memory keeps what policies look back on.
type Memory interface {
	Past(ctx context.Context, q Query) (Past, error)
}

// Query asks for the past of an account. Names nobody has are asked about too, at the same cost.
type Query struct {
	Account account.ID
	Key     string // failures of the account are counted under it
	Source  string
	Country string // empty: not asked about
	Since   time.Time
	Now     time.Time
}

func failuresFrom(source string) string { return "source:" + source }

// placesFor is how far back places are remembered.
const placesFor = 400 * 24 * time.Hour

// Signals tells what the live flow would know of a request for an account.
func (s *Service) Signals(ctx context.Context, action policy.Action, who account.ID, from Source) (site.Signals, error) {
	return s.signals(ctx, s.Site(), action, who, accountKey(who), from)
}

// signals gathers what policies ask about a request for an account, or for a name nobody has.
func (s *Service) signals(ctx context.Context, snap *site.Snapshot, action policy.Action, who account.ID, key string, from Source) (site.Signals, error) {
	now := s.Now()
	out := site.Signals{
		Location: s.locate(from), Threat: s.threat(),
		Device: policy.Device{Known: policy.No, Managed: from.Managed, Platform: from.Platform},
	}
	asks := snap.Policies.Asks()
	claims := !from.finishedLast(who).IsZero()
	if asks == (policy.Asks{}) && !claims {
		return out, nil
	}
	q := Query{Account: who, Key: key, Source: failuresFrom(throttle.Network(from.Address)), Country: out.Location.Country, Since: now.Add(-asks.Done), Now: now}
	if asks.Places || asks.Known || claims {
		q.Since = now.Add(-placesFor)
	}
	past, err := s.Memory.Past(ctx, q)
	if err != nil {
		return out, err
	}
	out.Failures = policy.Failures{
		Account: policy.Count{N: past.AccountFailures, Known: true}, Source: policy.Count{N: past.SourceFailures, Known: true},
	}
	for _, d := range past.Done {
		if d.Action == action {
			out.Done = append(out.Done, d.At)
		}
		if from.finished(d) {
			out.Device.Known = policy.Yes
		}
	}
	out.NewCountry, out.Travel = s.places(past, out.Location, who, key, now)
	return out, nil
}

// finished reports whether the browser finished an attempt that is remembered. A freeze forgets them all: then no browser is known
// any more, that of whoever the owner froze recovery for among them.
func (s Source) finished(d flow.Completed) bool {
	return slices.ContainsFunc(s.Known, func(f Finished) bool { return f.Account == d.Account.String() && f.At.Unix() == d.At.Unix() })
}

// finishedLast is when the browser says that it finished an attempt of the account last; zero: never.
func (s Source) finishedLast(who account.ID) time.Time {
	var last time.Time
	for _, f := range s.Known {
		if f.Account == who.String() && f.At.After(last) {
			last = f.At
		}
	}
	return last
}

// places tells whether the account was used from here before, and could have come here. A name nobody has was used from half of the
// countries that the firm is used from, always the same for a name.
func (s *Service) places(past Past, here site.Location, who account.ID, key string, now time.Time) (newCountry, travel policy.Tristate) {
	switch {
	case here.Country == "":
		newCountry = policy.Unknown
	case who.IsZero():
		newCountry = policy.Yes
		if past.CountryInUse && s.Keys.MAC("decoy-country", []byte(key+"\x00"+here.Country))[0]&1 == 0 {
			newCountry = policy.No
		}
	default:
		newCountry = policy.Yes
		if slices.ContainsFunc(past.Done, func(d flow.Completed) bool { return d.Place.Country == here.Country }) {
			newCountry = policy.No
		}
	}
	travel = policy.No // nobody travels who was never anywhere
	switch {
	case who.IsZero() && here.Located: // as if some of those nobody is had been elsewhere a while ago
		week := here.Country + "\x00" + strconv.FormatInt(now.Unix()/(7*24*3600), 10)
		if s.Keys.MAC("decoy-travel", []byte(key+"\x00"+week))[0] < 32 {
			travel = policy.Yes
		}
	case len(past.Done) > 0:
		last := past.Done[0]
		travel = site.Impossible(location(last.Place), here, now.Sub(last.At))
	}
	return newCountry, travel
}

func location(p flow.Place) site.Location {
	return site.Location{Country: p.Country, Located: p.Located, Latitude: p.Latitude, Longitude: p.Longitude}
}

// place is what a flow remembers of where it began. A tenth of a degree is some ten kilometres: enough to see a journey.
func place(l site.Location) flow.Place {
	round := func(deg float64) float64 { return float64(int(deg*10)) / 10 }
	return flow.Place{Country: l.Country, Located: l.Located, Latitude: round(l.Latitude), Longitude: round(l.Longitude)}
}

func (s *Service) locate(from Source) site.Location {
	if s.Locate == nil {
		return site.Location{}
	}
	return s.Locate(from.Address)
}

func (s *Service) threat() policy.Threat {
	if s.Threat == nil {
		return policy.Calm
	}
	return s.Threat()
}

// closed tells what everybody is told before anybody is looked up.
func (s *Service) closed(snap *site.Snapshot, action policy.Action, from Source) *flow.Bar {
	signals := site.Signals{
		Location: s.locate(from), Threat: s.threat(),
		Device: policy.Device{Managed: from.Managed, Platform: from.Platform},
	}
	facts := signals.On(policy.Facts{Now: s.Now(), Action: action})
	facts.Source.Address = from.Address
	d, ok := policy.Closed(snap.Policies, facts)
	if !ok {
		return nil
	}
	return &flow.Bar{Refusal: flow.Refusal(d.Reason), Text: d.Text}
}
