package rulebook

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"rekey/internal/configure"
	"rekey/internal/fault"
	"rekey/internal/policy"
	"rekey/internal/site"
	"rekey/internal/yamledit"
)

// Service reads rule books. It is safe for concurrent use.
type Service struct {
	Configure *configure.Service
}

// Book is what one version says.
type Book struct {
	configure.Version
	policy.Document
	raw map[string]any // as it was written, by key
}

// The keys of a book.
const (
	policies   = "policies"
	defaults   = "defaults"
	rules      = "rules"
	networks   = "networks"
	schedules  = "schedules"
	conditions = "conditions"
	privileged = "privileged"
)

// Keys lists the parts of the settings that a book is made of, in their usual order.
func Keys() []string {
	return []string{policies, defaults, networks, schedules, conditions, rules, privileged}
}

// Open reads the newest version. Errors are of the store, or of a version that cannot be read.
func (s *Service) Open(ctx context.Context) (Book, error) {
	c, err := s.Configure.Read(ctx)
	if err != nil {
		return Book{}, err
	}
	b := Book{Version: c.Version, raw: map[string]any{}}
	for key, into := range parts(&b.Document) {
		if _, err := c.Fragment(key, into); err != nil {
			return Book{}, err
		}
		if v, ok := c.Value(key); ok {
			b.raw[key] = v
		}
	}
	return b, nil
}

// parts says where each key goes.
func parts(d *policy.Document) map[string]any {
	return map[string]any{
		policies: &d.Policies, defaults: &d.Defaults, rules: &d.Rules, networks: &d.Networks, schedules: &d.Schedules,
		conditions: &d.Conditions, privileged: &d.Privileged,
	}
}

// Edit gives a copy to change. What is in its lists and maps is replaced, never changed in place.
func (b Book) Edit() policy.Document {
	d := b.Document
	d.Policies, d.Rules = slices.Clone(d.Policies), slices.Clone(d.Rules)
	d.Defaults, d.Networks, d.Schedules, d.Conditions = own(d.Defaults), own(d.Networks), own(d.Schedules), own(d.Conditions)
	return d
}

func own[V any](m map[string]V) map[string]V {
	if m == nil {
		return map[string]V{}
	}
	return maps.Clone(m)
}

// Draft is the change that makes the settings say what a document says.
func (b Book) Draft(is policy.Document) configure.Draft {
	d := configure.Draft{After: b.Number}
	put := func(key string, differs, there bool, value any) {
		switch {
		case !differs:
		case there:
			d.Changes = append(d.Changes, configure.Change{Path: key, Value: value})
		default:
			d.Changes = append(d.Changes, configure.Change{Path: key, Do: configure.Delete})
		}
	}
	was := b.Document
	put(networks, !same(was.Networks, is.Networks), len(is.Networks) > 0, mixed(was.Networks, is.Networks, b.raw[networks]))
	put(schedules, !same(was.Schedules, is.Schedules), len(is.Schedules) > 0, mixed(was.Schedules, is.Schedules, b.raw[schedules]))
	put(conditions, !same(was.Conditions, is.Conditions), len(is.Conditions) > 0, mixed(was.Conditions, is.Conditions, b.raw[conditions]))
	put(policies, !same(was.Policies, is.Policies), true, listed(was.Policies, is.Policies, b.raw[policies]))
	put(defaults, !same(was.Defaults, is.Defaults), len(is.Defaults) > 0, mixed(was.Defaults, is.Defaults, b.raw[defaults]))
	put(rules, !same(was.Rules, is.Rules), len(is.Rules) > 0, listed(was.Rules, is.Rules, b.raw[rules]))
	put(privileged, !reflect.DeepEqual(was.Privileged, is.Privileged), !reflect.DeepEqual(is.Privileged, policy.Floor{}), is.Privileged)
	return d
}

// same compares lists and maps; one that is not there is an empty one.
func same(a, b any) bool {
	x, y := reflect.ValueOf(a), reflect.ValueOf(b)
	return x.Len() == 0 && y.Len() == 0 || reflect.DeepEqual(a, b)
}

// listed gives the items of a list, those that were there as they were written.
func listed[T any](was, is []T, raw any) []any {
	written, _ := raw.([]any)
	out := make([]any, len(is))
	for i, item := range is {
		out[i] = item
		if at := slices.IndexFunc(was, func(w T) bool { return reflect.DeepEqual(w, item) }); at >= 0 && at < len(written) {
			out[i] = written[at]
		}
	}
	return out
}

func mixed[V any](was, is map[string]V, raw any) map[string]any {
	written, _ := raw.(map[string]any)
	out := make(map[string]any, len(is))
	for key, item := range is {
		out[key] = item
		if w, ok := was[key]; ok && reflect.DeepEqual(w, item) && written[key] != nil {
			out[key] = written[key]
		}
	}
	return out
}

// Problem is what is wrong with a document, and where.
type Problem struct {
	Path string // "policies[2].reset.count"; empty: not known
	Text string
}

// Under compiles a document with the directories and methods of a version. Problems say why it cannot be used.
func Under(snap *site.Snapshot, d policy.Document) (*site.Snapshot, []Problem) {
	compiled, err := policy.Compile(d, Registry(snap))
	if err != nil {
		return nil, problems(err)
	}
	next := *snap
	next.Policies = compiled
	return &next, nil
}

// Registry is what policies may name by a version.
func Registry(snap *site.Snapshot) policy.Registry {
	var r policy.Registry
	for _, k := range snap.Order {
		r.Kinds = append(r.Kinds, snap.Methods[k].Traits())
	}
	for _, d := range snap.Directories {
		r.Directories = append(r.Directories, d.Key())
	}
	return r
}

func problems(err error) []Problem {
	var joined interface{ Unwrap() []error }
	if !errors.As(err, &joined) {
		return []Problem{problem(err)}
	}
	var all []Problem
	for _, e := range joined.Unwrap() {
		all = append(all, problem(e))
	}
	return all
}

func problem(err error) Problem {
	path, text, ok := strings.Cut(err.Error(), ": ")
	if !ok || strings.ContainsAny(path, " ") {
		return Problem{Text: err.Error()}
	}
	return Problem{Path: path, Text: text}
}

// Export writes the book as YAML that Import reads.
func (s *Service) Export(ctx context.Context) (configure.Version, string, error) {
	v, text, err := s.Configure.Export(ctx, 0)
	if err != nil {
		return v, "", err
	}
	tree, err := yamledit.Read(text)
	if err != nil {
		return v, "", err
	}
	var out yamledit.Map
	for _, key := range Keys() {
		if value, ok := yamledit.Find(tree, key); ok {
			out = append(out, yamledit.Item{Key: key, Value: value})
		}
	}
	return v, yamledit.Write(out), nil
}

// Import reads the parts that a text has and leaves the others as they are: the document, to preview, and the draft that brings in the
// text as it is, which is judged like any other. Errors: a fault of kind Invalid.
func (b Book) Import(text string) (policy.Document, configure.Draft, error) {
	d, draft := b.Edit(), configure.Draft{After: b.Number}
	tree, err := yamledit.Read(text)
	all, ok := tree.(yamledit.Map)
	if err != nil || !ok || len(all) == 0 {
		return d, draft, fault.New(fault.Invalid, "This is no YAML with policies in it.").On("text")
	}
	into := parts(&d)
	for _, item := range all {
		key, _ := item.Key.(string)
		part, known := into[key]
		if !known {
			return d, draft, fault.New(fault.Invalid, fmt.Sprintf("The key “%v” is no part of the policies. Known are %s.", item.Key, strings.Join(Keys(), ", "))).On("text")
		}
		reflect.ValueOf(part).Elem().SetZero()
		if err := yamledit.Decode(item.Value, part); err != nil {
			return d, draft, fault.Wrap(fault.Invalid, "What is below “"+key+"” cannot be read: a value is of the wrong kind.", err).On("text")
		}
		draft.Changes = append(draft.Changes, configure.Change{Path: key, Text: yamledit.Write(item.Value)})
	}
	return d, draft, nil
}
