// Package gate stands before the forms that anybody may send. Where the settings say so, a browser has to show that it is no flood
// before a form is looked at: by a proof of work that its script does while the person types, by a widget of a provider, or by waiting.
//
// The gate looks at the source alone, before anybody is looked up: known and unknown names meet it alike.
//
// A form that is held back is sealed and kept by the browser, in a cookie while it waits and in the page's own form: what was typed is
// in no address and in no table. A password is not kept at all.
package gate

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"net/http"
	"net/netip"
	"slices"
	"time"

	"rekey/internal/challenge"
	"rekey/internal/fault"
	"rekey/internal/server"
	"rekey/internal/server/frame"
	"rekey/internal/site"
	"rekey/internal/throttle"
	"rekey/web/component"
	"rekey/web/layout"
)

// Store is what all replicas share.
type Store interface {
	// Take reports whether one more is allowed for key, and if not how long to wait.
	Take(ctx context.Context, key string, b throttle.Bucket) (ok bool, wait time.Duration, err error)
	// Room reports whether Take would allow one more, without taking it.
	Room(ctx context.Context, key string, b throttle.Bucket) (bool, error)
	// Spend reports true to the first that spends it, and false to all others.
	Spend(ctx context.Context, once challenge.Once) (bool, error)
}

// Keys seal and hash.
type Keys interface {
	challenge.Keys
	challenge.Sealer
}

// Verifier asks a provider about the token its widget gave. Errors: challenge.ErrRefused; any other means that it could not be asked.
type Verifier interface {
	Verify(ctx context.Context, r challenge.Rules, p challenge.Purpose, token string) error
}

// Gate guards forms and serves the pages it needs for that. It is safe for concurrent use.
type Gate struct {
	Site     site.Source
	Store    Store
	Keys     Keys
	Verifier Verifier
	Frame    *frame.Frame
	Cookie   server.Cookie // keeps a form that waits
	Now      func() time.Time
	Log      *slog.Logger
}

// Form is a form behind the gate, or a link whose address takes the same as a form. With a field named domain it is the second try of
// one, which asks for no more than one answer.
type Form struct {
	Purpose challenge.Purpose // challenge.Start, SignIn or Away
	Action  string            // where it is sent
	Keep    []string          // fields that are kept while it waits; never a password
	// Idle reports a form that will be answered without looking anybody up, because something is missing in it: it passes, and costs
	// its sender nothing.
	Idle func(*http.Request) bool
}

// The fields of our own that a form may carry.
const (
	workField = "work"
	waitField = "wait"
)

// purpose is what an answer that comes along has to be good for.
func (f Form) purpose(r *http.Request) challenge.Purpose {
	if r.PostFormValue("domain") != "" {
		return challenge.Domain
	}
	return f.Purpose
}

// errTooMany is for whoever has too many forms waiting.
var errTooMany = fault.New(fault.Throttled, "problem.too-many")

// waits keeps one source from waiting with many forms at once: as many as this wait, and no more go on than one after the other.
var waits = throttle.Bucket{Burst: 4, Every: challenge.Patience}

// keepLimit bounds what is kept of one field: cookies are small, and no name is as long.
const keepLimit = 300

// Pass reports whether a form may be looked at. If not, it has answered the request, unless there is an error. Fields that were kept
// while the form waited are back in it afterwards.
func (g *Gate) Pass(w http.ResponseWriter, r *http.Request, f Form) (bool, error) {
	rules, from := g.Site().Challenge, server.Source(r).Address
	wait, waiting := g.restore(r, f)
	if !g.asks(rules, from) || f.Idle(r) {
		return true, nil
	}
	proven, err := g.proven(r, rules, f, &wait, waiting)
	if err != nil {
		return false, err
	}
	if !proven && rules.Show == challenge.AfterFailures {
		if proven, _, err = g.Store.Take(r.Context(), freeKey(from), free(rules)); err != nil {
			return false, err
		}
	}
	if proven {
		if waiting {
			g.Cookie.Clear(w)
		}
		return true, nil
	}
	return false, g.hold(w, r, f, wait, waiting)
}

// asks reports whether visitors from an address are asked at all.
func (g *Gate) asks(rules challenge.Rules, from netip.Addr) bool {
	return rules.Asks(from, g.Site().Policies.InNetwork)
}

// free is what a source may do without being asked: one comes back when its part of the window is over.
func free(r challenge.Rules) throttle.Bucket {
	return throttle.Bucket{Burst: r.After, Every: challenge.Window / time.Duration(r.After)}
}

func freeKey(from netip.Addr) string { return "free:" + throttle.Source(from) }

// restore opens the form that waited, if there is one, and puts back what was kept of it.
func (g *Gate) restore(r *http.Request, f Form) (challenge.Wait, bool) {
	wait, err := challenge.OpenWait(g.Keys, r.PostFormValue(waitField), g.Now())
	if err != nil {
		return challenge.Wait{}, false
	}
	for _, name := range f.Keep {
		if kept, ok := wait.Fields[name]; ok && r.PostFormValue(name) == "" {
			r.PostForm.Set(name, kept)
			r.Form.Set(name, kept)
		}
	}
	return wait, wait.Purpose == f.purpose(r)
}

// proven looks for an answer in the form and spends it. wait learns when its provider could not be asked.
func (g *Gate) proven(r *http.Request, rules challenge.Rules, f Form, wait *challenge.Wait, waiting bool) (bool, error) {
	ctx, now := r.Context(), g.Now()
	if answer := r.PostFormValue(workField); answer != "" {
		once, err := challenge.Check(g.Keys, f.purpose(r), answer, now)
		if err == nil {
			return g.spend(r, once)
		}
		g.Log.InfoContext(ctx, "proof of work not accepted", "request", server.RequestID(r), "error", err)
	}
	if token := widgetToken(r, rules); token != "" {
		err := g.Verifier.Verify(ctx, rules, f.purpose(r), token)
		if err == nil {
			return true, nil
		}
		level := slog.LevelInfo
		if !errors.Is(err, challenge.ErrRefused) {
			level, wait.Alone = slog.LevelWarn, true
		}
		g.Log.Log(ctx, level, "challenge of a provider not passed", "request", server.RequestID(r), "provider", rules.Provider, "error", err)
	}
	if waiting && wait.Left(now) == 0 {
		return g.spend(r, wait.Once())
	}
	return false, nil
}

// widgetToken is what the provider's widget has put into the form.
func widgetToken(r *http.Request, rules challenge.Rules) string {
	vendor, ok := rules.Provider.Vendor()
	if !ok {
		return ""
	}
	return r.PostFormValue(vendor.Field)
}

func (g *Gate) spend(r *http.Request, once challenge.Once) (bool, error) {
	first, err := g.Store.Spend(r.Context(), once)
	if err == nil && !first {
		g.Log.InfoContext(r.Context(), "challenge answered twice with one answer", "request", server.RequestID(r))
	}
	return first, err
}

// hold keeps a form back and sends the browser to the page where it waits. A form that waits already goes on waiting.
func (g *Gate) hold(w http.ResponseWriter, r *http.Request, f Form, wait challenge.Wait, waiting bool) error {
	now := g.Now()
	if !waiting || wait.Left(now) == 0 { // new, or spent
		ok, _, err := g.Store.Take(r.Context(), "wait:"+throttle.Source(server.Source(r).Address), waits)
		if err != nil {
			return err
		}
		if !ok {
			return errTooMany
		}
		alone := wait.Alone
		wait = challenge.NewWait(f.purpose(r), f.Action, kept(r, f), challenge.Patience, now)
		wait.Alone, wait.Password = alone, f.Purpose == challenge.SignIn
	}
	token, err := wait.Seal(g.Keys)
	if err != nil {
		return err
	}
	g.Cookie.Set(w, token)
	http.Redirect(w, r, waitURL, http.StatusSeeOther)
	return nil
}

// kept is what was typed.
func kept(r *http.Request, f Form) map[string]string {
	fields := map[string]string{}
	for _, name := range f.Keep {
		if v := r.PostFormValue(name); v != "" && len(v) <= keepLimit {
			fields[name] = v
		}
	}
	return fields
}

// Again gives what goes along with the form that follows one that passed, such as the choice of a domain, so that nobody is asked twice
// for one thing. It is good once, and for challenge.Domain alone.
func (g *Gate) Again(r *http.Request, action string) ([]component.Hidden, error) {
	if !g.asks(g.Site().Challenge, server.Source(r).Address) {
		return nil, nil
	}
	token, err := challenge.NewWait(challenge.Domain, action, nil, 0, g.Now()).Seal(g.Keys)
	return []component.Hidden{{Name: waitField, Value: token}}, err
}

// Back tells whether a form has just come back from waiting, and gives what the rest of it has to carry along, unspent: a password was
// not kept and has to be typed again.
func (g *Gate) Back(r *http.Request, f Form) ([]component.Hidden, bool) {
	if _, waiting := g.restore(r, f); !waiting {
		return nil, false
	}
	fields := map[string]string{waitField: r.PostFormValue(waitField), workField: r.PostFormValue(workField)}
	if vendor, ok := g.Site().Challenge.Provider.Vendor(); ok {
		fields[vendor.Field] = r.PostFormValue(vendor.Field)
	}
	var hidden []component.Hidden
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		if fields[name] != "" {
			hidden = append(hidden, component.Hidden{Name: name, Value: fields[name]})
		}
	}
	return hidden, true
}

// Failed counts a proof that was wrong against what its source may do without being asked.
func (g *Gate) Failed(r *http.Request) error {
	rules, from := g.Site().Challenge, server.Source(r).Address
	if rules.Show != challenge.AfterFailures || !g.asks(rules, from) {
		return nil
	}
	_, _, err := g.Store.Take(r.Context(), freeKey(from), free(rules))
	return err
}

// Dress makes the browser do its work while the person fills in a form. Whether there is any for this visitor, the script asks when the
// first letter is typed: the page is the same for everybody.
func (g *Gate) Dress(sh *layout.Shell, f *component.Form, p challenge.Purpose) {
	rules := g.Site().Challenge
	if rules.Provider != challenge.Work || rules.Show != challenge.Always && rules.Show != challenge.AfterFailures {
		return
	}
	sh.Scripts = append(sh.Scripts, sh.Links.Check)
	f.Check.URL = waitURL + "/" + string(p)
}
