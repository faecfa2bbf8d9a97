package graph

import (
	"net/http"
	"strconv"
	"strings"

	"rekey/internal/lab/graph/odata"
)

// seconds writes a duration as Retry-After has it, with a fraction.
func seconds(s float64) string { return strconv.FormatFloat(s, 'f', 3, 64) }

// selected are the properties asked for by $select, else the default set.
func (c *call) selected() ([]*property, error) {
	return chosen(c.r.URL.Query().Get("$select"))
}

func chosen(names string) ([]*property, error) {
	var list []*property
	if names == "" {
		for i := range properties {
			if properties[i].standard {
				list = append(list, &properties[i])
			}
		}
		return list, nil
	}
	for _, name := range strings.Split(names, ",") {
		p := propertyNamed(strings.TrimSpace(name))
		if p == nil {
			return nil, refuse(http.StatusBadRequest, "BadRequest",
				"Parsing OData Select and Expand failed: Could not find a property named '"+name+"' on type 'microsoft.graph.user'.")
		}
		list = append(list, p)
	}
	return list, nil
}

// advanced reports whether the request may use advanced queries: the header and $count=true.
func (c *call) advanced() bool {
	return c.eventual() && c.counted()
}

func (c *call) eventual() bool {
	return strings.EqualFold(c.r.Header.Get("ConsistencyLevel"), "eventual")
}

func (c *call) counted() bool { return strings.EqualFold(c.r.URL.Query().Get("$count"), "true") }

// filter reads $filter and refuses what the directory does not support; nil without one.
func (c *call) filter() (odata.Expr, error) {
	text := c.r.URL.Query().Get("$filter")
	if text == "" {
		return nil, nil
	}
	e, err := odata.Parse(text)
	if err != nil {
		return nil, refuse(http.StatusBadRequest, badRequest, "Invalid filter clause: "+err.Error()+".")
	}
	return e, c.supported(e, nil)
}

// supported checks every operator. The list is the one that a lambda runs over.
func (c *call) supported(e odata.Expr, list *property) error {
	switch e := e.(type) {
	case odata.Logic:
		if err := c.supported(e.Left, list); err != nil {
			return err
		}
		return c.supported(e.Right, list)
	case odata.Not:
		if err := c.needsAdvanced("not", advanced); err != nil {
			return err
		}
		return c.supported(e.Of, list)
	case odata.Any:
		p, err := filterable(e.Path)
		if err != nil {
			return err
		}
		return c.supported(e.Of, p)
	case odata.Compare:
		return c.supportedCompare(e, list)
	case odata.In:
		return c.supportedOn(e.Path, list, "in", func(p *property) support { return p.eq })
	case odata.Call:
		return c.supportedOn(e.Path, list, e.Func, func(p *property) support {
			switch e.Func {
			case "startswith":
				return p.starts
			case "endswith":
				return p.ends
			}
			return never
		})
	}
	return nil
}

func (c *call) supportedCompare(e odata.Compare, list *property) error {
	if base, ok := strings.CutSuffix(e.Path, "/$count"); ok {
		if _, err := filterable(base); err != nil {
			return err
		}
		return c.needsAdvanced("$count", advanced)
	}
	return c.supportedOn(e.Path, list, e.Op, func(p *property) support {
		ordered := e.Op != "eq" && e.Op != "ne"
		switch {
		case p.eq == never || ordered && p.at == nil:
			return never
		case e.Op == "ne" || e.Value.Null:
			return advanced
		}
		return p.eq
	})
}

// supportedOn looks an operator up in the table of properties.
func (c *call) supportedOn(path string, list *property, operator string, of func(*property) support) error {
	p := list // inside a lambda the path is its variable
	if p == nil {
		var err error
		if p, err = filterable(path); err != nil {
			return err
		}
	}
	return c.needsAdvanced(operator, of(p))
}

func filterable(path string) (*property, error) {
	p := propertyNamed(path)
	if p == nil {
		return nil, refuse(http.StatusBadRequest, badRequest, "Invalid filter clause: Could not find a property named '"+path+"' on type 'microsoft.graph.user'.")
	}
	return p, nil
}

func (c *call) needsAdvanced(operator string, s support) error {
	switch {
	case s == never:
		return refuse(http.StatusBadRequest, "Request_UnsupportedQuery", "The request uses a filter property that is not indexed")
	case s == advanced && !c.eventual():
		return refuse(http.StatusBadRequest, "Request_UnsupportedQuery", "Operator '"+operator+
			"' is not supported because the 'ConsistencyLevel:eventual' header is missing. Refer to https://aka.ms/graph-docs/advanced-queries for more information")
	case s == advanced && !c.counted():
		return refuse(http.StatusBadRequest, "Request_UnsupportedQuery", "Unsupported Query.")
	}
	return nil
}
