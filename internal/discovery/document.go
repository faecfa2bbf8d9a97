package discovery

import (
	"cmp"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"

	"rekey/internal/settings"
	"rekey/internal/strictyaml"
)

// draft is a document that lines are added to.
type draft struct {
	data     map[string]any // what it says
	entries  []entry
	policies map[string]any // the default ones, by domain

	lines []string // with their ends
	root  []*ast.MappingValueNode
}

// entry is what is looked at of a directory.
type entry struct {
	kind, domain, caFile, user string
	servers                    []string
	password                   map[string]any // {file: …}, as it is
}

var errForm = errors.New("nothing can be added to a document of this form without changing what is there; add the domains by hand")

func read(document string) (*draft, error) {
	d := &draft{lines: strings.SplitAfter(document, "\n")}
	var err error
	if d.data, err = decode(document); err != nil {
		return nil, err
	}
	for _, item := range list(d.data["directories"]) {
		for kind, v := range table(item) {
			d.entries = append(d.entries, newEntry(kind, table(v)))
		}
	}
	d.policies = table(d.data["defaults"])
	// The parser counts a blank line that ends as on Windows twice.
	file, err := parser.ParseBytes([]byte(strings.ReplaceAll(document, "\r\n", "\n")), 0)
	if err != nil {
		return nil, errForm
	}
	for _, doc := range file.Docs {
		if m, ok := doc.Body.(*ast.MappingNode); ok && !m.IsFlowStyle {
			d.root = append(d.root, m.Values...)
		}
	}
	return d, nil
}

// decode gives what a document says, whatever its keys mean.
func decode(document string) (map[string]any, error) {
	source, err := strictyaml.Parse("settings", []byte(document))
	if err != nil {
		return nil, err
	}
	var data map[string]any
	return data, source.Decode(&data)
}

func table(v any) map[string]any {
	m, _ := v.(map[string]any)
	return m
}

func list(v any) []any {
	l, _ := v.([]any)
	return l
}

// text gives a scalar; empty when there is none.
func text(v any) string {
	if v == nil {
		return ""
	}
	return fmt.Sprint(v)
}

func newEntry(kind string, m map[string]any) entry {
	e := entry{kind: kind, domain: text(m["domain"]), caFile: text(m["ca_file"]), user: text(m["user"]), password: table(m["password"])}
	for _, s := range list(m["servers"]) {
		e.servers = append(e.servers, text(s))
	}
	return e
}

// entry finds a directory by its domain, however that is written.
func (d *draft) entry(domain string) (entry, bool) {
	i := slices.IndexFunc(d.entries, func(e entry) bool { return fold(e.domain) == fold(domain) })
	if i < 0 {
		return entry{}, false
	}
	return d.entries[i], true
}

// ignores reports whether somebody refused a domain for good.
func (d *draft) ignores(domain string) bool {
	return listed(table(d.data["discovery"])["ignore"], domain)
}

// mails reports whether codes are sent by mail, refusesMail whether none goes to addresses in a domain.
func (d *draft) mails() bool {
	_, on := table(d.data["authenticators"])["mail"]
	return on
}

func (d *draft) refusesMail(domain string) bool {
	return listed(table(table(d.data["authenticators"])["mail"])["refuse_domains"], domain)
}

func listed(names any, domain string) bool {
	return slices.ContainsFunc(list(names), func(name any) bool { return fold(text(name)) == fold(domain) })
}

func fold(domain string) string {
	return strings.ToLower(strings.TrimSuffix(strings.TrimSpace(domain), "."))
}

// additions are the lines of new items, not yet indented.
type additions struct{ entries, defaults []string }

// edit adds lines behind the first so many.
type edit struct {
	line  int
	lines []string
}

// with gives the document with the additions.
func (d *draft) with(add additions) (string, error) {
	directories, err := d.directories(add.entries)
	if err != nil {
		return "", err
	}
	edits := []edit{directories}
	if len(add.defaults) > 0 {
		policies, err := d.defaults(add.defaults, directories.line)
		if err != nil {
			return "", err
		}
		edits = append(edits, policies)
	}
	// From the end, so that the lines before an edit do not move; of two at one place the directories come first.
	slices.SortStableFunc(edits, func(a, b edit) int { return cmp.Compare(a.line, b.line) })
	slices.Reverse(edits)
	lines := d.lines
	for _, e := range edits {
		lines = insert(lines, e)
	}
	return strings.Join(lines, ""), nil
}

// directories adds directories behind the last one.
func (d *draft) directories(lines []string) (edit, error) {
	i, value := d.section("directories")
	items, ok := value.(*ast.SequenceNode)
	if !ok || items.IsFlowStyle || len(items.Values) == 0 {
		return edit{}, fmt.Errorf("directories: want a list of lines that begin with a dash: %w", errForm)
	}
	in := items.Start.Position.Column - 1
	return edit{d.end(i, in), indented(lines, in)}, nil
}

// defaults adds default policies behind the last one. Where there are none the section begins behind the policies, or else behind the
// directories, which end at a line.
func (d *draft) defaults(lines []string, directories int) (edit, error) {
	const step = 2
	i, value := d.section("defaults")
	switch m := value.(type) {
	case nil:
		if i, _ = d.section("policies"); i >= 0 {
			directories = d.end(i, d.indent())
		}
		lines = append([]string{"", "defaults:"}, indented(lines, step)...)
		return edit{directories, indented(lines, d.indent())}, nil
	case *ast.NullNode:
		in := d.indent() + step
		return edit{d.end(i, in), indented(lines, in)}, nil
	case *ast.MappingNode:
		if !m.IsFlowStyle && len(m.Values) > 0 {
			in := m.Values[0].Key.GetToken().Position.Column - 1
			return edit{d.end(i, in), indented(lines, in)}, nil
		}
	}
	return edit{}, fmt.Errorf("defaults: want one line for each domain and its policy below: %w", errForm)
}

func indented(lines []string, by int) []string {
	out := make([]string, len(lines))
	for i, line := range lines {
		if line != "" {
			out[i] = strings.Repeat(" ", by) + line
		}
	}
	return out
}

// section finds a key of the document; -1 and nil when it is not there.
func (d *draft) section(key string) (int, ast.Node) {
	for i, v := range d.root {
		if v.Key.GetToken().Value != key {
			continue
		}
		if anchor, ok := v.Value.(*ast.AnchorNode); ok {
			return i, anchor.Value
		}
		return i, v.Value
	}
	return -1, nil
}

// indent is how far in the document's keys are.
func (d *draft) indent() int { return d.root[0].Key.GetToken().Position.Column - 1 }

// end counts the lines up to the last one of a section. Blank lines behind it belong to nobody, and comments less far in than its items
// to what follows.
func (d *draft) end(section, indent int) int {
	begin := d.root[section].Key.GetToken().Position.Line
	end := len(d.lines)
	for _, v := range d.root {
		if next := v.Key.GetToken().Position.Line; next > begin {
			end = min(end, next-1)
		}
	}
	for ; end > begin; end-- {
		line := strings.TrimRight(d.lines[end-1], " \t\r\n")
		words := strings.TrimLeft(line, " ")
		foreign := strings.HasPrefix(words, "#") && len(line)-len(words) < max(indent, 1)
		if words != "" && !foreign && words != "..." {
			break
		}
	}
	return end
}

// insert adds lines with the line ends that the document has.
func insert(lines []string, e edit) []string {
	end := "\n"
	if strings.HasSuffix(lines[0], "\r\n") {
		end = "\r\n"
	}
	out := slices.Clone(lines[:e.line])
	if last := len(out) - 1; !strings.HasSuffix(out[last], "\n") {
		out[last] += end
	}
	for _, line := range e.lines {
		out = append(out, line+end)
	}
	return append(out, lines[e.line:]...)
}

// verify reads the result and refuses one that says anything else than the document did, with the new entries behind.
func (d *draft) verify(result, kind string, added []string) error {
	if _, err := settings.Parse("settings", []byte(result)); err != nil {
		return errForm
	}
	after, err := decode(result)
	if err != nil {
		return errForm
	}
	before, all := len(list(d.data["directories"])), list(after["directories"])
	if len(all) != before+len(added) {
		return errForm
	}
	policies := table(after["defaults"])
	for i, domain := range added {
		one := table(all[before+i])
		if len(one) != 1 || table(one[kind])["domain"] != domain {
			return errForm
		}
		if _, there := d.policies[domain]; !there {
			delete(policies, domain)
		}
	}
	after["directories"] = all[:before]
	if len(policies) == 0 && len(d.policies) == 0 { // null, or not there at all
		delete(d.data, "defaults")
		delete(after, "defaults")
	}
	if !reflect.DeepEqual(d.data, after) {
		return errForm
	}
	return nil
}
