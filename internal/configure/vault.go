package configure

import (
	"slices"
	"strings"

	"rekey/internal/form"
	"rekey/internal/yamledit"
)

// vault knows where the newest version keeps its secrets, and what they go to.
type vault struct {
	forms map[string][]form.Field
	have  []holder
}

// holder is a place that holds a secret: a map with file, env or sealed, or a key that names one kept outside of the settings.
type holder struct {
	path string // of the secret
	rel  string // within its block
	ref  any
	block
}

// block is a part of the document whose secrets go to one place.
type block struct {
	kind string // the path without positions: "directories.ad"
	at   string
	who  string // domain of a directory
	goes any    // what says where its secrets go
}

func (s *Service) vault(tree any) vault {
	v := vault{forms: s.Forms}
	v.have = v.holders(tree)
	return v
}

// saved gives the secret that the newest version has in a place, beside the same servers, tenant and certificates.
func (v vault) saved(h holder) (any, bool) {
	for _, o := range v.have {
		if o.kind == h.kind && o.rel == h.rel && yamledit.Same(o.goes, h.goes) {
			return o.ref, true
		}
	}
	return nil, false
}

// holds reports whether the newest version has this very secret there.
func (v vault) holds(h holder) bool {
	return slices.ContainsFunc(v.have, func(o holder) bool {
		return o.kind == h.kind && o.rel == h.rel && yamledit.Same(o.goes, h.goes) && yamledit.Same(o.ref, h.ref)
	})
}

// had reports whether the block had a secret in this place, wherever that went.
func (v vault) had(h holder) bool {
	return slices.ContainsFunc(v.have, func(o holder) bool {
		return o.kind == h.kind && o.rel == h.rel && (o.at == h.at || o.who != "" && o.who == h.who)
	})
}

// settle puts saved secrets where form.Kept still stands, and takes it away where nothing was kept. Problems name the secrets that
// have to be typed.
func (v vault) settle(text string, typed []string) (string, []Problem) {
	tree, err := yamledit.Read(text)
	if err != nil {
		return text, []Problem{{Text: err.Error()}}
	}
	var problems []Problem
	for _, h := range slices.Backward(v.holders(tree)) { // what is taken away leaves the paths before it as they are
		saved, ok := v.saved(h)
		isKept := kept(h.ref)
		switch {
		case isTyped(h.ref, typed), v.holds(h):
		case isKept && ok:
			text, err = yamledit.Set(text, h.path, saved)
		case isKept && !v.had(h):
			text, err = yamledit.Delete(text, h.path)
		case v.had(h):
			problems = append(problems, Problem{Path: h.path, Text: "Type this secret again: what is beside it says where it goes, and that changed."})
		default:
			problems = append(problems, Problem{Path: h.path, Text: "Type this secret. Pages name no file, variable or sealed value that was not here before."})
		}
		if err != nil {
			return text, []Problem{{Path: h.path, Text: err.Error()}}
		}
	}
	slices.Reverse(problems)
	return text, problems
}

func isTyped(ref any, typed []string) bool {
	m, ok := ref.(yamledit.Map)
	if !ok || len(m) != 1 {
		return false
	}
	is, _ := yamledit.Get(m, "sealed")
	text, ok := is.(string)
	return ok && slices.Contains(typed, text)
}

// holders lists the places of a tree that hold a secret, in its order.
func (v vault) holders(tree any) []holder {
	var all []holder
	v.walk(spot{value: tree}, nil, &all)
	return all
}

// spot is a value with its path, and its path without positions.
type spot struct {
	value      any
	path, kind string
}

func (v vault) walk(s spot, in *block, all *[]holder) {
	if fields, ok := v.forms[s.kind]; ok && s.kind != "" {
		in = v.block(s, fields)
	}
	switch t := s.value.(type) {
	case yamledit.Map:
		for _, item := range t {
			key, _ := item.Key.(string)
			below := spot{item.Value, yamledit.Key(s.path, key), strings.TrimPrefix(s.kind+"."+key, ".")}
			owner := in
			if owner == nil {
				owner = v.block(s, nil)
			}
			if isRef(item.Value) || v.credential(*owner, below) {
				*all = append(*all, holder{below.path, strings.TrimPrefix(below.path, owner.at), item.Value, *owner})
				continue
			}
			v.walk(below, in, all)
		}
	case []any:
		for i, item := range t {
			v.walk(spot{item, yamledit.At(s.path, i), s.kind}, in, all)
		}
	}
}

func (v vault) block(s spot, fields []form.Field) *block {
	b := &block{kind: s.kind, at: s.path, goes: bound(s.value, "", fields)}
	if m, ok := s.value.(yamledit.Map); ok {
		domain, _ := yamledit.Get(m, "domain")
		b.who, _ = domain.(string)
	}
	return b
}

// credential reports whether a key stands for a secret outside of the settings.
func (v vault) credential(in block, s spot) bool {
	return slices.ContainsFunc(v.forms[in.kind], func(f form.Field) bool {
		return f.Credential && s.kind == in.kind+"."+f.Key
	})
}

// bound leaves of a block what says where its secrets go: everything but them and what its form calls free.
func bound(value any, prefix string, fields []form.Field) any {
	m, ok := value.(yamledit.Map)
	if !ok {
		return value
	}
	var out yamledit.Map
	for _, item := range m {
		key, _ := item.Key.(string)
		f := slices.IndexFunc(fields, func(f form.Field) bool { return f.Key == prefix+key })
		switch {
		case isRef(item.Value) || item.Value == nil:
		case f >= 0 && fields[f].Kind != form.Group && (!fields[f].Bound || fields[f].Credential):
		default:
			below := bound(item.Value, prefix+key+".", fields)
			if b, isMap := below.(yamledit.Map); !isMap || len(b) > 0 {
				out = append(out, yamledit.Item{Key: item.Key, Value: below})
			}
		}
	}
	return out
}

// isRef reports whether a value is a secret.Ref.
func isRef(value any) bool {
	m, ok := value.(yamledit.Map)
	return ok && len(m) > 0 && !slices.ContainsFunc(m, func(item yamledit.Item) bool {
		return nested(item.Value) || item.Key != "file" && item.Key != "env" && item.Key != "sealed"
	})
}

func nested(value any) bool {
	switch value.(type) {
	case yamledit.Map, []any:
		return true
	}
	return false
}

// masked gives a tree in which text stands for every sealed value.
func masked(tree any, text string) any {
	switch t := tree.(type) {
	case yamledit.Map:
		out := slices.Clone(t)
		for i, item := range out {
			if out[i].Value = masked(item.Value, text); item.Key == "sealed" {
				out[i].Value = text
			}
		}
		return out
	case []any:
		out := slices.Clone(t)
		for i, item := range out {
			out[i] = masked(item, text)
		}
		return out
	}
	return tree
}

// maskedText is a document with form.Kept for every sealed value. Errors: yamledit.ErrForm.
func maskedText(text string, tree any) (string, error) {
	want, out := masked(tree, form.Kept), text
	for _, value := range sealedValues(tree, nil) {
		out = strings.ReplaceAll(out, value, form.Kept)
	}
	if is, err := yamledit.Read(out); err == nil && yamledit.Same(is, want) {
		return out, nil
	}
	return yamledit.Set(text, "", want)
}

func sealedValues(tree any, all []string) []string {
	switch t := tree.(type) {
	case yamledit.Map:
		for _, item := range t {
			if value, ok := item.Value.(string); ok && item.Key == "sealed" && value != "" {
				all = append(all, value)
			}
			all = sealedValues(item.Value, all)
		}
	case []any:
		for _, item := range t {
			all = sealedValues(item, all)
		}
	}
	return all
}
