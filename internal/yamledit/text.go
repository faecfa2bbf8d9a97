package yamledit

import (
	"errors"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// ErrForm refuses a change that would touch more than what it is for.
var ErrForm = errors.New("this part of the text has a form that cannot be changed piece by piece (anchors, or a style of its own); change it as text")

// text is a document that is being changed.
type text struct {
	s     string
	lines []int // where each begins
	root  ast.Node
	tree  any
}

func parse(s string) (t *text, err error) {
	defer func() {
		if recover() != nil {
			t, err = nil, errUnreadable
		}
	}()
	t = &text{s: s, lines: []int{0}}
	if t.tree, err = Read(s); err != nil {
		return nil, err
	}
	for i := range len(s) {
		if s[i] == '\n' {
			t.lines = append(t.lines, i+1)
		}
	}
	// The parser counts a blank line that ends as on Windows twice.
	file, err := parser.ParseBytes([]byte(strings.ReplaceAll(s, "\r\n", "\n")), 0)
	if err != nil {
		return nil, errUnreadable
	}
	for _, doc := range file.Docs {
		switch {
		case doc.Body == nil:
		case t.root != nil:
			return nil, errors.New("a second document begins in this text")
		default:
			t.root = doc.Body
		}
	}
	return t, nil
}

// place is a node and where its line of the document ends.
type place struct {
	node  ast.Node
	entry *ast.MappingValueNode // where it is the value of a key
	from  int                   // of the entry: its key, or its dash; of an item in flow style: itself
	below int                   // the line on which something else begins
	in    int                   // how far in the entry is
	up    int                   // and the one it is in
	flow  bool
}

// locate finds the place of a path.
func (t *text) locate(steps []step) (place, bool) {
	p := place{node: t.root, below: len(t.lines), in: -1, up: -1}
	for _, s := range steps {
		children, ok := t.children(p)
		i := s.at
		if !s.list {
			i = index(children, s.key)
		}
		if !ok || i < 0 || i >= len(children) || s.list == (children[i].entry != nil) {
			return place{}, false
		}
		p = children[i]
	}
	return p, true
}

func index(children []place, key string) int {
	for i, c := range children {
		if c.entry != nil && c.entry.Key.GetToken().Value == key {
			return i
		}
	}
	return -1
}

// children lists what is right below a place. False: it cannot be told.
func (t *text) children(p place) ([]place, bool) {
	var out []place
	switch n := bare(p.node).(type) {
	case *ast.MappingNode:
		for _, v := range n.Values {
			out = append(out, t.keyed(v, p.flow || n.IsFlowStyle))
		}
	case *ast.MappingValueNode:
		out = append(out, t.keyed(n, p.flow))
	case *ast.SequenceNode:
		for i, v := range n.Values {
			c := place{node: v, flow: p.flow || n.IsFlowStyle, from: t.begin(v)}
			if !c.flow {
				if i >= len(n.Entries) || n.Entries[i] == nil {
					return nil, false
				}
				at := n.Entries[i].Start.Position
				c.from, c.in = t.offset(at), at.Column-1
			}
			out = append(out, c)
		}
	default:
		return nil, false
	}
	for i := range out {
		out[i].up = p.in
		if out[i].below = p.below; i+1 < len(out) {
			out[i].below = t.line(out[i+1].from)
		}
		if out[i].entry != nil && out[i].entry.Key.Type() != ast.StringType && !plainKey(out[i].entry.Key) {
			return nil, false
		}
	}
	return out, true
}

func plainKey(k ast.MapKeyNode) bool {
	switch k.Type() {
	case ast.IntegerType, ast.FloatType, ast.BoolType:
		return true
	}
	return false
}

func (t *text) keyed(v *ast.MappingValueNode, flow bool) place {
	at := v.Key.GetToken().Position
	return place{node: v.Value, entry: v, from: t.offset(at), in: at.Column - 1, flow: flow}
}

// bare takes anchors and tags off a node.
func bare(n ast.Node) ast.Node {
	switch w := n.(type) {
	case *ast.AnchorNode:
		return bare(w.Value)
	case *ast.TagNode:
		return bare(w.Value)
	}
	return n
}

// inFlow reports whether a node is written between brackets.
func inFlow(n ast.Node) bool {
	switch w := bare(n).(type) {
	case *ast.MappingNode:
		return w.IsFlowStyle
	case *ast.SequenceNode:
		return w.IsFlowStyle
	}
	return false
}

// offset gives the byte a position stands for. Columns count characters.
func (t *text) offset(p *token.Position) int {
	if p.Line > len(t.lines) {
		return len(t.s)
	}
	at := t.lines[p.Line-1]
	for range p.Column - 1 {
		_, size := utf8.DecodeRuneInString(t.s[at:])
		at += size
	}
	return at
}

// line counts the lines before a byte.
func (t *text) line(at int) int {
	return strings.Count(t.s[:at], "\n")
}

// lineEnd gives where a line ends, before what ends it.
func (t *text) lineEnd(line int) int {
	end := len(t.s)
	if line+1 < len(t.lines) {
		end = t.lines[line+1] - 1
	}
	return t.lines[line] + len(strings.TrimSuffix(t.s[t.lines[line]:end], "\r"))
}

// words is a line without what is around it.
func (t *text) words(line int) string { return strings.TrimSpace(t.s[t.lines[line]:t.lineEnd(line)]) }

// depth is how far in a line begins.
func (t *text) depth(line int) int {
	s := t.s[t.lines[line]:]
	return len(s) - len(strings.TrimLeft(s, " "))
}

// last gives the last line of a block that begins at a byte. Blank lines behind it belong to nobody, and comments no further in
// than least to what follows.
func (t *text) last(from, below, least int) int {
	begin, end := t.line(from), below-1
	for ; end > begin; end-- {
		w := t.words(end)
		if w != "" && w != "..." && (!strings.HasPrefix(w, "#") || t.depth(end) > least) {
			break
		}
	}
	return end
}

// tail gives the last line of a list or a map by the last of what is in it: comments as far in as that are its own.
func (t *text) tail(c place) int { return t.last(c.from, c.below, max(c.in-1, c.up, 0)) }

// first gives the first line of a block: that of the comment right above it, as far in as it is. The comment that a document begins
// with is the document's.
func (t *text) first(p place) int {
	own := t.line(p.from)
	line := own
	for line > 0 && strings.HasPrefix(t.words(line-1), "#") && t.depth(line-1) == p.in {
		line--
	}
	if line == 0 {
		return own
	}
	return line
}

// begin gives where a value begins.
func (t *text) begin(n ast.Node) int {
	switch v := n.(type) {
	case *ast.MappingNode:
		if !v.IsFlowStyle && len(v.Values) > 0 {
			return t.begin(v.Values[0])
		}
	case *ast.MappingValueNode:
		return t.offset(v.Key.GetToken().Position)
	}
	return t.offset(n.GetToken().Position)
}

// end gives where a value ends that has its end in itself: a scalar or what is between brackets. False: it has not.
func (t *text) end(n ast.Node, flow bool) (int, bool) {
	switch v := n.(type) {
	case *ast.MappingNode:
		if v.IsFlowStyle && v.End != nil {
			return t.offset(v.End.Position) + 1, true
		}
		return 0, false
	case *ast.MappingValueNode:
		return t.end(v.Value, flow)
	case *ast.SequenceNode:
		if v.IsFlowStyle && v.End != nil {
			return t.offset(v.End.Position) + 1, true
		}
		return 0, false
	case *ast.LiteralNode, *ast.AnchorNode, *ast.TagNode, *ast.MergeKeyNode:
		return 0, false
	}
	tk, from := n.GetToken(), t.begin(n)
	switch tk.Type {
	case token.ImplicitNullType:
		return 0, false
	case token.SingleQuoteType:
		return match(singleQuoted, t.s, from)
	case token.DoubleQuoteType:
		return match(doubleQuoted, t.s, from)
	}
	rest := t.s[from:t.lineEnd(t.line(from))]
	if i := strings.Index(rest, " #"); i >= 0 {
		rest = rest[:i]
	}
	if flow {
		if i := strings.IndexAny(rest, ",]}"); i >= 0 {
			rest = rest[:i]
		}
	}
	rest = strings.TrimRight(rest, " \t")
	return from + len(rest), rest != "" && rest == strings.TrimSpace(tk.Origin) || n.Type() == ast.AliasType
}

var (
	singleQuoted = regexp.MustCompile(`^'(?:[^']|'')*'`)
	doubleQuoted = regexp.MustCompile(`^"(?:[^"\\]|\\[\s\S])*"`)
)

func match(form *regexp.Regexp, s string, from int) (int, bool) {
	m := form.FindString(s[from:])
	return from + len(m), m != ""
}

// newline is how lines end here.
func (t *text) newline() string {
	if i := strings.IndexByte(t.s, '\n'); i > 0 && t.s[i-1] == '\r' {
		return "\r\n"
	}
	return "\n"
}

// splice gives the text with a part replaced.
func (t *text) splice(from, to int, by string) string {
	return t.s[:from] + strings.ReplaceAll(by, "\n", t.newline()) + t.s[to:]
}
