package strictyaml

import (
	"fmt"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"
)

// place is where a key, an item of a list or a value stands.
type place struct {
	path  string          // "policies[0].reset.count"
	line  int             // of the key
	value *token.Position // of the key or the value: what the decoder points to
	text  string          // of a scalar value
}

// places lists everything below a node.
func places(all []place, path string, node ast.Node) []place {
	switch n := node.(type) {
	case *ast.MappingNode:
		for _, v := range n.Values {
			all = places(all, path, v)
		}
	case *ast.MappingValueNode:
		key := n.Key.GetToken()
		below := key.Value
		if path != "" {
			below = path + "." + key.Value
		}
		all = append(all, place{path: below, line: key.Position.Line, value: key.Position})
		all = value(all, below, key.Position.Line, n.Value)
	case *ast.SequenceNode:
		for i, item := range n.Values {
			all = value(all, fmt.Sprintf("%s[%d]", path, i), line(item), item)
		}
	case *ast.AnchorNode:
		return places(all, path, n.Value)
	case *ast.TagNode:
		return places(all, path, n.Value)
	}
	return all
}

// value lists a value and what is below it.
func value(all []place, path string, at int, node ast.Node) []place {
	p := place{path: path, line: at, value: node.GetToken().Position}
	switch n := node.(type) {
	case *ast.StringNode:
		p.text = n.Value
	case *ast.IntegerNode, *ast.FloatNode:
		p.text = n.GetToken().Value
	}
	return places(append(all, p), path, node)
}

// line gives the line a node begins on. The token of a mapping is the colon behind its first key.
func line(node ast.Node) int { return node.GetToken().Position.Line }
