package discovery

import (
	"cmp"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"

	"rekey/internal/secret"
	"rekey/internal/settings"
)

// draft is a document that lines are added to.
type draft struct {
	Directories []map[string]entry `yaml:"directories"`
	Defaults    map[string]any     `yaml:"defaults"`

	text  string
	lines []string // with their ends
	root  []*ast.MappingValueNode
}

// entry is what is looked at of a directory.
type entry struct {
	Domain   string     `yaml:"domain"`
	Servers  []string   `yaml:"servers"`
	CAFile   string     `yaml:"ca_file"`
	User     string     `yaml:"user"`
	Password secret.Ref `yaml:"password"`

	kind string
}

var errForm = errors.New("nothing can be added to a document of this form without changing what is there; add the domains by hand")

func read(document string) (*draft, error) {
	d := &draft{text: document, lines: strings.SplitAfter(document, "\n")}
	if err := yaml.Unmarshal([]byte(document), d); err != nil {
		return nil, fmt.Errorf("directories or defaults: %w", errForm) // the decoder's own text shows values
	}
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

// entry finds a directory by its domain, however that is written.
func (d *draft) entry(domain string) (entry, bool) {
	for _, one := range d.Directories {
		for kind, e := range one {
			if fold(e.Domain) == fold(domain) {
				e.kind = kind
				return e, true
			}
		}
	}
	return entry{}, false
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
	list, err := d.list(add.entries)
	if err != nil {
		return "", err
	}
	edits := []edit{list}
	if len(add.defaults) > 0 {
		defaults, err := d.defaults(add.defaults, list.line)
		if err != nil {
			return "", err
		}
		edits = append(edits, defaults)
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

// list adds directories behind the last one.
func (d *draft) list(lines []string) (edit, error) {
	i, value := d.section("directories")
	list, ok := value.(*ast.SequenceNode)
	if !ok || list.IsFlowStyle || len(list.Values) == 0 {
		return edit{}, fmt.Errorf("directories: want a list of lines that begin with a dash: %w", errForm)
	}
	in := list.Start.Position.Column - 1
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
		text := strings.TrimLeft(line, " ")
		foreign := strings.HasPrefix(text, "#") && len(line)-len(text) < max(indent, 1)
		if text != "" && !foreign && text != "..." {
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
func (d *draft) verify(text, kind string, added []string) error {
	if _, err := settings.Parse("settings", []byte(text)); err != nil {
		return errForm
	}
	var before, after map[string]any
	if yaml.Unmarshal([]byte(d.text), &before) != nil || yaml.Unmarshal([]byte(text), &after) != nil {
		return errForm
	}
	all, _ := after["directories"].([]any)
	if len(all) != len(d.Directories)+len(added) {
		return errForm
	}
	for i, domain := range added {
		one, _ := all[len(d.Directories)+i].(map[string]any)
		what, _ := one[kind].(map[string]any)
		if len(one) != 1 || what["domain"] != domain {
			return errForm
		}
	}
	after["directories"] = all[:len(d.Directories)]
	defaults, _ := after["defaults"].(map[string]any)
	for _, domain := range added {
		if _, there := d.Defaults[domain]; !there {
			delete(defaults, domain)
		}
	}
	if len(defaults) == 0 && len(d.Defaults) == 0 {
		delete(before, "defaults")
		delete(after, "defaults")
	}
	if !reflect.DeepEqual(before, after) {
		return errForm
	}
	return nil
}
