// Package odata reads and judges the $filter expressions that Microsoft Graph takes for directory objects.
package odata

import "strings"

// Expr is one node of a filter: Logic, Not, Compare, Call, In or Any.
type Expr interface{ children() []Expr }

// Logic joins two conditions; Op is "and" or "or".
type Logic struct {
	Op          string
	Left, Right Expr
}

// Not turns a condition round.
type Not struct{ Of Expr }

// Compare is "path op value"; Op is eq, ne, gt, ge, lt or le. A path may end in "/$count".
type Compare struct {
	Path, Op string
	Value    Literal
}

// Call is startsWith, endsWith or contains, in lower case.
type Call struct {
	Func, Path string
	Value      Literal
}

// In is "path in ('a','b')".
type In struct {
	Path   string
	Values []Literal
}

// Any is "path/any(v:condition)".
type Any struct {
	Path, Var string
	Of        Expr
}

// Literal is a value written in a filter.
type Literal struct {
	Null, Quoted bool
	Text         string
}

func (e Logic) children() []Expr { return []Expr{e.Left, e.Right} }
func (e Not) children() []Expr   { return []Expr{e.Of} }
func (Compare) children() []Expr { return nil }
func (Call) children() []Expr    { return nil }
func (In) children() []Expr      { return nil }
func (e Any) children() []Expr   { return []Expr{e.Of} }

// Walk visits an expression and all that is in it until visit answers with an error.
func Walk(e Expr, visit func(Expr) error) error {
	if err := visit(e); err != nil {
		return err
	}
	for _, c := range e.children() {
		if err := Walk(c, visit); err != nil {
			return err
		}
	}
	return nil
}

// Field is what an object has under a path: nothing, one text, or a list of texts.
type Field struct {
	Null   bool
	Text   string
	List   []string
	IsList bool
}

// Match judges one object. Texts compare without regard to case, as the directory does.
func Match(e Expr, get func(path string) Field) bool {
	switch e := e.(type) {
	case Logic:
		if e.Op == "and" {
			return Match(e.Left, get) && Match(e.Right, get)
		}
		return Match(e.Left, get) || Match(e.Right, get)
	case Not:
		return !Match(e.Of, get)
	case Compare:
		return compare(e, get)
	case Call:
		f := get(e.Path)
		return !f.Null && call(e.Func, strings.ToLower(f.Text), strings.ToLower(e.Value.Text))
	case In:
		f := get(e.Path)
		for _, v := range e.Values {
			if equal(f, v) {
				return true
			}
		}
		return false
	case Any:
		for _, item := range get(e.Path).List {
			if Match(e.Of, func(path string) Field { return element(e.Var, item, path) }) {
				return true
			}
		}
		return false
	}
	return false
}

func element(name, item, path string) Field {
	if path != name {
		return Field{Null: true}
	}
	return Field{Text: item}
}

func equal(f Field, v Literal) bool {
	if f.Null || v.Null {
		return f.Null && v.Null
	}
	return strings.EqualFold(f.Text, v.Text)
}

func call(name, text, part string) bool {
	switch name {
	case "startswith":
		return strings.HasPrefix(text, part)
	case "endswith":
		return strings.HasSuffix(text, part)
	}
	return strings.Contains(text, part)
}

func compare(e Compare, get func(string) Field) bool {
	if base, ok := strings.CutSuffix(e.Path, "/$count"); ok {
		empty := len(get(base).List) == 0
		return empty == (e.Op == "eq") // only "eq 0" and "ne 0" exist
	}
	f := get(e.Path)
	switch e.Op {
	case "eq":
		return equal(f, e.Value)
	case "ne":
		return !equal(f, e.Value)
	}
	if f.Null || e.Value.Null {
		return false
	}
	order := strings.Compare(strings.ToLower(f.Text), strings.ToLower(e.Value.Text)) // times are RFC 3339 in UTC
	switch e.Op {
	case "gt":
		return order > 0
	case "ge":
		return order >= 0
	case "lt":
		return order < 0
	}
	return order <= 0
}
