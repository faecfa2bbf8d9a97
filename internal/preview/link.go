package preview

import (
	"context"
	"slices"

	"rekey/internal/account"
	"rekey/internal/directory"
	"rekey/internal/site"
)

// byAnchor holds accounts by their directory and anchor. Of two that claim the same neither is taken, as directory.Finder does.
type byAnchor map[[2]string][]account.Account

// join says for each account of a page whose it is, by both versions. Accounts that both versions decide about as another one, or
// help under neither, are left out.
func (r *run) join(ctx context.Context, key string, page []account.Account) ([]owner, error) {
	there, err := r.counterparts(ctx, key, page)
	if err != nil {
		return nil, err
	}
	joined := make([]owner, 0, len(page))
	for _, a := range page {
		o := owner{Account: a}
		others, usable := 0, 0
		for i, s := range r.sides {
			p := there.person(s.snap.Links, a)
			if p.ID != a.ID {
				others++
			}
			if p.Usable() {
				usable++
			}
			o.by[i] = p
		}
		switch {
		case others == len(o.by):
		case usable == 0:
			r.report.LeftOut++
		default:
			joined = append(joined, o)
		}
	}
	return joined, nil
}

// counterparts reads the accounts that links of either version could tie to those of a page.
func (r *run) counterparts(ctx context.Context, key string, page []account.Account) (byAnchor, error) {
	found := byAnchor{}
	var anchors []string
	for _, a := range page {
		if a.Anchor != "" {
			anchors = append(anchors, a.Anchor)
		}
	}
	for _, there := range linked(key, r.sides[0].snap, r.sides[1].snap) {
		if len(anchors) == 0 {
			break
		}
		all, err := r.Store.Anchored(ctx, there, anchors)
		if err != nil {
			return nil, err
		}
		for _, a := range all {
			at := [2]string{there, a.Anchor}
			found[at] = append(found[at], a)
		}
	}
	return found, nil
}

// linked lists the directories that are tied to one, each once.
func linked(key string, snaps ...*site.Snapshot) []string {
	var all []string
	for _, s := range snaps {
		for _, l := range s.Links {
			if end := otherEnd(l, key); end != "" && !slices.Contains(all, end) {
				all = append(all, end)
			}
		}
	}
	return all
}

// otherEnd gives the other directory of a link; empty when the one is not in it.
func otherEnd(l directory.Link, key string) string {
	switch key {
	case l.Home:
		return l.Other
	case l.Other:
		return l.Home
	}
	return ""
}

// person says whose an account is by these links. See directory.Finder.
func (there byAnchor) person(links []directory.Link, a account.Account) directory.Person {
	for _, l := range links {
		end := otherEnd(l, a.ID.Directory)
		if end == "" {
			continue
		}
		found := there[[2]string{end, a.Anchor}]
		if a.Anchor == "" || len(found) != 1 {
			return directory.Person{Account: a}
		}
		b := found[0]
		a.State.Privileged = a.State.Privileged || b.State.Privileged // whose password opens both
		if !directory.Same(a, b) {
			return directory.Person{Account: a}
		}
		if end == l.Home {
			privileged := a.State.Privileged
			a, b = b, a
			a.State.Privileged = privileged
		}
		return directory.Person{Account: a, Other: &b, Link: l}
	}
	return directory.Person{Account: a}
}
