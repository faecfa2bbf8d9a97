package graph

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"strconv"

	"rekey/internal/lab/graph/odata"
)

const (
	defaultTop = 100
	mostTop    = 999
)

// Permissions that let an application read people.
var readUsers = []string{"User.Read.All", "User.ReadWrite.All", "Directory.Read.All", "Directory.ReadWrite.All"}

var userRoutes = []route{
	{pattern: "GET /v1.0/users", allow: readUsers, do: listUsers},
	{pattern: "GET /v1.0/users/{id}", allow: readUsers, do: getUser},
	{pattern: "GET /v1.0/users/{id}/manager", allow: readUsers, do: getManager},
	{pattern: "GET /v1.0/me", person: true, do: getMe},
}

// getMe shows a signed-in person to themselves.
func getMe(c *call) (reply, error) {
	c.r.SetPathValue("id", c.g.user)
	return getUser(c)
}

// user finds who the path names.
func (c *call) user() (*userRow, error) {
	id := c.r.PathValue("id")
	row := c.t.store.user(id)
	if row == nil {
		return nil, notFound(id)
	}
	return row, nil
}

func (c *call) selectText() string {
	if names := c.r.URL.Query().Get("$select"); names != "" {
		return "(" + names + ")"
	}
	return ""
}

func getUser(c *call) (reply, error) {
	list, err := c.selected()
	if err != nil {
		return reply{}, err
	}
	row, err := c.user()
	if err != nil {
		return reply{}, err
	}
	before := `"@odata.context":` + strconv.Quote(c.context("users"+c.selectText()+"/$entity"))
	return reply{status: http.StatusOK, body: appendUser(nil, row.cur, list, before)}, nil
}

func getManager(c *call) (reply, error) {
	list, err := c.selected()
	if err != nil {
		return reply{}, err
	}
	row, err := c.user()
	if err != nil {
		return reply{}, err
	}
	manager := c.t.store.user(row.cur.Manager)
	if row.cur.Manager == "" || manager == nil {
		return reply{}, notFound("manager")
	}
	before := `"@odata.context":` + strconv.Quote(c.context("directoryObjects/$entity")) + `,"@odata.type":"#microsoft.graph.user"`
	return reply{status: http.StatusOK, body: appendUser(nil, manager.cur, list, before)}, nil
}

func listUsers(c *call) (reply, error) {
	for _, option := range []string{"$search", "$orderby", "$expand"} {
		if c.r.URL.Query().Has(option) { // the service takes them; this is not it
			return reply{}, refuse(http.StatusBadRequest, "Request_UnsupportedQuery", "The emulator does not know "+option+".")
		}
	}
	list, err := c.selected()
	if err != nil {
		return reply{}, err
	}
	filter, err := c.filter()
	if err != nil {
		return reply{}, err
	}
	top, err := c.top()
	if err != nil {
		return reply{}, err
	}
	from, err := c.skip()
	if err != nil {
		return reply{}, err
	}
	b := []byte(`{"@odata.context":` + strconv.Quote(c.context("users"+c.selectText())))
	if c.advanced() && from == 0 {
		b = append(b, `,"@odata.count":`...)
		b = strconv.AppendInt(b, int64(c.t.store.count(c, filter)), 10)
	}
	rows, next := c.t.store.page(c, filter, from, top)
	if next > 0 {
		b = append(append(b, `,"@odata.nextLink":`...), strconv.Quote(c.nextLink(next))...)
	}
	b = append(b, `,"value":[`...)
	for i, u := range rows {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendUser(b, u, list, "")
	}
	return reply{status: http.StatusOK, body: append(b, "]}"...)}, nil
}

func (c *call) top() (int, error) {
	text := c.r.URL.Query().Get("$top")
	if text == "" {
		return defaultTop, nil
	}
	top, err := strconv.Atoi(text)
	if err != nil || top < 1 || top > mostTop {
		return 0, refuse(http.StatusBadRequest, badRequest, "Invalid page size specified: '"+text+"'. Must be between 1 and 999 inclusive.")
	}
	return top, nil
}

// skip is where $skiptoken says to go on.
func (c *call) skip() (int, error) {
	text := c.r.URL.Query().Get("$skiptoken")
	if text == "" {
		return 0, nil
	}
	raw, err := base64.RawURLEncoding.DecodeString(text)
	at, e := strconv.Atoi(string(raw))
	if err != nil || e != nil || at < 0 {
		return 0, refuse(http.StatusBadRequest, "Directory_ExpiredPageToken", "The specified page token value has expired and can no longer be included in your request.")
	}
	return at, nil
}

func (c *call) nextLink(at int) string {
	q := c.r.URL.Query()
	q.Set("$skiptoken", base64.RawURLEncoding.EncodeToString([]byte(strconv.Itoa(at))))
	return c.s.Graph() + c.r.URL.EscapedPath() + "?" + keepDollar(q)
}

// keepDollar encodes a query as the service's links have it.
func keepDollar(q url.Values) string {
	text := ""
	for _, name := range []string{"$select", "$filter", "$top", "$count", "$skiptoken", "$deltatoken"} {
		if v := q.Get(name); v != "" {
			if text != "" {
				text += "&"
			}
			text += name + "=" + url.QueryEscape(v)
		}
	}
	return text
}

// matches judges somebody as lists show them; nil means not shown.
func (s *store) matches(c *call, filter odata.Expr, row *userRow) *User {
	u := row.seen(c.now)
	if u == nil || u.gone != present {
		return nil
	}
	if filter == nil || odata.Match(filter, func(path string) odata.Field { return propertyNamed(path).field(u) }) {
		return u
	}
	return nil
}

// page collects up to top people from a place in the order on, and says where to go on; 0: that was all.
func (s *store) page(c *call, filter odata.Expr, from, top int) (rows []*User, next int) {
	for at := from; at < len(s.order); at++ {
		u := s.matches(c, filter, s.order[at])
		if u == nil {
			continue
		}
		if len(rows) == top {
			return rows, at
		}
		rows = append(rows, u)
	}
	return rows, 0
}

func (s *store) count(c *call, filter odata.Expr) int {
	n := 0
	for _, row := range s.order {
		if s.matches(c, filter, row) != nil {
			n++
		}
	}
	return n
}
