package auditui

import (
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"rekey/internal/audit"
	"rekey/internal/evidence"
	"rekey/internal/factor"
)

// wish is a search as its address says it: everything is in there.
type wish struct {
	evidence.Query
	evidence.Direction
	columns []string
	values  url.Values // of the search alone: without its page
	unclear []string   // what was not understood
}

// The fields that say which page is shown; the others are the search.
const (
	afterField  = "after"
	beforeField = "before"
	sortField   = "sort"
	rising      = "rising"
)

// fields are those of the search itself.
func fields() []string {
	return []string{
		"person", "by", "event", "outcome", "method", "policy", "from", "until", "ticket", "address", "flow", "version", "action", "actor", "role", "show", sortField,
	}
}

const longest = 300

// parse reads an address. What cannot be understood is left out, and said.
func parse(in url.Values, zone *time.Location) wish {
	w := wish{values: url.Values{}}
	for _, name := range fields() {
		for _, v := range in[name] {
			if v = strings.TrimSpace(v); v != "" && len(v) <= longest && !slices.Contains(w.values[name], v) {
				w.values.Add(name, v)
			}
		}
	}
	v := w.values
	w.Person, w.By, w.Ticket, w.Flow, w.Role = v.Get("person"), v.Get("by"), v.Get("ticket"), v.Get("flow"), v.Get("role")
	w.Names, w.Outcomes, w.Actors = texts[audit.Name](v["event"]), texts[audit.Outcome](v["outcome"]), texts[audit.ActorType](v["actor"])
	w.Purposes, w.Policies, w.Factors = v["action"], v["policy"], texts[factor.Kind](v["method"])
	w.columns, w.Rising = v["show"], v.Get(sortField) == rising
	w.address(v.Get("address"))
	w.version(v.Get("version"))
	w.Query.From = w.day("from", zone, 0)
	w.Until = w.day("until", zone, 1)
	w.place(in)
	return w
}

func texts[T ~string](in []string) []T {
	var out []T
	for _, s := range in {
		out = append(out, T(s))
	}
	return out
}

func (w *wish) miss(name, what string) {
	w.values.Del(name)
	w.unclear = append(w.unclear, what)
}

func (w *wish) address(typed string) {
	if typed == "" {
		return
	}
	if a, err := netip.ParseAddr(typed); err == nil && a.Zone() == "" {
		w.Addresses = netip.PrefixFrom(a.Unmap(), a.Unmap().BitLen())
		return
	}
	p, err := netip.ParsePrefix(typed)
	if err != nil {
		w.miss("address", "The address is neither an IP address nor a network like 203.0.113.0/24.")
		return
	}
	w.Addresses = p.Masked()
}

func (w *wish) version(typed string) {
	if typed == "" {
		return
	}
	n, err := strconv.ParseInt(typed, 10, 64)
	if err != nil || n < 1 {
		w.miss("version", "The version of the settings is a number.")
		return
	}
	w.Settings = n
}

// day reads the beginning of a day, later by some.
func (w *wish) day(name string, zone *time.Location, later int) time.Time {
	typed := w.values.Get(name)
	if typed == "" {
		return time.Time{}
	}
	d, err := time.ParseInLocation(time.DateOnly, typed, zone)
	if err != nil || d.Year() < 1970 || d.Year() > 9999 {
		w.miss(name, "A day is written like 2026-11-25.")
		return time.Time{}
	}
	return d.AddDate(0, 0, later)
}

func (w *wish) place(in url.Values) {
	w.Direction.From = evidence.Nowhere
	for _, name := range []string{afterField, beforeField} {
		if n, err := strconv.ParseInt(in.Get(name), 10, 64); err == nil && n >= 0 {
			w.Direction.From, w.Back = n, name == beforeField
			return
		}
	}
}

// at is the address of the search on a page of ours; name and value, if any, are added.
func (w wish) at(path string, more ...string) string {
	v := clone(w.values)
	for i := 0; i+1 < len(more); i += 2 {
		v.Set(more[i], more[i+1])
	}
	if len(v) == 0 {
		return path
	}
	return path + "?" + v.Encode()
}

// without is the address of the search without one of its conditions.
func (w wish) without(path string, names ...string) string {
	v := clone(w.values)
	for _, n := range names {
		v.Del(n)
	}
	if len(v) == 0 {
		return path
	}
	return path + "?" + v.Encode()
}

func clone(in url.Values) url.Values {
	out := url.Values{}
	for k, v := range in {
		out[k] = slices.Clone(v)
	}
	return out
}

// text is the search alone, as it is kept: without order and columns where they are as usual.
func (w wish) text() string { return w.values.Encode() }
