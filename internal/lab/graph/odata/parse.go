package odata

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
)

var comparisons = []string{"eq", "ne", "gt", "ge", "lt", "le"}

// Parse reads a filter. Errors say what was not understood.
func Parse(text string) (Expr, error) {
	tokens, err := split(text)
	if err != nil {
		return nil, err
	}
	p := &parser{tokens: tokens}
	e, err := p.either()
	if err != nil {
		return nil, err
	}
	if p.peek().text != "" {
		return nil, fmt.Errorf("syntax error at %q", p.peek().text)
	}
	return e, nil
}

type token struct {
	text   string
	quoted bool
}

// split cuts a filter into words, quoted texts and punctuation.
func split(text string) ([]token, error) {
	var tokens []token
	for i := 0; i < len(text); {
		switch c := text[i]; {
		case c == ' ':
			i++
		case c == '\'':
			value, next, err := quoted(text, i)
			if err != nil {
				return nil, err
			}
			tokens = append(tokens, token{text: value, quoted: true})
			i = next
		case strings.IndexByte("(),:", c) >= 0 && !timeColon(text, i):
			tokens = append(tokens, token{text: string(c)})
			i++
		default:
			start := i
			for i < len(text) && (strings.IndexByte(" (),:'", text[i]) < 0 || timeColon(text, i)) {
				i++
			}
			tokens = append(tokens, token{text: text[start:i]})
		}
	}
	return tokens, nil
}

// timeColon tells the colons of 2026-11-24T10:00:00Z from the one after a lambda's variable.
func timeColon(text string, i int) bool {
	return text[i] == ':' && i > 0 && unicode.IsDigit(rune(text[i-1])) && i+1 < len(text) && unicode.IsDigit(rune(text[i+1]))
}

func quoted(text string, i int) (value string, next int, err error) {
	var b strings.Builder
	for i++; i < len(text); i++ {
		if text[i] != '\'' {
			b.WriteByte(text[i])
			continue
		}
		if i+1 < len(text) && text[i+1] == '\'' { // a doubled quote stands for one
			b.WriteByte('\'')
			i++
			continue
		}
		return b.String(), i + 1, nil
	}
	return "", 0, fmt.Errorf("there is an unterminated string literal in %q", text)
}

type parser struct {
	tokens []token
	at     int
}

func (p *parser) peek() token {
	if p.at < len(p.tokens) {
		return p.tokens[p.at]
	}
	return token{}
}

func (p *parser) next() token {
	t := p.peek()
	p.at++
	return t
}

// is takes the next word if it is this one.
func (p *parser) is(word string) bool {
	t := p.peek()
	if t.quoted || !strings.EqualFold(t.text, word) {
		return false
	}
	p.at++
	return true
}

func (p *parser) want(word string) error {
	if !p.is(word) {
		return fmt.Errorf("syntax error: %q expected, %q found", word, p.peek().text)
	}
	return nil
}

func (p *parser) either() (Expr, error) {
	left, err := p.both()
	for err == nil && p.is("or") {
		var right Expr
		if right, err = p.both(); err == nil {
			left = Logic{Op: "or", Left: left, Right: right}
		}
	}
	return left, err
}

func (p *parser) both() (Expr, error) {
	left, err := p.one()
	for err == nil && p.is("and") {
		var right Expr
		if right, err = p.one(); err == nil {
			left = Logic{Op: "and", Left: left, Right: right}
		}
	}
	return left, err
}

func (p *parser) one() (Expr, error) {
	if p.is("not") {
		e, err := p.one()
		return Not{Of: e}, err
	}
	if p.is("(") {
		e, err := p.either()
		if err != nil {
			return nil, err
		}
		return e, p.want(")")
	}
	word := p.next()
	if word.quoted || word.text == "" {
		return nil, fmt.Errorf("syntax error at %q", word.text)
	}
	if path, ok := strings.CutSuffix(word.text, "/any"); ok {
		return p.any(path)
	}
	if name := strings.ToLower(word.text); name == "startswith" || name == "endswith" || name == "contains" {
		return p.call(name)
	}
	return p.comparison(word.text)
}

func (p *parser) any(path string) (Expr, error) {
	if err := p.want("("); err != nil {
		return nil, err
	}
	name := p.next().text
	if err := p.want(":"); err != nil {
		return nil, err
	}
	e, err := p.either()
	if err != nil {
		return nil, err
	}
	return Any{Path: path, Var: name, Of: e}, p.want(")")
}

func (p *parser) call(name string) (Expr, error) {
	if err := p.want("("); err != nil {
		return nil, err
	}
	path := p.next().text
	if err := p.want(","); err != nil {
		return nil, err
	}
	value, err := p.literal()
	if err != nil {
		return nil, err
	}
	return Call{Func: name, Path: path, Value: value}, p.want(")")
}

func (p *parser) comparison(path string) (Expr, error) {
	op := strings.ToLower(p.next().text)
	if op == "in" {
		return p.in(path)
	}
	if !slices.Contains(comparisons, op) {
		return nil, fmt.Errorf("syntax error: %q is no operator", op)
	}
	value, err := p.literal()
	return Compare{Path: path, Op: op, Value: value}, err
}

func (p *parser) in(path string) (Expr, error) {
	if err := p.want("("); err != nil {
		return nil, err
	}
	var values []Literal
	for {
		v, err := p.literal()
		if err != nil {
			return nil, err
		}
		if values = append(values, v); !p.is(",") {
			return In{Path: path, Values: values}, p.want(")")
		}
	}
}

func (p *parser) literal() (Literal, error) {
	t := p.next()
	if t.quoted {
		return Literal{Quoted: true, Text: t.text}, nil
	}
	if t.text == "" || strings.Contains("(),:", t.text) {
		return Literal{}, fmt.Errorf("syntax error: a value expected, %q found", t.text)
	}
	return Literal{Null: t.text == "null", Text: t.text}, nil
}
