package graph

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"rekey/internal/lab/graph/odata"
)

// deltaLife is how long a token of directory objects is good for.
const deltaLife = 7 * 24 * time.Hour

var deltaRoutes = []route{
	{pattern: "GET /v1.0/users/delta", allow: readUsers, do: func(c *call) (reply, error) { return c.delta(c.userPage) }},
	{pattern: "GET /v1.0/groups/delta", allow: readGroups, do: func(c *call) (reply, error) { return c.delta(c.groupPage) }},
}

// deltaToken is where a reader stands: first in the list of all objects, then in the history.
type deltaToken struct {
	Select, Filter string
	History        bool
	At, Member     int   // place in the list or history; of a group, place among its members
	Then           int   // place in the history to go on at after the list
	Born           int64 // unix seconds
	Epoch          int
	Object         string // users or groups
}

// deltaPage is what one page holds and where the next begins.
type deltaPage struct {
	value []byte // objects, separated by commas
	next  deltaToken
	more  bool
}

// delta answers one page; pages of one kind are made by page.
func (c *call) delta(page func(deltaToken) (deltaPage, error)) (reply, error) {
	token, latest, err := c.deltaToken()
	if err != nil {
		return reply{}, err
	}
	p := deltaPage{next: token}
	if !latest {
		if p, err = page(token); err != nil {
			return reply{}, err
		}
	}
	what := token.Object
	if token.Select != "" {
		what += "(" + token.Select + ")"
	}
	b := []byte(`{"@odata.context":` + strconv.Quote(c.context(what)) + `,"@odata.`)
	link, parameter := "deltaLink", "$deltatoken"
	if p.more {
		link, parameter = "nextLink", "$skiptoken"
	}
	b = append(append(b, link+`":`...), strconv.Quote(c.s.Graph()+"/v1.0/"+token.Object+"/delta?"+parameter+"="+p.next.text())...)
	b = append(append(b, `,"value":[`...), p.value...)
	return reply{status: http.StatusOK, body: append(b, "]}"...)}, nil
}

func (d deltaToken) text() string {
	raw, _ := json.Marshal(d) // texts and numbers only
	return base64.RawURLEncoding.EncodeToString(raw)
}

// deltaToken reads where the reader stands; latest asks for a link to start from now.
func (c *call) deltaToken() (token deltaToken, latest bool, err error) {
	q := c.r.URL.Query()
	for _, option := range []string{"$top", "$orderby", "$expand", "$search"} {
		if q.Has(option) {
			return token, false, refuse(http.StatusBadRequest, badRequest, "The query option '"+option+"' is not supported for delta queries.")
		}
	}
	object := strings.TrimSuffix(strings.TrimPrefix(c.r.URL.Path, "/v1.0/"), "/delta")
	given := q.Get("$deltatoken") + q.Get("$skiptoken")
	if given == "" || given == "latest" {
		token = deltaToken{
			Object: object, Select: q.Get("$select"), Filter: q.Get("$filter"), Then: c.seen(object), Born: c.now.Unix(), Epoch: c.t.epoch,
		}
		if given == "latest" {
			token.History, token.At = true, token.Then
		}
		return token, given == "latest", nil
	}
	raw, err := base64.RawURLEncoding.DecodeString(given)
	if err != nil || json.Unmarshal(raw, &token) != nil || token.Object != object {
		return token, false, refuse(http.StatusBadRequest, badRequest, "Badly formed token.")
	}
	return token, false, c.remembers(token)
}

// remembers refuses tokens that the service has forgotten.
func (c *call) remembers(token deltaToken) error {
	forgotten := token.Epoch != c.t.epoch
	if forgotten && c.t.loss == DeltaGone {
		h := http.Header{}
		h.Set("Location", c.s.Graph()+"/v1.0/"+token.Object+"/delta?$select="+url.QueryEscape(token.Select)+"&$deltatoken=")
		return &apiError{status: http.StatusGone, code: "resyncRequired", message: "Resync is required. Follow the Location header to start over.", header: h}
	}
	if forgotten || c.now.Sub(time.Unix(token.Born, 0)) > deltaLife {
		return refuse(http.StatusBadRequest, "SyncStateNotFound", "The sync state is not found. Start over without a token.")
	}
	return nil
}

// seen is how much of the history lists show by now.
func (c *call) seen(object string) int {
	log := c.t.store.log(object)
	n := len(log)
	for n > 0 && c.now.Before(log[n-1].seen) {
		n--
	}
	return n
}

func (s *store) log(object string) []change {
	if object == "groups" {
		return s.groupLog
	}
	return s.userLog
}

func (c *call) pageSize() int {
	if c.t.spec.Page > 0 {
		return c.t.spec.Page
	}
	return 200
}

// minimal reports whether only what has changed is wanted.
func (c *call) minimal() bool {
	return strings.Contains(c.r.Header.Get("Prefer"), "return=minimal")
}

// turn goes from the list to the history.
func (d deltaToken) turn(now time.Time) deltaToken {
	d.History, d.At, d.Member, d.Born = true, d.Then, 0, now.Unix()
	return d
}

// userPage makes one page of people.
func (c *call) userPage(token deltaToken) (deltaPage, error) {
	set, manager, err := deltaProperties(token.Select)
	if err != nil {
		return deltaPage{}, err
	}
	ids, err := idFilter(token.Filter)
	if err != nil {
		return deltaPage{}, err
	}
	w := userWriter{c: c, set: set, manager: manager, ids: ids}
	if token.History {
		return w.history(token), nil
	}
	return w.all(token), nil
}

// deltaProperties reads $select; manager is a link, not a property.
func deltaProperties(names string) (set uint64, manager bool, err error) {
	var rest []string
	for _, name := range strings.Split(names, ",") {
		if strings.EqualFold(name, "manager") {
			manager = true
		} else if name != "" {
			rest = append(rest, name)
		}
	}
	list, err := chosen(strings.Join(rest, ","))
	if err != nil {
		return 0, false, err
	}
	for i := range properties {
		for _, p := range list {
			if p == &properties[i] {
				set |= 1 << i
			}
		}
	}
	return set, manager, nil
}

// idFilter is what $filter is here: up to 50 ids; nil without one.
func idFilter(text string) (map[string]bool, error) {
	if text == "" {
		return nil, nil
	}
	ids := map[string]bool{}
	e, err := odata.Parse(text)
	if err == nil {
		err = odata.Walk(e, func(e odata.Expr) error {
			switch e := e.(type) {
			case odata.Logic:
				if e.Op == "or" {
					return nil
				}
			case odata.Compare:
				if ids[e.Value.Text] = true; e.Path == "id" && e.Op == "eq" {
					return nil
				}
			}
			return refuse(http.StatusBadRequest, badRequest, "Only ids can be filtered by.")
		})
	}
	if err != nil || len(ids) > 50 {
		return nil, refuse(http.StatusBadRequest, "Request_UnsupportedQuery", "Unsupported Query.")
	}
	return ids, nil
}
