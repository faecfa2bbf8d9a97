package report

import "strings"

// Verdict says whether people can get back in.
type Verdict struct {
	State    State
	Word     string // "Yes, everywhere"
	Sentence string // why, and for whom not
}

// BackIn says whether people can get back in, from the parts: the first thing that stops them counts.
func BackIn(parts []Part) Verdict {
	if len(parts) == 0 {
		return Verdict{Warn, "Not known yet", "The first look at what it depends on is under way."}
	}
	worst := worst(parts)
	if p, ok := worst[PartDatabase]; ok && p.State == Bad {
		return Verdict{Bad, "No", "The database does not answer, so that nobody can begin."}
	}
	if p, ok := worst[PartThreat]; ok && p.State == Bad {
		return Verdict{Bad, "No", "All recovery is stopped by the threat level."}
	}
	if _, ok := worst[PartDirectory]; !ok {
		return Verdict{Bad, "No", "No directory is set up yet."}
	}
	if v, ok := directories(parts); ok {
		return v
	}
	for _, limit := range []struct {
		kind     Kind
		state    State
		sentence string
	}{
		{PartMail, Bad, "Codes and notices do not go out by mail: who proves by mail cannot get in."},
		{PartSMS, Bad, "Text messages do not go out: who proves by text message cannot get in."},
		{PartKeys, Bad, "The keys cannot be read: what is stored sealed cannot be used."},
		{PartJobs, Bad, "Work waits that nobody does: codes by mail and text message come late."},
		{PartThreat, Warn, "The threat level asks more of people than usual, or stops privileged accounts."},
	} {
		if p, ok := worst[limit.kind]; ok && (p.State == Bad || p.State == limit.state) {
			return Verdict{Warn, "Yes, but not everybody", limit.sentence}
		}
	}
	if look := wanting(parts); len(look) > 0 {
		return Verdict{Good, "Yes, everywhere", "These want a look before they keep anybody out: " + strings.Join(look, ", ") + "."}
	}
	return Verdict{Good, "Yes, everywhere", "Everything a reset depends on works."}
}

// worst gives the worst part of each kind.
func worst(parts []Part) map[Kind]Part {
	all := map[Kind]Part{}
	for _, p := range parts {
		if w, ok := all[p.Kind]; !ok || p.State.worse(w.State) {
			all[p.Kind] = p
		}
	}
	return all
}

func (s State) worse(than State) bool {
	rank := map[State]int{Good: 0, Warn: 1, Bad: 2}
	return rank[s] > rank[than]
}

// directories says whom directories keep out; false: nobody.
func directories(parts []Part) (Verdict, bool) {
	var down []string
	all := 0
	for _, p := range parts {
		if p.Kind != PartDirectory {
			continue
		}
		all++
		if p.State == Bad {
			down = append(down, p.Name)
		}
	}
	switch {
	case len(down) == 0:
		return Verdict{}, false
	case len(down) == all:
		return Verdict{Bad, "No", "No password can be written: " + strings.Join(down, ", ") + "."}, true
	}
	return Verdict{Bad, "Not everywhere", "No password can be written in " + strings.Join(down, ", ") + "; elsewhere people can."}, true
}

// wanting lists the parts that are not well.
func wanting(parts []Part) []string {
	var all []string
	for _, p := range parts {
		if p.State != Good {
			all = append(all, p.Name)
		}
	}
	return all
}
