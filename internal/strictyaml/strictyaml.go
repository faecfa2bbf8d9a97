// Package strictyaml reads YAML in which nothing is ignored: an unknown key, a key that is there twice, a value of the wrong type
// and a second document are errors. Every error names file, line and key, and none shows a value or the text around it, which
// may be secret.
package strictyaml

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// Source is a parsed text. It is never changed after Parse and safe for concurrent use.
type Source struct {
	name string
	body ast.Node // nil for an empty text
	keys []place
}

// Error is a mistake with its place. Its text is "file:line: key: what is wrong", without what is not known.
type Error struct {
	File  string
	Line  int // 0: not known
	Cause error
}

// Error implements error.
func (e *Error) Error() string {
	if e.Line == 0 {
		return e.File + ": " + e.Cause.Error()
	}
	return fmt.Sprintf("%s:%d: %v", e.File, e.Line, e.Cause)
}

// Unwrap gives the mistake without its place.
func (e *Error) Unwrap() error { return e.Cause }

// Parse reads a text; name is the file's, for errors.
func Parse(name string, text []byte) (*Source, error) {
	s := &Source{name: name}
	file, err := parser.ParseBytes(text, 0)
	if err != nil {
		return nil, s.explain(err)
	}
	for _, doc := range file.Docs {
		if doc.Body == nil {
			continue
		}
		if s.body != nil {
			return nil, &Error{name, line(doc.Body), errors.New("a second document begins here")}
		}
		s.body = doc.Body
		s.keys = places(nil, "", doc.Body)
	}
	return s, nil
}

// Decode reads the whole text.
func (s *Source) Decode(into any) error { return s.DecodeNode(s.body, into) }

// DecodeNode reads a part of the text that was left as a node. An empty one leaves what is there.
func (s *Source) DecodeNode(node ast.Node, into any) error {
	if node == nil || node.Type() == ast.NullType {
		return nil
	}
	if err := decode(node, into); err != nil {
		return s.explain(err)
	}
	return nil
}

// decode calls the library, which panics on some texts, such as a list with a tag and no value.
func decode(node ast.Node, into any) (err error) {
	defer func() {
		if recover() != nil {
			err = errors.New("a value here cannot be read; leave out tags")
		}
	}()
	return yaml.NodeToValue(node, into, yaml.DisallowUnknownField(), yaml.CustomUnmarshaler(moment))
}

// noMoment is a value that should be a date and is none.
type noMoment string

func (noMoment) Error() string {
	return "want a day such as 2026-12-31, or a time with its zone such as 2026-12-31T18:00:00+01:00"
}

// moment reads a date. The library takes one it cannot read for none at all, and what should have ended would never end.
func moment(into *time.Time, text []byte) error {
	if err := yaml.Unmarshal(text, into); err != nil || into.IsZero() {
		var s string
		_ = yaml.Unmarshal(text, &s)
		return noMoment(s)
	}
	return nil
}

// explain puts file, line and key before what the decoder says.
func (s *Source) explain(err error) error {
	var at yaml.Error
	if !errors.As(err, &at) || at.GetToken() == nil {
		return s.unplaced(err)
	}
	text := at.GetMessage()
	var wrong *yaml.TypeError
	if errors.As(err, &wrong) {
		text = fmt.Sprintf("want %s, got %s", wrong.DstType, wrong.SrcType)
	}
	where := at.GetToken().Position
	for _, k := range s.keys {
		if k.value.Line == where.Line && k.value.Column == where.Column {
			text = k.path + ": " + text
			break
		}
	}
	return &Error{s.name, where.Line, errors.New(text)}
}

// unplaced finds the date or the duration the decoder could not read: it does not say where that was.
func (s *Source) unplaced(err error) error {
	var when noMoment
	dated := errors.As(err, &when)
	for _, k := range s.keys {
		if dated && k.text == string(when) && k.text != "" {
			return &Error{s.name, k.value.Line, errors.New(k.path + ": " + when.Error())}
		}
		if _, bad := time.ParseDuration(k.text); bad != nil && bad.Error() == err.Error() {
			return &Error{s.name, k.value.Line, errors.New(k.path + ": want a time such as 90s, 10m or 24h")}
		}
	}
	return &Error{s.name, 0, err}
}

// Locate puts file and line before an error that begins with the path of a key, "policies[0].reset.count: …". A key that is not
// there is looked for where it would stand. Joined errors are located one by one, and an error that has its place keeps it.
func (s *Source) Locate(err error) error {
	if err == nil {
		return nil
	}
	if many, ok := err.(interface{ Unwrap() []error }); ok { // what errors.Join made itself, not what is within
		located := make([]error, 0, 4)
		for _, e := range many.Unwrap() {
			located = append(located, s.Locate(e))
		}
		return errors.Join(located...)
	}
	var placed *Error
	if errors.As(err, &placed) {
		return placed
	}
	return &Error{s.name, s.lineOf(err.Error()), err}
}

// lineOf gives the line of the key an error begins with, else of the nearest one above it; 0 when there is none. A plug-in's
// error names a key below its own: "authenticators.totp: digits: …".
func (s *Source) lineOf(text string) int {
	key, rest, _ := strings.Cut(text, ": ")
	if below, _, ok := strings.Cut(rest, ": "); ok && s.exactly(key+"."+below) > 0 {
		return s.exactly(key + "." + below)
	}
	for key != "" && s.exactly(key) == 0 {
		key = key[:max(0, strings.LastIndexAny(key, ".["))]
	}
	return s.exactly(key)
}

func (s *Source) exactly(path string) int {
	for _, k := range s.keys {
		if k.path == path {
			return k.line
		}
	}
	return 0
}
