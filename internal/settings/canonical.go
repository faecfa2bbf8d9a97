package settings

import (
	"maps"
	"reflect"

	"github.com/goccy/go-yaml"

	"rekey/internal/strictyaml"
)

// Plain is what a document says, whatever it looks like: comments, the order of keys and the way values are written are gone.
type Plain map[string]any

// ReadPlain reads a document without checking what it says. Errors name file and line.
func ReadPlain(name string, text []byte) (Plain, error) {
	source, err := strictyaml.Parse(name, text)
	if err != nil {
		return nil, err
	}
	var p Plain
	return p, source.Decode(&p)
}

// String writes the document with its keys in order: what says the same reads the same.
func (p Plain) String() string {
	text, err := yaml.Marshal(map[string]any(p))
	if err != nil {
		panic(err) // it was read from YAML
	}
	return string(text)
}

// Alike reports whether both say the same.
func (p Plain) Alike(q Plain) bool { return len(p) == 0 && len(q) == 0 || reflect.DeepEqual(p, q) }

// DecidesAs reports whether both decide the same about everybody. What a key means is not looked at: a value that is written another
// way may be taken for another one.
func (p Plain) DecidesAs(q Plain) bool { return p.deciding().Alike(q.deciding()) }

// deciding leaves out the keys that no decision about a person depends on. A new key counts as one that decisions depend on until it
// is named here.
func (p Plain) deciding() Plain {
	kept := maps.Clone(p)
	for _, key := range []string{"brand", "labels", "messages", "mail", "sms", "throttle", "flow", "session", "sync", "discovery", "lint", "guide_networks"} {
		delete(kept, key)
	}
	return kept
}

// ReadsAs reports whether both read the same directories in the same way.
func (p Plain) ReadsAs(q Plain) bool { return reflect.DeepEqual(p["directories"], q["directories"]) }
