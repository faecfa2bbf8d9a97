package yamledit

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
)

// A tree is what a text says: nil, bool, int64, uint64, float64, string, []any, or a Map.

// Map is a map in the order of its keys.
type Map = yaml.MapSlice

// Item is one key of a Map with its value.
type Item = yaml.MapItem

var errUnreadable = errors.New("this is not YAML that can be read")

// Read gives the tree of a text.
func Read(text string) (tree any, err error) {
	defer func() { // the library panics on some texts
		if recover() != nil {
			err = errUnreadable
		}
	}()
	if err := yaml.UnmarshalWithOptions([]byte(text), &tree, yaml.UseOrderedMap()); err != nil {
		return nil, errUnreadable // the library's own error shows the text around it
	}
	return tree, nil
}

// Of gives the tree of a Go value, by its yaml tags. Times are written as short as they can be: 10m, 2027-01-31.
func Of(value any) (tree any, err error) {
	defer func() {
		if recover() != nil {
			err = fmt.Errorf("a %T cannot be written", value)
		}
	}()
	text, err := yaml.MarshalWithOptions(value, yaml.CustomMarshaler(duration), yaml.CustomMarshaler(moment))
	if err != nil {
		return nil, fmt.Errorf("a %T cannot be written", value)
	}
	return Read(string(text))
}

func duration(d time.Duration) ([]byte, error) {
	text := d.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return []byte(text), nil
}

func moment(t time.Time) ([]byte, error) {
	if t.Equal(t.UTC().Truncate(24*time.Hour)) && t.Location() == time.UTC {
		return []byte(t.Format(time.DateOnly)), nil
	}
	return []byte(t.Format(time.RFC3339)), nil
}

// Decode fills a Go value from a tree, by its yaml tags.
func Decode(tree, into any) (err error) {
	defer func() {
		if recover() != nil {
			err = fmt.Errorf("a %T cannot be read from this", into)
		}
	}()
	if tree == nil {
		return nil
	}
	if err := yaml.Unmarshal([]byte(write(tree)), into); err != nil {
		return fmt.Errorf("a %T cannot be read from this", into)
	}
	return nil
}

// Write gives the text of a tree.
func Write(tree any) string { return write(tree) }

// Inline gives the text of a tree on one line.
func Inline(tree any) string { return flow(tree) }

// With gives a tree with the value at a path changed; keys that are not there are added. The tree itself stays as it is. Errors: a path
// that leads nowhere.
func With(tree any, path string, value any) (any, error) {
	steps, err := resolve(tree, path)
	if err != nil {
		return nil, err
	}
	for n, s := range steps {
		above, there := walk(tree, steps[:n])
		list, isList := above.([]any)
		_, isMap := above.(Map)
		if there && above != nil && (s.list != isList || !isMap && !isList || s.at >= len(list) && isList) || s.list && !isList {
			return nil, fmt.Errorf("there is no %s", path)
		}
	}
	return replaced(tree, steps, func(any) any { return value }), nil
}

// Same reports whether two trees say the same. The order of keys says nothing.
func Same(a, b any) bool { return reflect.DeepEqual(unordered(a), unordered(b)) }

func unordered(tree any) any {
	switch t := tree.(type) {
	case Map:
		m := make(map[any]any, len(t))
		for _, item := range t {
			m[item.Key] = unordered(item.Value)
		}
		return m
	case []any:
		l := make([]any, len(t))
		for i, v := range t {
			l[i] = unordered(v)
		}
		return l
	}
	return tree
}

// Get gives the value of a key.
func Get(m Map, key string) (any, bool) {
	if i := find(m, key); i >= 0 {
		return m[i].Value, true
	}
	return nil, false
}

func find(m Map, key string) int {
	for i, item := range m {
		if name(item) == key {
			return i
		}
	}
	return -1
}

func name(item Item) string { return fmt.Sprint(item.Key) }
