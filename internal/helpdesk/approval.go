package helpdesk

import (
	"context"
	"slices"
	"time"

	"rekey/internal/account"
	"rekey/internal/audit"
	"rekey/internal/flow"
)

// ask stores a request for approval of an order.
func (s *Service) ask(ctx context.Context, by By, t target, o Order, what string) (Request, error) {
	now := s.Now()
	r := Request{
		ID: randomText(12), Order: o, Name: t.Name(), What: what, By: by.Account, ByName: by.Name, Made: now, Expires: now.Add(RequestLife),
	}
	return r, s.Requests.CreateRequest(ctx, r, s.told(audit.HelpRequested, by, r))
}

// told records something about a request.
func (s *Service) told(name audit.Name, by By, r Request) flow.Effects {
	ev := s.event(name, by, r.Order.Who, r.Order)
	ev.Flow, ev.Reason = r.ID, string(r.Order.Action)
	if r.What != "" {
		ev.Detail["what"] = r.What
	}
	if r.Note != "" {
		ev.Detail["note"] = r.Note
	}
	if r.ByName != by.Name {
		ev.Detail["requester"] = r.ByName
	}
	return flow.Effects{Audit: []audit.Event{ev}}
}

// Request reads a request about somebody within reach. Errors as Person.
func (s *Service) Request(ctx context.Context, by By, id string) (Request, error) {
	r, err := s.Requests.HelpRequest(ctx, id)
	if err != nil {
		return Request{}, noRequest(err)
	}
	if _, err := s.find(ctx, by, r.Order.Who); err != nil {
		return Request{}, err
	}
	return r, nil
}

// Decide approves or refuses a request. Errors: a fault of kind Denied for whoever asked, or is the person, by any account of theirs;
// of kind Conflict when it was decided or has expired.
func (s *Service) Decide(ctx context.Context, by By, id string, approve bool, note string) (Request, error) {
	r, err := s.Requests.HelpRequest(ctx, id)
	if err != nil {
		return Request{}, noRequest(err)
	}
	t, err := s.open(ctx, by, r.Order.Who)
	if err != nil {
		return Request{}, err
	}
	note, err = cleaned(note, "note", "Say in a few words why.", 500, !approve)
	if err != nil {
		return Request{}, err
	}
	if same, err := s.samePerson(ctx, by.Account, r.By); err != nil || same {
		if err != nil {
			return Request{}, err
		}
		return Request{}, s.refused(ctx, by, t.ID, "own-request", errOwnRequest)
	}
	name := audit.HelpApproved
	if !approve {
		name = audit.HelpDeclined
	}
	return s.Requests.UpdateRequest(ctx, id, func(r Request) (Request, flow.Effects, error) {
		next, err := r.decide(by.Account, by.Name, approve, note, s.Now())
		if err != nil {
			return r, flow.Effects{}, err
		}
		return next, s.told(name, by, next), nil
	})
}

// samePerson reports whether two accounts of administrators are one person's.
func (s *Service) samePerson(ctx context.Context, a, b account.ID) (bool, error) {
	if a == b {
		return true, nil
	}
	p, err := s.person(ctx, s.Site(), a)
	if err != nil {
		return false, err
	}
	return target{Person: p}.is(b), nil
}

// claim spends an approval, before the act is begun. It gives the order as it was approved.
func (s *Service) claim(ctx context.Context, by By, t target, o Order, id string) (Order, error) {
	r, err := s.Requests.UpdateRequest(ctx, id, func(r Request) (Request, flow.Effects, error) {
		next, err := r.use(by.Account, o.Action, t.ID, o.Method, s.Now())
		if err != nil {
			return r, flow.Effects{}, err
		}
		return next, s.told(audit.HelpApprovalUsed, by, next), nil
	})
	if err != nil {
		return Order{}, s.unapproved(ctx, by, t.ID, noRequest(err))
	}
	return r.Order, nil
}

// Waiting lists requests about people within reach: those of the last day, the newest first.
func (s *Service) Waiting(ctx context.Context, by By) ([]Request, error) {
	all, err := s.Requests.RequestsSince(ctx, account.ID{}, s.Now().Add(-24*time.Hour), 200)
	if err != nil {
		return nil, err
	}
	seen := map[account.ID]bool{}
	return slices.DeleteFunc(all, func(r Request) bool {
		in, asked := seen[r.Order.Who]
		if !asked {
			in = s.inReach(ctx, by, r.Order.Who)
			seen[r.Order.Who] = in
		}
		return !in
	}), nil
}

// inReach asks without leaving a record: nobody asked for this person.
func (s *Service) inReach(ctx context.Context, by By, who account.ID) bool {
	p, err := s.person(ctx, s.Site(), who)
	if err != nil {
		return false
	}
	return s.reaches(s.Site(), by.Grants, p.Account)
}

// Open counts the requests that somebody could decide now.
func (s *Service) Open(ctx context.Context, by By) (int, error) {
	all, err := s.Waiting(ctx, by)
	n := 0
	for _, r := range all {
		if r.State(s.Now()) == Pending && r.By != by.Account && r.Order.Who != by.Account {
			n++
		}
	}
	return n, err
}
