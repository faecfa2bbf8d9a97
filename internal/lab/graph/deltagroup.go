package graph

import (
	"encoding/json"
	"slices"
	"strings"
)

// groupDelta is one group on a page.
type groupDelta struct {
	row     *groupRow
	members []memberDelta
}

// memberDelta is one member that came or went.
type memberDelta struct {
	id  string
	out bool
}

// groupPage makes one page of groups. A group with many members goes over several pages.
func (c *call) groupPage(token deltaToken) (deltaPage, error) {
	names := strings.Split(token.Select, ",")
	members := slices.Contains(names, "members")
	if token.History {
		return c.groupHistory(token, names, members)
	}
	return c.allGroups(token, names, members)
}

func (c *call) allGroups(token deltaToken, names []string, members bool) (deltaPage, error) {
	groups, next := c.t.store.groupOrder, token
	var list []groupDelta
	room := c.pageSize()
	for ; next.At < len(groups); next.At, next.Member = next.At+1, 0 {
		row := groups[next.At]
		if row.gone != present {
			continue
		}
		if room <= 0 {
			return c.groupsOn(list, names, members, next, true)
		}
		one := groupDelta{row: row}
		room--
		if members {
			for ; next.Member < len(row.members) && room > 0; next.Member++ {
				if id := row.members[next.Member]; id != "" {
					one.members = append(one.members, memberDelta{id: id})
					room--
				}
			}
		}
		list = append(list, one)
		if members && next.Member < len(row.members) {
			return c.groupsOn(list, names, members, next, true)
		}
	}
	return c.groupsOn(list, names, members, next.turn(c.now), false)
}

func (c *call) groupHistory(token deltaToken, names []string, members bool) (deltaPage, error) {
	log, next := c.t.store.groupLog, token
	end := c.seen("groups")
	var list []groupDelta
	place := map[*groupRow]int{}
	room := c.pageSize()
	for ; next.At < end; next.At++ {
		entry := log[next.At]
		if entry.member != "" && !members {
			continue
		}
		if room == 0 {
			return c.groupsOn(list, names, members, next, true)
		}
		room--
		at, known := place[entry.group]
		if !known {
			at = len(list)
			place[entry.group] = at
			list = append(list, groupDelta{row: entry.group})
		}
		if entry.member != "" {
			list[at].tell(memberDelta{id: entry.member, out: entry.out})
		}
	}
	next.Born = c.now.Unix()
	return c.groupsOn(list, names, members, next, false)
}

// tell takes over what happened to a member last.
func (g *groupDelta) tell(m memberDelta) {
	if i := slices.IndexFunc(g.members, func(o memberDelta) bool { return o.id == m.id }); i >= 0 {
		g.members[i] = m
		return
	}
	g.members = append(g.members, m)
}

// groupsOn writes a page.
func (c *call) groupsOn(list []groupDelta, names []string, members bool, next deltaToken, more bool) (deltaPage, error) {
	p := deltaPage{next: next, more: more}
	for i, one := range list {
		raw, err := json.Marshal(c.groupObject(one, names, members))
		if err != nil {
			return p, err
		}
		if i > 0 {
			p.value = append(p.value, ',')
		}
		p.value = append(p.value, raw...)
	}
	return p, nil
}

func (c *call) groupObject(one groupDelta, names []string, members bool) map[string]any {
	if one.row.gone != present {
		return map[string]any{"id": one.row.group.ID, "@removed": map[string]string{"reason": reason(one.row.gone)}}
	}
	out := map[string]any{"id": one.row.group.ID}
	for name, value := range groupObject(one.row) {
		if value != nil && (names[0] == "" || slices.Contains(names, name)) {
			out[name] = value
		}
	}
	if !members || len(one.members) == 0 {
		return out
	}
	changes := make([]map[string]any, 0, len(one.members))
	for _, m := range one.members {
		kind := "#microsoft.graph.user"
		if c.t.store.groups[m.id] != nil {
			kind = groupType
		}
		change := map[string]any{"@odata.type": kind, "id": m.id}
		if m.out {
			change["@removed"] = map[string]string{"reason": "deleted"}
		}
		changes = append(changes, change)
	}
	out["members@delta"] = changes
	return out
}
